"""A part of an entry is read alone: of a long recording only what is wanted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from blank import declare
from hypothesis import given
from hypothesis import strategies as st

from h5schema.errors import DataError, H5SchemaError
from h5schema.runtime import Array, IdAxis, Ragged, RaggedAxis, Scalar, optional
from h5schema.runtime.blocks import Maybe, RaggedBlock
from h5schema.runtime.spans import Part

LONG = 20_000
LENGTHS = [7, 0, LONG, 3, 1, 12]
Reader, Writer = declare(
    clip=IdAxis(dict),
    time=RaggedAxis(per="clip"),
    wave=Ragged(np.float32, "clip time 2"),
    heard=optional(Ragged(np.int16, "clip time")),
    image=Array(np.uint8, "clip 6 2"),
    digit=Scalar(np.uint8, "clip"),
)


def wave_of(entry: int) -> Any:
    return (np.arange(LENGTHS[entry] * 2, dtype=np.float32) + 1000 * entry).reshape(-1, 2)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("parts") / "a.h5"
    with Writer.create(path) as w:
        for i, length in enumerate(LENGTHS):
            heard = None if i == 3 else np.arange(length, dtype=np.int16) + i
            image = np.arange(12, dtype=np.uint8).reshape(6, 2) + i
            w.clip[f"clip-{i}"] = {"wave": wave_of(i), "heard": heard, "image": image, "digit": i}
    return path


slices = st.builds(
    slice,
    st.none() | st.integers(-15, 15),
    st.none() | st.integers(-15, 15),
    st.none() | st.sampled_from([1, 2, 3, -1, -2]),
)


@given(entry=st.integers(0, len(LENGTHS) - 1), part=slices)
def test_D6_a_part_of_an_entry_is_as_numpy_has_it(path: Path, entry: int, part: slice) -> None:
    with Reader(path) as f:
        for name in (f"clip-{entry}", entry, entry - len(LENGTHS)):
            assert np.array_equal(f.wave[name, part], wave_of(entry)[part])
            assert np.array_equal(f.image[name, part], f.image[name][part])
        if entry == 3:
            assert f.heard[entry, part] is None
        else:
            assert f.heard[entry, part].tolist() == f.heard[entry][part].tolist()
        assert not f.wave[entry, part].flags.writeable


def test_D6_only_the_part_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.h5"
    long, writer = declare(
        clip=IdAxis(dict),
        time=RaggedAxis(per="clip"),
        wave=Ragged(np.float32, "clip time", codec="default", chunk=4096),
    )
    wave = np.random.default_rng(0).random(100_000, np.float32)
    with writer.create(path) as w:
        w.clip["a"] = {"wave": wave}
    with h5py.File(path) as file:
        last = file["wave"].id.get_chunk_info(file["wave"].id.get_num_chunks() - 1)
    with path.open("r+b") as file:
        file.seek(last.byte_offset)
        file.write(bytes(last.size))
    with long(path) as f:
        assert np.array_equal(f.wave["a", 50_000:50_100], wave[50_000:50_100])
        with pytest.raises(H5SchemaError):
            f.wave["a"]


@pytest.mark.parametrize("part", [slice("a", 3), slice(0, 3, 0), slice(0, 1.5)])
def test_no_part(path: Path, part: slice) -> None:
    with Reader(path) as f, pytest.raises(DataError, match="is no index of entries"):
        f.wave[0, part]


def test_a_number_has_no_parts(path: Path) -> None:
    with Reader(path) as f:
        with pytest.raises(DataError, match="is no index of entries"):
            f.digit[0, 1:2]
        with pytest.raises(DataError, match="has no dim of its own length"):
            f.bound.reader.read("digit", np.array([0]), Part(np.array([0]), 1))


@given(data=st.data(), files=st.booleans())
def test_parts_of_many_entries(path: Path, data: st.DataObject, files: bool) -> None:
    many = [path, path.with_name("second.h5")] if files else path
    if files and not many[1].exists():
        many[1].write_bytes(path.read_bytes())
    count = len(LENGTHS) * (2 if files else 1)
    rows = data.draw(st.lists(st.integers(0, count - 1), max_size=12))
    first = np.array([data.draw(st.integers(-5, 15)) for _ in rows], np.int64)
    size = data.draw(st.integers(0, 9) | st.lists(st.integers(0, 9), min_size=len(rows), max_size=len(rows)))
    part = Part(first, size if isinstance(size, int) else np.array(size, np.int64))
    sizes = np.broadcast_to(size, len(rows)).tolist()
    reader = Reader(many).bound.reader
    block = reader.read("wave", np.array(rows, np.int64), part)
    assert isinstance(block, RaggedBlock)
    for entry, row, begin, length in zip(block, rows, first.tolist(), sizes, strict=True):
        wave = wave_of(row % len(LENGTHS))
        assert np.array_equal(entry, wave[max(0, begin) : max(0, begin + length)])
    heard = reader.read("heard", np.array(rows, np.int64), part)
    assert isinstance(heard, Maybe)
    assert heard.present.tolist() == [row % len(LENGTHS) != 3 for row in rows]
    assert reader.lengths("time", np.array(rows, np.int64)).tolist() == [LENGTHS[row % len(LENGTHS)] for row in rows]
    reader.close()
