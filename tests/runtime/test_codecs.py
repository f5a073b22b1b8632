"""Chunks that are encoded beside HDF5 are what plain h5py reads, whatever the codec, level and dtype."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from blank import declare
from numpy.typing import NDArray

from h5schema.errors import UsageError
from h5schema.runtime import Array, Axis, codecs
from h5schema.runtime.codec_figures import measured
from h5schema.runtime.codecs import Encoder, creation
from h5schema.vocabulary.codecs import CODECS

REPOSITORY = Path(__file__).parent.parent.parent
LEVELS = [
    (name, level)
    for name, codec in CODECS.items()
    for level in ([None] if codec.level is None else [None, *range(codec.least, codec.most + 1)])
]
DTYPES = [np.dtype(one) for one in ("u1", "<u2", ">u2", "<i8", "<f4", ">f8", "<c16", "?", "S5")]
ROWS = 24
SHAPE = (5, 7)


def values_of(kind: str, dtype: np.dtype[Any], rows: int) -> NDArray[Any]:
    """Rows of a dtype: noise, small numbers, or one value."""
    rng = np.random.default_rng(7)
    size = (rows, *SHAPE)
    if kind == "constant":
        return np.full(size, b"abc" if dtype.kind == "S" else 1, dtype)
    if dtype.kind == "b":
        return rng.integers(0, 2, size).astype(dtype)
    if kind == "small":
        return rng.integers(0, 9, size).astype(dtype)
    return rng.integers(1, 256, (*size, dtype.itemsize), np.uint8).view(dtype)[..., 0]


def read_back(path: Path, codec: str, level: int | None, chunks: list[NDArray[Any]], rows: int) -> NDArray[Any]:
    """What plain h5py reads in a fresh handle, where each chunk was encoded beside HDF5."""
    dtype = chunks[0].dtype
    shape = (ROWS, *SHAPE)
    encoder = Encoder(codec, level, dtype, shape)
    with h5py.File(path, "w") as file:
        made = file.create_dataset(
            "x", (rows, *SHAPE), dtype, chunks=shape, maxshape=(None, *SHAPE), **creation(codec, level, dtype)
        )
        for number, chunk in enumerate(chunks):
            mask, data = encoder.encode(chunk)
            made.id.write_direct_chunk((number * ROWS, 0, 0), data, mask)
        made.resize(len(chunks) * ROWS, axis=0)
    with h5py.File(path) as file:
        found: NDArray[Any] = file["x"][:]
    assert not found[rows:].tobytes().strip(b"\0")  # what no row fills is HDF5's own fill value
    return found[:rows]


@pytest.fixture(params=["imagecodecs", "without imagecodecs"])
def encoders(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the encoders of the extra, and with HDF5's own alone."""
    if request.param != "imagecodecs":
        monkeypatch.setitem(sys.modules, "imagecodecs", None)


@pytest.mark.usefixtures("encoders")
@pytest.mark.parametrize(("codec", "level"), LEVELS)
def test_plain_h5py_reads_what_was_given(tmp_path: Path, codec: str, level: int | None) -> None:
    for dtype in DTYPES:
        for kind in ("noise", "small", "constant"):
            values = values_of(kind, dtype, 2 * ROWS + 5)
            chunks = [values[first : first + ROWS] for first in range(0, len(values), ROWS)]
            found = read_back(tmp_path / "a.h5", codec, level, chunks, len(values))
            assert found.dtype == dtype
            assert found.tobytes() == values.tobytes(), (dtype, kind)


@pytest.mark.usefixtures("encoders")
@pytest.mark.parametrize("codec", CODECS)
def test_noise_and_zeros_in_turn(tmp_path: Path, codec: str) -> None:
    """A chunk that a codec cannot make smaller does not spoil the next one, nor the one before."""
    noise, zeros = values_of("noise", np.dtype("<u2"), ROWS), np.zeros((ROWS, *SHAPE), "<u2")
    chunks = [noise, zeros, noise, noise[::-1], zeros]
    assert np.array_equal(read_back(tmp_path / "a.h5", codec, None, chunks, len(chunks) * ROWS), np.concatenate(chunks))


@pytest.mark.parametrize("codec", CODECS)
def test_the_filters_are_those_of_hdf5(tmp_path: Path, codec: str) -> None:
    """A dataset of numbers is smaller by about as much as when HDF5 encodes it; a byte is not shuffled."""
    values = np.cumsum(np.random.default_rng(0).integers(0, 5, 1 << 16)).astype("<i8")
    mask, data = Encoder(codec, None, values.dtype, values.shape).encode(values)
    with h5py.File(tmp_path / "a.h5", "w") as file:
        made = file.create_dataset("x", data=values, chunks=values.shape, **creation(codec, None, values.dtype))
        file.flush()
        assert mask == made.id.get_chunk_info(0).filter_mask == 0
        assert len(data) < 1.15 * made.id.get_chunk_info(0).size
        assert made.shuffle == (codec not in ("none", "blosc2"))
    assert codec == "none" or len(data) < values.nbytes / 5
    assert "shuffle" not in creation(codec, None, np.dtype("u1"))


