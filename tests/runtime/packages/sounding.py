"""Functions that note each call in the file that the environment names."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
from numpy.typing import NDArray


def noted(text: str) -> None:
    with Path(os.environ["SOUNDING_LOG"]).open("a") as log:
        log.write(f"{text}\n")


def wave(path: Path) -> NDArray[np.float32]:
    noted(f"wave {path.stem}")
    text = path.read_text()
    if text.startswith("!"):
        raise ValueError(text)
    if text == "stop":
        raise KeyboardInterrupt
    return np.array([float(word) for word in text.split()], np.float32)


def total(samples: NDArray[np.float32], *, times: int = 1) -> float:
    noted(f"total {len(samples)}")
    assert not samples.flags.writeable
    return float(samples.sum()) * times


def half(total: float) -> float:
    noted(f"half {total}")
    return total / 2


def size(path: Path) -> int:
    noted(f"size {path.stem}")
    return len(path.read_bytes())


def shout(kind: str) -> str:
    noted(f"shout {kind}")
    return kind.upper()


def note(path: Path) -> str:
    noted(f"note {path.stem}")
    return path.read_text()


def longer(text: str) -> str:
    noted(f"longer {text}")
    return f"{text}!"


def window(*, size: int = 2) -> NDArray[np.float64]:
    noted("window")
    return np.ones(4) * size
