# ruff: noqa: F401 (the types behind the lines are imported for them)
"""How a package with windows is used; behind each line stands the type that it must have."""

from __future__ import annotations

from typing import reveal_type

import numpy as np
from numpy.typing import NDArray
from package_windows import PackageWindows
from package_windows.loaders import (
    FramedBatch,
    NextSample,
    NextSampleBatch,
    NextSampleInputs,
    NextSampleTargets,
    WordsBatch,
    elements_loader,
    forecast_loader,
    framed_loader,
    next_sample_loader,
    parts_loader,
    words_loader,
)
from torch import Tensor

from h5schema.runtime.torch import Packed, Padded

with PackageWindows("clips.h5") as clips:
    reveal_type(clips.wave["a", 10:20])  # NDArray[np.float32]
for inputs, targets in next_sample_loader("clips.h5", subset="a-*"):
    reveal_type(inputs)  # NextSampleInputs
    reveal_type(targets)  # NextSampleTargets
    reveal_type(inputs["x"])  # Tensor
    reveal_type(inputs["id"])  # list[str]
    reveal_type(targets["next"])  # Tensor
reveal_type(NextSample("clips.h5")[0])  # NextSampleBatch
for framed in framed_loader("clips.h5"):
    reveal_type(framed)  # FramedBatch
    reveal_type(framed.wave)  # Tensor
for _, horizon in forecast_loader("clips.h5", subset={"step": [1, 2]}):
    reveal_type(horizon)  # Tensor
for elements in elements_loader("clips.h5"):
    reveal_type(elements.mel)  # Padded
for words in words_loader("clips.h5"):
    reveal_type(words.wave)  # Padded
    reveal_type(words.wave_packed)  # Packed
for part in parts_loader("clips.h5"):
    reveal_type(part)  # Padded
