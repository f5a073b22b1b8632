"""Mappings that entries have of names to values: their values are entries of the dim within."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, cast

from h5schema.errors import DataError

from ..any_values import Record, record_of
from ..entries import keys_of
from ..keyed import as_key, named_within, parts_of
from ..node_paths import INSIDE
from ..state_dict import flattened

if TYPE_CHECKING:
    from .recorder import Recorder

Values = dict[str, dict[str, Record | None]]
"""By address of the feature, of each name; None: it has no value in this one."""

_TOGETHER_BYTES = 64 << 20
"""Of values that are written at a time."""


class Trees:
    """The mappings of the entries of one dim.

    Args:
        recorder: Of the file that is written.
        dim: Address of the dim.
    """

    def __init__(self, recorder: Recorder, dim: str) -> None:
        self._recorder = recorder
        self._dim = dim
        self._addresses = recorder.model.trees(dim)

    def split(self, entry: object, where: str) -> tuple[object, dict[str, object]]:
        """An entry without its mappings, and these by address.

        Raises:
            DataError: One is missing.
        """
        if not isinstance(entry, Mapping):
            return entry, {}
        own = dict(cast("Mapping[str, object]", entry))
        model, found = self._recorder.model, dict[str, object]()
        known = {keys_of(one, self._dim)[0] for one in (*model.led_by(self._dim), *self._addresses)}
        unknown = next((key for key in own if key not in known), None)
        if unknown is not None:
            do = f"an entry has {', '.join(sorted(known))}"
            raise DataError(f"{unknown} is no feature of an entry of {self._dim}", where=where, do=do)
        for address in self._addresses:
            given = own.pop(address.rpartition("/")[2], None)
            if given is None and not model.places[address].optional:
                raise DataError(f"the entry has no {address}", where=where, do="give it a mapping, which may be empty")
            found[address] = {} if given is None else given
        return own, found

    def values(self, key: str, given: Mapping[str, object], where: str) -> dict[str, Values]:
        """What is to be written of each dim within, checked."""
        recorder, found = self._recorder, dict[str, Values]()
        for address, value in given.items():
            named = {
                name: None if one is None else record_of(one, f"{where} ({name})")
                for name, one in flattened(value, f"{where}: {address}").items()
            }
            found.setdefault(recorder.model.lead(address), {})[address] = named
        for dim, values in found.items():
            names = dict.fromkeys(name for one in values.values() for name in one)
            for address, one in values.items():
                without = next((name for name in names if one.get(name) is None), None)
                if without is not None and not recorder.model.places[address].optional:
                    raise _without(without, f"{where}: {address}", dim, list(values))
            depth = len(recorder.model.outer(dim))
            paths = [as_key((*parts_of(key, depth), name), recorder.model.ids_of(dim), where) for name in names]
            recorder.transaction.expect_paths(dim, paths)
            self._expect_all(dim, key, values)
        return found

    def put(self, key: str, values: Mapping[str, Values]) -> None:
        """Writes them in place of those that were there."""
        for dim, some in values.items():
            self._recorder.transaction.delete_all(dim, named_within(self._recorder, dim, key).values())
            names = list(dict.fromkeys(name for one in some.values() for name in one))
            for part in _parts(names, some):
                given = {address: [one.get(name) for name in part] for address, one in some.items()}
                self._recorder.transaction.put(dim, given, [f"{key}{INSIDE}{name}" for name in part])

    def _expect_all(self, dim: str, key: str, given: Mapping[str, object]) -> None:
        """Refuses to replace some of the mappings that have names together."""
        others = set(self._recorder.model.led_by(dim)).difference(given)
        if others:
            raise DataError(
                f"{', '.join(sorted(others))} has values of the same names",
                where=f"{self._recorder.path}: {dim} ({key!r})",
                do=f"replace the whole entry of {self._dim}",
            )


def _without(name: str, where: str, dim: str, addresses: list[str]) -> DataError:
    """A name has no value in one of the features that have their names together."""
    if len(addresses) == 1:
        return DataError(f"{name} has no value", where=where, do="leave the name out")
    return DataError(
        f"{name} has no value here, and {' and '.join(addresses)} share the names of {dim}",
        where=where,
        do="give all of them the same names; or in the schema give each a dim of its own, or write `optional: true`",
    )


def _parts(names: list[str], values: Values) -> Iterator[list[str]]:
    """Names whose values are written together."""
    part: list[str] = []
    size = 0
    for name in names:
        part.append(name)
        size += sum(len(record.data) for one in values.values() if (record := one.get(name)) is not None)
        if size >= _TOGETHER_BYTES:
            yield part
            part, size = [], 0
    if part:
        yield part
