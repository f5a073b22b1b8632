"""What a file says of itself: layout version, schema, fingerprint. Written once, compared at opening."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import h5py
import numpy as np

from h5schema.errors import FileError
from h5schema.vocabulary import layout

from .damage import READ_ERRORS, readable
from .declared import Schema

SCHEMA = f"/{layout.RESERVED}/schema"
LAYOUT = f"/{layout.RESERVED}/layout"
PARAMETERS = f"/{layout.RESERVED}/parameters"


_STAMP = ("layout_version", "schema_name", "schema_version", "complete")
_TEXTS = ("schema", "layout", "parameters")


def schema_text(owner: type) -> str:
    """The YAML text that lies beside a generated module.

    Raises:
        FileError: The package was installed without it.
    """
    module = sys.modules[owner.__module__]
    path = Path(str(module.__file__)).with_name("schema.yaml")
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise FileError(
            "the schema is missing from the generated package",
            where=str(path),
            do="install the package with its schema.yaml (package data), or run `h5schema generate` again",
        ) from None


def write_text(file: h5py.File, path: str, text: str) -> None:
    """Stores a text as a scalar dataset, in place of an earlier one: an attribute ends at 64 kB."""
    if path in file:
        del file[path]
    encoded = text.encode()
    dtype = h5py.string_dtype("utf-8", max(1, len(encoded)))
    file.create_dataset(path, data=np.array(encoded, dtype), dtype=dtype)


def read_text(file: h5py.File, path: str) -> str:
    """A text that `write_text` stored."""
    return cast("bytes", file[path][()]).decode()


def write(file: h5py.File, schema: Schema, text: str, described: layout.Layout, parameters: object) -> None:
    """Stamps a file in the making; `complete` stays 0 until it is published."""
    ours = file.require_group(layout.RESERVED)
    ours.attrs["layout_version"] = np.int64(layout.LAYOUT_VERSION)
    ours.attrs["schema_name"] = schema.name
    ours.attrs["schema_version"] = schema.version
    ours.attrs["fingerprint"] = schema.fingerprint
    ours.attrs["complete"] = np.int64(0)
    write_text(file, SCHEMA, text)
    write_text(file, LAYOUT, layout.canonical(described))
    write_text(file, PARAMETERS, layout.canonical(parameters))


def expect(file: h5py.File, schema: Schema, described: Callable[[], layout.Layout]) -> None:
    """Refuses a file that is not of this schema, and says what differs.

    Args:
        file: That was opened.
        schema: Of the class that reads it.
        described: The layout of that class; asked for if the file has another.

    Raises:
        FileError: It is not ours, of a newer layout, unfinished, or of another schema.
    """
    with readable(f"{file.filename}: /{layout.RESERVED}"):
        if _stamped(file, file.filename) != schema.fingerprint.encode():
            raise another(file, schema, differences(layout_of(file), plain(described())))


def another(file: h5py.File, schema: Schema, found: Sequence[str]) -> FileError:
    """The file is of another schema; `found` are the differences."""
    stamp = file[layout.RESERVED].attrs
    return FileError(
        f"the file is of schema {stamp['schema_name']} {stamp['schema_version']}, "
        f"and this class is of {schema.name} {schema.version}; they differ:{listed(found)}",
        where=file.filename,
        do="use the package that was generated from the schema in the file, or extract the data anew",
    )


def expect_less(file: h5py.File, described: Callable[[], layout.Layout]) -> None:
    """Refuses a file that differs from a class in more than what it lacks.

    Args:
        file: That was opened.
        described: The layout of the class.

    Raises:
        FileError: It is not ours, of a newer layout, unfinished, or has something that the class has not, or otherwise.
    """
    with readable(f"{file.filename}: /{layout.RESERVED}"):
        _stamped(file, file.filename)
        found = differences(layout_of(file), plain(described()), more=True)
    if found:
        raise not_updated(file, found)


def not_updated(file: h5py.File, found: Sequence[str]) -> FileError:
    """The file has what the class has not, or otherwise; `found` are the differences."""
    return FileError(
        f"it cannot be updated, because it differs from the schema in more than what it lacks:{listed(found)}",
        where=file.filename,
        do="take these changes of the schema back, or extract everything anew with `--overwrite`",
    )


def layout_of(file: h5py.File) -> Mapping[str, object]:
    """The layout that a file says it has."""
    import json  # rarely

    return cast("Mapping[str, object]", json.loads(read_text(file, LAYOUT)))


def plain(described: Mapping[str, object]) -> Mapping[str, object]:
    """A layout as a file gives it back."""
    import json  # rarely

    return cast("Mapping[str, object]", json.loads(layout.canonical(described)))


def listed(found: Sequence[str]) -> str:
    """Differences, one a line, but not too many."""
    more = f"\n  - and {len(found) - 20} more" if len(found) > 20 else ""
    return "".join(f"\n  - {line}" for line in found[:20]) + more


def is_of(file: h5py.File, schema: Schema) -> bool:
    """Whether a file, which must be ours and finished, has the layout of a schema."""
    with readable(f"{file.filename}: /{layout.RESERVED}"):
        return _stamped(file, file.filename) == schema.fingerprint.encode()


def expect_ours(file: h5py.File) -> None:
    """Refuses a file without our stamp, of a layout from the future, or that was never finished."""
    with readable(f"{file.filename}: /{layout.RESERVED}"):
        _stamped(file, file.filename)


def _stamped(file: h5py.File, where: str) -> bytes:
    """The fingerprint of a file that is ours, known and finished.

    Every start pays for this, so it does not go through h5py's objects, which take half as long again.
    """
    ours = _ours(file)
    if ours is None or not h5py.h5a.exists(ours, b"fingerprint"):
        raise FileError(
            "the file was not written by h5schema",
            where=where,
            do="h5py reads it; h5schema does with a schema that has `bind`: docs/bound-files.md",
        )
    missing = [name for name in _STAMP if not h5py.h5a.exists(ours, name.encode())]
    missing += [name for name in _TEXTS if not ours.links.exists(name.encode())]
    if missing:
        raise FileError(
            f"the file does not say its {missing[0]}",
            where=f"{where}: /{layout.RESERVED}",
            do="the file is damaged or was changed by another program; extract or copy it again",
        )
    version = int(_value(ours, b"layout_version", np.int64))
    if version > layout.LAYOUT_VERSION:
        raise FileError(
            f"the file has layout version {version}; this h5schema knows {layout.LAYOUT_VERSION}",
            where=where,
            do="install a newer h5schema",
        )
    if not _value(ours, b"complete", np.int64):
        raise FileError("the file was never finished", where=where, do="run the extraction again")
    return bytes(_value(ours, b"fingerprint"))


def _ours(file: h5py.File) -> h5py.h5g.GroupID | None:
    try:
        return h5py.h5g.open(file.id, layout.RESERVED.encode())
    except READ_ERRORS:
        if isinstance(file.get(layout.RESERVED), h5py.Group):
            raise
        return None


def _value(ours: h5py.h5g.GroupID, name: bytes, dtype: type[np.generic] | None = None) -> Any:
    """The value of an attribute; a text as bytes."""
    attribute = h5py.h5a.open(ours, name)
    value = np.empty(attribute.shape, attribute.dtype if dtype is None else dtype)
    attribute.read(value)
    return value[()]


def differences(stored: Mapping[str, object], wanted: Mapping[str, object], *, more: bool = False) -> list[str]:
    """What two layouts disagree on, one sentence each, the file's side first.

    Args:
        stored: Of the file.
        wanted: Of the class.
        more: Whether the class may have what the file lacks.
    """
    found: list[str] = []
    if stored["layout"] != wanted["layout"]:
        found.append(f"layout version {stored['layout']} in the file, {wanted['layout']} in the class")
    for section, noun in (("dims", "dim"), ("features", "feature")):
        old = cast("Mapping[str, Mapping[str, object]]", stored[section])
        new = cast("Mapping[str, Mapping[str, object]]", wanted[section])
        for address in sorted({*old, *new}):
            if address not in new:
                found.append(f"{noun} {address}: in the file only")
            elif address not in old:
                found += [] if more else [f"{noun} {address}: in the class only"]
            else:
                found += [
                    f"{noun} {address}: {key} {_said(there)} in the file, {_said(here)} in the class"
                    for key in sorted({*old[address], *new[address]})
                    if (there := old[address].get(key)) != (here := new[address].get(key))
                ]
    return found


def _said(value: object) -> str:
    import json  # rarely

    return "none" if value is None else value if isinstance(value, str) and value else json.dumps(value)
