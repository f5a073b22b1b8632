"""Labels of an image, as a user reads them."""

import json
from pathlib import Path

import numpy as np

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
