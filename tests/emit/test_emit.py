"""What stands on disk after a package is written, and what is left alone."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from h5schema.emit import MANIFEST, plan, write
from h5schema.errors import H5SchemaError, TargetExistsError, UsageError

FILES = {"__init__.py": "a = 1\n", "groups.py": "b = 2\n", "schema.yaml": "h5schema: 1\n"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A package that was written."""
    made = tmp_path / "photos"
    write(plan(made, FILES, "photos.yaml"))
    return made


def _content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.is_file()}


def _states(folder: Path, files: dict[str, str]) -> dict[str, str]:
    return {change.path.name: change.state for change in plan(folder, files, "photos.yaml").changes}


def test_writes_every_file_and_a_manifest(folder: Path) -> None:
    assert sorted(_content(folder)) == sorted([*FILES, MANIFEST])
    assert (folder / "groups.py").read_text() == "b = 2\n"
    manifest = json.loads((folder / MANIFEST).read_text())
    assert manifest["schema"] == "photos.yaml"
    assert list(manifest["files"]) == sorted(FILES)


def test_planning_writes_nothing(tmp_path: Path) -> None:
    planned = plan(tmp_path / "photos", FILES, "photos.yaml")
    assert {change.state for change in planned.pending} == {"new"}
    assert list(tmp_path.iterdir()) == []


def test_what_is_the_same_is_not_touched(folder: Path) -> None:
    os.utime(folder / "groups.py", (1, 1))
    write(plan(folder, {**FILES, "__init__.py": "a = 3\n"}, "photos.yaml"))
    assert (folder / "__init__.py").read_text() == "a = 3\n"
    assert (folder / "groups.py").stat().st_mtime == 1


def test_an_edited_file_is_shown_and_written_again(folder: Path) -> None:
    (folder / "groups.py").write_text("b = 3\n")
    planned = plan(folder, FILES, "photos.yaml")
    (change,) = planned.pending
    assert change.state == "edited"
    assert planned.edited == (folder / "groups.py",)
    assert "-b = 3\n+b = 2\n" in change.diff
    write(planned)
    assert plan(folder, FILES, "photos.yaml").pending == ()


def test_what_we_wrote_is_not_taken_for_an_edit(folder: Path) -> None:
    (folder / "groups.py").write_text("b = 3\n")
    later = {"__init__.py": "a = 3\n", "groups.py": "b = 3\n"}
    planned = plan(folder, later, "photos.yaml")
    assert planned.edited == ()
    assert _states(folder, later) == {
        "__init__.py": "changed",
        "groups.py": "same",
        "schema.yaml": "stale",
        MANIFEST: "changed",
    }


def test_an_edited_file_is_not_deleted_either(folder: Path) -> None:
    (folder / "groups.py").write_text("b = 3\n")
    fewer = {name: text for name, text in FILES.items() if name != "groups.py"}
    planned = plan(folder, fewer, "photos.yaml")
    assert planned.edited == (folder / "groups.py",)
    write(planned)
    assert not (folder / "groups.py").exists()


def test_only_what_is_ours_is_deleted(folder: Path) -> None:
    (folder / "mine.py").write_text("c = 3\n")
    fewer = {name: text for name, text in FILES.items() if name != "groups.py"}
    assert _states(folder, fewer)["groups.py"] == "stale"
    write(plan(folder, fewer, "photos.yaml"))
    assert sorted(_content(folder)) == sorted(["__init__.py", "schema.yaml", "mine.py", MANIFEST])


def test_a_package_written_by_hand_is_not_replaced(tmp_path: Path) -> None:
    folder = tmp_path / "photos"
    folder.mkdir()
    (folder / "groups.py").write_text("my own work\n")
    with pytest.raises(TargetExistsError, match="not written by h5schema") as error:
        plan(folder, FILES, "photos.yaml")
    assert "-o" in str(error.value)
    assert _content(folder) == {"groups.py": b"my own work\n"}


@pytest.mark.parametrize("name", ["cat.jpg", "notes.txt", ".git", "cat"])
def test_a_folder_that_holds_somebodys_data_is_refused(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "photos"
    (folder / name).mkdir(parents=True)
    with pytest.raises(TargetExistsError, match=f"not written by h5schema, and holds {name}\n"):
        plan(folder, FILES, "photos.yaml")
    assert [child.name for child in folder.iterdir()] == [name]


def test_an_empty_folder_is_taken(tmp_path: Path) -> None:
    (tmp_path / "photos" / "__pycache__").mkdir(parents=True)
    write(plan(tmp_path / "photos", FILES, "photos.yaml"))
    assert plan(tmp_path / "photos", FILES, "photos.yaml").pending == ()


def test_a_file_that_is_what_it_should_be_is_taken_over(tmp_path: Path) -> None:
    folder = tmp_path / "photos"
    folder.mkdir()
    (folder / "groups.py").write_text("b = 2\n")
    write(plan(folder, FILES, "photos.yaml"))
    assert plan(folder, FILES, "photos.yaml").pending == ()


@pytest.mark.parametrize("manifest", ["", "[]", "{", '{"files": 3}', '{"files": {"../mine.py": "sha256:0"}}', "\0"])
def test_a_manifest_that_cannot_be_trusted_deletes_nothing(folder: Path, manifest: str) -> None:
    mine = folder.parent / "mine.py"
    mine.write_text("mine\n")
    (folder / MANIFEST).write_text(manifest)
    write(plan(folder, FILES, "photos.yaml"))
    assert mine.read_text() == "mine\n"
    assert plan(folder, FILES, "photos.yaml").pending == ()


def test_a_file_in_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "photos").write_text("a file\n")
    with pytest.raises(TargetExistsError, match="in the way"):
        plan(tmp_path / "photos", FILES, "photos.yaml")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_refuses_is_named(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(UsageError, match="cannot be written"):
        write(plan(tmp_path / "photos", FILES, "photos.yaml"))


def test_a_failure_leaves_no_half_written_file(folder: Path) -> None:
    before = _content(folder)
    (folder / "zz.py").mkdir()
    with pytest.raises(H5SchemaError):
        write(plan(folder, {**FILES, "zz.py": "c\n"}, "photos.yaml"))
    assert _content(folder) == before
