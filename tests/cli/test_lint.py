"""What `lint` prints, as a terminal or a program gets it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from .conftest import Command

HEAD = "h5schema: 1\nname: a\nversion: 1.0.0\n"


def test_a_binary_file_is_one_clear_sentence(h5schema: Command, tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(range(256)) * 20)
    done = h5schema("lint", "x.yaml")
    assert done.returncode == 1
    assert done.stdout == (
        "x.yaml:2:1: error[not-text]: this is not text: it holds the byte 0x1a\n"
        "  help: name a schema, which is a YAML file\n\n1 error\n"
    )


@pytest.mark.parametrize("form", ["text", "json", "github"])
def test_nothing_of_a_schema_acts_on_a_terminal(h5schema: Command, tmp_path: Path, form: str) -> None:
    text = HEAD + 'features: {"a\u202eb": {dtype: "uint\\e[31m8"}, c: {dtype: "\\uD800"}}\n'
    (tmp_path / "x.yaml").write_text(text, encoding="utf-8")
    said = h5schema("lint", "x.yaml", "--format", form).stdout
    assert said.replace("\n", "").isprintable()
    assert "a\\u202eb" in said
    if form == "json":
        first = json.loads(said)[0]
        assert first["text"] == text.splitlines()[3]


@pytest.mark.parametrize("file", ["signal", "class", "a__b--c", "1st", "numpy", "x" * 60, "Größe"])
def test_what_init_writes_has_no_finding(h5schema: Command, file: str) -> None:
    assert h5schema("init", "images", "-o", f"{file}.yaml").returncode == 0
    assert h5schema("lint", f"{file}.yaml").stdout == "no findings\n"


def test_a_missing_file_hides_nothing_of_the_others(h5schema: Command, tmp_path: Path) -> None:
    (tmp_path / "quote.yaml").write_text(HEAD + "features: {f: {dtype: uint9}}\n", encoding="utf-8")
    found = (
        "quote.yaml:4:23: error[unknown-dtype]: 'uint9' is not a dtype\n"
        "  4 | features: {f: {dtype: uint9}}\n"
        "    |                       ^^^^^\n"
        "  help: did you mean uint8?\n"
    )
    missing = (
        "error: nothere.yaml: there is no such file\n"
        "  help: beside it there is quote.yaml\n\n"
        "error: quotes.yml: there is no such file\n"
        "  help: did you mean quote.yaml?\n"
    )
    done = h5schema("lint", "nothere.yaml", "quote.yaml", "quotes.yml")
    assert (done.returncode, done.stdout, done.stderr) == (2, f"{found}\n1 error\n", missing)
    done = h5schema("generate", "nothere.yaml", "quote.yaml", "quotes.yml")
    assert (done.returncode, done.stdout, done.stderr) == (2, "", f"{missing}\n{found}")
