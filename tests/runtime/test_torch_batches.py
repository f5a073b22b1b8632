"""Batches hold what h5py reads, in every form, order and number of workers."""

from __future__ import annotations

import pickle
from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="loaders need torch")

from blank import declare  # noqa: E402
from everything.examples import entry, name_of, write  # noqa: E402
from everything.groups import Everything, Label  # noqa: E402
from everything.loaders import Chosen, Filled, Narrow, NotFilled, Numbers, Pad, Shuffled, Steps  # noqa: E402

from h5schema.errors import DataError, H5SchemaError, UsageError  # noqa: E402
from h5schema.runtime import Among, Array, Axis, Batch, Check, Plan, Scalar, Take  # noqa: E402
from h5schema.runtime.torch import Loader, Masked, Packed, Padded  # noqa: E402
from h5schema.runtime.view import RowError  # noqa: E402

COUNT = 60
ENTRIES = [entry(i) for i in range(COUNT)]


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("loaders") / "a.h5", COUNT)


def test_dense_batches(path: Path) -> None:
    batches = list(Numbers.loader(path))
    assert len(batches) == COUNT // 5 == len(Numbers.loader(path))
    with h5py.File(path) as file:
        for b, (inputs, targets) in enumerate(batches):
            rows = slice(5 * b, 5 * b + 5)
            for name in ("flag", "i8", "i64", "u16", "u64", "f16", "c64", "c128"):
                stored = file[f"scalars/{name}"][rows]
                assert inputs[name].numpy().dtype == stored.dtype
                assert np.array_equal(inputs[name].numpy(), stored)
            assert np.array_equal(inputs["states"].numpy(), file["states"][rows])
            assert inputs["states"].dtype == torch.int64 or inputs["states"].dtype == torch.int8
            assert inputs["label"].dtype == targets.dtype == torch.int64
            assert inputs["small"].dtype == torch.uint8
            assert np.array_equal(targets.numpy(), file["label"][rows])
            f32, nested = inputs["nested"]
            assert np.array_equal(f32.numpy(), file["scalars/f32"][rows])
            assert np.array_equal(nested["f64"].numpy(), file["scalars/f64"][rows])
            assert np.array_equal(nested["as32"].numpy(), file["scalars/f64"][rows].astype(np.float32))
            assert inputs["row"].tolist() == list(range(rows.start, rows.stop))
            assert inputs["id"] == [name_of(i) for i in range(rows.start, rows.stop)]
            assert inputs["name"] == [ENTRIES[i]["name"] for i in range(rows.start, rows.stop)]
            assert inputs["code"] == [ENTRIES[i]["code"] for i in range(rows.start, rows.stop)]
            assert inputs["matrix"].tolist() == [[0, 1, 2], [3, 4, 5]]
            assert inputs["mode"].item() == 1
            assert inputs["title"] in ("Everything, grün\n", ["Everything, grün\n"])


def test_a_file_is_read_piece_by_piece_or_from_memory(path: Path) -> None:
    wanted = list(Shuffled.loader(path))
    for access, workers in (("read", 0), ("read", 2), ("memory", 0)):
        loader = Shuffled.loader(path, access=access, workers=workers)
        assert pickle.loads(pickle.dumps(loader.dataset)).source.access == access
        got = list(loader)
        assert [repr(batch) for batch in got] == [repr(batch) for batch in wanted]
    with Everything(path) as mapped, Everything(path, access="read") as pieces:
        again = pickle.loads(pickle.dumps(pieces))
        rows = np.array([5, 0, 59, 5])
        assert (
            mapped.states.read(rows).tolist() == pieces.states.read(rows).tolist() == again.states.read(rows).tolist()
        )


