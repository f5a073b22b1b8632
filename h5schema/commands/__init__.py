"""The commands, one file each: `add` says what it takes, `run` does it and returns the exit code.

Exit codes: 0 done, 1 the answer is no, 2 wrong use or bad input.
"""

from __future__ import annotations

from . import bench, extract, generate, init, inspect, lint, plot, repack, schema

COMMANDS = (init, generate, lint, extract, inspect, plot, bench, repack, schema)
"""In the order of `--help`."""
