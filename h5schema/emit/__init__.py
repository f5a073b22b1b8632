"""Files of a package → disk: what is new, changed, the same or stale, and nothing that is not ours."""

from __future__ import annotations

from .manifest import MANIFEST, Manifest
from .plan import Change, Plan, plan
from .write import explained, put, put_new, write

__all__ = ["MANIFEST", "Change", "Manifest", "Plan", "explained", "plan", "put", "put_new", "write"]
