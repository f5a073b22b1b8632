"""What a worker process runs."""

from __future__ import annotations

import ctypes
import os
import pickle
import signal
import sys
import threading
from multiprocessing.connection import Connection
from typing import cast

from h5schema.errors import H5SchemaError

from .orders import Report
from .process import FROM_TERMINAL, beats
from .shelf import Shelf
from .tasks import Task

_PR_SET_PDEATHSIG = 1
"""See prctl(2)."""
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
"""See mallopt(3)."""
_KEPT_BYTES = 64 << 20


def main() -> None:
    """Obeys until there is nobody who gives orders. The arguments are descriptors that the parent passed."""
    for number in FROM_TERMINAL:  # the parent stops, and so does this
        signal.signal(number, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, FROM_TERMINAL)  # as it was begun
    talking, shared, lifeline, handle, *memory = map(int, sys.argv[1:])
    _die_with_parent()
    _keep_memory()
    threading.Thread(target=_end_with, args=(lifeline,), daemon=True).start()
    talk = Connection(talking)
    try:
        path, job = cast("tuple[list[str], bytes]", talk.recv())
        sys.path[:] = path
        worker = cast("Task[object, object]", pickle.loads(job)).begin(handle, beats(shared))
        shelf = Shelf(memory)
        while True:
            answer = worker.obey(talk.recv())
            talk.send(answer if isinstance(answer, Report) else shelf.put(answer))  # its many ids would be looked at
    except (EOFError, ConnectionError):
        return
    except H5SchemaError as error:
        talk.send(error)


def _die_with_parent() -> None:
    """Lets Linux end this process with its parent, also while C code runs that lets no other thread run."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _keep_memory() -> None:
    """Lets the C library use again what large arrays leave; else it asks for the memory of each anew, page by page."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # glibc has it
    if mallopt is not None:
        mallopt(_M_MMAP_THRESHOLD, _KEPT_BYTES // 2)
        mallopt(_M_TRIM_THRESHOLD, _KEPT_BYTES)


def _end_with(lifeline: int) -> None:
    """Ends this process when the parent ends, also while a function of the user's runs."""
    os.read(lifeline, 1)
    os._exit(1)
