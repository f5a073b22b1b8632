"""The list of the sources that failed, for programs: a line of JSON for each."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from h5schema.errors import FileError, TargetExistsError, UsageError

from .. import system
from .failures import Failure

_BEGINS = b'{"source": '


def expect_free(path: Path, output: Path, *, overwrite: bool) -> None:
    """Refuses, before the first source is read, a name that a list cannot have.

    Raises:
        UsageError: It is the name of the output, or its folder is not there.
        TargetExistsError: A file is there, and it is no list or may not be replaced.
        FileError: The file that is there cannot be read.
    """
    if path.resolve() in (output.resolve(), system.partial_of(output).resolve()):
        raise UsageError("the list of failures would replace the output", where=str(path), do="name another file")
    if not path.parent.is_dir():
        raise UsageError("there is no such folder", where=str(path.parent), do="make it, or name another file")
    if path.exists() and not (overwrite and _is_list(path)):
        raise TargetExistsError(
            "this file exists already" + (", and is no list of failures" if overwrite else ""),
            where=str(path),
            do="name another file" + ("" if overwrite else ", or replace both it and the output with `--overwrite`"),
        )


def write(path: Path, failures: Iterable[Failure], *, overwrite: bool) -> None:
    """Writes the list, empty if nothing failed.

    Raises:
        FileError: It cannot be written.
    """
    try:
        with path.open("w" if overwrite else "x", encoding="ascii") as file:
            file.writelines(json.dumps(failure.record()) + "\n" for failure in failures)
    except OSError as error:
        raise FileError(
            f"the list of failures cannot be written: {error.strerror}", where=str(path), do="name another file"
        ) from None


def _is_list(path: Path) -> bool:
    if not path.is_file():
        return False
    try:
        with path.open("rb") as file:
            return file.read(len(_BEGINS)) in (b"", _BEGINS)
    except OSError as error:
        raise FileError(f"it cannot be read: {error.strerror}", where=str(path), do="name another file") from None
