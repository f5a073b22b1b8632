"""What `detection.yaml` reads and changes."""

import json
from pathlib import Path
from typing import Any

import numpy as np


def read(path: Path) -> dict[str, Any]:
    """Boxes and polygons of one image, by the names of the features."""
    labels = json.loads(path.read_text(encoding="utf-8"))
    boxes, polygons = labels["boxes"], labels["polygons"]
    return {
        "xyxy": np.array([box["xyxy"] for box in boxes], np.float32).reshape(-1, 4),
        "xyxy_kind": [box["kind"] for box in boxes],
        "outline": [np.array(polygon["outline"], np.float32).reshape(-1, 2) for polygon in polygons],
        "outline_kind": [polygon["kind"] for polygon in polygons],
    }


def flip(sample: Any, rng: np.random.Generator) -> Any:
    """Mirrors every second image, and the boxes in it."""
    inputs, targets = sample
    if rng.random() < 0.5:
        return sample
    width = inputs["image"].shape[1]
    boxes = targets["boxes"][:, [2, 1, 0, 3]] * np.float32([-1, 1, -1, 1]) + np.float32([width, 0, width, 0])
    return type(sample)({**inputs, "image": inputs["image"][:, ::-1]}, {**targets, "boxes": boxes})
