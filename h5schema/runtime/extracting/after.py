"""The user's function that is called when an extraction is complete."""

from __future__ import annotations

from pathlib import Path

from h5schema.errors import UserCodeError

from ..functions import Function
from ..users_code import UsersCodeFailedError, users_code


class After:
    """A function that is handed the path of the complete file.

    Args:
        name: `module:function`; None: nothing is called.
        functions: Folder in which the module is looked for first.

    Raises:
        UserCodeError: It cannot be imported.
    """

    def __init__(self, name: str | None, functions: Path) -> None:
        self._name = name or ""
        self._function = None if name is None else Function(name, functions).resolve()

    def call(self, target: Path) -> None:
        """Calls it.

        Raises:
            UserCodeError: It failed; the file is complete all the same.
        """
        if self._function is None:
            return
        try:
            with users_code:
                self._function(target)
        except UsersCodeFailedError as failed:
            raise UserCodeError(
                f"{target} is complete, but this function, which is called after that, raised "
                f"{type(failed.error).__name__}\n{failed.frames}",
                where=self._name,
                do="mend the function, and call it yourself; the file need not be extracted again",
            ) from None
