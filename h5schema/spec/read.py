"""From nodes to models: what is wrong is said in our words, taken out, and the rest is read again."""

from __future__ import annotations

import re
from collections.abc import Iterator
from collections.abc import Mapping as AnyMapping
from typing import TYPE_CHECKING, NamedTuple, cast

from pydantic import ValidationError

from h5schema.errors import Location, Problem
from h5schema.parse import Mapping, Node, Parsed, Scalar, Sequence, Source, child, find, find_key
from h5schema.parse.words import quoted, shown

from .base import Flaw, Mistake, said
from .prune import PLACEHOLDERS, Path, Plain, prune
from .schema import SchemaSpec, schema_model

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails


_TAGS = ("<list>", "<map>", "<input>")


class Reading(NamedTuple):
    """A schema as far as it can be read.

    Attributes:
        schema: What was read; elements with mistakes are left out, and a broken name or version has a placeholder.
        poisoned: Paths of the elements that were left out, and of unknown keys, or of what these likely meant;
            nothing is said of names that they would have declared.
        problems: Of the text and of the models, in the order of the file.
        parsed: The nodes, for places.
        sources: Other texts in which nodes stand: those of mounted schemas.
    """

    schema: SchemaSpec
    poisoned: frozenset[Path]
    problems: tuple[Problem, ...]
    parsed: Parsed
    sources: tuple[Source, ...] = ()

    def source_of(self, place: Location) -> Source:
        """The text in which a place is; several that came along in one file have lines of their own."""
        texts = (self.parsed.source, *self.sources)
        return next((one for one in texts if one.file == place.file and one.line(place.line)), self.parsed.source)


def read(parsed: Parsed) -> Reading:
    """Reads a schema; every independent mistake in it becomes one problem."""
    data: Plain = {} if parsed.root is None else plain(parsed.root)
    problems = list(parsed.problems)
    poisoned: set[Path] = set()
    names: set[str] = set()
    if not isinstance(data, dict):
        if parsed.root is not None:
            problems.append(
                _problem(parsed, (), "wrong-type", f"a schema is a mapping, not {said(data)}", "begin with h5schema: 1")
            )
        data = {}
    quiet = parsed.root is None or (not data and bool(problems))
    told = {problem.location[:3] for problem in problems}
    while True:
        try:
            schema = schema_model().model_validate(data, context=names)
            break
        except ValidationError as error:
            smaller = False
            for detail in error.errors(include_url=False):
                for one in _explain(parsed, detail):
                    if not quiet and one.problem.location[:3] not in told and not _follows(one, poisoned):
                        problems.append(one.problem)
                    if one.bad_name and one.bad_name not in names:  # what has it is read all the same
                        names.add(one.bad_name)
                        smaller = True
                        continue
                    smaller |= prune(data, one.path, one.key_only, poisoned)
                    if one.key_only:
                        poisoned.add((*one.path[:-1], one.meant) if one.meant else one.path)
            if not smaller:  # what is wrong could not be taken out
                poisoned |= {(key,) for key in data}
                data = dict(PLACEHOLDERS)
    # What is wrong behind an alias is wrong once, however often it is used.
    ordered = sorted(dict.fromkeys(problems), key=lambda problem: problem.location)
    return Reading(schema, frozenset(poisoned), tuple(ordered), parsed)


def plain(node: Node) -> Plain:
    """A node as plain data: texts, numbers, tuples and dicts."""
    if isinstance(node, Scalar):
        return node.value
    if isinstance(node, Sequence):
        return tuple(plain(item) for item in node.items)
    return {cast("str", key.value): plain(value) for key, value in node.entries}


class _Wrong(NamedTuple):
    """A problem, and what it spoils.

    Attributes:
        path: Of what is wrong.
        key_only: Whether only a key too many is to be dropped.
        meant: The key that it was likely meant to be.
        bad_name: A name that code cannot have, and that is an address nevertheless.
    """

    problem: Problem
    path: Path
    key_only: bool = False
    meant: str = ""
    bad_name: str = ""


def _follows(one: _Wrong, poisoned: set[Path]) -> bool:
    """Whether it is so because something was left out: an element, or a key of a mapping that now lacks one."""
    lacks = one.problem.rule == "missing-key"
    return one.path in poisoned or (lacks and any(path[:-1] == one.path for path in poisoned))


def _explain(parsed: Parsed, detail: ErrorDetails) -> Iterator[_Wrong]:
    """What one error of pydantic tells."""
    loc = tuple(step for step in detail["loc"] if step not in _TAGS)
    context = cast("AnyMapping[str, object]", detail.get("ctx") or {})
    if isinstance(flaw := detail["input"], Flaw):
        missing = flaw.rule == "missing-key"
        place = loc[:-1] if missing else loc
        yield _Wrong(_problem(parsed, place, flaw.rule, flaw.what, flaw.help, at_key=missing), loc)
    elif detail["type"] == "h5schema":
        for one in cast("tuple[Mistake, ...]", context["mistakes"]):
            yield _of_mistake(parsed, one, loc)
    elif (braces := _braces(parsed, loc)) is not None and detail["type"] in ("string_type", "tuple_type"):
        yield _Wrong(braces, loc)
    else:
        yield _Wrong(_problem(parsed, loc, *_words(parsed, detail["type"], context, loc)), loc)


