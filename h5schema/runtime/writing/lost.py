"""What an unfinished file has lost that was committed: begun anew it would go without a word.

A writer that was killed leaves the first bytes of a record, a power cut leaves blocks of zeros: that is no damage, and
what was committed before counts (see `journal`). Bytes that are otherwise, with a commit in them or after them, are.
"""

from __future__ import annotations

import os
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from h5schema.errors import FileError

from . import journal
from .records import DONE, HEAD, KINDS, MAGIC, crc_of

_BLOCK = 512
"""Bytes that a disk writes together."""


class _Record(NamedTuple):
    """A record of a journal: what it is, where it ends, and whether it is as it was written."""

    kind: bytes
    end: int
    is_valid: bool


def expect_kept(partial: Path, handle: int, target: Path) -> None:
    """Refuses an unfinished file of which a commit cannot be had again.

    Args:
        partial: Path of the unfinished file.
        handle: Descriptor of it.
        target: The name it is to have.

    Raises:
        FileError: It is shorter than it was at its last commit, or its journal is damaged.
    """
    size, path = os.fstat(handle).st_size, journal.path_of(partial)
    if not size or not path.exists():  # somebody removed it, to begin anew
        return
    found = journal.found_in(path)
    if found is not None and size < found.commit.size:
        raise _refused(f"{partial.name} was cut short ({size} of {found.commit.size} bytes)", partial.name, target)
    if _is_damaged(path.read_bytes()):
        raise _refused(f"{path.name} is damaged", path.name, target)


def _refused(what: str, name: str, target: Path) -> FileError:
    return FileError(
        f"an unfinished run is there, and it cannot be gone on with: {what}",
        where=str(target),
        do=f"bring {name} back as it was and run it again, which goes on; "
        f"or begin anew: remove {target.name}.partial first",
    )


def _is_damaged(data: bytes) -> bool:
    """Whether the bytes of a journal have a commit that was changed, or that stands behind what was changed."""
    if not data.startswith(MAGIC):
        return bool(data.strip(b"\0"))  # it appears in one step
    at, commits = len(MAGIC), 0
    while (record := _record_at(data, at)) is not None and record.is_valid:
        commits += record.kind == DONE
        at = record.end
    later, behind = _commits_after(data, at + 1)
    if record is None:  # no record begins like that, and the first bytes of one are written together
        is_head = len(data) - at >= HEAD.size and any(data[at : at + len(DONE)])
        return is_head and (later > 0 or commits == 0)
    if later > 1:
        return True
    is_commit = record.kind == DONE and record.end <= len(data)
    return (later == 1 or is_commit) and not _has_lost_block(data, at, min(record.end, behind))


def _record_at(data: bytes, at: int) -> _Record | None:
    """The record there, or what is left of it; None: none begins like that."""
    if len(data) - at < HEAD.size:
        return None
    kind, place, size, crc = HEAD.unpack_from(data, at)
    if kind not in KINDS:
        return None
    begin = at + HEAD.size
    end = begin + size
    if end > len(data):
        return _Record(kind, end, is_valid=False)
    return _Record(kind, end, is_valid=crc_of(kind, place, memoryview(data)[begin:end]) == crc)


def _commits_after(data: bytes, at: int) -> tuple[int, int]:
    """How many commits stand there from a byte on, and where the first of them begins."""
    count, first = 0, len(data)
    while (at := data.find(DONE, at)) >= 0:
        record = _record_at(data, at)
        if record is not None and record.is_valid:
            count, first = count + 1, min(first, at)
            at = record.end
        else:
            at += 1
    return count, first


def _has_lost_block(data: bytes, begin: int, end: int) -> bool:
    """Whether a power cut may have taken part of some bytes."""
    cuts = [begin, *range((begin // _BLOCK + 1) * _BLOCK, end, _BLOCK), end]
    return any(not data[a:b].strip(b"\0") for a, b in pairwise(cuts))