def test_ragged_batches(path: Path) -> None:
    for b, batch in enumerate(Pad.loader(path)):
        traces = [one["trace"] for one in ENTRIES[4 * b : 4 * b + 4]]
        lengths = [len(one) for one in traces]
        pad, mask, packed = batch["pad"], batch["mask"], batch["packed"]
        assert isinstance(pad, Padded)
        assert isinstance(mask, Masked)
        assert isinstance(packed, Packed)
        assert pad.values.shape == (4, max(lengths), 3)
        assert pad.lengths.tolist() == lengths
        assert mask.mask.dtype == torch.bool
        assert mask.mask.sum(1).tolist() == lengths
        for i, trace in enumerate(traces):
            assert np.array_equal(pad.values[i, : len(trace)].numpy(), trace)
            assert not pad.values[i, len(trace) :].any()
            assert np.array_equal(mask.values[i][mask.mask[i]].numpy(), trace)
            assert np.array_equal(packed.values[packed.offsets[i] : packed.offsets[i + 1]].numpy(), trace)
            assert np.array_equal(batch["list"][i].numpy(), trace)
            assert np.array_equal(
                batch["flags"].values[i, : len(trace)].numpy(), ENTRIES[4 * b + i]["flags"].astype(np.float32)
            )
        assert batch["flags"].values.dtype == torch.float32


def test_batches_may_be_written_into(path: Path) -> None:
    data = Pad(path)
    batch = data[2]
    before = batch["pad"].values.clone()
    for tensor in (*batch["pad"], *batch["mask"], *batch["packed"], *batch["list"]):
        tensor.zero_()
    assert torch.equal(data[2]["pad"].values, before)


def test_where(path: Path) -> None:
    expected = [
        i
        for i, one in enumerate(ENTRIES)
        if one["label"] in (Label.rouge_vif, Label.class_)
        and one["maybe"]["number"] is not None
        and one["maybe"]["code"] is None
        and one["checked"] <= float(np.float32(0.8))  # a bound is meant in the precision of the feature
    ]
    assert expected, "the examples hold such entries"
    ((rows, numbers),) = Chosen.loader(path)
    assert rows.tolist() == expected
    assert numbers.tolist() == [ENTRIES[i]["maybe"]["number"] for i in expected]


def test_fill(path: Path) -> None:
    (batch,) = Filled.loader(path)
    some = [one["maybe"] for one in ENTRIES]
    assert batch["number"].tolist() == [-1 if one["number"] is None else one["number"] for one in some]
    assert batch["nan"].isnan().tolist() == [one["number"] is None for one in some]
    assert batch["array"].tolist() == [[7, 7] if one["array"] is None else one["array"].tolist() for one in some]
    assert batch["label"].dtype == torch.int64
    assert batch["label"].tolist() == [-100 if one["label"] is None else int(one["label"]) for one in some]
    assert batch["name"] == ["nobody" if one["name"] is None else one["name"] for one in some]
    assert batch["code"] == ["" if one["code"] is None else one["code"] for one in some]


def test_what_may_be_absent_needs_a_word(path: Path) -> None:
    with pytest.raises(DataError) as caught:
        NotFilled(path)
    assert "maybe/number, row 1" in str(caught.value)
    assert "present" in str(caught.value)
    assert "fill" in str(caught.value)
    present = [i for i, one in enumerate(ENTRIES) if one["maybe"]["number"] is not None]
    assert len(NotFilled(path, subset=present)) == len(present)


def loader_of(take: Take, file: Any) -> Any:
    """A loader of one input."""
    return type("One", (Loader,), {"file": file, "plan": Plan(over="row", sample=take, batch=Batch(100))})


