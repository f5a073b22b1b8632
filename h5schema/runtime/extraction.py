"""Extraction: sources → the user's functions → one transaction."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias, cast

from h5schema.errors import DataError, H5SchemaError, MissingExtraError, UserCodeError

from . import stamp
from .features import Feature
from .functions import Function, frames_of
from .kinds import Place
from .model import model_of
from .progress import Progress
from .sources import Found, Source, find
from .transaction import Transaction
from .writer import Writer

_TOGETHER = 256
_COMMIT_EVERY = 10.0
"""Seconds between commits."""


@dataclass(frozen=True, slots=True)
class Call:
    """A feature that a function makes.

    Attributes:
        function: A word of ours, or `module:function`.
        given: Addresses of the features it is handed, in order.
        capture: Name of the capture it is handed. With neither: the path of the entry's file.
        source: Pattern of another file of the same entry, filled with the captures.
        params: Keyword arguments, stored in the file.
    """

    function: str
    given: tuple[str, ...] = ()
    capture: str | None = None
    source: str | None = None
    params: Mapping[str, object] = field(default_factory=dict[str, object])


@dataclass(frozen=True, slots=True)
class Capture:
    """A feature that is a part of the source's path.

    Attributes:
        name: Of the capture.
    """

    name: str


Origin: TypeAlias = Call | Capture


@dataclass(frozen=True, slots=True)
class Failure:
    """A source that was skipped.

    Attributes:
        source: Its id.
        path: Of its file.
        message: What went wrong.
        frames: The traceback of the user's own function, or "".
    """

    source: str
    path: Path
    message: str
    frames: str = ""


@dataclass(frozen=True, slots=True)
class Summary:
    """What an extraction did.

    Attributes:
        entries: Number of entries of each dim.
        failures: The sources that were skipped.
        unmatched: Files that no pattern matches.
        seconds: How long it took.
        bytes: Size of the file.
    """

    entries: Mapping[str, int]
    failures: tuple[Failure, ...]
    unmatched: tuple[str, ...]
    seconds: float
    bytes: int

    def __str__(self) -> str:
        made = ", ".join(f"{count} entries of {dim}" for dim, count in self.entries.items())
        lines = [f"{made}; {self.bytes / 2**20:.1f} MiB in {self.seconds:.1f} s"]
        if self.failures:
            lines.append(f"skipped {len(self.failures)} sources that failed:")
            for failure in self.failures[:10]:
                lines.append(f"  {failure.source}: {failure.message}")
                lines += [f"    {line}" for line in failure.frames.splitlines()]
            if len(self.failures) > 10:
                lines.append(f"  and {len(self.failures) - 10} more")
        if self.unmatched:
            shown = ", ".join(self.unmatched[:3]) + (", …" if len(self.unmatched) > 3 else "")
            lines.append(f"{len(self.unmatched)} files match no pattern: {shown}")
        return "\n".join(lines)


class SourceFailedError(H5SchemaError):
    """A source cannot become an entry; it is skipped."""

    def __init__(self, message: str, frames: str = "") -> None:
        super().__init__(message)
        self.frames = frames


class Extraction:
    """How the features of a file are made from sources.

    Args:
        writer: The generated writer.
        sources: For each dim that has sources, their pattern.
        features: For each feature that is made, how; a feature comes after those it is made from.
        ids: For a dim, the template of its ids; else an id is the relative path.
    """

    def __init__(
        self,
        writer: type[Writer],
        *,
        sources: Mapping[str, str],
        features: Mapping[str, Origin],
        ids: Mapping[str, str] | None = None,
    ) -> None:
        self.writer = writer
        self.sources = dict(sources)
        self.features = dict(features)
        self.ids = dict(ids or {})

    def run(
        self,
        sources: Sequence[str | Path],
        output: str | Path,
        *,
        overwrite: bool = False,
        functions: Path | None = None,
        sync: bool = True,
    ) -> Summary:
        """Extracts everything into a new file.

        Args:
            sources: Folders, or single files.
            output: Final name of the file; it appears when the extraction is complete.
            overwrite: Whether a file of that name is replaced.
            functions: Folder in which the user's modules are looked for first; None: the folder
                in which the generated package lies.
            sync: Whether the file is forced to the disk before it gets its name.

        Returns:
            What was done. A source that fails is skipped and named there.

        Raises:
            UsageError: Nothing to extract.
            UserCodeError: A function cannot be imported, or no source at all could be extracted.
            FileError: The output cannot be written.
        """
        start = time.monotonic()
        folders = [Path(source) for source in sources]
        target = Path(output)
        model = model_of(self.writer)
        calls = _Calls(self.features, functions or _package_folder(self.writer))
        found = {dim: find(folders, dim, pattern, self.ids.get(dim)) for dim, pattern in self.sources.items()}
        transaction = Transaction(
            target,
            model,
            self.writer.schema,
            stamp.schema_text(self.writer),
            overwrite=overwrite,
            parameters=self.parameters(),
            expected={dim: len(one.sources) for dim, one in found.items()},
        )
        failures: list[Failure] = []
        try:
            for address in self.features:
                if model.places[address].lead is None:
                    transaction.put_whole(address, calls.of_file(address))
            for dim, one in found.items():
                failures += _extract(transaction, calls, dim, one)
            _expect_some(found, failures, target)
            transaction.publish(sync=sync)
        except BaseException:
            transaction.discard()
            raise
        return Summary(
            {dim: transaction.count(dim) for dim in found},
            tuple(failures),
            _unmatched(found),
            time.monotonic() - start,
            target.stat().st_size,
        )

    def parameters(self) -> dict[str, object]:
        """What is stored in the file of how each feature was made."""
        return {
            address: {"call": origin.function, "params": dict(origin.params)}
            if isinstance(origin, Call)
            else {"capture": origin.name}
            for address, origin in self.features.items()
        }

    def main(self, arguments: Sequence[str] | None = None) -> int:
        """The command `python -m PACKAGE.extract`; returns its exit code."""
        import argparse

        package = self.writer.__module__.rpartition(".")[0]
        parser = argparse.ArgumentParser(
            prog=f"python -m {package}.extract",
            description=f"Extract sources into a file of {self.writer.schema.name}.",
            epilog=f"example: python -m {package}.extract FOLDER -o {self.writer.schema.name}.h5",
        )
        parser.add_argument("sources", nargs="+", type=Path, metavar="SOURCE", help="folder, or single file")
        parser.add_argument("-o", "--output", type=Path, required=True, metavar="FILE", help="the HDF5 file to make")
        parser.add_argument("--overwrite", action="store_true", help="replace FILE, once the new one is complete")
        parser.add_argument("--functions", type=Path, metavar="FOLDER", help="where your modules are looked for first")
        given = parser.parse_args(arguments)
        try:
            summary = self.run(given.sources, given.output, overwrite=given.overwrite, functions=given.functions)
        except H5SchemaError as error:
            print(f"error: {error}", file=sys.stderr)
            return 2
        except KeyboardInterrupt:
            print(f"stopped; nothing was left at {given.output}", file=sys.stderr)
            return 130
        print(summary)
        return 1 if summary.failures else 0


def _package_folder(writer: type[Writer]) -> Path:
    return Path(str(sys.modules[writer.__module__].__file__)).resolve().parent.parent


def _unmatched(found: Mapping[str, Found]) -> tuple[str, ...]:
    """Files that no dim took."""
    left = [set(one.unmatched) for one in found.values()]
    return tuple(sorted(set.intersection(*left))) if left else ()


def _expect_some(found: Mapping[str, Found], failures: Sequence[Failure], target: Path) -> None:
    total = sum(len(one.sources) for one in found.values())
    if total and len(failures) == total:
        first = failures[0]
        frames = f"\n{first.frames}" if first.frames else ""
        raise UserCodeError(
            f"none of the {total} sources could be extracted; the first, {first.source}: {first.message}{frames}",
            where=str(target),
            do="mend the function or the schema and run it again; nothing was written",
        )


class _Calls:
    """The functions of an extraction, imported before the first source is read."""

    def __init__(self, features: Mapping[str, Origin], folder: Path) -> None:
        self._origins = features
        self._functions = {
            origin.function: Function(origin.function, folder).resolve()
            for origin in features.values()
            if isinstance(origin, Call)
        }

    def of_source(self, address: str, source: Source, made: dict[str, object], shared: dict[object, object]) -> object:
        """The value of one feature for one source."""
        origin = self._origins[address]
        if isinstance(origin, Capture):
            return source.captures[origin.name]
        handed = self._handed(origin, source, made)
        if handed is None:
            return None
        key = (origin.function, origin.given, origin.capture, origin.source, repr(sorted(origin.params.items())))
        if key not in shared:
            shared[key] = self._call(origin, handed)
        return _item(shared[key], address)

    def of_file(self, address: str) -> object:
        """The value of a feature that has no entries."""
        origin = self._origins[address]
        assert isinstance(origin, Call)
        try:
            return _item(self._call(origin, ()), address)
        except SourceFailedError as error:
            raise UserCodeError(
                f"{error.what}\n{error.frames}", where=f"{address}: {origin.function}", do="mend the function"
            ) from None

    def _handed(self, origin: Call, source: Source, made: dict[str, object]) -> tuple[object, ...] | None:
        """What the function is given; None: something of it is absent, and so is the result."""
        if origin.given:
            values = tuple(made[address] for address in origin.given)
            return None if any(value is None for value in values) else values
        if origin.capture is not None:
            return (source.captures[origin.capture],)
        if origin.source is not None:
            from h5schema.vocabulary.patterns import Pattern

            other = source.root / Pattern.parse(origin.source).fill(source.captures)
            return (other,) if other.exists() else None
        return (source.path,)

    def _call(self, origin: Call, handed: tuple[object, ...]) -> object:
        try:
            return self._functions[origin.function](*handed, **origin.params)
        except MissingExtraError:
            raise
        except H5SchemaError as error:
            raise SourceFailedError(f"{error.what} ({error.where})" if error.where else error.what) from None
        except Exception as error:  # the one place: whatever the user's function raises is a recorded failure
            raise SourceFailedError(f"{origin.function} raised {type(error).__name__}", frames_of(error)) from None


def _item(result: object, address: str) -> object:
    """A mapping that a function returns is shared: each feature takes the item of its name."""
    if not isinstance(result, Mapping):
        return result
    name = address.rpartition("/")[2]
    return cast("Mapping[str, object]", result).get(name)


def _extract(transaction: Transaction, calls: _Calls, dim: str, found: Found) -> list[Failure]:
    """Puts the entries of one dim, some at a time; returns the sources that failed."""
    model = transaction.model
    addresses = [address for address in model.led_by(dim) if address in calls._origins]
    order = [address for address in calls._origins if address in addresses]
    waiting: list[tuple[Source, dict[str, object]]] = []
    failures: list[Failure] = []
    committed = time.monotonic()

    def put() -> None:
        blocks = {address: [entry.get(address) for _, entry in waiting] for address in model.led_by(dim)}
        ids = [source.id for source, _ in waiting] if model.has_ids(dim) else None
        transaction.put(dim, blocks, ids)
        waiting.clear()

    with Progress(f"extract {dim}", len(found.sources)) as progress:
        for source in found.sources:
            try:
                waiting.append((source, _entry(source, order, calls, transaction)))
                progress.step()
            except SourceFailedError as error:
                failures.append(Failure(source.id, source.path, error.what, error.frames))
                progress.step(failed=True)
            if len(waiting) >= _TOGETHER:
                put()
            if time.monotonic() - committed > _COMMIT_EVERY:
                put()
                transaction.commit()
                committed = time.monotonic()
        if waiting:
            put()
    return failures


def _entry(source: Source, order: Sequence[str], calls: _Calls, transaction: Transaction) -> dict[str, object]:
    """All features of one source, each checked, so that a bad one fails its source and no other."""
    made: dict[str, object] = {}
    shared: dict[object, object] = {}
    for address in order:
        value = calls.of_source(address, source, made, shared)
        place, feature = transaction.model.places[address], transaction.model.features[address]
        made[address] = _checked(value, feature, place)
    return made


def _checked(value: object, feature: Feature[object, object], place: Place) -> object:
    try:
        feature.block_of([value], place, 1, place.address)
    except DataError as error:
        raise SourceFailedError(f"{error.where}: {error.what}" if error.where else error.what) from None
    return value
