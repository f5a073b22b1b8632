"""The first row of a new process: all that it needs came with the package."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
from blank import declare

from h5schema.runtime import Array, IdAxis, Scalar

PACKAGES = Path(__file__).parent / "packages"
READ = """
import sys
sys.path.insert(0, sys.argv[1])
import numpy as np
from blank import declare
from h5schema.runtime import Array, IdAxis, Scalar
Reader, _ = declare(item=IdAxis(dict), x=Array(np.float32, "item 4"), gain=Scalar(np.float64, ""))
known = set(sys.modules)
file = Reader(sys.argv[2])
assert file.x[7].tolist() == [28, 29, 30, 31]
assert file.gain[()] == 0.5
assert file.x[[1, 2]].tolist() == [[4, 5, 6, 7], [8, 9, 10, 11]]
print(*sorted(set(sys.modules) - known))
file.x[list(range(50))]
print(*sorted(set(sys.modules) - known))
"""


def test_a_few_rows_import_nothing(tmp_path: Path) -> None:
    _, create = declare(item=IdAxis(dict), x=Array(np.float32, "item 4"), gain=Scalar(np.float64, ""))
    with create.create(tmp_path / "a.h5") as new:
        new.gain = 0.5
        new.item.extend([f"i{i}" for i in range(200)], {"x": np.arange(800, dtype=np.float32).reshape(200, 4)})
    command = [sys.executable, "-c", READ, str(PACKAGES), str(tmp_path / "a.h5")]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    few, many = (line.split() for line in done.stdout.split("\n")[:2])
    assert few == []
    assert "h5schema.runtime.carrier.bypass" in many
