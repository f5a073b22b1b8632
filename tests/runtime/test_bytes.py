"""Bytes come back as they are: of any length end to end, or of at most so many."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import xarray
from blank import declare
from hypothesis import given
from hypothesis import strategies as st
from making import extracted

from h5schema.errors import DataError
from h5schema.runtime import Axis, Blobs, Bytes, Check, IdAxis, Maybe, optional
from h5schema.runtime.inspect import describe

COUNTS = [0, 1, 2, 700]
VALUES = [b"", b"a", b"\0", b"end\0\0", b"\0in\0side", bytes(range(256)), b"\xff\xfe not utf-8", b"x" * 5000]

SCHEMA = """
h5schema: 1
name: archive_of_bytes
version: 1.0.0
dims:
  scan: {source: '{name}.bin'}
features:
  raw: {dims: [scan], dtype: bytes, call: bytes}
  digest: {dims: [scan], dtype: {bytes: 40}, call: 'archive_of_bytes_io:digest', from: raw}
  tail: {dims: [scan], dtype: bytes, call: 'archive_of_bytes_io:tail', optional: true, store: default}
loaders:
  scans: {over: scan, inputs: {raw: raw, digest: digest}, batch: 2}
"""
FUNCTIONS = """
import hashlib

def digest(raw):
    return hashlib.sha256(raw).hexdigest()[:40].encode()

def tail(path):
    content = path.read_bytes()
    return content[3:] if len(content) > 3 else None
