"""Thousands of damages of a file, by the measure of `tests/runtime/test_damaged_files.py`."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "runtime"))

from test_damaged_files import judge, verdicts


@pytest.mark.parametrize("part", range(20))
def test_many_damages(tmp_path: Path, part: int) -> None:
    first = 1000 + 250 * part
    judge(verdicts(tmp_path, first, first + 250))
