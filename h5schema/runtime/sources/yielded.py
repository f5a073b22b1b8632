"""A function of the user as a source: it yields (id, path, captures) for each entry."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain, count
from pathlib import Path
from typing import NamedTuple, cast

from h5schema.errors import UserCodeError

from ..functions import Function
from ..users_code import UsersCodeFailedError, users_code
from .gathered import Block, Entry
from .given import not_there
from .remote import below, is_url, remote
from .roots import Folder, Root
from .source import Captured

_END = object()


class _Item(NamedTuple):
    id: str
    path: str | None
    captures: Mapping[str, Captured]


def yielded(given: Sequence[str | Path], name: str, folder: Path | None) -> Iterator[Block]:
    """What the function yields for each folder, file or URL that was given; it is handed a path, or the URL.

    Raises:
        UsageError: A folder is not there.
        UserCodeError: The function cannot be imported, fails, or yields something else.
    """
    function = Function(name, folder).resolve()
    for one in map(str, given):
        if not is_url(one) and not os.path.exists(one):
            raise not_there(Path(one))
        items = _items(function, name, one if is_url(one) else Path(os.path.abspath(one)))
        first = next(items, None)
        if first is None:
            continue
        entries = _entries(chain([first], items), first, name, _base(one))
        yield Block(name, tuple(first.captures), first.path is not None, entries)


def _base(given: str) -> Root:
    if is_url(given):
        return below(given)
    return Folder(given if os.path.isdir(given) else os.path.dirname(given) or ".")


def _entries(items: Iterable[_Item], first: _Item, name: str, base: Root) -> Iterator[Entry]:
    for number, item in enumerate(items):
        if tuple(item.captures) != tuple(first.captures) or (item.path is None) != (first.path is None):
            raise _wrong(name, number, f"{_form(item)} after {_form(first)}", "yield the same captures for each entry")
        if item.path is not None and is_url(item.path):
            root, relative = remote(item.path, None)
            yield Entry(item.id, relative, root, tuple(item.captures.values()), number)
        else:
            yield Entry(item.id, item.path, base, tuple(item.captures.values()), number)


def _form(item: _Item) -> str:
    captures = ", ".join(item.captures) or "no captures"
    return captures if item.path is None else f"{captures} and a path"


def _items(function: Callable[..., object], name: str, handed: Path | str) -> Iterator[_Item]:
    try:
        with users_code:
            made = _iterator(function(handed), name)
        for number in count():
            with users_code:
                item = next(made, _END)
            if item is _END:
                return
            yield _item(item, name, number)
    except UsersCodeFailedError as failed:
        raise UserCodeError(
            f"it raised {type(failed.error).__name__}\n{failed.frames}", where=name, do="mend the function"
        ) from None


def _iterator(made: object, name: str) -> Iterator[object]:
    if not isinstance(made, Iterable):
        raise UserCodeError(
            f"it returned {type(made).__name__}, nothing that yields",
            where=name,
            do="write a generator: yield (id, path, captures) for each entry",
        )
    return iter(cast("Iterable[object]", made))


def _item(item: object, name: str, number: int) -> _Item:
    """What was yielded, if it is an entry."""
    parts = cast("tuple[object, ...]", item) if isinstance(item, tuple) else ()
    do = "yield (id, path, captures): a text, a path or None, and a dict"
    if len(parts) != 3:
        raise _wrong(name, number, f"{item!r:.80}", do)
    key, path, captures = parts
    if not isinstance(key, str) or not isinstance(path, str | Path | None) or not isinstance(captures, Mapping):
        raise _wrong(name, number, f"{item!r:.80}", do)
    held = cast("Mapping[object, object]", captures)
    for capture, value in held.items():
        if not isinstance(capture, str) or not isinstance(value, str | int | float | None):
            raise _wrong(
                name, number, f"the capture {capture!r}: {value!r:.80}", "a capture is a text, a number, a bool or None"
            )
    return _Item(key, None if path is None else str(path), cast("Mapping[str, Captured]", captures))


def _wrong(name: str, number: int, what: str, do: str) -> UserCodeError:
    return UserCodeError(f"item {number} that it yields is {what}", where=name, do=do)
