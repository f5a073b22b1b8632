"""A dim whose entries are files: of a folder, one for each entry, read where they lie."""

from __future__ import annotations

import importlib
import os
import pickle
import resource
from pathlib import Path

import h5py
import numpy as np
import pytest

from h5schema.errors import DataError, FileError

from .conftest import Generate

SCHEMA = """
    name: sessions
    bind: plain
    dims:
      session: {source: '{subject}/take_{take:int}.h5'}
      time:    {per: session}
      axis:    3
    features:
      force: {dims: [session, time, axis], dtype: float64}
      rate:  {dims: [session], dtype: float32, at: 'force@rate'}
      note:  {dims: [session], dtype: str, at: '@note', optional: true}
      about: {dims: [session], dtype: any, at: '@*'}
      scale: {dims: [axis], dtype: float64}
    loaders:
      train: {over: session, inputs: force, targets: rate, batch: {size: 3, shuffle: true}}
"""
IDS = ["anna/take_2.h5", "anna/take_10.h5", "bert/take_1.h5"]


def write(folder: Path) -> dict[str, np.ndarray]:
    made = {}
    for number, name in enumerate(IDS):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        made[name] = np.random.default_rng(number).normal(size=(4 + number, 3))
        with h5py.File(path, "w") as file:
            file["force"] = made[name]
            file["force"].attrs["rate"] = np.float32(100 + number)
            file["scale"] = np.array([1.0, 2, 3])
            if number:
                file.attrs["note"] = f"note {number}"
    (folder / "readme.txt").write_text("no session")
    (folder / "anna/other.h5").write_bytes(b"no HDF5 file, and no session")
    return made


def test_layout_8_a_file_for_each_entry(generate: Generate, tmp_path: Path) -> None:
    folder = tmp_path / "data"
    made = write(folder)
    package = generate(SCHEMA)
    with package.Sessions(folder) as found:
        assert list(found.session) == IDS
        for row, name in enumerate(IDS):
            assert found.force[name].tobytes() == made[name].tobytes()
            assert found.rate[row] == 100 + row
        assert list(found.note) == [None, "note 1", "note 2"]
        assert found.about["bert/take_1.h5"] == {"note": "note 2"}
        assert found.scale[()].tolist() == [1, 2, 3]
        again = pickle.loads(pickle.dumps(found))
        assert again.session["bert/take_1.h5"]["force"].tobytes() == made["bert/take_1.h5"].tobytes()
        found.verify()
    assert sorted(os.listdir(folder)) == ["anna", "bert", "readme.txt"]
    pytest.importorskip("torch")
    loaders = importlib.import_module(f"{package.__name__}.loaders")
    seen = {}
    for force, rate in loaders.train_loader(folder, seed=1, workers=2):
        for values, length, at in zip(force.values, force.lengths.tolist(), rate.tolist(), strict=True):
            seen[int(at) - 100] = values[:length].numpy()
    for number, name in enumerate(IDS):
        np.testing.assert_array_equal(seen[number], made[name])


def test_what_is_wrong_with_the_files_is_said(generate: Generate, tmp_path: Path) -> None:
    package = generate(SCHEMA)
    with pytest.raises(FileError, match="there is no such folder"):
        package.Sessions(tmp_path / "nowhere").force[0]
    (tmp_path / "empty").mkdir()
    with pytest.raises(FileError, match="no file matches"):
        package.Sessions(tmp_path / "empty").force[0]
    folder = tmp_path / "data"
    write(folder)
    with h5py.File(folder / IDS[1], "a") as file:
        del file["force"]
        file["force"] = np.zeros((5, 4))
    with pytest.raises(FileError) as caught:
        package.Sessions(folder).force[0]
    assert caught.value.where == f"{folder}: /{IDS[1]}/force"
    assert "its shape is [5, 4]" in caught.value.what
    (folder / IDS[1]).write_bytes(b"torn")
    with pytest.raises(FileError) as caught:
        package.Sessions(folder).force[0]
    assert IDS[1] in str(caught.value)


