"""Folders become files: every source is an entry or a named failure."""

from __future__ import annotations

import json
import multiprocessing
import os
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import picture_tools
import pytest
from blank import declare
from pictures import Pictures, PicturesWriter
from pictures.extract import extraction
from pictures.groups import Label
from PIL import Image

from h5schema.errors import DataError, H5SchemaError, UsageError, UserCodeError
from h5schema.runtime import Array, Axis, Call, Capture, Check, Enumerated, Extraction, How, IdAxis, Scalar, Text
from h5schema.runtime.functions import Function

PACKAGES = Path(__file__).parent / "packages"


def picture(path: Path, color: tuple[int, int, int], size: tuple[int, int] = (10, 6)) -> Path:
    """A file of one color."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, color).save(path, quality=95)
    return path


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    for i in range(5):
        picture(folder / f"cat/c{i}.jpg", (i * 20, 100, 50))
        picture(folder / f"dog/d{i}.png", (50, i * 30, 100), (8, 8))
    note = folder / "notes/cat/c1.txt"
    note.parent.mkdir(parents=True)
    note.write_text("a short note", encoding="utf-8")
    return folder


def test_a_good_run(photos: Path, tmp_path: Path) -> None:
    picture_tools.calls.clear()
    summary = extraction.run([photos], tmp_path / "a.h5", how=How(workers=0))
    assert summary.entries == {"photo": 10}
    assert not summary.failures
    assert summary.unmatched == (), "a second file of an entry is taken, too"
    assert summary.bytes == (tmp_path / "a.h5").stat().st_size
    assert len(picture_tools.calls) == 10, "one call makes both features"
    with Pictures(tmp_path / "a.h5") as f:
        assert list(f.photo) == [f"cat:c{i}" for i in range(5)] + [f"dog:d{i}" for i in range(5)]
        assert list(f.label) == [Label.cat] * 5 + [Label.dog] * 5
        assert f.image["dog:d2"].tolist() == np.full((8, 8, 3), (50, 60, 100)).tolist()
        for entry in f.photo.values():
            assert entry["mean"] == entry["image"].mean()
            assert entry["largest"] == entry["image"].max()
            assert entry["double"] == 2 * entry["mean"]
            assert entry["upper"] == entry["name"].upper()
        assert list(f.note) == [None, "a short note", *[None] * 8]
        assert list(f.words) == [None, 3, *[None] * 8]
        assert f.made_by[()] == "somebody"
        assert f.parameters["image"] == {"call": "image", "params": {"size": [8, 8]}}
        assert f.parameters["double"] == {"call": "picture_tools:times", "params": {"factor": 2}, "from": ["mean"]}
        assert f.parameters["label"] == {"capture": "label"}
        f.verify()


def test_what_fails_is_named_and_skipped(photos: Path, tmp_path: Path) -> None:
    (photos / "cat/broken.jpg").write_bytes((photos / "cat/c1.jpg").read_bytes()[:200])
    (photos / "cat/empty.jpg").write_bytes(b"")
    (photos / "cat/text.jpg").write_text("no image")
    picture(photos / "bird/b.jpg", (1, 2, 3))
    picture(photos / "dog/red.png", (255, 0, 0))
    picture(photos / "dog/blue.png", (0, 0, 255))
    picture(photos / "dog/green.png", (0, 255, 0))
    (photos / "notes/cat/c2.txt").write_bytes(b"\xff\xfe not utf-8")
    summary = extraction.run([photos], tmp_path / "a.h5")
    failed = {failure.source: failure for failure in summary.failures}
    assert summary.entries == {"photo": 9}
    assert set(failed) == {
        "bird:b",
        "cat:broken",
        "cat:c2",
        "cat:empty",
        "cat:text",
        "dog:blue",
        "dog:green",
        "dog:red",
    }
    assert failed["cat:broken"].path == photos / "cat/broken.jpg"
    for name in ("cat:broken", "cat:empty", "cat:text"):
        assert "image" in failed[name].message
        assert failed[name].path == photos / f"cat/{name[4:]}.jpg"
    assert "/label: 'bird' is not a member of Label" in failed["bird:b"].message
    assert failed["dog:red"].message == "picture_tools:statistics raised ArithmeticError"
    frames = failed["dog:red"].frames
    assert "too_red" in frames
    assert frames.endswith("ArithmeticError: too red: (8, 8, 3)")
    assert "h5schema/runtime" not in frames
    assert "/mean: the shape is [3], not []" in failed["dog:blue"].message
    assert "/largest: 300 does not fit uint8" in failed["dog:green"].message
    assert "UnicodeDecodeError" in failed["cat:c2"].message
    assert str(summary).startswith("9 entries of photo, 8 sources skipped; ")
    assert summary.failed.startswith("skipped 8 sources that failed:\n")
    with Pictures(tmp_path / "a.h5") as f:
        assert list(f.photo) == ["cat:c0", "cat:c1", "cat:c3", "cat:c4", *(f"dog:d{i}" for i in range(5))]
        f.verify()


def test_more_kinds_of_failure_than_are_told(photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for i in range(12):
        picture(photos / f"cat/odd{i:02}.jpg", (9, 9, 9), (20 + i, 6))
    _, writer = declare(photo=IdAxis(dict), image=Array(np.uint8, "photo 6 10 3"))
    job = Extraction(writer, sources={"photo": "{label}/{n}.jpg"}, features={"image": Call("image")})
    listed = tmp_path / "failed.jsonl"
    summary = job.run([photos], tmp_path / "a.h5", failures=listed)
    expected = [f"cat/odd{i:02}.jpg" for i in range(12)]
    assert [failure.source for failure in summary.failures] == expected
    assert [json.loads(line)["source"] for line in listed.read_text().splitlines()] == expected
    assert summary.tell() == 1
    assert capsys.readouterr().err.endswith(
        "\n  and 2 others: cat/odd10.jpg, cat/odd11.jpg"
        "\n  not all are told here; `--failures LIST` writes them all to a file\n"
    )
    (photos / "cat/odd00.jpg").write_bytes(b"")
    assert job.main([str(photos), "-o", str(tmp_path / "b.h5"), "--failures", str(tmp_path / "b.jsonl")]) == 1
    assert capsys.readouterr().err.endswith(f"\n  all of them, in full: {tmp_path}/b.jsonl\n")
    assert "no image" in json.loads((tmp_path / "b.jsonl").read_text().splitlines()[0])["error"]


def test_what_is_no_regular_file_is_a_named_failure(photos: Path, tmp_path: Path) -> None:
    """Reading a pipe would wait for ever."""
    os.mkfifo(photos / "cat/pipe.jpg")
    (photos / "cat/zeros.jpg").symlink_to("/dev/zero")
    (photos / "cat/gone.jpg").symlink_to("nowhere.jpg")
    (photos / "cat/good.jpg").symlink_to("c1.jpg")
    os.mkfifo(photos / "notes/cat/c2.txt")
    (photos / "notes/cat/c3.txt").symlink_to("nowhere.txt")
    command = [sys.executable, "-m", "pictures.extract", str(photos), "-o", str(tmp_path / "a.h5")]
    environment = {**os.environ, "PYTHONPATH": str(PACKAGES)}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False, timeout=60)
    assert done.returncode == 1
    assert done.stdout.startswith("9 entries of photo, 5 sources skipped; ")
    for said in (
        f"cat:pipe ({photos}/cat/pipe.jpg): it is a pipe, not a regular file\n",
        f"cat:zeros ({photos}/cat/zeros.jpg): it is a device, not a regular file\n",
        f"cat:gone ({photos}/cat/gone.jpg): it is a link to nothing, not a regular file\n",
        f"cat:c2 ({photos}/cat/c2.jpg): it is a pipe, not a regular file ({photos}/notes/cat/c2.txt)\n",
        f"cat:c3 ({photos}/cat/c3.jpg): it is a link to nothing, not a regular file ({photos}/notes/cat/c3.txt)\n",
    ):
        assert said in done.stderr
    with pytest.raises(UsageError, match="it is a pipe, neither a folder nor a regular file"):
        extraction.run([photos / "cat/pipe.jpg"], tmp_path / "b.h5")


def test_the_command(photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "a.h5"
    assert extraction.main([str(photos), "-o", str(out)]) == 0
    assert "10 entries of photo" in capsys.readouterr().out
    assert extraction.main([str(photos), "-o", str(out)]) == 2
    assert "overwrite" in capsys.readouterr().err
    (photos / "cat/empty.jpg").write_bytes(b"")
    assert extraction.main([str(photos), "-o", str(out), "--overwrite"]) == 1
    said = capsys.readouterr()
    assert said.out.startswith("10 entries of photo, 1 source skipped; ")
    assert said.err.startswith("skipped 1 source that failed:\n  cat:empty (")
    assert extraction.main([str(photos) + "x", "-o", str(tmp_path / "b.h5")]) == 2
    assert "did you mean photos?" in capsys.readouterr().err
    with pytest.raises(SystemExit) as caught:
        extraction.main([])
    assert caught.value.code == 2
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.h5", "photos"]


def test_as_a_module(photos: Path, tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(PACKAGES)}
    command = [sys.executable, "-m", "pictures.extract", str(photos), "-o", str(tmp_path / "a.h5")]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "10 entries of photo" in done.stdout
    assert done.stderr == "", "no progress where there is no terminal"


def test_nothing_to_extract(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    for prepare, message in (
        (None, "there are no files in it"),
        ("cat/a.gif", "its one file, 'cat/a.gif', does not match"),
        ("a.jpg", "0 folders deep; the pattern asks for 1"),
    ):
        if prepare:
            (folder / prepare).parent.mkdir(exist_ok=True)
            (folder / prepare).write_bytes(b"")
        with pytest.raises(UsageError, match=message):
            extraction.run([folder], tmp_path / "a.h5")
        for old in folder.rglob("*.*"):
            old.unlink()
    with pytest.raises(UsageError, match="there is no such folder"):
        extraction.run([tmp_path / "inn"], tmp_path / "a.h5")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["in"]


def test_all_sources_fail(photos: Path, tmp_path: Path) -> None:
    reader, writer = declare(photo=IdAxis(dict), x=Scalar(np.int32, "photo"))
    job = Extraction(
        writer, sources={"photo": "{label}/{name}.jpg"}, features={"x": Call("picture_tools:always_fails")}
    )
    with pytest.raises(UserCodeError) as caught:
        job.run([photos], tmp_path / "a.h5", functions=PACKAGES)
    text = str(caught.value)
    assert "none of the 5 sources" in text
    assert "no good: c0.jpg" in text
    assert "always_fails" in text
    assert sorted(p.name for p in tmp_path.iterdir()) == ["photos"]
    assert reader is not None


@pytest.mark.parametrize(
    ("function", "message"),
    [
        ("no_such_module:f", "there is no module 'no_such_module'"),
        ("no_such_module.inner:f", "there is no module"),
        ("picture_tools:no_such", "no function 'no_such'"),
        ("picture_tools:calls", "no function 'calls'"),
        ("broken_syntax:f", "importing it fails"),
        ("broken_import:f", "install surely_not_installed"),
        ("broken_name:f", "importing it fails"),
        ("json:f", "json"),
    ],
)
def test_a_function_that_cannot_be_imported(photos: Path, tmp_path: Path, function: str, message: str) -> None:
    folder = tmp_path / "code"
    folder.mkdir()
    (folder / "broken_syntax.py").write_text("def f(:\n")
    (folder / "broken_import.py").write_text("import surely_not_installed\n")
    (folder / "broken_name.py").write_text("x = undefined_name\n")
    (folder / "json.py").write_text("def f(path): return 1\n")
    _, writer = declare(photo=IdAxis(dict), x=Scalar(np.int32, "photo"))
    picture_tools.calls.clear()
    job = Extraction(
        writer,
        sources={"photo": "{label}/{name}.jpg"},
        features={"x": Call("picture_tools:statistics"), "y": Call(function)},
    )
    with pytest.raises(UserCodeError) as caught:
        job.run([photos], tmp_path / "a.h5", functions=folder)
    assert message in str(caught.value)
    assert "help: " in str(caught.value)
    assert picture_tools.calls == [], "refused before the first source is read"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["code", "photos"]
    sys.path.remove(str(folder.resolve()))


def test_two_folders_with_modules_of_one_name(photos: Path, tmp_path: Path) -> None:
    """The second folder's module is run, or refused; never silently the first one's."""
    reader, writer = declare(photo=Axis(dict), x=Scalar(np.int32, "photo"))
    job = Extraction(writer, sources={"photo": "{label}/{name}.jpg"}, features={"x": Call("shared_name:f")})
    for value in (1, 2):
        folder = tmp_path / f"code{value}"
        folder.mkdir()
        (folder / "shared_name.py").write_text(f"def f(path): return {value}\n")
    job.run([photos], tmp_path / "a.h5", functions=tmp_path / "code1")
    with reader(tmp_path / "a.h5") as f:
        assert set(f.x[:].tolist()) == {1}
    with pytest.raises(UserCodeError, match="another module of this name"):
        job.run([photos], tmp_path / "b.h5", functions=tmp_path / "code2")
    for value in (1, 2):
        sys.path.remove(str((tmp_path / f"code{value}").resolve()))


def call_in_worker(function: Function) -> object:
    return function.resolve()("text")


def test_functions_are_found_in_a_spawned_process(tmp_path: Path) -> None:
    folder = tmp_path / "code"
    folder.mkdir()
    (folder / "only_here.py").write_text("def shout(text): return text.upper() + '!'\n")
    function = pickle.loads(pickle.dumps(Function("only_here:shout", folder)))
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        assert pool.apply(call_in_worker, (function,)) == "TEXT!"
    assert "only_here" not in sys.modules
    assert Function("image").resolve().__module__ == "h5schema.extractors.image"
    assert Function("os.path:join").resolve() is os.path.join


def test_hidden_files_order_and_several_folders(tmp_path: Path) -> None:
    reader, writer = declare(photo=IdAxis(dict), p=Text("photo"))
    job = Extraction(writer, sources={"photo": "{p:path}.txt"}, features={"p": Capture("p")})
    one, other = tmp_path / "one", tmp_path / "other"
    for name in ("10.txt", "9.txt", "007.txt", "1/b.txt", "1/a/c.txt", ".hidden/5.txt", "1/.5.txt", "x.md"):
        (one / name).parent.mkdir(parents=True, exist_ok=True)
        (one / name).write_text("")
    other.mkdir()
    (other / "3.txt").write_text("")
    summary = job.run([other, one], tmp_path / "a.h5")
    assert summary.unmatched == ("x.md",)
    with reader(tmp_path / "a.h5") as f:
        assert list(f.photo) == ["3.txt", "007.txt", "1/a/c.txt", "1/b.txt", "10.txt", "9.txt"]
        assert list(f.p) == ["3", "007", "1/a/c", "1/b", "10", "9"]
    job.run([one / "9.txt"], tmp_path / "b.h5")
    with reader(tmp_path / "b.h5") as f:
        assert list(f.photo) == ["9.txt"]


def test_the_same_id_twice(photos: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"c0\.jpg is given twice"):
        extraction.run([photos, photos], tmp_path / "a.h5")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["photos"]


def test_a_name_that_is_no_utf8_fails_alone(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "good.txt").write_text("")
    try:
        Path(os.fsdecode(os.fsencode(folder) + b"/bad\xff.txt")).write_text("")
    except OSError:
        pytest.skip("this file system takes utf-8 names only")
    reader, writer = declare(row=IdAxis(dict), x=Text("row"))
    job = Extraction(writer, sources={"row": "{x}.txt"}, features={"x": Capture("x")})
    summary = job.run([folder], tmp_path / "a.h5")
    assert len(summary.failures) == 1
    assert r"bad\udcff.txt: " in summary.failed
    (str(summary) + summary.failed).encode()
    with reader(tmp_path / "a.h5") as f:
        assert list(f.row) == ["good.txt"]


def test_a_value_that_must_be_unique_fails_its_source(photos: Path, tmp_path: Path) -> None:
    reader, writer = declare(photo=IdAxis(dict), label=Text("photo", check=Check(unique=True)))
    job = Extraction(writer, sources={"photo": "{label}/{name}.{k}"}, features={"label": Capture("label")})
    summary = job.run([photos], tmp_path / "a.h5")
    assert len(summary.failures) == 8
    assert "stands twice" in summary.failures[0].message
    with reader(tmp_path / "a.h5") as f:
        assert list(f.label) == ["cat", "dog"]


def test_many_sources_and_no_ids(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    for i in range(600):
        (folder / f"{i:03d}.txt").write_text("")
    reader, writer = declare(row=Axis(dict), i=Scalar(np.int64, "row"))
    job = Extraction(writer, sources={"row": "{i:int}.txt"}, features={"i": Capture("i")})
    assert job.run([folder], tmp_path / "a.h5").entries == {"row": 600}
    with reader(tmp_path / "a.h5") as f:
        assert f.i[:].tolist() == list(range(600))


def test_a_file_wide_function_that_fails(photos: Path, tmp_path: Path) -> None:
    _, writer = declare(photo=IdAxis(dict), n=Text("photo"), x=Scalar(np.int32, ""))
    job = Extraction(
        writer,
        sources={"photo": "{label}/{n}.jpg"},
        features={"n": Capture("n"), "x": Call("picture_tools:times", params={"factor": 2})},
    )
    with pytest.raises(UserCodeError, match="TypeError"):
        job.run([photos], tmp_path / "a.h5")
    job = Extraction(
        writer, sources={"photo": "{label}/{n}.jpg"}, features={"n": Capture("n"), "x": Call("picture_tools:author")}
    )
    with pytest.raises(DataError, match="/x: "):
        job.run([photos], tmp_path / "a.h5")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["photos"]


def test_sources_are_never_changed(photos: Path, tmp_path: Path) -> None:
    def state() -> dict[str, Any]:
        return {str(p): (p.stat().st_mtime_ns, p.read_bytes()) for p in photos.rglob("*") if p.is_file()}

    before = state()
    extraction.run([photos], tmp_path / "a.h5")
    with pytest.raises(UsageError, match="the target would replace the source"):
        extraction.run([photos], photos / "cat/c0.jpg")
    assert state() == before


def test_the_photos_of_the_examples(shared: Path, tmp_path: Path) -> None:
    sys.path.insert(0, str(Path(__file__).parents[2] / "generated_examples"))
    try:
        from photos import Photos
        from photos.extract import extraction as job
    finally:
        sys.path.pop(0)
    folder = shared / "data/photos"
    summary = job.run([folder], tmp_path / "a.h5")
    files = sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*.jpg"))
    assert summary.entries == {"photo": len(files)}
    with Photos(tmp_path / "a.h5") as f:
        assert list(f.photo) == files
        for name in files[::97]:
            with Image.open(folder / name) as image:
                assert np.array_equal(f.image[name], np.asarray(image.convert("RGB")))
            assert f.label[name].name == name.partition("/")[0]
        f.verify()


def test_wrong_dtypes_are_named_by_feature(photos: Path, tmp_path: Path) -> None:
    _, writer = declare(photo=IdAxis(dict), image=Array(np.uint8, "photo 10 6 3"), label=Enumerated(Label, "photo"))
    job = Extraction(
        writer, sources={"photo": "{label}/{n}.jpg"}, features={"image": Call("image"), "label": Capture("label")}
    )
    with pytest.raises(H5SchemaError, match=r"/image: the shape is \[6, 10, 3\], not \[10, 6, 3\]"):
        job.run([photos], tmp_path / "a.h5")
    assert issubclass(PicturesWriter, Pictures)


def test_a_function_that_goes_to_another_folder(photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sources and target may be relative; where a function goes is its own affair."""
    module = tmp_path / "wanderer.py"
    module.write_text(
        "import os\ndef size(path):\n    found = os.path.getsize(path)\n    os.chdir('/')\n    return found\n"
    )
    _, writer = declare(photo=IdAxis(dict), size=Scalar(np.int64, "photo"))
    job = Extraction(writer, sources={"photo": "{path:path}.png"}, features={"size": Call("wanderer:size")})
    monkeypatch.chdir(tmp_path)
    summary = job.run([photos.relative_to(tmp_path)], "a.h5", functions=tmp_path, how=How(workers=0))
    assert (summary.entries, len(summary.failures)) == ({"photo": 5}, 0)
    assert (tmp_path / "a.h5").is_file()
    assert Path.cwd() == tmp_path


def test_a_traceback_of_any_length_is_told_in_part(photos: Path, tmp_path: Path) -> None:
    (tmp_path / "talker.py").write_text("def size(path):\n    raise ValueError('a' * 5_000_000)\n")
    _, writer = declare(photo=IdAxis(dict), size=Scalar(np.int64, "photo"))
    job = Extraction(writer, sources={"photo": "{path:path}.png"}, features={"size": Call("talker:size")})
    with pytest.raises(UserCodeError, match="letters more") as caught:
        job.run([photos], tmp_path / "a.h5", functions=tmp_path, how=How(workers=0))
    assert len(str(caught.value)) < 20_000
