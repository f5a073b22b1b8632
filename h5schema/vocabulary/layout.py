"""Where things lie in a file of ours, and the fingerprint of a layout.

`docs/file-format.md` says what each place means. Everything that is ours alone is
below one reserved group, so that a user's names never collide with it.
"""

from __future__ import annotations

from typing import TypeAlias

LAYOUT_VERSION = 1
RESERVED = ".h5schema"
ALIGNMENT = 64
BLOCK_BYTES = 1 << 20
"""A checksum stands for about this many bytes of one dataset."""

Layout: TypeAlias = dict[str, object]


def of_dim(address: str, part: str) -> str:
    """Path of a dim's `ids`, `lengths` or `index`."""
    return f"/{RESERVED}/dims/{address}/{part}"


def of_feature(address: str, part: str) -> str:
    """Path of a feature's `starts`, `lengths`, `present` or `checksums`."""
    return f"/{RESERVED}/features/{address}/{part}"


def canonical(data: object) -> str:
    """The one way in which data becomes JSON text: sorted, no spaces, ASCII."""
    import json  # as hashlib below: most who ask for a place need neither, and they take 4 ms to import

    return json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)


def fingerprint(layout: Layout) -> str:
    """`sha256:` and 64 hex digits of the canonical JSON of a resolved layout.

    The layout holds what decides how bytes are understood: dims, and for each
    feature its path, kind, dims, dtype, unit and whether it may be absent. It does
    not hold docs, loaders, splits, chunks or codecs: those never make a file strange.
    """
    import hashlib

    return "sha256:" + hashlib.sha256(canonical(layout).encode()).hexdigest()
