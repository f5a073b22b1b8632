"""What of a file cannot be changed, and what to do about it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from h5schema.errors import DataError, FileError, UsageError

from ..kinds import Coded, Compressed, Coordinates, Dense, EndToEnd, Files
from ..model import Model
from .changes import has_one_length
from .datasets import Datasets
from .new_lengths import over

_SPREAD_BYTES = 256 << 20
"""Of a dataset in one piece, of which a copy is made because it is to grow or to shrink."""

_CHANGEABLE = Coded | Compressed | Coordinates | Dense | EndToEnd | Files


def expect_changeable(model: Model, addresses: Iterable[str], target: str) -> None:
    """Refuses features whose entries depend on each other.

    Raises:
        UsageError: One is among them.
    """
    for address in addresses:
        if not isinstance(model.features[address].kind, _CHANGEABLE):
            raise UsageError(
                f"entries of {address} cannot be changed yet, because of how they are stored",
                where=f"{target}: {model.places[address].path}",
                do="write the file anew",
            )


def expect_untransposed(model: Model, addresses: Collection[str], waiting: Collection[str], target: str) -> None:
    """Refuses to change a matrix of which the transpose is there, or that; `waiting` are features that are not.

    Raises:
        UsageError: It is.
    """
    for address in model.features:
        matrix = model.transposes(address)
        changed = {matrix, address}.intersection(addresses)
        if matrix is not None and address not in waiting and changed:
            raise UsageError(
                f"{address} is the transpose of {matrix}, and would no longer be",
                where=f"{target}: {model.places[address].path}",
                do="write the file anew; while one is made, everything may change until the transpose is given",
            )


def expect_not_made(model: Model, addresses: Iterable[str], target: str) -> None:
    """Refuses to write the transpose of a matrix in a file that is made.

    Raises:
        UsageError: It is among them.
    """
    for address in addresses:
        matrix = model.transposes(address)
        if matrix is not None:
            raise UsageError(
                f"{address} is the transpose of {matrix}, and is made of it when the file is completed",
                where=f"{target}: {address}",
                do=f"leave it out, and give {matrix}",
            )


def expect_begun(model: Model, waiting: Iterable[str], target: str) -> None:
    """Refuses to change features of which no entry has a value yet.

    Raises:
        H5SchemaError: There is one.
    """
    for address in waiting:
        expect_not_made(model, [address], target)
        raise DataError(
            "no entry has a value yet",
            where=f"{target}: {address}",
            do=f"give all of them first: file.{address.replace('/', '.')} = ...",
        )


def agreeing(model: Model, addresses: Collection[str]) -> list[str]:
    """Other features that agree with some of these on lists of lengths, or on several lengths."""
    places = [place for address in addresses if not has_one_length(place := model.places[address])]
    return sorted({one for place in places for dim in place.ragged for one in over(model, dim)}.difference(addresses))


def expect_whole(model: Model, addresses: Collection[str], target: str) -> None:
    """Refuses to change some features of an entry where others agree with them on lists of lengths.

    Raises:
        UsageError: They do.
    """
    for address in addresses:
        place = model.places[address]
        others = {one for ragged in place.ragged for one in over(model, ragged)}.difference(addresses)
        if others and not has_one_length(place):
            raise UsageError(
                f"{', '.join(sorted(others))} and {address} have the same lengths, so they change together",
                where=f"{target}: {place.path}",
                do="replace the whole entry, with all its features",
            )


def expect_growing(model: Model, addresses: Sequence[str], target: str) -> None:
    """Refuses to add to entries that have no length, or not one that they all share.

    Raises:
        UsageError: There is such a feature.
    """
    shared = model.places[addresses[0]].ragged
    for address in addresses:
        place = model.places[address]
        alike = bool(place.ragged) and has_one_length(place) and isinstance(model.features[address].kind, EndToEnd)
        if not alike or place.ragged != shared:
            raise UsageError(
                f"the entries of {address} do not run over one ragged dim, so nothing is added to one",
                where=f"{target}: {place.path}",
                do="replace the entry as a whole",
            )


def expect_movable(size: int, target: str, path: str) -> None:
    """Refuses to move very many elements of sparse entries: what is written over waits in memory.

    Raises:
        FileError: They are.
    """
    if size > _SPREAD_BYTES:
        raise FileError(
            f"{size / 2**20:.0f} MiB of elements lie behind the entry, and would move",
            where=f"{target}: {path}",
            do="keep the number of its elements, or write the file anew",
        )


def expect_resizable(datasets: Datasets, paths: Sequence[str], target: str) -> None:
    """Refuses to copy large datasets that lie in one piece.

    Raises:
        FileError: There is one.
    """
    for path in paths:
        size = datasets.fixed_bytes(path)
        if size > _SPREAD_BYTES:
            raise FileError(
                f"{size / 2**20:.0f} MiB lie in one piece, which can neither grow nor shrink",
                where=f"{target}: {path}",
                do=f"write it anew in chunks: h5schema repack {target} --layout chunked",
            )
