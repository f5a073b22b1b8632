"""Text files, and documents of JSON."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NoReturn, cast

from h5schema.errors import DataError
from h5schema.vocabulary.extractors import Whole

from .files import load as load_bytes


def load(path: Path, *, encoding: str = "utf-8") -> str:
    r"""Reads a text as it is, line ends and a byte order mark included (`utf-8-sig` leaves that out).

    Args:
        path: Of the file.
        encoding: As Python names it.

    Raises:
        DataError: It cannot be read, or is no text of that encoding.
    """
    encoded = load_bytes(path).tobytes()
    try:
        return encoded.decode(encoding)
    except UnicodeDecodeError as error:
        raise DataError(
            f"byte {error.start} is no {encoding}", where=str(path), do="in `params` name the `encoding`, e.g. latin-1"
        ) from None


def load_json(path: Path, *, pointer: str | None = None) -> object:
    """Reads a document of JSON (RFC 8259).

    Args:
        path: Of the file.
        pointer: Which value of the document (RFC 6901): `/labels/0`; `""` is all of it. None: each feature
            takes the value of its name of a document that is an object, or all of another one.

    Raises:
        DataError: It is no JSON, says a name twice in one object, or lacks what the pointer names.
    """
    text = load(path, encoding="utf-8-sig")
    try:
        document = cast("object", json.loads(text, object_pairs_hook=_once, parse_float=_finite, parse_constant=_no))
    except RecursionError:
        raise DataError("the document is nested too deep", where=str(path), do="look at the file") from None
    except ValueError as error:
        raise DataError(f"this is no JSON: {error}", where=str(path), do="mend the file") from None
    if pointer is None:
        return document
    for step in pointer.split("/")[1:]:
        document = _inside(document, step.replace("~1", "/").replace("~0", "~"), pointer, path)
    return Whole(document)


def _inside(document: object, step: str, pointer: str, path: Path) -> object:
    if isinstance(document, Mapping):
        held = cast("Mapping[str, object]", document)
        if step in held:
            return held[step]
    elif isinstance(document, Sequence) and not isinstance(document, str):
        items = cast("Sequence[object]", document)
        if step.isdecimal() and int(step) < len(items):
            return items[int(step)]
    raise DataError(f"the document has no {pointer} (it ends at {step!r})", where=str(path), do="look at the file")


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    made = dict(pairs)
    if len(made) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        message = f"{twice!r} stands twice in one object"
        raise ValueError(message)
    return made


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        message = f"{text} is too large for a float64"
        raise ValueError(message)
    return number


def _no(word: str) -> NoReturn:
    message = f"{word} is no number of JSON"
    raise ValueError(message)
