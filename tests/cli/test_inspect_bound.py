"""What `inspect` prints of a file that others made."""

from __future__ import annotations

import json
from pathlib import Path

from tests.bound.test_spread import LENGTHS, lift

from .conftest import Command

CASES = Path(__file__).resolve().parent.parent / "cases"


def test_a_file_of_others(h5schema: Command, tmp_path: Path) -> None:
    lift(tmp_path / "demo.hdf5", LENGTHS)
    schema = str(CASES / "bound_lift/schema.yaml")
    done = h5schema("inspect", "demo.hdf5", "--schema", schema)
    assert done.returncode == 0, done.stderr
    assert "demo.hdf5: lift 1.0.0" in done.stdout
    assert "made by others, bind: plain" in done.stdout
    assert "demo  open              5        /data/{demo:demo_*}" in done.stdout
    assert "step  ragged, per demo  21" in done.stdout
    record = json.loads(h5schema("inspect", "demo.hdf5", "--schema", schema, "--format", "json").stdout)
    assert record["bind"] == "plain"
    assert {one["address"]: one["codec"] for one in record["features"]}["data/action"] == "nodes"
    assert sorted(one.name for one in tmp_path.iterdir()) == ["demo.hdf5"]


def test_it_says_what_differs(h5schema: Command, tmp_path: Path) -> None:
    lift(tmp_path / "demo.hdf5", LENGTHS)
    done = h5schema("inspect", "demo.hdf5", "--schema", str(CASES / "bound_units/schema.yaml"))
    assert done.returncode == 2
    assert "/units/id: the group units is missing" in done.stderr
    assert "in / there is data, mask" in done.stderr


def test_without_a_schema_it_says_how(h5schema: Command, tmp_path: Path) -> None:
    lift(tmp_path / "demo.hdf5", LENGTHS)
    done = h5schema("inspect", "demo.hdf5")
    assert done.returncode == 2
    assert "a schema that has `bind`" in done.stderr


def test_a_schema_of_our_own_files(h5schema: Command, tmp_path: Path) -> None:
    lift(tmp_path / "demo.hdf5", LENGTHS)
    done = h5schema("inspect", "demo.hdf5", "--schema", str(CASES / "package_smallest/schema.yaml"))
    assert done.returncode == 2
    assert "the schema has no `bind`" in done.stderr
