"""Past HDF5 the same rows are read as through h5py, for any layout; what is not safe goes through h5py."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
import zlib
from pathlib import Path
from typing import Any

import h5py
import hdf5plugin
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from h5schema.errors import DataError, FileError
from h5schema.runtime.carrier import DirectCarrier
from h5schema.runtime.carrier.cache import CHUNKS
from h5schema.runtime.carrier.decode_error import DecodeError
from h5schema.runtime.carrier.filters import decoder
from h5schema.runtime.carrier.located import Filter
from h5schema.runtime.spans import Access, Spans

ACCESS: tuple[Access, ...] = ("map", "read", "memory")
RECORD = np.dtype([("a", "<i2"), ("b", ">f8", (2,)), ("c", "S3")])
DTYPES = [np.dtype(one) for one in ("u1", "<i2", ">i4", "<f4", ">f8", "<f2", "<c8", "?", "S5", "V6")] + [RECORD]
FILTERS: dict[str, dict[str, Any]] = {
    "none": {},
    "gzip": {"compression": "gzip"},
    "shuffled gzip": {"compression": "gzip", "shuffle": True},
    "checked gzip": {"compression": "gzip", "shuffle": True, "fletcher32": True},
    "checked": {"fletcher32": True},
    "lzf": {"compression": "lzf", "shuffle": True},
    "zstd": dict(hdf5plugin.Zstd()),
    "lz4": dict(hdf5plugin.LZ4()),
    "blosc": dict(hdf5plugin.Blosc()),
    "blosc2": dict(hdf5plugin.Blosc2()),
    "bitshuffle": dict(hdf5plugin.Bitshuffle()),
    "scaled": {"scaleoffset": 0},
}
FAST = FILTERS.keys() - {"bitshuffle", "scaled"}


def values_of(dtype: np.dtype[Any], shape: tuple[int, ...], seed: int) -> NDArray[Any]:
    """Small numbers, so that compression has something to do."""
    rng = np.random.default_rng(seed)
    if dtype.kind in "SV":
        size = dtype.itemsize * int(np.prod(shape))
        made: NDArray[Any] = rng.integers(1, 5, size).astype(np.uint8).view(dtype).reshape(shape)
        if dtype.names:
            made["b"] = rng.standard_normal((*shape, 2))
        return made
    return rng.integers(0, 2 if dtype == np.bool_ else 50, shape).astype(dtype)


@st.composite
def layouts(draw: st.DrawFn) -> dict[str, Any]:
    """How a dataset is stored."""
    shape = tuple(draw(st.lists(st.integers(1, 9), min_size=1, max_size=3)))
    shape = (draw(st.integers(1, 40)), *shape[1:])
    chunked = draw(st.booleans()) or draw(st.booleans())
    filters = draw(st.sampled_from(sorted(FILTERS))) if chunked else "none"
    dtype = draw(st.sampled_from(DTYPES))
    if filters == "scaled" and dtype.kind not in "iu":
        filters = "none"
    whole = draw(st.booleans())
    grows = draw(st.sampled_from(["no", "rows", "all"])) if chunked else "no"
    chunk = tuple(
        n if whole and axis else draw(st.integers(1, n + 3 if grows == "all" else n)) for axis, n in enumerate(shape)
    )
    return {
        "shape": shape,
        "dtype": dtype,
        "filters": filters,
        "chunk": chunk if chunked else None,
        "grows": grows,
        "early": draw(st.booleans()),
        "latest": draw(st.booleans()),
        "block": draw(st.sampled_from([0, 0, 512])),
        "aligned": draw(st.booleans()),
        "written": draw(st.sampled_from(["all", "all", "part", "none", "shrunk", "grown"])),
        "fill": draw(st.booleans()),
        "seed": draw(st.integers(0, 99)),
    }


def write(path: Path, how: dict[str, Any]) -> NDArray[Any]:
    """Makes the file; returns what plain h5py reads of it."""
    path.unlink(missing_ok=True)
    shape, dtype = how["shape"], how["dtype"]
    options: dict[str, Any] = dict(FILTERS[how["filters"]])
    if how["chunk"]:
        options["chunks"] = how["chunk"]
        options["maxshape"] = {"no": shape, "rows": (None, *shape[1:]), "all": (None,) * len(shape)}[how["grows"]]
    if how["fill"] and dtype.kind in "iuf":
        options["fillvalue"] = 7
    with h5py.File(
        path,
        "w",
        libver="latest" if how["latest"] else "earliest",
        userblock_size=how["block"],
        alignment_threshold=1,
        alignment_interval=64 if how["aligned"] else 1,
    ) as file:
        values = values_of(dtype, shape, how["seed"])
        if how["early"]:
            options["dcpl"] = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
            options["dcpl"].set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
        made = file.create_dataset("x", shape, dtype, **options)
        file.create_dataset("between", data=b"padding")
        half = max(1, shape[0] // 2)
        match how["written"]:
            case "none":
                pass
            case "part":
                made[half:] = values[half:]
            case _:
                made[:half] = values[:half]
                file["y"] = np.arange(5)
                made[half:] = values[half:]
        if how["grows"] != "no" and how["written"] == "shrunk":
            made.resize(half, axis=0)
        if how["grows"] != "no" and how["written"] == "grown":
            made.resize(shape[0] + 7, axis=0)
    with h5py.File(path) as file:
        return file["x"][()]  # type: ignore[no-any-return]


def columns_of(how: dict[str, Any]) -> int:
    """Into how many chunks a row is cut."""
    shape, chunk = how["shape"], how["chunk"] or how["shape"]
    return int(np.prod([-(-n // c) for n, c in zip(shape[1:], chunk[1:], strict=True)]))


def same(got: NDArray[Any], wanted: NDArray[Any]) -> bool:
    """Bit for bit, of one dtype and shape."""
    return got.dtype == wanted.dtype and got.shape == wanted.shape and got.tobytes() == wanted.tobytes()


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(how=layouts(), data=st.data(), access=st.sampled_from(ACCESS), threads=st.sampled_from([1, 2]))
def test_any_layout(tmp_path: Path, how: dict[str, Any], data: st.DataObject, access: Access, threads: int) -> None:
    read_as_written(tmp_path / "a.h5", how, data, access=access, threads=threads)


def read_as_written(path: Path, how: dict[str, Any], data: st.DataObject, *, access: Access, threads: int) -> None:
    """Holds that the rows are h5py's, for some rows and runs of a file."""
    wanted = write(path, how)
    if not len(wanted):
        return
    rows = st.integers(0, len(wanted) - 1)
    with h5py.File(path) as file:
        carrier = DirectCarrier(file, path, access=access, threads=threads)
        carrier.fetch((Spans("x", np.arange(len(wanted)).repeat(9)),))
        if access == "memory" or (how["filters"] in FAST and columns_of(how) <= 64):
            assert "x" in carrier.direct(), "it was left to h5py"
        for _ in range(3):
            asked = np.array(data.draw(st.lists(rows, max_size=20)), np.int64)
            (got,) = carrier.fetch((Spans("x", asked),))
            assert same(got, wanted[asked])
            lengths = np.array([data.draw(st.integers(0, len(wanted) - at)) for at in asked.tolist()], np.int64)
            (got,) = carrier.fetch((Spans("x", asked, lengths),))
            runs = [wanted[a : a + n] for a, n in zip(asked.tolist(), lengths.tolist(), strict=True)]
            assert same(got, np.concatenate([wanted[:0], *runs]).astype(wanted.dtype))
        got[...] = np.zeros((), got.dtype)
        (again,) = carrier.fetch((Spans("x", np.arange(len(wanted))),))
        assert same(again, wanted), "a block is a view of what is kept"
        carrier.close()


