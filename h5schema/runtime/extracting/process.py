"""A process that works, and the ways to it."""

from __future__ import annotations

import mmap
import os
import pickle
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection

from .shelf import Shelf, shared_memory
from .tasks import AHEAD, Beat, Died

_BEAT = struct.Struct("<qd")
"""The source that a worker is at (-1: none), and since when."""
FROM_TERMINAL = frozenset({signal.SIGINT, signal.SIGHUP})
"""What a terminal sends to all of its processes: Ctrl-C is pressed, or it is closed."""
_AHEAD_BYTES = 32 << 10
"""An order of fewer bytes fits where the system keeps what is sent and not yet read."""
_MAIN = "from h5schema.runtime.extracting.worker import main; main()"


@contextmanager
def _terminal_waits() -> Generator[None]:
    """A process that is begun in here does not see what a terminal sends to all until it says so."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, FROM_TERMINAL)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class Process:
    """One process, and the ways to it."""

    def __init__(self, job: bytes, handle: int) -> None:
        ours, theirs = socket.socketpair()
        lifeline, self._alive = os.pipe()  # its other end closes with this process, whatever ends that
        with tempfile.TemporaryFile() as shared, theirs:
            shared.write(_BEAT.pack(-1, 0.0))
            shared.flush()
            self._beat = mmap.mmap(shared.fileno(), _BEAT.size)
            self._memory = [shared_memory() for _ in range(AHEAD)]
            self._shelf = Shelf(self._memory)
            ways = (theirs.fileno(), shared.fileno(), lifeline, handle, *self._memory)
            with _terminal_waits():
                self._process = subprocess.Popen(
                    [sys.executable, "-c", _MAIN, *map(str, ways)], pass_fds=ways, stdin=subprocess.DEVNULL
                )
        os.close(lifeline)
        self.talk = Connection(ours.detach())
        self._orders = 0
        self._next: list[bytes] = []
        self._send(pickle.dumps((sys.path, job)))

    def tell(self, order: object) -> None:
        """Tells it what to do next.

        What is large waits here until it has answered: else both might send, and neither would read.
        """
        told = pickle.dumps(order, pickle.HIGHEST_PROTOCOL)
        if self._orders and len(told) > _AHEAD_BYTES:
            self._next.append(told)
        else:
            self._send(told)
        self._orders += 1

    def _send(self, told: bytes) -> None:
        with suppress(OSError):  # it may have died, and so will the answer say
            self.talk.send_bytes(told)

    def hear(self) -> object:
        """Its answer, which is there.

        Raises:
            EOFError, OSError: It is not, because the process has died.
        """
        answer: object = self.talk.recv()
        self._orders -= 1
        if self._next:
            self._send(self._next.pop())
        return self._shelf.take(answer) if isinstance(answer, bytes) else answer

    def beat(self) -> Beat:
        """Where it is."""
        return Beat(*_BEAT.unpack(self._beat[:]))

    def died(self) -> Died:
        """What is known of its end."""
        code = self._process.wait()
        name = signal.Signals(-code).name if code < 0 else f"exit code {code}"
        source = self.beat()[0]
        self._close()
        return Died(source, f"the process that read it died ({name})")

    def stop(self) -> None:
        """Ends it now."""
        self._process.kill()
        self._process.wait()
        self._close()

    def _close(self) -> None:
        self.talk.close()
        os.close(self._alive)
        for one in self._memory:
            os.close(one)
        self._beat.close()


def beats(handle: int) -> Callable[[int], None]:
    """How a worker says which source it is at, into what it shares with the one who waits."""
    shared = mmap.mmap(handle, _BEAT.size)

    def begins(number: int) -> None:
        _BEAT.pack_into(shared, 0, number, time.monotonic())

    return begins
