"""Run by a Python that has h5mapper: reads paths of images, and says in how many seconds `create` wrote them.

python writing_h5mapper.py TARGET threads|mp < PATHS
"""

from __future__ import annotations

import sys
import time

import h5mapper
import numpy as np
from PIL import Image


class Pixels(h5mapper.Array):
    """One image as one row."""

    def load(self, source: str) -> np.ndarray:
        """Pillow's pixels."""
        with Image.open(source) as image:
            return np.asarray(image.convert("RGB"))[None]


class Photos(h5mapper.TypedFile):
    """Images, end to end."""

    image = Pixels()


if __name__ == "__main__":
    target, parallelism = sys.argv[1:]
    paths = sys.stdin.read().splitlines()
    start = time.perf_counter()
    Photos.create(target, paths, n_workers=2, parallelism=parallelism)
    print(time.perf_counter() - start)
