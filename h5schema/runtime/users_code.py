"""The user's code: the one place in which whatever it raises becomes an error of ours."""

from __future__ import annotations

import importlib
import os
import traceback
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from h5schema.errors import H5SchemaError

_OURS = str(Path(__file__).resolve().parent.parent) + os.sep
_NOT_SHOWN = (_OURS, "<frozen ", os.path.dirname(importlib.__file__) + os.sep)


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


@contextmanager
def users_code() -> Generator[None]:
    """What is run in here is the user's; our own errors pass as they are.

    Raises:
        UsersCodeFailedError: In place of anything else.
    """
    try:
        yield
    except H5SchemaError:
        raise
    except (Exception, SystemExit) as error:  # noqa: BLE001  the one place: the user's code may raise anything
        raise UsersCodeFailedError(error) from None


def _frames(error: BaseException) -> str:
    shown = [frame for frame in traceback.extract_tb(error.__traceback__) if not frame.filename.startswith(_NOT_SHOWN)]
    return "".join(traceback.format_list(shown) + traceback.format_exception_only(error)).rstrip()
