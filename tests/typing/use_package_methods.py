# ruff: noqa: F401 (the types behind the lines are imported for them)
"""Methods of views: the arguments and results of the user's functions come through."""

from typing import Any, reveal_type

import numpy as np
from numpy.typing import NDArray
from package_methods import PackageMethods, PackageMethodsWriter, PeakView, WaveView

from h5schema.runtime import Maybe, RaggedBlock
from h5schema.runtime.writing.view_writer import ViewWriter

with PackageMethods("sounds.h5") as file:
    reveal_type(file.wave)  # WaveView
    reveal_type(file.wave["a"])  # NDArray[np.float32]
    reveal_type(file.wave[:])  # RaggedBlock[np.float32]
    reveal_type(file.wave.loudness("a"))  # float
    reveal_type(file.wave.loudness("a", floor=1.0))  # float
    reveal_type(file.wave.longest(most=2))  # list[int]
    reveal_type(file.peak)  # PeakView
    reveal_type(file.peak["a"])  # float | None
    reveal_type(file.peak[:])  # Maybe[NDArray[np.float64]]
    reveal_type(file.level[:])  # NDArray[np.integer[Any]]
    reveal_type(file.model.norm("a"))  # float
    reveal_type(file.about.level.words())  # list[str]
    reveal_type(file.about.table.words())  # list[str]
with PackageMethodsWriter.create("sounds.h5") as w:
    reveal_type(w.wave)  # ViewWriter[NDArray[np.float32], RaggedBlock[np.float32]]
