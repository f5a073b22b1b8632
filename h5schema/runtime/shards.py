"""Several files of one class as one data set: their entries follow each other in the order of the files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, cast

import numpy as np

from h5schema.errors import FileError, UsageError

from .any_reader import AnyReader
from .blocks import Texts, alike, joined, taken
from .carrier import Seen
from .open_files import OPEN, most
from .reader import Reader
from .shard import Shard
from .shard_ids import IdIndex, ShardIds, index_of
from .spans import Access, Asked, Part, Rows, any_outside, offsets_of

if TYPE_CHECKING:
    from .file import File

_ONE = np.zeros(1, np.int64)


class Spread(NamedTuple):
    """Rows of a dim, by file.

    Attributes:
        parts: By number of the file: int64 [n], rows of that file.
        back: int64 [rows], where each row is among the parts, one after the other; None: they are in order.
    """

    parts: dict[int, Rows]
    back: Rows | None

    def asked(self, whole: Asked, number: int) -> Asked:
        """What is asked of one file."""
        return Asked(whole.address, self.parts[number], None if whole.part is None else self._part(whole.part, number))

    def _part(self, part: Part, number: int) -> Part:
        """The pieces of the entries of one file."""
        before = sum(len(rows) for other, rows in self.parts.items() if other < number)
        here = slice(before, before + len(self.parts[number]))
        order = slice(None) if self.back is None else np.argsort(self.back)
        return Part(part.first[order][here], part.size if isinstance(part.size, int) else part.size[order][here])

    def together(self, blocks: Sequence[object]) -> object:
        """The blocks of the parts as one, in the order of the rows."""
        block = blocks[0] if len(blocks) == 1 else joined(blocks)
        return block if self.back is None else taken(block, self.back)


class Shards(AnyReader):
    """Reads several files as one; only some of them are open at a time.

    All are opened once, when the first is needed: for their lengths, and to compare the features that have no
    entries. It pickles as the class, the paths, the mode, the lengths, and what was seen of the files.

    Args:
        file: The generated class.
        paths: Of the files, in the order of their entries.
        access: See `File`.
    """

    def __init__(self, file: type[File], paths: Sequence[Path], *, access: Access = "map") -> None:
        self.file = file
        self.access: Access = access
        self._shards = [_shard(file, path, access) for path in paths]
        self._offsets: dict[str, Rows] | None = None
        self._indices: dict[str, IdIndex] = {}
        self._words: dict[str, Texts] = {}

    def __reduce__(self) -> tuple[object, ...]:
        return _again, (self.file, [shard.name for shard in self._shards], self.access, self._offsets, self.seen())

    @property
    def name(self) -> str:
        return f"{self._shards[0].path} and {len(self._shards) - 1} more"

    def where(self, what: str, dim: str, row: int) -> str:
        ((number, rows),) = self.spread(dim, np.array([row], np.int64)).parts.items()
        return self._shards[number].where(what, dim, int(rows[0]))

    def only(self, what: str) -> Reader:
        raise UsageError(
            f"{what} is asked for, and {len(self._shards)} files have one each",
            where=self.name,
            do=f"open the one that is meant: {self.file.__name__}({self._shards[0].name!r})",
        )

    def open(self) -> None:
        _ = self.offsets

    def close(self) -> None:
        for shard in self._shards:
            OPEN.close(shard)
        self._shards = [_shard(self.file, shard.path, self.access) for shard in self._shards]
        self._offsets = None
        self._indices.clear()
        self._words.clear()

    def shard(self, number: int) -> AbstractContextManager[Reader]:
        """The reader of one file, which stays open in here."""
        return OPEN.using(self._shards[number])

    def each(self) -> Iterator[Reader]:
        """See `AnyReader`; of more files than may be open each is closed again at once."""
        many = len(self._shards) > most()
        for shard in self._shards:
            with OPEN.using(shard) as reader:
                yield reader
            if many:
                OPEN.close(shard)

    @property
    def offsets(self) -> dict[str, Rows]:
        """For each open dim the first row of each file, and the number of all rows: int64 [files + 1]."""
        if self._offsets is None:
            self._offsets = self._surveyed()
        return self._offsets

    def expect(self, offsets: dict[str, Rows]) -> None:
        """How many entries each file has was found in another process; one that has not so many is an error."""
        self._offsets = offsets
        for dim, firsts in offsets.items():
            for shard, count in zip(self._shards, np.diff(firsts).tolist(), strict=True):
                shard.known[dim] = count

    def seen(self) -> list[Seen | None]:
        """Of each file, when it was first opened."""
        return [shard.remembered() for shard in self._shards]

    def expect_seen(self, seen: Sequence[Seen | None]) -> None:
        """What another process saw of the files; one that is another now is an error."""
        for shard, one in zip(self._shards, seen, strict=True):
            shard.seen = one

    def _surveyed(self) -> dict[str, Rows]:
        """Looks into every file, each opened once."""
        dims = self.model.open_dims()
        self._expect_one_dim_each()
        wholes = [address for address, place in self.model.places.items() if place.lead is None]
        lengths = np.zeros((len(dims), len(self._shards)), np.int64)
        first: list[object] = []
        for number, reader in enumerate(self.each()):
            lengths[:, number] = [reader.length(dim) for dim in dims]
            values = reader.read_together([Asked(address, _ONE) for address in wholes])
            first = first or values
            for address, one, other in zip(wholes, first, values, strict=True):
                if not alike(one, other):
                    raise self._unlike(address, reader)
        return {dim: offsets_of(row) for dim, row in zip(dims, lengths, strict=True)}

    def _expect_one_dim_each(self) -> None:
        """Refuses features across several open dims: entries of which dim follow each other, nobody said."""
        across = next((address for address, place in self.model.places.items() if place.across), None)
        if across is not None:
            raise UsageError(
                f"{across} runs across several open dims, and such files are not opened as one yet",
                where=self.name,
                do="open them one by one",
            )

    def _unlike(self, address: str, other: Reader) -> FileError:
        return FileError(
            f"{address} is another in {self._shards[0].path}",
            where=f"{other.path}: {self.model.places[address].path}",
            do="files that are opened as one agree in all features that have no entries; open them one by one",
        )

    def length(self, dim: str) -> int:
        return int(self.offsets[dim][-1])

    def spread(self, dim: str | None, rows: Rows) -> Spread:
        """Rows of a dim, by file; what has no dim is the same in all, and read from the first.

        Args:
            dim: Address of the dim, or None.
            rows: int64 [n], each of them there.
        """
        known = self.offsets  # found even if nobody asks for a row: the files are to agree
        if dim is None or not len(rows):
            return Spread({0: rows}, None)
        offsets = known[dim]
        numbers = np.searchsorted(offsets, rows, side="right") - 1
        order = np.argsort(numbers, kind="stable")
        files, begins = np.unique(numbers[order], return_index=True)
        parts = np.split((rows - offsets[numbers])[order], begins[1:])
        in_order = bool((numbers[1:] >= numbers[:-1]).all())
        return Spread(dict(zip(files.tolist(), parts, strict=True)), None if in_order else np.argsort(order))

    def borders(self, dim: str) -> Rows:
        return self.offsets[dim]

    def lengths(self, dim: str, rows: Rows) -> Rows:
        spread, found = self.spread(self.model.parent(dim), rows), list[Rows]()
        for number, part in spread.parts.items():
            with self.shard(number) as reader:
                found.append(reader.lengths(dim, part))
        return cast("Rows", spread.together(found))

    def lists(self, dim: str, rows: Rows) -> tuple[Rows, ...]:
        levels: list[tuple[Rows, ...]] = []
        for number, part in self.spread(self.model.chain(dim)[0], rows).parts.items():
            with self.shard(number) as reader:
                levels.append(reader.lists(dim, part))
        return tuple(np.concatenate(level) for level in zip(*levels, strict=True))

    def read(self, address: str, rows: Rows, part: Part | None = None, run: int = 1) -> object:
        return self.read_together([Asked(address, rows, part, run)])[0]

    def read_together(self, asked: Sequence[Asked]) -> list[object]:
        asked = [one.row_by_row() for one in asked]
        spreads = self._spreads(asked)
        blocks: list[list[object]] = [[] for _ in asked]
        for number in sorted({number for spread in spreads for number in spread.parts}):
            here = [i for i, spread in enumerate(spreads) if number in spread.parts]
            with self.shard(number) as reader:
                found = reader.read_together([spreads[i].asked(asked[i], number) for i in here])
            for i, block in zip(here, found, strict=True):
                blocks[i].append(block)
        return [spread.together(found) for spread, found in zip(spreads, blocks, strict=True)]

    def _spreads(self, asked: Sequence[Asked]) -> list[Spread]:
        """By file what is asked for; most features are asked for at the same rows."""
        known: dict[tuple[str | None, int], Spread] = {}
        for address, rows, _, _ in asked:
            place = self.model.places[address]
            if (place.lead, id(rows)) not in known:
                size = 1 if place.lead is None else self.length(place.lead)
                if any_outside(rows, size):
                    raise self._outside(place, rows, size)
                known[place.lead, id(rows)] = self.spread(place.lead, rows)
        return [known[self.model.places[address].lead, id(rows)] for address, rows, _, _ in asked]

    def entry_bytes(self, address: str) -> int:
        lead = self.model.places[address].lead
        with self.shard(0 if lead is None else int(np.argmax(np.diff(self.offsets[lead])))) as reader:
            return reader.entry_bytes(address)

    def ids(self, dim: str) -> ShardIds:
        return ShardIds(self, dim)

    def categories(self, address: str) -> Texts:
        if address not in self._words:
            known = dict.fromkeys(word for reader in self.each() for word in reader.categories(address))
            self._words[address] = Texts.of([word.encode() for word in known])
        return self._words[address]

    def id_index(self, dim: str) -> IdIndex:
        """Which file has an id of a dim; found when it is first asked for."""
        if dim not in self._indices:
            self._indices[dim] = index_of(self, dim)
        return self._indices[dim]

    def verify(self) -> None:
        _ = self.offsets
        for reader in self.each():
            reader.verify()
        for dim in self.model.open_dims():
            if self.model.has_ids(dim):
                _ = self.id_index(dim)


def _shard(file: type[File], path: Path, access: Access) -> Shard:
    from .bound import BoundFile  # it derives from what this module makes readers for

    if not issubclass(file, BoundFile):
        return Shard(file, path, access=access)
    from .bound.shard import BoundShard  # few need it

    return BoundShard(file, path, access=access)


def _again(
    file: type[File],
    paths: Sequence[str],
    access: Access,
    offsets: dict[str, Rows] | None,
    seen: Sequence[Seen | None],
) -> Shards:
    """What was pickled."""
    shards = Shards(file, [Path(path) for path in paths], access=access)
    if offsets is not None:
        shards.expect(offsets)
    shards.expect_seen(seen)
    return shards
