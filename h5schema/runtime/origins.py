"""How features are made from sources: by a capture of the path, or by the user's function."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias, cast

import numpy as np
from numpy.typing import NDArray

from h5schema.errors import H5SchemaError, MissingExtraError, UserCodeError
from h5schema.vocabulary.patterns import Pattern

from .functions import Function
from .sources import Source, unreadable
from .users_code import UsersCodeFailedError, users_code


@dataclass(frozen=True, slots=True)
class Call:
    """A feature that a function makes.

    Attributes:
        function: A word of ours, or `module:function`.
        given: Addresses of the features it is handed, in order.
        capture: Name of the capture it is handed. With neither: the path of the entry's file.
        source: Pattern of another file of the same entry, filled with the captures.
        params: Keyword arguments, stored in the file.
    """

    function: str
    given: tuple[str, ...] = ()
    capture: str | None = None
    source: str | None = None
    params: Mapping[str, object] = field(default_factory=dict[str, object])


@dataclass(frozen=True, slots=True)
class Capture:
    """A feature that is a part of the source's path.

    Attributes:
        name: Of the capture.
    """

    name: str


Origin: TypeAlias = Call | Capture


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


class Calls:
    """The functions of an extraction, imported before the first source is read."""

    def __init__(self, features: Mapping[str, Origin], folder: Path) -> None:
        self._origins = features
        self._functions = {
            origin.function: Function(origin.function, folder).resolve()
            for origin in features.values()
            if isinstance(origin, Call)
        }

    def of_dim(self, led: Sequence[str]) -> tuple[str, ...]:
        """Those of the features of a dim that are made, each after what it is made from."""
        return tuple(address for address in self._origins if address in led)

    def files_of(self, led: Sequence[str], sources: Iterable[Source]) -> Iterator[Path]:
        """The files that are read for the features of a dim."""
        origins = (self._origins[address] for address in self.of_dim(led))
        seconds = {one.source for one in origins if isinstance(one, Call) and one.source is not None}
        for source in sources:
            yield source.path
            yield from (_second(pattern, source) for pattern in seconds)

    def of_source(self, order: Sequence[str], source: Source) -> dict[str, object]:
        """The value of each feature for one source; None is absent.

        Raises:
            SourceFailedError: A function failed, or the source is no file that can be read.
        """
        _expect_file(source.path)
        made: dict[str, object] = {}
        shared: dict[object, object] = {}
        for address in order:
            made[address] = self._one(address, source, made, shared)
        return made

    def _one(self, address: str, source: Source, made: dict[str, object], shared: dict[object, object]) -> object:
        origin = self._origins[address]
        if isinstance(origin, Capture):
            return source.captures[origin.name]
        handed = self._handed(origin, source, made)
        if handed is None:
            return None
        key = (origin.function, origin.given, origin.capture, origin.source, repr(sorted(origin.params.items())))
        if key not in shared:
            shared[key] = self._call(origin, handed)
        return _item(shared[key], address)

    def of_file(self, address: str) -> object:
        """The value of a feature that has no entries."""
        origin = self._origins[address]
        assert isinstance(origin, Call)
        try:
            return _item(self._call(origin, ()), address)
        except SourceFailedError as error:
            raise UserCodeError(
                f"{error.said()}\n{error.frames}".rstrip(),
                where=f"{address}: {origin.function}",
                do=error.do or "mend the function",
            ) from None

    def _handed(self, origin: Call, source: Source, made: dict[str, object]) -> tuple[object, ...] | None:
        """What the function is given; None: something of it is absent, and so is the result."""
        if origin.given:
            values = tuple(made[address] for address in origin.given)
            return None if any(value is None for value in values) else values
        if origin.capture is not None:
            return (source.captures[origin.capture],)
        if origin.source is not None:
            other = _second(origin.source, source)
            return (other,) if _is_there(other) else None
        return (source.path,)

    def _call(self, origin: Call, handed: tuple[object, ...]) -> object:
        try:
            with users_code():
                return _kept(self._functions[origin.function](*handed, **origin.params))
        except UsersCodeFailedError as failed:
            said = f"{origin.function} raised {type(failed.error).__name__}"
            raise SourceFailedError(said, frames=failed.frames) from None
        except MissingExtraError:
            raise
        except H5SchemaError as error:
            raise SourceFailedError(error.what, where=error.where, do=error.do) from None


def _kept(value: object) -> object:
    """What a function returned, as it is now: it may go on to fill the same array, and others are handed it to read."""
    if isinstance(value, np.ndarray):
        copied = cast("NDArray[np.generic]", value).copy()
        copied.flags.writeable = False
        return copied
    if isinstance(value, Mapping):
        return {key: _kept(item) for key, item in cast("Mapping[object, object]", value).items()}
    if type(value) in (list, tuple):
        kept = [_kept(item) for item in cast("Sequence[object]", value)]
        return kept if isinstance(value, list) else tuple(kept)
    return value


def _second(pattern: str, source: Source) -> Path:
    """Another file of a source's entry."""
    return source.root / Pattern.parse(pattern).fill(source.texts)


def _expect_file(path: Path) -> None:
    """Refuses what waits for ever or never ends when it is read, and a link to nothing."""
    kind = unreadable(path)
    if kind:
        raise SourceFailedError(
            f"it is {kind}, not a regular file", where=str(path), do="put a file in its place, or remove it"
        )


def _is_there(path: Path) -> bool:
    """Whether a second file of an entry is there."""
    _expect_file(path)
    try:
        return path.exists()
    except OSError as error:  # it may be there, but nobody may look
        raise SourceFailedError(
            f"it cannot be looked at: {error.strerror}", where=str(path), do="look at the permissions of its folder"
        ) from None


def _item(result: object, address: str) -> object:
    """A mapping that a function returns is shared: each feature takes the item of its name."""
    if not isinstance(result, Mapping):
        return result
    name = address.rpartition("/")[2]
    return cast("Mapping[str, object]", result).get(name)
