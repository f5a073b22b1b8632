"""Tests that take minutes: `H5SCHEMA_LONG=1 pytest tests/long`."""

from __future__ import annotations

import os

collect_ignore_glob = [] if os.environ.get("H5SCHEMA_LONG") else ["test_*.py"]
