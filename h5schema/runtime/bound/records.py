"""Records of which numpy has no type for some members: the others are read."""

from __future__ import annotations

import h5py
import numpy as np

from h5schema.errors import FileError

from ..spans import Rows, Spans, expect_inside
from .columns import Values


class KnownMembers:
    """The members of a compound dataset for which numpy has a type.

    Args:
        dataset: As it lies in the file.
        where: File and path, for errors.
    """

    def __init__(self, dataset: h5py.Dataset, where: str) -> None:
        self._dataset = dataset
        self._where = where
        known, self._unknown = _members(dataset)
        self.dtype: np.dtype[np.generic] = np.dtype(list(known.items()))
        self.shape = dataset.shape

    def expect_known(self, name: str) -> None:
        """Refuses a member that cannot be read.

        Raises:
            FileError: It is there, but numpy has no type for it.
        """
        if name in self._unknown:
            raise _unknown(f"the member {name}", self._unknown[name], self._where)

    def read(self, starts: Rows, lengths: Rows | int) -> Values:
        """See `Column`."""
        rows = self.shape[0] if self.shape else 1
        expect_inside(Spans(str(self._dataset.name), starts, lengths), rows, self._dataset.file.filename)
        counts = np.full(len(starts), lengths, np.int64) if isinstance(lengths, int) else lengths
        found = [self._rows(first, count) for first, count in zip(starts.tolist(), counts.tolist(), strict=True)]
        return np.concatenate([np.empty((0, *self.shape[1:]), self.dtype), *found])

    def _rows(self, first: int, count: int) -> Values:
        found = np.zeros((count, *self.shape[1:]), self.dtype)
        if found.size:
            stored, memory = self._dataset.id.get_space(), h5py.h5s.create_simple(found.shape)
            if self.shape:
                stored.select_hyperslab((first, *(0 for _ in self.shape[1:])), found.shape)
            self._dataset.id.read(memory, stored, found, h5py.h5t.py_create(self.dtype))
        return found


def expect_type(dataset: h5py.Dataset, where: str) -> None:
    """Refuses values for which numpy has no type.

    Raises:
        FileError: There is none.
    """
    try:
        _ = dataset.dtype
    except TypeError as error:
        raise _unknown("it", str(error), where) from None


def has_unknown_members(dataset: h5py.Dataset) -> bool:
    """Whether it is of records of which numpy has no type for a member."""
    try:
        _ = dataset.dtype
    except TypeError:
        return isinstance(dataset.id.get_type(), h5py.h5t.TypeCompoundID)
    return False


def _members(dataset: h5py.Dataset) -> tuple[dict[str, np.dtype[np.generic]], dict[str, str]]:
    """The dtypes of the members that have one, and why the others have none."""
    stored = dataset.id.get_type()
    assert isinstance(stored, h5py.h5t.TypeCompoundID)
    known: dict[str, np.dtype[np.generic]] = {}
    unknown: dict[str, str] = {}
    for number in range(stored.get_nmembers()):
        name = stored.get_member_name(number).decode(errors="surrogateescape")
        try:
            known[name] = stored.get_member_type(number).dtype
        except TypeError as error:
            unknown[name] = str(error)
    return known, unknown


def _unknown(what: str, why: str, where: str) -> FileError:
    return FileError(f"numpy has no type for what {what} holds ({why})", where=where, do="leave it out of the schema")
