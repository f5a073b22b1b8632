"""Nodes: datasets of which each is one entry, at the path that its id fills in."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import cast

import h5py
import numpy as np

from h5schema.errors import DataError
from h5schema.vocabulary import layout
from h5schema.vocabulary.patterns import Pattern

from .. import codecs
from ..any_values import BYTES, TEXT, Record, records_in
from ..bfloat16_hdf5 import creatable, type_of
from ..features import Options
from ..kinds import Stored
from ..node_paths import captures_of
from ..system import PARTIAL
from .chunking import chunk_rows
from .plans import Values

_ABSENT = "-"


class Nodes:
    """The nodes of one feature, in a file that is written.

    Args:
        file: That is written.
        part: What is stored; its path has braces.
        options: Of the user's values.
        taken: Paths where something else lies, or will.
    """

    def __init__(self, file: h5py.File, part: Stored, options: Options, taken: Collection[str]) -> None:
        self._file = file
        self._part = part
        self._options = options
        self._taken = taken
        self._pattern = Pattern.parse(part.path)
        parts = part.path.split("/")
        self._around = [Pattern.parse("/".join(parts[:end])) for end in range(2, len(parts))]
        self._records: list[bytes] = []
        self._folders: set[str] = {"/"}
        self._coming: set[str] = set()

    def take(self, rows: Iterable[Values]) -> None:
        """Takes records, in order."""
        self._records += [one.tobytes() for one in rows]

    def lay(self, ids: Sequence[str]) -> None:
        """Makes a node of each record that was taken, for the entries with these ids.

        Raises:
            DataError: Something else lies at the path of one.
        """
        records, self._records = records_in(b"".join(self._records)), []
        self._coming.clear()
        for text, record in zip(ids, records, strict=True):
            if record.dtype != _ABSENT:
                path = self.path(text)
                self._expect_free(path, text)
                self._make(path, record)
                if self._options.unit:
                    self._file[path].attrs["unit"] = self._options.unit
                self._folders.update(_folders_of(path))

    def move(self, old: str, new: str) -> None:
        """Gives an entry another id."""
        if (path := self.path(old)) in self._file:
            self._file.move(path, self.path(new))
            self._leave(path)

    def drop(self, text: str) -> None:
        """Takes the node of an entry away, and the folders of which it was the last."""
        if (path := self.path(text)) in self._file:
            del self._file[path]
            self._leave(path)

    def _leave(self, path: str) -> None:
        """Something lay at `path`: folders between braces that are empty now go, too."""
        kept = len(self._pattern.fixed.rpartition("/")[0])
        for folder in _folders_of(path):
            if len(folder) <= kept or len(cast("h5py.Group", self._file[folder])):
                return
            del self._file[folder]
            self._folders.discard(folder)

    # Where they lie.

    def expect(self, ids: Sequence[str], others: Sequence[Nodes] = ()) -> None:
        """Refuses ids of entries that come next, where no node can be.

        Args:
            ids: Of the entries.
            others: The nodes of other features, of which some may be coming, too.

        Raises:
            DataError: There is one.
        """
        paths = {self.path(text): text for text in ids}
        known = (self._coming, *(other._coming for other in others))
        for path, text in paths.items():
            self._expect_free(path, text)
            for folder in _folders_of(path):
                if folder in paths or any(folder in coming for coming in known):
                    raise self._no_room(text, f"{folder} is the dataset of another entry")
            if any(path in coming for coming in known[1:]):
                raise self._no_room(text, f"{path} is the dataset of another feature")
            if any(one.startswith(f"{path}/") for coming in known for one in coming):
                raise self._no_room(text, f"{path} is the folder of another entry")
        self._coming.update(paths)

    def expect_apart(self, text: str, others: Sequence[Nodes]) -> None:
        """Refuses an id, where a dim or another feature has its place.

        Raises:
            DataError: It is so.
        """
        path = self.path(text)
        around = (path, *_folders_of(path))
        self._expect_ours(path, text)
        taken = next((one for one in around if one in self._taken), None)
        if taken is not None:
            raise self._no_room(text, f"{taken} is the dataset of another feature")
        for other in others:
            if any(other._pattern.texts(one) is not None for one in around):
                raise self._no_room(text, f"{path} is where datasets of another feature lie, {other._part.path}")
            if any(pattern.texts(path) is not None for pattern in other._around):
                raise self._no_room(text, f"{path} is a folder of another feature, {other._part.path}")

    def path(self, text: str) -> str:
        """Where the node of an entry is.

        Raises:
            DataError: The id is the path of none.
        """
        captures = captures_of(self._pattern, text)
        path = self._pattern.fill(captures)
        parts = path[1:].split("/")
        wrong = next((part for part in parts if part in ("", ".", "..", layout.RESERVED) or "\0" in part), None)
        if wrong is not None:
            raise self._no_room(text, f"{wrong!r} is no name for a part of it")
        if not _is_utf8(path):
            raise self._no_room(text, "it cannot be written as utf-8")
        if self._pattern.texts(path) != captures:
            braces = " and ".join(f"{{{name}}}" for name in captures)
            raise self._no_room(text, f"it does not fit {braces} in {self._part.path}")
        return path

    def _expect_free(self, path: str, text: str) -> None:
        """Refuses a path where something lies, or inside of which something would."""
        self._expect_ours(path, text)
        for folder in _folders_of(path):
            if folder in self._folders:
                break
            if folder in self._taken or self._file.get(folder, getclass=True) is h5py.Dataset:
                raise self._no_room(text, f"{folder} is the dataset of another entry or feature")
        if path in self._folders or path in self._file:
            raise self._no_room(text, f"{path} is there already, as a folder or a dataset")

    def _expect_ours(self, path: str, text: str) -> None:
        if path in self._taken or _owner(path) in self._taken:
            raise self._no_room(text, f"{path} belongs to a dim or feature")

    def _no_room(self, text: str, why: str) -> DataError:
        return DataError(
            f"the id {text!r} is the path of no dataset: {why}",
            where=f"{self._file.filename.removesuffix(PARTIAL)}: {self._part.path}",
            do="rename it, or leave the braces out of `at`: entries then lie along an axis, whatever their ids are",
        )

    # What they are.

    def _make(self, path: str, record: Record) -> None:
        dtype, data = _hdf5_form(record)
        made = cast("h5py.h5p.PropDCID", h5py.h5p.create(h5py.h5p.DATASET_CREATE))
        made.set_obj_track_times(False)
        if data is None:
            space = h5py.h5s.create(h5py.h5s.NULL)
        elif data.size and data.ndim and self._options.codec != "none":
            self._make_in_chunks(path, data)
            return
        else:
            made.set_layout(h5py.h5d.CONTIGUOUS)
            made.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
            made.set_fill_time(h5py.h5d.FILL_TIME_NEVER)
            space = h5py.h5s.create_simple(data.shape) if data.ndim else h5py.h5s.create(h5py.h5s.SCALAR)
        node = h5py.h5d.create(self._file.id, path.encode(), dtype, space, made, _with_folders())
        if data is not None and data.size:
            node.write(h5py.h5s.ALL, h5py.h5s.ALL, data, dtype)

    def _make_in_chunks(self, path: str, data: Values) -> None:
        rows = min(len(data), chunk_rows(Stored(path, data.dtype, data.shape[1:]), self._options, len(data)))
        filters = codecs.creation(self._options.codec, self._options.level, data.dtype)
        create = cast("Callable[..., h5py.Dataset]", self._file.create_dataset)
        dtype, chunks = creatable(data.dtype), (rows, *data.shape[1:])
        node = create(path, shape=data.shape, dtype=dtype, chunks=chunks, track_times=False, **filters)
        node.id.write(h5py.h5s.ALL, h5py.h5s.ALL, np.ascontiguousarray(data), type_of(data.dtype))


def _with_folders() -> h5py.h5p.PropLCID:
    links = cast("h5py.h5p.PropLCID", h5py.h5p.create(h5py.h5p.LINK_CREATE))
    links.set_create_intermediate_group(True)
    return links


def _hdf5_form(record: Record) -> tuple[h5py.h5t.TypeID, Values | None]:
    """HDF5's type of a value, and the value; None: it has no bytes."""
    size = len(record.data)
    if record.dtype == TEXT:
        dtype = h5py.string_dtype("utf-8", max(1, size))
        return h5py.h5t.py_create(dtype, logical=True), np.array(record.data, dtype)
    if record.dtype == BYTES:
        dtype = np.dtype(f"V{max(1, size)}")
        return h5py.h5t.py_create(dtype, logical=True), np.frombuffer(record.data, dtype).reshape(()) if size else None
    array = record.stored
    return type_of(array.dtype), array


def _is_utf8(path: str) -> bool:
    try:
        return bool(path.encode())
    except UnicodeEncodeError:
        return False


def _folders_of(path: str) -> Iterable[str]:
    """The groups around a node, from the innermost outwards."""
    while (path := posixpath.dirname(path)) != "/":
        yield path


def _owner(path: str) -> str:
    """The dataset whose axis has a scale of this name."""
    return path.rpartition(".")[0]
