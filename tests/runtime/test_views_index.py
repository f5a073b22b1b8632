"""Every way to index a view, equal with numpy on the same values."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from blank import declare
from hypothesis import given
from hypothesis import strategies as st

from h5schema.errors import DataError, H5SchemaError
from h5schema.runtime import Array, IdAxis, Ragged, RaggedAxis, Scalar, Text

COUNT = 300
DENSE = np.random.default_rng(0).integers(0, 10**6, (COUNT, 5)).astype(np.int32)
RAGGED = [np.arange(i % 7, dtype=np.float32) + i for i in range(COUNT)]
TEXTS = [f"text {i}" * (i % 3) for i in range(COUNT)]
IDS = [f"id/{i}" for i in range(COUNT)]

Reader, Creator = declare(
    row=IdAxis(dict),
    time=RaggedAxis(per="row"),
    plain=Array(np.int32, "row 5", chunk=1000),
    packed=Array(np.int32, "row 5", chunk=1000, codec="default"),
    wave=Ragged(np.float32, "row time", chunk=500),
    text=Text("row"),
    whole=Scalar(np.int64, ""),
)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Any:
    path = tmp_path_factory.mktemp("views") / "a.h5"
    with Creator.create(path) as w:
        w.row.extend(IDS, {"plain": DENSE, "packed": DENSE, "wave": RAGGED, "text": TEXTS})
        w.whole = 5
    with Reader(path) as opened:
        yield opened


def expect(file: Any, index: Any, rows: np.ndarray[Any, Any]) -> None:
    """All kinds of features give what numpy gives."""
    assert np.array_equal(file.plain[index], DENSE[rows])
    assert np.array_equal(file.packed[index], DENSE[rows])
    assert list(file.text[index]) == [TEXTS[i] for i in rows]
    wave = file.wave[index]
    assert len(wave) == len(rows)
    assert all(np.array_equal(one, RAGGED[i]) for one, i in zip(wave, rows, strict=True))
    assert wave.values.dtype == np.float32


indices = st.lists(st.integers(-COUNT, COUNT - 1), max_size=40)


@given(index=indices)
def test_lists_of_positions(file: Any, index: list[int]) -> None:
    expect(file, index, np.arange(COUNT)[index] if index else np.empty(0, int))


@given(index=indices, dtype=st.sampled_from(["int64", "int32", "int16"]))
def test_arrays_of_positions(file: Any, index: list[int], dtype: str) -> None:
    expect(file, np.array(index, dtype), np.arange(COUNT)[np.array(index, int)])


ends = st.none() | st.integers(-COUNT - 5, COUNT + 5)


@given(start=ends, stop=ends, step=st.none() | st.integers(-50, 50).filter(bool))
def test_slices(file: Any, start: int | None, stop: int | None, step: int | None) -> None:
    expect(file, slice(start, stop, step), np.arange(COUNT)[start:stop:step])


@given(seed=st.integers(0, 10), share=st.sampled_from([0.0, 0.01, 0.5, 1.0]), as_list=st.booleans())
def test_masks(file: Any, seed: int, share: float, as_list: bool) -> None:
    mask = np.random.default_rng(seed).random(COUNT) < share
    expect(file, mask.tolist() if as_list else mask, np.flatnonzero(mask))


@given(rows=st.lists(st.integers(0, COUNT - 1), max_size=20))
def test_ids(file: Any, rows: list[int]) -> None:
    expect(file, [IDS[row] for row in rows], np.array(rows, int))


def test_one_entry(file: Any) -> None:
    for row in (0, 1, COUNT - 1, -1, -COUNT, np.int64(7), np.uint8(9)):
        assert np.array_equal(file.plain[row], DENSE[row])
        assert np.array_equal(file.wave[row], RAGGED[row])
        assert file.text[row] == TEXTS[row]
    assert np.array_equal(file.plain["id/17"], DENSE[17])
    assert file.whole[()] == 5


def test_read_of_rows(file: Any) -> None:
    rows = np.array([5, 5, 299, 0])
    assert np.array_equal(file.plain.read(rows), DENSE[rows])
    assert file.plain.read(np.empty(0, np.int64)).shape == (0, 5)
    with pytest.raises(DataError, match="row -1"):
        file.plain.read(np.array([-1]))


@pytest.mark.parametrize("index", [COUNT, -COUNT - 1, [0, COUNT], np.array([COUNT]), np.array([-COUNT - 1])])
def test_rows_outside_are_refused(file: Any, index: Any) -> None:
    with pytest.raises(IndexError, match=r"a\.h5: /plain: row -?30[01] is asked for, but there are 300"):
        file.plain[index]


@pytest.mark.parametrize(
    "index",
    [
        2.0,
        [1.5],
        True,
        np.True_,
        None,
        Ellipsis,
        (1, 2),
        (slice(None), 0),
        [True, 1],
        np.zeros(COUNT - 1, bool),
        [True, False],
        np.zeros((2, 2), int),
        np.array([0.5]),
        b"id/1",
        [[1, 2]],
        np.array([2**64 - 1], np.uint64),
        2**70,
    ],
)
def test_what_is_no_index_is_refused(file: Any, index: Any) -> None:
    with pytest.raises(H5SchemaError) as caught:
        file.plain[index]
    assert "a.h5: /plain" in str(caught.value)
    assert "help:" in str(caught.value)


def test_the_empty_tuple_is_for_what_has_no_entries(file: Any) -> None:
    with pytest.raises(DataError, match=r"/plain.*\n.*\[:\]"):
        file.plain[()]
    with pytest.raises(DataError, match="no entries"):
        file.whole["id/1"]


def test_an_unknown_id_is_a_key_error(file: Any) -> None:
    with pytest.raises(KeyError, match="no entry of row has the id 'id/999'"):
        file.plain["id/999"]
    with pytest.raises(KeyError, match="id/999"):
        file.row["id/999"]
    assert "id/999" not in file.row
    assert 3 not in file.row
    assert file.row.get("id/999") is None


def test_what_is_read_is_read_only_and_a_copy(file: Any) -> None:
    for block in (file.plain[:3], file.plain[0], file.wave[5], file.wave[:3].values):
        with pytest.raises(ValueError, match="read-only"):
            block[...] = 0


def test_iteration(file: Any) -> None:
    assert [one.tolist() for one in file.plain] == DENSE.tolist()
    assert list(file.text) == TEXTS
    assert list(file.row) == IDS
    assert list(file.row.ids(np.array([3, 1]))) == ["id/3", "id/1"]
    assert file.row["id/3"]["text"] == TEXTS[3]


def test_views_say_what_they_are(file: Any) -> None:
    assert "plain: int32 [row, 5]" in repr(file.plain)
