"""Entries that are datasets of their own, at the paths that their ids fill in: case 12."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import soundfile
from blank import declare
from making import Made, extracted, run
from PIL import Image

from h5schema.errors import DataError, FileError
from h5schema.runtime import IdAxis, Mixed, Scalar, optional
from h5schema.runtime.repacking import Storing, repack

RNG = np.random.default_rng(12)
PIXELS = RNG.integers(0, 256, (20, 30, 3), np.uint8)
DEEP = RNG.integers(0, 1 << 16, (5, 4)).astype(np.uint16)
SOUND = RNG.uniform(-1, 1, (100, 2)).astype(np.float32)
SCHEMA = (Path(__file__).parents[1] / "spec/language_cases/folder.yaml").read_text(encoding="utf-8")
VALUES: dict[str, Any] = {
    "foo/boo/image_0001.jpg": RNG.integers(0, 256, (3, 2, 3), np.uint8),
    "scalar": np.float32(3.5),
    "flags": np.array([[True, False]]),
    "none": np.zeros((2, 0), np.complex64),
    "big": np.array([1, -2], ">i4"),
    "text": "häuser\n",
    "no text": "",
    "bytes": b"\0ab\0",
    "no bytes": b"",
    "wide": np.array([1 << 63], np.uint64),
}


def png(pixels: np.ndarray, **options: Any) -> bytes:
    made = BytesIO()
    Image.fromarray(pixels).save(made, "PNG", **options)
    return made.getvalue()


def wav(samples: np.ndarray, subtype: str) -> bytes:
    made = BytesIO()
    soundfile.write(made, samples, 8000, subtype, format="WAV")
    return made.getvalue()


def saved(**arrays: np.ndarray) -> bytes:
    made = BytesIO()
    np.savez(made, **arrays)
    return made.getvalue()


def npy(array: np.ndarray) -> bytes:
    made = BytesIO()
    np.save(made, array)
    return made.getvalue()


SOURCES = {
    "foo/boo/image_0001.png": png(PIXELS),
    "foo/grey.png": png(PIXELS[..., 0]),
    "foo/deep.PNG": png(DEEP),
    "a.wav": wav(SOUND[:, 0], "FLOAT"),
    "stereo.wav": wav(SOUND, "FLOAT"),
    "x.npy": npy(SOUND.astype(np.float64)),
    "one.npz": saved(w=DEEP),
    "t.csv": b"a,b\r\n1,2\r\n",
    "read me.txt": "häuser\n".encode(),
    "latin.txt": "häuser".encode("latin-1"),
    "empty.txt": b"",
    "j.json": b'{"a": [1, 2]}',
    "raw.bin": bytes(range(256)),
    "no ending": b"\0\1",
}
WANTED: dict[str, Any] = {
    "foo/boo/image_0001.png": PIXELS,
    "foo/grey.png": PIXELS[..., 0],
    "foo/deep.PNG": DEEP,
    "a.wav": SOUND[:, 0],
    "stereo.wav": SOUND,
    "x.npy": SOUND.astype(np.float64),
    "one.npz": DEEP,
    "t.csv": "a,b\r\n1,2\r\n",
    "read me.txt": "häuser\n",
    "latin.txt": np.frombuffer("häuser".encode("latin-1"), np.uint8),
    "empty.txt": "",
    "j.json": '{"a": [1, 2]}',
    "raw.bin": np.arange(256, dtype=np.uint8),
    "no ending": np.array([0, 1], np.uint8),
}


def same(found: Any, wanted: Any) -> bool:
    if isinstance(wanted, str | bytes):
        return type(found) is type(wanted) and found == wanted
    wanted = np.asarray(wanted)
    return (
        found.dtype == wanted.dtype.newbyteorder("=") and found.shape == wanted.shape and bool((found == wanted).all())
    )


def plain(file: h5py.File, path: str) -> Any:
    """What plain h5py says of a file."""
    node = file[path]
    return node.asstr()[()] if h5py.check_string_dtype(node.dtype) is not None else node[()]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return extracted(tmp_path_factory.mktemp("folder"), SCHEMA, "", SOURCES)


def test_D1_files_of_all_kinds_become_what_they_hold(made: Made) -> None:
    with made.groups.Folder(made.path) as f:
        f.verify()
        assert sorted(f.file) == sorted(SOURCES)
        for name, wanted in WANTED.items():
            assert same(f.content[name], wanted), name
        assert same(f.file["j.json"]["content"], WANTED["j.json"])
        assert [same(one, WANTED[name]) for name, one in zip(list(f.file)[2:5], f.content[2:5], strict=True)] == [
            True
        ] * 3


def test_D2_each_file_is_read_back_by_its_path_with_plain_h5py(made: Made) -> None:
    with h5py.File(made.path) as file:
        assert (file["foo/boo/image_0001.png"][:] == PIXELS).all()
        for name, wanted in WANTED.items():
            assert same(plain(file, name), wanted), name
        assert "file" not in file, "a dim that is laid out as paths has no scale, so a file may be called so"


def test_batches_are_lists(made: Made) -> None:
    batches = list(made.loaders.files_loader(made.path))
    found = [one for batch in batches for one in batch]
    with made.groups.Folder(made.path) as f:
        assert all(same(one, WANTED[name]) for one, name in zip(found, f.file, strict=True))


def test_inspect_says_how_it_lies(made: Made) -> None:
    said = run(made.path.parent, "inspect", made.path.name)
    assert "/{file:path}  a dataset for each entry" in said


def test_several_arrays_in_one_file_are_told(tmp_path: Path) -> None:
    made = extracted(
        tmp_path,
        SCHEMA.replace("name: folder", "name: several"),
        "",
        {"a.npz": saved(u=DEEP, v=DEEP), "b": b""},
        code=1,
    )
    assert "the file holds 2 arrays (u, v), and this is one value" in made.said


def test_records_of_one_field_are_no_array(tmp_path: Path) -> None:
    records = np.zeros(3, [("a", "f4")])
    schema = SCHEMA.replace("name: folder", "name: one_field")
    made = extracted(tmp_path, schema, "", {"r.npy": npy(records), "b": b""}, code=1)
    assert "the file holds 1 field (a), and this is one value" in made.said


def test_two_sources_at_one_path_end_the_run(tmp_path: Path) -> None:
    schema = SCHEMA.replace("name: folder", "name: clashing").replace(
        "{source: '{path:path}'}", "{source: '{name:path}.{ending}', ids: '{name}'}"
    )
    made = extracted(tmp_path, schema, "", {"q/1.txt": b"one", "q/1/b.txt": b"two"}, code=2)
    assert "clashing.h5: /{file:path}: the id 'q/1/b' is the path of no dataset: /q/1 is the dataset of" in made.said
    assert not made.path.exists()


def nodes(**options: Any) -> tuple[Any, Any]:
    content = optional(Mixed("file", at="{file:path}", **options))
    return declare(file=IdAxis(dict, spread="/{file:path}"), content=content, mark=optional(Scalar(np.int16, "file")))


@pytest.mark.parametrize("codec", ["none", "default", "zstd"])
def test_values_by_hand_come_back(tmp_path: Path, codec: str) -> None:
    reader, writer = nodes(codec=codec)
    with writer.create(tmp_path / "a.h5") as w:
        w.file["first"] = {"content": VALUES["text"], "mark": 3}
        assert w.content["first"] == VALUES["text"]
        w.file.extend([*VALUES], {"content": [*VALUES.values()]})
        w.file["gone"] = {"content": None}
    with reader(tmp_path / "a.h5") as f:
        f.verify()
        assert f.content["gone"] is None
        assert f.mark["first"] == 3
        for name, wanted in VALUES.items():
            assert same(f.content[name], wanted), name
    with h5py.File(tmp_path / "a.h5") as file:
        assert "gone" not in file
        assert (file["foo/boo/image_0001.jpg"].chunks is not None) == (codec != "none")
        assert isinstance(file["no bytes"][()], h5py.Empty)


def test_a_copy_without_gaps_is_the_same(tmp_path: Path) -> None:
    reader, writer = nodes()
    with writer.create(tmp_path / "a.h5") as w:
        w.file.extend([*VALUES], {"content": [*VALUES.values()]})
    repack(writer, tmp_path / "a.h5", tmp_path / "b.h5", text="", storing=Storing(codec="default"))
    with reader(tmp_path / "b.h5") as f:
        f.verify()
        assert all(same(f.content[name], wanted) for name, wanted in VALUES.items())


def test_several_files_as_one(tmp_path: Path) -> None:
    reader, writer = nodes()
    for number in range(3):
        with writer.create(tmp_path / f"{number}.h5") as w:
            w.file.extend([f"{number}/a", f"{number}/b"], {"content": [f"{number}", np.arange(number)]})
    with reader([tmp_path / f"{number}.h5" for number in range(3)]) as f:
        assert list(f.file) == ["0/a", "0/b", "1/a", "1/b", "2/a", "2/b"]
        assert f.content["2/b"].tolist() == [0, 1]
        assert f.content[2] == "1"


def test_M8_entries_are_added_renamed_and_taken_away(tmp_path: Path) -> None:
    reader, writer = nodes()
    with writer.create(tmp_path / "a.h5") as w:
        w.file.extend([*VALUES], {"content": [*VALUES.values()]})
    with writer.edit(tmp_path / "a.h5") as w:
        w.file["new/one"] = {"content": DEEP}
        w.file.rename("text", "texts/first")
        del w.file["flags"]
        w.file["big"] = {"content": "now a text"}
        w.content["wide"] = None
        w.content["none"] = np.zeros(3)
        w.content["none"] = np.ones((2, 2))
        w.file["new/one"] = {"content": DEEP + 1}
    with reader(tmp_path / "a.h5") as f:
        f.verify()
        left = {
            **VALUES,
            "new/one": DEEP + 1,
            "texts/first": VALUES["text"],
            "big": "now a text",
            "none": np.ones((2, 2)),
        }
        del left["flags"], left["text"], left["wide"]
        assert f.content["wide"] is None
        assert set(f.file) == {*left, "wide"}
        assert all(same(f.content[name], wanted) for name, wanted in left.items())
    with h5py.File(tmp_path / "a.h5") as file:
        assert "flags" not in file
        assert "wide" not in file
        assert plain(file, "texts/first") == VALUES["text"]


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("../up", "'..' is no name for a part of it"),
        ("/root", "'' is no name for a part of it"),
        ("a//b", "'' is no name for a part of it"),
        (".h5schema/dims", "'.h5schema' is no name for a part of it"),
        ("foo", "/foo is there already, as a folder or a dataset"),
        ("text/inside", "/text is the dataset of another entry or feature"),
        ("mark", "/mark belongs to a dim or feature"),
        ("mark/inside", "/mark is the dataset of another entry or feature"),
        ("mark.entries", "/mark.entries belongs to a dim or feature"),
        ("new", "/new is the folder of another entry"),
        ("new/one/inside", "/new/one is the dataset of another entry"),
    ],
)
def test_ids_that_are_paths_of_nothing_are_refused(tmp_path: Path, name: str, why: str) -> None:
    _, writer = nodes()
    with writer.create(tmp_path / "a.h5") as w:
        w.file.extend([*VALUES], {"content": [*VALUES.values()]})
        w.commit()
        w.file["new/one"] = {"content": 1}
        with pytest.raises(DataError) as refused:
            w.file[name] = {"content": 1}
        assert refused.value.what == f"the id {name!r} is the path of no dataset: {why}"
        w.file["after"] = {"content": 1}


@pytest.mark.parametrize(
    ("value", "what"),
    [
        ([1, None], "list is no array of numbers, no text and no bytes"),
        (np.array(["a"]), "an array of <U1 is no array of numbers, no text and no bytes"),
        ([2**53 + 1, 0.5], "the list has values of several kinds, which numpy would change to float64"),
        ([2**63, -1], "the list has values of several kinds, which numpy would change to float64"),
        ((True, 2), "the list has values of several kinds, which numpy would change to int64"),
        (
            [np.float32(0.5), np.float64(0.1)],
            "the list has values of several kinds, which numpy would change to float64",
        ),
        ([np.zeros(2, "i4"), np.zeros(2)], "the list has values of several kinds, which numpy would change to float64"),
        ([[1], [2, 3]], "the lists are not of equal lengths"),
        ([np.zeros(1), np.zeros(2)], "the lists are not of equal lengths"),
        (np.ma.masked_array([1, 2], [True, False]), "the array is masked, and its mask would be lost"),
        ([np.ma.masked_array([1, 2], [True, False])], "the array is masked, and its mask would be lost"),
        ("ends\0", "the text ends with NUL, which HDF5 drops"),
        ("\ud800", "the text cannot be written as utf-8"),
    ],
)
def test_values_that_would_change_are_refused(tmp_path: Path, value: object, what: str) -> None:
    _, writer = nodes()
    with writer.create(tmp_path / "a.h5") as w, pytest.raises(DataError) as refused:
        w.file["a"] = {"content": value}
    assert refused.value.what == what


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        ([1, 0.5], np.array([1, 0.5])),
        ([[2**64 - 1, 2**63]], np.array([[2**64 - 1, 2**63]], np.uint64)),
        ([[1, 2], [3, 4]], np.array([[1, 2], [3, 4]])),
        ((True, False), np.array([True, False])),
        ([1, 2j], np.array([1, 2j])),
        ([np.float32(1), np.float32(2)], np.float32([1, 2])),
        ([], np.zeros(0)),
    ],
)
def test_lists_that_lose_nothing_are_taken(tmp_path: Path, value: object, wanted: np.ndarray) -> None:
    reader, writer = nodes()
    with writer.create(tmp_path / "a.h5") as w:
        w.file["a"] = {"content": value}
    with reader(tmp_path / "a.h5") as f:
        assert same(f.content["a"], wanted)


@pytest.mark.parametrize("damage", ["changed", "missing", "another dtype"])
def test_damage_is_found(tmp_path: Path, damage: str) -> None:
    reader, writer = nodes()
    with writer.create(tmp_path / "a.h5") as w:
        w.file.extend([*VALUES], {"content": [*VALUES.values()]})
    with h5py.File(tmp_path / "a.h5", "r+") as file:
        if damage == "changed":
            file["big"][1] = 7
        else:
            del file["big"]
        if damage == "another dtype":
            file["big"] = np.array([1, -2], "i4").view("f4")
    with reader(tmp_path / "a.h5") as f, pytest.raises((FileError, DataError)) as found:
        f.verify()
    assert "/big" in found.value.where


@pytest.mark.parametrize("bit", range(8))
@pytest.mark.parametrize("value", [np.bool_(True), np.array([True])])
def test_a_flipped_bit_of_a_bool_is_found(tmp_path: Path, value: Any, bit: int) -> None:
    reader, writer = nodes()
    with writer.create(tmp_path / "a.h5") as w:
        w.file["flag"] = {"content": value}
    with h5py.File(tmp_path / "a.h5") as file:
        offset = file["flag"].id.get_offset()
    raw = bytearray((tmp_path / "a.h5").read_bytes())
    raw[offset] ^= 1 << bit
    (tmp_path / "a.h5").write_bytes(raw)
    with reader(tmp_path / "a.h5") as f, pytest.raises(FileError, match="the value is not what was written"):
        f.verify()


_RUN = "from h5schema.cli import main; import sys; sys.exit(main(sys.argv[1:]))"


def test_killed_runs_go_on_to_the_same_file(tmp_path: Path) -> None:
    (tmp_path / "folder.yaml").write_text(SCHEMA)
    for number in range(400):
        path = tmp_path / "in" / f"{number % 7}" / f"{number:03}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"number": number, "x": "y" * number}))
    whole, chance = ["extract", "folder.yaml", "in", "-o"], random.Random(3)
    run(tmp_path, *whole, "plain.h5", "--workers", "0")
    for _ in range(6):
        process = subprocess.Popen(
            [sys.executable, "-c", _RUN, *whole, "killed.h5", "--workers", "2"], cwd=tmp_path, start_new_session=True,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        time.sleep(chance.uniform(0.3, 1.2))
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(timeout=60)
        if (tmp_path / "killed.h5").exists():
            break
    if not (tmp_path / "killed.h5").exists():
        run(tmp_path, *whole, "killed.h5", "--workers", "2")
    with h5py.File(tmp_path / "plain.h5") as one, h5py.File(tmp_path / "killed.h5") as other:
        assert _all(one) == _all(other)


def _all(file: h5py.File) -> dict[str, Any]:
    found: dict[str, Any] = {}
    file.visititems(lambda name, node: found.update({name: repr(node[()])}) if isinstance(node, h5py.Dataset) else None)
    return {name: said for name, said in found.items() if "sources" not in name and "commits" not in name}


_EDITS = """
import sys, numpy as np
sys.path[:0] = {paths!r}
from blank import declare
from h5schema.runtime import IdAxis, Mixed, optional
content = optional(Mixed("file", at="{{file:path}}"))
reader, writer = declare(file=IdAxis(dict, spread="/{{file:path}}"), content=content)
first = int(sys.argv[1])
with writer.edit(sys.argv[2]) as w:
    print("open", flush=True)
    for number in range(first, first + 10_000):
        w.file[f"{{number % 9}}/{{number}}"] = {{"content": np.full(number % 50, number)}}
        if number > first:
            w.file[f"{{(number - 1) % 9}}/{{number - 1}}"] = {{"content": str(number - 1)}}
        if number % 5 == 0:
            w.commit()
"""


def test_killed_edits_leave_a_whole_file(tmp_path: Path) -> None:
    reader, writer = declare(
        file=IdAxis(dict, spread="/{file:path}"), content=optional(Mixed("file", at="{file:path}"))
    )
    path, chance = tmp_path / "a.h5", random.Random(5)
    with writer.create(path) as w:
        w.file["start"] = {"content": 1}
    script = _EDITS.format(paths=[str(Path(__file__).parent / "packages"), str(Path(__file__).parents[2])])
    count = 1
    for _ in range(5):
        process = subprocess.Popen(
            [sys.executable, "-c", script, str(count), str(path)], stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        assert process.stdout.readline() == "open\n"
        time.sleep(chance.uniform(0.05, 0.5))
        process.kill()
        process.communicate(timeout=60)
        with reader(path) as f:
            f.verify()
            assert len(f.file) >= count
            count = len(f.file)
            for name in list(f.file)[1:]:
                number = int(name.partition("/")[2])
                value = f.content[name]
                assert value == str(number) if isinstance(value, str) else value.tolist() == [number] * (number % 50)
    assert count > 20
