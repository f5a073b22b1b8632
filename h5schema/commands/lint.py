"""`h5schema lint`."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from h5schema import pipeline
from h5schema.errors import Problem, visible

from .arguments import Commands


def add(commands: Commands) -> argparse.ArgumentParser:
    """What `lint` takes."""
    parser = commands.add("lint", "say what is wrong or unwise in schemas", example="h5schema lint photos.yaml")
    parser.add_argument("schemas", nargs="+", type=Path, metavar="SCHEMA", help="YAML file")
    parser.add_argument("--strict", action="store_true", help="exit 1 for what is unwise too")
    parser.add_argument("--format", choices=tuple(_FORMATS), default="text", help="how findings are printed (text)")
    return parser


def run(arguments: argparse.Namespace) -> int:
    """Prints all findings; files that cannot be read are told of after those of the others."""
    texts, unread = pipeline.read_all(arguments.schemas)
    problems = pipeline.lint(texts)
    if texts:
        sys.stdout.write(_FORMATS[arguments.format](problems))
        sys.stdout.flush()
    pipeline.expect_read(unread)
    wrong = [problem for problem in problems if arguments.strict or problem.severity == "error"]
    return 1 if wrong else 0


def _text(problems: Sequence[Problem]) -> str:
    if not problems:
        return "no findings\n"
    colour = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    shown = [_coloured(problem) if colour else str(problem) for problem in problems]
    return "\n\n".join([*shown, _summary(problems)]) + "\n"


def _summary(problems: Sequence[Problem]) -> str:
    errors = sum(problem.severity == "error" for problem in problems)
    counts = ((errors, "error"), (len(problems) - errors, "warning"))
    return ", ".join(f"{count} {word}{'' if count == 1 else 's'}" for count, word in counts if count)


def _coloured(problem: Problem) -> str:
    code = "31" if problem.severity == "error" else "33"
    mark = f"{problem.severity}[{problem.rule}]"
    return str(problem).replace(mark, f"\x1b[{code}m{mark}\x1b[0m", 1)


def _json(problems: Sequence[Problem]) -> str:
    return json.dumps([problem.record() for problem in problems], indent=2) + "\n"


def _github(problems: Sequence[Problem]) -> str:
    """Annotations of GitHub's workflow commands: one line each, line ends escaped."""
    return "".join(
        f"::{problem.severity} file={_escaped(problem.location.file, ',:')},line={problem.location.line},"
        f"col={problem.location.column},title={problem.rule}::"
        f"{_escaped(problem.message + (f'; {problem.help}' if problem.help else ''))}\n"
        for problem in problems
    )


def _escaped(text: str, more: str = "") -> str:
    for character in "%\r\n" + more:
        text = text.replace(character, f"%{ord(character):02X}")
    return visible(text)


_FORMATS: Mapping[str, Callable[[Sequence[Problem]], str]] = {"text": _text, "json": _json, "github": _github}