"""


@pytest.mark.parametrize("count", COUNTS)
def test_M18_bytes_of_any_length(tmp_path: Path, count: int) -> None:
    reader, writer = declare(
        row=IdAxis(dict),
        raw=Bytes("row"),
        packed=Bytes("row", codec="default"),
        short=Bytes("row", size=16),
        perhaps=optional(Bytes("row")),
        perhaps_short=optional(Bytes("row", size=4)),
    )
    raw = [VALUES[i % len(VALUES)] for i in range(count)]
    short = [one[:16].rstrip(b"\0") for one in raw]
    perhaps = [None if i % 3 == 1 else one for i, one in enumerate(raw)]
    perhaps_short = [None if one is None else one[:4].rstrip(b"\0") for one in perhaps]
    ids = [f"row {i}" for i in range(count)]
    half = count // 2
    with writer.create(tmp_path / "a.h5") as w:
        columns = {"raw": raw, "packed": raw, "short": short, "perhaps": perhaps, "perhaps_short": perhaps_short}
        w.row.extend(ids[:half], {name: values[:half] for name, values in columns.items()})
        for i in range(half, count):
            w.row[ids[i]] = {name: values[i] for name, values in columns.items()}
    with reader(tmp_path / "a.h5") as f:
        assert list(f.raw) == list(f.raw[:]) == list(f.packed) == raw
        assert list(f.short) == short
        assert list(f.perhaps) == perhaps
        assert list(f.perhaps_short) == perhaps_short
        assert f.raw[::-3] == raw[::-3]
        assert f.raw[1::2] == raw[1::2]
        for i in range(0, count, 50):
            assert f.row[ids[i]]["raw"] == raw[i] == f.raw[ids[i]] == f.raw[i]
            assert type(f.raw[i]) is type(f.short[i]) is bytes
        f.verify()
    with h5py.File(tmp_path / "a.h5") as file:
        assert file["short"].dtype == np.dtype("S16")
        assert file["short"][:].tolist() == short
        starts, lengths = file["/.h5schema/features/raw/starts"][:], file["/.h5schema/features/raw/lengths"][:]
        assert [file["raw"][a : a + n].tobytes() for a, n in zip(starts, lengths, strict=True)] == raw
    with xarray.open_dataset(tmp_path / "a.h5", engine="h5netcdf") as opened:
        assert opened["short"].values.tolist() == short
        assert opened["raw"].values.tobytes() == b"".join(raw)


@given(entries=st.lists(st.none() | st.binary(max_size=40), max_size=12))
def test_M18_any_bytes(tmp_path: Path, entries: list[bytes | None]) -> None:
    reader, writer = declare(row=Axis(dict), raw=optional(Bytes("row")))
    with writer.create(tmp_path / "a.h5", overwrite=True) as w:
        w.row.extend({"raw": entries})
    with reader(tmp_path / "a.h5") as f:
        assert list(f.raw) == entries
        assert [f.row[i]["raw"] for i in range(len(entries))] == entries


def test_M18_a_block_of_bytes_is_given_back(tmp_path: Path) -> None:
    reader, writer = declare(row=Axis(dict), raw=Bytes("row"), perhaps=optional(Bytes("row")))
    with writer.create(tmp_path / "a.h5") as w:
        there = np.array([True, False])
        w.row.extend({"raw": Blobs.of([b"a\0", b""]), "perhaps": Maybe([b"b\0", b"not written"], there)})
    with reader(tmp_path / "a.h5") as f:
        block = f.raw[:]
        assert isinstance(block, Blobs)
        assert list(block) == [b"a\0", b""]
        with writer.create(tmp_path / "b.h5") as w:
            w.row.extend({"raw": block, "perhaps": f.perhaps[:]})
    with reader(tmp_path / "b.h5") as f:
        assert (list(f.raw), list(f.perhaps)) == ([b"a\0", b""], [b"b\0", None])


def test_M18_bytes_of_the_whole_file(tmp_path: Path) -> None:
    reader, writer = declare(logo=Bytes(), key=Bytes(at="@key", size=4), none=optional(Bytes()))
    with writer.create(tmp_path / "a.h5") as w:
        w.logo, w.key = b"\xff\0\xd8", b"k\0y"
        with pytest.raises(DataError) as refused:
            w.logo = b"ends with\0"
        assert "the value ends with NUL, which HDF5 drops" in str(refused.value)
        assert "which keeps every byte" in str(refused.value)
    with reader(tmp_path / "a.h5") as f:
        assert (f.logo[()], f.key[()], f.none[()]) == (b"\xff\0\xd8", b"k\0y", None)
        f.verify()


@pytest.mark.parametrize(
    ("value", "size", "words"),
    [
        ("text", None, "'text' is str, not bytes (encode it first, e.g. x.encode())"),
        (7, None, "7 is int, not bytes (give bytes, e.g. x.tobytes())"),
        (b"12345", 4, "the value has 5 bytes, more than 4 (nothing is cut: raise the size in the schema"),
        (b"12\0", 4, "the value ends with NUL, which HDF5 drops (write `dtype: bytes` with a dim of entries"),
    ],
)
def test_M18_what_is_no_bytes_is_refused(tmp_path: Path, value: Any, size: int | None, words: str) -> None:
    reader, writer = declare(row=Axis(dict), raw=Bytes("row", size=size))
    with writer.create(tmp_path / "a.h5") as w:
        w.row.append({"raw": b"good"})
        with pytest.raises(DataError) as refused:
            w.row.append({"raw": value})
        with pytest.raises(DataError, match="row 2"):
            w.row.extend({"raw": [b"good", value]})
    message = " ".join(str(refused.value).split())
    assert "raw, row 1" in message
    for part in words.rstrip(")").split(" ("):
        assert part in message
    with reader(tmp_path / "a.h5") as f:
        assert list(f.raw) == [b"good"]


def test_M18_bytes_that_stand_twice(tmp_path: Path) -> None:
    _, writer = declare(row=Axis(dict), raw=Bytes("row", check=Check(unique=True)))
    with writer.create(tmp_path / "a.h5") as w:
        w.row.extend({"raw": [b"a", b"a\0"]})
        with pytest.raises(DataError, match=r"b'a' stands twice in raw"):
            w.row.append({"raw": b"a"})


def test_M18_bytes_are_extracted_and_fed(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch", reason="loaders need torch")
    assert torch
    sources = {f"s{i}.bin": VALUES[i] for i in range(len(VALUES))}
    made = extracted(tmp_path, SCHEMA, FUNCTIONS, sources)
    names = sorted(sources)
    with made.groups.ArchiveOfBytes(made.path) as f:
        for name in names:
            content = sources[name]
            assert f.raw[name] == content
            assert f.tail[name] == (content[3:] if len(content) > 3 else None)
        assert len({*f.digest}) == len(VALUES)
        f.verify()
    batches = list(made.loaders.Scans.loader(made.path))
    assert [one for batch in batches for one in batch["raw"]] == [sources[name] for name in names]
    assert all(type(one) is bytes and len(one) == 40 for batch in batches for one in batch["digest"])
    assert {one.address: (one.dtype, one.rows) for one in describe(made.path).features} == {
        "raw": ("bytes", "bytes"),
        "digest": ("bytes:40", "entries"),
        "tail": ("bytes", "bytes"),
    }
