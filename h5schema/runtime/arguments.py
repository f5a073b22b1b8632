"""What a call may be given; Python and torch would take some of it in another sense, or fail in their own words."""

from __future__ import annotations

from typing import cast

import numpy as np

from h5schema.errors import UsageError


def whole(name: str, value: object, where: str, *, least: int | None = None) -> int:
    """A whole number.

    Args:
        name: Of the argument.
        value: As given.
        where: What is called.
        least: The smallest that makes sense; None: any.

    Raises:
        UsageError: It is none, or too small.
    """
    given = isinstance(value, int | np.integer) and not isinstance(value, bool)
    number = int(cast("int", value)) if given else 0
    if not given or (least is not None and number < least):
        wanted = "a whole number" + ("" if least is None else f", at least {least}")
        raise UsageError(f"{name} is {value!r}", where=where, do=f"give {wanted}")
    return number


def one_of(name: str, value: object, known: tuple[str, ...], where: str) -> None:
    """Refuses a word that is not known.

    Raises:
        UsageError: It is another word, or no word.
    """
    if value not in known:
        raise UsageError(f"{name} is {value!r}", where=where, do=f"give {', '.join(map(repr, known))}")


def flag(name: str, value: object, where: str) -> bool:
    """True or False; any other value would be one of them by Python's rules, as the text `no` is true.

    Raises:
        UsageError: It is something else.
    """
    if not isinstance(value, bool):
        raise UsageError(f"{name} is {value!r}", where=where, do="give True or False")
    return value


def plain(value: object) -> object:
    """An array of another library, such as a tensor, as numpy's; all else as it is."""
    own: object = value
    if isinstance(value, np.ndarray | np.generic) or not hasattr(value, "__array__"):
        return own
    return cast("object", np.asarray(own))
