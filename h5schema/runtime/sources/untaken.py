"""Files that nothing was made of."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from h5schema.vocabulary.patterns import Pattern

from ..pieces import pieces
from .found import Found
from .texts import TextsMade


def untaken(found: Sequence[Found], seconds: Sequence[Pattern]) -> Sequence[str]:
    """Files that no dim took and that are no second file of an entry; many of them cost little.

    Args:
        found: Of all dims, from the same folders.
        seconds: Patterns of second files.
    """
    left = TextsMade()
    if not found:
        return left.done()
    others = [_hashes(one.unmatched) for one in found[1:]]
    for some in pieces(found[0].unmatched):
        kept = np.ones(len(some), bool)
        for other in others:
            kept &= np.isin(_hashes(some), other)
        names = [name for name, keep in zip(some, kept, strict=True) if keep]
        left.add([name for name in names if not any(one.regex.fullmatch(name) for one in seconds)])
    return left.done()


def _hashes(names: Sequence[str]) -> NDArray[np.int64]:
    return np.fromiter(map(hash, names), np.int64, len(names))
