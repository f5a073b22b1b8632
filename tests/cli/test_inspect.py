"""What `inspect` prints, in a terminal of 80 columns and in others."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest

from .conftest import Command

RUNTIME = Path(__file__).parent.parent / "runtime"
WORDS = [f"word number {number}" for number in range(1000)]
GROUP, FEATURE = "a_group_whose_name_is_as_long_as_may_be", "a_feature_whose_name_is_just_as_long"
LONG = f"{GROUP}/{FEATURE}"
SCHEMA = f"""\
h5schema: 1
name: things
version: 1.0.0
dims:
  thing: {{source: '{{text}}.txt'}}
  sample: {{per: thing}}
features:
  text: {{dims: [thing], dtype: str, from: '{{text}}'}}
  level: {{dims: [thing], dtype: {{enum: {{low: 10, high: 200}}}}, call: mine:level}}
  word: {{dims: [thing], dtype: {{enum: {json.dumps(WORDS)}}}, call: mine:word}}
groups:
  {GROUP}:
    features:
      {FEATURE}: {{dims: [thing, sample], dtype: float32, unit: uV, call: mine:values}}
"""
MINE = """\
import numpy as np


def level(path):
    return "high"


def word(path):
    return "word number 7"


def values(path):
    return np.zeros(50, np.float32)
"""


@pytest.fixture
def file(h5schema: Command, tmp_path: Path) -> Path:
    """A file of two entries."""
    (tmp_path / "things.yaml").write_text(SCHEMA)
    (tmp_path / "mine.py").write_text(MINE)
    (tmp_path / "in").mkdir()
    for name in ("café", "tea"):
        (tmp_path / "in" / f"{name}.txt").write_text("")
    done = h5schema("extract", "things.yaml", "in", "-o", "things.h5")
    assert done.returncode == 0, done.stderr
    return tmp_path / "things.h5"


def test_everything_fits_into_eighty_columns(h5schema: Command, file: Path) -> None:
    done = h5schema("inspect", "things.h5")
    assert (done.returncode, done.stderr) == (0, "")
    sizes = re.sub(r"\d+\.\d KiB\n", "... KiB\n", done.stdout, count=1)
    assert re.sub(r"sha256:[0-9a-f]{16}…", "sha256:0123456789abcdef…", sizes) == (
        "things.h5: things 1.0.0, ... KiB\n"
        "  layout version 1, fingerprint sha256:0123456789abcdef…\n"
        "\n"
        "  dim                        entries  ids\n"
        "  sample  ragged, per thing  100\n"
        "  thing   open               2        up to 9 bytes\n"
        "\n"
        "  feature                                          dtype         dims\n"
        "  a_group_whose_name_is_as_long_as_may_be/         float32 uV    [thing, sample]\n"
        "  a_feature_whose_name_is_just_as_long\n"
        "  level                                            enum of 2     [thing]\n"
        "      low = 10, high = 200\n"
        "  text                                             str           [thing]\n"
        "  word                                             enum of 1000  [thing]\n"
        "      word number 0, word number 1, word number 2, word number 3, word number 4,\n"
        "      word number 5, word number 6, word number 7, word number 8, word number 9,\n"
        "      word number 10, word number 11, word number 12, word number 13, word\n"
        "      number 14, word number 15, word number 16, word number 17, word number 18,\n"
        "      word number 19, … and 980 more\n"
        "\n"
        "  stored at                                    chunk       codec  values  stored\n"
        "  /a_group_whose_name_is_as_long_as_may_be/    contiguous  none   400 B   400 B\n"
        "  a_feature_whose_name_is_just_as_long\n"
        "  /level                                       contiguous  none   2 B     2 B\n"
        "  /text                                        contiguous  none   8 B     8 B\n"
        "  /word                                        contiguous  none   4 B     4 B\n"
    )


@pytest.mark.parametrize("columns", [60, 80, 200])
def test_lines_are_as_wide_as_the_terminal_at_most(h5schema: Command, file: Path, columns: int) -> None:
    lines = h5schema("inspect", "things.h5", COLUMNS=str(columns)).stdout.splitlines()
    tables = lines[lines.index("") :]
    assert max(map(len, tables)) <= columns
    assert columns < 200 or any(line.startswith(f"  {LONG}  float32 uV ") for line in tables)


def test_programs_get_all_of_it(h5schema: Command, file: Path) -> None:
    record = json.loads(h5schema("inspect", "things.h5", "--format", "json").stdout)
    features = {feature["address"]: feature for feature in record["features"]}
    assert re.fullmatch("sha256:[0-9a-f]{64}", record["fingerprint"])
    assert features["level"]["members"] == {"low": 10, "high": 200}
    assert list(features["word"]["members"]) == WORDS
    assert (features["text"]["rows"], features["text"]["shape"]) == ("bytes", [8])
    assert (features[LONG]["rows"], features[LONG]["shape"]) == ("values", [100])
    assert (features["word"]["rows"], features["word"]["shape"]) == ("entries", [2])


def test_every_kind_of_feature_has_its_line(h5schema: Command, tmp_path: Path) -> None:
    sys.path.insert(0, str(RUNTIME / "packages"))
    try:
        from everything.examples import write
    finally:
        sys.path.pop(0)
    write(tmp_path / "e.h5")
    lines = h5schema("inspect", "e.h5").stdout.splitlines()
    assert max(map(len, lines)) <= 80
    for line in (
        "  maybe/label        enum of 3 | absent  [sample]",
        "      Grün = 1, rouge vif = 3, class = 200",
        "      fast, slow",
        "  trace              float32 mV          [sample, time, channel]",
        "  @author             attribute",
        "  /deep/maybe/array   12 entries  shuffle + lzf      96 B      37 B",
        "  /events/inner/word  contiguous  none               26 B      26 B",
    ):
        assert line in lines
