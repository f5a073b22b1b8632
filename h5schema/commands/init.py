"""`h5schema init`."""

from __future__ import annotations

import argparse
from pathlib import Path

from h5schema.emit import explained, put, put_new
from h5schema.errors import TargetExistsError, UsageError

from .arguments import Commands

_NAMED = {"images": "photos.yaml"}
"""Files of schemas that are not called as their kind."""


def add(commands: Commands) -> argparse.ArgumentParser:
    """What `init` takes."""
    parser = commands.add(
        "init", "write a commented starter schema", example="h5schema init images my_photos/ -o photos.yaml"
    )
    parser.add_argument("kind", nargs="?", metavar="KIND", help="kind of data; see --list")
    parser.add_argument(
        "folder", nargs="?", type=Path, metavar="FOLDER", help="its class names and sizes are filled in"
    )
    parser.add_argument("-o", "--output", type=Path, metavar="FILE", help="the schema to write (KIND.yaml)")
    parser.add_argument("--force", action="store_true", help="replace FILE if it is there")
    parser.add_argument("--list", action="store_true", help="list the kinds and end")
    return parser


def run(arguments: argparse.Namespace) -> int:
    """Writes the schema, never over another one."""
    from h5schema import starters

    if arguments.list:
        print("\n".join(f"{word:<12} {says}" for word, says in starters.kinds().items()))
        return 0
    if arguments.kind is None:
        raise UsageError("no kind of data is given", do=f"the kinds are: {', '.join(starters.kinds())}")
    target: Path = arguments.output or Path(_NAMED.get(arguments.kind, f"{arguments.kind}.yaml"))
    wanted = starters.package_name(target)
    name = starters.free_name(wanted, target.parent)
    made = starters.starter(arguments.kind, arguments.folder, name)
    _write(target, made.text, force=arguments.force)
    for module, text in made.beside.items():
        _write(target.with_name(module), text, force=arguments.force)
    if name != wanted:
        print(f"{target}: its package is called {name}, because there is another {wanted} beside it")
    also = f", with {', '.join(made.beside)}" if made.beside else ""
    print(f"{target}: written{also}; next: h5schema lint {target}")
    return 0


def _write(target: Path, text: str, *, force: bool) -> None:
    if target.exists() and not target.is_file():
        raise UsageError("this is no file", where=str(target), do="name the file to write with `-o`")
    with explained(target):
        if force:
            put(target.resolve(), text.encode())  # a link stays one
        elif not put_new(target, text.encode()):
            raise TargetExistsError(
                "this file exists already",
                where=str(target),
                do="write another one with `-o`, or replace it with `--force`",
            )