def test_more_files_than_may_be_open(generate: Generate, tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(900):
        with h5py.File(folder / f"s{number}.h5", "w") as file:
            file["x"] = np.full(number % 5, number)
    package = generate("""
        name: many_files
        bind: plain
        dims: {session: {source: 's{number:int}.h5'}, time: {per: session}}
        features: {x: {dims: [session, time], dtype: int64}}
    """)
    resource.setrlimit(resource.RLIMIT_NOFILE, (640, hard))
    try:
        with package.ManyFiles(folder) as found:
            assert [one.tolist() for one in found.x] == [[number] * (number % 5) for number in range(900)]
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_parts_of_the_paths_as_values(generate: Generate, tmp_path: Path) -> None:
    for name in ("anna/take_1.h5", "anna/take_10.h5", "bert/take_2.h5"):
        path = tmp_path / "files" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with h5py.File(path, "w") as file:
            file["x"] = np.arange(3)
    schema = """
        name: taken
        bind: plain
        dims: {session: {source: '{subject}/take_{take:int}.h5'}}
        features:
          x:       {dims: [session, 3], dtype: int64}
          take:    {dims: [session], dtype: int16, from: '{take}'}
          subject: {dims: [session], dtype: str, from: '{subject}'}
          person:  {dims: [session], dtype: {enum: [bert, anna]}, from: '{subject}'}
        loaders:
          train: {over: session, where: {subject: anna}, inputs: take, targets: [person, x], batch: 2}
    """
    package = generate(schema)
    with package.Taken(tmp_path / "files") as found:
        assert found.take[:].tolist() == [1, 10, 2]
        assert list(found.subject) == ["anna", "anna", "bert"]
        assert [one.name for one in found.person] == ["anna", "anna", "bert"]
        assert found.session["anna/take_10.h5"]["take"] == 10
        found.verify()
    pytest.importorskip("torch")
    loaders = importlib.import_module(f"{package.__name__}.loaders")
    ((take, (person, x)),) = loaders.train_loader(tmp_path / "files")
    assert (take.tolist(), person.tolist(), x.shape) == ([1, 10], [1, 1], (2, 3))
    small = generate(schema.replace("taken", "small_taken").replace("dtype: int16", "dtype: int8"))
    (tmp_path / "files/anna/take_1.h5").rename(tmp_path / "files/anna/take_1000.h5")
    with pytest.raises(DataError, match="1000 does not fit int8") as caught:
        small.SmallTaken(tmp_path / "files").take[:]
    assert caught.value.where == f"{tmp_path / 'files'}: anna/take_1000.h5"


def test_a_damaged_file_is_not_an_absent_entry(generate: Generate, tmp_path: Path) -> None:
    folder = tmp_path / "takes"
    folder.mkdir()
    for number in range(3):
        with h5py.File(folder / f"t{number}.h5", "w") as file:
            file["x"] = np.full(2, number)
            if number != 1:
                file["y"] = np.full(2, number)
    package = generate("""
        name: damaged_takes
        bind: plain
        dims: {take: {source: 't{number:int}.h5'}}
        features:
          x: {dims: [take, 2], dtype: int64, optional: true}
          y: {dims: [take, 2], dtype: int64, optional: true}
    """)
    with package.DamagedTakes(folder) as found:
        assert [one is None for one in found.y] == [False, True, False]
        assert found.x[1].tolist() == [1, 1]
    whole = (folder / "t2.h5").read_bytes()
    for damaged, what in (
        (whole[:700], "HDF5 cannot open it"),
        (b"", "the file is empty"),
        (b"<html>", "an HTML page"),
    ):
        (folder / "t2.h5").write_bytes(damaged)
        with pytest.raises(FileError, match=what) as caught, package.DamagedTakes(folder) as found:
            found.x[0]
        assert caught.value.where == str(folder / "t2.h5")


def test_files_that_are_closed_are_closed(generate: Generate, tmp_path: Path) -> None:
    folder = tmp_path / "closed"
    folder.mkdir()
    for number in range(3):
        with h5py.File(folder / f"t{number}.h5", "w") as file:
            file["x"] = np.full(2, number)
    package = generate("""
        name: closed_takes
        bind: plain
        dims: {take: {source: 't{number:int}.h5'}}
        features: {x: {dims: [take, 2], dtype: int64}}
    """)
    with package.ClosedTakes(folder) as found:
        assert found.x[:].tolist() == [[0, 0], [1, 1], [2, 2]]
    for number in range(3):
        with h5py.File(folder / f"t{number}.h5", "a") as file:
            file["x"][...] = 9
