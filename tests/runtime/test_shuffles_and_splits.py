"""Shuffles are bijections and look random; splits are disjoint, complete and stable."""

from __future__ import annotations

from enum import IntEnum
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from blank import declare
from everything import Everything
from everything.examples import entry, write
from everything.groups import Label
from hypothesis import given
from hypothesis import strategies as st

from h5schema.errors import DataError
from h5schema.runtime import Among, Check, Enumerated, IdAxis, Scalar, Split, Text, optional
from h5schema.runtime.order import plain
from h5schema.runtime.permutation import permute


def whole(length: int, seed: int = 0, epoch: int = 0) -> np.ndarray[Any, Any]:
    return permute(np.arange(length), length, seed=seed, epoch=epoch)


def test_every_short_shuffle_is_a_bijection() -> None:
    for length in range(1, 601):
        for epoch in range(2):
            assert np.array_equal(np.sort(whole(length, 1, epoch)), np.arange(length)), length


@given(length=st.integers(600, 100_000), seed=st.integers(0, 2**70), epoch=st.integers(0, 2**40))
def test_long_shuffles_are_bijections(length: int, seed: int, epoch: int) -> None:
    assert np.array_equal(np.sort(whole(length, seed, epoch)), np.arange(length))


@pytest.mark.parametrize("length", [2**40, 2**40 + 1, 10**18, 2**62])
def test_huge_shuffles_stay_inside_and_do_not_meet(length: int) -> None:
    positions = np.concatenate([np.arange(10_000), length - 1 - np.arange(10_000)])
    where = permute(positions, length, seed=0, epoch=0)
    assert where.min() >= 0
    assert where.max() < length
    assert len(np.unique(where)) == 20_000
    assert abs(where.mean() / length - 0.5) < 0.02


def test_a_part_is_the_same_as_in_the_whole() -> None:
    positions = np.array([5, 900, 0, 5])
    assert np.array_equal(permute(positions, 1000, seed=1, epoch=2), whole(1000, 1, 2)[positions])


def test_neighbours_are_torn_apart() -> None:
    order = whole(100_000, 3)
    gaps = np.abs(np.diff(order))
    assert abs(gaps.mean() / 100_000 - 1 / 3) < 0.01
    assert abs(np.corrcoef(whole(100_000, 3, 0), whole(100_000, 3, 1))[0, 1]) < 0.02
    assert abs(np.corrcoef(whole(100_000, 3), whole(100_000, 4))[0, 1]) < 0.02


@given(
    length=st.integers(0, 400),
    size=st.integers(1, 60),
    shuffle=st.booleans(),
    drop_last=st.booleans(),
    seed=st.integers(0, 9),
)
def test_batches_of_an_epoch(length: int, size: int, shuffle: bool, drop_last: bool, seed: int) -> None:
    order = plain(length, size, shuffle=shuffle, drop_last=drop_last, seed=seed)
    batches = list(order)
    assert len(batches) == len(order)
    assert all(len(batch) == size for batch in batches[: None if drop_last else -1])
    got = np.concatenate(batches) if batches else np.empty(0, int)
    if drop_last:
        assert len(got) == length - length % size
        assert len(np.unique(got)) == len(got)
    else:
        assert np.array_equal(np.sort(got), np.arange(length))
    if not shuffle:
        assert np.array_equal(got, np.arange(len(got)))


# Splits.

PARTS = {"train": 0.7, "val": 0.1, "test": 0.2}


class Color(IntEnum):
    """For a split by members."""

    red = 5
    blue = 0


Reader, Creator = declare(
    row=IdAxis(dict),
    speaker=Text("row"),
    number=Scalar(np.int64, "row"),
    color=Enumerated(Color, "row", names=("rot", "blue")),
    perhaps=optional(Text("row")),
    splits={
        "random": Split("row", PARTS),
        "again": Split("row", PARTS, seed=1),
        "speakers": Split("row", PARTS, by="speaker"),
        "numbers": Split("row", PARTS, by="number"),
        "colors": Split("row", {"train": 0.5, "test": 0.5}, by="color"),
        "listed": Split("row", {"a": Among("r1", "r3"), "b": Among("r2")}),
        "by_color": Split("row", {"a": Among("rot"), "b": Among("blue")}, by="color"),
        "low": Split("row", {"low": Check(max=5), "high": Check(above=5)}, by="number"),
        "both": Split("row", {"low": Check(max=5), "high": Check(min=5)}, by="number"),
        "some": Split("row", {"half": 0.5, "tenth": 0.1}),
        "perhaps": Split("row", PARTS, by="perhaps"),
    },
)


