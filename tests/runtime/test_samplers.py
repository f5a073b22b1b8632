"""Orders of samples: bijections, fair chance, shares of several processes, batches of similar length."""

from __future__ import annotations

import pickle
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from h5schema.runtime.order import BatchOrder
from h5schema.runtime.permutation import permute
from h5schema.runtime.samplers import Bucketed, Drawn, Given, InChunks, InOrder, Sampler, Shuffled, Turn
from h5schema.runtime.shares import Share
from h5schema.runtime.spans import Rows


def test_every_shuffle_to_5000_is_a_bijection() -> None:
    for length in range(1, 5001):
        seen = np.zeros(length, bool)
        seen[permute(np.arange(length), length, seed=length % 7, epoch=length % 3)] = True
        assert seen.all(), length


@pytest.mark.parametrize(("length", "rounds"), [(2, 1000), (7, 1500), (33, 1500), (64, 1500), (200, 2000)])
def test_places_of_a_shuffle_are_flat_by_chi_squared(length: int, rounds: int) -> None:
    """Each sample is equally often at each place, and each pair of neighbours equally often in either order."""
    counts, ascending = np.zeros((length, length)), 0
    for epoch in range(rounds):
        order = permute(np.arange(length), length, seed=11, epoch=epoch)
        counts[np.arange(length), order] += 1
        ascending += int(order[0] < order[1])
    expected = rounds / length
    freedom = (length - 1) ** 2
    assert abs(((counts - expected) ** 2 / expected).sum() - freedom) < 5 * np.sqrt(2 * freedom)
    assert abs(ascending - rounds / 2) < 5 * np.sqrt(rounds / 4)


def edges_of(length: int, chunk: int) -> Rows:
    return np.array([*range(0, length, chunk), length], np.int64)


def lengths_of(samples: Rows) -> Rows:
    return (samples * 7919 + 13) % 257


SAMPLERS = {
    "in order": lambda n, size: InOrder(n),
    "shuffled": lambda n, size: Shuffled(n, 3),
    "chunks": lambda n, size: InChunks(edges_of(n, 16), 4 * size, 3),
    "bucketed": lambda n, size: Bucketed(n, lengths_of, size, shuffle=True, seed=3),
    "bucketed in order": lambda n, size: Bucketed(n, lengths_of, size, shuffle=False, seed=3),
    "equal weights": lambda n, size: Drawn(np.full(n, 0.1), 3),
    "given": lambda n, size: Given(lambda epoch: np.roll(np.arange(n), epoch)),
}


def epochs_of(sampler: Sampler, size: int, share: Share, *, drop_last: bool = False, epoch: int = 0) -> list[Rows]:
    order = BatchOrder(sampler, size, drop_last=drop_last, seed=3)
    found = []
    for together in order.together(3, epoch, share):
        found += [together.indices[a:b] for a, b in pairwise(together.ends)]
    assert len(found) == order.batches(share, epoch)
    return found


@pytest.mark.parametrize("name", SAMPLERS)
@given(
    length=st.integers(1, 700),
    size=st.integers(1, 20),
    world=st.integers(1, 8),
    drop_last=st.booleans(),
    epoch=st.integers(0, 3),
)
def test_shares_of_processes_are_each_sample_once(
    name: str, length: int, size: int, world: int, drop_last: bool, epoch: int
) -> None:
    sampler = SAMPLERS[name](length, size)
    shares = [epochs_of(sampler, size, Share(r, world), drop_last=drop_last, epoch=epoch) for r in range(world)]
    counts = {len(batches) for batches in shares}
    assert len(counts) == 1, "as many batches for every rank"
    everything = np.concatenate([np.empty(0, np.int64), *(batch for batches in shares for batch in batches)])
    if drop_last:
        assert all(len(batch) == size for batches in shares for batch in batches)
        assert len(np.unique(everything)) == len(everything) == length // world // size * size * world
        return
    repeated = len(everything) - length
    assert np.array_equal(np.unique(everything), np.arange(length))
    assert repeated == (-length % world if size == 1 or length < world else 0)
    for step in zip(*shares, strict=True):
        assert max(map(len, step)) - min(map(len, step)) <= 1
        assert min(map(len, step)) >= 1


@pytest.mark.parametrize("world", range(1, 9))
def test_many_processes_read_what_one_reads_in_larger_batches(world: int) -> None:
    for sampler in (InOrder(1000), Shuffled(1000, 3)):
        alone = epochs_of(sampler, 5 * world, Share())
        shares = [epochs_of(sampler, 5, Share(r, world)) for r in range(world)]
        for whole, *parts in zip(alone, *shares, strict=True):
            assert set(np.concatenate(parts).tolist()) == set(whole.tolist())


@pytest.mark.parametrize("name", SAMPLERS)
@given(data=st.data())
def test_the_rest_of_an_epoch_is_what_was_left(name: str, data: st.DataObject) -> None:
    length, size = data.draw(st.integers(1, 400)), data.draw(st.integers(1, 9))
    share = Share(data.draw(st.integers(0, 1)), 2)
    order = BatchOrder(SAMPLERS[name](length, size), size, drop_last=data.draw(st.booleans()), seed=3)
    count, other = data.draw(st.integers(1, 5)), data.draw(st.integers(1, 5))
    parts = list(order.together(count, 1, share))
    whole = [part.indices[a:b].tolist() for part in parts for a, b in pairwise(part.ends)]
    drawn = [part.drawn().positions[a:b].tolist() for part in parts for a, b in pairwise(part.ends)]
    start = data.draw(st.integers(0, len(whole)))
    rest = list(order.together(other, 1, share, start))
    assert [part.indices[a:b].tolist() for part in rest for a, b in pairwise(part.ends)] == whole[start:]
    assert [part.drawn().positions[a:b].tolist() for part in rest for a, b in pairwise(part.ends)] == drawn[start:]
    for part in parts:
        assert len(part.ends) <= count + 1


