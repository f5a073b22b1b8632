"""Extraction: sources → the user's functions → one transaction."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from h5schema.errors import DataError, H5SchemaError, UsageError, UserCodeError
from h5schema.vocabulary.patterns import Pattern

from . import failure_list, stamp, system
from .model import Model, model_of
from .origins import Call, Calls, Origin, SourceFailedError
from .progress import Progress
from .sources import Found, Source, find
from .summary import Failure, Summary
from .writer import Writer
from .writing.claim import Claim
from .writing.transaction import Transaction

_COMMIT_EVERY = 10.0
"""Seconds between commits."""


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
        failures: str | Path | None = None,
        sync: bool = True,
    ) -> Summary:
        """Extracts everything into a new file.

        Args:
            sources: Folders, or single files.
            output: Final name of the file; it appears when the extraction is complete.
            overwrite: Whether a file of that name is replaced.
            functions: Folder in which the user's modules are looked for first; None: the folder
                in which the generated package lies.
            failures: File for a list of all sources that fail, as lines of JSON, also if all of them
                do; `overwrite` replaces another such list. None: none.
            sync: Whether the file is forced to the disk before it gets its name.

        Returns:
            What was done. A source that fails is skipped and named there.

        Raises:
            UsageError: Nothing to extract.
            UserCodeError: A function cannot be imported, or no source at all could be extracted.
            TargetExistsError: The output is there, or the list of failures.
            FileError: The output or the list of failures cannot be written.
        """
        start = time.monotonic()
        folders = [Path(source) for source in sources]
        target = Path(output)
        listed = None if failures is None else Path(failures)
        if listed is not None:
            failure_list.expect_free(listed, target, overwrite=overwrite)
        model = model_of(self.writer)
        _expect_made(model, self.sources, self.features)
        calls = Calls(self.features, functions or _package_folder(self.writer))
        found = {dim: find(folders, dim, pattern, self.ids.get(dim)) for dim, pattern in self.sources.items()}
        for dim, one in found.items():
            system.expect_not_read(target, calls.files_of(model.led_by(dim), one.sources))
        transaction = Transaction(
            Claim(target, overwrite=overwrite, resumes=False, sync=sync),
            model,
            self.writer.schema,
            stamp.schema_text(self.writer),
            parameters=self.parameters(),
            expected={dim: len(one.sources) for dim, one in found.items()},
        )
        failed: list[Failure] = []
        try:
            for address in self.features:
                if model.places[address].lead is None:
                    transaction.put_whole(address, calls.of_file(address))
            for dim, one in found.items():
                failed += _extract(transaction, calls, dim, one)
            if listed is not None:
                failure_list.write(listed, failed, overwrite=overwrite)
            _expect_some(found, failed, target)
            transaction.publish()
        except BaseException:
            transaction.discard()
            raise
        return Summary(
            {dim: transaction.count(dim) for dim in found},
            tuple(failed),
            self._unmatched(found),
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

    def _unmatched(self, found: Mapping[str, Found]) -> tuple[str, ...]:
        """Files that no dim took, and that are no second file of an entry either."""
        left = [one.unmatched for one in found.values()]
        seconds = [
            Pattern.parse(origin.source)
            for origin in self.features.values()
            if isinstance(origin, Call) and origin.source is not None
        ]
        return tuple(
            name
            for name in (left[0] if left else ())
            if all(name in other for other in left[1:]) and not any(pattern.texts(name) for pattern in seconds)
        )

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
        parser.add_argument("--failures", type=Path, metavar="LIST", help="list all sources that fail, as JSON lines")
        given = parser.parse_args(arguments)
        try:
            summary = self.run(
                given.sources,
                given.output,
                overwrite=given.overwrite,
                functions=given.functions,
                failures=given.failures,
            )
        except H5SchemaError as error:
            print(f"error: {error}", file=sys.stderr)
            return 2
        except KeyboardInterrupt:
            print("stopped; nothing unfinished is left behind", file=sys.stderr)
            return 130
        return summary.tell(given.failures)


def _expect_made(model: Model, sources: Mapping[str, str], features: Mapping[str, Origin]) -> None:
    """Refuses to begin where an entry could not be complete: a feature that nothing makes."""
    for address, place in model.places.items():
        if address in features or place.optional or (place.lead is not None and place.lead not in sources):
            continue
        raise UsageError(
            f"nothing says how {address} is made",
            where=address,
            do="give it `call` or `from` in the schema, or write `optional: true`",
        )


def _package_folder(writer: type[Writer]) -> Path:
    return Path(str(sys.modules[writer.__module__].__file__)).resolve().parent.parent


def _expect_some(found: Mapping[str, Found], failures: Sequence[Failure], target: Path) -> None:
    total = sum(len(one.sources) for one in found.values())
    if total and len(failures) == total:
        first = failures[0]
        frames = f"\n{first.frames}" if first.frames else ""
        raise UserCodeError(
            f"none of the {total} sources could be extracted; the first, {first.name}: {first.message}{frames}",
            where=str(target),
            do=first.help or "mend the function or the schema and run it again; nothing was written",
        )


def _extract(transaction: Transaction, calls: Calls, dim: str, found: Found) -> list[Failure]:
    """Puts the entries of one dim, some at a time; returns the sources that failed."""
    order = calls.of_dim(transaction.model.led_by(dim))
    has_ids = transaction.model.has_ids(dim)
    failures: list[Failure] = []
    committed = time.monotonic()
    with Progress(f"extract {dim}", len(found.sources)) as progress:
        for source in found.sources:
            failure = _entry(transaction, dim, source, source.id if has_ids else None, order, calls)
            failures += [] if failure is None else [failure]
            progress.step(failed=failure is not None)
            if time.monotonic() - committed > _COMMIT_EVERY:
                transaction.commit()
                committed = time.monotonic()
    return failures


def _entry(
    transaction: Transaction, dim: str, source: Source, key: str | None, order: Sequence[str], calls: Calls
) -> Failure | None:
    """Puts the entry of one source; a bad value fails its source and no other."""
    try:
        transaction.put_one(dim, calls.of_source(order, source), key)
    except SourceFailedError as error:
        return Failure(source.id, source.path, error.said(source.path), error.frames, error.do)
    except DataError as error:
        place = error.where.removeprefix(f"{transaction.target}: ").partition(", row")[0]
        return Failure(source.id, source.path, f"{place}: {error.what}", help=error.do)
    return None
