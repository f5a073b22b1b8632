"""`h5schema extract`."""

from __future__ import annotations

import argparse
import importlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, cast

from h5schema import pipeline
from h5schema.emit import explained, put_new
from h5schema.errors import UsageError
from h5schema.vocabulary.options import add_extraction

from .arguments import Commands
from .aside import folder_aside, importable

if TYPE_CHECKING:
    from h5schema.runtime import Extraction


def add(commands: Commands) -> argparse.ArgumentParser:
    """What `extract` takes."""
    parser = commands.add(
        "extract", "turn sources into one file", example="h5schema extract photos.yaml my_photos/ -o photos.h5"
    )
    schema = parser.add_argument("schema", type=Path, metavar="SCHEMA", help="YAML file")
    sources = add_extraction(parser)
    auto = parser.add_argument(
        "--auto",
        nargs="+",
        metavar="SOURCE",
        action=_Instead,
        help="in place of SCHEMA and SOURCE: files of any kind, each read by its ending and kept under its path",
    )
    cast("_Instead", auto).others = (schema, sources)
    return parser


class _Instead(argparse.Action):
    """An option that stands in place of others, which are needed without it."""

    others: Sequence[argparse.Action] = ()

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: str | Sequence[object] | None,
        option_string: str | None = None,
    ) -> None:
        """Takes the values, and asks for the others no more."""
        setattr(namespace, self.dest, values)
        for other in self.others:
            other.required = False


def run(arguments: argparse.Namespace) -> int:
    """Runs the extraction job of a package that is generated aside, so that it is never out of date."""
    if arguments.auto:
        return _of_any_kind(arguments)
    return _run(arguments.schema, arguments)


def _of_any_kind(arguments: argparse.Namespace) -> int:
    """Runs with the schema of files of any kind, and leaves it beside the file that was made."""
    from h5schema.starters import starter

    if arguments.schema is not None:
        what = "`--auto` is a schema of its own, so no other is taken"
        raise UsageError(what, where=str(arguments.schema), do="leave out the schema, or `--auto`")
    text = starter("folder", None, "folder").text
    arguments.sources = arguments.auto
    with folder_aside() as aside:
        schema = aside / "folder.yaml"
        schema.write_text(text, encoding="utf-8")
        code = _run(schema, arguments)
    if not arguments.plan and arguments.output.exists():
        _leave(arguments.output.with_suffix(".yaml"), text, quiet=arguments.quiet or arguments.format == "json")
    return code


def _leave(target: Path, text: str, *, quiet: bool) -> None:
    """Writes the schema, never over another file."""
    with explained(target):
        new = put_new(target, text.encode())
    if quiet or (not new and target.is_file() and target.read_bytes() == text.encode()):
        return
    print(f"{target}: the schema" if new else f"{target}: left as it was; the schema is in the file too")


def _run(schema: Path, arguments: argparse.Namespace) -> int:
    with folder_aside() as aside:
        package = pipeline.generate([schema], aside)[0]
        if not (package.folder / "extract.py").exists():
            raise UsageError(
                "no dim of the schema has a `source`, so there is nothing to extract",
                where=str(schema),
                do="give a dim a `source`, such as '{name}.jpg', or write the file with the package's writer",
            )
        functions = schema.absolute().parent
        with importable(aside, functions):
            extraction = cast("Extraction", importlib.import_module(f"{package.name}.extract").extraction)
            from h5schema.runtime.extracting import command  # knows h5py

            return command.run(extraction, arguments, functions)
