"""The command `h5schema`: arguments in, problems out, no logic."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from h5schema import __version__
from h5schema.commands import COMMANDS
from h5schema.commands.arguments import Commands, Parser
from h5schema.errors import H5SchemaError, SchemaError


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; returns its exit code."""
    parser = Parser(
        prog="h5schema",
        description="One YAML schema becomes a typed Python package over HDF5.",
        epilog="`h5schema COMMAND --help` says more, with an example; start with `h5schema init images`.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"h5schema {__version__}")
    commands = Commands(parser)
    for command in COMMANDS:
        parser_of_command = command.add(commands)
        parser_of_command.set_defaults(run=command.run, parser=parser_of_command)
    if (reconfigure := getattr(sys.stdout, "reconfigure", None)) is not None:
        reconfigure(errors="backslashreplace")  # a terminal that lacks a letter is no reason to fail
    if not (sys.argv[1:] if arguments is None else arguments):
        parser.print_help(sys.stderr)
        return 2
    given, unknown = parser.parse_known_args(arguments)
    if unknown:
        given.parser.error(f"unrecognized arguments: {' '.join(unknown)}")
    try:
        code = int(given.run(given))
        sys.stdout.flush()
    except SchemaError as error:
        print(error, file=sys.stderr)
        return 2
    except H5SchemaError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt as stop:
        print(str(stop) or "stopped; nothing unfinished is left behind", file=sys.stderr)
        return 130
    except BrokenPipeError:
        # The reader has seen enough; Python must not complain when it closes stdout.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 0
    return code
