"""Events of the YAML parser to nodes, without recursion, so that no depth and no alias can exhaust anything."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NoReturn, cast

import yaml

from h5schema.errors import Location, Problem
from h5schema.parse.nodes import Mapping, Node, Scalar, Sequence
from h5schema.parse.scalars import resolve, trap
from h5schema.parse.source import Source
from h5schema.parse.words import quoted, shown

DEEPEST = 100
"""Nodes in nodes; a schema has few levels, and no reader of the tree needs to fear for its stack."""
MOST_ALIASED = 100_000
"""Nodes that aliases may stand for, all together."""

_SURROGATES = re.compile("[\ud800-\udfff]+")
_PROPERTIES = re.compile(r"(?:[&!]\S*\s+)+")


def build(source: Source) -> tuple[Node | None, list[Problem]]:
    """The document of a text, and what is wrong with it."""
    fast = getattr(yaml, "CSafeLoader", None)
    # The two loaders of PyYAML disagree about tabs, and their errors about places: with a tab or an error, the
    # one that is always there decides, so that messages are the same on every machine.
    if fast is not None and "\t" not in source.text:
        builder = _Builder(source)
        try:
            return builder.run(_events(source.text, fast)), builder.problems
        except (yaml.YAMLError, ValueError, OverflowError):
            pass
    builder = _Builder(source)
    try:
        return builder.run(_events(source.text, yaml.SafeLoader)), builder.problems
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        from h5schema.parse.syntax import explain  # only once something is wrong

        problem = explain(source, error)
        return None, [*(p for p in builder.problems if p.location.line < problem.location.line), problem]


def _events(text: str, loader: object) -> Iterator[yaml.Event]:
    return cast("Iterator[yaml.Event]", cast("Any", yaml).parse(text, Loader=loader))


def _start(event: yaml.Event) -> yaml.Mark:
    return cast("yaml.Mark", event.start_mark)  # an event of a text always has both marks


def _end(event: yaml.Event) -> yaml.Mark:
    return cast("yaml.Mark", event.end_mark)


def _each(node: Node) -> tuple[Node, ...]:
    """The mappings that `<<` merges: one, or a list of them."""
    return node.items if isinstance(node, Sequence) else (node,)


class _Stop(Exception):  # noqa: N818 (it carries a result, not an error)
    """Reading further makes no sense."""


@dataclass(slots=True)
class _Frame:
    """A mapping or list that is being read."""

    location: Location
    is_mapping: bool
    flow: bool
    anchor: str | None
    entries: list[tuple[Scalar, Node]] = field(default_factory=list[tuple[Scalar, Node]])
    items: list[Node] = field(default_factory=list[Node])
    seen: dict[str, Scalar] = field(default_factory=dict[str, Scalar])
    key: Scalar | None = None
    merged: list[Mapping] = field(default_factory=list[Mapping])
    merges: bool = False
    expects_key: bool = True
    size: int = 1
    height: int = 1


class _Builder:
    def __init__(self, source: Source) -> None:
        self.source = source
        self.problems: list[Problem] = []
        self._stack: list[_Frame] = []
        self._anchors: dict[str, tuple[Node, int, int]] = {}
        self._aliased = 0
        self._root: Node | None = None

    def run(self, events: Iterator[yaml.Event]) -> Node | None:
        try:
            for event in events:
                self._take(event)
        except _Stop:
            return None
        if self._root is None or (isinstance(self._root, Scalar) and self._root.value is None and not self.problems):
            self._root = None
            place = self.source.location(1, 1)
            self._complain(
                "empty-file",
                "there is no schema in this file",
                place,
                "begin with 'h5schema: 1', 'name: …' and 'version: 1.0.0'; `h5schema init` writes a starter",
            )
        return self._root

    def _take(self, event: yaml.Event) -> None:
        match event:
            case yaml.ScalarEvent():
                self._scalar(event)
            case yaml.MappingStartEvent() | yaml.SequenceStartEvent():
                self._open(event)
            case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                self._close(event)
            case yaml.AliasEvent():
                self._alias(event)
            case yaml.DocumentStartEvent() if self._root is not None:
                self._complain(
                    "several-documents",
                    "a second document begins here; a schema is one document",
                    self._place(event, width=3),
                    "put each schema into a file of its own and delete the '---'",
                )
                raise _Stop
            case _:
                pass

    def _scalar(self, event: yaml.ScalarEvent) -> None:
        start, end = _start(event), _end(event)
        text = event.value
        plain = event.style is None or event.style == ""
        properties = event.anchor is not None or event.tag is not None
        column = self._after_properties(event) if properties else start.column
        width = end.column - column if end.line == start.line else len(self.source.line(start.line + 1)) - column
        location = Location(self.source.file, start.line + 1, column + 1, width if width > 0 else 1)
        if event.style == '"' and _SURROGATES.search(text):
            text = self._without_surrogates(text, location)
        value = resolve(text) if plain else text
        node = Scalar(value, text, location, plain)
        if plain and (advice := trap(text)) is not None:
            is_key = bool(self._stack) and self._stack[-1].is_mapping and self._stack[-1].expects_key
            self._complain(
                "ambiguous-scalar",
                f"`{shown(text)}` means different things to different readers of YAML",
                location,
                f"quote the key: {quoted(text)}" if is_key else advice,
            )
        self._put(node, 1, 0, event.anchor)

    def _without_surrogates(self, text: str, location: Location) -> str:
        """The text with other signs in place of halves of characters, which nothing can store or print."""
        whole = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        pairs = [f"\\U{ord(character):08x}" for character in whole if character not in text and character != "\ufffd"]
        advice = f"write {pairs[0]} in place of the two halves" if pairs else "write the character itself"
        self._complain("bad-escape", "an escape in this text stands for half a character", location, advice)
        return _SURROGATES.sub("\ufffd", text)

    def _open(self, event: yaml.CollectionStartEvent) -> None:
        location = self._place(event)
        if len(self._stack) >= DEEPEST:
            self._too_deep(location)
        if event.anchor is not None or event.tag is not None:
            column = self._after_properties(event)
            if event.tag is None:  # else the tag had its complaint, and there is no second one of what it stands at
                location = self.source.location(location.line, column + 1)
        is_mapping = isinstance(event, yaml.MappingStartEvent)
        self._stack.append(_Frame(location, is_mapping, bool(event.flow_style), event.anchor))

    def _close(self, event: yaml.CollectionEndEvent) -> None:
        frame = self._stack.pop()
        location = frame.location
        if frame.flow:
            end = _end(event)
            same = end.line + 1 == location.line
            width = end.column + 1 - location.column if same else len(self.source.line(location.line))
            location = self.source.location(location.line, location.column, width)
        elif frame.entries and frame.is_mapping and frame.entries[0][0].location.line == location.line:
            location = frame.entries[0][0].location
        node: Node
        if frame.is_mapping:
            for merged in frame.merged:
                present = {key.text for key, _ in frame.entries}
                frame.entries += [entry for entry in merged.entries if entry[0].text not in present]
            node = Mapping(tuple(frame.entries), location, frame.flow)
        else:
            node = Sequence(tuple(frame.items), location, frame.flow)
        self._put(node, frame.size, frame.height, frame.anchor)

    def _alias(self, event: yaml.AliasEvent) -> None:
        name = str(event.anchor)
        location = self._place(event, width=len(name) + 1)
        if any(frame.anchor == name for frame in self._stack):
            self._complain(
                "recursive-alias", f"`*{name}` stands inside of what it repeats", location, "write the value out here"
            )
            raise _Stop
        if name not in self._anchors:
            from h5schema.vocabulary.suggest import closest

            near = closest(name, self._anchors)
            self._complain(
                "unknown-alias",
                f"nothing above is marked `&{shown(name)}`",
                location,
                f"did you mean *{near}?" if near else f"quote it if the text is meant: {quoted('*' + name)}",
            )
            node: Node = Scalar(None, "", location)
            self._put(node, 1, 0, None)
            return
        node, size, height = self._anchors[name]
        if len(self._stack) + height > DEEPEST:
            self._too_deep(location)
        self._aliased += size
        if self._aliased > MOST_ALIASED:
            self._complain(
                "alias-bomb",
                f"with `*{name}` the aliases of this file stand for more than {MOST_ALIASED} values",
                location,
                "write out what is meant; aliases are for a few lines",
            )
            raise _Stop
        self._put(node, size, height, None)

    def _put(self, node: Node, size: int, height: int, anchor: str | None) -> None:
        """Hands a finished node to the one that it stands in."""
        if anchor is not None:
            self._anchors[anchor] = node, size, height
        if not self._stack:
            self._root = node
            return
        frame = self._stack[-1]
        frame.size += size
        frame.height = max(frame.height, height + 1)
        if not frame.is_mapping:
            frame.items.append(node)
        elif frame.expects_key:
            frame.key = self._checked_key(frame, node)
            frame.expects_key = False
        else:
            if frame.key is not None:
                frame.entries.append(self._with_colon(frame, frame.key, node))
            elif frame.merges:
                frame.merged += [one for one in _each(node) if isinstance(one, Mapping)]
            frame.merges = False
            frame.expects_key = True

    def _with_colon(self, frame: _Frame, key: Scalar, node: Node) -> tuple[Scalar, Node]:
        """The entry; of `{over photo}`, what it says with the colon that is missing."""
        empty = isinstance(node, Scalar) and node.plain and not node.text
        name, space, text = key.text.partition(" ")
        if not (frame.flow and empty and key.plain and space):
            return key, node
        advice = f"write {shown(name)}: {shown(text.strip())}"
        self._complain("no-colon", "a ': ' is missing between a key and its value", key.location, advice)
        place = key.location
        return Scalar(name, name, place), Scalar(resolve(text.strip()), text.strip(), place)

    def _checked_key(self, frame: _Frame, node: Node) -> Scalar | None:
        """The key, or None where its entry is to be forgotten."""
        if not isinstance(node, Scalar):
            self._complain(
                "key-not-text", "a list or mapping cannot be a key", node.location, "a key is a word, such as 'name'"
            )
            return None
        if node.plain and node.text == "<<":
            self._complain(
                "merge-key",
                "`<<` does not merge mappings in a schema",
                node.location,
                "repeat a whole value with an alias (`key: *anchor`), or write the keys out",
            )
            frame.merges = True  # what was meant is read: nobody says that its keys are missing
            return None
        if not isinstance(node.value, str):
            ambiguous = bool(self.problems) and self.problems[-1].location == node.location
            if not ambiguous:
                what = f"`{shown(node.text)}`" if node.text else "an empty key"
                self._complain(
                    "key-not-text", f"{what} is not a text", node.location, f"quote the key: {quoted(node.text)}"
                )
            node = Scalar(node.text, node.text, node.location, node.plain)
        text = node.text
        if (first := frame.seen.get(text)) is not None:
            self._complain(
                "duplicate-key",
                f"`{shown(text)}` stands here a second time; the first is in line {first.location.line}",
                node.location,
                "keep one of them, or give one another name",
            )
            return None
        frame.seen[text] = node
        return node

    def _after_properties(self, event: yaml.NodeEvent) -> int:
        """Column (from 0) of a value behind its anchor; a tag is refused."""
        mark = _start(event)
        line = self.source.line(mark.line + 1)
        tag = getattr(event, "tag", None)
        if tag is not None:
            at = line.find("!", mark.column)
            word = re.match(r"\S*", line[at:]) if at >= 0 else None
            text = word.group() if word else "!"
            self._complain(
                "tag",
                f"a schema has no tags such as `{shown(text)}`",
                self.source.location(mark.line + 1, max(at, mark.column) + 1, len(text)),
                "delete it; a text that looks like something else is put in quotes",
            )
        found = _PROPERTIES.match(line, mark.column)
        return found.end() if found and found.end() < len(line) else mark.column

    def _too_deep(self, location: Location) -> NoReturn:
        self._complain("too-deep", f"more than {DEEPEST} levels of lists and mappings", location, "flatten it")
        raise _Stop

    def _place(self, event: yaml.Event, width: int = 1) -> Location:
        mark = _start(event)
        return self.source.location(mark.line + 1, mark.column + 1, width)

    def _complain(self, rule: str, message: str, location: Location, help: str) -> None:
        self.problems.append(self.source.problem(rule, message, location, help))
