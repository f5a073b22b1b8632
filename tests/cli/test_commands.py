"""`init`, `lint`, `extract` and `inspect`, as a user sees them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import REPOSITORY, Command

Image = pytest.importorskip("PIL.Image")


def _draw(folder: Path, classes: list[str], size: tuple[int, int] = (32, 32), suffix: str = "jpg") -> Path:
    for number, name in enumerate(classes):
        (folder / name).mkdir(parents=True)
        for i in range(3):
            Image.new("RGB", size, (number * 40, i * 40, 0)).save(folder / name / f"{i}.{suffix}")
    return folder


def test_init_writes_a_schema_without_a_finding(h5schema: Command, tmp_path: Path) -> None:
    done = h5schema("init", "images", "-o", "my-photos.yaml")
    assert (done.returncode, done.stderr) == (0, "")
    assert "name: my_photos" in (tmp_path / "my-photos.yaml").read_text()
    done = h5schema("lint", "my-photos.yaml", "--strict")
    assert (done.returncode, done.stdout) == (0, "no findings\n")


def test_init_fills_in_what_it_finds(h5schema: Command, tmp_path: Path) -> None:
    _draw(tmp_path / "images", ["no", "two words", "it's", "{odd}"], (48, 24), "png")
    assert h5schema("init", "images", "images", "-o", "found.yaml").returncode == 0
    text = (tmp_path / "found.yaml").read_text()
    assert "[photo, 24, 48, 3]" in text
    assert "{label}/{name}.png" in text
    assert h5schema("lint", "found.yaml").stdout == "no findings\n"
    done = h5schema("extract", "found.yaml", "images", "-o", "found.h5")
    assert done.returncode == 0, done.stderr
    assert "12 entries" in done.stdout


def test_init_sees_photos_the_way_up_that_extract_makes_them(h5schema: Command, tmp_path: Path) -> None:
    """As a phone stores a portrait: on its side, with a note of that."""
    exif = Image.Exif()
    exif[0x0112] = 6
    (tmp_path / "images" / "cat").mkdir(parents=True)
    Image.new("RGB", (48, 24)).save(tmp_path / "images" / "cat" / "1.jpg", exif=exif)
    assert h5schema("init", "images", "images", "-o", "found.yaml").returncode == 0
    assert "[photo, 48, 24, 3]" in (tmp_path / "found.yaml").read_text()
    assert h5schema("extract", "found.yaml", "images", "-o", "found.h5").returncode == 0


def test_init_of_a_flat_folder_has_no_classes(h5schema: Command, tmp_path: Path) -> None:
    _draw(tmp_path, ["images"])
    assert h5schema("init", "images", "images").returncode == 0
    assert "label" not in (tmp_path / "photos.yaml").read_text()
    assert h5schema("lint", "photos.yaml").stdout == "no findings\n"


def test_init_names_a_package_that_can_lie_beside_the_data(h5schema: Command, tmp_path: Path) -> None:
    _draw(tmp_path / "c4", ["cat", "dog"])
    done = h5schema("init", "images", "c4", "-o", "c4.yaml")
    assert (done.returncode, done.stdout) == (
        0,
        "c4.yaml: its package is called c4_data, because there is another c4 beside it\n"
        "c4.yaml: written; next: h5schema lint c4.yaml\n",
    )
    done = h5schema("generate", "c4.yaml", "-o", ".")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "c4_data/loaders.py").exists()
    again = h5schema("init", "images", "c4", "-o", "c4.yaml", "--force")
    assert "package is called c4_data," in again.stdout, "a package of ours keeps its name"
    (tmp_path / "c4_data.py").write_text("")
    assert "package is called c4_data2," in h5schema("init", "images", "-o", "c4.yaml", "--force").stdout


def test_init_keeps_the_name_of_a_package_of_ours(h5schema: Command, tmp_path: Path) -> None:
    assert h5schema("init", "images").returncode == 0
    assert h5schema("generate", "photos.yaml", "-o", ".").returncode == 0
    done = h5schema("init", "images", "--force")
    assert done.stdout == "photos.yaml: written; next: h5schema lint photos.yaml\n"


def test_init_of_classes_that_code_cannot_tell_apart(h5schema: Command, tmp_path: Path) -> None:
    _draw(tmp_path / "images", ["a b", "a_b", "c"])
    done = h5schema("init", "images", "images")
    assert (done.returncode, done.stderr) == (
        2,
        "error: images: the classes 'a b' and 'a_b' would both be called `a_b` in code\n"
        "  help: rename one of these folders, so that letters and digits tell them apart\n",
    )
    assert not (tmp_path / "photos.yaml").exists()


def test_init_of_a_file(h5schema: Command, tmp_path: Path) -> None:
    _draw(tmp_path / "images", ["cat"])
    done = h5schema("init", "images", "images/cat/0.jpg")
    assert done.returncode == 2
    assert done.stderr.startswith("error: images/cat/0.jpg: this is a file, not a folder\n")


def test_init_never_replaces_a_schema(h5schema: Command, tmp_path: Path) -> None:
    (tmp_path / "photos.yaml").write_text("mine\n")
    done = h5schema("init", "images", "-o", "photos.yaml")
    assert done.returncode == 2
    assert "--force" in done.stderr
    assert (tmp_path / "photos.yaml").read_text() == "mine\n"
    assert h5schema("init", "images", "-o", "photos.yaml", "--force").returncode == 0
    assert (tmp_path / "photos.yaml").read_text() != "mine\n"


@pytest.mark.parametrize(
    ("arguments", "left"), [(["-o", "mine.yaml", "--force"], ["mine.yaml"]), (["-o", "new.yaml"], ["mine.yaml"])]
)
def test_init_on_a_full_disk_changes_nothing(tmp_path: Path, arguments: list[str], left: list[str]) -> None:
    """No file may grow: what happens where the disk is full."""
    (tmp_path / "mine.yaml").write_text("mine\n")
    code = (
        "import resource, signal, sys; from h5schema.cli import main; "
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN); resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0)); "
        "raise SystemExit(main(['init', 'images', *sys.argv[1:]]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert "it cannot be written: File too large\n  help: look at the permissions and at the room" in done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == left
    assert (tmp_path / "mine.yaml").read_text() == "mine\n"


def test_init_leaves_a_link_a_link(h5schema: Command, tmp_path: Path) -> None:
    (tmp_path / "real.yaml").write_text("mine\n")
    (tmp_path / "link.yaml").symlink_to("real.yaml")
    assert h5schema("init", "images", "-o", "link.yaml").returncode == 2
    assert h5schema("init", "images", "-o", "link.yaml", "--force").returncode == 0
    assert (tmp_path / "link.yaml").is_symlink()
    assert "h5schema: 1" in (tmp_path / "real.yaml").read_text()


def test_init_into_a_folder_that_is_not_there_yet(h5schema: Command, tmp_path: Path) -> None:
    assert h5schema("init", "images", "-o", "schemas/photos.yaml").returncode == 0
    assert [path.name for path in (tmp_path / "schemas").iterdir()] == ["photos.yaml"]
    done = h5schema("init", "images", "-o", "schemas", "--force")
    assert (done.returncode, done.stderr.partition("\n")[0]) == (2, "error: schemas: this is no file")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [(["imags"], "images"), ([], "images"), (["images", "nowhere"], "no such folder"), (["images", "."], "no image")],
)
def test_init_of_what_is_not_there(h5schema: Command, arguments: list[str], says: str) -> None:
    done = h5schema("init", *arguments)
    assert done.returncode == 2
    assert says in done.stderr


def test_lint_tells_people_programs_and_github(h5schema: Command, schema: Path) -> None:
    schema.write_text(schema.read_text().replace("dtype: uint8", "dtype: uint9"))
    done = h5schema("lint", "photos.yaml")
    assert done.returncode == 1
    assert done.stdout.startswith("photos.yaml:8:")
    assert "uint8" in done.stdout
    assert done.stdout.endswith("1 error\n")
    (found,) = json.loads(h5schema("lint", "photos.yaml", "--format", "json").stdout)
    assert (found["location"]["line"], found["severity"]) == (8, "error")
    annotation = h5schema("lint", "photos.yaml", "--format", "github").stdout
    assert annotation.startswith("::error file=photos.yaml,line=8,col=")
    assert annotation.count("\n") == 1


def test_extract_and_inspect(h5schema: Command, schema: Path, tmp_path: Path) -> None:
    folder = _draw(tmp_path / "sorted", ["cat", "dog"])
    done = h5schema("extract", schema, folder, "-o", "photos.h5")
    assert done.returncode == 0, done.stderr
    assert not (tmp_path / "photos").exists()
    done = h5schema("inspect", "photos.h5")
    assert done.returncode == 0
    assert "image" in done.stdout
    assert json.loads(h5schema("inspect", "photos.h5", "--format", "json").stdout)["schema"].startswith("photos")


def test_extract_never_replaces_a_file(h5schema: Command, schema: Path, tmp_path: Path) -> None:
    folder = _draw(tmp_path / "sorted", ["cat"])
    (tmp_path / "photos.h5").write_text("mine\n")
    done = h5schema("extract", schema, folder, "-o", "photos.h5")
    assert done.returncode == 2
    assert (tmp_path / "photos.h5").read_text() == "mine\n"
    assert h5schema("extract", schema, folder, "-o", "photos.h5", "--overwrite").returncode == 2, "no HDF5 file"
    assert (tmp_path / "photos.h5").read_text() == "mine\n"
    (tmp_path / "photos.h5").write_bytes(b"\x89HDF\r\n\x1a\n and more")
    assert h5schema("extract", schema, folder, "-o", "photos.h5", "--overwrite").returncode == 0


def test_extract_says_which_source_failed(h5schema: Command, schema: Path, tmp_path: Path) -> None:
    folder = _draw(tmp_path / "sorted", ["cat"])
    (folder / "cat" / "bad.jpg").write_text("no image")
    done = h5schema("extract", schema, folder, "-o", "photos.h5")
    assert done.returncode == 1
    assert done.stdout.startswith("3 entries of photo, 1 source skipped; ")
    assert done.stderr == (
        "skipped 1 source that failed:\n"
        "  cat/bad.jpg: this is no image that Pillow reads\n"
        "    help: look at the file, or leave it out of the pattern\n"
    )


def test_extract_tells_once_what_failed_alike(h5schema: Command, schema: Path, tmp_path: Path) -> None:
    folder = _draw(tmp_path / "sorted", ["cat", "dog"])
    for number in range(37):
        (folder / "cat" / f"bad{number:02}.jpg").write_text("no image")
    Image.new("RGB", (9, 9)).save(folder / "dog" / "small.jpg")
    done = h5schema("extract", schema, folder, "-o", "photos.h5")
    assert done.returncode == 1
    assert done.stdout.startswith("6 entries of photo, 38 sources skipped; ")
    assert done.stderr == (
        "skipped 38 sources that failed:\n"
        "  37 sources (cat/bad00.jpg, cat/bad01.jpg, cat/bad02.jpg, …): this is no image that Pillow reads\n"
        "    help: look at the file, or leave it out of the pattern\n"
        "  dog/small.jpg: /image: the shape is [9, 9, 3], not [32, 32, 3]\n"
        "    help: give exactly this shape: nothing is broadcast, cut or padded\n"
        "  not all are told here; `--failures LIST` writes them all to a file\n"
    )


def test_extract_names_all_that_failed_while_they_fit(h5schema: Command, schema: Path, tmp_path: Path) -> None:
    folder = _draw(tmp_path / "sorted", ["cat"])
    names = [f"cat/bad{number:02}.jpg" for number in range(20)]
    for name in names:
        (folder / name).write_text("no image")
    done = h5schema("extract", schema, folder, "-o", "photos.h5")
    assert done.stderr == (
        "skipped 20 sources that failed:\n"
        f"  20 sources ({', '.join(names)}): this is no image that Pillow reads\n"
        "    help: look at the file, or leave it out of the pattern\n"
    )


def test_extract_lists_every_failure_for_programs(h5schema: Command, schema: Path, tmp_path: Path) -> None:
    folder = _draw(tmp_path / "sorted", ["cat"])
    names = [f"cat/bad{number:02}.jpg" for number in range(30)]
    for name in names:
        (folder / name).write_text("no image")
    arguments = ("extract", schema, folder, "-o", "photos.h5", "--failures", "bad.jsonl")
    done = h5schema(*arguments)
    assert done.returncode == 1
    assert done.stderr.endswith("\n  all of them, in full: bad.jsonl\n")
    records = [json.loads(line) for line in (tmp_path / "bad.jsonl").read_text().splitlines()]
    assert [record["source"] for record in records] == names
    assert records[7] == {
        "source": "cat/bad07.jpg",
        "path": str(folder / "cat/bad07.jpg"),
        "error": "this is no image that Pillow reads",
        "frames": "",
        "help": "look at the file, or leave it out of the pattern",
    }
    (tmp_path / "photos.h5").unlink()
    done = h5schema(*arguments)
    assert (done.returncode, done.stderr) == (
        2,
        "error: bad.jsonl: this file exists already\n"
        "  help: name another file, or replace both it and the output with `--overwrite`\n",
    )
    for name in names:
        (folder / name).unlink()
    assert h5schema(*arguments, "--overwrite").returncode == 0
    assert (tmp_path / "bad.jsonl").read_bytes() == b"", "nothing failed"


def test_extract_lists_the_failures_also_if_all_fail(h5schema: Command, schema: Path, tmp_path: Path) -> None:
    (tmp_path / "sorted/cat").mkdir(parents=True)
    (tmp_path / "sorted/cat/bad.jpg").write_text("no image")
    assert h5schema("extract", schema, "sorted", "-o", "photos.h5", "--failures", "bad.jsonl").returncode == 2
    assert json.loads((tmp_path / "bad.jsonl").read_text())["source"] == "cat/bad.jpg"
    assert not (tmp_path / "photos.h5").exists()


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("photos.yaml", "photos.yaml: this file exists already, and is no list of failures"),
        ("photos.h5", "photos.h5: the list of failures would replace the output"),
        ("photos.h5.partial", "photos.h5.partial: the list of failures would replace the output"),
        ("no/bad.jsonl", "no: there is no such folder"),
    ],
)
def test_a_list_of_failures_replaces_nothing_else(
    h5schema: Command, schema: Path, tmp_path: Path, name: str, says: str
) -> None:
    folder = _draw(tmp_path / "sorted", ["cat"])
    before = schema.read_bytes()
    done = h5schema("extract", schema, folder, "-o", "photos.h5", "--overwrite", "--failures", name)
    assert done.returncode == 2
    assert done.stderr.startswith(f"error: {says}\n")
    assert schema.read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["photos.yaml", "sorted"]


def test_extract_without_a_source_says_so(h5schema: Command, tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_text(
        "h5schema: 1\nname: x\nversion: 1.0.0\ndims: {row: open}\nfeatures: {a: {dims: [row], dtype: uint8}}\n"
    )
    done = h5schema("extract", "x.yaml", ".", "-o", "x.h5")
    assert done.returncode == 2
    assert "nothing to extract" in done.stderr


def test_inspect_of_what_is_not_there(h5schema: Command) -> None:
    done = h5schema("inspect", "nothing.h5")
    assert done.returncode == 2
    assert done.stderr.startswith("error: ")
    assert "Traceback" not in done.stderr
