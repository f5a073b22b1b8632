"""`h5schema repack`."""

from __future__ import annotations

import argparse
import importlib
from pathlib import Path

from h5schema import pipeline
from h5schema.vocabulary.codecs import CODECS

from .arguments import Commands
from .aside import folder_aside, importable
from .carried import generated, text_in


def add(commands: Commands) -> argparse.ArgumentParser:
    """What `repack` takes."""
    parser = commands.add(
        "repack",
        "write a file anew, without gaps, or stored in another way",
        example="h5schema repack photos.h5 --codec zstd -o smaller.h5",
    )
    parser.add_argument("file", type=Path, metavar="FILE", help="HDF5 file")
    parser.add_argument("-o", "--output", type=Path, metavar="NEW", help="the new file (it takes the place of FILE)")
    parser.add_argument("--overwrite", action="store_true", help="replace NEW, once the new file is complete")
    parser.add_argument("--schema", type=Path, metavar="SCHEMA", help="store as this one says (the schema in FILE)")
    parser.add_argument("--codec", choices=tuple(CODECS), help="of all features with entries (what the schema says)")
    parser.add_argument("--level", type=int, metavar="N", help="of the codec")
    parser.add_argument("--chunk", type=int, metavar="BYTES", help="of a chunk")
    parser.add_argument("--layout", choices=("auto", "contiguous", "chunked"), help="of values without a codec")
    return parser


def run(arguments: argparse.Namespace) -> int:
    """Copies the file through a package that is generated aside."""
    carried = text_in(arguments.file)
    with folder_aside() as aside:
        if arguments.schema is None:
            text, package = carried, generated(carried, arguments.file, aside)
        else:
            text = pipeline.read(arguments.schema).decode("utf-8-sig")
            package = pipeline.generate([arguments.schema], aside)[0]
        with importable(aside):
            from h5schema.runtime import Writer
            from h5schema.runtime.repacking import Storing, repack

            module = importlib.import_module(package.name)
            found = next(one for one in vars(module).values() if isinstance(one, type) and issubclass(one, Writer))
            done = repack(
                found,
                arguments.file,
                arguments.output,
                text=text,
                overwrite=arguments.overwrite,
                storing=Storing(arguments.codec, arguments.level, arguments.chunk, arguments.layout),
            )
    print(done)
    return 0