def file_of(path: Path, ids: list[str]) -> Any:
    n = len(ids)
    with Creator.create(path, overwrite=True) as w:
        w.row.extend(
            ids,
            {
                "speaker": [f"s{sum(text.encode()) % 9}" for text in ids],
                "number": np.arange(n) % 11,
                "color": [list(Color)[i % 2] for i in range(n)],
                "perhaps": [None if i == 3 else "x" for i in range(n)],
            },
        )
    return Reader(path)


@given(
    ids=st.lists(st.text("abc🙂/", min_size=1, max_size=6), unique=True, min_size=1, max_size=60),
    cut=st.integers(0, 60),
)
def test_splits_are_disjoint_complete_and_stable(tmp_path: Path, ids: list[str], cut: int) -> None:
    few = ids[: max(1, cut)]
    with file_of(tmp_path / "few.h5", few) as before, file_of(tmp_path / "all.h5", ids[::-1]) as after:
        for split in ("random", "again", "speakers"):
            parts = {name: after.split(f"{split}/{name}") for name in PARTS}
            assert sorted(np.concatenate(list(parts.values())).tolist()) == list(range(len(ids)))
            for name in PARTS:
                old = set(before.row.ids(before.split(f"{split}/{name}")))
                new = set(after.row.ids(parts[name]))
                assert old == new & set(few), "an entry never changes its part when others come"
                assert np.array_equal(np.sort(parts[name]), parts[name])
        speakers = {name: {after.speaker[int(row)] for row in after.split(f"speakers/{name}")} for name in PARTS}
        assert not speakers["train"] & speakers["test"]
        assert not speakers["train"] & speakers["val"]
        assert not speakers["val"] & speakers["test"]


def test_shares_are_near_what_was_asked(tmp_path: Path) -> None:
    with file_of(tmp_path / "a.h5", [f"r{i}" for i in range(20_000)]) as f:
        for name, share in PARTS.items():
            assert abs(len(f.split(f"random/{name}")) / 20_000 - share) < 0.02
        assert abs(len(f.split("some/tenth")) / 20_000 - 0.1) < 0.02
        overlap = set(f.split("random/test").tolist()) & set(f.split("again/test").tolist())
        assert abs(len(overlap) / 20_000 - 0.04) < 0.01, "another seed deals anew"


def test_splits_by_values(tmp_path: Path) -> None:
    with file_of(tmp_path / "a.h5", [f"r{i}" for i in range(40)]) as f:
        assert f.split("listed/a").tolist() == [1, 3]
        assert f.split("listed/b").tolist() == [2]
        assert f.split("by_color/a").tolist() == list(range(0, 40, 2))
        assert f.split("by_color/b").tolist() == list(range(1, 40, 2))
        assert set(f.number[f.split("low/low")].tolist()) == set(range(6))
        assert set(f.number[f.split("low/high")].tolist()) == set(range(6, 11))
        with pytest.raises(DataError) as caught:
            f.split("both/low")
        assert "low and high of split both" in str(caught.value)
        assert "row, row 5" in str(caught.value)
        with pytest.raises(DataError, match="perhaps, row 3"):
            f.split("perhaps/train")
        for split in ("numbers", "colors"):
            values = f.number if split == "numbers" else f.color
            parts = [set(np.asarray(values[f.split(f"{split}/{part}")]).tolist()) for part in ("train", "test")]
            assert not parts[0] & parts[1]


def test_splits_of_everything(tmp_path: Path) -> None:
    with Everything(write(tmp_path / "a.h5", 33)) as f:
        labels = [entry(i)["label"] for i in range(33)]
        assert f.split("labels/test").tolist() == [i for i, label in enumerate(labels) if label is Label.class_]
        assert f.split("labels/train").tolist() == [i for i, label in enumerate(labels) if label is not Label.class_]
        assert len(f.split("bounds/low")) + len(f.split("bounds/high")) == 33


def test_a_draw_is_what_the_documentation_says() -> None:
    import hashlib

    from h5schema.runtime.splits import draw

    key = hashlib.blake2b(b"0/random", digest_size=16).digest()
    number = int.from_bytes(hashlib.blake2b("ü".encode(), digest_size=8, key=key).digest(), "little")
    assert draw("ü", "random", 0) == (number >> 11) / 2**53
    assert 0 <= draw("", "x", 5) < 1
