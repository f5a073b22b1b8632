"""What a function returned for a source, before it is looked at whether it fits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Protocol, cast, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from h5schema.errors import H5SchemaError
from h5schema.vocabulary.extractors import Whole

_NAMED = 5
from ..sealed import seal

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


def copied(value: object) -> object:
    """What a function returned, as it is now: it may go on to fill the same array, and others are handed it to read."""
    if isinstance(value, np.ndarray):
        fresh = cast("NDArray[np.generic]", value).copy()
        fresh.flags.writeable = False
        return fresh
    if isinstance(value, _Frame):
        return {str(name): _column(value[name]) for name in value.columns}
    if isinstance(value, Mapping):
        return {key: copied(item) for key, item in cast("Mapping[object, object]", value).items()}
    if type(value) in (list, tuple):
        items = [copied(item) for item in cast("Sequence[object]", value)]
        return items if isinstance(value, list) else tuple(items)
    return value


def _column(column: _Column) -> object:
    """The values of a column of a DataFrame: an array, of texts and other objects a list."""
    array = column.to_numpy()
    return array.tolist() if array.dtype.kind == "O" else copied(array)


def sealed(value: object) -> object:
    """What an extractor of ours returned: it never touches that again, and nobody else may."""
    made = cast("NDArray[np.generic]", value)  # if it is one
    if isinstance(value, np.ndarray):
        made.flags.writeable = False
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
