"""`h5schema generate`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from h5schema import pipeline
from h5schema.emit import MANIFEST, Change

from .arguments import Commands


def add(commands: Commands) -> argparse.ArgumentParser:
    """What `generate` takes."""
    parser = commands.add("generate", "write the packages of schemas", example="h5schema generate photos.yaml")
    parser.add_argument("schemas", nargs="+", type=Path, metavar="SCHEMA", help="YAML file")
    parser.add_argument("-o", "--output", type=Path, default=Path(), metavar="DIR", help="folder of the packages (.)")
    parser.add_argument("--templates", type=Path, metavar="FOLDER", help="templates that shadow those of h5schema")
    parser.add_argument("--force", action="store_true", help="replace generated files that were changed by hand")
    mode = parser.add_mutually_exclusive_group()
    mode.add_argument(
        "--check", action="store_true", help="write nothing; print the difference, exit 1 if there is one"
    )
    mode.add_argument("--dry-run", action="store_true", help="write nothing; list what would be done")
    return parser


def run(arguments: argparse.Namespace) -> int:
    """Generates, or says what generating would do."""
    dry = arguments.check or arguments.dry_run
    packages = pipeline.generate(
        arguments.schemas, arguments.output, templates=arguments.templates, dry=dry, force=arguments.force
    )
    for package in packages:
        changes = package.plan.pending if package.plan else ()
        if arguments.check:
            sys.stdout.writelines(change.diff for change in changes)
        elif arguments.dry_run:
            sys.stdout.writelines(f"{change.state:<8} {change.path}\n" for change in changes)
        if package.up_to_date:
            print(f"{package.name}: up to date in {package.folder}")
        elif not dry:
            print(f"{package.name}: {_done(changes)} in {package.folder}")
    stale = [package for package in packages if not package.up_to_date]
    if arguments.check and stale:
        print(f"error: {', '.join(package.name for package in stale)}: not up to date", file=sys.stderr)
        print("  help: run the same command without --check", file=sys.stderr)
        return 1
    return 0


def _done(changes: Sequence[Change]) -> str:
    """What was done to the files that a user sees."""
    seen = [change.after for change in changes if change.path.name != MANIFEST]
    written = sum(after is not None for after in seen)
    counts = ((written, "written"), (len(seen) - written, "deleted"))
    said = [f"{count} {'file' if count == 1 else 'files'} {word}" for count, word in counts if count]
    return ", ".join(said) or f"{MANIFEST} written"
