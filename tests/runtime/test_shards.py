"""Several files that are opened as one are read as one file of all their entries is."""

from __future__ import annotations

import copy
import gc
import os
import pickle
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from blank import declare
from everything.examples import entry, equal, name_of, write
from everything.groups import Everything, EverythingWriter
from hypothesis import given
from hypothesis import strategies as st

from h5schema.errors import DataError, FileError, H5SchemaError, UsageError
from h5schema.runtime import Array, Axis, IdAxis, Ragged, RaggedAxis, Scalar, Text, open_files, optional
from h5schema.runtime.open_files import OPEN

HERE = Path(__file__).parent
SIZES = (3, 0, 1, 5, 0, 7, 2)
"""Entries of each file."""
PARTS = (4, 0, 7, 1)
"""Entries of each file of `Everything`."""

Many, ManyWriter = declare(
    row=IdAxis(dict),
    other=Axis(dict),
    time=RaggedAxis(per="row"),
    dense=Array(np.int32, "row 3"),
    packed=Array(np.int32, "row 3", chunk=24, codec="default"),
    wave=Ragged(np.float32, "row time 2"),
    text=Text("row"),
    short=Text("row", size=12),
    number=optional(Scalar(np.float64, "row")),
    word=optional(Text("row")),
    trace=optional(Ragged(np.int16, "row time")),
    count=Scalar(np.int64, "other"),
    scale=Scalar(np.float64, ""),
    title=optional(Text("")),
)


def values(i: int) -> dict[str, Any]:
    """Entry number `i`."""
    return {
        "dense": np.array([i, -i, 7], np.int32),
        "packed": np.array([i, i, i], np.int32),
        "wave": np.full((i % 4, 2), i, np.float32),
        "text": f"text {i} " * (i % 3),
        "short": f"ü{i}",
        "number": None if i % 3 == 0 else i / 2,
        "word": None if i % 4 == 1 else "w" * i,
        "trace": None if i % 2 else np.arange(i % 4).astype(np.int16),
    }


