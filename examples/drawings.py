"""Draws a folder of small pictures, one folder per shape, so that the examples need no download."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

SHAPES = ("circle", "cross", "ring", "square", "stripes", "triangle")
SIZE = 32


def draw_folder(folder: Path, each: int = 150, seed: int = 0) -> Path:
    """Draws `each` JPEG files of every shape, of random colour, place and size, with noise."""
    rng = np.random.default_rng(seed)
    for shape in SHAPES:
        where = folder / shape
        where.mkdir(parents=True, exist_ok=True)
        for number in range(each):
            draw(shape, rng).save(where / f"{number:04d}.jpg", quality=90)
    return folder


def draw(shape: str, rng: np.random.Generator) -> Image.Image:
    """One picture: `SIZE` x `SIZE` pixels, RGB."""
    dark, bright = rng.integers(0, 100, 3), rng.integers(150, 256, 3)
    image = Image.new("RGB", (SIZE, SIZE), tuple(map(int, dark)))
    pen = ImageDraw.Draw(image)
    radius = int(rng.integers(7, 13))
    x, y = (int(v) for v in rng.integers(radius + 1, SIZE - radius - 1, 2))
    box = (x - radius, y - radius, x + radius, y + radius)
    fill = tuple(map(int, bright))
    match shape:
        case "circle":
            pen.ellipse(box, fill=fill)
        case "square":
            pen.rectangle(box, fill=fill)
        case "triangle":
            pen.polygon([(x, y - radius), (x - radius, y + radius), (x + radius, y + radius)], fill=fill)
        case "ring":
            pen.ellipse(box, outline=fill, width=3)
        case "cross":
            pen.line((x - radius, y - radius, x + radius, y + radius), fill=fill, width=4)
            pen.line((x - radius, y + radius, x + radius, y - radius), fill=fill, width=4)
        case _:
            for step in range(-radius, radius + 1, 6):
                pen.line((x - radius, y + step, x + radius, y + step), fill=fill, width=2)
    noisy = np.asarray(image, np.int16) + rng.normal(0, 8, (SIZE, SIZE, 3)).astype(np.int16)
    return Image.fromarray(noisy.clip(0, 255).astype(np.uint8))
