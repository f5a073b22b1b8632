"""Features whose entries are arrays, each kept as a file is: JPEG, PNG, FLAC."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Protocol, TypeVar, Unpack, cast

import numpy as np
from numpy.typing import NDArray

from h5schema.errors import DataError
from h5schema.vocabulary.files import FILE_FORMS, FileForm

from ..blocks import Block, Decoder, FilesBlock, Maybe, RaggedBlock
from ..kinds import Files as AsFiles
from ..kinds import Kept, Kind, Place, Stored
from ..spans import Reading, Rows, offsets_of
from ..values import expect_shape
from ..where import Where
from .feature import Feature, Given, Options

ItemT = TypeVar("ItemT", bound=np.generic)


class _Coder(Protocol):
    """What a module has that encodes and decodes files."""

    def decode(self, encoded: bytes, dtype: str, shape: tuple[int | None, ...], where: str) -> NDArray[np.generic]: ...

    def unlike(self, encoded: bytes, shape: tuple[int | None, ...], where: str) -> str: ...

    def encode(self, array: NDArray[np.generic], form: str, quality: int | None, where: str) -> bytes: ...


@dataclass(frozen=True, slots=True)
class _Decoder:
    """Makes the arrays of one feature.

    Attributes:
        form: A key of `FILE_FORMS`.
        name: Of the dtype.
        shape: Of an array, None where it differs.
        where: For errors.
    """

    form: str
    name: str
    shape: tuple[int | None, ...]
    where: str

    @property
    def dtype(self) -> np.dtype[np.generic]:
        """See `Decoder`."""
        return np.dtype(self.name)

    def decode(self, encoded: bytes) -> NDArray[np.generic]:
        """See `Decoder`."""
        array = _coder(self.form).decode(encoded, self.name, self.shape, self.where)
        expect_shape(array, self.shape, self.where)
        array.flags.writeable = False
        return array


class Files(Feature[NDArray[ItemT], FilesBlock[ItemT]]):
    """Entries are arrays, each kept as a file is: uint8 [image, height, width, 3] as JPEG.

    An entry is given as the bytes of such a file, which are kept as they are, or as an array, which is encoded.

    Args:
        dtype: numpy's scalar type of the arrays.
        dims: The open dim, and those of an array.
        form: `jpeg`, `png` or `flac`.
        quality: Of JPEG, 1 to 100; None: nothing is encoded anew, because that would lose something.
    """

    __slots__ = ("form", "quality")

    kind = cast("Kind[FilesBlock[ItemT]]", AsFiles())

    def __init__(
        self, dtype: type[ItemT], dims: str, *, form: str, quality: int | None = None, **options: Unpack[Given]
    ) -> None:
        super().__init__(np.dtype(dtype).name, dims, Options(**options))
        self.form = form
        self.quality = quality

    @property
    def file_dtype(self) -> np.dtype[np.generic]:
        return np.dtype(np.uint8)

    @property
    def store(self) -> str:
        return self.form

    @property
    def attributes(self) -> Mapping[str, str]:
        return {**super().attributes, "encoding": self.form}

    def pack(self, entries: Sequence[object], place: Place, where: Where) -> FilesBlock[ItemT]:
        outer = len(place.outer)
        files = [self._file(entry, place, where.entry(i)) for i, entry in enumerate(entries)]
        lengths = np.fromiter((len(encoded) for encoded, _ in files), np.int64, len(files))
        joined = np.frombuffer(b"".join(encoded for encoded, _ in files), np.uint8)
        shapes = np.array([shape[:outer] for _, shape in files], np.int64).reshape(len(files), outer)
        return self._block(RaggedBlock(joined, offsets_of(lengths)), shapes, place, str(where))

    def _file(self, entry: object, place: Place, where: str) -> tuple[bytes, tuple[int, ...]]:
        """The bytes of an entry, and the shape of its array."""
        if entry is _ABSENT:
            return b"", tuple(size or 0 for size in place.sizes)
        form, decoder = FILE_FORMS[self.form], self._decoder(place, where)
        given = _bytes_of(entry)
        if given is None:
            array = self.number.fit(entry, where)
            expect_shape(array, place.sizes, where)
            return self._encoded(array, form, where), array.shape
        array = decoder.decode(given)
        if not given.startswith(form.begins):
            return self._encoded(array, form, where), array.shape
        if unlike := _coder(self.form).unlike(given, place.sizes, where):
            raise DataError(
                f"{unlike}; it would be kept as it is, and read as something else",
                where=where,
                do="convert the file, or give the array: what is given is not converted",
            )
        return given, array.shape

    def of_source(self, entry: object, place: Place, where: str) -> object:
        """See `Feature.of_source`: an image that is in another mode is converted as its extractor does."""
        form, given = FILE_FORMS[self.form], _bytes_of(entry)
        if given is None or not given.startswith(form.begins):
            return entry
        unlike = _coder(self.form).unlike(given, place.sizes, where)
        if not unlike:
            return entry
        self._expect_encodable(f"{unlike}; encoding it anew would lose something", form, where)
        return self._decoder(place, where).decode(given)

    def _encoded(self, array: NDArray[np.generic], form: FileForm, where: str) -> bytes:
        why = f"this is no {self.form.upper()} file, and encoding it as one would lose something"
        self._expect_encodable(why, form, where)
        return _coder(self.form).encode(array, self.form, self.quality, where)

    def _expect_encodable(self, why: str, form: FileForm, where: str) -> None:
        """Refuses to encode what would lose something that nobody allowed."""
        if form.loses and self.quality is None:
            raise DataError(
                why,
                where=where,
                do=f"give the bytes of such a {self.form.upper()} file; or allow it in the schema: "
                f"`store: {{kind: {self.form}, quality: 95}}`, or `store: png`, which loses nothing",
            )

    def accept(self, block: object, place: Place, where: Where) -> FilesBlock[ItemT]:
        if isinstance(block, FilesBlock):
            some = cast("FilesBlock[ItemT]", block)
            if getattr(some.decoder, "form", None) == self.form and some.shape == place.shape:
                return some
        if isinstance(block, Block | np.ndarray | Sequence) and not isinstance(block, str | bytes):
            return self.pack(list(cast("Sequence[object]", block)), place, where)
        raise DataError(
            f"{type(block).__name__} is not a list of arrays or files",
            where=str(where),
            do="give a list: arrays, or the bytes of files",
        )

    def _block(self, encoded: RaggedBlock[np.uint8], shapes: Rows, place: Place, where: str) -> FilesBlock[ItemT]:
        return FilesBlock(encoded, shapes, place.shape, cast("Decoder[ItemT]", self._decoder(place, where)))

    def _decoder(self, place: Place, where: str) -> _Decoder:
        return _Decoder(self.form, self.dtype, place.sizes, where)

    def placeholder(self, place: Place) -> object:
        return _ABSENT

    def whole(self, block: FilesBlock[ItemT]) -> tuple[NDArray[np.generic], np.dtype[np.generic]]:
        """See `Feature.whole`; files always have entries, so nobody asks."""
        return block.encoded.values, self.file_dtype

    def numbers(self, block: FilesBlock[ItemT]) -> object:
        arrays = [np.ravel(array) for array in block.arrays_decoded()]
        return np.concatenate([np.empty(0, self.dtype), *arrays])

    def stored(self, place: Place) -> tuple[Stored, ...]:
        return self.kind.stored(place, self.file_dtype)

    def write(
        self, place: Place, block: FilesBlock[ItemT], present: NDArray[np.bool_] | None, ends: Mapping[str, int]
    ) -> dict[str, NDArray[np.generic]]:
        return super().write(place, cast("FilesBlock[ItemT]", Kept(block.encoded, block.shapes)), present, ends)

    def reading(self, place: Place, rows: Rows) -> Reading[FilesBlock[ItemT]]:
        fetched, present = yield from self.kind.read(place, rows)
        kept = cast("Kept", fetched)
        block = self._block(kept.encoded, kept.shapes, place, place.path)
        return block if present is None else cast("FilesBlock[ItemT]", Maybe(block, present))

    def entry(self, block: FilesBlock[ItemT], index: int) -> NDArray[ItemT]:
        return block[index]


_ABSENT = object()
"""Stands for an entry that is absent; no file is kept of it."""


def _bytes_of(entry: object) -> bytes | None:
    """The bytes of a file; None: it is something else."""
    if isinstance(entry, bytes | bytearray | memoryview):
        return bytes(cast("bytes", entry))
    array = cast("NDArray[np.generic]", entry)
    is_bytes = isinstance(entry, np.ndarray) and array.dtype == np.uint8 and array.ndim == 1
    return array.tobytes() if is_bytes else None


def _coder(form: str) -> _Coder:
    """The module of a form; its library is imported when it is needed."""
    return cast("_Coder", import_module(FILE_FORMS[form].module))