@pytest.mark.parametrize(
    ("stored", "values", "loaded", "fits"),
    [
        ("float64", [1 / 3, 1e30], "float32", True),
        ("float64", [1.0, 1e300], "float32", False),
        ("float64", [np.inf, np.nan], "float32", True),
        ("float64", [65504.0, 65520.0], "float16", False),
        ("float64", [1.0, 2.0], "int8", True),
        ("float64", [1.0, 2.5], "int8", False),
        ("float64", [1.0, 300.0], "int8", False),
        ("float64", [1.0, np.nan], "int64", False),
        ("float64", [1.0, 2.0**63], "int64", False),
        ("float64", [1.0, -1.0], "uint8", False),
        ("int64", [1, 255], "uint8", True),
        ("int64", [1, 256], "uint8", False),
        ("int64", [1, -1], "uint64", False),
        ("uint64", [1, 2**63], "int64", False),
        ("int64", [1, 2**53], "float64", True),
        ("int64", [1, 2**53 + 1], "float64", False),
        ("int64", [1, 2**63 - 1], "float64", False),
        ("uint64", [1, 2**64 - 1], "float64", False),
        ("int32", [1, 16777217], "float32", False),
        ("int32", [1, 16777216], "float32", True),
        ("uint16", [1, 65535], "float16", False),
        ("uint8", [0, 1], "bool", True),
        ("uint8", [0, 2], "bool", False),
        ("bool", [False, True], "float32", True),
        ("complex128", [1 + 1j, 1e300], "complex64", False),
        ("complex128", [1 + 1j, 1 / 3], "complex64", True),
        ("complex128", [1, 2], "float64", False),
        ("float64", [1 / 3, 2.0], "complex64", True),
        ("float32", [1 / 3, 2.0], "complex64", True),
    ],
)
def test_dtypes_asked_for(tmp_path: Path, stored: str, values: list[Any], loaded: str, fits: bool) -> None:
    reader, writer = declare(row=Axis(dict), x=Scalar(np.dtype(stored).type, "row"))
    given = np.array(values, stored)
    with writer.create(tmp_path / "a.h5") as w:
        w.row.extend({"x": given})
    loader = loader_of(Take("x", dtype=loaded), reader).loader(tmp_path / "a.h5")
    if fits:
        (batch,) = loader
        assert batch.numpy().dtype == np.dtype(loaded)
        assert np.array_equal(batch.numpy(), given.astype(loaded), equal_nan=stored != "bool" and loaded != "bool")
    else:
        with pytest.raises(DataError, match=rf"a\.h5: /x.*\n?.*{loaded}"):
            list(loader)


def test_a_value_that_changes_is_named(path: Path) -> None:
    with pytest.raises(DataError) as caught:
        list(Narrow.loader(path))
    assert "a.h5: /scalars/i64" in str(caught.value)
    assert str(2**53 + 1) in str(caught.value)
    assert "sample 0" in str(caught.value)  # the dim, and the row


def test_conditions_that_leave_nothing_are_an_error(path: Path) -> None:
    class Nothing(Chosen):
        plan = replace(Chosen.plan, where={"label": Among("class"), "checked": Check(above=5)})

    with pytest.raises(DataError, match="no sample is left of 60 entries by where label"):
        Nothing.loader(path)


@pytest.mark.parametrize("subset", [[3, 1], [name_of(3), name_of(1)], "mask", np.array([1, 3])])
def test_subset_and_limit(path: Path, subset: Any) -> None:
    if isinstance(subset, str):
        subset = np.isin(np.arange(COUNT), [1, 3])
    rows = [row for batch in Numbers.loader(path, subset=subset) for row in batch[0]["row"].tolist()]
    assert rows == [1, 3], "in the order of the file"
    assert len(Numbers(path, subset=subset, limit=1)) == 1
    assert len(Numbers(path, limit=10)) == 10
    assert len(Numbers(path, limit=10_000)) == COUNT
    assert len(Numbers(path, subset=[])) == 0
    assert list(Numbers.loader(path, subset=[])) == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"subset": [COUNT]}, "position 60"),
        ({"subset": [-1]}, "position -1"),
        ({"subset": ["nobody"]}, "nobody"),
        ({"subset": np.ones(3, bool)}, "mask"),
        ({"subset": np.array([0.5])}, "no entry"),
        ({"subset": [1.5]}, "1.5"),
        ({"subset": [True] * 3}, "mask"),
        ({"subset": [1, 0, 1]}, r"sample: the entry 1 is given twice\n  help: .*numpy\.asarray\(mask, bool\)"),
        ({"subset": np.array([3, 3])}, "given twice"),
        ({"subset": [name_of(2), name_of(2)]}, "given twice"),
        ({"subset": np.array(1)}, r"sample: array\(1\) is no list of entries"),
        ({"subset": [2**70]}, "position 1180591620717411303424 of 60 entries"),
        ({"limit": -1}, "limit"),
        ({"batch_size": 0}, "batch_size"),
    ],
)
def test_arguments_that_do_not_fit(path: Path, arguments: Any, message: str) -> None:
    with pytest.raises(H5SchemaError, match=message):
        Numbers.loader(path, **arguments)


def rows_of(loader: Any) -> list[int]:
    return [row for (_, rows), _ in loader for row in rows.tolist()]


