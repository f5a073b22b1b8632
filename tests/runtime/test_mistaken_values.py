"""What Python takes for a number or a list, and a user did not mean, is refused when it is written."""

from __future__ import annotations

from enum import IntEnum
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import torch
from blank import declare

from h5schema.errors import DataError
from h5schema.runtime import Array, Axis, Enumerated, IdAxis, Ragged, RaggedAxis, RaggedBlock, Scalar
from h5schema.runtime.any_values import record_of


class Kind(IntEnum):
    """0 and 1, as False and True are."""

    cat = 0
    dog = 1


NUMBERS = (Scalar(np.int8, "row"), Scalar(np.uint64, "row"), Scalar(np.float32, "row"), Enumerated(Kind, "row"))
ARRAYS = (Array(np.int64, "row 2"), Array(np.float64, "row 2"), Array(np.uint8, "row 2", enum=Kind))


def refusal_of(path: Path, feature: Any, block: object) -> str:
    """The words for a block of two entries."""
    reader, writer = declare(row=Axis(dict), time=RaggedAxis(per="row"), x=feature)
    with writer.create(path, overwrite=True) as w:
        with pytest.raises(DataError) as caught:
            w.row.extend({"x": block})
        assert len(w.row) == 0
        w.close()
    assert reader.x is feature
    return str(caught.value)


@pytest.mark.parametrize("feature", NUMBERS, ids=lambda one: one.dtype)
@pytest.mark.parametrize("block", [[0, True], [False, 1], [0, np.True_], np.array([False, True])], ids=repr)
def test_a_bool_is_no_number_and_no_member(tmp_path: Path, feature: Any, block: object) -> None:
    text = refusal_of(tmp_path / "a.h5", feature, block)
    assert f"a.h5: /x{', row' if isinstance(block, list) else ''}" in text
    assert f"true and false are no values of {feature.dtype}" in text
    assert f"x.astype('{feature.dtype}')" in text
    assert "`dtype: bool`" in text


@pytest.mark.parametrize("feature", ARRAYS, ids=lambda one: one.dtype)
def test_a_mask_is_no_array_of_numbers(tmp_path: Path, feature: Any) -> None:
    for block in (np.zeros((2, 2), bool), [[0, 1], [True, 0]], [[0, 1], np.array([True, False])]):
        assert f"no values of {feature.dtype}" in refusal_of(tmp_path / "a.h5", feature, block)
    ragged = Ragged(np.uint8, "row time")
    assert "a.h5: /x, row 1: true and false" in refusal_of(tmp_path / "a.h5", ragged, [[1, 2], np.array([True])])


def test_a_bool_is_a_bool(tmp_path: Path) -> None:
    reader, writer = declare(row=Axis(dict), x=Scalar(np.bool_, "row"))
    with writer.create(tmp_path / "a.h5") as w:
        w.row.extend({"x": [True, np.False_]})
        w.row.extend({"x": np.array([True, False])})
    with reader(tmp_path / "a.h5") as f:
        assert list(f.x) == [True, False, True, False]


@pytest.mark.parametrize("ids", ["ab", b"ab", {"a", "b"}, 5, iter("ab")], ids=lambda one: type(one).__name__)
def test_what_is_no_list_of_ids(tmp_path: Path, ids: Any) -> None:
    reader, writer = declare(row=IdAxis(dict), x=Scalar(np.int8, "row"))
    with writer.create(tmp_path / "a.h5") as w:
        with pytest.raises(DataError, match=r"a\.h5: row: .* is no list of ids") as caught:
            w.row.extend(ids, {"x": [1, 2]})
        assert "give a list with one id for each entry" in str(caught.value)
        w.row.extend(["a"], {"x": [1]})
    with reader(tmp_path / "a.h5") as f:
        assert list(f.row) == ["a"]


@pytest.mark.parametrize("ids", [("a", "b"), np.array(["a", "b"]), np.array(["a", "b"], object)])
def test_lists_of_ids_of_any_make(tmp_path: Path, ids: Any) -> None:
    reader, writer = declare(row=IdAxis(dict), x=Scalar(np.int8, "row"))
    with writer.create(tmp_path / "a.h5") as w:
        w.row.extend(ids, {"x": [1, 2]})
    with reader(tmp_path / "a.h5") as f:
        assert {name: entry["x"] for name, entry in f.row.items()} == {"a": 1, "b": 2}


