"""`h5schema inspect`."""

from __future__ import annotations

import argparse
import importlib
import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from h5schema import pipeline
from h5schema.errors import UsageError

from .arguments import Commands
from .aside import folder_aside, importable

if TYPE_CHECKING:
    from h5schema.runtime.inspect import Report


def add(commands: Commands) -> argparse.ArgumentParser:
    """What `inspect` takes."""
    parser = commands.add("inspect", "say what is in a file", example="h5schema inspect photos.h5")
    parser.add_argument("file", type=Path, metavar="FILE", help="HDF5 file")
    parser.add_argument(
        "--schema", type=Path, metavar="SCHEMA", help="look at a file of others with this schema, which has `bind`"
    )
    parser.add_argument("--format", choices=("text", "json"), default="text", help="how it is printed (text)")
    return parser


def run(arguments: argparse.Namespace) -> int:
    """Prints dims, features, sizes, chunks, codecs, ids and versions."""
    from h5schema.runtime.inspect import describe

    found = describe(arguments.file) if arguments.schema is None else _bound(arguments.file, arguments.schema)
    if arguments.format == "json":
        print(json.dumps(found.record(), indent=2, ensure_ascii=False))
    else:
        print(found.text(shutil.get_terminal_size().columns))
    return 0


def _bound(file: Path, schema: Path) -> Report:
    """What a file of others has of what a schema says."""
    from h5schema.runtime import BoundFile
    from h5schema.runtime.bound.inspect import describe

    with folder_aside() as aside:
        package = pipeline.generate([schema], aside)[0]
        with importable(aside):
            module = importlib.import_module(package.name)
            classes = [getattr(module, name) for name in module.__all__]
            bound = next((one for one in classes if issubclass(one, BoundFile)), None)
            if bound is None:
                raise UsageError(
                    "the schema has no `bind`: it is of files that h5schema writes",
                    where=str(schema),
                    do=f"leave it out: such a file carries its schema (h5schema inspect {file})",
                )
            return describe(bound, file)
