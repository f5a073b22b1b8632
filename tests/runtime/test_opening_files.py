"""What is no readable file of this schema is refused in our words, and never created or changed."""

from __future__ import annotations

import hashlib
import os
import pickle
import shutil
from collections.abc import Callable
from enum import IntEnum
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from blank import declare
from everything import Everything
from everything.examples import entry, equal, name_of, write

from h5schema.errors import FileError, H5SchemaError, UsageError
from h5schema.runtime import (
    Array,
    Axis,
    Enumerated,
    File,
    FixedAxis,
    Group,
    IdAxis,
    Scalar,
    Schema,
    Text,
    Writer,
    optional,
)
from h5schema.runtime.inspect import describe


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("good") / "everything.h5", 4)


def refused(path: Path, use: Callable[[Path], object] | None = None) -> str:
    """The message of a file that is refused; by reader and `inspect` alike, and left as it was."""
    before = state(path)
    texts = []
    for open_it in (use,) if use else (lambda p: Everything(p).hdf5(), lambda p: len(Everything(p).sample), describe):
        with pytest.raises(H5SchemaError) as caught:
            open_it(path)
        texts.append(str(caught.value))
        assert str(path) in texts[-1]
        assert "help: " in texts[-1]
    assert state(path) == before
    return texts[0]


def state(path: Path) -> object:
    """Everything about a path that may not change."""
    folder = sorted(path.parent.iterdir()) if path.parent.is_dir() else []
    if not path.is_file():
        return folder
    return folder, path.stat().st_mtime_ns, path.stat().st_size, hashlib.sha256(path.read_bytes()).digest()


def test_a_missing_file(good: Path, tmp_path: Path) -> None:
    text = refused(good.with_name("evrything.h5"))
    assert "there is no such file" in text
    assert "did you mean everything.h5?" in text
    assert "there is no such file" in refused(tmp_path / "no/such/folder/a.h5")
    assert not (tmp_path / "no").exists()


