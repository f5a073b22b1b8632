"""Every storage kind with every dtype, codec and carrier; with no entry, one and many; absent, empty and long ones."""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum
from pathlib import Path
from typing import Any, NamedTuple

import h5py
import numpy as np
import pytest
from blank import declare

from h5schema.runtime import (
    Array,
    Axis,
    Bytes,
    Category,
    Coo,
    Csr,
    Enumerated,
    Files,
    Json,
    Nested,
    Ragged,
    RaggedAxis,
    Scalar,
    SparseRow,
    Text,
    optional,
)
from h5schema.runtime.carrier import H5pyCarrier
from h5schema.runtime.spans import carry_out

Rng = np.random.Generator
INTEGERS = ["int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"]
NUMBERS = ["bool", *INTEGERS, "float16", "float32", "float64", "complex64", "complex128"]
STORED = ("bfloat16", "datetime64[ns]")
OPTIONS: dict[str, dict[str, Any]] = {
    "plain": {},
    "chunked": {"layout": "chunked", "chunk": 64},
    "deflate": {"codec": "default", "chunk": 100},
    "zstd": {"codec": "zstd", "level": 1},
    "blosc2": {"codec": "blosc2", "chunk": 300},
}


class Color(IntEnum):
    """Of a thing."""

    red = 0
    green = 7


class Kind(NamedTuple):
    """How one feature is declared, and what an entry of it may be."""

    declare: Callable[..., Any]
    value: Callable[[Rng, str, int], Any]
    axes: tuple[tuple[str, str], ...] = ()
    dtypes: tuple[str, ...] = ("float32",)


def numbers(rng: Rng, dtype: str, *shape: int) -> np.ndarray:
    """Values of a dtype, the extreme ones among them."""
    if dtype == "bfloat16":
        bits = rng.integers(0, 2**16, shape).astype(np.uint32) << 16
        values = bits.view(np.float32)
        return np.where(np.isnan(values), np.float32(1.5), values).astype(np.float32)
    if dtype == "datetime64[ns]":
        return rng.integers(-(2**62), 2**62, shape).astype("datetime64[ns]")
    kind = np.dtype(dtype)
    raw = rng.integers(0, 256, (*shape, kind.itemsize)).astype(np.uint8)
    if kind.kind == "b":
        return raw[..., 0] % 2 == 1
    with np.errstate(all="ignore"):
        values = np.ascontiguousarray(raw).view(kind).reshape(shape)
        return values if kind.kind in "iu" else np.where(np.isnan(values), kind.type(-0.0), values)


def sparse(rng: Rng, dtype: str, size: int) -> tuple[Any, Any]:
    return np.sort(rng.permutation(9)[: min(size, 9)]), numbers(rng, dtype, min(size, 9))


def given(kind: type, **fixed: Any) -> Callable[..., Any]:
    """A declaration of this kind, of any dtype."""
    dims = fixed.pop("dims")

    def made(dtype: str, **options: Any) -> Any:
        stored = {"stored": dtype} if dtype in STORED else {}
        memory = {"bfloat16": np.float32, "datetime64[ns]": np.datetime64}.get(dtype) or np.dtype(dtype).type
        return kind(memory, dims, **stored, **fixed, **options)

    return made


def other(kind: type, *positional: Any, **fixed: Any) -> Callable[..., Any]:
    """A declaration without a dtype of numbers."""
    return lambda dtype, **options: kind(*positional, **fixed, **options)


TIME = (("time", "thing"),)
SIZE = (("height", "thing"), ("width", "thing"))
TREE = (("part", "thing"), ("point", "part"))
WORDS = ("", "a", "Grüße", "x" * 300)