@pytest.mark.parametrize("codec", ["default", "zstd", "blosc2"])
def test_threads_share_an_encoder(codec: str) -> None:
    chunks = [np.full((4096,), i, "<u4") + np.arange(4096, dtype="<u4") for i in range(200)]
    encoder = Encoder(codec, None, np.dtype("<u4"), (4096,))
    one_by_one = [encoder.encode(chunk) for chunk in chunks]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(encoder.encode, chunks)) == one_by_one


_MANY = """
import sys
import numpy as np
if sys.argv[2] == "hdf5":
    sys.modules["imagecodecs"] = None
from h5schema.runtime.codecs import Encoder

def held():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096

rng = np.random.default_rng(0)
noise = rng.integers(0, 256, 16384, np.uint8)
encoder = Encoder(sys.argv[1], None, noise.dtype, noise.shape)
before = 0
for number in range(20_000):
    chunk = noise.copy()
    chunk[rng.integers(0, len(chunk)) :] = 0
    encoder.encode(chunk)
    before = held() if number == 1000 else before
print(held() - before)
"""


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="asks Linux how much memory is held")
@pytest.mark.parametrize(("codec", "by"), [("zstd", "imagecodecs"), ("lzf", "hdf5")])
def test_memory_does_not_grow_with_the_number_of_chunks(codec: str, by: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _MANY, codec, by],
        env={"PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert not done.returncode, done.stderr
    assert int(done.stdout) < 1 << 20


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize("layout", ["auto", "chunked"])
def test_what_a_writer_appends_in_pieces(tmp_path: Path, codec: str, layout: str) -> None:
    """Pieces fit no chunk, and noise fits no codec."""
    x = Array(np.uint16, "row 50", codec=codec, chunk=4000, layout=layout)
    reader, writer = declare(row=Axis(dict), x=x)
    rows = np.random.default_rng(0).integers(0, 65536, (333, 50)).astype(np.uint16)
    with writer.create(tmp_path / "a.h5") as w:
        for first in range(0, len(rows), 7):
            w.row.extend({"x": rows[first : first + 7]})
    with reader(tmp_path / "a.h5") as f:
        assert np.array_equal(f.x[:], rows)
        f.verify()
    with h5py.File(tmp_path / "a.h5") as file:
        assert np.array_equal(file["x"][:], rows)
        assert file["x"].chunks == (40, 50)


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(UsageError, match=r"there is no codec `zip`\n  help: codecs are none, default, lzf, zstd"):
        codecs.expect("zip")
    with pytest.raises(UsageError, match=r"the codec `zstd` has no level 23\n  help: its levels are 1 to 22"):
        creation("zstd", 23, np.dtype("u1"))
    with pytest.raises(UsageError, match=r"the codec `lzf` has no levels\n  help: leave `level` out"):
        Encoder("lzf", 3, np.dtype("u1"), (4,))
    with pytest.raises(TypeError, match="according to the rule 'safe'"):
        Encoder("none", None, np.dtype("u1"), (4,)).encode(np.zeros(4, "<f8"))


def test_without_hdf5plugin() -> None:
    code = (
        "import sys; sys.modules['hdf5plugin'] = None\n"
        "from h5schema.runtime.codecs import expect\n"
        "for codec in ('none', 'default', 'lzf', sys.argv[1]):\n"
        "    try: expect(codec)\n"
        "    except ImportError as error: print(type(error).__name__, error)\n"
    )
    for codec in ("zstd", "lz4", "blosc2"):
        done = subprocess.run(
            [sys.executable, "-c", code, codec],
            env={"PYTHONPATH": str(REPOSITORY)},
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        assert done.stdout == (
            f"MissingExtraError the codec `{codec}` needs hdf5plugin\n"
            "  help: pip install 'h5schema[codecs]'; or write `codec: default`, which every HDF5 tool reads\n"
        )


def test_figures_of_a_sample() -> None:
    values = np.cumsum(np.random.default_rng(0).integers(0, 5, (1000, 64)), axis=1).astype("<i4")
    found = {one.codec: one for one in measured(list(CODECS), values, 256)}
    assert list(found) == list(CODECS)
    assert found["none"].ratio == 1000 / 1024  # the last chunk is filled up
    assert all(found[codec].ratio > 1.5 for codec in CODECS if codec != "none")
    assert all(one.encode > 1 and one.decode > 1 for one in found.values())


@pytest.mark.parametrize("codec", ["default", "lzf", "zstd"])
def test_a_chunk_that_is_stored_with_and_without_its_filters_in_turns(tmp_path: Path, codec: str) -> None:
    """Noise is stored as it is, where a codec would make it larger; the same chunk later not, and again."""
    reader, writer = declare(clip=Axis(dict), x=Array(np.uint8, "clip 64", codec=codec, chunk=64))
    noise = np.random.default_rng(0).integers(0, 256, 64).astype(np.uint8)
    with writer.create(tmp_path / "a.h5") as w:
        w.clip.extend({"x": np.ones((3, 64), np.uint8)})
    for values in (noise, np.zeros(64, np.uint8), noise[::-1], np.arange(64, dtype=np.uint8)):
        with writer.edit(tmp_path / "a.h5") as w:
            for number in (1, 2):
                w.x[1] = np.roll(values, number)
                w.commit()
                w.x[1] = np.full(64, number, np.uint8)
                w.commit()
                w.x[1] = values
                w.commit()
                assert np.array_equal(w.x[1], values)
        with reader(tmp_path / "a.h5") as f:
            assert np.array_equal(f.x[1], values)
            f.verify()
