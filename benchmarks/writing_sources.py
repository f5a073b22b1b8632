"""What the benchmarks of writing read: mosaics of small pictures, tiny files, and packages generated for them."""

from __future__ import annotations

import importlib
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

SIDE, TILES = 256, 8
_IN_FOLDER = 1000

DECODED = """
h5schema: 1
name: {name}
version: 1.0.0
dims: {{photo: {{source: '{{folder}}/{{name}}.jpg'}}, height: 256, width: 256, channel: 3}}
features:
  image: {{dims: [photo, height, width, channel], dtype: uint8, call: image, store: {codec}}}
"""
KEPT = """
h5schema: 1
name: {name}
version: 1.0.0
dims: {{source: {{source: '{{folder}}/{{name}}.{ending}'}}, byte: {{per: source}}}}
features:
  data: {{dims: [source, byte], dtype: uint8, call: bytes}}
"""
SAMPLES = """
h5schema: 1
name: {name}
version: 1.0.0
dims: {{sample: {{{ids}}}}}
features:
  x: {{dims: [sample, 256], dtype: float32}}
"""


def generated(schema: str, folder: Path, **words: str) -> Any:
    """The package of a schema, made and imported."""
    text, name = schema.format(**words), words["name"]
    (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    command = [sys.executable, "-m", "h5schema", "generate", f"{name}.yaml", "-o", "."]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))
    importlib.invalidate_caches()
    return importlib.import_module(name)


def drawn(count: int, rng: np.random.Generator) -> list[NDArray[np.uint8]]:
    """A patch on a slope of colors, and noise: JPEG, lzf and zstd make as little of them as of real pictures."""
    y, x = np.mgrid[0:32, 0:32] / 32.0
    found: list[NDArray[np.uint8]] = []
    for _ in range(count):
        low, high, patch = rng.integers(0, 256, (3, 3))
        turn, center, radius = rng.uniform(0, 2 * np.pi), rng.uniform(0.3, 0.7, 2), rng.uniform(0.1, 0.35)
        slope = 0.5 + 0.5 * (np.cos(turn) * (x - 0.5) + np.sin(turn) * (y - 0.5))
        image = low + slope[:, :, None] * (high - low)
        image[np.hypot(y - center[0], x - center[1]) < radius] = patch
        image += (rng.normal(0, 1, (32, 32, 1)) + rng.normal(0, 0.4, (32, 32, 3))) * rng.exponential(10)
        found.append(image.clip(0, 255).astype(np.uint8))
    return found


def pictures(folder: Path | None, rng: np.random.Generator) -> list[NDArray[np.uint8]]:
    """Real pictures of 32 x 32, or drawn ones."""
    if folder is None:
        return drawn(1000, rng)
    paths = sorted(path for path in folder.rglob("*") if path.suffix in (".jpg", ".png"))
    return [np.asarray(Image.open(path).convert("RGB").resize((32, 32))) for path in paths]


def photos(folder: Path, count: int, tiles: Sequence[NDArray[np.uint8]], rng: np.random.Generator) -> list[str]:
    """Mosaics of 8 x 8 pictures, quality 85; their paths in order."""
    paths: list[str] = []
    for number in range(count):
        chosen = np.stack([tiles[at] for at in rng.integers(0, len(tiles), TILES * TILES)])
        rows = chosen.reshape(TILES, TILES, 32, 32, 3).transpose(0, 2, 1, 3, 4)
        path = _path(folder, number, "jpg")
        Image.fromarray(np.ascontiguousarray(rows.reshape(SIDE, SIDE, 3))).save(path, quality=85)
        paths.append(str(path))
    return paths


def small(folder: Path, count: int, rng: np.random.Generator, size: int = 100) -> list[str]:
    """Files of so many random bytes; their paths in order."""
    paths: list[str] = []
    for number in range(count):
        path = _path(folder, number, "bin")
        path.write_bytes(rng.bytes(size))
        paths.append(str(path))
    return paths


def _path(folder: Path, number: int, ending: str) -> Path:
    inner = folder / f"{number // _IN_FOLDER:04d}"
    if number % _IN_FOLDER == 0:
        inner.mkdir(parents=True)
    return inner / f"{number % _IN_FOLDER:03d}.{ending}"
