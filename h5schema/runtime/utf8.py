"""Texts in a file are utf-8, or they are no texts."""

from __future__ import annotations

from h5schema.errors import DataError

from .blocks import Texts
from .spans import Rows


def expect_utf8(texts: Texts, where: str, rows: Rows | None) -> None:
    """Refuses bytes that are no text when they are read, not when somebody looks at them.

    Args:
        texts: Just read.
        where: Of the dataset.
        rows: Of each text; None: it is one text for the file.

    Raises:
        DataError: One is no utf-8.
    """
    block = texts.encoded
    starts = block.offsets[:-1][block.lengths > 0]
    try:
        block.values.tobytes().decode()
        cut = bool(((block.values[starts] & 0xC0) == 0x80).any())
    except UnicodeDecodeError:
        cut = True
    if not cut:
        return
    for number, encoded in enumerate(block):
        try:
            encoded.tobytes().decode()
        except UnicodeDecodeError as error:
            raise DataError(
                f"byte {error.start} of the text is no utf-8",
                where=where if rows is None else f"{where}, row {int(rows[number])}",
                do="the file was changed by another program; extract or copy it again",
            ) from None
