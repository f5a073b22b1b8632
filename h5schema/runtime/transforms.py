"""Functions of the user's that change what a loader has read."""

from __future__ import annotations

import inspect
from collections.abc import Callable

from h5schema.errors import UserCodeError

from .any_reader import AnyReader
from .chosen import Chosen
from .file import File
from .functions import Function, folder_of
from .users_code import UsersCodeFailedError, users_code


def asks_for_rng(name: str, reader: AnyReader) -> bool:
    """Whether chance has a say in what a function makes."""
    return "rng" in _parameters(_resolved(name, reader))


def _resolved(name: str, reader: AnyReader) -> Callable[..., object]:
    return Function(name, folder_of(reader.file)).resolve()


class Transform:
    """A function by name, called with a value, and with what it asks for by name: `rng` and `reader`.

    Args:
        name: `module:function`; found beside the package, then where Python looks.
        reader: Of the file.
    """

    def __init__(self, name: str, reader: AnyReader) -> None:
        self._name = name
        self._function = _resolved(name, reader)
        asked = _parameters(self._function)
        self._takes_rng = "rng" in asked
        self._more: dict[str, object] = {"reader": _face(reader)} if "reader" in asked else {}

    def __call__(self, value: object, chosen: Chosen, index: int) -> object:
        """What the function makes of a value.

        Args:
            value: Of one sample, or of a batch.
            chosen: Samples that are read together.
            index: Which of these it is, or the first one of the batch.

        Raises:
            UserCodeError: It fails.
        """
        more = {**self._more, "rng": chosen.drawn.generator(index)} if self._takes_rng else self._more
        try:
            with users_code:
                return self._function(value, **more)
        except UsersCodeFailedError as failed:
            drawn = chosen.drawn
            place = f"epoch {drawn.epoch}, position {int(drawn.positions[index])}{chosen.said(index)}"
            raise UserCodeError(
                f"it fails\n{failed.frames}", where=f"{self._name} ({place})", do="mend the function"
            ) from None

    def wrong(self, what: str, do: str) -> UserCodeError:
        """An error about what the function returned."""
        return UserCodeError(what, where=self._name, do=do)


def _parameters(function: Callable[..., object]) -> frozenset[str]:
    try:
        return frozenset(inspect.signature(function).parameters)
    except ValueError:  # a function written in C that does not say
        return frozenset()


def _face(reader: AnyReader) -> File:
    """An instance of the generated class over a reader that is there."""
    face = object.__new__(reader.file)
    face.__setstate__({"reader": reader})
    return face
