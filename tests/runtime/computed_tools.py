"""What is computed of entries."""

from __future__ import annotations

import os
import signal
import time
from typing import Any

import numpy as np


def total(values: Any) -> float:
    return float(np.sum(values))


def described(entry: Any) -> tuple[float, float]:
    return entry["x"], float(entry["wave"].sum())


def slow_at_first(x: float) -> float:
    time.sleep(0.4 if x == 0 else 0.0)
    return -x


def fails(x: float) -> float:
    if x == 30:
        raise ValueError("thirty")
    return x


def ends(x: float) -> float:
    if x == 30:
        os.kill(os.getpid(), signal.SIGKILL)
    return x


def hangs(x: float) -> float:
    time.sleep(60 if x == 3 else 0)
    return x


def large(x: float) -> Any:
    return np.full(50_000, x)


def unpicklable(x: float) -> object:
    return lambda: x
