"""Datasets that need a filter are read where it is installed, and say what to install where it is not."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest
from blank import declare

from h5schema.errors import FileError
from h5schema.runtime import Array, Axis
from h5schema.runtime.carrier import DirectCarrier
from h5schema.runtime.codecs import creation
from h5schema.runtime.hdf5_filters import names_of
from h5schema.runtime.inspect import describe
from h5schema.runtime.spans import Spans

HERE = Path(__file__).parent
NUMBERS = {"zstd": 32015, "lz4": 32004, "blosc2": 32026}
VALUES = np.arange(80_000, dtype="<f4").reshape(-1, 8)


@pytest.fixture(params=NUMBERS)
def codec(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def file(codec: str, tmp_path: Path) -> Path:
    """A file in which one feature needs a filter, and one does not."""
    with _classes(codec)[1].create(tmp_path / "a.h5") as w:
        w.row.extend({"x": VALUES, "plain": VALUES})
    return tmp_path / "a.h5"


def _classes(codec: str) -> tuple[type, type]:
    x, plain = Array(np.float32, "row 8", codec=codec), Array(np.float32, "row 8")
    return declare(row=Axis(dict), x=x, plain=plain)


_START = """
import sys
for name in {hidden!r}:
    sys.modules[name] = None
sys.path.insert(0, {packages!r})
import numpy as np
from test_hdf5_filters import _classes
def attempt(what):
    try:
        return what()
    except ImportError.__base__ as error:
        return f"{{type(error).__name__}} {{error}}"
file = _classes({codec!r})[0]({path!r})
"""


def child(code: str, path: Path, codec: str, hidden: tuple[str, ...]) -> list[str]:
    """What a new process prints that has no modules of these names, and no plugins of HDF5."""
    start = _START.format(hidden=hidden, packages=str(HERE), path=str(path), codec=codec)
    packages = os.pathsep.join([str(HERE.parent.parent), str(HERE), str(HERE / "packages")])
    done = subprocess.run(
        [sys.executable, "-c", start + code],
        env={"PYTHONPATH": packages, "HDF5_PLUGIN_PATH": str(path.parent / "no-plugins")},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert not done.returncode, done.stderr
    return done.stdout.splitlines()


@pytest.mark.parametrize("hidden", [(), ("imagecodecs",)], ids=["everything", "no imagecodecs"])
def test_nobody_imports_the_plugin_by_hand(file: Path, codec: str, hidden: tuple[str, ...]) -> None:
    code = (
        "print('hdf5plugin' in sys.modules, file.plain[9_000].sum())\n"
        "print('hdf5plugin' in sys.modules)\n"
        "print(file.x[9_000].sum(), file.x.read(np.arange(0, 10_000, 7)).sum(dtype='f8'), file.verify())\n"
    )
    every = VALUES[::7].sum(dtype="f8")
    first = VALUES[9_000].sum()
    assert child(code, file, codec, hidden) == [f"False {first}", "False", f"{first} {every} None"]


@pytest.mark.parametrize("hidden", [("hdf5plugin",), ("hdf5plugin", "imagecodecs")], ids=["no plugin", "neither"])
def test_what_to_install(file: Path, codec: str, hidden: tuple[str, ...]) -> None:
    code = (
        "print(attempt(lambda: file.x[9_000]))\n"
        "print(attempt(lambda: file.x.read(np.arange(0, 10_000, 7))))\n"
        "print(attempt(file.verify))\n"
        "print(file.plain[9_000].sum())\n"
    )
    said = [
        f"FileError {file}: /x: the dataset needs filter {NUMBERS[codec]} ({codec}) of HDF5, which is not installed",
        "  help: pip install 'h5schema[codecs]', or set HDF5_PLUGIN_PATH to the folder it is in",
    ]
    assert child(code, file, codec, hidden) == [*said * 3, str(VALUES[9_000].sum())]


_EDIT = """
def changed():
    with _classes({codec!r})[1].edit({path!r}) as w:
        w.x[3] = np.full(8, 7, np.float32)
        w.row.append({{"x": np.ones(8, np.float32), "plain": np.ones(8, np.float32)}})
