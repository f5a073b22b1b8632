"""`call: checkpoint`: what torch saved, of which nothing is executed."""

from __future__ import annotations

import os
import pickle
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from making import extracted

from h5schema.errors import DataError
from h5schema.extractors.checkpoint import load

torch = pytest.importorskip("torch", reason="checkpoints need torch: pip install 'h5schema[torch]'")

MODEL = OrderedDict(
    [
        ("fc.weight", torch.arange(6, dtype=torch.float32).reshape(2, 3).t()),
        ("fc.bias", torch.tensor([1.5, -0.25], dtype=torch.bfloat16)),
        ("steps", torch.tensor(7)),
    ]
)
SAVED = {
    "model": MODEL,
    "optimizer": {
        "state": {0: {"momentum": torch.ones(2, requires_grad=True)}},
        "groups": [{"lr": 0.1, "ids": [0, 1]}],
    },
    "epoch": 3,
    "name": "run",
}


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("checkpoints") / "a.pt"
    torch.save(SAVED, path)
    return path


def test_M21_a_checkpoint_is_a_mapping_of_arrays(saved: Path) -> None:
    found: Any = load(saved)
    assert list(found) == ["model", "optimizer", "epoch", "name"]
    weight, bias = found["model"]["fc.weight"], found["model"]["fc.bias"]
    assert (type(weight), weight.dtype, weight.tolist()) == (np.ndarray, np.float32, [[0, 3], [1, 4], [2, 5]])
    assert torch.equal(bias, MODEL["fc.bias"])
    assert bias.dtype == torch.bfloat16
    assert (found["model"]["steps"].shape, int(found["model"]["steps"])) == ((), 7)
    assert found["optimizer"]["state"]["0"]["momentum"].tolist() == [1, 1]
    assert found["optimizer"]["groups"] == [{"lr": 0.1, "ids": [0, 1]}]
    assert (found["epoch"], found["name"]) == (3, "run")


def test_M21_one_value_of_a_checkpoint(saved: Path) -> None:
    assert load(saved, item="model/steps").value == 7
    assert list(load(saved, item="").value) == list(SAVED)
    for item, said in {
        "modl/steps": "no 'modl' .*there are model, optimizer, epoch, name",
        "epoch/1": "no '1' .*what comes before it is no mapping",
    }.items():
        with pytest.raises(DataError, match=said.replace(" .*", "(?s:.*)")):
            load(saved, item=item)


class _Hostile:
    """Runs a command when it is unpickled."""

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, ("touch hostile_was_here",)


def test_M21_a_hostile_checkpoint_is_refused_and_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for number, save in enumerate(
        (
            lambda path: torch.save({"model": _Hostile()}, path),
            lambda path: torch.save({"model": _Hostile()}, path, _use_new_zipfile_serialization=False),
            lambda path: path.write_bytes(pickle.dumps(_Hostile(), protocol=2)),
        )
    ):
        path = tmp_path / f"{number}.pt"
        save(path)
        with pytest.raises(DataError, match=r"the checkpoint holds objects \(posix.system\), which could run code"):
            load(path)
    torch.save(torch.nn.Linear(2, 2), tmp_path / "whole.pt")
    with pytest.raises(DataError, match=r"torch\.save\(model\.state_dict\(\), path\)"):
        load(tmp_path / "whole.pt")
    assert not (tmp_path / "hostile_was_here").exists()


@pytest.mark.filterwarnings("ignore:Detected pickle protocol:UserWarning")
def test_a_damaged_checkpoint_is_refused_in_our_words(saved: Path, tmp_path: Path) -> None:
    whole = saved.read_bytes()
    rng = np.random.default_rng(0)
    damaged = [b"", b"no checkpoint", whole[:300], whole[: len(whole) // 2]]
    for _ in range(60):
        flipped = bytearray(whole)
        for at in rng.integers(0, len(whole), 4):
            flipped[at] ^= 1 << int(rng.integers(8))
        damaged.append(bytes(flipped))
    said = []
    for encoded in damaged:
        (tmp_path / "b.pt").write_bytes(encoded)
        try:
            load(tmp_path / "b.pt")
        except DataError as error:
            said.append(error.what)
    assert len(said) > 10
    assert all(one.startswith(("this is no checkpoint of torch", "the checkpoint h")) for one in said)
    with pytest.raises(DataError, match="No such file"):
        load(tmp_path / "none.pt")


def test_a_checkpoint_that_holds_itself_is_refused(tmp_path: Path) -> None:
    inner: dict[str, object] = {}
    inner["inner"] = inner
    torch.save(inner, tmp_path / "a.pt")
    with pytest.raises(DataError, match="nested too deep, or holds itself"):
        load(tmp_path / "a.pt")


@pytest.mark.filterwarnings("ignore:Sparse")
def test_tensors_that_are_no_arrays_are_refused(tmp_path: Path) -> None:
    for tensor, said in (
        (torch.eye(3).to_sparse(), "sparse, quantized or without data"),
        (torch.zeros(2).to(torch.float8_e4m3fn), "a tensor of torch.float8_e4m3fn"),
    ):
        torch.save({"a": {"b": tensor}}, tmp_path / "a.pt")
        with pytest.raises(DataError, match=f"the checkpoint has {said}.* at 'a/b'|{said} at 'a/b'"):
            load(tmp_path / "a.pt")


SCHEMA = """
h5schema: 1
name: saved_runs
version: 1.0.0
dims:
  run: {source: '{name}.pt'}
features:
  epoch: {dims: [run], dtype: int64, call: checkpoint}
  weight: {dims: [run, 3, 2], dtype: float32, call: checkpoint, params: {item: model/fc.weight}}
  bias: {dims: [run, 2], dtype: bfloat16, call: checkpoint, params: {item: model/fc.bias}}
"""


def test_M21_values_of_checkpoints_are_features(saved: Path, tmp_path: Path) -> None:
    made = extracted(tmp_path, SCHEMA, "", {"a.pt": saved.read_bytes(), "b.pt": saved.read_bytes()})
    with made.groups.SavedRuns(made.path) as file:
        assert file.epoch[:].tolist() == [3, 3]
        assert np.array_equal(file.weight["b.pt"], MODEL["fc.weight"].numpy())
        assert file.bias["a.pt"].tolist() == [1.5, -0.25]
        file.verify()
