"""Damages a small file again and again, reads it, and prints what came of it; a process of its own, as HDF5 may crash.

`python flips.py FOLDER FIRST COUNT` prints a line `NUMBER BYTE VERDICT` for each damage; the number is its seed.
"""

from __future__ import annotations

import random
import resource
import sys
from enum import IntEnum
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parent / "packages"))

from blank import declare

from h5schema.errors import H5SchemaError
from h5schema.runtime import (
    Among,
    Array,
    Axis,
    Enumerated,
    FixedAxis,
    IdAxis,
    Ragged,
    RaggedAxis,
    Scalar,
    Split,
    Text,
    optional,
)
from h5schema.runtime.inspect import describe


class Kind(IntEnum):
    """Of an enum."""

    cat = 0
    dog = 7


Reader, Creator = declare(
    clip=IdAxis(dict),
    step=Axis(dict),
    time=RaggedAxis(per="clip"),
    bin=FixedAxis(3),
    wave=Ragged(np.float32, "clip time"),
    marks=optional(Ragged(np.uint8, "clip time", enum=Kind)),
    image=Array(np.uint8, "clip 5 bin"),
    packed=Array(np.int32, "clip 40", codec="default"),
    kind=Enumerated(Kind, "clip"),
    speaker=Text("clip"),
    code=optional(Text("clip", size=8)),
    loss=Scalar(np.float64, "step", unit="nats"),
    scale=Scalar(np.float64, ""),
    title=Text(""),
    gain=Scalar(np.float32, "", at="image@gain"),
    splits={"kinds": Split("clip", {"cats": Among("cat")}, by="kind")},
)
WHOLE = ("scale", "title", "gain")
ENTRIES = 9


def write(path: Path) -> Path:
    """A small file with a feature of every kind."""
    rng = np.random.default_rng(0)
    lengths = [int(n) for n in rng.integers(0, 30, ENTRIES)]
    with Creator.create(path) as w:
        w.scale, w.title, w.gain = 2.5, "A title, grün", 0.25
        w.clip.extend(
            [f"clip/{i}-ü" for i in range(ENTRIES)],
            {
                "wave": [rng.random(n, np.float32) for n in lengths],
                "marks": [None if n % 3 == 0 else np.full(n, 7, np.uint8) for n in lengths],
                "image": rng.integers(0, 255, (ENTRIES, 5, 3)).astype(np.uint8),
                "packed": rng.integers(0, 9, (ENTRIES, 40)).astype(np.int32),
                "kind": [list(Kind)[i % 2] for i in range(ENTRIES)],
                "speaker": [f"speaker {i}, grün" for i in range(ENTRIES)],
                "code": [None if i % 4 == 1 else f"c{i}" for i in range(ENTRIES)],
            },
        )
        w.step.extend({"loss": rng.random(20)})
    return path


def content(path: Path) -> list[object]:
    """Everything that a user can read in the file."""
    with Reader(path) as f:
        whole = [getattr(f, name)[()] for name in WHOLE]
        return [
            *whole,
            *plain(dict(f.clip.items())),
            *plain(list(f.step)),
            f.split("kinds/cats").tolist(),
            f.parameters,
        ]


def plain(value: Any) -> list[object]:
    """Leaves that can be compared."""
    if isinstance(value, dict):
        return [leaf for key, inner in value.items() for leaf in (key, *plain(inner))]
    if isinstance(value, list):
        return [leaf for inner in value for leaf in plain(inner)]
    return [(value.dtype.str, value.shape, value.tobytes()) if isinstance(value, np.ndarray) else value]


def damage(whole: bytes, seed: int) -> tuple[bytes, int]:
    """One bit, one byte, or eight bytes that are others; and the first of them."""
    chance = random.Random(seed)
    at, count = chance.randrange(len(whole)), chance.choice((0, 0, 1, 8))
    if seed % 3 == 0:  # most of a small file is metadata: some damages are among what is no zero
        at = chance.choice([place for place in range(at, min(at + 4096, len(whole))) if whole[place]] or [at])
    other = bytes([whole[at] ^ 1 << chance.randrange(8)]) if not count else chance.randbytes(count)
    return whole[:at] + other + whole[at + len(other) :], at


def verdict(path: Path, good: list[object]) -> str:
    """What a user sees of the file; a word in capitals is what may not be."""
    verified = refused(lambda: verify(path), path)
    found: list[object] = []
    read = refused(lambda: found.extend(content(path)), path)
    described = refused(lambda: describe(path), path)
    for said in (verified, read, described):
        if said.startswith("LEAK"):
            return said
    if read:
        return f"refused: {read}"
    if found == good:
        return "the same"
    return f"found by verify: {verified}" if verified else "CHANGED, and verify does not know"


def verify(path: Path) -> None:
    """Compares everything with its checksums."""
    with Reader(path) as f:
        f.verify()


def refused(use: Any, path: Path) -> str:
    """In which words of ours a use is refused; "" if it is not."""
    try:
        use()
    except H5SchemaError as error:
        text = str(error)
        good = text.startswith(str(path)) and "help: " in text
        return text.splitlines()[0].removeprefix(str(path)) if good else f"LEAK of words: {text!r}"
    except Exception as error:  # noqa: BLE001  the point is that there is none
        return f"LEAK {type(error).__name__}: {error}"
    return ""


def main(folder: Path, first: int, count: int) -> None:
    """Damages and reads, so many times."""
    resource.setrlimit(resource.RLIMIT_AS, (8 << 30, 8 << 30))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    good = folder / "good.h5"
    whole, wanted = good.read_bytes(), content(good)
    path = folder / "damaged.h5"
    for seed in range(first, first + count):
        other, at = damage(whole, seed)
        print(seed, at, end=" ", flush=True)
        path.write_bytes(other)
        print(verdict(path, wanted).replace("\n", " "), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
