"""`h5schema extract`."""

from __future__ import annotations

import argparse
import importlib
from pathlib import Path
from typing import TYPE_CHECKING, cast

from h5schema import pipeline
from h5schema.errors import UsageError
from h5schema.vocabulary.options import add_extraction

from .arguments import Commands
from .aside import folder_aside, importable

if TYPE_CHECKING:
    from h5schema.runtime import Extraction


def add(commands: Commands) -> argparse.ArgumentParser:
    """What `extract` takes."""
    parser = commands.add(
        "extract", "turn sources into one file", example="h5schema extract photos.yaml FOLDER -o photos.h5"
    )
    parser.add_argument("schema", type=Path, metavar="SCHEMA", help="YAML file")
    add_extraction(parser)
    return parser


def run(arguments: argparse.Namespace) -> int:
    """Runs the extraction job of a package that is generated aside, so that it is never out of date."""
    with folder_aside() as aside:
        package = pipeline.generate([arguments.schema], aside)[0]
        if not (package.folder / "extract.py").exists():
            raise UsageError(
                "no dim of the schema has a `source`, so there is nothing to extract",
                where=str(arguments.schema),
                do="give a dim a `source`, such as '{name}.jpg', or write the file with the package's writer",
            )
        functions = arguments.schema.absolute().parent
        with importable(aside, functions):
            extraction = cast("Extraction", importlib.import_module(f"{package.name}.extract").extraction)
            from h5schema.runtime.extracting import command  # knows h5py

            return command.run(extraction, arguments, functions)
