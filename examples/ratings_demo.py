"""Ratings: of all pairs of user and item only those with stars are samples, each with what is known of both.

    python examples/ratings_demo.py [--work ratings_demo]

The ratings are made up: every user likes one genre.
"""

from __future__ import annotations

import numpy as np
import torch
from showing import begin, command, package

USERS, ITEMS, GENRES = 80, 60, 18


def main() -> None:
    """Everything, in order."""
    work, _ = begin("ratings_demo", "From ratings to batches of pairs.")
    schema, target = work / "ratings.yaml", work / "ratings.h5"
    command("init", "ratings", "-o", schema)
    command("generate", schema, "-o", work)
    ratings, loaders = package(work, "ratings")

    rng = np.random.default_rng(0)
    genres = rng.random((ITEMS, GENRES)) < 0.2
    stars = np.where(rng.random((USERS, ITEMS)) < 0.1, rng.integers(1, 6, (USERS, ITEMS)), 0).astype(np.float32)
    times = rng.integers(1_400_000_000, 1_530_000_000, (USERS, ITEMS))

    with ratings.RatingsWriter.create(target) as w:
        for item in range(ITEMS):
            title = rng.integers(0, 500, rng.integers(1, 9)).astype(np.int32)
            w.item[f"item {item}"] = {"items": {"genre": genres[item], "title": title}}
        for user in range(USERS):
            rated = np.flatnonzero(stars[user])
            w.user[f"user {user}"] = {
                "ratings": {"stars": (rated, stars[user, rated]), "time": (rated, times[user, rated])},
                "users": {"age": None if user % 5 == 0 else 20 + user % 50, "country": ("NO", "IT", "KE")[user % 3]},
            }
    command("inspect", target)

    loader = loaders.train_loader(target, batch_size=64, seed=1)
    early = np.where(times <= 1_500_000_000, stars, 0)
    assert len(loader.dataset) == np.count_nonzero(early)
    later = loaders.train_loader(target, split="by_time/test", shuffle=False)
    assert len(later.dataset) == np.count_nonzero(stars) - np.count_nonzero(early)
    total, seen = 0.0, 0
    for inputs, given in loader:
        total, seen = total + float(given.sum()), seen + len(given)
        assert inputs["genre"].dtype == torch.bool
    assert seen == np.count_nonzero(early)
    assert total == float(early.sum())
    print(
        f"\n{seen} ratings of {USERS * ITEMS} pairs, {total / seen:.2f} stars on average; {len(later.dataset)} to test"
    )


if __name__ == "__main__":
    main()
