"""Fixtures of all tests."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

# Tests run beside each other; threads of one that wait for those of another do nothing, and take all the cores for it.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# A shell that starts the tests in the background lets them ignore Ctrl-C, and so would every process that they start.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real data and hostile files that lies beside the repository."""
    given = os.environ.get("H5SCHEMA_SHARED")
    folder = Path(given) if given else Path(__file__).resolve().parent.parent.parent / "shared"
    if not folder.is_dir():
        pytest.skip(f"no shared data: {folder} is not there (H5SCHEMA_SHARED names another place)")
    return folder
