"""Features whose entries are JSON."""

from __future__ import annotations

import json
from typing import Unpack

import h5py
import numpy as np
from numpy.typing import NDArray

from h5schema.errors import DataError

from ..blocks import Blobs
from ..json_values import Documents, JsonValue, expect_json, parsed
from ..kinds import Place
from ..spans import Rows
from .encoded import EncodedFeature
from .feature import Given

_NOTHING = object()


class Json(EncodedFeature[JsonValue, Documents]):
    """Entries are JSON: texts, numbers, truth values, lists, mappings, and null inside of those.

    An entry is never null as a whole: that would be None, which is an entry that is absent.

    Args:
        dims: Address of the open dim, or nothing: one value for the whole file.
    """

    __slots__ = ()

    word, noun, takes = "json", "value", "JSON values"
    block = Documents

    def __init__(self, dims: str = "", **options: Unpack[Given]) -> None:
        super().__init__(dims, None, **options)

    def encode(self, entry: object, where: str) -> bytes:
        if entry is _NOTHING:
            return b""
        expect_json(entry, where)
        return json.dumps(entry, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()

    def expect(self, block: Documents, path: str, rows: Rows | None, present: NDArray[np.bool_] | None) -> None:
        for number, encoded in enumerate(block.encoded):
            if present is not None and not present[number]:
                continue
            try:
                sound = parsed(encoded.tobytes()) is not None
                said = "it is null, which is no entry"
            except ValueError as error:  # no utf-8 is one too
                sound, said = False, str(error)
            if not sound:
                raise DataError(
                    f"the text is no JSON: {said}",
                    where=path if rows is None else f"{path}, row {int(rows[number])}",
                    do="the file was changed by another program; extract or copy it again",
                )

    def fixed(self, size: int) -> np.dtype[np.generic]:
        return h5py.string_dtype("utf-8", size)

    def numbers(self, block: Documents) -> object:
        return Blobs(block.encoded)  # mappings cannot be looked up, and equal ones have equal bytes

    def placeholder(self, place: Place) -> object:
        return _NOTHING