def test_a_folder(tmp_path: Path) -> None:
    assert "this is a folder" in refused(tmp_path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "the file is empty"),
        (b"hello, this is text\n" * 100, "not an HDF5 file"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:abc\nsize 5\n", "git-LFS pointer"),
        (b"CDF\x01" + b"\0" * 100, "netCDF classic"),
        (b"PK\x03\x04" + b"\0" * 100, "zip archive"),
        (b"\x1f\x8b" + b"\0" * 100, "gzip"),
        (b"<!DOCTYPE html><html></html>", "HTML page"),
        (b"<html><body>404</body></html>", "HTML page"),
        (b"\x89HDF\r\n\x1a\n", "cut short"),
        (b"\x89HDF\r\n\x1a\n" + b"\0" * 1000, "HDF5 cannot open it"),
        (b"\x89HDF\r\n\x1a\n" + os.urandom(1000), "HDF5 cannot open it"),
    ],
)
def test_other_files(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "a.h5"
    path.write_bytes(content)
    assert message in refused(path)


@pytest.mark.parametrize("share", [0.01, 0.1, 0.5, 0.9, 0.9999])
def test_a_truncated_file(good: Path, tmp_path: Path, share: float) -> None:
    whole = good.read_bytes()
    path = tmp_path / "a.h5"
    path.write_bytes(whole[: int(len(whole) * share)])
    assert "cut short" in refused(path)


HOSTILE = [
    ("zero_bytes.h5", "the file is empty"),
    ("html_error_page.h5", "HTML page"),
    ("truncated_96b.h5", "HDF5 cannot open it"),
    ("killed_writer.h5", "HDF5 cannot open it"),
    ("git_lfs_pointer.h5", "git-LFS pointer"),
    ("huge_shape_fill.h5", "not written by h5schema"),
    ("cyclic_soft_links.h5", "not written by h5schema"),
    ("cyclic_hard_links.h5", "not written by h5schema"),
    ("left_open_for_write.h5", ""),
    ("ragged_bad_offsets.h5", "not written by h5schema"),
    ("csr_bad.h5", "not written by h5schema"),
    ("uneven_columns.h5", "not written by h5schema"),
    ("evil_docstring.h5", "not written by h5schema"),
]


@pytest.mark.parametrize(("name", "message"), HOSTILE)
def test_hostile_files(shared: Path, tmp_path: Path, name: str, message: str) -> None:
    path = tmp_path / name
    shutil.copyfile(shared / "corpus/hostile" / name, path)
    assert message in refused(path)


def test_files_of_others(shared: Path, tmp_path: Path) -> None:
    found = [p for p in (shared / "corpus").rglob("*.h5") if "hostile" not in p.parts][:20]
    assert found
    for source in found:
        path = tmp_path / source.name
        shutil.copyfile(source, path)
        refused(path)
        path.unlink()


def test_stamps_that_do_not_fit(good: Path, tmp_path: Path) -> None:
    path = tmp_path / "a.h5"

    def stamped(**attributes: Any) -> str:
        shutil.copyfile(good, path)
        with h5py.File(path, "r+") as file:
            for name, value in attributes.items():
                if value is None:
                    del file[".h5schema"].attrs[name]
                else:
                    file[".h5schema"].attrs[name] = value
        return refused(path)

    assert "the file has layout version 2; this h5schema knows 1" in stamped(layout_version=2)
    assert "install a newer h5schema" in stamped(layout_version=2)
    assert "never finished" in stamped(complete=0)
    for name in ("layout_version", "schema_name", "schema_version", "fingerprint", "complete"):
        stamped(**{name: None})


def test_our_group_is_damaged(good: Path, tmp_path: Path) -> None:
    path = tmp_path / "a.h5"
    shutil.copyfile(good, path)
    with h5py.File(path, "r+") as file:
        del file[".h5schema"]
        file[".h5schema"] = 5
    assert "not written by h5schema" in refused(path)
    for name in ("layout", "parameters"):
        shutil.copyfile(good, path)
        with h5py.File(path, "r+") as file:
            del file[f".h5schema/{name}"]
            file[".h5schema"].attrs["fingerprint"] = "sha256:other"
        with pytest.raises(H5SchemaError):
            describe(path)


def test_an_unfinished_file(tmp_path: Path) -> None:
    reader, writer = declare(row=IdAxis(dict), x=Scalar(np.int32, "row"))
    with writer.create(tmp_path / "a.h5") as w:
        w.row["a"] = {"x": 1}
        w.commit()
        partial = tmp_path / "a.h5.partial"
        with pytest.raises(FileError, match=r"this process is writing it|never finished"):
            reader(partial).hdf5()
        shutil.copyfile(partial, tmp_path / "copy.h5")
    with pytest.raises(FileError, match="never finished"):
        reader(tmp_path / "copy.h5").hdf5()


class Label(IntEnum):
    """As in `everything`, but with other values."""

    rouge_vif = 1
    Grün = 3
    new = 4


def test_another_schema_says_what_differs(good: Path) -> None:
    class Other(Everything):
        schema = Schema("everything", "2.0.0", "sha256:" + "f" * 64)
        channel = FixedAxis(4)
        extra = FixedAxis(2)
        title = Text("", at="heading")
        scale = optional(Scalar(np.float32, "", unit="mV"))
        label = Enumerated(Label, "sample")
        brand_new = Scalar(np.int8, "sample")
        code = None
        step = IdAxis(dict)

    text = refused(good, lambda path: Other(path).hdf5())
    for line in (
        "of schema everything 1.2.0, and this class is of everything 2.0.0",
        "dim channel: size 3 in the file, 4 in the class",
        "dim extra: in the class only",
        "dim step: ids false in the file, true in the class",
        "feature brand_new: in the class only",
        "feature code: in the file only",
        "feature label: dtype",
        "feature title: path /title in the file, /heading in the class",
        "feature scale: dtype float64 in the file, float32 in the class",
        "feature scale: optional false in the file, true in the class",
        "feature scale: unit V in the file, mV in the class",
    ):
        assert line in text, line

    class Stranger(File):
        schema = Schema("strange", "1.0.0", "sha256:0")

    assert "and 22 more" in refused(good, lambda path: Stranger(path).hdf5())


def test_the_same_layout_under_another_fingerprint_is_another_schema(good: Path) -> None:
    class Twin(Everything):
        schema = Schema("twin", "1.0.0", "sha256:0")

    with pytest.raises(FileError, match="twin"):
        Twin(good).hdf5()


def test_a_reader_opens_late_and_survives_pickling(good: Path) -> None:
    f = Everything(good)
    assert len(pickle.dumps(f)) < 500
    assert equal(f.sample[name_of(1)], entry(1))
    again = pickle.loads(pickle.dumps(f))
    assert equal(again.sample[name_of(1)], entry(1))
    assert repr(again) == repr(f)
    f.close()
    f.close()
    assert equal(f.sample[name_of(2)], entry(2)), "the next use opens it again"
    f.close()
    again.close()


def test_a_reader_survives_a_fork(good: Path) -> None:
    f = Everything(good)
    assert f.label[0].value
    child = os.fork()
    if not child:
        os._exit(0 if equal(f.sample[name_of(3)], entry(3)) else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert equal(f.sample[name_of(3)], entry(3))
    f.close()


def test_a_file_that_was_replaced_is_looked_at_again(tmp_path: Path) -> None:
    path = tmp_path / "a.h5"
    reader, writer = declare(row=Axis(dict), x=Array(np.int32, "row 2"))
    with writer.create(path) as w:
        w.row.extend({"x": np.zeros((2, 2), np.int32)})
    f = reader(path)
    assert len(f.x[:]) == 2
    f.close()
    with h5py.File(path, "r+") as file:
        del file["x"]
        file["x"] = np.ones((2, 2))
    with pytest.raises(FileError, match="stored as float64"):
        f.x[:]
    f.close()


def test_reading_many_times_changes_nothing(good: Path) -> None:
    before = state(good)
    for _ in range(3):
        with Everything(good) as f:
            f.verify()
            assert equal(f.sample[name_of(0)], entry(0))
            assert f.parameters == {}
        describe(good)
    assert state(good) == before


def test_a_read_only_file(good: Path, tmp_path: Path) -> None:
    path = tmp_path / "a.h5"
    shutil.copyfile(good, path)
    path.chmod(0o444)
    with Everything(path) as f:
        assert len(f.sample) == 4


def test_unused_writers_and_splits(good: Path) -> None:
    reader, writer = declare(row=IdAxis(dict), x=Scalar(np.int32, "row"))
    assert issubclass(writer, Writer)
    with pytest.raises(UsageError, match="no file is being written"):
        len(writer(good).row)
    with Everything(good) as f:
        with pytest.raises(UsageError, match="did you mean 'random/train'"):
            f.split("random/trian")
        with pytest.raises(UsageError, match="no ids"):
            f.bound.reader.ids("step")
    assert isinstance(Everything.scalars, Group)
    assert reader.x.dtype == "int32"


def test_what_inspect_says(good: Path) -> None:
    report = describe(good)
    text = str(report)
    for part in (
        "everything 1.2.0",
        "sample",
        "trace",
        "float32 mV",
        "shuffle + deflate",
        "lzf",
        "enum of 3",
        "attribute",
    ):
        assert part in text, part
    record = report.record()
    assert record["schema"] == "everything"
    import json

    assert json.loads(json.dumps(record))["layout_version"] == 1
