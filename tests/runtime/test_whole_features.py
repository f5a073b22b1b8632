"""Features without entries: one value for the file, stored as the schema says."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
from blank import declare

from h5schema.runtime import Array, Axis, Scalar


def test_a_codec_of_a_feature_without_entries(tmp_path: Path) -> None:
    reader, writer = declare(
        row=Axis(dict),
        x=Scalar(np.int64, "row"),
        table=Array(np.float32, "500 1000", codec="default"),
        pieces=Array(np.uint8, "300 1000", layout="chunked", chunk=10_000),
        plain=Array(np.float32, "5"),
    )
    values = np.arange(500_000, dtype=np.float32).reshape(500, 1000)
    pieces = (values[:300] % 251).astype(np.uint8)
    with writer.create(tmp_path / "a.h5") as w:
        w.table, w.pieces, w.plain = values, pieces, np.ones(5, np.float32)
    with reader(tmp_path / "a.h5") as f:
        assert np.array_equal(f.table[()], values)
        assert np.array_equal(f.pieces[()], pieces)
        f.verify()
    with h5py.File(tmp_path / "a.h5") as file:
        assert (file["table"].compression, file["table"].shuffle) == ("gzip", True)
        assert file["table"].chunks == (262, 1000)
        assert file["pieces"].chunks == (10, 1000)
        assert file["plain"].chunks is None


def test_noise_in_chunks_without_filters_is_read_while_writing(tmp_path: Path) -> None:
    """lzf leaves out what it cannot make smaller, and such a chunk is read at once."""
    reader, writer = declare(row=Axis(dict), x=Array(np.uint8, "row 1000", codec="lzf", chunk=20_000))
    rows = np.random.default_rng(0).integers(0, 256, (50, 1000)).astype(np.uint8)
    with writer.create(tmp_path / "a.h5") as w:
        for at in range(0, 50, 10):
            w.row.extend({"x": rows[at : at + 10]})
            assert np.array_equal(w.x[:], rows[: at + 10])
    with reader(tmp_path / "a.h5") as f:
        assert np.array_equal(f.x[:], rows)
        f.verify()
