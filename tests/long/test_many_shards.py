"""Five thousand files are one data set, with 256 descriptors: by the measure of `tests/runtime/test_shards.py`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).parents[1] / "runtime" / "many_shards.py"


def test_five_thousand_files() -> None:
    said = subprocess.run(
        [sys.executable, str(SCRIPT), "5000", "256"], capture_output=True, text=True, timeout=1800, check=False
    )
    assert said.returncode == 0, said.stderr
    assert "5000 files, 15000 entries" in said.stdout


def test_five_thousand_files_shuffled() -> None:
    script = Path(__file__).with_name("shuffled_shards.py")
    said = subprocess.run(
        [sys.executable, str(script), "5000", "256"], capture_output=True, text=True, timeout=3600, check=False
    )
    assert said.returncode == 0, said.stderr
    assert said.stdout.count(": 100000 samples") == 3
