"""Pictures in class folders."""

from __future__ import annotations

from enum import IntEnum
from typing import TypedDict

import numpy as np
from numpy.typing import NDArray

from h5schema.runtime import Array, Enumerated, File, IdAxis, Scalar, Schema, Text, Writer, optional


class Label(IntEnum):
    """The class."""

    cat = 0
    dog = 1


class PhotoEntry(TypedDict):
    """One entry of `photo`."""

    image: NDArray[np.uint8]
    label: Label
    name: str
    mean: float
    largest: int
    double: float
    note: str | None
    words: int | None
    upper: str


class Pictures(File):
    """Pictures in class folders."""

    schema = Schema("pictures", "1.0.0", "sha256:" + "b" * 64)

    photo = IdAxis(PhotoEntry)
    image = Array(np.uint8, "photo 8 8 3")
    label = Enumerated(Label, "photo")
    name = Text("photo")
    mean = Scalar(np.float64, "photo")
    largest = Scalar(np.uint8, "photo")
    double = Scalar(np.float64, "photo")
    note = optional(Text("photo"))
    words = optional(Scalar(np.int64, "photo"))
    upper = Text("photo")
    made_by = Text("")


class PicturesWriter(Pictures, Writer):
    """Writes files that `Pictures` reads."""
