"""An id is found in an index of any size, by a few short reads; in an index that is not uniform too."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import h5py
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from h5schema.runtime import ids as index
from h5schema.runtime.carrier import H5pyCarrier
from h5schema.runtime.spans import Fetched, Spans

HASHES = st.one_of(st.integers(0, (1 << 64) - 1), st.integers(0, 300), st.sampled_from([7, 1 << 63, (1 << 64) - 1]))


class Counted(H5pyCarrier):
    """Counts rows and reads."""

    reads = 0
    rows = 0

    def fetch(self, spans: Sequence[Spans]) -> Fetched:
        got = super().fetch(spans)
        self.reads += 1
        self.rows += sum(map(len, got))
        return got


def searched(path: Path, hashes: NDArray[np.uint64], wanted: Sequence[int]) -> Counted:
    """Holds that exactly the rows with a hash are found."""
    with h5py.File(path, "w") as file:
        rows = np.stack([hashes, np.arange(len(hashes), dtype=np.uint64)], axis=1)
        file["/.h5schema/dims/d/index"] = rows
        carrier = Counted(file)
        ids = index.Ids("d", fixed=True, carrier=carrier, file=str(path))
        for one in wanted:
            assert ids._candidates(one) == np.flatnonzero(hashes == np.uint64(one)).tolist()
        return carrier


@given(known=st.lists(HASHES, max_size=400), other=st.lists(HASHES, max_size=5), repeat=st.integers(1, 40))
def test_exactly_the_rows_with_a_hash(tmp_path: Path, known: list[int], other: list[int], repeat: int) -> None:
    hashes = np.sort(np.array(known, np.uint64).repeat(repeat))
    searched(tmp_path / "a.h5", hashes, [*known[:20], *other])


@pytest.mark.parametrize("count", [1_000, 1_000_000])
def test_a_large_index_costs_what_a_small_one_costs(tmp_path: Path, count: int) -> None:
    hashes = np.sort(np.random.default_rng(0).integers(0, 1 << 64, count, dtype=np.uint64))
    carrier = searched(tmp_path / "a.h5", hashes, hashes[:: count // 100].tolist())
    assert carrier.reads <= 500
    assert carrier.rows <= 100 * 300
