"""Speed of the tool itself, as whole processes, in floors.

    python benchmarks/tool.py [--runs 15]

The floor is what any tool on pydantic, jinja2 and yaml pays before its first line:
`python -c "from pydantic import BaseModel; import jinja2, yaml"`. Every command is run in turn with it,
round by round, and the median of the ratios within a round is printed.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median

FLOOR = [sys.executable, "-c", "from pydantic import BaseModel; import jinja2, yaml"]
ENVIRONMENT = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
"""Compiled modules are kept, as they are after an installation; the first round of each command is not counted."""

ARRAYS = [sys.executable, "-c", "import h5py, numpy"]


def schema_of(features: int) -> str:
    """A schema of so many features, of all common kinds."""
    lines = [
        "h5schema: 1",
        f"name: wide_{features}",
        "version: 1.0.0",
        "dims:",
        "  row: {ids: true}",
        "  time: {per: row}",
        "features:",
    ]
    kinds = (
        "{{dims: [row, 8], dtype: float32, unit: V, doc: Channel {i}.}}",
        "{{dims: [row], dtype: int64, doc: Count {i}.}}",
        "{{dims: [row, time], dtype: int16}}",
        "{{dims: [row], dtype: str, optional: true}}",
        "{{dims: [row], dtype: {{enum: [a, b, c]}}}}",
    )
    lines += [f"  feature_{i}: " + kinds[i % len(kinds)].format(i=i) for i in range(features)]
    lines += ["loaders:", "  train: {over: row, inputs: feature_0, targets: feature_1, batch: 64}"]
    return "\n".join(lines) + "\n"


def seconds(command: Sequence[str], cwd: Path, before: Callable[[], None]) -> float:
    """Wall time of one whole process."""
    before()
    start = time.perf_counter()
    subprocess.run(command, cwd=cwd, check=True, stdout=subprocess.DEVNULL, env=ENVIRONMENT)
    return time.perf_counter() - start


def compare(
    name: str, command: Sequence[str], peer: Sequence[str], cwd: Path, runs: int, before: Callable[[], None]
) -> None:
    """Prints the median of command, and of command / peer within a round."""
    pairs: list[tuple[float, float]] = []
    for _ in range(runs + 1):
        pairs.append((seconds(peer, cwd, lambda: None), seconds(command, cwd, before)))
    ratios = [ours / theirs for theirs, ours in pairs[1:]]
    print(
        f"{name:<44} {1000 * median(o for _, o in pairs[1:]):7.0f} ms   {median(ratios):5.2f} x"
        f"   ({min(ratios):.2f} to {max(ratios):.2f})",
        flush=True,
    )


def import_cost(package: str, cwd: Path, runs: int) -> tuple[float, float]:
    """Milliseconds that importing a package adds: measured inside of the process, and of whole processes."""
    code = f"import h5py, numpy, time; t = time.perf_counter(); import {package}; print(time.perf_counter() - t)"
    inside: list[float] = []
    outside: list[float] = []
    for _ in range(runs + 1):
        base = seconds(ARRAYS, cwd, lambda: None)
        outside.append(seconds([sys.executable, "-c", f"import h5py, numpy, {package}"], cwd, lambda: None) - base)
        done = subprocess.run([sys.executable, "-c", code], cwd=cwd, env=ENVIRONMENT, capture_output=True, check=True)
        inside.append(float(done.stdout))
    return 1000 * median(inside[1:]), 1000 * median(outside[1:])


def main() -> None:
    """All rows of the table in docs/benchmarks.md."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=15)
    runs: int = parser.parse_args().runs
    tool = [sys.executable, "-m", "h5schema"]
    with tempfile.TemporaryDirectory() as folder:
        cwd = Path(folder)

        def nothing() -> None:
            pass

        print("against the floor: from pydantic import BaseModel; import jinja2, yaml")
        compare("--help", [*tool, "--help"], FLOOR, cwd, runs, nothing)
        for count in (5, 250, 500, 1000):
            path = cwd / f"wide_{count}.yaml"
            path.write_text(schema_of(count), encoding="utf-8")

            def fresh(count: int = count) -> None:
                shutil.rmtree(cwd / f"wide_{count}", ignore_errors=True)

            compare(f"generate, {count} features", [*tool, "generate", path.name, "-o", "."], FLOOR, cwd, runs, fresh)
            compare(
                f"generate, {count} features, unchanged",
                [*tool, "generate", path.name, "-o", "."],
                FLOOR,
                cwd,
                runs,
                nothing,
            )
            compare(f"lint, {count} features", [*tool, "lint", path.name], FLOOR, cwd, runs, nothing)
        print("\nadded to importing h5py and numpy: until the import is done, and in all (with the end of the process)")
        for count in (5, 1000):
            inside, outside = import_cost(f"wide_{count}", cwd, runs)
            print(
                f"import of a package of {count} features".ljust(44) + f"{inside:7.0f} ms   {outside:5.0f} ms",
                flush=True,
            )


if __name__ == "__main__":
    main()
