"""The command `python -m PACKAGE.extract`, and the run that it shares with `h5schema extract`."""

from __future__ import annotations

import argparse
import json
import signal
import sys
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from h5schema.errors import H5SchemaError, UsageError
from h5schema.vocabulary.options import add_extraction

from .how import How

if TYPE_CHECKING:
    from .extraction import Extraction
    from .planned import Plan


def run(extraction: Extraction, given: argparse.Namespace, functions: Path | None) -> int:
    """Runs an extraction as it was asked for; returns the exit code."""
    how = How(
        workers=given.workers,
        kind="thread" if given.threads else "process",
        on_error=given.on_error,
        timeout=given.timeout,
        commit_every=given.commit_every,
        memory=given.memory << 20,
        progress="none" if given.quiet else given.progress,
    )
    if given.plan:
        return _plan(extraction.plan(given.sources, given.output, functions=functions, how=how), given.format)
    if given.output is None:
        raise UsageError("nothing says which file to make", do="say -o FILE; or --plan, which writes nothing")
    with _as_ctrl_c():
        summary = extraction.run(
            given.sources,
            given.output,
            overwrite=given.overwrite,
            update=given.update,
            functions=functions,
            failures=given.failures,
            sync=not given.no_fsync,
            how=how,
        )
    if given.format == "json":
        return summary.print_json(given.output)
    return summary.tell(given.failures, quiet=given.quiet)


@contextmanager
def _as_ctrl_c() -> Generator[None]:
    """Whoever asks the process to end, or closes its terminal, ends it as Ctrl-C does: it commits, and stops."""
    known = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)}
    before = {number: handler for number, handler in known.items() if handler is not signal.SIG_IGN}  # `nohup`
    for number in before:
        signal.signal(number, signal.default_int_handler)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _plan(plan: Plan, form: str) -> int:
    """Prints a plan; returns the exit code: 1 if samples failed or there is no room."""
    print(json.dumps(plan.record(), indent=2) if form == "json" else plan, flush=True)
    if plan.failed:
        print(plan.failed, file=sys.stderr)
    return 1 if plan.failed or not plan.has_room else 0


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
