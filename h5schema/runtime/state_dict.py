"""A mapping from names to arrays, such as the weights of a model."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NoReturn, TypeAlias, cast

import numpy as np

from h5schema.errors import DataError, UsageError
from h5schema.vocabulary.suggest import closest

from .any_values import AnyValue, Record, only_record
from .blocks import AnyValues, taken
from .node_paths import INSIDE

_NAMED = 5
_MOST_DEEP = 100
Nested: TypeAlias = "dict[str, AnyValue | Nested]"


class StateDict(Mapping[str, AnyValue]):
    """Values by name; one that is within others has slashes in its name. Each is read when it is asked for.

    Args:
        read: Reads values, by their names.
        names: Of all.
        dim: Address of the dim of the names, for errors.
        file: Name of the file, for errors.
        before: With which the names begin where they are read.
    """

    __slots__ = ("_before", "_dim", "_file", "_names", "_read")

    def __init__(
        self, read: Callable[[Sequence[str]], AnyValues], names: Iterable[str], dim: str, file: str, before: str = ""
    ) -> None:
        self._read = read
        self._names = dict.fromkeys(names)
        self._dim = dim
        self._file = file
        self._before = before

    def __getitem__(self, name: str) -> AnyValue:
        if name not in self._names:
            from .ids import unknown_id  # not needed to open a file

            raise unknown_id(self._dim, name, self._file)
        return self._read([self._before + name])[0]

    def __setitem__(self, name: str, value: object) -> NoReturn:
        """Refuses: a mapping is given as a whole."""
        raise UsageError(
            f"{name!r} is not written by itself",
            where=f"{self._file}: {self._dim}",
            do="give the entry of a writer a whole mapping: {**state, name: value}",
        )

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def __repr__(self) -> str:
        return f"<{len(self)} values of {self._dim} in {self._file}>"

    def under(self, name: str) -> StateDict:
        """The values whose names begin with `name/`, without that.

        Raises:
            UnknownIdError: There are none.
        """
        before = f"{name}{INSIDE}"
        names = [one.removeprefix(before) for one in self._names if one.startswith(before)]
        if not names:
            raise self._nothing_under(name)
        return StateDict(self._read, names, self._dim, self._file, self._before + before)

    def held(self) -> StateDict:
        """The same, read now: it stays as it is, whatever becomes of the file."""
        names = [self._before + name for name in self._names]
        block, rows = self._read(names), {name: row for row, name in enumerate(names)}

        def read(wanted: Sequence[str]) -> AnyValues:
            return cast("AnyValues", taken(block, np.array([rows[name] for name in wanted], np.int64)))

        return StateDict(read, self._names, self._dim, self._file, self._before)

    def nested(self) -> Nested:
        """All values, read at once, in dicts within dicts as their names say."""
        found: Nested = {}
        for name, record in self.records().items():
            *outer, last = name.split(INSIDE)
            inner = found
            for one in outer:
                inner = cast("Nested", inner.setdefault(one, {}))
            inner[last] = record.value()
        return found

    def records(self) -> dict[str, Record]:
        """All values, read at once, as they lie in the file."""
        block = self._read([self._before + name for name in self._names])
        return {name: only_record(one.tobytes()) for name, one in zip(self._names, block.encoded, strict=True)}

    def _nothing_under(self, name: str) -> DataError:
        from .ids import UnknownIdError  # not needed to open a file

        folders = dict.fromkeys(one[:at] for one in self._names for at, mark in enumerate(one) if mark == INSIDE)
        near = closest(str(name), list(folders))
        some = ", ".join(map(repr, list(folders)[:_NAMED])) or "none"
        return UnknownIdError(
            f"no value lies under {name!r}",
            where=f"{self._file}: {self._dim}",
            do=f"did you mean {near!r}?" if near else f"values lie under {some}",
        )


def flattened(given: object, where: str) -> dict[str, object]:
    """The values of a mapping that may have mappings within, by names with slashes.

    Raises:
        DataError: It is no mapping, or a name is none.
    """
    if not isinstance(given, Mapping):
        raise DataError(f"{type(given).__name__} is no mapping", where=where, do="give names and their values")
    if isinstance(given, StateDict):
        return {**given.records()}
    found: dict[str, object] = {}
    _flatten(cast("Mapping[object, object]", given), "", found, where)
    _expect_apart(list(found), where)
    return found


def _flatten(given: Mapping[object, object], before: str, found: dict[str, object], where: str) -> None:
    for key, value in given.items():
        if not isinstance(key, str) or not key:
            raise DataError(
                f"{key!r} is no name",
                where=f"{where}{f' ({before[:-1]})' if before else ''}",
                do="names are texts; of the state of an optimizer `h5schema.runtime.torch.packed` makes such",
            )
        name = f"{before}{key}"
        if isinstance(value, Mapping):
            if before.count(INSIDE) >= _MOST_DEEP:
                raise DataError(
                    f"there are more than {_MOST_DEEP} mappings within each other, or one holds itself",
                    where=where,
                    do="give it flatter",
                )
            inner = cast("Mapping[object, object]", value.records() if isinstance(value, StateDict) else value)
            if not inner:
                raise DataError(
                    f"{name} is an empty mapping, of which nothing would be left", where=where, do="leave it out"
                )
            _flatten(inner, f"{name}{INSIDE}", found, where)
            continue
        if name in found:
            raise DataError(f"{name} is given twice", where=where, do="give it another name")
        found[name] = value


def _expect_apart(names: Sequence[str], where: str) -> None:
    """Refuses a value whose name is also that of a mapping."""
    known = set(names)
    for name in names:
        parts = name.split(INSIDE)
        outer = (INSIDE.join(parts[:end]) for end in range(1, len(parts)))
        taken = next((one for one in outer if one in known), None)
        if taken is not None:
            raise DataError(
                f"{taken} is a value, and {name} would lie within it", where=where, do="give one of them another name"
            )
