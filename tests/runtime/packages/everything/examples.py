"""Entries of `Everything`, all different."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from .groups import EverythingWriter, Label, Mode

LABELS = list(Label)
NAMES = ["", "plain", "Grüße", "🙂 emoji", "nul\0inside", "long " * 100]


def entry(i: int) -> Any:
    """Entry number `i`; absent, empty and long values come in turns."""
    rng = np.random.default_rng(i)
    length = [0, 1, 7, 300][i % 4]
    return {
        "label": LABELS[i % 3],
        "states": np.array([-1, 1, 1 if i % 2 else -1], np.int8),
        "name": NAMES[i % len(NAMES)],
        "code": f"ü{i}"[:8],
        "trace": rng.standard_normal((length, 3)).astype(np.float32),
        "flags": rng.integers(0, 255, length).astype(np.uint8),
        "checked": float(np.float32(i % 11 / 10)),
        "scalars": {
            "flag": i % 2 == 0,
            "i8": -128 + i % 256,
            "i16": -32768 + i,
            "i32": -(2**31) + i,
            "i64": 2**53 + 1 + i,
            "u8": 255 - i % 256,
            "u16": 65535 - i,
            "u32": 2**32 - 1 - i,
            "u64": 2**64 - 1 - i,
            "f16": float(np.float16(i / 8)),
            "f32": float(np.float32(1 / (i + 1))),
            "f64": 1 / (i + 3),
            "c64": complex(i, -0.5),
            "c128": complex(1e300, -i),
        },
        "maybe": {
            "number": None if i % 2 else i / 3,
            "array": None if i % 3 == 0 else np.array([i, -i], np.int32),
            "label": None if i % 5 else LABELS[i % 3],
            "name": None if i % 4 == 1 else NAMES[i % len(NAMES)],
            "code": None if i % 4 == 2 else f"c{i}",
            "trace": None if i % 3 == 1 else rng.standard_normal(length),
        },
    }


def name_of(i: int) -> str:
    """The id of entry number `i`."""
    return f"folder/{i:03d}_ü.dat"


def write(path: Path, count: int = 12, first: int = 0) -> Path:
    """A file of so many entries, from number `first` on."""
    numbers = range(first, first + count)
    with EverythingWriter.create(path) as w:
        w.title = "Everything, grün\n"
        w.scale = 0.25
        w.matrix = np.arange(6, dtype=np.int16).reshape(2, 3)
        w.mode = Mode.slow
        w.gain = 1.5
        w.vector = np.array([1, 2, 3], np.int32)
        for i in numbers:
            w.sample[name_of(i)] = entry(i)
        for i in range(2 * first, 2 * (first + count)):
            w.step.append({"loss": float(i)})
        w.events.event.extend({"events/when": np.array(numbers), "events/inner/word": [f"w{i}" for i in numbers]})
    return path


def equal(one: Any, other: Any) -> bool:
    """Whether two entries are the same: values, dtypes, shapes, what is absent."""
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(equal(one[key], other[key]) for key in one)
    if isinstance(one, np.ndarray):
        return isinstance(other, np.ndarray) and one.dtype == other.dtype and np.array_equal(one, other)
    return type(one) is type(other) and one == other
