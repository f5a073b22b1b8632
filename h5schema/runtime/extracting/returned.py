"""What a function returned for a source, before it is looked at whether it fits."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Protocol, cast, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from h5schema.errors import H5SchemaError
from h5schema.vocabulary.extractors import Whole

from ..sealed import seal

_NAMED = 5
"""Items of a mapping that an error names."""


class _Column(Protocol):
    """What pandas calls a Series."""

    def to_numpy(self) -> NDArray[np.generic]: ...


@runtime_checkable
class _Frame(Protocol):
    """What a DataFrame of pandas has; pandas itself is not needed."""

    @property
    def columns(self) -> Iterable[object]: ...

    def iterrows(self) -> object: ...

    def __getitem__(self, name: object) -> _Column: ...


class SourceFailedError(H5SchemaError):
    """A source cannot become an entry; it is skipped.

    Attributes:
        frames: The traceback of the user's own function, or "".
    """

    def __init__(self, what: str, *, where: str = "", do: str = "", frames: str = "") -> None:
        super().__init__(what, where=where, do=do)
        self.frames = frames

    def said(self, own: Path | None = None) -> str:
        """What went wrong; and where, if that is not the source's own path."""
        return self.what if self.where in ("", str(own)) else f"{self.what} ({self.where})"


def copied(value: object, *, alone: bool = True) -> object:
    """What a function returned, as it is now: it may go on to fill the same array, and others are handed it to read.

    Args:
        value: What it returned; an array whose memory nobody else has is not copied.
        alone: Whether nobody else has what this is an item of.
    """
    alone = alone and _references(value) <= _ALONE
    if isinstance(value, np.ndarray):
        array = cast("NDArray[np.generic]", value)
        kept = array if alone and _has_own_memory(array) else array.copy()
        seal(kept)
        return kept
    if isinstance(value, _Frame):
        return {str(name): _column(value[name]) for name in value.columns}
    if isinstance(value, Mapping):
        given = cast("Mapping[object, object]", value)
        alone = alone and isinstance(value, dict)
        return {key: copied(given[key], alone=alone) for key in given}
    if type(value) in (list, tuple):
        items = [copied(item) for item in cast("Sequence[object]", value)]
        return items if isinstance(value, list) else tuple(items)
    return value


def _has_own_memory(array: NDArray[np.generic]) -> bool:
    """Whether nobody else has the memory of an array."""
    base = array.base
    while isinstance(base, np.ndarray):
        if _references(base) > _ALONE:
            return False
        base = base.base
    return type(array) is np.ndarray and base is None


def _references(value: object) -> int:
    return sys.getrefcount(value)


def _alone() -> int:
    """References to what nobody else has, counted as `copied` counts them."""

    def counted(value: object) -> int:
        return _references(value)

    made = np.empty(0)
    return counted(made)


_ALONE = _alone()


def _column(column: _Column) -> object:
    """The values of a column of a DataFrame: an array, of texts and other objects a list."""
    array = column.to_numpy()
    return array.tolist() if array.dtype.kind == "O" else copied(array)


def sealed(value: object) -> object:
    """What an extractor of ours returned: it never touches that again, and nobody else may."""
    made = cast("NDArray[np.generic]", value)  # if it is one
    if isinstance(value, np.ndarray):
        seal(made)
    elif isinstance(value, dict):  # any other mapping makes its items when they are asked for
        for item in cast("dict[str, object]", value).values():
            sealed(item)
    return made


def expect_named(result: object, names: Sequence[str], function: str) -> None:
    """Refuses a mapping that has nothing of any feature: a misspelt key would make all of them absent."""
    keys = list(cast("Mapping[object, object]", result)) if isinstance(result, Mapping) else []
    if keys and not any(name in keys for name in names):
        raise SourceFailedError(
            f"{function} returned {_listed(keys)}, and no {_listed(names)}",
            do="name the items after the features; return None where these are absent",
        )


def _listed(names: Sequence[object]) -> str:
    shown = ", ".join(f"{name!r:.60}" for name in names[:_NAMED])
    return f"{shown}, …" if len(names) > _NAMED else shown


def item_of(result: object, name: str) -> object:
    """A mapping that a function returns is shared: each feature takes the item of its name."""
    if isinstance(result, Whole):
        return result.value
    return cast("Mapping[str, object]", result).get(name) if isinstance(result, Mapping) else result
