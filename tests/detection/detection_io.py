"""Labels of an image, as a user reads them."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

KINDS = ["person", "car", "bicycle"]


def read(path: Path) -> dict[str, object]:
    """A value for each feature of the group."""
    found = json.loads(path.read_text())
    return {
        "xyxy": np.array(found["boxes"], np.float32).reshape(-1, 4),
        "xyxy_kind": np.array([KINDS.index(kind) for kind in found["box_kinds"]], np.uint8),
        "outline": [np.array(outline, np.float32).reshape(-1, 2) for outline in found["outlines"]],
        "outline_kind": np.array([KINDS.index(kind) for kind in found["outline_kinds"]], np.uint8),
        "outline_name": [f"{kind} {number}" for number, kind in enumerate(found["outline_kinds"])],
    }


def crop(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A part of the image, which is another size for each."""
    return image[: image.shape[0] // 2, 1:]


def augment(sample: tuple[dict[str, Any], dict[str, Any]]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The image and its outlines, mirrored."""
    inputs, targets = sample
    width = inputs["image"].shape[1]
    mirrored = [np.stack([width - one[:, 0], one[:, 1]], axis=1) for one in targets["outlines"]]
    return {**inputs, "image": inputs["image"][:, ::-1]}, {"outlines": mirrored}
