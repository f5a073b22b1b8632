"""The functions of an extraction, called for one source after the other."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import NamedTuple

from h5schema.errors import DataError, H5SchemaError, MissingExtraError, UserCodeError
from h5schema.vocabulary.extractors import EXTRACTORS
from h5schema.vocabulary.patterns import Pattern

from ..functions import Function
from ..sources import Source
from ..users_code import UsersCodeFailedError, users_code
from .origins import Call, Capture, Origin
from .returned import SourceFailedError, copied, expect_named, item_of, sealed


class _Step(NamedTuple):
    """How one feature is made.

    Attributes:
        address: Of the feature.
        name: The last part of that.
        origin: Where its value comes from.
        key: Equal for calls that are made once for several features.
        beside: Pattern of another file of the entry, if that is handed.
    """

    address: str
    name: str
    origin: Origin
    key: object
    beside: Pattern | None


@dataclass(slots=True)
class Spent:
    """Where the time of functions went, in seconds.

    Attributes:
        load: In those that are handed a file or a capture.
        derive: In those that are handed other features.
    """

    load: float = 0.0
    derive: float = 0.0


class Calls:
    """The functions of an extraction, imported before the first source is read.

    Attributes:
        spent: Where their time went so far.
    """

    def __init__(self, features: Mapping[str, Origin], folder: Path) -> None:
        self.spent = Spent()
        self._home = os.getcwd()
        self._steps = {address: _step(address, origin) for address, origin in features.items()}
        self._names: dict[object, list[str]] = {}
        for step in self._steps.values():
            self._names.setdefault(step.key, []).append(step.name)
        self._functions = {
            origin.function: Function(origin.function, folder).resolve()
            for origin in features.values()
            if isinstance(origin, Call)
        }

    def of_dim(self, led: Sequence[str]) -> tuple[str, ...]:
        """Those of the features of a dim that are made, each after what it is made from."""
        return tuple(address for address in self._steps if address in led)

    def files_of(self, led: Sequence[str], sources: Iterable[Source]) -> Iterator[Path]:
        """The files that are read for the features of a dim."""
        patterns = self.seconds_of(led)
        for source in sources:
            yield source.path
            yield from (_beside(pattern, source).path for pattern in patterns)

    def seconds_of(self, led: Sequence[str]) -> tuple[Pattern, ...]:
        """The patterns of the further files of an entry."""
        steps = (self._steps[address] for address in self.of_dim(led))
        return tuple({step.beside.text: step.beside for step in steps if step.beside is not None}.values())

    def given(self, address: str) -> tuple[str, ...]:
        """The features that one is made from."""
        return _given(self._steps[address]) if address in self._steps else ()

    def inputs_of(self, order: Sequence[str]) -> tuple[str, ...]:
        """The features that some are made from, and that are not among these."""
        given = (one for address in order for one in self.given(address))
        return tuple(dict.fromkeys(one for one in given if one not in order))

    def is_capture(self, address: str) -> bool:
        """Whether a feature is a part of the source's path, or what a table says of it."""
        return address in self._steps and isinstance(self._steps[address].origin, Capture)

    def need_source(self, order: Sequence[str]) -> tuple[str, ...]:
        """Those of some features that are not made from other features alone."""
        return tuple(address for address in order if not self.given(address))

    def of_source(
        self, order: Sequence[str], source: Source, known: Mapping[str, object] | None = None
    ) -> dict[str, object]:
        """The value of each feature for one source; None is absent.

        Args:
            order: Their addresses, each after what it is made from.
            source: The source.
            known: Values of other features that these are made from; None: all are made.

        Raises:
            SourceFailedError: A function failed, or the source is no file that can be read.
        """
        is_read = known is None or not all(map(self.is_capture, self.need_source(order)))
        if is_read:
            _expect_file(source)
        made = dict(known or {})
        shared: dict[object, object] = {}
        try:
            with source.local() if is_read else nullcontext(source.path) as path:
                for address in order:
                    made[address] = self._one(self._steps[address], source, path, made, shared)
        except SourceFailedError:
            raise
        except MissingExtraError:
            raise
        except H5SchemaError as error:
            raise SourceFailedError(error.what, where=error.where, do=error.do) from None
        return made

    def _one(
        self, step: _Step, source: Source, path: Path, made: dict[str, object], shared: dict[object, object]
    ) -> object:
        origin = step.origin
        if isinstance(origin, Capture):
            return source.capture(origin.name, origin.kind)
        if step.key not in shared:
            shared[step.key] = result = self._handed(origin, step.beside, source, path, made)
            expect_named(result, self._names[step.key], origin.function)
        return item_of(shared[step.key], step.name)

    def of_file(self, address: str) -> object:
        """The value of a feature that has no entries."""
        step = self._steps[address]
        assert isinstance(step.origin, Call)
        try:
            made = self._call(step.origin, ())
            expect_named(made, self._names[step.key], step.origin.function)
            return item_of(made, step.name)
        except SourceFailedError as error:
            raise UserCodeError(
                f"{error.said()}\n{error.frames}".rstrip(),
                where=f"{address}: {step.origin.function}",
                do=error.do or "mend the function",
            ) from None

    def _handed(
        self, origin: Call, beside: Pattern | None, source: Source, path: Path, made: dict[str, object]
    ) -> object:
        """What the function makes of what it is handed; None: something of that is absent, and so is the result."""
        if origin.given:
            values = tuple(made[address] for address in origin.given)
            return None if any(value is None for value in values) else self._call(origin, values)
        if origin.capture is not None:
            return self._call(origin, (source.captures[origin.capture],))
        if beside is None:
            return self._call(origin, (path,))
        other = _beside(beside, source)
        if not _is_there(other):
            return None
        with other.local() as its:
            return self._call(origin, (its,))

    def _call(self, origin: Call, handed: tuple[object, ...]) -> object:
        start = time.perf_counter()
        try:
            with users_code:
                made = self._functions[origin.function](*handed, **origin.params)
                return sealed(made) if origin.function in EXTRACTORS else copied(made)
        except UsersCodeFailedError as failed:
            said = f"{origin.function} raised {type(failed.error).__name__}"
            raise SourceFailedError(said, frames=failed.frames) from None
        finally:
            if origin.function not in EXTRACTORS:
                _stay(self._home)
            seconds = time.perf_counter() - start
            if origin.given:
                self.spent.derive += seconds
            else:
                self.spent.load += seconds


