"""The user's code: the one place in which whatever it raises becomes an error of ours."""

from __future__ import annotations

import importlib
import os
import traceback
from pathlib import Path
from types import TracebackType

from h5schema.errors import H5SchemaError

_OURS = str(Path(__file__).resolve().parent.parent) + os.sep
_NOT_SHOWN = (_OURS, "<frozen ", os.path.dirname(importlib.__file__) + os.sep)


_MOST = 10_000
"""Letters of a traceback that are kept: an error may say as much as it wants."""


class UsersCodeFailedError(H5SchemaError):
    """The user's code raised something, or called `sys.exit`.

    Attributes:
        error: What it raised.
        frames: The traceback as the user needs it: without the frames that lead from us to the user's code.
    """

    def __init__(self, error: BaseException) -> None:
        super().__init__(f"it raised {type(error).__name__}")
        self.error = error
        self.frames = _frames(error)


class _UsersCode:
    """What is run in here is the user's; our own errors pass as they are, and so does what stops the process.

    A function may fork: the child that comes back from it has no part in what this process does, and ends here.

    Raises:
        UsersCodeFailedError: In place of anything else.
    """

    def __init__(self) -> None:
        self._process = os.getpid()

    def __enter__(self) -> None:
        self._process = os.getpid()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if os.getpid() != self._process:
            is_well = error is None or (isinstance(error, SystemExit) and not error.code)
            os._exit(0 if is_well else 1)
        if isinstance(error, Exception | SystemExit | GeneratorExit) and not isinstance(error, H5SchemaError):
            raise UsersCodeFailedError(error) from None


users_code = _UsersCode()
"""`with users_code:`, and the user's code in there; one for all, because it is said for every source."""


def _frames(error: BaseException) -> str:
    shown = [frame for frame in traceback.extract_tb(error.__traceback__) if not frame.filename.startswith(_NOT_SHOWN)]
    text = "".join(traceback.format_list(shown) + traceback.format_exception_only(error)).rstrip()
    return (
        text
        if len(text) <= _MOST
        else f"{text[: _MOST // 2]}\n… {len(text) - _MOST} letters more …\n{text[-_MOST // 2 :]}"
    )