def test_positions_of_chance_are_those_of_the_epoch() -> None:
    """Every sample has a position of its own, whichever process it comes to."""
    order = BatchOrder(Shuffled(103, 0), 5, drop_last=False, seed=0)
    for world in (1, 2, 3, 8):
        seen: dict[int, int] = {}
        for rank in range(world):
            for part in order.together(2, 0, Share(rank, world)):
                seen |= dict(zip(part.drawn().positions.tolist(), part.indices.tolist(), strict=True))
        alone = {
            p: s
            for part in order.together(4, 0, Share())
            for p, s in zip(part.drawn().positions.tolist(), part.indices.tolist(), strict=True)
        }
        assert {p: s for p, s in seen.items() if p < 103} == alone


@pytest.mark.parametrize("world", [1, 3])
def test_a_window_of_chunks_touches_few_chunks(world: int) -> None:
    length, chunk, size = 10_000, 50, 10
    window = 20 * size  # 4 chunks
    sampler = InChunks(edges_of(length, chunk), window, 5)
    order = BatchOrder(sampler, size, drop_last=False, seed=5)
    decoded = 0
    for rank in range(world):
        for part in order.together(window // size, 0, Share(rank, world)):
            decoded += len(np.unique(part.indices // chunk))
    assert decoded <= 200 * 1.3, "each chunk once, those at borders twice"
    first, second = (np.concatenate(epochs_of(sampler, size, Share(), epoch=e)) for e in range(2))
    assert np.abs(np.diff(first)).mean() > chunk, "neighbours are torn apart"
    assert np.array_equal(np.sort(first), np.arange(length))
    assert not np.array_equal(first, second)
    chunks = first[:window] // chunk
    assert len(np.unique(chunks)) >= 4
    assert len(set(chunks[:20].tolist())) >= 3, "a batch holds several chunks"


def test_bucketed_batches_are_of_similar_length() -> None:
    generator = np.random.default_rng(0)
    lengths = generator.lognormal(5, 0.6, 20_000).astype(np.int64)
    plain, bucketed = Shuffled(20_000, 0), Bucketed(20_000, lambda s: lengths[s], 64, shuffle=True, seed=0)

    def padding(sampler: Sampler) -> float:
        batches = epochs_of(sampler, 64, Share())
        return 1 - lengths.sum() / sum(len(b) * lengths[b].max() for b in batches)

    assert padding(plain) > 0.5
    assert padding(bucketed) < 0.1
    means = [lengths[b].mean() for b in epochs_of(bucketed, 64, Share())]
    assert abs(np.corrcoef(means[:-1], means[1:])[0, 1]) < 0.2, "short and long batches come by chance"
    for steps in zip(*(epochs_of(bucketed, 64, Share(r, 4)) for r in range(4)), strict=True):
        longest = [lengths[b].max() for b in steps]
        if len(steps[0]) == 64:
            assert max(longest) < 2 * min(longest) + 200, "all processes have batches alike"


@given(
    weights=st.lists(st.floats(0, 100), min_size=1, max_size=200).filter(lambda w: sum(w) > 1e-3),
    epoch=st.integers(0, 9),
)
def test_weights_are_kept_to_one_draw(weights: list[float], epoch: int) -> None:
    array = np.array(weights)
    n = len(array)
    drawn = np.concatenate(epochs_of(Drawn(array, 1), 7, Share(), epoch=epoch))
    expected = n * array / array.sum()
    counts = np.bincount(drawn, minlength=n)
    assert counts.sum() == n
    assert (counts >= np.floor(expected - 1e-6)).all()
    assert (counts <= np.ceil(expected + 1e-6)).all()
    assert not counts[array == 0].any()


def test_weights_are_met_on_average() -> None:
    weights = np.array([0.2, 1.0, 3.0, 0.05])
    counts = np.zeros(4)
    for epoch in range(1500):
        counts += np.bincount(Drawn(weights, 2).at(np.arange(4), Turn(epoch)), minlength=4)
    assert np.allclose(counts / 1500, 4 * weights / weights.sum(), atol=0.07)


def test_classes_in_an_order_of_their_own_are_balanced_to_one() -> None:
    labels = np.array([0] * 900 + [1] * 90 + [2] * 10)[np.random.default_rng(0).permutation(1000)]
    weights = 1 / np.bincount(labels)[labels]
    sampler = Drawn(weights, 0, np.argsort(labels, kind="stable"))
    drawn = np.concatenate(epochs_of(sampler, 10, Share()))
    counts = np.bincount(labels[drawn])
    assert counts.sum() == 1000
    assert counts.max() - counts.min() <= 1
    rare = np.bincount(drawn, minlength=1000)[labels == 2]
    assert rare.min() >= 33
    assert rare.max() <= 34


@pytest.mark.parametrize("name", [name for name in SAMPLERS if name != "given"])
def test_samplers_pickle(name: str) -> None:
    if name.startswith("bucketed"):
        sampler: Sampler = Bucketed(50, lengths_of, 4, shuffle=True, seed=0)
    else:
        sampler = SAMPLERS[name](50, 4)
    before = sampler.at(np.arange(50), Turn(1))
    assert np.array_equal(pickle.loads(pickle.dumps(sampler)).at(np.arange(50), Turn(1)), before)


def test_a_billion_samples_begin_at_once() -> None:
    import tracemalloc

    tracemalloc.start()
    order = BatchOrder(Shuffled(10**9, 0), 256, drop_last=True, seed=0)
    batch = next(iter(order))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(batch) == 256
    assert peak < 1 << 20
