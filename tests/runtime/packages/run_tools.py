"""A user's function that reads HDF5 files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py


def read(path: Path) -> Any:
    """The signal of a run."""
    with h5py.File(path) as file:
        return file["signal"][:]
