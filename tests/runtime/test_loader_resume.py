"""A loader goes on in the middle of an epoch with exactly the batches that were left."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="loaders need torch")

from blank import declare  # noqa: E402
from everything.examples import write  # noqa: E402
from everything.loaders import Pad, Shuffled  # noqa: E402

from h5schema.errors import UsageError  # noqa: E402
from h5schema.runtime import Axis, Balanced, Batch, Plan, Scalar, Take, Weighted  # noqa: E402
from h5schema.runtime.torch import Loader  # noqa: E402

COUNT = 60
WAYS = [{}, {"threads": 2}, {"workers": 1}, {"workers": 2}, {"workers": 2, "persistent_workers": True}]


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("resume") / "a.h5", COUNT)


def rows(batches: Any) -> list[list[int]]:
    return [position.tolist() for (_, position), _ in batches]


def some(iterator: Any, count: int) -> list[Any]:
    return [next(iterator) for _ in range(count)]


@pytest.mark.parametrize("how", WAYS, ids=str)
def test_an_epoch_is_continued_three_times(path: Path, how: dict[str, Any]) -> None:
    whole = Shuffled.loader(path, seed=5, batch_size=3)
    first, second, third = rows(whole), rows(whole), rows(whole)
    loader = Shuffled.loader(path, seed=5, batch_size=3, **how)
    assert rows(loader) == first
    seen: list[list[int]] = []
    iterator = iter(loader)
    for count in (2, 3, 1):
        seen += rows(some(iterator, count))
        state = json.loads(json.dumps(loader.state_dict()))  # as a file keeps it
        iterator.close()
        loader = Shuffled.loader(path, seed=5, batch_size=3, **how)
        loader.load_state_dict(state)
        assert len(loader) == len(second), "of a whole epoch"
        iterator = iter(loader)
    seen += rows(iterator)
    assert seen == second
    assert rows(loader) == third


def test_a_state_is_that_of_the_last_batch_that_was_given(path: Path) -> None:
    loader = Shuffled.loader(path, seed=1, batch_size=4)
    everything = rows(loader)
    loader.set_epoch(0)
    assert rows(loader) == everything
    before = Shuffled.loader(path, seed=1, batch_size=4).state_dict()
    assert (before["epoch"], before["batch"]) == (0, 0)
    loader.set_epoch(0)
    for number, _ in enumerate(loader, 1):
        state = loader.state_dict()
        assert (state["epoch"], state["batch"]) == (0, number)
        again = Shuffled.loader(path, seed=1, batch_size=4)
        again.load_state_dict(state)
        assert rows(again) == everything[number:]
        assert again.state_dict()["epoch"] == 1
    assert loader.state_dict()["epoch"] == 1


def test_an_epoch_that_is_named_again_is_gone_on_with(path: Path) -> None:
    """A training loop that calls `set_epoch` before each epoch needs no word more to be continued."""
    loader = Shuffled.loader(path, batch_size=4)
    first, second = rows(loader), rows(loader)
    iterator = iter(again := Shuffled.loader(path, batch_size=4))
    some(iterator, 2)
    state = again.state_dict()
    again = Shuffled.loader(path, batch_size=4)
    again.load_state_dict(state)
    found = []
    for epoch in (0, 1):
        again.set_epoch(epoch)
        found.append(rows(again))
    assert found == [first[2:], second]
    again.set_epoch(0)
    assert rows(again) == first


def test_a_pass_that_was_left_is_followed_by_the_next_epoch(path: Path) -> None:
    loader = Shuffled.loader(path, batch_size=4)
    _, second = rows(loader), rows(loader)
    loader.set_epoch(0)
    for _ in loader:
        break
    assert loader.state_dict()["batch"] == 1
    assert rows(loader) == second


@pytest.mark.parametrize(
    ("other", "message"),
    [
        ({"batch_size": 5}, "batch_size 4, and here it is 5"),
        ({"seed": 2}, "seed 0, and here it is 2"),
        ({"shuffle": False}, "sampler 'Shuffled', and here it is 'InOrder'"),
        ({"limit": 7}, "samples"),
        ({"rank": 1, "world": 2}, "world 1, and here it is 2"),
    ],
)
def test_a_state_of_another_order_is_refused(path: Path, other: dict[str, Any], message: str) -> None:
    state = Shuffled.loader(path, batch_size=4).state_dict()
    loader = Shuffled.loader(path, **({"batch_size": 4} | other))
    with pytest.raises(UsageError, match=message):
        loader.load_state_dict(state)
    with pytest.raises(UsageError, match="no state of a loader"):
        loader.load_state_dict({"epoch": 1})
    with pytest.raises(UsageError, match="batch is -1"):
        loader.load_state_dict({**loader.state_dict(), "batch": -1})


@pytest.mark.parametrize(
    ("one", "other", "message"),
    [
        ({"sampler": Balanced("count")}, {"sampler": Weighted("count")}, "Balanced.*'count'.*Weighted.*'count'"),
        ({"sampler": Balanced("count")}, {"sampler": Balanced("small")}, "Balanced.*'count'.*'small'"),
        ({"subset": range(20)}, {"subset": range(20, 40)}, "over other samples, as many as here: 20"),
        ({"limit": 20}, {"subset": range(1, 21)}, "over other samples, as many as here: 20"),
    ],
)
def test_a_state_of_other_samples_is_refused(
    numbers: Any, one: dict[str, Any], other: dict[str, Any], message: str
) -> None:
    kind, path = numbers
    state = kind.loader(path, **one).state_dict()
    kind.loader(path, **one).load_state_dict(json.loads(json.dumps(state)))
    with pytest.raises(UsageError, match=message):
        kind.loader(path, **other).load_state_dict(state)


@pytest.fixture(scope="module")
def numbers(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A loader over 40 whole numbers, and its file."""
    reader, writer = declare(row=Axis(dict), count=Scalar(np.int64, "row"), small=Scalar(np.int16, "row"))
    path = tmp_path_factory.mktemp("numbers") / "a.h5"
    with writer.create(path) as w:
        w.row.extend({"count": np.arange(40) % 3 + 1, "small": np.arange(40, dtype=np.int16)})
    return type("Numbers", (Loader,), {"file": reader, "plan": Plan("row", Take("count"), batch=Batch(4))}), path