KINDS = {
    "scalar": Kind(given(Scalar, dims="thing"), lambda r, d, n: numbers(r, d, 1)[0], (), (*NUMBERS, *STORED)),
    "dense": Kind(given(Array, dims="thing 2 3"), lambda r, d, n: numbers(r, d, 2, 3), (), (*NUMBERS, *STORED)),
    "ragged": Kind(given(Ragged, dims="thing time 2"), lambda r, d, n: numbers(r, d, n, 2), TIME, (*NUMBERS, *STORED)),
    "shaped": Kind(
        given(Ragged, dims="thing 2 height width"),
        lambda r, d, n: numbers(r, d, 2, n, n // 2 + 1),
        SIZE,
        (*NUMBERS, *STORED),
    ),
    "nested": Kind(
        given(Nested, dims="thing part point 2"),
        lambda r, d, n: [numbers(r, d, i % 3, 2) for i in range(n)],
        TREE,
        (*NUMBERS, *STORED),
    ),
    "csr": Kind(given(Csr, dims="thing 9"), sparse, (), tuple(NUMBERS)),
    "coo": Kind(given(Coo, dims="thing 3 3"), lambda r, d, n: numbers(r, d, 3, 3), (), tuple(NUMBERS)),
    "text": Kind(other(Text, "thing"), lambda r, d, n: WORDS[n % 4]),
    "short text": Kind(other(Text, "thing", size=600), lambda r, d, n: WORDS[n % 4]),
    "texts": Kind(other(Nested, "str", "thing time"), lambda r, d, n: [WORDS[i % 4] for i in range(n)], TIME),
    "bytes": Kind(other(Bytes, "thing"), lambda r, d, n: r.bytes(n)),
    "json": Kind(other(Json, "thing"), lambda r, d, n: {"n": n, "list": list(range(n)), "deep": [None, {"x": 0.5}]}),
    "category": Kind(other(Category, "thing"), lambda r, d, n: f"word {n % 5}"),
    "enum": Kind(other(Enumerated, Color, "thing"), lambda r, d, n: Color.green if n % 2 else Color.red),
    "png": Kind(
        other(Files, np.uint8, "thing height width 3", form="png"),
        lambda r, d, n: numbers(r, "uint8", n + 1, n // 3 + 1, 3),
        SIZE,
    ),
}
CASES = [
    *((name, dtype, "plain") for name, kind in KINDS.items() for dtype in kind.dtypes),
    *((name, kind.dtypes[0], option) for name, kind in KINDS.items() for option in OPTIONS if option != "plain"),
]


def files(name: str, dtype: str, options: dict[str, Any], *, absent: bool) -> tuple[Any, Any]:
    kind = KINDS[name]
    feature = kind.declare(dtype, **options)
    axes = {axis: RaggedAxis(per=parent) for axis, parent in kind.axes}
    return declare(thing=Axis(dict), **axes, x=optional(feature) if absent else feature)


def values_of(name: str, dtype: str, count: int, *, absent: bool) -> list[Any]:
    rng, kind = np.random.default_rng(len(name) + 31 * count), KINDS[name]
    sizes = [0, 3, 40, 1, 0, 2, 7, 5, 0]
    entries = [kind.value(rng, dtype, sizes[i % len(sizes)]) for i in range(count)]
    return [None if absent and i % 3 == 1 else entry for i, entry in enumerate(entries)]


def plain(entry: Any) -> Any:
    """An entry as bytes and lists, so that two are equal only if they are alike to the last bit."""
    if entry is None or isinstance(entry, str | bytes | dict | IntEnum):
        return entry
    if isinstance(entry, list):
        return [plain(item) for item in entry]
    if isinstance(entry, tuple) and not isinstance(entry, SparseRow):
        dense = np.zeros(9, entry[1].dtype)
        dense[entry[0]] = entry[1]
        return plain(dense)
    array = np.asarray(entry.dense() if isinstance(entry, SparseRow) else entry)
    return (array.shape, array.dtype.str, array.tobytes()) if array.ndim else repr(array.item())


def expect(view: Any, entries: list[Any], reader: Any, path: Path) -> None:
    """Every way of reading gives the entries."""
    wanted = [plain(entry) for entry in entries]
    assert [plain(entry) for entry in view] == wanted
    rows = np.random.default_rng(1).integers(0, len(entries), 2 * len(entries)) if entries else np.empty(0, np.int64)
    block = view.read(rows.astype(np.int64))
    assert [plain(view.entry(block, i)) for i in range(len(rows))] == [wanted[row] for row in rows]
    feature, place, _ = reader.compared("x")
    with h5py.File(path) as file:
        through = carry_out(feature.reading(place, rows.astype(np.int64)), H5pyCarrier(file))
        assert [plain(view.entry(through, i)) for i in range(len(rows))] == [wanted[row] for row in rows]


@pytest.mark.parametrize("absent", [False, True], ids=["there", "absent"])
@pytest.mark.parametrize(("name", "dtype", "option"), CASES)
def test_M9_every_kind(tmp_path: Path, name: str, dtype: str, option: str, absent: bool) -> None:
    reading, writing = files(name, dtype, OPTIONS[option], absent=absent)
    for count in (0, 1, 9):
        entries = values_of(name, dtype, count, absent=absent)
        path = tmp_path / f"{count}.h5"
        with writing.create(path) as w:
            w.thing.extend({"x": entries})
        for access in ("map", "read", "memory"):
            with reading(path, access=access) as f:
                expect(f.x, entries, f.bound.reader, path)
        with reading(path) as f:
            f.verify()
    more = values_of(name, dtype, 4, absent=absent)
    with writing.edit(path) as w:
        for entry in more:
            w.thing.append({"x": entry})
    with reading(path) as f:
        expect(f.x, entries + more, f.bound.reader, path)
        f.verify()
