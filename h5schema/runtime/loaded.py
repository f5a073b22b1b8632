"""A feature as a loader wants it: in the loaded dtype, with what stands for absent entries."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TypeAlias, cast

import h5py
import numpy as np
from numpy.typing import NDArray

from h5schema.errors import DataError

from .any_reader import AnyReader
from .bfloat16 import is_bits
from .blocks import Blobs, Categories, Encoded, FilesBlock, Maybe, NestedBlock, RaggedBlock, SparseBlock, Texts
from .blocks import Block as Entries
from .chosen import Chosen
from .damage import DO
from .features import EncodedFeature
from .number_types import number_type
from .plan import Take
from .projections import Joined, Projection
from .spans import Asked
from .values import as_loaded

Block: TypeAlias = (
    "NDArray[np.generic] | RaggedBlock[np.generic] | NestedBlock[object] | SparseBlock[np.generic] | list[object]"
)


class Loaded:
    """One feature of a sample; what does not change from batch to batch is found once.

    Args:
        reader: Of the file.
        take: Which feature, and how.
        seen: How it is seen from a sample.

    Attributes:
        address: Of the feature.
        alone: Whether it has one value for all samples.
        sample_bytes: Stored bytes of one sample, on average.
    """

    def __init__(self, reader: AnyReader, take: Take, seen: Projection) -> None:
        self._reader = reader
        self._take = take
        self._seen = seen
        self.address = take.address
        self._feature = reader.model.features[take.address]
        self._where = f"{reader.name}: {reader.model.places[take.address].path}"
        self.alone = seen.alone
        self.sample_bytes = seen.sample_bytes(reader)
        enum = h5py.check_enum_dtype(self._feature.file_dtype) is not None
        inner = self._feature.innermost()
        number = None if isinstance(inner, EncodedFeature) or take.dtype == "str" else inner.number
        self._codes: tuple[Texts, list[int]] | None = None
        self._number = number
        dtype = take.dtype or ("int64" if enum else "" if number is None else number.loaded)
        self._fed = None if number is None else number_type(dtype)

    def asked(self, chosen: Chosen) -> Asked:
        """What is read for some samples."""
        return self._seen.asked(self._reader, chosen)

    def understood(self, block: object, asked: Asked, chosen: Chosen) -> Block:
        """What was read, as it is fed: [n, ...]; of a feature without entries its value, [...].

        Raises:
            DataError: A value would change in the loaded dtype; the entry of the first such sample is named.
        """
        try:
            return self._understood(block, asked, chosen)
        except DataError:
            if not self.alone:
                self._expect_each(chosen)
            raise

    def _expect_each(self, chosen: Chosen) -> None:
        """Looks at the samples one by one, to say which of them is wrong."""
        for index in range(len(chosen.drawn.positions)):
            one = chosen.one(index)
            asked = self.asked(one)
            block = self._reader.read(*asked)
            try:
                self._understood(block, asked, one)
            except _DamagedError as error:
                raise DataError(error.what, where=self._at(asked, chosen, index), do=error.do) from None
            except DataError as error:
                raise DataError(error.what, where=f"{error.where}{chosen.said(index)}", do=error.do) from None

    def _at(self, asked: Asked, chosen: Chosen, index: int) -> str:
        """Which entry of which file was asked for."""
        place = self._reader.model.places[self.address]
        if place.lead is None or len(asked.rows) != 1:
            return f"{self._where}{chosen.said(index)}"
        return self._reader.where(place.path, place.lead, int(asked.rows[0]))

    def _understood(self, block: object, asked: Asked, chosen: Chosen) -> Block:
        block = self._seen.cut(self._reader, block, asked, chosen)
        if not isinstance(block, Joined):
            return self._fed_block(block)
        flat = self._fed_block(block.block)
        if isinstance(flat, np.ndarray):
            return RaggedBlock(flat, block.offsets)
        return [list(flat[begin:end]) for begin, end in pairwise(block.offsets.tolist())]

    def _fed_block(self, block: object) -> Block:
        """What was read by sample, in the loaded dtype."""
        if not isinstance(block, np.ndarray):
            block = self._present(_decoded(self._coded(block)))
        if not isinstance(block, Entries):
            values = self._in_dtype(cast("NDArray[np.generic]", block))
            return values[0, ...] if self.alone else values
        leaf: object = block.leaf
        if isinstance(leaf, Encoded):
            texts = self._as_asked(cast("Encoded[object]", leaf))
            return list(cast("Sequence[object]", block.with_leaf(texts)))
        fed = block.with_numbers(self._in_dtype)
        if isinstance(fed, SparseBlock) and self._take.form is None:
            return cast("SparseBlock[np.generic]", fed).dense()
        return cast("Block", fed)

    def _coded(self, block: object) -> object:
        """Words of categories as codes, if those are asked for; of several files as those of all of them."""
        if self._number is None:
            return block
        if isinstance(block, Maybe):
            some = cast("Maybe[object]", block)
            return Maybe(self._coded(some.values), some.present)
        if not isinstance(block, Categories):
            return block
        if self._codes is None or self._codes[0] is not block.words:  # those of one file are always the same object
            known = {word: code for code, word in enumerate(self._reader.categories(self._take.address))}
            self._codes = block.words, [known[word] for word in block.words]
        return block.coded(self._codes[1])

    def _as_asked(self, block: Encoded[object]) -> Encoded[object]:
        """Texts as their bytes, or bytes as the texts that they are, if a loader asks for it."""
        if self._take.dtype == "bytes":
            return Blobs(block.encoded)
        if self._take.dtype != "str" or isinstance(block, Texts):
            return block
        for encoded in block.encoded:
            try:
                encoded.tobytes().decode()
            except UnicodeDecodeError as error:
                raise DataError(
                    f"byte {error.start} is no utf-8, so there is no str of it",
                    where=self._where,
                    do="load it as bytes: leave `dtype` out",
                ) from None
        return Texts(block.encoded)

    def _in_dtype(self, values: NDArray[np.generic]) -> NDArray[np.generic]:
        if self._number is None or self._fed is None or is_bits(values.dtype):
            return values
        return self._fed.to_file(as_loaded(self._number.in_numbers(values), self._fed.name, self._where))

    def _present(self, block: object) -> object:
        return self._filled(cast("Maybe[object]", block)) if isinstance(block, Maybe) else block

    def _filled(self, block: Maybe[object]) -> object:
        """Values in the loaded dtype, with `fill` where there are none: it need not fit the stored dtype."""
        values, there, fill = block.values, block.present, self._take.fill
        if fill is None and not there.all():
            raise DataError(
                "an entry has no value, and the input has no `fill`", where=self._where, do="give the input a `fill`"
            )
        if fill is None or isinstance(values, RaggedBlock | NestedBlock | SparseBlock):
            return block.values
        if isinstance(values, Texts):
            texts = [text if known else str(fill) for text, known in zip(values, there, strict=True)]
            return Texts.of([text.encode() for text in texts])
        dense = cast("NDArray[np.generic]", values).copy()
        dense[~there] = 0
        loaded, fed = self._in_dtype(dense), self._fed
        assert fed is not None
        loaded[~there] = fed.to_file(fed.fit(self._stand_in(fill, fed.name), f"{self._where}: fill"))
        return loaded

    def _stand_in(self, fill: float | str, dtype: str) -> float | str:
        """What stands for an absent entry; a member of an enum is named as in the reader, a bool may be loaded as 1."""
        members = self._feature.members
        if members is not None and isinstance(fill, str):
            return members.value_of(fill, "fill")
        return int(fill) if isinstance(fill, bool) and dtype != "bool" else fill


class _DamagedError(DataError):
    """The bytes of an entry are not what the schema says that they are."""


def _decoded(block: object) -> object:
    """Files as the arrays that they hold."""
    if isinstance(block, FilesBlock):
        try:
            return cast("FilesBlock[np.generic]", block).decoded()
        except DataError as error:
            raise _DamagedError(error.what, where=error.where, do=f"{DO}; `verify()` looks for more") from None
    if isinstance(block, Maybe):
        some = cast("Maybe[object]", block)
        return Maybe(_decoded(some.values), some.present)
    return block
