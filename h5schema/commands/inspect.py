"""`h5schema inspect`."""

from __future__ import annotations

import argparse
import json
import shutil
from pathlib import Path

from .arguments import Commands


def add(commands: Commands) -> argparse.ArgumentParser:
    """What `inspect` takes."""
    parser = commands.add("inspect", "say what is in a file", example="h5schema inspect photos.h5")
    parser.add_argument("file", type=Path, metavar="FILE", help="HDF5 file")
    parser.add_argument("--format", choices=("text", "json"), default="text", help="how it is printed (text)")
    return parser


def run(arguments: argparse.Namespace) -> int:
    """Prints dims, features, sizes, chunks, codecs, ids and versions."""
    from h5schema.runtime.inspect import describe

    found = describe(arguments.file)
    if arguments.format == "json":
        print(json.dumps(found.record(), indent=2, ensure_ascii=False))
    else:
        print(found.text(shutil.get_terminal_size().columns))
    return 0
