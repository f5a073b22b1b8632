"""`h5schema generate`, as a user sees it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import REPOSITORY, Command


def _files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.is_file()}


def test_writes_the_package_beside(h5schema: Command, schema: Path) -> None:
    done = h5schema("generate", schema)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "photos: 6 files written in photos\n", "those that `ls` shows"
    assert sorted(_files(schema.parent / "photos")) == sorted(
        [".h5schema.json", "__init__.py", "extract.py", "groups.py", "loaders.py", "py.typed", "schema.yaml"]
    )
    assert (schema.parent / "photos" / "schema.yaml").read_bytes() == schema.read_bytes()


def test_a_second_run_says_that_it_is_up_to_date(h5schema: Command, schema: Path) -> None:
    h5schema("generate", schema)
    before = {path: path.stat().st_mtime_ns for path in (schema.parent / "photos").iterdir() if path.is_file()}
    assert "up to date" in h5schema("generate", schema).stdout
    assert all(path.stat().st_mtime_ns == time for path, time in before.items())


@pytest.mark.parametrize("name", ["__init__.py", "groups.py", "loaders.py", "schema.yaml"])
def test_what_was_edited_by_hand_is_shown_and_not_replaced(h5schema: Command, schema: Path, name: str) -> None:
    h5schema("generate", schema)
    target = schema.parent / "photos" / name
    good = target.read_bytes()
    target.write_bytes(good + b"# mine\n")
    done = h5schema("generate", schema, "--check")
    assert done.returncode == 1
    assert "-# mine\n" in done.stdout
    assert "not up to date" in done.stderr
    assert h5schema("generate", schema, "--dry-run").stdout.startswith(f"edited   {Path('photos') / name}\n")
    done = h5schema("generate", schema)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        f"error: {Path('photos') / name}: changed by hand after it was generated, and not replaced\n"
        "  help: move the change into the schema or a module of your own, then give it up here with `--force`\n"
    )
    assert target.read_bytes() == good + b"# mine\n"
    done = h5schema("generate", schema, "--force")
    assert (done.returncode, done.stdout) == (0, "photos: 1 file written in photos\n")
    assert target.read_bytes() == good
    assert h5schema("generate", schema, "--check").returncode == 0


def test_all_edited_files_are_named_and_no_package_is_written(h5schema: Command, schema: Path) -> None:
    other = schema.with_name("other.yaml")
    other.write_text(schema.read_text().replace("name: photos", "name: other"))
    h5schema("generate", schema, other)
    for file in ("photos/groups.py", "other/groups.py", "other/loaders.py"):
        with (schema.parent / file).open("a") as module:
            module.write("mine = True\n")
    schema.write_text(schema.read_text().replace("doc: RGB pixels.", "doc: Pixels."))
    before = _files(schema.parent / "photos")
    done = h5schema("generate", schema, other)
    assert done.returncode == 2
    assert done.stderr.startswith("error: photos/groups.py, other/groups.py, other/loaders.py: changed by hand")
    assert _files(schema.parent / "photos") == before


def test_a_manifest_that_was_damaged_is_put_right(h5schema: Command, schema: Path) -> None:
    h5schema("generate", schema)
    manifest = schema.parent / "photos" / ".h5schema.json"
    good = manifest.read_bytes()
    manifest.write_bytes(good + b"# mine\n")
    assert h5schema("generate", schema, "--check").returncode == 1
    assert h5schema("generate", schema).stdout == "photos: .h5schema.json written in photos\n"
    assert manifest.read_bytes() == good


def test_a_folder_of_photos_is_no_place_for_the_package(h5schema: Command, schema: Path) -> None:
    """The schema is called as the data are, and lies beside them."""
    folder = schema.parent / "photos"
    (folder / "cat").mkdir(parents=True)
    (folder / "cat" / "1.jpg").write_bytes(b"a cat")
    for mode in ([], ["--check"], ["--dry-run"], ["--force"]):
        done = h5schema("generate", schema, *mode)
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.startswith("error: photos: this folder was not written by h5schema, and holds cat\n  help: ")
    assert [child.name for child in folder.iterdir()] == ["cat"]


def test_check_and_dry_run_write_nothing(h5schema: Command, schema: Path) -> None:
    done = h5schema("generate", schema, "--check")
    assert done.returncode == 1
    assert "+class Photos(File):" in done.stdout
    done = h5schema("generate", schema, "--dry-run")
    assert done.returncode == 0
    assert f"new      {Path('photos') / 'groups.py'}" in done.stdout
    assert [path.name for path in schema.parent.iterdir()] == ["photos.yaml"]


def test_a_module_that_is_no_longer_needed_goes(h5schema: Command, schema: Path) -> None:
    h5schema("generate", schema)
    text = schema.read_text()
    schema.write_text(text[: text.index("loaders:")])
    assert "loaders.py" in h5schema("generate", schema, "--dry-run").stdout
    done = h5schema("generate", schema)
    assert done.stdout == "photos: 1 file written, 1 file deleted in photos\n"
    assert not (schema.parent / "photos" / "loaders.py").exists()


def test_a_wrong_schema_writes_nothing_at_all(h5schema: Command, schema: Path) -> None:
    bad = schema.with_name("bad.yaml")
    bad.write_text(schema.read_text().replace("name: photos", "name: bad").replace("dtype: uint8", "dtype: uint9"))
    done = h5schema("generate", schema, bad)
    assert done.returncode == 2
    assert done.stderr.startswith(f"{bad}:")
    assert "Traceback" not in done.stderr
    assert not (schema.parent / "photos").exists()


def test_two_schemas_of_one_name_are_refused(h5schema: Command, schema: Path) -> None:
    other = schema.with_name("other.yaml")
    other.write_bytes(schema.read_bytes())
    done = h5schema("generate", schema, other)
    assert done.returncode == 2
    assert "both make the package `photos`" in done.stderr
    assert not (schema.parent / "photos").exists()


def test_a_package_written_by_hand_is_left_alone(h5schema: Command, schema: Path) -> None:
    folder = schema.parent / "photos"
    folder.mkdir()
    (folder / "groups.py").write_text("mine = True\n")
    done = h5schema("generate", schema)
    assert done.returncode == 2
    assert "not written by h5schema" in done.stderr
    assert _files(folder) == {"groups.py": b"mine = True\n"}


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("photo.yaml", "did you mean"),
        ("nothing_like_it.yml", "photos.yaml"),
        (".", "this is a folder, not a schema"),
        ("notes.txt", "this is no YAML file"),
        ("missing/photos.yaml", "there is no such file"),
    ],
)
@pytest.mark.parametrize("command", ["generate", "lint"])
def test_a_path_that_is_no_schema(h5schema: Command, schema: Path, command: str, name: str, says: str) -> None:
    schema.with_name("notes.txt").write_text("notes\n")
    done = h5schema(command, name)
    assert done.returncode == 2
    assert says in done.stderr
    assert done.stderr.startswith("error: ")


def test_the_same_bytes_everywhere(schema: Path, tmp_path: Path) -> None:
    """For any hash seed, folder, spelling of the path, language, and mask of permissions."""
    (tmp_path / "elsewhere").mkdir()
    spellings = [
        (tmp_path, "photos.yaml", {"PYTHONHASHSEED": "1"}),
        (tmp_path, "./elsewhere/../photos.yaml", {"PYTHONHASHSEED": "2", "LC_ALL": "C"}),
        (tmp_path / "elsewhere", str(schema), {"PYTHONHASHSEED": "3", "LC_ALL": "tr_TR.UTF-8", "TZ": "Asia/Tokyo"}),
        (Path("/"), str(schema), {"PYTHONUTF8": "0", "LANG": "POSIX"}),
    ]
    found = []
    for number, (cwd, spelling, environment) in enumerate(spellings):
        output = tmp_path / f"out{number}"
        command = [sys.executable, "-m", "h5schema", "generate", spelling, "-o", str(output)]
        subprocess.run(
            ["sh", "-c", f'umask 0{number}7; exec "$@"', "sh", *command],
            cwd=cwd,
            env={**os.environ, "PYTHONPATH": str(REPOSITORY), **environment},
            check=True,
            capture_output=True,
        )
        found.append(_files(output / "photos"))
    assert all(files == found[0] for files in found)


def test_a_template_of_the_users_shadows_ours(h5schema: Command, schema: Path) -> None:
    own = schema.parent / "own" / "package"
    own.mkdir(parents=True)
    (own / "header.jinja").write_text("# Made at ACME from {{ schema.file_name }}.\n")
    h5schema("generate", schema)
    done = h5schema("generate", schema, "--templates", "own")
    assert done.returncode == 0, done.stderr
    text = (schema.parent / "photos" / "groups.py").read_text()
    assert text.startswith("# Made at ACME from photos.yaml.\n")
    assert "class Photos(File):" in text
    (own / "header.jinja").write_text("# {{ no_such_thing }}\n")
    done = h5schema("generate", schema, "--templates", "own")
    assert done.returncode == 2
    assert "header.jinja" in done.stderr
    assert "no_such_thing" in done.stderr


def test_any_doubt_generates_again(h5schema: Command, schema: Path) -> None:
    h5schema("generate", schema)
    key = schema.parent / "photos" / "__pycache__" / "h5schema.key"
    for content in (b"", b"\xff\xfe", b"0" * 64):
        key.write_bytes(content)
        assert h5schema("generate", schema, "--check").returncode == 0
    (schema.parent / "photos" / "groups.py").unlink()
    assert h5schema("generate", schema, "--check").returncode == 1
