# What the extractors use of soxr.
from typing import Any

from numpy import floating
from numpy.typing import NDArray

def resample(x: NDArray[floating[Any]], in_rate: float, out_rate: float) -> NDArray[floating[Any]]: ...
