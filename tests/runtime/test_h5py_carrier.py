"""The carrier gives what numpy gives, for any spans over any storage."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from h5schema.errors import DataError, FileError
from h5schema.runtime.carrier import H5pyCarrier
from h5schema.runtime.spans import Spans

ROWS = 5000
VALUES = {
    "narrow": np.random.default_rng(0).integers(0, 9, ROWS).astype(np.int8),
    "wide": np.random.default_rng(1).standard_normal((ROWS, 300)),
    "deep": np.random.default_rng(2).integers(0, 9, (ROWS, 2, 3)).astype(">i4"),
    "long": np.random.default_rng(3).integers(0, 9, (ROWS, 3000)).astype(np.uint8),
    "texts": np.random.default_rng(4).integers(97, 99, 5 * ROWS).astype(np.uint8).view("S5"),
}
STORAGE: dict[str, dict[str, Any]] = {
    "contiguous": {},
    "ones": {"chunks": 1},
    "chunked": {"chunks": 7},
    "large": {"chunks": 4000},
    "lzf": {"chunks": 100, "compression": "lzf"},
    "gzip": {"chunks": 33, "compression": "gzip", "shuffle": True},
}
NAMES = [f"{name}/{how}" for name in VALUES for how in (*STORAGE, "virtual")]


@pytest.fixture(scope="module")
def carrier(tmp_path_factory: pytest.TempPathFactory) -> Any:
    with h5py.File(tmp_path_factory.mktemp("carrier") / "a.h5", "w") as file:
        for name, values in VALUES.items():
            for how, options in STORAGE.items():
                some = {**options, "chunks": (options["chunks"], *values.shape[1:])} if options else {}
                file.create_dataset(f"{name}/{how}", data=values, **some)
            layout = h5py.VirtualLayout(values.shape, values.dtype)
            layout[...] = h5py.VirtualSource(file[f"{name}/chunked"])
            file.create_virtual_dataset(f"{name}/virtual", layout)
        file["one"] = 5
        file.attrs["here"] = [1, 2, 3]
        yield H5pyCarrier(file)


spans = st.lists(st.tuples(st.integers(0, ROWS - 1), st.integers(0, 300)), max_size=60)


@given(name=st.sampled_from(NAMES), asked=spans)
def test_any_spans(carrier: H5pyCarrier, name: str, asked: list[tuple[int, int]]) -> None:
    starts = np.array([start for start, _ in asked], np.int64)
    lengths = np.array([min(length, ROWS - start) for start, length in asked], np.int64)
    (got,) = carrier.fetch((Spans(name, starts, lengths),))
    values = VALUES[name.partition("/")[0]]
    wanted = [values[a : a + n] for a, n in zip(starts, lengths, strict=True)]
    assert np.array_equal(got, np.concatenate(wanted) if wanted else values[:0])
    assert got.shape[1:] == values.shape[1:]
    assert got.dtype == values.dtype


@given(name=st.sampled_from(NAMES), rows=st.lists(st.integers(0, ROWS - 1), max_size=80), dense=st.booleans())
def test_any_rows(carrier: H5pyCarrier, name: str, rows: list[int], dense: bool) -> None:
    if dense:
        rows = [row % 100 for row in rows]
    (got,) = carrier.fetch((Spans(name, np.array(rows, np.int64)),))
    assert np.array_equal(got, VALUES[name.partition("/")[0]][np.array(rows, int)])


@pytest.mark.parametrize("name", NAMES)
def test_many_random_rows(carrier: H5pyCarrier, name: str) -> None:
    rows = np.random.default_rng(4).integers(0, ROWS, 3000)
    (got,) = carrier.fetch((Spans(name, rows),))
    assert np.array_equal(got, VALUES[name.partition("/")[0]][rows])


def test_spans_at_the_edges(carrier: H5pyCarrier) -> None:
    for starts, lengths in (([0], [ROWS]), ([ROWS], [0]), ([ROWS - 1, 0], [1, 1]), ([], []), ([0, 0, 0], [0, 5, 0])):
        (got,) = carrier.fetch((Spans("wide/gzip", np.array(starts, np.int64), np.array(lengths, np.int64)),))
        wanted = [VALUES["wide"][a : a + n] for a, n in zip(starts, lengths, strict=True)]
        assert np.array_equal(got, np.concatenate(wanted) if wanted else VALUES["wide"][:0])


@pytest.mark.parametrize(("start", "length"), [(-1, 1), (ROWS, 1), (0, ROWS + 1), (0, -1), (2**62, 1), (5, 2**63 - 3)])
def test_spans_outside_are_refused(carrier: H5pyCarrier, start: int, length: int) -> None:
    with pytest.raises(DataError, match=r"a\.h5: narrow/chunked"):
        carrier.fetch((Spans("narrow/chunked", np.array([0, start]), np.array([1, length])),))


def test_what_has_no_rows(carrier: H5pyCarrier) -> None:
    assert carrier.fetch((Spans("one", np.zeros(1, np.int64)),))[0].tolist() == [5]
    assert carrier.fetch((Spans("@here", np.zeros(1, np.int64)),))[0].tolist() == [1, 2, 3]
    for name in ("nothing", "narrow", "@nothing", "nothing@here"):
        with pytest.raises(FileError, match="missing"):
            carrier.fetch((Spans(name, np.zeros(1, np.int64)),))


def test_a_copy_never_a_view(carrier: H5pyCarrier) -> None:
    spans = (Spans("wide/contiguous", np.arange(5)),)
    carrier.fetch(spans)[0][:] = 0
    assert np.array_equal(carrier.fetch(spans)[0], VALUES["wide"][:5])


def test_several_threads(carrier: H5pyCarrier) -> None:
    wrong: list[str] = []

    def work(seed: int) -> None:
        rng = np.random.default_rng(seed)
        for _ in range(10):
            name = NAMES[rng.integers(len(NAMES))]
            rows = rng.integers(0, ROWS, 50)
            if not np.array_equal(carrier.fetch((Spans(name, rows),))[0], VALUES[name.partition("/")[0]][rows]):
                wrong.append(name)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_a_damaged_chunk_names_the_rows(tmp_path: Path) -> None:
    path = tmp_path / "a.h5"
    with h5py.File(path, "w") as file:
        data = file.create_dataset("x", data=np.arange(1000), chunks=(100,), compression="gzip")
        offset = data.id.get_chunk_info(5).byte_offset
    raw = bytearray(path.read_bytes())
    raw[offset : offset + 20] = b"\xff" * 20
    path.write_bytes(raw)
    with h5py.File(path) as file:
        damaged = H5pyCarrier(file)
        assert damaged.fetch((Spans("x", np.arange(100)),))[0].tolist() == list(range(100))
        with pytest.raises(FileError, match=r"a\.h5: x: HDF5 cannot read rows 550 to 559"):
            damaged.fetch((Spans("x", np.arange(550, 560)),))


def virtual(folder: Path, source: str, rows: int) -> Path:
    """A file whose dataset lies in another one."""
    layout = h5py.VirtualLayout((rows,), "i8")
    layout[...] = h5py.VirtualSource(source, "d", (rows,))[:rows]
    with h5py.File(folder / "a.h5", "w") as file:
        file.create_virtual_dataset("x", layout)
    return folder / "a.h5"


def test_a_virtual_dataset_is_read_where_its_sources_are(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "b.h5", "w") as file:
        file["d"] = np.arange(10)
    with h5py.File(virtual(tmp_path, "b.h5", 10)) as file:
        (got,) = H5pyCarrier(file).fetch((Spans("x", np.array([9, 0])),))
        assert got.tolist() == [9, 0]


@pytest.mark.parametrize("what", ["no file", "no dataset", "too short", "no HDF5 file"])
def test_a_virtual_dataset_without_its_source_is_an_error(tmp_path: Path, what: str) -> None:
    """HDF5 itself reads zeros."""
    match what:
        case "no dataset":
            with h5py.File(tmp_path / "b.h5", "w") as file:
                file["other"] = 1
        case "too short":
            with h5py.File(tmp_path / "b.h5", "w") as file:
                file["d"] = np.arange(9)
        case "no HDF5 file":
            (tmp_path / "b.h5").write_text("no")
        case _:
            pass
    with (
        h5py.File(virtual(tmp_path, "b.h5", 10)) as file,
        pytest.raises(FileError, match=r"its source .*b\.h5") as error,
    ):
        H5pyCarrier(file).fetch((Spans("x", np.array([0])),))
    assert f"{tmp_path / 'a.h5'}: x" in str(error.value)


@pytest.mark.parametrize("size", [None, 79, 80])
def test_a_raw_file_that_is_missing_or_cut_short_is_an_error(tmp_path: Path, size: int | None) -> None:
    """HDF5 itself reads zeros beyond its end."""
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.create_dataset("x", data=np.arange(10), external=[(tmp_path / "raw", 0, 80)])
    (tmp_path / "raw").unlink() if size is None else os.truncate(tmp_path / "raw", size)
    with h5py.File(tmp_path / "a.h5") as file:
        if size == 80:
            assert H5pyCarrier(file).fetch((Spans("x", np.array([9])),))[0].tolist() == [9]
            return
        with pytest.raises(FileError, match=r"its raw file .*raw"):
            H5pyCarrier(file).fetch((Spans("x", np.array([9])),))
