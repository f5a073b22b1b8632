"""Bytes, dates, JSON and bfloat16 where files grow, are one of several, or are fed in any order."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from blank import declare

from h5schema.errors import FileError
from h5schema.runtime import (
    Array,
    Batch,
    Bytes,
    IdAxis,
    Json,
    Plan,
    Present,
    Ragged,
    RaggedAxis,
    Scalar,
    Take,
    optional,
)
from h5schema.runtime.bfloat16 import widened

Reader, Writer = declare(
    row=IdAxis(dict),
    time=RaggedAxis(per="row"),
    raw=Bytes("row"),
    short=Bytes("row", size=8),
    said=optional(Json("row", codec="default")),
    day=Scalar(np.datetime64, "row", stored="datetime64[D]"),
    at=optional(Ragged(np.datetime64, "row time", stored="datetime64[ns]")),
    weights=Array(np.float32, "row 3", stored="bfloat16", codec="default", chunk=24),
    plain=Array(np.float32, "row 3", stored="bfloat16"),
    whole=Json(),
    since=Scalar(np.datetime64, stored="datetime64[s]"),
    gain=Scalar(np.float32, stored="bfloat16", at="plain@gain"),
)


def entry(i: int) -> dict[str, Any]:
    bits = np.array([i, 0x7F81 + i % 50, 0x8000], np.uint16)
    return {
        "raw": bytes([i % 256]) * (i % 5) + b"\0" * (i % 2),
        "short": b"%d" % i,
        "said": None if i % 3 == 0 else {"i": i, "none": None},
        "day": np.datetime64(i - 50, "D") if i % 7 else np.datetime64("NaT", "D"),
        "at": None if i % 4 == 1 else np.arange(i % 4).astype("M8[ns]"),
        "weights": widened(bits),
        "plain": widened(bits[::-1]),
    }


def alike(one: Any, other: Any) -> bool:
    if isinstance(one, np.ndarray | np.generic):
        return type(one) is type(other) and one.dtype == other.dtype and one.tobytes() == other.tobytes()
    return type(one) is type(other) and one == other


def expect(found: Any, wanted: dict[str, Any]) -> None:
    assert found.keys() == wanted.keys()
    for name, value in wanted.items():
        assert alike(found[name], value), (name, found[name], value)


def written(path: Path, first: int, count: int) -> Path:
    with Writer.create(path) as w:
        w.whole, w.since, w.gain = {"a": [1]}, np.datetime64("2024-01-01", "s"), 1.5
        for i in range(first, first + count):
            w.row[str(i)] = entry(i)
            expect(w.row[str(i)], entry(i))
    return path


def test_M18_T9_a_finished_file_grows(tmp_path: Path) -> None:
    path = written(tmp_path / "a.h5", 0, 30)
    for first in (30, 31, 60):
        with Writer.edit(path) as w:
            for i in range(first, 31 if first == 30 else 60 if first == 31 else 80):
                w.row[str(i)] = entry(i)
    with Reader(path) as f:
        for i in range(80):
            expect(f.row[str(i)], entry(i))
        assert (f.whole[()], f.since[()], f.gain[()]) == ({"a": [1]}, np.datetime64("2024-01-01", "s"), 1.5)
        f.verify()
    with h5py.File(path) as file:
        assert file["weights"].id.get_type().get_size() == file["plain"].attrs.get_id("gain").get_type().get_size() == 2
        assert file["day"].attrs["units"] == "days since 1970-01-01"


def test_M18_T9_several_files_as_one(tmp_path: Path) -> None:
    paths = [written(tmp_path / f"{first}.h5", first, count) for first, count in ((0, 7), (7, 1), (8, 30))]
    with Reader(paths) as f:
        for i in range(38):
            expect(f.row[str(i)], entry(i))
        rows = np.array([37, 0, 7, 7, 12])
        for name in ("raw", "said", "day", "at", "weights"):
            block = getattr(f, name)[rows]
            view = getattr(f, name)
            for place, row in enumerate(rows.tolist()):
                assert alike(view.entry(block, place), entry(row)[name]), (name, row)


def test_M18_T9_damage_is_noticed(tmp_path: Path) -> None:
    path = written(tmp_path / "a.h5", 0, 30)
    for name in ("raw", "short", "day", "at", "plain"):
        with h5py.File(path, "r+") as file:
            dataset = file[name]
            before = dataset[:]
            dataset[1:3] = dataset[3:5]
        with Reader(path) as f, pytest.raises(FileError, match=f"/{name}"):
            f.verify()
        with h5py.File(path, "r+") as file:
            file[name][...] = before


def test_T9_batches_in_any_order(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch", reason="loaders need torch")
    from h5schema.runtime.torch import Loader

    path = written(tmp_path / "a.h5", 0, 60)
    taken = {name: Take(name) for name in ("raw", "said", "day", "at", "weights", "plain")}
    plan = Plan(over="row", where={"said": Present(), "at": Present()}, sample=taken, batch=Batch(7, shuffle=True))
    fed: Any = type("Fed", (Loader,), {"file": Reader, "plan": plan})
    seen: list[int] = []
    for batch in fed.loader(path, seed=3):
        for place, said in enumerate(batch["said"]):
            i = said["i"]
            seen.append(i)
            wanted = entry(i)
            assert batch["raw"][place] == wanted["raw"]
            assert batch["day"][place].item() == wanted["day"].astype(np.int64)
            assert batch["at"].lengths[place] == len(wanted["at"])
            for name in ("weights", "plain"):
                bits = batch[name][place].view(torch.int16).numpy().view(np.uint16)
                assert np.array_equal(bits, wanted[name].view(np.uint32) >> 16), (name, i)
    assert sorted(seen) == [i for i in range(60) if i % 3 and i % 4 != 1]