def part(path: Path, first: int, size: int, **whole: Any) -> Path:
    """A file of the entries from `first` on."""
    with ManyWriter.create(path) as w:
        w.scale = whole.get("scale", 0.5)
        if "title" in whole:
            w.title = whole["title"]
        for i in range(first, first + size):
            w.row[f"id/{i}"] = values(i)
        w.other.extend({"count": np.arange(2 * first, 2 * (first + size))})
    return path


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("parts")
    return [part(folder / f"{k}.h5", 100 * k, size) for k, size in enumerate(SIZES)]


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two files may be open at a time."""
    gc.collect()  # what other tests left
    monkeypatch.setattr(open_files, "_MOST", 2)


files = st.lists(st.integers(0, len(SIZES) - 1), min_size=1, max_size=len(SIZES), unique=True)


@pytest.mark.parametrize("access", ["map", "read", "memory"])
@given(chosen=files, data=st.data())
def test_read_as_numpy_takes(parts: list[Path], access: str, chosen: list[int], data: st.DataObject) -> None:
    entries = [i for k in chosen for i in range(100 * k, 100 * k + SIZES[k])]
    with Many([parts[k] for k in chosen], access=access) as f:
        assert len(f.row) == len(f.dense) == len(entries)
        assert list(f.row) == [f"id/{i}" for i in entries]
        positions = st.integers(-len(entries), len(entries) - 1) if entries else st.nothing()
        index = data.draw(st.lists(positions, max_size=20)) if entries else []
        wanted = [values(entries[i]) for i in index]
        rows = np.array(index, np.int64) % max(1, len(entries))
        for name in ("dense", "packed"):
            expected = np.array([one[name] for one in wanted], np.int32).reshape(-1, 3)
            got = getattr(f, name).read(rows)
            assert got.dtype == np.int32
            assert np.array_equal(got, expected)
        for name in ("text", "short"):
            assert list(getattr(f, name)[index]) == [one[name] for one in wanted]
        wave = f.wave.read(rows)
        assert wave.values.dtype == np.float32
        assert wave.values.shape[1:] == (2,)
        assert len(wave) == len(wanted)
        assert all(np.array_equal(one, other["wave"]) for one, other in zip(wave, wanted, strict=True))
        for name in ("number", "word", "trace"):
            block = getattr(f, name).read(rows)
            assert block.present.tolist() == [one[name] is not None for one in wanted]
            for i, one in enumerate(wanted):
                assert one[name] is None or np.array_equal(block.values[i], one[name])
        counts = [i for k in chosen for i in range(200 * k, 200 * k + 2 * SIZES[k])]
        assert f.count[:].tolist() == counts
        assert f.count[::-3].tolist() == counts[::-3]
        assert f.scale[()] == 0.5
        assert f.title[()] is None
        if entries:
            mask = np.zeros(len(entries), bool)
            mask[rows] = True
            assert np.array_equal(f.dense[mask], f.dense[sorted(set(rows.tolist()))])
            assert list(f.text[[f"id/{entries[i]}" for i in index]]) == [one["text"] for one in wanted]


def test_entries_and_ids(parts: list[Path]) -> None:
    with Many(parts[::-1]) as f:
        entries = [100 * k + i for k in reversed(range(len(SIZES))) for i in range(SIZES[k])]
        for row, i in enumerate(entries):
            assert f.row.row(f"id/{i}") == row
            assert f"id/{i}" in f.row
            assert f.row[f"id/{i}"]["word"] == f.row.at(row)["word"] == values(i)["word"]
        assert "id/99" not in f.row
        assert [one.tolist() for one in f.dense] == [values(i)["dense"].tolist() for i in entries]
        with pytest.raises(KeyError, match="no entry of row has the id 'id/99'") as raised:
            f.row["id/99"]
        assert str(raised.value).startswith(f"{parts[-1]} and 6 more: row: ")
        for row in (len(entries), -len(entries) - 1):
            with pytest.raises(IndexError, match=f"row {row} is asked for, but there are 18"):
                f.dense[row]
        with pytest.raises(IndexError, match="row 18 is asked for, but there are 18"):
            f.dense.read(np.array([3, 18]))
        with pytest.raises(UsageError, match="the entries of other have no ids"):
            f.bound.reader.row_of("other", "id/0")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("whole") / "all.h5", sum(PARTS))


@pytest.fixture(scope="module")
def shards(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("shards")
    firsts = np.cumsum([0, *PARTS]).tolist()
    return [write(folder / f"{k}.h5", size, firsts[k]) for k, size in enumerate(PARTS)]


def test_every_kind_of_feature(shards: list[Path]) -> None:
    with Everything(shards) as f:
        assert all(equal(f.sample.at(i), entry(i)) for i in range(sum(PARTS)))
        assert all(equal(f.sample[name_of(i)], entry(i)) for i in range(sum(PARTS)))
        assert f.matrix[()].tolist() == [[0, 1, 2], [3, 4, 5]]
        assert f.title[()] == "Everything, grün\n"
        assert f.author[()] is None
        f.verify()


def test_splits_are_those_of_one_file(shards: list[Path], whole: Path) -> None:
    with Everything(shards) as several, Everything(whole) as one:
        for name in ("random/train", "random/test", "labels/train", "labels/test", "bounds/low", "bounds/high"):
            assert several.split(name).tolist() == one.split(name).tolist()


@pytest.mark.parametrize("name", ["Numbers", "Pad", "Shuffled", "Chosen", "Filled", "Steps"])
@pytest.mark.usefixtures("few")
def test_batches_are_those_of_one_file(shards: list[Path], whole: Path, name: str) -> None:
    pytest.importorskip("torch", reason="loaders need torch")
    import everything.loaders

    loader = getattr(everything.loaders, name).loader
    for more in (
        {},
        {"shuffle": True, "seed": 3},
        {"limit": 5},
        {"subset": [name_of(11), name_of(0)], "shuffle": True},
    ):
        if name != "Steps" or "subset" not in more:
            assert repr(list(loader(shards, **more))) == repr(list(loader(whole, **more)))
    assert len(OPEN) <= 2


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_batches_of_workers(shards: list[Path], whole: Path, method: str) -> None:
    pytest.importorskip("torch", reason="loaders need torch")
    from everything.loaders import Shuffled

    loader = Shuffled.loader(shards, workers=2, seed=1)
    loader.multiprocessing_context = method
    assert repr(list(loader)) == repr(list(Shuffled.loader(whole, seed=1)))


def test_an_absent_input_names_its_file(shards: list[Path]) -> None:
    pytest.importorskip("torch", reason="loaders need torch")
    from everything.loaders import NotFilled

    with pytest.raises(DataError) as raised:
        NotFilled.loader(shards[1:])  # entries 4 to 11; the numbers of odd ones are absent
    assert raised.value.where == f"{shards[2]}: maybe/number, row 1"


def test_one_path_is_one_file(shards: list[Path]) -> None:
    with Everything(shards[:1]) as f:
        assert f.path == shards[0]
        assert f.hdf5().filename == str(shards[0])
    assert len(Everything(str(path) for path in shards).sample) == sum(PARTS)  # of a generator too


def test_what_several_files_have_not(shards: list[Path]) -> None:
    f = Everything(shards)
    for ask, what in (
        (f.hdf5, "an h5py file"),
        (lambda: f.path, "a path"),
        (lambda: f.parameters, "a record of parameters"),
    ):
        with pytest.raises(UsageError) as raised:
            ask()
        assert str(raised.value) == (
            f"{shards[0]} and 3 more: {what} is asked for, and 4 files have one each\n"
            f"  help: open the one that is meant: Everything('{shards[0]}')"
        )
    assert repr(f) == f"Everything('{shards[0]} and 3 more')"
    with pytest.raises(UsageError, match="name the one file that is written"):
        EverythingWriter(shards)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ([], "Everything: no file is named"),
        (["a.h5", "b.h5", "a.h5"], "a.h5: the file is named twice"),
        ([1], "Everything: 1 is no path"),
        (5, "Everything: 5 is no path"),
        (b"a.h5", "Everything: b'a.h5' is no path"),
    ],
)
def test_mistaken_paths(given: Any, said: str) -> None:
    with pytest.raises(UsageError) as raised:
        Everything(given)
    assert str(raised.value).startswith(said)


def test_a_file_that_is_missing_or_another_is_named(shards: list[Path], parts: list[Path], tmp_path: Path) -> None:
    with pytest.raises(FileError, match="there is no such file") as raised:
        len(Everything([*shards, tmp_path / "none.h5"]).sample)
    assert raised.value.where == str(tmp_path / "none.h5")
    with pytest.raises(FileError, match="the file is of schema blank") as raised:
        len(Everything([*shards, parts[0]]).sample)
    assert raised.value.where == str(parts[0])


def test_features_without_entries_are_equal(parts: list[Path], tmp_path: Path) -> None:
    other = part(tmp_path / "other.h5", 900, 1, scale=0.25)
    with pytest.raises(FileError) as raised:
        Many([parts[0], parts[1], other]).scale[()]
    assert str(raised.value).startswith(f"{other}: /scale: scale is another in {parts[0]}\n")
    titled = part(tmp_path / "titled.h5", 900, 1, title="there")
    with pytest.raises(FileError, match="title is another in") as raised:
        len(Many([parts[0], titled]).row)
    again = part(tmp_path / "again.h5", 800, 1, title="there")
    assert Many([titled, again]).title[()] == "there"
    assert Many([titled, again]).dense[:].tolist() == [[900, -900, 7], [800, -800, 7]]


def test_an_id_that_is_in_two_files(parts: list[Path], tmp_path: Path) -> None:
    again = part(tmp_path / "again.h5", 504, 2)  # 504 to 506 are in the sixth
    f = Many([*parts, again])
    assert len(f.dense[:]) == sum(SIZES) + 2  # nothing is looked up
    for ask in (lambda: f.row["id/1"], lambda: "id/1" in f.row, lambda: f.dense[["id/0"]], f.verify):
        with pytest.raises(DataError) as raised:
            ask()
        assert raised.value.where == f"{again}: row"
        assert raised.value.what in {f"the id 'id/{i}' stands in {parts[5]} too" for i in (504, 505)}


@pytest.mark.usefixtures("few")
def test_a_file_that_changes(parts: list[Path], tmp_path: Path) -> None:
    paths = [part(tmp_path / f"{k}.h5", 10 * k, 3) for k in range(4)]
    f = Many(paths)
    assert f.dense[:][:, 0].tolist() == [10 * k + i for k in range(4) for i in range(3)]
    sent = pickle.dumps(f.bound.reader.__reduce__()[1][3])
    part(tmp_path / "new.h5", 70, 3).replace(paths[0])  # as many entries; it was closed, for only two are open
    with pytest.raises(FileError, match="the file was changed or replaced") as raised:
        f.dense[[0, 11]]
    assert raised.value.where == str(paths[0])
    assert f.dense[[3, 11]][:, 0].tolist() == [10, 32]
    f.close()
    assert f.dense[[0, 11]][:, 0].tolist() == [70, 32]  # opened again, it is read as it is
    fresh = Many(paths)
    fresh.bound.reader.expect(pickle.loads(sent))  # what another process is told
    assert fresh.dense[[0, 11]][:, 0].tolist() == [70, 32]
    part(tmp_path / "new.h5", 80, 2).replace(paths[1])
    with pytest.raises(FileError, match="the file was changed or replaced"):
        fresh.dense[[3]]


@pytest.mark.usefixtures("few")
@pytest.mark.parametrize("access", ["map", "read"])
def test_a_known_file_is_opened_again_without_hdf5(tmp_path: Path, access: Any) -> None:
    paths = [part(tmp_path / f"{k}.h5", 10 * k, 3) for k in range(4)]
    time.sleep(0.03)  # a file that was changed just now may be changed again in the same instant

    def files() -> int:
        gc.collect()
        return int(h5py.h5f.get_obj_count(h5py.h5f.OBJ_ALL, h5py.h5f.OBJ_FILE))

    others = files()
    f = Many(paths, access=access)
    expected = [10 * k + i for k in range(4) for i in range(3)]
    for _ in range(8):
        assert f.dense[:][:, 0].tolist() == expected
    for row in range(12):
        before = files()
        assert f.dense[[row]][0, 0] == expected[row]
        assert files() <= before, "those that are closed are not opened by HDF5 again"
    assert files() == others
    part(tmp_path / "new.h5", 70, 3).replace(paths[0])
    with pytest.raises(FileError, match="the file was changed or replaced"):
        f.dense[[0]]
    paths[1].unlink()
    with pytest.raises(FileError, match="no such file"):
        f.dense[[3]]
    assert f.dense[[6, 9]][:, 0].tolist() == [20, 30]
    f.close()
    gc.collect()


def test_pickles_are_small_and_know_the_lengths(shards: list[Path]) -> None:
    f = Everything(shards)
    assert len(f.sample) == sum(PARTS)
    sent = pickle.dumps(f)
    assert len(sent) < 1000 + sum(len(str(path)) + 60 for path in shards)
    before = len(OPEN)
    for again in (pickle.loads(sent), copy.copy(f), copy.deepcopy(f)):
        assert len(again.sample) == sum(PARTS)
        assert len(OPEN) == before  # nothing was opened for that
        assert equal(again.sample.at(11), entry(11))
        again.close()


@pytest.mark.usefixtures("few")
def test_few_files_are_open(parts: list[Path]) -> None:
    before = len(os.listdir("/proc/self/fd"))
    first, second = Many(parts), Many(parts)
    for f in (first, second):
        assert len(f.dense[:]) == sum(SIZES)
        assert len(OPEN) <= 2
        assert len(os.listdir("/proc/self/fd")) <= before + 4
    first.close()
    del f, second  # what nobody holds is closed
    assert len(OPEN) == 0
    assert len(os.listdir("/proc/self/fd")) == before


@pytest.mark.usefixtures("few")
def test_threads_read_while_files_are_closed(parts: list[Path]) -> None:
    f = Many(parts, access="read")
    entries = [100 * k + i for k, size in enumerate(SIZES) for i in range(size)]
    wrong: list[object] = []

    def read(seed: int) -> None:
        rng = np.random.default_rng(seed)
        try:
            for _ in range(40):
                rows = rng.integers(0, len(entries), 3)
                if f.packed.read(rows)[:, 0].tolist() != [entries[i] for i in rows]:
                    wrong.append(rows)
        except H5SchemaError as error:
            wrong.append(error)

    threads = [threading.Thread(target=read, args=(seed,)) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not wrong


@pytest.mark.usefixtures("few")
def test_a_forked_child_opens_its_own(parts: list[Path]) -> None:
    before = len(os.listdir("/proc/self/fd"))
    f = Many(parts)
    wanted = f.dense[:]
    child = os.fork()
    if not child:
        good = np.array_equal(f.dense[:], wanted) and len(os.listdir("/proc/self/fd")) <= before + 4
        os._exit(0 if good else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert np.array_equal(f.dense[:], wanted)


def test_more_files_than_descriptors() -> None:
    said = subprocess.run(
        [sys.executable, str(HERE / "many_shards.py"), "300", "256"],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert said.returncode == 0, said.stderr
    assert "300 files, 900 entries" in said.stdout
