"""Runs of an extraction that end at an instant: each in a process of its own, forked from one that has all imported.

`python instants.py` reads lines of JSON, one for each run, and answers each with a line:

    folder    of `assorted.make`
    target    name of the file that is made
    options   of `How`, and `overwrite`, `update`, `sync`
    die       number of the call of the system (a write, a truncation, fsync, a new name …) at which it is killed;
              0: at none
    signal    that it is sent then, in place of SIGKILL
    torn      whether half of what that call writes is still written
    names     whether only calls that change names are counted
    record    file for a record of all calls, with what they write
    journal   bytes of a journal that is brought into the file
    limit     bytes that a file may have
    forbid    folder that cannot be written any more after some batches
    sources   in place of the folder `in`
    hand      entries that a writer by hand commits in place of the run, and then forgets
"""

from __future__ import annotations

import json
import os
import pickle
import resource
import signal
import subprocess
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

HERE = Path(__file__).resolve().parent
WRITES = ("pwrite", "ftruncate", "fsync")
NAMES = ("replace", "rename", "link", "unlink", "remove")


class Call(NamedTuple):
    """A call of the system that changes something.

    Attributes:
        what: Its name in `os`; or `made`, a new file.
        inode: Of the file; of the folder for `fsync` of one.
        given: Its other arguments; names without their folder.
    """

    what: str
    inode: int
    given: tuple[Any, ...]


class Ended(NamedTuple):
    """How a run ended.

    Attributes:
        killed: Whether it was killed.
        error: What it raised: the name of its class and its text; "" if nothing.
        trace: Of anything that is no error of ours.
        calls: Calls of the system that were counted.
    """

    killed: bool
    error: str
    trace: str
    calls: int


