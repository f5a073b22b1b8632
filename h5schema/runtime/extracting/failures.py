"""The sources that failed: a number each, and every text once, however many fail alike."""

from __future__ import annotations

import zlib
from array import array
from base64 import b64decode, b64encode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, TypeAlias, TypedDict

from ..pieces import Pieces
from ..sources import Source

_IN_FULL = 1 << 20
"""Characters of texts that differ; of what more fails unlike all others, the traceback is left out."""
_AT_MOST = 2 << 20
"""From here on a failure unlike all others only counts."""
_SHOWN = 21
"""Failures of a kind that are made to be shown."""
_PATH, _NAME = "\0p", "\0n"
"""Stand in texts for the path of the source, and for the last part of that."""

_Text: TypeAlias = tuple[str, str, str]
"""Message, frames and help of those that failed alike."""
_ALONE = "extract it alone to see why"
_SHORTENED = "its traceback is not kept, because many failed, each in a way of its own; " + _ALONE
_UNTOLD: _Text = ("it failed; what it said is not kept, because many failed, each in a way of its own", "", _ALONE)


@dataclass(frozen=True, slots=True)
class Failure:
    """A source that was skipped.

    Attributes:
        source: Its id.
        path: Of its file.
        message: What went wrong.
        frames: The traceback of the user's own function, or "".
        help: What to do about it, or "".
    """

    source: str
    path: Path
    message: str
    frames: str = ""
    help: str = ""

    def __str__(self) -> str:
        return f"{self.name}: {self.message}"

    @property
    def name(self) -> str:
        """The id, and the path if the id does not say it."""
        return self.source if self.path.as_posix().endswith(self.source) else f"{self.source} ({self.path})"

    def record(self) -> dict[str, str]:
        """The failure as JSON has it."""
        return {
            "source": self.source,
            "path": str(self.path),
            "error": self.message,
            "frames": self.frames,
            "help": self.help,
        }


class Group(NamedTuple):
    """Sources that failed in the same way.

    Attributes:
        size: How many.
        first: The first of them.
    """

    size: int
    first: Sequence[Failure]


class Packed(TypedDict):
    """The failures of a dim, as a commit keeps them: compressed arrays, base64."""

    numbers: str
    kinds: str
    marks: str


class State(TypedDict):
    """All failures, as a commit keeps them."""

    texts: list[list[str]]
    dims: dict[str, Packed]


class _OfDim:
    """The failures of one dim, in the order of its sources: three numbers each."""

    def __init__(self) -> None:
        self.numbers, self.kinds, self.marks = array("q"), array("q"), array("I")

    def packed(self) -> Packed:
        return {"numbers": _packed(self.numbers), "kinds": _packed(self.kinds), "marks": _packed(self.marks)}

    def unpack(self, packed: Packed) -> None:
        self.numbers.frombytes(_unpacked(packed["numbers"]))
        self.kinds.frombytes(_unpacked(packed["kinds"]))
        self.marks.frombytes(_unpacked(packed["marks"]))


class Failures(Pieces[Failure]):
    """The failures of a run; each is made when it is asked for.

    Args:
        sources: Of each dim.
        state: What an earlier run kept.
    """

    def __init__(self, sources: Mapping[str, Sequence[Source]], state: State | None = None) -> None:
        self._sources = sources
        self._dims = {dim: _OfDim() for dim in sources}
        self._texts: list[_Text] = []
        self._kinds: dict[_Text, int] = {}
        self._size = 0
        if state is not None:
            for message, frames, do in state["texts"]:
                self._kind((message, frames, do))
            for dim, packed in state["dims"].items():
                self._dims[dim].unpack(packed)

    def add(self, dim: str, failures: Mapping[int, Failure]) -> None:
        """Adds those of sources that come after all that were added, by number."""
        own = self._dims[dim]
        for number, failure in sorted(failures.items()):
            own.numbers.append(number)
            own.kinds.append(self._kind_of(failure))
            own.marks.append(mark_of(failure.source))

    def state(self) -> State:
        """What another run needs to know them again."""
        dims = {dim: own.packed() for dim, own in self._dims.items() if own.numbers}
        return {"texts": [list(text) for text in self._texts], "dims": dims}

    def in_order(self, dim: str) -> Iterator[tuple[int, int]]:
        """The number of each source of a dim that failed, and the mark of its id."""
        own = self._dims[dim]
        return zip(own.numbers, own.marks, strict=True)

    def groups(self) -> list[Group]:
        """Those that failed alike together, in the order of the first of each."""
        counts = [0] * len(self._texts)
        first: list[list[tuple[str, int]]] = [[] for _ in counts]
        for dim, own in self._dims.items():
            for at, kind in enumerate(own.kinds):
                counts[kind] += 1
                if counts[kind] <= _SHOWN:
                    first[kind].append((dim, at))
        return [
            Group(count, [self._made(*place) for place in places])
            for count, places in zip(counts, first, strict=True)
            if count
        ]

    def __len__(self) -> int:
        return sum(len(own.numbers) for own in self._dims.values())

    def part(self, first: int, last: int) -> list[Failure]:
        found: list[Failure] = []
        for dim, own in self._dims.items():
            size = len(own.numbers)
            found += [self._made(dim, at) for at in range(max(0, first), min(last, size))]
            first, last = first - size, last - size
        return found

    def _made(self, dim: str, at: int) -> Failure:
        own = self._dims[dim]
        source = self._sources[dim][own.numbers[at]]
        message, frames, do = (_filled(text, source.path) for text in self._texts[own.kinds[at]])
        return Failure(source.id, source.path, message, frames, do)

    def _kind_of(self, failure: Failure) -> int:
        """The number of what a failure says; of a new text as much is kept as there is room for."""
        message, frames, do = (_emptied(text, failure.path) for text in (failure.message, failure.frames, failure.help))
        for text, room in (((message, frames, do), _IN_FULL), ((message, "", do or _SHORTENED), _AT_MOST)):
            if text in self._kinds or self._size < room:
                return self._kind(text)
        return self._kind(_UNTOLD)

    def _kind(self, text: _Text) -> int:
        if text not in self._kinds:
            self._kinds[text] = len(self._texts)
            self._texts.append(text)
            self._size += sum(map(len, text))
        return self._kinds[text]


def mark_of(source: str) -> int:
    """A number that tells an id from another one."""
    return zlib.crc32(source.encode(errors="surrogateescape"))


def _emptied(text: str, path: Path) -> str:
    """A text of a failure without the source's own path, so that it is the same for others."""
    text = text.replace("\0", "\\0")
    return text.replace(str(path), _PATH).replace(path.name, _NAME) if path.name else text


def _filled(text: str, path: Path) -> str:
    """The text again."""
    return text.replace(_NAME, path.name).replace(_PATH, str(path))


def _packed(numbers: array[int]) -> str:
    return b64encode(zlib.compress(numbers.tobytes(), 1)).decode()


def _unpacked(text: str) -> bytes:
    return zlib.decompress(b64decode(text))