def test_the_row_of_a_value_that_is_no_member(tmp_path: Path) -> None:
    """Where values lie end to end it is the row of the entry, in reading and in writing."""
    reader, writer = declare(row=Axis(dict), time=RaggedAxis(per="row"), x=Ragged(np.uint8, "row time", enum=Kind))
    good = RaggedBlock(np.array([0, 1, 1, 0, 1], np.uint8), np.array([0, 1, 1, 4, 5]))
    with writer.create(tmp_path / "a.h5") as w:
        with pytest.raises(DataError, match=r"a\.h5: /x, row 2: 5 is no value of Kind"):
            w.row.extend({"x": RaggedBlock(np.array([0, 1, 5, 0, 1], np.uint8), good.offsets)})
        w.row.extend({"x": good})
        with pytest.raises(DataError, match=r"a\.h5: /x, row 5: 7 is no value of Kind"):
            w.row.extend({"x": [[0], [7]]})
    with h5py.File(tmp_path / "a.h5", "r+") as file:
        file["x"][4] = 9
    with reader(tmp_path / "a.h5") as f:
        assert f.x[2].tolist() == [1, 1, 0]
        for rows in ([3], [0, 3, 1], slice(None)):
            with pytest.raises(DataError, match=r"a\.h5: /x, row 3: 9 is no value of Kind"):
                f.x[rows]


@pytest.mark.parametrize(
    ("feature", "noted"),
    [
        (Scalar(np.float32, "row"), "requires grad"),
        (Ragged(np.float32, "row time"), "requires grad"),
        (Array(np.datetime64, "row", stored="datetime64[s]"), "requires grad"),
        (Scalar(np.float32, "row"), "BFloat16"),
    ],
    ids=["grad", "grad, ragged", "grad as a date", "bfloat16"],
)
def test_tensors_of_which_numpy_makes_no_array(tmp_path: Path, feature: Any, noted: str) -> None:
    tensor = torch.ones((), requires_grad=True) if "grad" in noted else torch.ones((), dtype=torch.bfloat16)
    given = tensor.reshape(1) if isinstance(feature, Ragged) else tensor
    text = refusal_of(tmp_path / "a.h5", feature, [given, given])
    assert "/x, row 0: numpy makes no array of this Tensor: " in text
    assert noted in text
    assert "x.detach().cpu().numpy(), of a bfloat16 one x.detach().cpu().float().numpy()" in text


def test_tensors_of_bfloat16_go_into_bfloat16(tmp_path: Path) -> None:
    reader, writer = declare(row=Axis(dict), x=Scalar(np.float32, "row", stored="bfloat16"))
    with writer.create(tmp_path / "a.h5") as w:
        w.row.extend({"x": torch.tensor([1.5, -0.0, torch.inf], dtype=torch.bfloat16)})
    assert reader(tmp_path / "a.h5").x[:].tobytes() == np.array([1.5, -0.0, np.inf], np.float32).tobytes()


@pytest.mark.parametrize("tensor", [torch.ones(2, requires_grad=True), torch.ones(2, dtype=torch.bfloat16)])
def test_tensors_as_values_of_any_dtype(tensor: torch.Tensor) -> None:
    assert record_of(tensor, "x").shape == (2,)
    with pytest.raises(DataError, match="numpy makes no array of this Tensor") as caught:
        record_of(torch.ones(2).to_sparse(), "/nodes/a")
    assert caught.value.where == "/nodes/a"


def test_what_the_error_says_is_right(tmp_path: Path) -> None:
    tensors = [torch.ones((), requires_grad=True), torch.full((), 1.5, dtype=torch.bfloat16)]
    reader, writer = declare(row=Axis(dict), x=Scalar(np.float32, "row", stored="bfloat16"))
    with writer.create(tmp_path / "a.h5") as w:
        w.row.extend({"x": [tensors[0].detach().cpu().numpy(), tensors[1].detach().cpu().float().numpy()]})
    assert reader(tmp_path / "a.h5").x[:].tolist() == [1, 1.5]