def test_filters_that_were_left_out_of_some_chunks(tmp_path: Path) -> None:
    path = tmp_path / "a.h5"
    values = np.arange(400, dtype=np.float32).reshape(40, 10)
    with h5py.File(path, "w") as file:
        made = file.create_dataset("x", (40, 10), np.float32, chunks=(10, 10), shuffle=True, compression="gzip")
        made[:20] = values[:20]
        raw = values[20:30].tobytes()
        made.id.write_direct_chunk((20, 0), raw, filter_mask=3)
        made.id.write_direct_chunk((30, 0), zlib.compress(values[30:].tobytes()), filter_mask=1)
    with h5py.File(path) as file:
        carrier = DirectCarrier(file, path)
        (got,) = carrier.fetch((Spans("x", np.arange(40)[::-1].copy()),))
        assert "x" in carrier.direct()
        assert same(got, np.ascontiguousarray(values[::-1]))


@pytest.mark.parametrize(
    ("shape", "chunk", "dtype"),
    [
        ((128, 3, 64, 64), (50, 3, 64, 64), "u1"),
        ((900, 700), (333, 555), "f8"),
        ((4000, 256), (1000, 256), "f4"),
        ((300_000,), (200_000,), "i4"),
        ((40, 300, 300), (20, 150, 300), "i2"),
    ],
)
def test_values_that_blosc2_put_into_blocks(
    tmp_path: Path, shape: tuple[int, ...], chunk: tuple[int, ...], dtype: str
) -> None:
    path = tmp_path / "a.h5"
    values = np.random.default_rng(0).integers(0, 50, shape).astype(dtype)
    values[len(values) // 2 :] = 0  # chunks of zeros alone have no bytes
    with h5py.File(path, "w") as file:
        file.create_dataset("x", data=values, chunks=chunk, **hdf5plugin.Blosc2())
    rows = np.random.default_rng(1).integers(0, len(values), 40)
    with h5py.File(path) as file:
        carrier = DirectCarrier(file, path)
        for asked in (rows // 2, rows):
            assert same(carrier.fetch((Spans("x", asked),))[0], values[asked])
        assert "x" in carrier.direct()
        carrier.close()


def test_a_frame_of_blosc2_that_is_damaged_is_refused_or_decoded(tmp_path: Path) -> None:
    values = np.arange(40_000, dtype=np.float64).reshape(200, 200)
    with h5py.File(tmp_path / "a.h5", "w") as file:
        made = file.create_dataset("x", data=values, chunks=(200, 200), **hdf5plugin.Blosc2())
        whole = np.frombuffer(made.id.read_direct_chunk((0, 0))[1], np.uint8)
    decode = decoder([Filter(32026, ())], 0, values.nbytes)
    out = np.empty(values.nbytes, np.uint8)
    decode(whole, out)
    assert out.tobytes() == values.tobytes()
    for size in range(260):
        with pytest.raises(DecodeError):
            decode(whole[:size], out)
    for at in range(260):
        for bit in range(8):
            damaged = whole.copy()
            damaged[at] ^= 1 << bit
            with contextlib.suppress(DecodeError):
                decode(damaged, out)


@pytest.mark.parametrize("how", ["virtual", "external", "compact", "texts", "no rows", "references", "three bytes"])
def test_what_is_not_plainly_in_the_file_goes_through_h5py(tmp_path: Path, how: str) -> None:
    path = tmp_path / "a.h5"
    values: Any = np.arange(12, dtype=np.int32).reshape(6, 2)
    with h5py.File(path, "w") as file:
        match how:
            case "virtual":
                file["source"] = values
                layout = h5py.VirtualLayout(values.shape, values.dtype)
                layout[...] = h5py.VirtualSource(file["source"])
                file.create_virtual_dataset("x", layout)
            case "external":
                values.tofile(tmp_path / "raw")
                file.create_dataset("x", values.shape, values.dtype, external=[(tmp_path / "raw", 0, values.nbytes)])
            case "compact":
                plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
                plist.set_layout(h5py.h5d.COMPACT)
                space = h5py.h5s.create_simple(values.shape)
                made = h5py.h5d.create(file.id, b"x", h5py.h5t.NATIVE_INT32, space, plist)
                made.write(h5py.h5s.ALL, h5py.h5s.ALL, values)
            case "texts":
                values = np.array(["a", "bc"], object)
                file.create_dataset("x", data=values, dtype=h5py.string_dtype())
            case "no rows":
                values = values[:0]
                file.create_dataset("x", data=values, maxshape=(None, 2))
            case "references":
                values = np.array([file.ref, file.ref], h5py.ref_dtype)
                file.create_dataset("x", data=values, dtype=h5py.ref_dtype)
            case _:
                kind = h5py.h5t.STD_I32LE.copy()
                kind.set_precision(24)
                made = h5py.h5d.create(file.id, b"x", kind, h5py.h5s.create_simple(values.shape))
                made.write(h5py.h5s.ALL, h5py.h5s.ALL, values)
    with h5py.File(path) as file:
        carrier = DirectCarrier(file, path)
        (got,) = carrier.fetch((Spans("x", np.arange(len(values))),))
        assert not carrier.direct()
        assert got.tolist() == file["x"][()].tolist() or how == "references"


def test_a_file_without_a_name_goes_through_h5py(tmp_path: Path) -> None:
    with h5py.File("in memory", "w", driver="core", backing_store=False) as file:
        file["x"] = np.arange(5)
        carrier = DirectCarrier(file, Path("in memory"))
        (got,) = carrier.fetch((Spans("x", np.array([4, 0])),))
        assert got.tolist() == [4, 0]
        assert not carrier.direct()


def moved(path: Path, to: Path, how: str) -> None:
    """The same data, at other places in a file."""
    if how == "repacked":
        done = subprocess.run(["h5repack", "-L", str(path), str(to)], capture_output=True, check=False, timeout=60)
        assert not done.returncode, done.stderr
        return
    with h5py.File(path) as old, h5py.File(to, "w", userblock_size=4096) as new:
        new["in front"] = np.arange(999)
        for name in old:
            old.copy(name, new)


@pytest.mark.parametrize("how", ["copied", "repacked"])
def test_addresses_are_asked_of_the_file_that_is_read(tmp_path: Path, how: str) -> None:
    if how == "repacked" and not any((Path(part) / "h5repack").exists() for part in os.get_exec_path()):
        pytest.skip("no h5repack (Debian: hdf5-tools)")
    values = np.random.default_rng(0).integers(0, 99, (50, 6)).astype(np.int16)
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["flat"] = values
        file.create_dataset("cut", data=values, chunks=(7, 4), compression="gzip")
    moved(tmp_path / "a.h5", tmp_path / "b.h5", how)
    for name in ("a.h5", "b.h5"):
        with h5py.File(tmp_path / name) as file:
            carrier = DirectCarrier(file, tmp_path / name)
            rows = np.array([49, 0, 7, 7])
            for part in carrier.fetch((Spans("flat", rows), Spans("cut", rows))):
                assert same(part, values[rows])
            assert set(carrier.direct()) == {"flat", "cut"}


def written(path: Path) -> NDArray[np.int64]:
    values = np.arange(50_000, dtype=np.int64).reshape(-1, 5)
    with h5py.File(path, "w") as file:
        file.create_dataset("x", data=values, chunks=(100, 5))
        file.create_dataset("z", data=values, chunks=(100, 5), compression="gzip")
    return values


@pytest.mark.parametrize("change", ["cut", "touched", "replaced", "gone"])
@pytest.mark.parametrize("access", ACCESS)
def test_a_file_that_changes_between_two_batches_is_an_error(tmp_path: Path, change: str, access: Access) -> None:
    path = tmp_path / "a.h5"
    values = written(path)
    with h5py.File(path) as file:
        carrier = DirectCarrier(file, path, access=access)
        assert same(carrier.fetch((Spans("x", np.array([3])),))[0], values[[3]])
        match change:
            case "cut":
                os.truncate(path, 5000)
            case "touched":
                os.utime(path, ns=(1, 1))
            case "replaced":
                written(tmp_path / "b.h5")
                (tmp_path / "b.h5").replace(path)
            case _:
                path.unlink()
        with pytest.raises(FileError, match="changed or replaced") as error:
            carrier.fetch((Spans("x", np.array([9999])),))
        assert str(path) in str(error.value)


def test_reading_piece_by_piece_survives_a_file_that_is_cut_while_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.h5"
    written(path)
    with h5py.File(path) as file:
        carrier = DirectCarrier(file, path, access="read")
        carrier.fetch((Spans("x", np.arange(100)),))
        (direct,) = carrier.direct().values()
        os.truncate(path, 5000)
        with pytest.raises(FileError, match="cut short"):
            direct.read(np.array([9999]), 1)


@pytest.mark.parametrize("access", ACCESS)
def test_a_damaged_chunk_is_named(tmp_path: Path, access: Access) -> None:
    path = tmp_path / "a.h5"
    values = written(path)
    with h5py.File(path) as file:
        at = file["z"].id.get_chunk_info(40)
    with path.open("r+b") as raw:
        raw.seek(at.byte_offset + 20)
        raw.write(b"\xff" * 20)
    with h5py.File(path) as file:
        carrier = DirectCarrier(file, path, access=access)
        rows = "rows 4010 to 4010"
        if access == "memory":
            rows = "rows 0 to 9999"
        else:
            (good,) = carrier.fetch((Spans("z", np.arange(1000)),))
            assert same(good, values[:1000])
        with pytest.raises(FileError, match=rows) as error:
            carrier.fetch((Spans("z", np.array([4010])),))
        assert f"{path}: z" in str(error.value)


@pytest.mark.parametrize("width", [0, 3, 1 << 31])
def test_a_damaged_width_of_shuffled_values(width: int) -> None:
    """It is a number in the file: none of these makes sense, and none may take for ever."""
    data, out = np.arange(8, dtype=np.uint8), np.zeros(8, np.uint8)
    decode = decoder([Filter(2, (width,))], 0, 8)
    if not width:
        with pytest.raises(DecodeError):
            decode(data, out)
        return
    decode(data, out)
    assert out.tolist() == ([0, 2, 4, 1, 3, 5, 6, 7] if width == 3 else list(range(8))), "as HDF5 does it"


@pytest.mark.parametrize("name", ["x", "z"])
@pytest.mark.parametrize("access", ACCESS)
def test_eight_threads_read_the_same_as_one(tmp_path: Path, name: str, access: Access) -> None:
    path = tmp_path / "a.h5"
    values = written(path)
    wrong: list[int] = []
    with h5py.File(path) as file:
        carrier = DirectCarrier(file, path, access=access)

        def read(seed: int) -> None:
            rng = np.random.default_rng(seed)
            for _ in range(40):
                rows = rng.integers(0, len(values), 200)
                if not same(carrier.fetch((Spans(name, rows),))[0], values[rows]):
                    wrong.append(seed)

        threads = [threading.Thread(target=read, args=(seed,)) for seed in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert not any(thread.is_alive() for thread in threads)
        assert not wrong
        assert name in carrier.direct()


def test_a_forked_child_reads_what_its_parent_read(tmp_path: Path) -> None:
    path = tmp_path / "a.h5"
    values = written(path)
    with h5py.File(path) as file:
        carrier = DirectCarrier(file, path)
        carrier.fetch((Spans("z", np.arange(1000)),))
        child = os.fork()
        if not child:
            (got,) = carrier.fetch((Spans("z", np.arange(2000)),))
            os._exit(0 if same(got, values[:2000]) else 1)
        assert os.waitpid(child, 0)[1] == 0


def test_kept_chunks_are_bounded_and_forgotten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.h5"
    values = written(path)
    held = CHUNKS.held
    monkeypatch.setattr(CHUNKS, "limit", held + 10 * 100 * 5 * 8)
    with h5py.File(path) as file:
        carrier = DirectCarrier(file, path)
        for _ in range(2):
            assert same(carrier.fetch((Spans("z", np.arange(10_000)),))[0], values)
            assert held < CHUNKS.held <= CHUNKS.limit
        carrier.close()
        assert CHUNKS.held <= held


def test_rows_outside_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.h5"
    written(path)
    with h5py.File(path) as file:
        carrier = DirectCarrier(file, path)
        for rows in ([10_000], [-1], [5, 1 << 62]):
            with pytest.raises(DataError, match="is asked for, but the dataset has 10000 rows"):
                carrier.fetch((Spans("x", np.array(rows)),))


_BOTH_WAYS = """
import os, sys, traceback
from pathlib import Path
import h5py, hdf5plugin, numpy as np
from h5schema.runtime.carrier import DirectCarrier
from h5schema.runtime.spans import Spans

def leaves(array):
    if array.dtype.names:
        return [leaf for name in array.dtype.names for leaf in leaves(array[name])]
    return [np.ascontiguousarray(array).tobytes()]

def both_ways(path):
    try:
        file = h5py.File(path)
    except (OSError, KeyError, RuntimeError):
        return
    names = []
    file.visititems(lambda name, found: names.append(name) if isinstance(found, h5py.Dataset) else None)
    compared = direct = 0
    for name in names:
        dataset = file[name]
        try:
            shape = dataset.shape
            if not shape or not all(shape) or dataset.size > 1 << 26:
                continue
            wanted = dataset[()]
        except (OSError, TypeError, RuntimeError, ValueError):
            continue
        carrier = DirectCarrier(file, path)
        rows = np.random.default_rng(0).integers(0, shape[0], max(60, shape[0]))
        for asked in (np.arange(shape[0]), rows):
            (got,) = carrier.fetch((Spans("/" + name, asked),))
            assert got.dtype == wanted.dtype and got.shape == wanted[asked].shape, name
            assert wanted.dtype.hasobject or leaves(got) == leaves(wanted[asked]), name
        compared += 1
        direct += len(carrier.direct())
    print(compared, direct, flush=True)

for path in map(Path, sys.argv[1:]):  # each in a process of its own: what crashes there is told here
    child = os.fork()
    if not child:
        try:
            both_ways(path)
        except BaseException:
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    if os.waitpid(child, 0)[1]:
        sys.exit(f"{path}: the process that read it failed")
"""


def test_every_dataset_of_every_real_file(shared: Path) -> None:
    files = [path for path in sorted((shared / "corpus").rglob("*")) if path.is_file() and path.name != "MANIFEST.tsv"]
    done = subprocess.run(
        [sys.executable, "-c", _BOTH_WAYS, *map(str, files)], capture_output=True, text=True, check=False, timeout=240
    )
    assert not done.returncode, done.stderr
    compared, direct = np.array([line.split() for line in done.stdout.splitlines()], np.int64).sum(axis=0).tolist()
    assert compared > 400
    assert direct > compared / 2


def test_a_dataset_of_another_file_is_not_looked_for_in_this_one(tmp_path: Path) -> None:
    """Its first and last rows are zeros, and so is this file where the other one has it."""
    values = np.zeros((4000, 8))
    values[1:-1] = 7
    with h5py.File(tmp_path / "other.h5", "w") as file:
        file["x"] = values
    with h5py.File(tmp_path / "main.h5", "w") as file:
        file["filler"] = np.zeros((9000, 8))
        file["x"] = h5py.ExternalLink("other.h5", "/x")
    with h5py.File(tmp_path / "main.h5") as file:
        carrier = DirectCarrier(file, tmp_path / "main.h5")
        rows = np.arange(4000, dtype=np.int64)
        for _ in range(3):
            (found,) = carrier.fetch((Spans("/x", rows),))
            np.testing.assert_array_equal(found, values)
        assert "/x" not in carrier.direct()
        carrier.close()
