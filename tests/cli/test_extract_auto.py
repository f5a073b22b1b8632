"""`h5schema extract --auto`: a folder of files of any kind becomes one file, with one command and no code."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest
from PIL import Image

from .conftest import REPOSITORY, Command

PIXELS = np.random.default_rng(1).integers(0, 256, (9, 7, 3), np.uint8)
SCHEMA = (REPOSITORY / "schemas/folder.yaml").read_text(encoding="utf-8")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    inner = tmp_path / "data" / "foo" / "boo"
    inner.mkdir(parents=True)
    Image.fromarray(PIXELS).save(inner / "image_0001.png")
    (tmp_path / "data" / "notes.md").write_text("# Notes\n")
    (tmp_path / "data" / "file").write_bytes(b"\0\1")  # called as the dim
    return tmp_path / "data"


def test_D1_one_command_and_no_code(h5schema: Command, folder: Path) -> None:
    done = h5schema("extract", "--auto", folder, "-o", "data.h5")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-1] == "data.yaml: the schema"
    assert (folder.parent / "data.yaml").read_text(encoding="utf-8") == SCHEMA
    with h5py.File(folder.parent / "data.h5") as file:
        assert (file["foo/boo/image_0001.png"][:] == PIXELS).all()
        assert file["notes.md"].asstr()[()] == "# Notes\n"
        assert file["file"][:].tolist() == [0, 1]
        assert file[".h5schema/schema"][()].decode() == SCHEMA


def test_the_schema_that_is_left_makes_the_package(h5schema: Command, folder: Path) -> None:
    h5schema("extract", "--auto", folder, "-o", "data.h5", "-q")
    assert h5schema("generate", "data.yaml", "-o", ".").returncode == 0
    said = h5schema("inspect", "data.h5").stdout
    assert "a dataset for each entry" in said


def test_no_other_file_is_written_over(h5schema: Command, folder: Path) -> None:
    (folder.parent / "data.yaml").write_text("mine")
    done = h5schema("extract", "--auto", folder, "-o", "data.h5")
    assert done.returncode == 0
    assert "data.yaml: left as it was; the schema is in the file too" in done.stdout
    assert (folder.parent / "data.yaml").read_text() == "mine"


def test_update_adds_what_is_new(h5schema: Command, folder: Path) -> None:
    h5schema("extract", "--auto", folder, "-o", "data.h5")
    (folder / "more.txt").write_text("more")
    (folder / "notes.md").write_text("# Other notes\n")
    done = h5schema("extract", "--auto", folder, "-o", "data.h5", "--update")
    assert done.returncode == 0, done.stderr
    with h5py.File(folder.parent / "data.h5") as file:
        assert file["notes.md"].asstr()[()] == "# Other notes\n"
        assert file["more.txt"].asstr()[()] == "more"


def test_a_plan_says_how_it_would_lie(h5schema: Command, folder: Path) -> None:
    done = h5schema("extract", "--auto", folder, "--plan")
    assert done.returncode == 0, done.stderr
    assert "a dataset each" in done.stdout
    assert not (folder.parent / "data.yaml").exists()


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (["--auto"], "argument --auto: expected at least one argument"),
        ([], "the following arguments are required: SCHEMA, SOURCE"),
        (["photos.yaml", "--auto", "data", "-o", "x.h5"], "photos.yaml: `--auto` is a schema of its own"),
        (["--auto", "data"], "nothing says which file to make"),
        (["--auto", "nowhere", "-o", "x.h5"], "nowhere"),
    ],
)
def test_mistakes_are_told(h5schema: Command, folder: Path, arguments: list[str], what: str) -> None:
    done = h5schema("extract", *arguments)
    assert done.returncode == 2
    assert what in done.stderr
    assert "Traceback" not in done.stderr
    assert not (folder.parent / "x.yaml").exists()
