"""`h5schema plot`."""

from __future__ import annotations

import argparse
import importlib
from pathlib import Path
from typing import TYPE_CHECKING

from h5schema import pipeline
from h5schema.errors import UsageError
from h5schema.vocabulary.plots import PLOTS
from h5schema.vocabulary.suggest import closest

from .arguments import Commands
from .aside import folder_aside, importable
from .carried import generated, text_in

if TYPE_CHECKING:
    from h5schema.runtime import File
    from h5schema.runtime.view import View


def add(commands: Commands) -> argparse.ArgumentParser:
    """What `plot` takes."""
    parser = commands.add(
        "plot",
        "draw some entries of a feature into a picture; needs no display",
        example="h5schema plot photos.h5 image -o images.png",
    )
    parser.add_argument("file", type=Path, metavar="FILE", help="HDF5 file")
    parser.add_argument("feature", metavar="FEATURE", help="its address: names from the root, joined by /")
    parser.add_argument(
        "entries", nargs="*", metavar="ID", help="ids, or positions where entries have none (the first 16)"
    )
    parser.add_argument("-o", "--output", type=Path, metavar="PNG", help="the picture (FEATURE.png)")
    parser.add_argument(
        "--kind",
        metavar="KIND",
        help=f"{', '.join(PLOTS)} (what the schema says, else what suits the values)",
    )
    parser.add_argument(
        "--function",
        metavar="MODULE:FUNCTION",
        help="draw with a function of yours: it is handed the view and the entries, and returns a matplotlib figure",
    )
    parser.add_argument(
        "--schema",
        type=Path,
        metavar="SCHEMA",
        help="of a file of others, which has `bind`; or as it is today (that in FILE)",
    )
    parser.add_argument("--dpi", type=int, default=100, metavar="N", help="points per inch (100)")
    return parser


def run(arguments: argparse.Namespace) -> int:
    """Draws through a package that is generated aside, from the schema in the file or another one."""
    output = arguments.output or Path(f"{arguments.feature.replace('/', '-')}.png")
    if not 0 < arguments.dpi <= 1200:
        raise UsageError(f"--dpi is {arguments.dpi}", do="give a number from 1 to 1200")
    schema: Path | None = arguments.schema
    text = text_in(arguments.file) if schema is None else ""
    with folder_aside() as aside:
        package = generated(text, arguments.file, aside) if schema is None else pipeline.generate([schema], aside)[0]
        users = Path.cwd() if schema is None else schema.resolve().parent
        with importable(aside, users):  # the methods of the schema are functions of the user's
            from h5schema.runtime import File
            from h5schema.runtime.plots.drawn import draw, save

            module = importlib.import_module(package.name)
            found = next(one for one in vars(module).values() if isinstance(one, type) and issubclass(one, File))
            with found(arguments.file) as file:
                view = _view(file, arguments.feature)
                which, function = _which(view, arguments.entries), arguments.function
                own = function is None
                figure = view.plot(which, kind=arguments.kind) if own else draw(view, which, function, Path.cwd())
                save(figure, output, arguments.dpi)
    print(f"drew {output}")
    return 0


def _view(file: File, address: str) -> View[object, object]:
    known = tuple(file.bound.reader.model.features)
    if address not in known:
        near = closest(address, known)
        raise UsageError(
            f"there is no feature {address!r}",
            where=file.bound.reader.name,
            do=f"did you mean {near!r}?" if near else f"there are {', '.join(known)}",
        )
    return file.bound.reader.view(address)


def _which(view: View[object, object], entries: list[str]) -> list[str] | list[int] | None:
    if not entries:
        return None
    if view.names(range(1)) and isinstance(view.names(range(1))[0], str):
        return entries
    wrong = next((one for one in entries if not one.lstrip("-").isdecimal()), None)
    if wrong is not None:
        raise UsageError(f"entries of {view.address} have no ids, so {wrong!r} is none", do="give positions: 0 5 17")
    return [int(one) for one in entries]