def test_what_is_no_state_is_refused(path: Path) -> None:
    loader = Shuffled.loader(path, batch_size=4)
    for no_state in (None, [1, 2], {}, {"of": 3}, 7):
        with pytest.raises(UsageError, match="this is no state of a loader"):
            loader.load_state_dict(no_state)  # type: ignore[arg-type]
    state, batches = loader.state_dict(), len(loader)
    with pytest.raises(UsageError, match=f"after batch {batches + 1} of epoch 0, which has {batches}"):
        loader.load_state_dict({**state, "batch": batches + 1})
    loader.load_state_dict({**state, "batch": batches})
    assert rows(loader) == []
    assert len(rows(loader)) == batches


@pytest.mark.filterwarnings("ignore:'set_vital' is deprecated")  # torchdata 0.11 calls it
@pytest.mark.parametrize("workers", [0, 2])
def test_torchdata_continues_a_dataset(path: Path, workers: int) -> None:
    """Its StatefulDataLoader over our dataset, in torchdata's order and in ours."""
    stateful = pytest.importorskip("torchdata.stateful_dataloader").StatefulDataLoader

    def made(ours: bool) -> Any:
        data = Shuffled(path)
        if ours:
            order = Shuffled.loader(path, batch_size=3, seed=4).order
            return stateful(data, batch_sampler=order, num_workers=workers, collate_fn=Shuffled.collated)
        torch.manual_seed(7)
        return stateful(data, batch_size=3, shuffle=True, num_workers=workers, collate_fn=Shuffled.collated)

    for ours in (True, False):
        whole = rows(made(ours))
        if ours:
            assert whole == rows(Shuffled.loader(path, batch_size=3, seed=4))
        if ours:
            loader, ahead = made(ours), Shuffled.loader(path, batch_size=3, seed=4)
            epochs = [rows(ahead) for _ in range(3)]
            assert [rows(loader) for _ in range(2)] == epochs[:2], "each pass is the next epoch"
            batches = iter(loader)
            next(batches)
            state, rest = loader.state_dict(), rows(batches)
            assert rest == epochs[2][1:]
            again = made(ours)
            again.load_state_dict(state)
            assert rows(again) == rest
            assert rows(again) == rows(ahead)
        seen, state = [], None
        for count in (2, 3, 1, len(whole)):
            loader = made(ours)
            if state is not None:
                loader.load_state_dict(state)
            for _, batch in zip(range(count), loader, strict=False):
                seen += rows([batch])
                state = loader.state_dict()
        assert seen == whole


def test_ragged_batches_are_continued_too(path: Path) -> None:
    whole = [batch["pad"].values for batch in Pad.loader(path)]
    loader = Pad.loader(path, workers=2)
    iterator = iter(loader)
    some(iterator, 4)
    again = Pad.loader(path)
    again.load_state_dict(loader.state_dict())
    rest = [batch["pad"].values for batch in again]
    assert all(torch.equal(a, b) for a, b in zip(rest, whole[4:], strict=True))
    assert np.shape(rest[0]) == np.shape(whole[4])
