"""Orders of loaders over files: windows of chunks, weights, classes, lengths, functions of the user's."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="loaders need torch")

from blank import declare  # noqa: E402

from h5schema.errors import DataError, UsageError, UserCodeError  # noqa: E402
from h5schema.runtime import (  # noqa: E402
    Array,
    Axis,
    Balanced,
    Batch,
    Bucketed,
    FixedAxis,
    IdAxis,
    OrderedBy,
    Plan,
    Present,
    Ragged,
    RaggedAxis,
    Scalar,
    Split,
    Take,
    Text,
    Weighted,
    Window,
    optional,
)
from h5schema.runtime.plan import Position  # noqa: E402
from h5schema.runtime.torch import Loader  # noqa: E402

COUNT = 2000

Reader, Creator = declare(
    row=IdAxis(dict),
    token=RaggedAxis(per="row"),
    image=Array(np.uint8, "row 64", codec="default", chunk=64 * 40),
    tokens=Ragged(np.int32, "row token"),
    weight=Scalar(np.float32, "row"),
    label=Scalar(np.uint8, "row"),
    name=Text("row"),
    maybe=optional(Scalar(np.float32, "row")),
    step=Axis(dict),
    price=Scalar(np.float64, "step"),
    splits={"halves": Split("row", {"train": 0.5, "test": 0.5})},
)


def lengths() -> Any:
    return (np.random.default_rng(0).lognormal(3, 0.8, COUNT) + 1).astype(np.int64)


def write(path: Path, first: int = 0, count: int = COUNT) -> Path:
    some = lengths()[first : first + count]
    with Creator.create(path) as w:
        w.row.extend(
            [f"r{i}" for i in range(first, first + count)],
            {
                "image": np.repeat(np.arange(first, first + count).astype(np.uint8)[:, None], 64, 1),
                "tokens": [np.arange(n, dtype=np.int32) for n in some],
                "weight": (np.arange(first, first + count) % 4).astype(np.float32),
                "label": (np.arange(first, first + count) % 10 == 0).astype(np.uint8),
                "name": ["rare" if i % 50 == 0 else "common" for i in range(first, first + count)],
                "maybe": [None if i == 7 else 1.0 for i in range(first, first + count)],
            },
        )
    return path


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("orders") / "a.h5")


def made(batch: Batch, sample: Any = None, **plan: Any) -> Any:
    sample = {"image": Take("image"), "row": Position("row"), "tokens": Take("tokens")} if sample is None else sample
    return type("Some", (Loader,), {"file": Reader, "plan": Plan(over="row", sample=sample, batch=batch, **plan)})


def rows(loader: Any) -> list[list[int]]:
    return [batch["row"].tolist() for batch in loader]


def flat(batches: list[list[int]]) -> list[int]:
    return [row for batch in batches for row in batch]


# Windows of chunks.


@pytest.mark.parametrize(
    "how", [{}, {"workers": 2}, {"threads": 2}, {"shards": True}, {"split": "halves/train"}], ids=str
)
def test_chunks_come_by_chance_and_samples_within_windows(path: Path, tmp_path: Path, how: dict[str, Any]) -> None:
    how = dict(how)
    plan = {"split": how.pop("split")} if "split" in how else {}
    where: Any = path
    if how.pop("shards", False):
        where = [write(tmp_path / "a.h5", 0, 700), write(tmp_path / "b.h5", 700, 1300)]
    kind = made(Batch(16, shuffle="chunks"), {"image": Take("image"), "row": Position("row")}, **plan)
    loader = kind.loader(where, seed=1, multiprocessing_context="fork", **how)
    epochs = [rows(loader) for _ in range(2)]
    everything = kind(where).rows.tolist()
    assert sorted(flat(epochs[0])) == sorted(flat(epochs[1])) == everything
    assert epochs[0] != epochs[1]
    assert epochs[0] == rows(kind.loader(where, seed=1))
    for batch in loader:
        assert (batch["image"][:, 3].numpy() == batch["row"].numpy().astype(np.uint8)).all()
    window = loader.order.sampler.window
    assert 16 * 20 < window * (COUNT / len(everything)) <= 16 * 40
    touched = [len(set(np.array(flat(epochs[0])[a : a + window]) // 40)) for a in range(0, len(everything), window)]
    assert max(touched) <= 16 + 10, "chunks of a window; in the second file they begin elsewhere"
    assert len({row // 40 for row in epochs[0][0]}) > 4, "a batch comes from many chunks"
    assert np.corrcoef(flat(epochs[0]), range(len(everything)))[0, 1] < 0.5


def test_each_chunk_is_decoded_once_or_twice(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from h5schema.runtime.carrier.cache import CHUNKS
    from h5schema.runtime.carrier.decoded import DecodedChunks

    kind = made(Batch(16, shuffle="chunks"), {"image": Take("image"), "row": Position("row")})
    loader = kind.loader(path, seed=1)
    rows(loader)  # located by now
    decoded = 0
    all_of = DecodedChunks._decode_all

    def counted(self: Any, jobs: Any, items: Any) -> None:
        nonlocal decoded
        decoded += len(jobs)
        all_of(self, jobs, items)

    monkeypatch.setattr(DecodedChunks, "_decode_all", counted)
    monkeypatch.setattr(CHUNKS, "limit", 0)  # nothing is kept
    CHUNKS.empty()
    rows(loader)
    assert 50 <= decoded <= 60
    decoded = 0
    rows(kind.loader(path, seed=1, shuffle=True))
    assert decoded > 300


def test_chunks_are_shared_by_processes(path: Path) -> None:
    kind = made(Batch(16, shuffle="chunks"), {"image": Take("image"), "row": Position("row")})
    shares = [rows(kind.loader(path, rank=rank, world=3)) for rank in range(3)]
    assert sorted(flat([flat(share) for share in shares])) == list(range(COUNT))
    assert len({row // 40 for row in flat(shares[0])}) < 35, "a process decodes its own chunks"


def test_without_chunks_windows_are_of_a_megabyte(path: Path) -> None:
    kind = made(Batch(10, shuffle="chunks"), {"row": Position("row"), "label": Take("label")})
    assert sorted(flat(rows(kind.loader(path)))) == list(range(COUNT))
    only = made(Batch(10, shuffle="chunks"), {"row": Position("row")})
    assert sorted(flat(rows(only.loader(path)))) == list(range(COUNT))
    assert rows(only.loader(path, subset=[])) == []


# Weights and classes.


def test_weights_say_how_often(path: Path) -> None:
    loader = made(Batch(10, sampler=Weighted("weight"))).loader(path, seed=2)
    drawn = flat(rows(loader))
    counts = np.bincount(drawn, minlength=COUNT)
    expected = COUNT * (np.arange(COUNT) % 4) / (np.arange(COUNT) % 4).sum()
    assert len(drawn) == COUNT
    assert (np.abs(counts - expected) < 1).all()
    assert not counts[::4].any()
    assert flat(rows(loader)) != drawn
    assert flat(rows(made(Batch(10, sampler=Weighted("weight"))).loader(path, seed=2, threads=2))) == drawn


@pytest.mark.parametrize(("address", "rare"), [("label", 10), ("name", 50)])
def test_classes_are_balanced(path: Path, address: str, rare: int) -> None:
    loader = made(Batch(10, sampler=Balanced(address))).loader(path)
    for _ in range(2):
        drawn = flat(rows(loader))
        assert len(drawn) == COUNT
        assert sum(row % rare == 0 for row in drawn) == COUNT // 2
    shares = [flat(rows(made(Batch(10, sampler=Balanced(address))).loader(path, rank=r, world=2))) for r in range(2)]
    assert len(shares[0]) == len(shares[1]) == COUNT // 2
    part = made(Batch(10, sampler=Balanced(address)), split="halves/train")
    drawn = flat(rows(part.loader(path)))
    assert set(drawn) <= set(part(path).rows.tolist())
    assert abs(2 * sum(row % rare == 0 for row in drawn) - len(drawn)) <= 1


def test_a_weight_that_is_none(path: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"maybe, row 7\n.*|maybe: present"):
        made(Batch(sampler=Weighted("maybe"))).loader(path)
    present = made(Batch(sampler=Weighted("maybe")), where={"maybe": Present()})
    assert len(flat(rows(present.loader(path)))) == COUNT - 1
    reader, writer = declare(row=Axis(dict), x=Scalar(np.float64, "row"))
    for values, message in (
        ([1.0, -1.0], r"x, row 1"),
        ([1.0, np.nan], "nan is no weight"),
        ([0.0, 0.0], "all weights are 0"),
    ):
        with writer.create(tmp_path / "w.h5", overwrite=True) as w:
            w.row.extend({"x": np.array(values)})
        kind = type(
            "W", (Loader,), {"file": reader, "plan": Plan("row", Take("x"), batch=Batch(sampler=Weighted("x")))}
        )
        with pytest.raises(DataError, match=message):
            kind.loader(tmp_path / "w.h5")


# Lengths.


def test_batches_of_similar_length(path: Path) -> None:
    kind = made(Batch(16, shuffle=True, sampler=Bucketed("token")))

    def padding(loader: Any) -> float:
        shapes = [batch["tokens"].values.shape for batch in loader]
        return 1 - lengths().sum() / sum(a * b for a, b in shapes)

    loader = kind.loader(path, seed=4)
    assert padding(loader) < 0.15
    assert padding(kind.loader(path, shuffle=True)) > 0.5, "shuffle in the call is in place of the sampler"
    loader.set_epoch(0)
    expected = [rows(loader) for _ in range(2)]
    assert expected[0] != expected[1]
    assert all(sorted(flat(epoch)) == list(range(COUNT)) for epoch in expected)
    workers = kind.loader(path, seed=4, workers=2, multiprocessing_context="fork")
    assert [rows(workers) for _ in range(2)] == expected
    again = kind.loader(path, seed=4)
    again.load_state_dict({**again.state_dict(), "epoch": 1, "batch": 17})
    assert rows(again) == expected[1][17:]
    shares = [kind.loader(path, rank=rank, world=2) for rank in range(2)]
    assert sorted(flat([flat(rows(share)) for share in shares])) == list(range(COUNT))


# Functions of the user's.


@pytest.fixture
def functions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    (tmp_path / "my_orders.py").write_text(
        "import numpy as np\n"
        "def hard_first(rows, reader):\n"
        "    return np.argsort(-reader.weight.read(rows), kind='stable')[: len(rows) // 2]\n"
        "def any_order(rows, rng):\n"
        "    return rng.permutation(len(rows))\n"
        "def fails(rows):\n"
        "    return rows.nothing\n"
        "def floats(rows):\n"
        "    return rows / 2\n"
        "def outside(rows):\n"
        "    return rows + 1\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    yield
    sys.modules.pop("my_orders", None)


@pytest.mark.usefixtures("functions")
def test_T12_orders_of_the_users_own(path: Path) -> None:
    hard = made(Batch(10, sampler=OrderedBy("my_orders:hard_first"))).loader(path)
    assert len(hard) == COUNT // 20
    assert flat(rows(hard)) == [row for w in (3, 2) for row in range(w, COUNT, 4)]
    kind = made(Batch(10, sampler=OrderedBy("my_orders:any_order")), split="halves/train")
    loader = kind.loader(path, seed=9)
    epochs = [flat(rows(loader)) for _ in range(2)]
    assert epochs[0] != epochs[1]
    expected = [
        kind(path).rows[np.random.default_rng([9, e, 0]).permutation(len(kind(path)))].tolist() for e in range(2)
    ]
    assert epochs == expected
    assert flat(rows(kind.loader(path, seed=9, threads=1))) == expected[0]
    for name, message in (
        ("fails", r"my_orders:fails \(epoch 0, position 0\): it fails\n(.|\n)*rows\.nothing"),
        ("floats", "it returned float64"),
        ("outside", f"it returned the sample {COUNT}, but there are {COUNT}"),
        ("not_there", "no function 'not_there'"),
    ):
        with pytest.raises(UserCodeError, match=message):
            rows(made(Batch(10, sampler=OrderedBy(f"my_orders:{name}"))).loader(path))


@pytest.mark.parametrize(
    "given",
    [
        {"sampler": Weighted("weight"), "shuffle": True},
        {"sampler": Balanced("label"), "shuffle": "chunks"},
        {"sampler": Bucketed("token"), "shuffle": "chunks"},
    ],
)
def test_two_orders_at_a_time_are_refused(path: Path, given: Any) -> None:
    with pytest.raises(UsageError, match="shuffle is"):
        made(Batch(10)).loader(path, **given)
    del given["shuffle"]
    assert len(flat(rows(made(Batch(10, shuffle=True)).loader(path, **given)))) == COUNT


def test_a_shuffle_that_is_no_word(path: Path) -> None:
    with pytest.raises(UsageError, match="shuffle is 'chunk'"):
        made(Batch(10)).loader(path, shuffle="chunk")


# What does not fit.


@pytest.mark.parametrize(
    ("sampler", "message"),
    [
        ("balanced", "sampler is 'balanced'"),
        ({"balanced": "label"}, "sampler is {'balanced'"),
        ([1, 2], r"sampler is \[1, 2\]"),
        (torch.utils.data.SequentialSampler(range(4)), "sampler is <"),
        (Balanced("lable"), "of 'lable', which is no feature\n.*'label'"),
        (Balanced(3), "of 3, which is no feature"),  # type: ignore[arg-type]
        (Balanced("tokens"), "tokens, which has not one value for each sample"),
        (Balanced("image"), "image, which has not one value"),
        (Balanced("weight"), "weight, which is float32\n.*whole numbers"),
        (Weighted("name"), "name, which is str\n.*a feature of numbers"),
        (Weighted("price"), "price, which has not one value for each sample\n.*dim is row"),
        (Bucketed("nope"), "'nope', which is no ragged dim of row\n.*name token"),
        (Bucketed("row"), "'row', which is no ragged dim"),
    ],
)
def test_a_sampler_that_does_not_fit(path: Path, sampler: Any, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        made(Batch(10)).loader(path, sampler=sampler)


Matrix, MatrixWriter = declare(
    cell=Axis(dict),
    gene=FixedAxis(3),
    spk=Axis(dict),
    who=Scalar(np.int64, "cell"),
    image=Array(np.uint8, "cell gene"),
    huge=Scalar(np.float64, "cell"),
    age=Array(np.int16, "spk gene"),
)


@pytest.fixture(scope="module")
def matrix(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("matrix") / "a.h5"
    with MatrixWriter.create(path) as w:
        w.spk.extend({"age": np.arange(15, dtype=np.int16).reshape(5, 3)})
        w.cell.extend({"who": np.arange(40) % 5, "image": np.ones((40, 3), np.uint8), "huge": np.full(40, 1e308)})
    return path


def over_cells(sample: Any, batch: Batch) -> Any:
    return type("Cells", (Loader,), {"file": Matrix, "plan": Plan("cell", sample, batch=batch)})


def test_chunks_are_those_of_the_samples_own_rows(matrix: Path) -> None:
    for more in ({}, {"image": Take("image")}):
        sample = {"age": Take("age", via="who"), "row": Position("cell"), **more}
        for kind, how in (
            (over_cells(sample, Batch(4, shuffle="chunks")), {}),
            (over_cells(sample, Batch(4)), {"shuffle": "chunks"}),
        ):
            assert sorted(flat(rows(kind.loader(matrix, **how)))) == list(range(40))


def test_weights_whose_sum_is_no_number(matrix: Path) -> None:
    kind = over_cells({"row": Position("cell")}, Batch(4, sampler=Weighted("huge")))
    assert sorted(flat(rows(kind.loader(matrix)))) == list(range(40)), "equal weights are the shuffle"


# DataLoaders of the user's own.


class Jittered(Loader[Any]):
    """Windows that chance moves."""

    file = Reader
    plan = Plan(
        "token",
        {"row": Position("row"), "at": Position("token")},
        window={"token": Window(length=2, jitter=9)},
        batch=Batch(64, shuffle=True),
    )


@pytest.mark.parametrize("workers", [0, 2])
def test_an_order_brings_its_epoch_and_seed_along(path: Path, workers: int) -> None:
    ours = Jittered.loader(path, seed=7, limit=1000)
    expected = [[(b["row"].tolist(), b["at"].tolist()) for b in ours] for _ in range(3)]
    order = Jittered.loader(path, seed=7, limit=1000).order
    own = torch.utils.data.DataLoader(
        Jittered(path, limit=1000), batch_sampler=order, collate_fn=Jittered.collated, num_workers=workers
    )
    assert [[(b["row"].tolist(), b["at"].tolist()) for b in own] for _ in range(3)] == expected


@pytest.mark.parametrize("workers", [0, 2])
def test_a_dataset_is_told_seed_and_epoch(path: Path, workers: int) -> None:
    def positions(data: Any) -> list[list[int]]:
        own: Any = torch.utils.data.DataLoader(data, batch_size=64, collate_fn=Jittered.collated, num_workers=workers)
        return [batch["at"].tolist() for batch in own]

    data = Jittered(path, limit=300, seed=7)
    data.set_epoch(0)
    assert positions(data) == [b["at"].tolist() for b in Jittered.loader(path, seed=7, limit=300, shuffle=False)]
    first = positions(data)
    data.set_epoch(1)
    assert positions(data) != first
    data.set_epoch(0)
    assert positions(data) == first
    other = Jittered(path, limit=300)
    other.set_epoch(0)
    assert positions(other) != first


def test_chance_of_an_epoch_that_nobody_said(path: Path) -> None:
    """A DataLoader of one's own, and a Subset also with our order, would have epoch 0 again and again."""
    utils: Any = torch.utils.data
    data = Jittered(path, limit=300)
    own = utils.DataLoader(data, batch_size=64, collate_fn=Jittered.collated)
    subset = utils.Subset(Jittered(path, limit=300), list(range(300)))
    ours = utils.DataLoader(subset, batch_sampler=Jittered.loader(path, limit=300).order, collate_fn=Jittered.collated)
    for loader in (own, ours):
        with pytest.warns(UserWarning, match=r"nobody said which epoch this is.* call `set_epoch\(epoch\)`"):
            first = [batch["at"].tolist() for batch in loader]
        assert sum(map(len, first)) == 300
    data.set_epoch(1)
    assert [batch["at"].tolist() for batch in own] != first
    still = Jittered(path, limit=300, window={"token": Window(jitter=0)})  # without chance there is nothing to say
    assert len(list(utils.DataLoader(still, batch_size=64, collate_fn=Jittered.collated))) == 5