def test_each_epoch_is_a_bijection_of_its_own(path: Path) -> None:
    with Shuffled.file(path) as f:
        part = f.split("random/train").tolist()
    loader = Shuffled.loader(path, seed=3)
    epochs = [rows_of(loader) for _ in range(4)]
    assert all(sorted(epoch) == part for epoch in epochs)
    assert len({tuple(epoch) for epoch in epochs}) == 4
    again = Shuffled.loader(path, seed=3)
    again.set_epoch(2)
    assert rows_of(again) == epochs[2]
    assert rows_of(again) == epochs[3]
    assert rows_of(Shuffled.loader(path, seed=4)) != epochs[0]
    assert rows_of(Shuffled.loader(path, shuffle=False)) == part


def test_keys_of_the_declaration_at_the_call(path: Path) -> None:
    assert [len(batch) for batch in Steps.loader(path)] == [10] * 12
    assert [len(batch) for batch in Steps.loader(path, batch_size=50)] == [50, 50]
    assert [len(batch) for batch in Steps.loader(path, batch_size=50, drop_last=False)] == [50, 50, 20]
    assert sorted(torch.cat(list(Steps.loader(path, shuffle=True))).tolist()) == list(range(2 * COUNT))


def flat(batch: Any) -> list[Any]:
    """The leaves of a batch, as bytes or texts."""
    if isinstance(batch, dict):
        return [leaf for key in batch for leaf in flat(batch[key])]
    if isinstance(batch, list | tuple):
        return [leaf for item in batch for leaf in flat(item)]
    return [batch.numpy().tobytes() if isinstance(batch, torch.Tensor) else batch]


@pytest.mark.parametrize("method", ["fork", "spawn"])
@pytest.mark.parametrize("kind", [Shuffled, Pad])
def test_workers_give_the_same_batches(path: Path, method: str, kind: Any) -> None:
    """Also after the parent has opened the file."""
    alone = kind.loader(path, seed=1)
    _ = alone.dataset[0]
    expected = [[flat(batch) for batch in alone] for _ in range(2)]
    loader = kind.loader(path, seed=1, workers=2)
    loader.multiprocessing_context = method
    _ = loader.dataset[0]
    assert [[flat(batch) for batch in loader] for _ in range(2 if method == "fork" else 1)] == expected[
        : 2 if method == "fork" else 1
    ]
    assert flat(loader.dataset[0]) == flat(alone.dataset[0]), "the parent reads on"


def test_pickles_are_small(tmp_path: Path) -> None:
    reader, writer = declare(row=Axis(dict), x=Array(np.uint8, "row 2"))
    with writer.create(tmp_path / "a.h5") as w:
        w.row.extend({"x": np.zeros((200_000, 2), np.uint8)})
    data = loader_of(Take("x"), reader)
    import sys

    sys.modules[__name__].One = data
    data.__module__, data.__qualname__ = __name__, "One"
    reader.__qualname__ = "Blank"
    sys.modules["blank"].Blank = reader
    one = data(tmp_path / "a.h5")
    assert one[199_999].shape == (1, 2)
    assert len(pickle.dumps(one)) < 10_000
    again = pickle.loads(pickle.dumps(one))
    assert len(again) == 200_000
    assert again[5].tolist() == [[0, 0]]


def test_map_style_use(path: Path) -> None:
    data = Shuffled(path)
    (states, rows), labels = data[0]
    assert states.shape == (1, 3)
    assert rows.tolist() == [data.rows[0]]
    assert labels.shape == (1,)
    (states, _), _ = data[[3, 1, 1]]
    assert states.shape == (3, 3)
    assert torch.equal(states[1], states[2])
    for index in (len(data), [0, -len(data) - 1]):
        with pytest.raises(
            RowError, match=rf"Shuffled of .*a\.h5: sample -?\d+ is asked for, but there are {len(data)}"
        ):
            _ = data[index]
    assert torch.equal(data[-1][1], data[len(data) - 1][1])
    plain = torch.utils.data.DataLoader(data, batch_size=4, collate_fn=data.collated)
    assert sum(len(batch[1]) for batch in plain) == len(data)


def test_unknown_splits(path: Path) -> None:
    bad = type("Bad", (Shuffled,), {"plan": Plan(over="sample", split="random/val", sample=Take("label"))})
    with pytest.raises(UsageError, match="no part 'random/val'"):
        bad(path)
