"""A parser of arguments whose mistakes say what to do."""

from __future__ import annotations

import argparse
import re
import sys
from typing import NoReturn

_CHOICE = re.compile(r"invalid choice: '(?P<given>.*)' \(choose from (?P<known>.*)\)")
_OPTION = re.compile(r"unrecognized arguments: (?P<given>--?[^ =]+)")


class Parser(argparse.ArgumentParser):
    """argparse, but an error is one line of ours, a suggestion, and where help is."""

    def error(self, message: str) -> NoReturn:
        """Prints what is wrong with the arguments and ends with exit code 2."""
        print(f"error: {message}", file=sys.stderr)
        near = self._near(message)
        print(f"  help: did you mean `{near}`?" if near else f"  help: see `{self.prog} --help`", file=sys.stderr)
        raise SystemExit(2)

    def _near(self, message: str) -> str | None:
        from h5schema.vocabulary.suggest import closest

        if choice := _CHOICE.search(message):
            return closest(choice["given"], re.findall(r"[\w-]+", choice["known"]))
        if option := _OPTION.search(message):
            return closest(option["given"], self._options())
        return None

    def _options(self) -> list[str]:
        return [option for action in self._actions for option in action.option_strings]


class Commands:
    """The subcommands of a parser, each with an example below its help."""

    def __init__(self, parser: argparse.ArgumentParser) -> None:
        self._parsers = parser.add_subparsers(
            title="commands", metavar="COMMAND", dest="command", parser_class=Parser, required=True
        )

    def add(self, name: str, says: str, *, example: str) -> argparse.ArgumentParser:
        """A parser for one command."""
        return self._parsers.add_parser(
            name,
            help=says,
            description=f"{says[0].upper()}{says[1:]}.",
            epilog=f"example:\n  {example}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