def stat_of(source: Source, seconds: Sequence[Pattern]) -> tuple[int, int]:
    """What `Source.stat` says, and another number if a further file of the entry is another one."""
    size, changed = source.stat()
    for pattern in seconds:
        try:
            told = _beside(pattern, source).stat()
        except DataError:  # elsewhere, and not there
            told = -1, -1
        changed ^= int.from_bytes(blake2b(repr((pattern.text, told)).encode(), digest_size=7).digest())
    return size, changed


def _given(step: _Step) -> tuple[str, ...]:
    return step.origin.given if isinstance(step.origin, Call) else ()


def _step(address: str, origin: Origin) -> _Step:
    name = address.rpartition("/")[2]
    if isinstance(origin, Capture):
        return _Step(address, name, origin, None, None)
    key = (origin.function, origin.given, origin.capture, origin.source, repr(sorted(origin.params.items())))
    return _Step(address, name, origin, key, None if origin.source is None else Pattern.parse(origin.source))


def _stay(home: str) -> None:
    """Back to the folder in which the run began: a function may have gone to another, and sources may be relative."""
    try:
        there = os.getcwd() == home
    except FileNotFoundError:
        there = False
    if not there:
        os.chdir(home)


def _beside(pattern: Pattern, source: Source) -> Source:
    """Another file of a source's entry."""
    return source.beside(pattern.fill(source.texts))


def _expect_file(source: Source) -> None:
    """Refuses what waits for ever or never ends when it is read, and a link to nothing."""
    kind = source.kind
    if kind:
        raise SourceFailedError(
            f"it is {kind}, not a regular file", where=str(source.path), do="put a file in its place, or remove it"
        )


def _is_there(source: Source) -> bool:
    """Whether a second file of an entry is there."""
    _expect_file(source)
    try:
        return source.exists()
    except OSError as error:  # it may be there, but nobody may look
        raise SourceFailedError(
            f"it cannot be looked at: {error.strerror}",
            where=str(source.path),
            do="look at the permissions of its folder",
        ) from None
