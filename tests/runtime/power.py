"""What a disk may have after a power cut, from a record of all that was written and forced to it.

What came before the last `fsync` of a file is there. Of what came after it each block of 512 or 4096 bytes is there
or not, and later ones may be there without earlier ones. A name is there, or not there, as the folder was when it was
forced to the disk; of later changes of names each may be lost.
"""

from __future__ import annotations

import json
import os
import random
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from instants import WRITES, Call, recorded

from h5schema.runtime.writing.journal import found_in


@dataclass(slots=True)
class _Inode:
    """The content of a file: what is on the disk, and what may be."""

    durable: bytearray = field(default_factory=bytearray)
    pending: list[Call] = field(default_factory=list[Call])


class Disk:
    """A folder of files as the disk has it, while a record is played.

    Args:
        folder: As it was before.
        names: Of the files in it that are looked at.
    """

    def __init__(self, folder: Path, names: Sequence[str]) -> None:
        self._folder = folder.stat().st_ino
        self._inodes: dict[int, _Inode] = {}
        self._names: dict[str, _Inode] = {}
        self._now: dict[str, _Inode] = {}
        self._changes: list[dict[str, _Inode | None]] = []
        for name in names:
            inode = self._inodes.setdefault(os.stat(folder / name).st_ino, _Inode(bytearray()))
            inode.durable[:] = (folder / name).read_bytes()
            self._names[name] = self._now[name] = inode

    def play(self, call: Call) -> None:
        """The next call."""
        if call.what in ("pwrite", "ftruncate"):
            self._inodes[call.inode].pending.append(call)
        elif call.what == "fsync":
            self._force(call.inode)
        else:
            self._name(call)

    def _force(self, number: int) -> None:
        if number != self._folder:
            inode = self._inodes[number]
            for call in inode.pending:
                _apply(inode.durable, call)
            inode.pending.clear()
            return
        for change in self._changes:
            _change(self._names, change)
        self._changes.clear()

    def _name(self, call: Call) -> None:
        change: dict[str, _Inode | None] = {}
        if call.what == "made":
            self._inodes[call.inode] = _Inode()
            change[call.given[0]] = self._inodes[call.inode]
        elif call.given[0] not in self._now:  # it failed, or was of no file of ours
            return
        elif call.what in ("unlink", "remove"):
            change[call.given[0]] = None
        elif call.what == "link":
            change[call.given[1]] = self._now[call.given[0]]
        else:
            change = {call.given[1]: self._now[call.given[0]], call.given[0]: None}
        _change(self._now, change)
        self._changes.append(change)

    def forced(self) -> dict[str, bytes]:
        """The files as they are if nothing is there but what was forced to the disk."""
        return {name: bytes(inode.durable) for name, inode in self._names.items()}

    def cut(self, rng: random.Random) -> dict[str, bytes]:
        """The files that may be there if the power is cut now."""
        names = dict(self._names)
        share = rng.choice([0.0, 0.5, 0.5, 1.0])
        for change in self._changes:
            if rng.random() < share:
                _change(names, change)
        known: dict[int, bytes] = {}
        for inode in names.values():
            if id(inode) not in known:
                known[id(inode)] = _cut(inode, rng)
        return {name: known[id(inode)] for name, inode in names.items()}


def _change(names: dict[str, _Inode], change: Mapping[str, _Inode | None]) -> None:
    for name, inode in change.items():
        if inode is None:
            names.pop(name, None)
        else:
            names[name] = inode


def _apply(content: bytearray, call: Call) -> None:
    if call.what == "ftruncate":
        (size,) = call.given
        content[size:] = bytes(max(0, size - len(content)))
        return
    data, offset = call.given
    if offset > len(content):
        content.extend(bytes(offset - len(content)))
    content[offset : offset + len(data)] = data


def _cut(inode: _Inode, rng: random.Random) -> bytes:
    """What may be there of a file: all, nothing or some blocks of what was not forced, in any order."""
    content = bytearray(inode.durable)
    block, share = rng.choice([512, 4096]), rng.choice([0.0, 0.3, 0.9, 1.0])
    kept = [part for call in inode.pending for part in _blocks(call, block) if rng.random() < share]
    if rng.random() < 0.5:
        rng.shuffle(kept)
    for call in kept:
        _apply(content, call)
    return bytes(content)


def _blocks(call: Call, block: int) -> list[Call]:
    """A write as the disk takes it."""
    if call.what != "pwrite":
        return [call]
    data, offset = call.given
    cuts = [offset, *range((offset // block + 1) * block, offset + len(data), block), offset + len(data)]
    return [Call("pwrite", call.inode, (data[a - offset : b - offset], a)) for a, b in pairwise(cuts)]


class Cut(NamedTuple):
    """A state of a disk after a power cut.

    Attributes:
        files: Content by name.
        kept: How many commits were on the disk before; they have to be there still.
    """

    files: dict[str, bytes]
    kept: int


COMPLETE = 1 << 30
"""Of a complete file."""


def commits(files: Mapping[str, bytes], old: bytes | None) -> int:
    """What a run has kept in some files: the bytes that its last commit says of the file, or that it is complete.

    Args:
        files: Content by name.
        old: The file that it replaces; None: none.
    """
    if files.get("a.h5", old) != old:
        return COMPLETE
    if "a.h5.partial" not in files or "a.h5.partial.journal" not in files:
        return 0
    with tempfile.NamedTemporaryFile() as file:
        file.write(files["a.h5.partial.journal"])
        file.flush()
        found = found_in(Path(file.name))
    if found is None or len(files["a.h5.partial"]) < found.commit.size:
        return 0
    state = json.loads(found.commit.state)
    return 1 + sum(state["counts"].values()) + int(state["complete"])


def cuts(disk: Disk, record: Path, count: int, seed: int) -> list[Cut]:
    """States of a disk after power cuts at instants of a record.

    Args:
        disk: As it was before the run.
        record: Of the run.
        count: How many states.
        seed: Of the instants, and of what is lost.
    """
    calls, rng = recorded(record), random.Random(seed)
    # Between changes of names, at which everything may go wrong, are many writes.
    names = [number + after for number, call in enumerate(calls) for after in (0, 1) if call.what not in WRITES]
    forced = [number + after for number, call in enumerate(calls) for after in (0, 1) if call.what == "fsync"]
    anywhere = list(range(len(calls) + 1))
    pools = [names, names[-10:], forced, anywhere]
    instants = sorted(rng.choice(pools[number % len(pools)]) for number in range(count - 1))
    old, kept, found, at = disk.forced().get("a.h5"), 0, list[Cut](), 0
    for instant in [*instants, len(calls)]:
        for call in calls[at:instant]:
            disk.play(call)
            if call.what == "fsync":
                kept = max(kept, commits(disk.forced(), old))
        at = instant
        found.append(Cut(disk.cut(rng), kept))
    return found