class Lab:
    """Runs extractions, one at a time."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def run(self, folder: Path, target: str = "a.h5", **asked: Any) -> Ended:
        """Runs one extraction, to its end or until it is killed."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"folder": str(folder), "target": target, **asked}, default=str) + "\n")
        self._process.stdin.flush()
        return Ended(*json.loads(self._process.stdout.readline()))

    def close(self) -> None:
        """Ends it."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait(timeout=30)


@contextmanager
def lab() -> Iterator[Lab]:
    """A lab for some time."""
    made = Lab()
    try:
        yield made
    finally:
        made.close()


def recorded(path: Path) -> list[Call]:
    """The calls of a run that was recorded."""
    return [Call(*one) for one in pickle.loads(path.read_bytes())]


def main() -> None:
    """Forks a child for each line, and says how it ended."""
    sys.path.insert(0, str(HERE))
    import assorted  # with h5py and numpy, which every child then has

    import h5schema.runtime.extracting.running  # noqa: F401

    for line in sys.stdin:
        asked = json.loads(line)
        sys.path[:] = [asked["folder"], *[one for one in sys.path if not (Path(one) / "mixture").is_dir()]]
        assorted.extraction(Path(asked["folder"]))
        out, into = os.pipe()
        child = os.fork()
        if not child:
            os.close(out)
            os._exit(_child(asked, into))
        os.close(into)
        with os.fdopen(out, "rb") as said:
            parts = said.read().splitlines()
        _, status = os.waitpid(child, 0)
        calls = int(parts[0]) if parts else 0
        error, trace = json.loads(parts[1]) if len(parts) > 1 else ["", ""]
        killed = os.WIFSIGNALED(status)
        sys.stdout.write(json.dumps([killed, error, trace, calls]) + "\n")
        sys.stdout.flush()


def _child(asked: dict[str, Any], into: int) -> int:
    import assorted

    from h5schema.errors import H5SchemaError
    from h5schema.runtime import How
    from h5schema.runtime.writing import sink

    signal.signal(signal.SIGINT, signal.default_int_handler)
    folder = Path(asked["folder"])
    options = asked.get("options", {})
    call = {name: options.pop(name) for name in ("overwrite", "update", "sync", "failures") if name in options}
    given = {"workers": 0, "commit_every": 0.0, "memory": 1, "progress": "none", **options}
    counter = Counter(
        asked.get("die", 0),
        asked.get("signal", signal.SIGKILL),
        into,
        torn=asked.get("torn", False),
        names=asked.get("names", False),
    )
    said = ["", ""]
    run = assorted.extraction(folder).run
    if "hand" in asked:
        run = partial(_by_hand, assorted.extraction(folder).writer, asked["hand"])
    if "journal" in asked:
        sink._JOURNAL_BYTES = asked["journal"]
    if "limit" in asked:
        resource.setrlimit(resource.RLIMIT_FSIZE, (asked["limit"], resource.RLIM_INFINITY))
    if "forbid" in asked:
        _forbid(asked["forbid"])
    if "record" not in asked:
        os.fsync = lambda handle: None  # a process that is killed loses nothing
    counter.install(Path(asked["record"]) if "record" in asked else None)
    try:
        run(asked.get("sources", [folder / "in"]), folder / asked["target"], how=How(**given), **call)
    except (H5SchemaError, KeyboardInterrupt) as error:
        said = [f"{type(error).__name__}: {error}", ""]
    except BaseException as error:  # noqa: BLE001  whatever it is, the test wants to see it
        said = [f"{type(error).__name__}: {error}", traceback.format_exc()]
    counter.end()
    os.write(into, f"{counter.count}\n{json.dumps(said)}\n".encode())
    return 0


def _forbid(folder: str) -> None:
    """From the 300th write on nothing can be made, renamed or removed in a folder; open files stay as they are."""
    pwrite, count = os.pwrite, 0

    def counted(handle: int, data: Any, offset: int) -> int:
        nonlocal count
        count += 1
        if count == 300:
            subprocess.run(["mount", "--bind", folder, folder], check=True)
            subprocess.run(["mount", "-o", "remount,ro,bind", folder], check=True)
        return pwrite(handle, data, offset)

    os.pwrite = counted


def _by_hand(writer: Any, count: int, sources: object, target: Path, *, how: object, overwrite: bool) -> None:
    made = writer.create(target, overwrite=overwrite)
    for first in range(0, count, 10_000):
        ids = list(map(str, range(first, first + 10_000)))
        made.page.extend(ids, {"name": ids, "letters": [[1, 2, 3, 4, 5, 6]] * len(ids)})
        made.commit()


class Counter:
    """Counts calls of the system that change something, and ends the process at one."""

    def __init__(self, die: int, number: int, into: int, *, torn: bool, names: bool) -> None:
        self.count = 0
        self._die = die
        self._signal = number
        self._into = into
        self._torn = torn
        self._names = names
        self._record: list[Call] | None = None
        self._path: Path | None = None

    def install(self, record: Path | None) -> None:
        """Stands in front of the calls."""
        if record is not None:
            self._path, self._record = record, []
        for name in NAMES if self._names else (*WRITES, *NAMES):
            setattr(os, name, self._counted(name, getattr(os, name)))
        os.open = self._opened(os.open)  # type: ignore[assignment]

    def end(self) -> None:
        """Writes the record."""
        if self._path is not None:
            self._path.write_bytes(pickle.dumps([tuple(call) for call in self._record or ()]))

    def _counted(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*given: Any, **named: Any) -> Any:
            self.count += 1
            if self.count == self._die:
                if self._torn and name == "pwrite":
                    call(given[0], given[1][: len(given[1]) // 2], given[2])
                if self._signal == signal.SIGKILL:
                    os.write(self._into, f"{self.count}\n".encode())
                os.kill(os.getpid(), self._signal)
            if self._record is not None:
                self._record.append(_call(name, given))
            return call(*given, **named)

        return counted

    def _opened(self, call: Callable[..., int]) -> Callable[..., int]:
        def opened(path: Any, flags: int, *given: Any, **named: Any) -> int:
            is_new = bool(flags & os.O_CREAT) and not os.path.lexists(path)
            handle = call(path, flags, *given, **named)
            if self._record is not None and flags & os.O_CREAT:
                inode = os.fstat(handle).st_ino
                if is_new:
                    self._record.append(Call("made", inode, (os.path.basename(path),)))
                if flags & os.O_TRUNC:
                    self._record.append(Call("ftruncate", inode, (0,)))
            return handle

        return opened


def _call(name: str, given: tuple[Any, ...]) -> Call:
    if name in WRITES:
        return Call(
            name, os.fstat(given[0]).st_ino, tuple(bytes(one) if not isinstance(one, int) else one for one in given[1:])
        )
    return Call(name, 0, tuple(os.path.basename(one) for one in given if isinstance(one, str | os.PathLike)))


if __name__ == "__main__":
    main()