"""


def test_a_new_process_changes_the_file(file: Path, codec: str) -> None:
    """Changing reads chunks that HDF5 is to decode."""
    assert child(_EDIT.format(codec=codec, path=str(file)) + "print(changed())\n", file, codec, ()) == ["None"]
    with _classes(codec)[0](file) as f:
        f.verify()
        assert f.x[3].tolist() == [7] * 8
        assert f.x[10_000].tolist() == [1] * 8
        assert np.array_equal(f.x[4:10_000], VALUES[4:])


def test_what_to_install_before_the_file_is_changed(file: Path, codec: str) -> None:
    before = file.read_bytes()
    code = _EDIT.format(codec=codec, path=str(file)) + "print(attempt(changed))\n"
    assert child(code, file, codec, ("hdf5plugin", "imagecodecs")) == [
        f"FileError {file}: /x: the dataset needs filter {NUMBERS[codec]} ({codec}) of HDF5, which is not installed",
        "  help: pip install 'h5schema[codecs]', or set HDF5_PLUGIN_PATH to the folder it is in",
    ]
    assert file.read_bytes() == before


def test_a_damaged_chunk_is_no_matter_of_permissions(tmp_path: Path) -> None:
    reader_and_writer = _classes("default")
    with reader_and_writer[1].create(tmp_path / "a.h5") as w:
        w.row.extend({"x": VALUES, "plain": VALUES})
    with h5py.File(tmp_path / "a.h5") as opened:
        chunk = opened["x"].id.get_chunk_info(0)
    with (tmp_path / "a.h5").open("r+b") as raw:
        raw.seek(chunk.byte_offset)
        raw.write(b"\xff" * 64)
    with pytest.raises(FileError) as caught, reader_and_writer[1].edit(tmp_path / "a.h5") as w:
        w.x[3] = np.zeros(8, np.float32)
    assert "HDF5 cannot read what is there" in str(caught.value)
    assert "permissions" not in str(caught.value)
    assert "the file is damaged" in str(caught.value)


def test_a_filter_that_nobody_has(tmp_path: Path) -> None:
    """Such as that of nanopores' signals."""
    path = tmp_path / "a.h5"
    with h5py.File(path, "w") as made:
        plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        plist.set_chunk((4,))
        plist.set_filter(32020, h5py.h5z.FLAG_OPTIONAL, (0, 2, 1, 1))
        space = h5py.h5s.create_simple((4,))
        h5py.h5d.create(made.id, b"signal", h5py.h5t.STD_I16LE, space, plist).write_direct_chunk((0,), b"vbz!")
    with h5py.File(path) as opened:
        with pytest.raises(FileError) as caught:
            DirectCarrier(opened, path).fetch((Spans("/signal", np.arange(3)),))
        assert str(caught.value) == (
            f"{path}: /signal: the dataset needs filter 32020 (vbz) of HDF5, which is not installed\n"
            "  help: install a plugin of HDF5 that has it, or set HDF5_PLUGIN_PATH to the folder it is in"
        )


def test_names_of_filters(tmp_path: Path, file: Path, codec: str) -> None:
    said = codec if codec == "blosc2" else f"shuffle + {codec}"
    assert [one.codec for one in describe(file).features] == ["none", said]
    assert "chunks" not in str(describe(file)) or said in str(describe(file))
    with h5py.File(tmp_path / "b.h5", "w") as made:
        for name, wanted in (("default", "shuffle + deflate"), ("lzf", "shuffle + lzf"), ("none", "")):
            options = creation(name, None, VALUES.dtype)
            assert names_of(made.create_dataset(name, data=VALUES, chunks=(100, 8), **options)) == wanted
