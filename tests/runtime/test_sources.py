"""Where sources come from: folders, files, globs, lists and URLs, in an order that never changes."""

from __future__ import annotations

import http.server
import os
import pickle
import random
import re
import subprocess
import sys
import tempfile
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from h5schema.errors import DataError, MissingExtraError, UsageError
from h5schema.runtime.sources import Found, find, untaken
from h5schema.vocabulary.patterns import Pattern

NAMES = ("a b.jpg", "a-b.jpg", "a.jpg", "a/1.jpg", "a/b/2.jpg", "a0/3.jpg", "b/é.jpg", "b/Z.jpg", "notes.txt")


def touched(folder: Path, *names: str) -> Path:
    """A folder with files that hold their own names."""
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name, encoding="utf-8")
    return folder


def ids(found: Found) -> list[str]:
    return [source.id for source in found.sources]


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    return touched(tmp_path / "photos", *NAMES)


def test_a_folder_is_listed_in_the_order_of_the_paths(photos: Path) -> None:
    found = find([photos], "file", "{path:path}", None)
    assert ids(found) == sorted(NAMES)
    assert [source.path for source in found.sources] == [photos / name for name in sorted(NAMES)]
    assert {source.root for source in found.sources} == {photos}


def test_what_is_hidden_is_left_out(photos: Path) -> None:
    touched(photos, ".secret", ".git/x.jpg", "a/.b/x.jpg", "a/..data.jpg")
    assert ids(find([photos], "file", "{path:path}", None)) == sorted(NAMES)


def test_links_to_folders_are_followed_but_not_in_circles(photos: Path, tmp_path: Path) -> None:
    other = touched(tmp_path / "other", "x.jpg")
    (photos / "linked").symlink_to(other)
    (photos / "a/up").symlink_to(photos)
    (photos / "a/self").symlink_to(photos / "a")
    (other / "back").symlink_to(photos / "a")
    (other / "loop").symlink_to(photos)
    there = ids(find([photos], "file", "{path:path}", None))
    assert there == sorted([*NAMES, "linked/x.jpg", "linked/back/1.jpg", "linked/back/b/2.jpg"])


def test_a_million_would_be_small(tmp_path: Path) -> None:
    names = [f"{folder:03}/{number:07}.bin" for folder in range(20) for number in range(500)]
    folder = touched(tmp_path / "many", *names)
    found = find([folder], "file", "{folder}/{n:int}.bin", None)
    assert len(found.sources) == len(names)
    assert len(pickle.dumps(found)) < 35 * len(names), "a path and eight bytes for each"
    assert len(pickle.dumps(found.sources.part(1000, 2000))) < 40 * 1000, "what they share is pickled once"
    assert pickle.loads(pickle.dumps(found.sources.part(1000, 1010))) == found.sources[1000:1010]
    assert found.sources[-1].captures == {"folder": "019", "n": 499}
    assert found.sources[-1].texts == {"folder": "019", "n": "0000499"}
    assert [source.id for source in found.sources[9998:]] == names[9998:]
    assert found.sources[5:1:-2] == [found.sources[5], found.sources[3]]
    with pytest.raises(IndexError):
        found.sources[len(names)]


def test_names_that_are_no_utf8_stay_as_they_are(tmp_path: Path) -> None:
    folder = touched(tmp_path / "odd", "ok.jpg")
    for name in (b"\xff.jpg", b"\xc3.jpg", b"\xa9.jpg", "日本.jpg".encode()):
        (folder / os.fsdecode(name)).write_bytes(name)
    found = find([folder], "file", "{name}.jpg", None)
    assert len(found.sources) == 5
    for source in found.sources:
        assert os.fsencode(source.path.name) in (source.path.read_bytes(), b"ok.jpg")


