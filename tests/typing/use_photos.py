# ruff: noqa: F401 (the types behind the lines are imported for them)
"""How the photo package is used; behind each line stands the type that it must have."""

from __future__ import annotations

from typing import reveal_type

import numpy as np
from numpy.typing import NDArray
from photos import Photos
from photos.groups import Label, PhotoEntry
from photos.loaders import Train, TrainBatch, test_loader, train_loader
from torch import Tensor

from h5schema.runtime import Array

rows: NDArray[np.int64] = np.arange(3)

reveal_type(Photos.image)  # Array[np.uint8]
with Photos("photos.h5") as photos:
    reveal_type(photos)  # Photos
    reveal_type(photos.image[0])  # NDArray[np.uint8]
    reveal_type(photos.image["cat/1.jpg"])  # NDArray[np.uint8]
    reveal_type(photos.image[:10])  # NDArray[np.uint8]
    reveal_type(photos.image.read(rows))  # NDArray[np.uint8]
    reveal_type(photos.label[0])  # Label
    reveal_type(photos.photo["cat/1.jpg"])  # PhotoEntry
    reveal_type(photos.photo["cat/1.jpg"]["image"])  # NDArray[np.uint8]
for batch in train_loader("photos.h5"):
    reveal_type(batch)  # TrainBatch
    reveal_type(batch.image)  # Tensor
    reveal_type(batch[1])  # Tensor
for image, label in train_loader("photos.h5"):
    reveal_type(image)  # Tensor
    reveal_type(label)  # Tensor
for batch in test_loader("photos.h5"):
    reveal_type(batch)  # TrainBatch
reveal_type(Train("photos.h5")[0])  # TrainBatch
reveal_type(Train("photos.h5")[[0, 1]])  # TrainBatch
