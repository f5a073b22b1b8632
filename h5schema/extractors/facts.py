"""Facts of a file: its size, when it was changed, its hash, its name."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TypeAlias

import numpy as np

from h5schema.errors import DataError
from h5schema.vocabulary.extractors import FACTS

Fact: TypeAlias = "int | str | np.datetime64"


def load(path: Path, *, item: str | None = None) -> Fact | Mapping[str, Fact]:
    """Says what is known of a file without understanding it.

    Args:
        path: Of the file.
        item: Which fact: `size` in bytes, `modified` (datetime64[ns], UTC), `sha256` in hexadecimal digits, `name`,
            `stem`, `suffix`; None: all of them, each for the feature of its name. A file that was fetched from
            elsewhere is a copy, and was modified when it was fetched.

    Returns:
        The fact, or all of them; the hash is made when it is asked for.

    Raises:
        DataError: The file cannot be read.
    """
    facts = _Facts(path)
    return facts if item is None else facts[item]


class _Facts(Mapping[str, Fact]):
    def __init__(self, path: Path) -> None:
        self._path = path

    def __getitem__(self, name: str) -> Fact:
        try:
            return _FACTS[name](self._path)
        except OSError as error:
            raise DataError(
                f"the file cannot be read: {error.strerror}",
                where=str(self._path),
                do="look at the path and its permissions",
            ) from None

    def __iter__(self) -> Iterator[str]:
        return iter(FACTS)

    def __len__(self) -> int:
        return len(FACTS)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


_FACTS: Mapping[str, Callable[[Path], Fact]] = {
    "size": lambda path: os.stat(path).st_size,
    "modified": lambda path: np.datetime64(os.stat(path).st_mtime_ns, "ns"),
    "sha256": _sha256,
    "name": lambda path: path.name,
    "stem": lambda path: path.stem,
    "suffix": lambda path: path.suffix,
}