def test_two_sources_of_one_id(photos: Path, tmp_path: Path) -> None:
    touched(photos, "b/1.jpg")
    with pytest.raises(DataError) as raised:
        find([photos], "photo", "{folder}/{name}.jpg", "{name}")
    assert str(raised.value) == (
        f"photo: the id '1' is made by two sources: {photos}/a/1.jpg and {photos}/b/1.jpg\n"
        "  help: give folders that do not overlap, or use more captures in `ids`"
    )


def test_a_single_file_has_as_many_folders_as_the_pattern(photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = find([photos / "a/1.jpg"], "file", "{label}/{name}.jpg", None)
    assert ids(found) == ["a/1.jpg"]
    assert found.sources[0].root == photos
    assert ids(find([photos / "a/1.jpg"], "file", "{name}.jpg", None)) == ["1.jpg"]
    monkeypatch.chdir(photos / "a")
    assert find(["1.jpg"], "file", "{label}/{name}.jpg", None).sources[0].captures == {"label": "a", "name": "1"}


GLOBS = {
    "*.jpg": ["a b.jpg", "a-b.jpg", "a.jpg"],
    "a/*.jpg": ["1.jpg"],
    "*/*.jpg": ["a/1.jpg", "a0/3.jpg", "b/Z.jpg", "b/é.jpg"],
    "**/*.jpg": sorted(name for name in NAMES if name.endswith(".jpg")),
    "a/**": ["1.jpg", "b/2.jpg"],
    "a*": ["a b.jpg", "a-b.jpg", "a.jpg", "a/1.jpg", "a/b/2.jpg", "a0/3.jpg"],
    "[ab]?": ["a0/3.jpg"],
    "[!b]*/[0-9].jpg": ["a/1.jpg", "a0/3.jpg"],
    "a[-]b.jpg": ["a-b.jpg"],
    "a[!]]b.jpg": ["a b.jpg", "a-b.jpg"],
    "a[]^&|~ ]b.jpg": ["a b.jpg"],
    "**/b/*": ["a/b/2.jpg", "b/Z.jpg", "b/é.jpg"],
}


@pytest.mark.parametrize("glob", GLOBS)
def test_a_glob(photos: Path, glob: str) -> None:
    found = find([f"{photos}/{glob}"], "file", "{path:path}", None)
    assert ids(found) == GLOBS[glob]
    assert all(source.path.is_file() for source in found.sources)
    assert list(found.unmatched) == []


@pytest.mark.parametrize(
    ("glob", "pattern", "taken"),
    [
        ("a/*.jpg", "{label}/{name}.jpg", ["a/1.jpg"]),
        ("a/b/?.jpg", "{one}/{two}/{name}.jpg", ["a/b/2.jpg"]),
        ("a*", "{label}/{name}.jpg", ["photos/a b.jpg", "photos/a-b.jpg", "photos/a.jpg", "a/1.jpg", "a0/3.jpg"]),
        ("**/Z.jpg", "{label}/{name}.jpg", ["b/Z.jpg"]),
        ("a/*.jpg", "{name}.jpg", ["1.jpg"]),
    ],
)
def test_a_glob_below_the_folders_of_the_pattern(photos: Path, glob: str, pattern: str, taken: list[str]) -> None:
    """Each file is what it would be if the shell had named it."""
    found = find([f"{photos}/{glob}"], "file", pattern, None)
    assert ids(found) == taken
    assert all(source.path.is_file() for source in found.sources)
    assert [source.captures["name"] for source in found.sources] == [Path(name).stem for name in taken]


def test_one_file_that_does_not_match(tmp_path: Path) -> None:
    touched(tmp_path, "in/a.png")
    with pytest.raises(UsageError) as raised:
        find([tmp_path / "in"], "file", "{name}.jpg", None)
    assert str(raised.value) == (
        f"{tmp_path}/in: its one file, 'a.png', does not match '{{name}}.jpg'\n"
        "  help: 1 file ends in '.png'; the pattern asks for '.jpg'"
    )


def test_a_glob_looks_only_where_it_may_find(photos: Path) -> None:
    deep = touched(photos / "c/d", *(f"{n}/x.jpg" for n in range(3)))
    opened: list[str] = []
    sys.addaudithook(lambda event, given: opened.append(str(given[0])) if event == "os.scandir" else None)
    find([f"{photos}/*/*.jpg"], "file", "{path:path}", None)
    mine = [folder for folder in opened if folder.startswith(str(photos))]
    assert mine
    assert str(deep) not in mine


def test_a_file_of_that_very_name_is_no_glob(tmp_path: Path) -> None:
    folder = touched(tmp_path / "odd", "x[1].jpg", "x1.jpg", "@y.jpg")
    assert ids(find([folder / "x[1].jpg", folder / "@y.jpg"], "file", "{name}.jpg", None)) == ["x[1].jpg", "@y.jpg"]


@pytest.mark.parametrize(
    ("glob", "said"),
    [
        ("*.png", "no file matches it\n"),
        ("zoo/*", "there is no folder"),
        ("[!]", "no file matches it\n"),
        ("[z-a]", "it is no glob: bad character range z-a"),
    ],
)
def test_a_glob_of_nothing(photos: Path, glob: str, said: str) -> None:
    with pytest.raises(UsageError, match=re.escape(said)) as raised:
        find([f"{photos}/{glob}"], "file", "{path:path}", None)
    assert str(raised.value).startswith(f"{photos}/{glob}: ")


def test_a_list(photos: Path, tmp_path: Path) -> None:
    elsewhere = touched(tmp_path / "elsewhere", "x/9.jpg", "y/9.jpg")
    lines = ["b/é.jpg", "", f"{elsewhere}/y/9.jpg", "./a/1.jpg", f"{elsewhere}/x/9.jpg"]
    (photos / "list.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    found = find([f"@{photos}/list.txt"], "file", "{label}/{name}.jpg", None)
    assert ids(found) == ["b/é.jpg", "y/9.jpg", "a/1.jpg", "x/9.jpg"], "in the order of the list"
    assert [source.path.read_text(encoding="utf-8") for source in found.sources] == ids(found)
    assert ids(find([f"@{photos}/list.txt"], "file", "{path:path}", None))[1] == f"{elsewhere}/y/9.jpg".lstrip("/")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "a.jpg\n\nnone.jpg\n",
            "list.txt, line 3: there is no file none.jpg\n  help: a path is relative to the folder",
        ),
        ("a\n", "list.txt, line 1: it is a folder; a list names files\n  help: name the files in it"),
        ("/none.jpg\n", "list.txt, line 1: there is no file /none.jpg\n  help: mend the line, or take it out"),
        ("\n", "list.txt: the list is empty"),
    ],
)
def test_a_list_with_a_mistake(photos: Path, text: str, said: str) -> None:
    (photos / "list.txt").write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=re.escape(said)):
        find([f"@{photos}/list.txt"], "file", "{path:path}", None)


