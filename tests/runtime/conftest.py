"""What the tests of the runtime share: packages written by hand in the form of generated ones."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

PACKAGES = Path(__file__).parent / "packages"
sys.path.insert(0, str(PACKAGES))

settings.register_profile(
    "runtime",
    deadline=None,
    max_examples=40,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
settings.load_profile("runtime")


@pytest.fixture
def packages() -> Path:
    """Folder of the packages."""
    return PACKAGES
