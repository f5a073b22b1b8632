"""`h5schema bench`."""

from __future__ import annotations

import argparse
import importlib
import json
import shutil
import sys
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, cast

from h5schema import pipeline
from h5schema.errors import UsageError
from h5schema.vocabulary.suggest import closest

from .arguments import Commands
from .aside import folder_aside, importable
from .carried import generated, text_in

if TYPE_CHECKING:
    from h5schema.runtime.torch.bench import AnyLoader

_SECONDS = 2.0
_FUNCTION = "_loader"
"""Ending of the function of a loader in generated code."""


def add(commands: Commands) -> argparse.ArgumentParser:
    """What `bench` takes."""
    parser = commands.add(
        "bench",
        "measure how fast the loaders of a file are, and say what would make them faster",
        example="h5schema bench photos.h5 --loader train",
    )
    parser.add_argument("file", type=Path, metavar="FILE", help="HDF5 file")
    parser.add_argument("--loader", metavar="NAME", help="measure this one (all)")
    parser.add_argument("--schema", type=Path, metavar="SCHEMA", help="take its loaders (those of the schema in FILE)")
    parser.add_argument(
        "--seconds",
        type=float,
        default=_SECONDS,
        metavar="S",
        help=f"for each way of reading, of all loaders together ({_SECONDS:g})",
    )
    parser.add_argument("--format", choices=("text", "json"), default="text", help="how it is printed (text)")
    return parser


def run(arguments: argparse.Namespace) -> int:
    """Measures the loaders of the file's own schema, in a package that is generated aside."""
    if not arguments.seconds > 0:
        raise UsageError(f"--seconds is {arguments.seconds:g}", do="give a number above 0")
    with _loaders(arguments.file, arguments.schema) as loaders:
        chosen = _chosen(loaders, arguments.loader)
        from h5schema.runtime.torch.bench import measure

        records: list[object] = []
        for name, loader in chosen.items():
            try:
                found = measure(name, loader, arguments.file, arguments.seconds / len(chosen))
            except UsageError as error:
                if arguments.loader is not None or (not records and name == list(chosen)[-1]):
                    raise
                print(f"left out: {error.what}", file=sys.stderr)
                continue
            records.append(found.record())
            if arguments.format == "text":
                print(found.text(shutil.get_terminal_size().columns), end="\n\n", flush=True)
    if arguments.format == "json":
        print(json.dumps({"path": str(arguments.file), "loaders": records}, indent=2, ensure_ascii=False))
    return 0


@contextmanager
def _loaders(file: Path, schema: Path | None) -> Generator[Mapping[str, AnyLoader]]:
    """The classes of the loaders, by name."""
    text = text_in(file) if schema is None else ""
    with folder_aside() as aside:
        package = generated(text, file, aside) if schema is None else pipeline.generate([schema], aside)[0]
        if not (package.folder / "loaders.py").exists():
            raise UsageError(
                "the schema has no loaders, so there is nothing to measure",
                where=str(schema or file),
                do="write `loaders` into the schema, and name it: --schema SCHEMA; the file may stay as it is",
            )
        with importable(aside):
            yield _classes(importlib.import_module(f"{package.name}.loaders"))


def _classes(module: ModuleType) -> Mapping[str, AnyLoader]:
    functions = {name: found for name, found in vars(module).items() if name.endswith(_FUNCTION)}
    return {name.removesuffix(_FUNCTION): cast("AnyLoader", found.__self__) for name, found in functions.items()}


def _chosen(loaders: Mapping[str, AnyLoader], name: str | None) -> Mapping[str, AnyLoader]:
    if name is None:
        return loaders
    if name not in loaders:
        near = closest(name, loaders)
        listed = f"there are {', '.join(loaders)}" if len(loaders) > 1 else f"there is {', '.join(loaders)}"
        raise UsageError(f"there is no loader {name!r}", do=f"did you mean {near!r}?" if near else listed)
    return {name: loaders[name]}
