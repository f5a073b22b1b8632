"""Globs that the shell left as they are: `data/*/good-*.jpg`, `data/**/*.wav`."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from h5schema.errors import UsageError

from .walk import walk

WILD = re.compile(r"[*?\[]")
_SPECIAL = re.compile(r"[\\\[\]^&~|]")
_TOKEN = re.compile(r"\*+|\?|\[!?\]?[^\]/]*\]|.", re.DOTALL)


class Glob(NamedTuple):
    """What follows the folder in which a glob begins.

    Attributes:
        text: As it was given.
        folder: The parts before the first wildcard.
        depth: Parts that follow them at least.
        takes: Matches a relative path, and everything below one.
        enters: Matches a folder that may hold what is taken.
    """

    text: str
    folder: str
    depth: int
    takes: re.Pattern[str]
    enters: re.Pattern[str]

    @staticmethod
    def parse(text: str, wild: re.Pattern[str] = WILD) -> Glob:
        """Reads a glob; `**` is any number of folders.

        Raises:
            UsageError: It is none.
        """
        parts = text.split("/")
        first = next(index for index, part in enumerate(parts) if wild.search(part))
        folder = "/".join(parts[:first])
        rest = [part for part in parts[first:] if part]
        whole = "".join("(?:[^/]+/)*" if part == "**" else f"{_regex(part)}/" for part in rest)
        whole = f"(?:{whole}).*" if rest[-1] == "**" else f"(?:{whole[:-1]})(?:/.*)?"
        try:
            takes, enters = re.compile(whole, re.DOTALL), re.compile(_reach(rest), re.DOTALL)
        except re.error as error:
            raise UsageError(
                f"it is no glob: {error.msg}", where=text, do="write a range from low to high, such as [a-z]"
            ) from None
        depth = sum(part != "**" for part in rest)
        return Glob(text, folder or ("/" if text.startswith("/") else "."), depth, takes, enters)

    def files(self) -> Iterator[Sequence[str]]:
        """The files that it takes, relative to its folder.

        Raises:
            UsageError: There are none.
        """
        if not os.path.isdir(self.folder):
            raise UsageError(
                f"no file matches it: there is no folder {self.folder}", where=self.text, do="look at the path"
            )
        listed = walk(self.folder, lambda inner: bool(self.enters.fullmatch(inner) or self.takes.fullmatch(inner)))
        return self.taken(listed)

    def taken(self, listed: Iterator[list[str]]) -> Iterator[Sequence[str]]:
        """Those of some files that it takes.

        Raises:
            UsageError: There are none.
        """
        count = 0
        for some in listed:
            taken = list(filter(self.takes.fullmatch, some))
            count += len(taken)
            yield taken
        if not count:
            raise UsageError(
                "no file matches it",
                where=self.text,
                do=f"look at what lies in {self.folder}; hidden files are left out",
            )


def _regex(part: str) -> str:
    """One part of a path as an expression."""
    return "".join(map(_token, _TOKEN.findall(part)))


def _token(token: str) -> str:
    if token[0] == "*":
        return "[^/]*"
    if token == "?":
        return "[^/]"
    if token[0] == "[" and len(token) > 1:
        no, inside = ("^", token[2:-1]) if token[1] == "!" else ("", token[1:-1])
        return f"(?!/)[{no}{_SPECIAL.sub(_escaped, inside)}]" if inside else re.escape(token)
    return re.escape(token)


def _escaped(found: re.Match[str]) -> str:
    return f"\\{found[0]}"


def _reach(parts: Sequence[str]) -> str:
    """The folders on the way: the first part, perhaps with the second, and so on."""
    if not parts:
        return ""
    if parts[0] == "**":
        return ".*"
    inner = _reach(parts[1:])
    return f"{_regex(parts[0])}(?:/{inner})?" if inner else _regex(parts[0])
