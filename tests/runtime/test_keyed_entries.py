"""Ragged dims whose entries have ids, and mappings of values in them: case 11."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import torch
from blank import declare

from h5schema.errors import DataError, H5SchemaError
from h5schema.runtime import (
    Array,
    ArrayNodes,
    IdAxis,
    Json,
    KeyedAxis,
    Ragged,
    RaggedAxis,
    Scalar,
    StateDict,
    Tree,
    optional,
)
from h5schema.runtime.ids import UnknownIdError
from h5schema.runtime.repacking import repack

RNG = np.random.default_rng(11)
WEIGHTS: dict[str, Any] = {
    "layer.0.weight": RNG.normal(size=(5, 3)).astype(np.float32),
    "layer.0.bias": np.array([0.0, -0.0, np.nan, np.inf]),
    "half": torch.tensor([1.5, -2.0, float("nan"), 1e-40], dtype=torch.bfloat16),
    "half.one": torch.tensor(3.0, dtype=torch.bfloat16),
    "half.none": torch.zeros(0, 2, dtype=torch.bfloat16),
    "steps": 7,
    "rate": 0.1,
    "on": True,
    "none": np.zeros((0, 2), np.int8),
    "name": "häuser",
    "raw": b"\0ab\0",
    "inner": {"deep": {"w": np.arange(6, dtype=np.uint64).reshape(2, 3)}},
}


def experiments(**options: Any) -> tuple[Any, Any]:
    return declare(
        run=IdAxis(dict),
        step=RaggedAxis(per="run"),
        checkpoint=KeyedAxis(dict, per="run"),
        note=RaggedAxis(per="checkpoint"),
        param=KeyedAxis(dict, per="checkpoint", spread="/state/{run}/{checkpoint}/{param:path}"),
        config=Json("run"),
        loss=Ragged(np.float32, "run step"),
        epoch=Scalar(np.int32, "checkpoint"),
        scores=Array(np.float64, "checkpoint 2"),
        notes=optional(Ragged(np.int8, "checkpoint note")),
        state=Tree("param", at="state/{run}/{checkpoint}/{param:path}", **options),
    )


Reader, Creator = experiments()


def entry(number: int, state: Any = None) -> dict[str, Any]:
    return {
        "epoch": number,
        "scores": [number, 0.5],
        "notes": None,
        "state": {"w": [number]} if state is None else state,
    }


def run(*losses: float) -> dict[str, Any]:
    return {"config": {"lr": 0.1}, "loss": np.array(losses, np.float32)}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = tmp_path / "a.h5"
    with Creator.create(made) as w:
        w.run["one"] = run(1, 2)
        w.run["two"] = run()
        w.checkpoint["one", "best"] = entry(1, WEIGHTS)
        w.checkpoint["one", "last"] = entry(2)
        w.checkpoint["two", "best"] = entry(3, {})
    return made


def found(path: Path) -> dict[tuple[str, ...], tuple[int, list[str]]]:
    """What a file holds, verified."""
    with Reader(path) as f:
        f.verify()
        return {key: (one["epoch"], sorted(one["state"])) for key, one in f.checkpoint.items()}


def bits(value: Any) -> Any:
    """What a value is, to the bit."""
    if isinstance(value, torch.Tensor):
        value = (value.float() if value.dtype == torch.bfloat16 else value).numpy()
    return (
        value
        if isinstance(value, str | bytes)
        else (np.asarray(value).dtype, np.shape(value), np.asarray(value).tobytes())
    )


def test_M16_entries_are_found_by_tuples_of_ids(path: Path) -> None:
    with Reader(path) as f:
        assert list(f.checkpoint) == [("one", "best"), ("one", "last"), ("two", "best")]
        assert f.checkpoint["one", "last"]["epoch"] == 2
        assert f.epoch["two", "best"] == f.epoch[2] == 3
        assert f.epoch[[("two", "best"), ("one", "best")]].tolist() == [3, 1]
        assert f.scores["one", "last", 1:].tolist() == [0.5]
        assert list(f.checkpoint.of("one")) == ["best", "last"]
        assert f.checkpoint.of("one")["best"]["scores"].tolist() == [1, 0.5]
        assert ("two", "best") in f.checkpoint
        assert ("two", "last") not in f.checkpoint
        assert len(f.checkpoint) == 3
        with pytest.raises(UnknownIdError, match="no entry of checkpoint has the id 'two/last'"):
            f.checkpoint["two", "last"]
        with pytest.raises(UnknownIdError, match="no entry of run has the id 'three'"):
            f.checkpoint.of("three")
        with pytest.raises(DataError, match=r"(?s)'one' is no id.*\(an id of run, an id of checkpoint\)"):
            f.checkpoint["one"]


def test_M16_a_state_dict_comes_back_to_the_bit(path: Path) -> None:
    with Reader(path) as f:
        state = f.state["one", "best"]
        wanted = {name: value for name, value in WEIGHTS.items() if name != "inner"}
        wanted["inner/deep/w"] = WEIGHTS["inner"]["deep"]["w"]
        assert isinstance(state, StateDict)
        assert set(state) == set(wanted)
        for name, value in wanted.items():
            assert bits(state[name]) == bits(value), name
        nested = state.nested()
        assert bits(nested["inner"]["deep"]["w"]) == bits(wanted["inner/deep/w"])  # type: ignore[index,call-overload]
        assert bits(state.under("inner")["deep/w"]) == bits(wanted["inner/deep/w"])
        assert dict(f.state["two", "best"]) == {}
        assert f.state[1]["w"].tolist() == [2]
        assert [len(one) for one in f.state] == [12, 1, 0]
        with pytest.raises(KeyError, match="no entry of param has the id 'v'"):
            state["v"]


@pytest.mark.parametrize("codec", ["none", "zstd"])
def test_D2_each_array_is_found_by_its_path_with_plain_h5py(tmp_path: Path, codec: str) -> None:
    _, creator = experiments(codec=codec)
    with creator.create(tmp_path / "a.h5") as w:
        w.run["one"] = run()
        w.checkpoint["one", "best"] = entry(1, WEIGHTS)
    with h5py.File(tmp_path / "a.h5") as file:
        assert (file["state/one/best/layer.0.weight"][:] == WEIGHTS["layer.0.weight"]).all()
        assert file["state/one/best/inner/deep/w"][1, 2] == 5
        assert file["state/one/best/half"][:2].tolist() == [1.5, -2.0]
        assert file["state/one/best/steps"][()] == 7


def test_entries_are_replaced_pruned_and_renamed(path: Path) -> None:
    with Creator.edit(path) as w:
        w.checkpoint["one", "best"] = entry(9, {"a": [1], "b": {"c": [2]}})
        del w.checkpoint["one", "last"]
        w.state["two", "best"] = {"z": np.arange(3)}
        w.epoch["two", "best"] = 8
        assert list(w.checkpoint) == [("one", "best"), ("two", "best")]
        assert w.state["one", "best"]["b/c"].tolist() == [2]
    assert found(path) == {("one", "best"): (9, ["a", "b/c"]), ("two", "best"): (8, ["z"])}
    with Creator.edit(path) as w:
        w.checkpoint.rename(("one", "best"), ("two", "other"))
        w.run.rename("two", "2")
    assert found(path) == {("2", "other"): (9, ["a", "b/c"]), ("2", "best"): (8, ["z"])}
    with Creator.edit(path) as w:
        del w.run["2"]
    assert found(path) == {}
    with h5py.File(path) as file:
        assert "2" not in file["state"], "folders of which nothing is left go, too"


def test_a_copied_state_keeps_its_types(path: Path) -> None:
    with Creator.edit(path) as w:
        w.checkpoint["two", "copy"] = entry(4, {"all": w.state["one", "best"], "more": 1})
    with h5py.File(path) as file:
        old, new = file["state/one/best/half"], file["state/two/copy/all/half"]
        assert old.id.get_type().equal(new.id.get_type())
    with Reader(path) as f:
        assert bits(f.state["two", "copy"].under("all")["half"]) == bits(WEIGHTS["half"])


def test_what_is_read_from_a_writer_stays_what_it_was(path: Path) -> None:
    with Creator.edit(path) as w:
        w.checkpoint["two", "last"] = entry(7)
        w.state["one", "last"], w.state["two", "last"] = w.state["two", "last"], w.state["one", "last"]
        w.checkpoint["two", "best"] = entry(3, {"a": {"b": [1]}})
        kept = w.checkpoint["two", "best"]
        w.checkpoint["two", "best"] = entry(4, {"a": {"b": [2]}})
        w.checkpoint["two", "old"] = kept
        held, within = w.state["two", "last"], w.checkpoint.of("two")
        gone = w.checkpoint.pop(("one", "best"))
        assert gone["state"]["name"] == WEIGHTS["name"]
        assert set(gone["state"].nested()) == set(WEIGHTS)
        assert kept["state"].under("a")["b"].tolist() == [1]
        assert [within[name]["epoch"] for name in ("best", "last", "old")] == [4, 7, 3]
        w.checkpoint.rename(("two", "last"), ("two", "x"))
        w.checkpoint.rename(("two", "old"), ("two", "last"))
        assert held["w"].tolist() == [2]
        assert w.state["one", "last"]["w"].tolist() == [7]
        key, last = w.checkpoint.popitem()
        assert (key, last["state"]["a/b"].tolist()) == (("two", "last"), [1])
    assert found(path) == {("one", "last"): (2, ["w"]), ("two", "x"): (7, ["w"]), ("two", "best"): (4, ["a/b"])}
    with Reader(path) as f:
        assert (f.state["two", "x"]["w"].tolist(), f.state["two", "best"]["a/b"].tolist()) == ([2], [2])


def test_mistaken_uses_of_a_state_dict_say_what_to_do(path: Path) -> None:
    loop: dict[str, Any] = {"w": [1]}
    loop["inner"] = loop
    with Creator.edit(path) as w:
        with pytest.raises(H5SchemaError, match="more than 100 mappings within each other, or one holds itself"):
            w.state["one", "best"] = loop
        with pytest.raises(H5SchemaError, match=r"(?s)'w' is not written by itself.*a whole mapping"):
            w.state["one", "last"]["w"] = 1
        with pytest.raises(DataError, match=r"(?s)given one by one.*of\('one', 'best'\)"):
            w.param.of(("one", "best"))
        assert list(w.param.of("one", "last")) == ["w"]
    assert found(path)["one", "last"] == (2, ["w"])


def test_a_prefix_under_which_nothing_lies_is_no_empty_mapping(path: Path) -> None:
    with Reader(path) as f:
        with pytest.raises(KeyError, match=r"(?s)no value lies under 'iner'.*did you mean 'inner'"):
            f.state["one", "best"].under("iner")
        with pytest.raises(KeyError, match=r"(?s)no value lies under 'name'.*values lie under 'inner', 'inner/deep'"):
            f.state["one", "best"].under("name")


def test_mappings_that_share_their_names(tmp_path: Path) -> None:
    reader, creator = declare(
        run=IdAxis(dict),
        param=KeyedAxis(dict, per="run", spread="/w/{run}/{param:path}"),
        weights=Tree("param", at="w/{run}/{param:path}"),
        mean=optional(Tree("param", at="m/{run}/{param:path}")),
    )
    with creator.create(tmp_path / "a.h5") as w:
        w.run["a"] = {"weights": {"w": [1], "v": {"x": [2]}}, "mean": {"w": [3]}}
        w.run["b"] = {"weights": {}}
        with pytest.raises(DataError, match=r"(?s)q has no value here, and weights and mean share the names of param"):
            w.run["c"] = {"weights": {"w": [1]}, "mean": {"q": [3]}}
        with pytest.raises(DataError, match="weights has values of the same names"):
            w.mean["a"] = {"w": [1]}
        with pytest.raises(DataError, match=r"(?s)means is no feature of an entry of run.*mean, weights"):
            w.run["c"] = {"weights": {}, "means": {}}
        with pytest.raises(DataError, match="the entry has no weights"):
            w.run["c"] = {}
    with reader(tmp_path / "a.h5") as f:
        f.verify()
        assert {key: {name: sorted(one) for name, one in entry.items()} for key, entry in f.run.items()} == {
            "a": {"weights": ["v/x", "w"], "mean": ["w"]},
            "b": {"weights": [], "mean": []},
        }
        assert f.mean["a"]["w"].tolist() == [3]
        assert f.param["a", "v/x"] == {"weights": 2, "mean": None}
        assert ("a",) not in f.param


def test_repacked(path: Path) -> None:
    before = found(path)
    repack(Reader, path, text="")
    assert found(path) == before
    with Reader(path) as f:
        assert bits(f.state["one", "best"]["half"]) == bits(WEIGHTS["half"])


@pytest.mark.parametrize(
    ("key", "state", "said"),
    [
        (("three", "best"), {}, "no entry of run has the id 'three'"),
        (("one", ""), {}, "is no id"),
        (("one",), {}, "is no id"),
        (("one", 3), {}, "is no id"),
        (("one", "a"), [1], "list is no mapping"),
        (("one", "a"), {"x": None}, "x has no value"),
        (("one", "a"), {"x": object()}, "object is no array of numbers"),
        (("one", "a"), {3: [1]}, "3 is no name"),
        (("one", "a"), {"x": {}}, "x is an empty mapping"),
        (("one", "a"), {"x": {"y": 1}, "x/y": 2}, "x/y is given twice"),
        (("one", "a"), {"x": 1, "x/y": 2}, "x is a value, and x/y would lie within it"),
        (("one", "a"), {"x/../y": 2}, "'..' is no name for a part of it"),
        (("one", "a"), {"x//y": 2}, "'' is no name for a part of it"),
        (("one", "a/b"), {"y": 2}, "the id 'a/b' has a slash"),
        (("one", "a"), {"y": 1, "\udc80": 2}, "it cannot be written as utf-8"),
        (("one", "a"), {"y": 1, "x": np.zeros((1,) * 33)}, "the array has 33 dims, and a dataset of HDF5 at most 32"),
    ],
)
def test_what_cannot_be_said_changes_nothing(path: Path, key: Any, state: Any, said: str) -> None:
    before = found(path)
    with Creator.edit(path) as w:
        with pytest.raises(H5SchemaError, match=said.replace(".", r"\.")):
            w.checkpoint[key] = entry(5, state)
        w.commit()
    assert found(path) == before
    with Creator.edit(path) as w, pytest.raises(H5SchemaError):
        w.checkpoint["one", "best"] = {"epoch": 5, "scores": [1, 2, 3], "state": {}}
    assert found(path) == before


@pytest.mark.parametrize("name", ["image", "image/b", "more", "fixed", "fixed/x"])
def test_a_name_where_another_feature_lies_changes_nothing(tmp_path: Path, name: str) -> None:
    reader, creator = declare(
        run=IdAxis(dict, spread="/s/{run}/image"),
        param=KeyedAxis(dict, per="run", spread="/s/{run}/{param:path}"),
        image=ArrayNodes(np.uint8, "run 2", at="s/{run}/image"),
        deep=optional(ArrayNodes(np.uint8, "run 2", at="s/{run}/more/deep")),
        number=Scalar(np.int32, "run", at="s/a/fixed"),
        state=Tree("param", at="s/{run}/{param:path}"),
    )
    with creator.create(tmp_path / "a.h5") as w:
        with pytest.raises(DataError, match=f"the id 'a/{name}' is the path of no dataset"):
            w.run["a"] = {"image": [1, 2], "number": 1, "state": {"w": [1], name: [2]}}
        assert list(w.run) == []
        w.run["a"] = {"image": [3, 4], "number": 5, "state": {"w": [6]}}
    with reader(tmp_path / "a.h5") as f:
        f.verify()
        assert (f.image["a"].tolist(), f.state["a"]["w"].tolist()) == ([3, 4], [6])


def test_an_id_with_a_slash_has_nothing_within(path: Path) -> None:
    with Creator.edit(path) as w:
        w.run["2026/11"] = run()
        with pytest.raises(DataError, match="the id '2026/11' has a slash, so nothing can be within it"):
            w.checkpoint["2026/11", "best"] = entry(1)
        with pytest.raises(DataError, match="has a slash, and there are entries within 'one'"):
            w.run.rename("one", "a/b")
        with pytest.raises(H5SchemaError, match="state: each entry of checkpoint has names of its own"):
            w.checkpoint.extend([("one", "x")], {"epoch": [1], "scores": [[1, 2]]})
    assert len(found(path)) == 3


def test_ids_that_begin_alike_are_told_apart(path: Path) -> None:
    with Creator.edit(path) as w:
        w.run["on"] = run()
        w.run["onee"] = run()
        w.checkpoint["on", "e"] = entry(5, {"best/w": 1})
        w.checkpoint["onee", "best"] = entry(6, {"w": 2})
        del w.run["one"]
    assert found(path) == {("two", "best"): (3, []), ("on", "e"): (5, ["best/w"]), ("onee", "best"): (6, ["w"])}


def logs() -> tuple[Any, Any]:
    return declare(
        run=IdAxis(dict),
        step=RaggedAxis(per="run"),
        loss=Ragged(np.float32, "run step"),
        lr=optional(Ragged(np.float64, "run step")),
        grads=optional(Ragged(np.float32, "run step 2")),
    )


def test_features_over_one_dim_grow_together(tmp_path: Path) -> None:
    reader, creator = logs()
    wanted: dict[str, dict[str, list[Any]]] = {"a": {"loss": [], "lr": []}, "b": {"loss": []}}
    with creator.create(tmp_path / "a.h5") as w:
        w.run["a"] = {"loss": [], "lr": []}
        w.run["b"] = {"loss": []}
    for turn in range(3):
        with creator.edit(tmp_path / "a.h5") as w:
            for number in range(turn, 40):
                w.step.append("a", {"loss": number / 2, "lr": number / 3})
                w.step.append("b", {"loss": number + 0.5})
                wanted["a"]["loss"].append(number / 2)
                wanted["a"]["lr"].append(number / 3)
                wanted["b"]["loss"].append(number + 0.5)
                if number % 10 == 3:
                    w.loss.append("b", [1, 2, 3])
                    w.step.append("a", {"loss": np.zeros(2, np.float32), "lr": [1, 2]})
                    wanted["b"]["loss"] += [1, 2, 3]
                    wanted["a"]["loss"] += [0, 0]
                    wanted["a"]["lr"] += [1, 2]
                    w.commit()
        with reader(tmp_path / "a.h5") as f:
            f.verify()
            assert {key: {name: list(f.run[key][name]) for name in one} for key, one in wanted.items()} == wanted
            assert f.lr["b"] is None
    with creator.edit(tmp_path / "a.h5") as w:
        w.run["c"] = {"loss": []}
        w.step.append("c", {"loss": 1, "grads": [1, 2]})
        w.step.append("c", {"loss": [2, 3], "grads": [[3, 4], [5, 6]]})
    with reader(tmp_path / "a.h5") as f:
        f.verify()
        assert f.grads["c"].tolist() == [[1, 2], [3, 4], [5, 6]]


@pytest.mark.parametrize(
    ("append", "said"),
    [
        (
            lambda w: w.step.append("a", {"loss": 1}),
            "lr run over step too.*at once: file.step.append",
        ),
        (lambda w: w.loss.append("a", 1), "lr run over step too, and would no longer have the same length"),
        (
            lambda w: w.step.append("b", {"loss": 1, "lr": 2}),
            "lr is absent in this entry, which has 2 values of",
        ),
        (lambda w: w.step.append("a", {"loss": [1, 2], "lr": [1]}), "2 of loss, 1 of lr would be added"),
        (lambda w: w.step.append("a", {"loss": 1, "lr": "x"}), "lr"),
        (lambda w: w.step.append("a", {"lr": 1}), "loss run over step too"),
        (lambda w: w.step.append("a", {"losses": 1}), "losses is no feature over step"),
        (lambda w: w.step.append("a", {}), "no values by feature"),
        (lambda w: w.step.append("c", {"loss": 1}), "no entry of run has the id 'c'"),
    ],
)
def test_what_would_differ_in_length_is_refused(tmp_path: Path, append: Any, said: str) -> None:
    reader, creator = logs()
    with creator.create(tmp_path / "a.h5") as w:
        w.run["a"] = {"loss": [1], "lr": [1]}
        w.run["b"] = {"loss": [1, 2]}
        w.step.append("a", {"loss": 2, "lr": 2})
        with pytest.raises(H5SchemaError, match=f"(?s){said}"):
            append(w)
    with reader(tmp_path / "a.h5") as f:
        f.verify()
        assert [one["loss"].tolist() for one in f.run.values()] == [[1, 2], [1, 2]]
        assert f.lr["a"].tolist() == [1, 2]