def _of_mistake(parsed: Parsed, one: Mistake, loc: Path) -> _Wrong:
    path = (*loc, *one.at)
    is_key = path[-1:] == ("[key]",)
    path = path[:-1] if is_key else path
    if one.rule == "wrong-type" and (braces := _braces(parsed, path)) is not None:
        return _Wrong(braces, path)
    unknown = one.rule == "unknown-key"
    name = str(path[-1]) if is_key and one.rule in ("bad-name", "keyword-name") else ""
    return _Wrong(
        _problem(parsed, path, one.rule, one.what, one.help, at_key=is_key or unknown),
        path,
        unknown,
        one.meant,
        name if _ADDRESS.fullmatch(name) else "",
    )


def _problem(parsed: Parsed, path: Path, rule: str, what: str, help: str, *, at_key: bool = False) -> Problem:
    if parsed.root is None:
        return parsed.source.problem(rule, what, parsed.source.location(1, 1), help)
    node = find_key(parsed.root, path) if at_key else find(parsed.root, path)
    if isinstance(node, Scalar) and node.plain and not node.text:
        node = find_key(parsed.root, path)  # nothing is written there
    if at_key and not path and isinstance(node, Mapping) and node.entries:
        node = node.entries[0][0]
    return parsed.source.problem(rule, what, node.location, help)


def _words(parsed: Parsed, kind: str, context: AnyMapping[str, object], path: Path) -> tuple[str, str, str]:
    """What is wrong with a value of a simple type, and what to write instead."""
    node = None if parsed.root is None else find(parsed.root, path)
    value = None if node is None else plain(node)
    key = "this" if parsed.root is None else _last_key(parsed.root, path)
    if path and isinstance(path[-1], int) and kind == "string_type":
        return "wrong-type", f"an item of `{key}` is a text, not {said(value)}", "write a text, in quotes if need be"
    match kind:
        case "string_type":
            return _not_text(key, node, value)
        case "int_type" | "int_from_float" | "int_parsing":
            return "wrong-type", f"`{key}` is a whole number, not {said(value)}", f"write {key}: {_whole(value)}"
        case "float_type":
            return "wrong-type", f"`{key}` is a number, not {said(value)}", f"write {key}: 1.0"
        case "bool_type":
            return "wrong-type", f"`{key}` is true or false, not {said(value)}", f"write {key}: true, or {key}: false"
        case "tuple_type":
            shown = value if isinstance(value, str | int | float) and not isinstance(value, bool) else "..."
            return "wrong-type", f"`{key}` is a list, not {said(value)}", f"write {key}: [{shown}]"
        case "dict_type" | "model_type" | "mapping_type":
            return "wrong-type", f"`{key}` is a mapping, not {said(value)}", f"write {key}: {{name: ...}}"
        case "greater_than_equal":
            return (
                "out-of-range",
                f"`{key}` is at least {context['ge']}, not {value}",
                f"write {key}: {context['ge']} or more",
            )
        case "less_than_equal":
            return (
                "out-of-range",
                f"`{key}` is at most {context['le']}, not {value}",
                f"write {key}: {context['le']} or less",
            )
        case "too_short":
            return "empty", f"`{key}` is empty", "write at least one"
        case _:
            return "wrong-type", f"{said(value)} cannot stand at `{key}`", "look it up in docs/language-reference.md"


def _whole(value: Plain) -> int:
    """The whole number that was likely meant."""
    if isinstance(value, str) and len(value) < 20 and value.strip().isdecimal():
        return int(value)
    return round(value) if isinstance(value, float) and abs(value) < 1e15 else 1


def _last_key(node: Node, path: Path) -> str:
    """The last key of a path that the user wrote: in a short form the models spell out others."""
    key = "this"
    for step in path:
        if (found := child(node, step)) is not None:
            node, key = found, step if isinstance(step, str) else key
    return key


def _not_text(key: str, node: Node | None, value: Plain) -> tuple[str, str, str]:
    if isinstance(node, Scalar) and isinstance(value, int | float) and not isinstance(value, bool):
        number = "a number" if node.text == str(value) else f"read as the number {value}"
        if key == "version":
            numbers = ([*node.text.split("."), "0", "0"])[:3]
            return (
                "number-as-text",
                f"a version has the form x.y.z, and {shown(node.text)} is {number}",
                f"write version: {'.'.join(numbers)}",
            )
        return (
            "number-as-text",
            f"`{key}` is a text, and {shown(node.text)} is {number}",
            f"put it in quotes: {quoted(node.text)}",
        )
    if isinstance(node, Scalar) and value is not None:
        return "wrong-type", f"`{key}` is a text, not {said(value)}", f"put it in quotes: {quoted(node.text)}"
    if value is None:
        return "wrong-type", f"`{key}` has no value", "write a text, or delete the key"
    return "wrong-type", f"`{key}` is a text, not {said(value)}", f"write {key}: '...'"


_ADDRESS = re.compile(r"[\w-]+( [\w-]+)*")
_BRACES = re.compile(r"\{[^{}]*\}(?:[^\s,\]}]*\{[^{}]*\})*[^\s,\]}]*")


def _braces(parsed: Parsed, path: Path) -> Problem | None:
    """`{label}` where a text is wanted: YAML reads a mapping with a key and no value."""
    if parsed.root is None:
        return None
    node = find(parsed.root, path)
    if not (isinstance(node, Mapping) and node.flow and node.entries):
        return None
    if any(not (isinstance(value, Scalar) and value.plain and not value.text) for _, value in node.entries):
        return None
    line = parsed.source.line(node.location.line)
    found = _BRACES.match(line, node.location.column - 1)
    text = found[0] if found else "{" + cast("str", node.entries[0][0].value) + "}"
    place = parsed.source.location(node.location.line, node.location.column, len(text))
    return parsed.source.problem(
        "unquoted-braces", f"without quotes YAML reads {shown(text)} as a mapping", place, f"quote it: {quoted(text)}"
    )
