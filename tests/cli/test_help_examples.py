"""The help of every command ends with an example, and all of them work: one after the other, in one folder."""

from __future__ import annotations

import shlex
import sys
import types
from pathlib import Path

import numpy as np
import pytest

from h5schema import cli
from h5schema.commands import COMMANDS

Image = pytest.importorskip("PIL.Image", reason="the examples extract photos: pip install 'h5schema[images]'")
for needed in ("torch", "matplotlib", "hdf5plugin"):
    pytest.importorskip(needed)

STORY = ("init", "lint", "generate", "extract", "inspect", "plot", "repack", "bench", "schema")
"""The commands, in an order in which each has what it needs."""
_SHORT = {"bench": ("--seconds", "0.05")}
"""So that the test is short."""


def example(command: str, capsys: pytest.CaptureFixture[str]) -> str:
    """The last line of a command's help."""
    with pytest.raises(SystemExit) as ended:
        cli.main([command, "--help"])
    assert ended.value.code == 0
    *_, before, last = capsys.readouterr().out.rstrip().splitlines()
    assert before == "example:"
    assert last.startswith(f"  h5schema {command} ")
    return last


def test_every_example_works(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert {command.__name__.rpartition(".")[2] for command in COMMANDS} == set(STORY)
    rng = np.random.default_rng(0)
    for number in range(64):
        path = tmp_path / "my_photos" / ("cat", "dog")[number % 2] / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(rng.integers(0, 256, (8, 8, 3)).astype(np.uint8)).save(path)
    monkeypatch.chdir(tmp_path)
    another = types.ModuleType("photos")
    monkeypatch.setitem(sys.modules, "photos", another)  # a package of that name which was imported before
    for command in STORY:
        words, _, output = example(command, capsys).partition(" > ")
        assert cli.main([*shlex.split(words)[1:], *_SHORT.get(command, ())]) == 0, command
        said = capsys.readouterr()
        assert said.err == "", command
        if output:
            (tmp_path / output).write_text(said.out, encoding="utf-8")
    assert sys.modules["photos"] is another
    made = {path.name for path in tmp_path.iterdir()}
    assert made == {
        "my_photos", "photos.yaml", "photos", "photos.h5", "images.png", "smaller.h5", "h5schema.schema.json"
    }  # fmt: skip