def test_a_list_that_is_not_there_or_names_a_file_twice(photos: Path) -> None:
    with pytest.raises(UsageError, match=re.escape("none.txt: the list cannot be read: No such file")):
        find([f"@{photos}/none.txt"], "file", "{path:path}", None)
    (photos / "list.txt").write_text("a.jpg\na/1.jpg\na.jpg\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"a\.jpg is given twice, and so is its id 'a\.jpg'\n  help: name it once"):
        find([f"@{photos}/list.txt"], "file", "{path:path}", None)


def test_many_lines_of_many_folders(tmp_path: Path) -> None:
    names = [f"{number % 7}/{number:04}.bin" for number in range(9000)]
    folder = touched(tmp_path / "many", *names)
    random.Random(0).shuffle(names)
    (tmp_path / "list.txt").write_text("\n".join(f"{folder}/{name}" for name in names), encoding="utf-8")
    found = find([f"@{tmp_path}/list.txt"], "file", "{name}.bin", None)
    assert [source.path for source in found.sources] == [folder / name for name in names]
    assert [source.path for source in found.sources[4090:4100]] == [folder / name for name in names[4090:4100]]


def test_what_no_dim_took(photos: Path) -> None:
    touched(photos, *(f"more/{number}.dat" for number in range(5000)))
    one, two = (find([photos], "file", pattern, None) for pattern in ("{name}.jpg", "a/{name}.jpg"))
    more = sorted(f"more/{number}.dat" for number in range(5000))
    left = ["a/b/2.jpg", "a0/3.jpg", "b/Z.jpg", "b/é.jpg", *more]
    assert list(untaken([one, two], [Pattern.parse("{name}.txt")])) == left
    assert list(untaken([two], [Pattern.parse("more/{n:int}.dat"), Pattern.parse("{path:path}.jpg")])) == ["notes.txt"]
    assert list(untaken([], [])) == []


def test_a_folder_that_is_not_there(photos: Path) -> None:
    with pytest.raises(UsageError, match=re.escape("there is no such folder\n  help: did you mean photos?")):
        find([f"{photos}s"], "file", "{path:path}", None)


def test_a_folder_that_nobody_may_list() -> None:
    code = (
        "import os, sys\n"
        "from h5schema.runtime.sources import find\n"
        "os.getuid() or os.setuid(65534)\n"  # the superuser may list everything
        "try: find([sys.argv[1]], 'file', '{path:path}', None)\n"
        "except Exception as error: print(error)"
    )
    with tempfile.TemporaryDirectory() as name:
        folder = touched(Path(name), "a/1.jpg", "b/2.jpg")
        folder.chmod(0o755)
        (folder / "a").chmod(0)
        done = subprocess.run(
            [sys.executable, "-c", code, name], capture_output=True, text=True, timeout=60, check=False
        )
        (folder / "a").chmod(0o755)
    assert done.stdout == f"{name}/a: the folder cannot be listed: Permission denied\n  help: look at its permissions\n"


# Elsewhere.


@pytest.fixture
def archive(tmp_path: Path) -> str:
    path = tmp_path / "photos.zip"
    with zipfile.ZipFile(path, "w") as file:
        for name in (*NAMES, ".hidden.jpg"):
            file.writestr(name, f"in the archive {name}")
    return f"::file://{path}"


def test_an_archive(archive: str) -> None:
    found = find([f"zip://{archive}"], "file", "{path:path}.jpg", None)
    assert ids(found) == sorted(name for name in NAMES if name.endswith(".jpg"))
    assert list(found.unmatched) == ["notes.txt"]
    assert ids(find([f"zip://a{archive}"], "file", "{path:path}", None)) == ["1.jpg", "b/2.jpg"]
    assert ids(find([f"zip://a/*.jpg{archive}"], "file", "{path:path}", None)) == ["1.jpg"]
    assert ids(find([f"zip://a/b/2.jpg{archive}"], "file", "{label}/{name}.jpg", None)) == ["b/2.jpg"]


def test_a_file_elsewhere_is_a_file_here_for_as_long_as_it_is_read(archive: str) -> None:
    source = pickle.loads(pickle.dumps(find([f"zip://{archive}"], "file", "{a}/{b}/{name}.jpg", None).sources[0]))
    with source.local() as path:
        assert path.name == "2.jpg"
        assert path.read_text(encoding="utf-8") == "in the archive a/b/2.jpg"
    assert not path.exists()
    assert not path.parent.exists()
    assert source.stat() == source.stat()
    assert source.stat()[0] == len("in the archive a/b/2.jpg")
    assert source.beside("notes.txt").exists()
    assert not source.beside("none.txt").exists()
    with pytest.raises(DataError, match="nothing is there"), source.beside("none.txt").local():
        pass


def test_urls_of_this_machine_and_of_memory(photos: Path) -> None:
    fsspec = pytest.importorskip("fsspec")
    assert ids(find([f"file://{photos}"], "file", "{path:path}", None)) == sorted(NAMES)
    memory = fsspec.filesystem("memory")
    memory.pipe({"/shelf/x/1.bin": b"one", "/shelf/y/2.bin": b"two"})
    found = find(["memory://shelf"], "file", "{label}/{n:int}.bin", "{label}-{n}")
    assert ids(found) == ["x-1", "y-2"]
    with found.sources[1].local() as path:
        assert path.read_bytes() == b"two"
    before = found.sources[1].stat()
    memory.pipe({"/shelf/y/2.bin": b"2"})
    assert found.sources[1].stat() != before
    memory.rm("/shelf", recursive=True)


def test_a_list_of_urls(archive: str, photos: Path) -> None:
    (photos / "list.txt").write_text(f"zip://a/1.jpg{archive}\nb/Z.jpg\nzip://b/Z.jpg{archive}\n", encoding="utf-8")
    with pytest.raises(DataError, match=re.escape("the id 'b/Z.jpg' is made by two sources")):
        find([f"@{photos}/list.txt"], "file", "{label}/{name}.jpg", None)
    (photos / "list.txt").write_text(f"zip://a/1.jpg{archive}\nb/Z.jpg\n", encoding="utf-8")
    found = find([f"@{photos}/list.txt"], "file", "{label}/{name}.jpg", None)
    said: list[str] = []
    for source in found.sources:
        with source.local() as path:
            said.append(path.read_text(encoding="utf-8"))
    assert said == ["in the archive a/1.jpg", "b/Z.jpg"]


@pytest.fixture
def server(photos: Path) -> Iterator[str]:
    class Quiet(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *given: object) -> None:
            super().__init__(*given, directory=str(photos))  # type: ignore[arg-type]

        def log_message(self, format: str, *given: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Quiet) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()


def test_a_web_server(server: str) -> None:
    pytest.importorskip("aiohttp")
    found = find([f"{server}/a/1.jpg"], "file", "{label}/{name}.jpg", None)
    assert ids(found) == ["a/1.jpg"]
    with found.sources[0].local() as path:
        assert path.read_text(encoding="utf-8") == "a/1.jpg"
    with pytest.raises(UsageError, match="nothing is there"):
        find([f"{server}/none.jpg"], "file", "{name}.jpg", None)


@pytest.mark.parametrize(
    ("url", "error", "said"),
    [
        ("memry://x", UsageError, "memry://x: fsspec knows no protocol 'memry'\n  help: did you mean memory://?"),
        ("file:///none", UsageError, "file:///none: nothing is there"),
        ("zip://::file:///none.zip", UsageError, "zip://::file:///none.zip: nothing is there"),
        ("memory://none/*.jpg", UsageError, "memory://none/*.jpg: no file matches it"),
    ],
)
def test_a_url_of_nothing(url: str, error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=re.escape(said)):
        find([url], "file", "{path:path}", None)


def test_nobody_answers(tmp_path: Path) -> None:
    (tmp_path / "broken.zip").write_bytes(b"no archive")
    with pytest.raises(UsageError, match="it cannot be read: BadZipFile: File is not a zip file"):
        find([f"zip://::file://{tmp_path}/broken.zip"], "file", "{path:path}", None)


def test_without_fsspec_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.split(".")[0] == "fsspec"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "fsspec", None)
    with pytest.raises(MissingExtraError, match=re.escape("pip install 'h5schema[remote]'")):
        find(["s3://nowhere-without-fsspec/x"], "file", "{path:path}", None)


def test_what_speaks_a_protocol_is_named_where_it_is_missing() -> None:
    pytest.importorskip("fsspec")
    with pytest.raises((MissingExtraError, UsageError)) as raised:
        find(["oci://bucket/x"], "file", "{path:path}", None)
    assert "ocifs" in str(raised.value)
