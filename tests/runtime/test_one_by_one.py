"""Entries of every kind that are given one by one: the file is that of all at once, and errors are raised at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from assorted import differences
from blank import declare

from h5schema.errors import DataError
from h5schema.runtime import (
    Array,
    Bytes,
    Category,
    Group,
    IdAxis,
    Json,
    Nested,
    Ragged,
    RaggedAxis,
    Scalar,
    Text,
    optional,
)


class Labels(Group):
    """Some features are in a group."""

    outline = optional(Nested(np.float32, "image polygon vertex 2"))
    kinds = optional(Ragged(np.int8, "image polygon"))


Reader, Creator = declare(
    image=IdAxis(dict),
    time=RaggedAxis(per="image"),
    word=RaggedAxis(per="image"),
    polygon=RaggedAxis(per="image"),
    vertex=RaggedAxis(per="polygon"),
    wave=Ragged(np.float32, "image time"),
    mask=optional(Ragged(np.bool_, "image time")),
    words=optional(Nested("str", "image word")),
    blobs=Nested("bytes", "image word"),
    tree=optional(Json("image")),
    raw=optional(Bytes("image")),
    note=optional(Text("image")),
    kind=optional(Category("image")),
    score=optional(Scalar(np.float32, "image")),
    box=optional(Array(np.int16, "image 2")),
    labels=Labels("labels"),
)


def entry(i: int) -> dict[str, Any]:
    rng, some = np.random.default_rng(i), i % 3 > 0
    size, words = i % 4, [f"wort ä {k}" for k in range(i % 5)]
    return {
        "wave": rng.random(size).astype(np.float32),
        "mask": rng.random(size) < 0.5 if some else None,
        "words": words if some else None,
        "blobs": [one.encode() for one in words],
        "tree": {"number": i, "list": [None, "ö"]} if some else None,
        "raw": bytes(range(i % 7)) if some else None,
        "note": "ünï" * (i % 3) if some else None,
        "kind": f"kind {i % 3}" if some else None,
        "score": i / 2 if some else None,
        "box": np.array([i, -i], np.int16) if some else None,
        "labels": {
            "outline": [rng.random((k, 2)).astype(np.float32) for k in range(i % 4)] if some else None,
            "kinds": np.arange(i % 4, dtype=np.int8) if some else None,
        },
    }


def test_the_file_is_that_of_all_at_once(tmp_path: Path) -> None:
    entries = {f"image {i}": entry(i) for i in range(1500)}
    names = [one for one in entry(0) if one != "labels"]
    blocks: dict[str, Any] = {name: [one[name] for one in entries.values()] for name in names}
    for name in ("outline", "kinds"):
        blocks[f"labels/{name}"] = [one["labels"][name] for one in entries.values()]
    with Creator.create(tmp_path / "all.h5") as w:
        w.image.extend(list(entries), blocks)
    with Creator.create(tmp_path / "one.h5") as w:
        for key, one in entries.items():
            w.image[key] = one
            one["wave"][:] = -1  # they are copies already
            if one["tree"] is not None:
                one["tree"]["list"].clear()
                one["words"].append("later")
                one["labels"]["outline"].clear()
    assert differences(tmp_path / "all.h5", tmp_path / "one.h5") == []
    with Reader(tmp_path / "one.h5") as f:
        assert f.tree["image 4"] == {"number": 4, "list": [None, "ö"]}
        assert f.words["image 4"] == [f"wort ä {k}" for k in range(4)]
        f.verify()


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"mask": np.ones(9, bool)}, "both run over time"),
        ({"words": ["a"]}, "both run over word"),
        ({"words": ["\ud800"] * 4}, "cannot be stored as UTF-8|surrogate"),
        ({"blobs": ["text"] * 4}, "is str, not bytes"),
        ({"tree": {"a": float("nan")}}, "nan"),
        ({"raw": 7}, "is int, not bytes"),
        ({"kind": "x" * 2000}, "2000 bytes"),
        ({"labels": {"outline": [np.zeros((2, 3), np.float32)] * 3, "kinds": None}}, r"\[2, 3\]"),
        ({"labels": {"outline": None, "kinds": np.zeros(3, np.int64) + 999}}, "int8 does not hold"),
        ({"labels": {"outlines": None}}, "outlines"),
        ({"wave": None}, "is None, but the feature is not optional"),
    ],
)
def test_what_does_not_fit_is_refused_at_once(tmp_path: Path, wrong: dict[str, Any], message: str) -> None:
    with Creator.create(tmp_path / "a.h5") as w:
        w.image["4"] = entry(4)
        with pytest.raises(DataError, match=message):
            w.image["wrong"] = entry(19) | wrong
        w.image["5"] = entry(5)
        assert len(w.image) == 2
    with Reader(tmp_path / "a.h5") as f:
        assert list(f.image) == ["4", "5"]
        assert np.array_equal(f.wave["5"], entry(5)["wave"])
