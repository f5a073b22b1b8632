"""The command `python -m PACKAGE.extract`, and the run that it shares with `h5schema extract`."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from h5schema.errors import H5SchemaError
from h5schema.vocabulary.options import add_extraction

from .how import How

if TYPE_CHECKING:
    from .extraction import Extraction


def run(extraction: Extraction, given: argparse.Namespace, functions: Path | None) -> int:
    """Runs an extraction as it was asked for; returns the exit code."""
    how = How(
        workers=given.workers,
        kind="thread" if given.threads else "process",
        on_error=given.on_error,
        timeout=given.timeout,
        commit_every=given.commit_every,
        memory=given.memory << 20,
        progress=given.progress,
    )
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)  # as Ctrl-C: it commits, and stops
    try:
        summary = extraction.run(
            given.sources,
            given.output,
            overwrite=given.overwrite,
            functions=functions,
            failures=given.failures,
            sync=not given.no_fsync,
            how=how,
        )
    finally:
            update=given.update,
        signal.signal(signal.SIGTERM, before)
    return summary.tell(given.failures)


def main(extraction: Extraction, arguments: Sequence[str] | None) -> int:
    """See `Extraction.main`."""
    package = extraction.writer.__module__.rpartition(".")[0]
    name = extraction.writer.schema.name
    parser = argparse.ArgumentParser(
        prog=f"python -m {package}.extract",
        description=f"Extract sources into a file of {name}.",
        epilog=f"example: python -m {package}.extract FOLDER -o {name}.h5",
    )
    add_extraction(parser)
    parser.add_argument("--functions", type=Path, metavar="FOLDER", help="where your modules are looked for first")
    given = parser.parse_args(arguments)
    try:
        return run(extraction, given, given.functions)
    except H5SchemaError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt as stop:
        print(str(stop) or "stopped; nothing unfinished is left behind", file=sys.stderr)
        return 130
