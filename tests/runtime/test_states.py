"""State dicts of torch, through a file: models, optimizers, generators. M16."""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch
from test_keyed_entries import Creator, Reader, bits, entry, run
from torch import nn

from h5schema.errors import DataError
from h5schema.runtime.torch import packed, tensors, unpacked


class Named(NamedTuple):
    """Comes back as a plain tuple, so it is refused."""

    one: int
    other: int


def kept(tmp_path: Path, state: Any) -> Any:
    """A state dict of a file."""
    with Creator.create(tmp_path / "a.h5", overwrite=True) as w:
        w.run["one"] = run()
        w.checkpoint["one", "best"] = entry(1, state)
    return Reader(tmp_path / "a.h5").state["one", "best"]


def same(one: Any, other: Any) -> bool:
    """Whether two values are equal to the bit and in their types."""
    if type(one) is not type(other):
        return False
    if isinstance(one, torch.Tensor):
        wide = [value.float() if value.dtype == torch.bfloat16 else value for value in (one, other)]
        return one.dtype == other.dtype and bits(wide[0]) == bits(wide[1])
    if isinstance(one, dict):
        return list(one) == list(other) and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    return repr(one) == repr(other)


def model() -> nn.Module:
    return nn.Sequential(nn.Linear(4, 5), nn.BatchNorm1d(5), nn.Linear(5, 2))


def trained(net: nn.Module, optimizer: torch.optim.Optimizer, steps: int) -> list[float]:
    generator = torch.Generator().manual_seed(3)
    losses: list[float] = []
    for _ in range(steps):
        loss = net(torch.randn(8, 4, generator=generator).to(next(net.parameters()).dtype)).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float64])
def test_M16_a_model_and_its_optimizer_go_on_as_if_nothing_happened(tmp_path: Path, dtype: torch.dtype) -> None:
    torch.manual_seed(0)
    net = model().to(dtype)
    optimizer = torch.optim.AdamW(net.parameters(), lr=0.01)
    trained(net, optimizer, 3)
    state = kept(tmp_path, {"model": net.state_dict(), "optimizer": packed(optimizer.state_dict())})
    other = model().to(dtype)
    other.load_state_dict(tensors(state.under("model")))
    again = torch.optim.AdamW(other.parameters())
    again.load_state_dict(unpacked(state.under("optimizer")))
    assert same(dict(again.state_dict()), dict(optimizer.state_dict()))
    assert trained(other, again, 5) == trained(net, optimizer, 5)


@pytest.mark.parametrize(
    "state",
    [
        {},
        [],
        None,
        7,
        torch.tensor([1, 2]),
        {
            0: {"x": torch.ones(1)},
            "0": torch.zeros(2),
            "a/b": torch.eye(2),
            "": torch.eye(1),
            "values": {"0": torch.ones(3)},
        },
        {"structure.json": torch.ones(2), "..": [torch.ones(1), (1, 2.5, None, True, "x")]},
        {"nan": float("nan"), "inf": -float("inf"), "big": 2**80, "text": "häuser\0", "deep": {"er": {}}},
        {
            "bits": torch.tensor([float("nan"), -0.0], dtype=torch.bfloat16),
            "c": torch.tensor(1j),
            "h": torch.ones(1).half(),
        },
        {"rng": torch.get_rng_state(), "np": np.float64(0.5), "array": np.arange(3, dtype=np.uint16)},
    ],
)
def test_what_is_packed_comes_back(tmp_path: Path, state: Any) -> None:
    found = unpacked(kept(tmp_path, packed(state)))
    assert repr(found) == repr(state)
    assert same(found, state)


def test_bfloat16_is_bfloat16_again(tmp_path: Path) -> None:
    bits = torch.arange(-(2**15), 2**15, dtype=torch.int32).to(torch.int16)
    state = kept(tmp_path, {"every": bits.view(torch.bfloat16)})
    found = tensors(state)["every"]
    assert isinstance(found, torch.Tensor)
    assert found.dtype == torch.bfloat16
    assert torch.equal(found.view(torch.int16), bits)
    assert state["every"].dtype == np.float32


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ({"a": {"b": object()}}, "a/b: a object is no tensor.*nothing is pickled"),
        ({"a": [torch.float32]}, "a/0: a dtype is no tensor"),
        ({(1, 2): 3}, r"the state: \(1, 2\) is a key"),
        ({"a": {1, 2}}, "a: a set is no tensor"),
        ({"a": np.str_("x")}, r"a: a str_ is no tensor.*give str\(\.\.\.\) of it, which is what would come back"),
        ({"a": [np.bytes_(b"x")]}, "a/0: a bytes_ is no tensor"),
        ({"a": defaultdict(int)}, r"a: a defaultdict is no tensor.*give dict\(\.\.\.\)"),
        ([Named(1, 2)], r"0: a Named is no tensor.*give tuple\(\.\.\.\)"),
        ({"a": np.array(["x"])}, "a: an array of <U1 is no tensor"),
        ({"a": np.datetime64("2020-01-01")}, "a: a datetime64 is no tensor"),
        ({"a": np.ma.masked_array([1, 2], [0, 1])}, "a: a MaskedArray is no tensor"),
    ],
)
def test_objects_are_refused(state: Any, said: str) -> None:
    with pytest.raises(DataError, match=f"(?s){said}"):
        packed(state)


def test_what_comes_back_as_another_is_equal(tmp_path: Path) -> None:
    state = {
        "ordered": OrderedDict(a=1),
        "size": torch.Size([1, 2]),
        "weight": nn.Parameter(torch.ones(2)),
        "big": np.array([1, 2], ">f4"),
    }
    found: Any = unpacked(kept(tmp_path, packed(state)))
    assert (type(found["ordered"]), found["ordered"]) == (dict, {"a": 1})
    assert (type(found["size"]), found["size"]) == (tuple, (1, 2))
    assert (type(found["weight"]), found["weight"].requires_grad) == (torch.Tensor, False)
    assert (found["big"].dtype, found["big"].tolist()) == (np.dtype("<f4"), [1, 2])


@pytest.mark.parametrize(
    "text",
    ["nope", "{}", '{"dict": 3}', '{"tensor": "q"}', '{"dict": [[1]]}', '{"float": "x"}', '{"other": []}', "[" * 9999],
)
def test_a_structure_that_is_none_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(DataError, match=r"(?s)structure\.json is not what `packed` writes.*give what `packed` made"):
        unpacked(kept(tmp_path, {"structure.json": text}))


def test_what_was_not_packed_is_not_unpacked(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"there is no text structure\.json"):
        unpacked(kept(tmp_path, {"w": [1]}))
    with pytest.raises(DataError, match="torch has no"):
        tensors(kept(tmp_path, {"w": np.zeros(2, np.longdouble)}))


@pytest.mark.parametrize(
    "tensor",
    [
        torch.ones(2, requires_grad=True),
        nn.Parameter(torch.ones(2)),
        torch.ones(4, 4).T[1:],
        torch.ones(2).expand(3, 2),
    ],
)
def test_tensors_of_all_kinds_are_taken(tmp_path: Path, tensor: torch.Tensor) -> None:
    assert torch.equal(tensors(kept(tmp_path, {"w": tensor}))["w"], tensor.detach())  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "tensor", [torch.ones(2).to_sparse(), torch.ones(2, device="meta"), torch.ones(2).to(torch.float8_e5m2)]
)
def test_tensors_that_numpy_has_not_are_refused(tmp_path: Path, tensor: torch.Tensor) -> None:
    with pytest.raises(DataError, match="numpy makes no array of this Tensor"):
        kept(tmp_path, {"w": tensor})
