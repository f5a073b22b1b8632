"""Mounting: what the root group of another schema holds is put where `use` stands, each thing with its own place.

Another schema is resolved alone first, so what is wrong in it is said in its own file and in its own words.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple, TypeAlias

from h5schema.errors import H5SchemaError, Problem
from h5schema.parse import Mapping as MapNode
from h5schema.parse import Node, Source, find, find_key
from h5schema.parse.nodes import entry
from h5schema.spec import DimSpec, GroupSpec, Reading, SchemaSpec, UseSpec
from h5schema.vocabulary.suggest import closest

from .ir import DimIR, GroupIR, SchemaIR
from .mounts import Mount, home_of

Path: TypeAlias = "tuple[str | int, ...]"

MOST = 10_000
"""Dims, features and groups of a schema, with all that it mounts."""
_BESIDE = ("use", "at", "doc", "renamed_from")
"""Keys that a group may have in which a schema is mounted; the rest is in that schema."""
_TAKEN = ("dims", "features", "groups", "over", "source", "from_", "call", "params", "optional", "store", "reserved")
"""Keys of its root group that come along."""


class Mounted(NamedTuple):
    """A schema with all that it mounts.

    Attributes:
        reading: With the mounted groups in their places.
        mounts: By address.
        texts: Of the mounted schemas, by path.
        size: How many dims, features and groups there are.
    """

    reading: Reading
    mounts: Mapping[str, Mount]
    texts: Mapping[str, str]
    size: int


class Other(NamedTuple):
    """Another schema, resolved alone; `schema` is None if there is any error in it."""

    key: str
    schema: SchemaIR | None
    problems: tuple[Problem, ...]
    mounted: Mounted


class UnmountableError(H5SchemaError):
    """A schema cannot be mounted, whatever is in it."""


def mount(reading: Reading, other: Callable[[str], Other]) -> Mounted:
    """Puts the mounted groups in their places; one that cannot be mounted is left out, and had its complaint.

    Args:
        reading: Of the schema that mounts.
        other: The schema of a path, as this one says it.
    """
    mounting = _Mounting(reading)
    for address, path, spec in tuple(_users(reading.schema)):
        mounting.take(address, path, spec, other)
    return mounting.done()


class _Mounting:
    """The schema, while one after the other is mounted."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._schema: GroupSpec = reading.schema
        self._root = reading.parsed.root
        self._poisoned: set[Path] = set()
        self._problems: list[Problem] = []
        self._sources: list[Source] = []
        self._mounts: dict[str, Mount] = {}
        self._texts: dict[str, str] = {}
        self._size = _count(reading.schema)

    def take(self, address: str, path: Path, spec: GroupSpec, other: Callable[[str], Other]) -> None:
        """Mounts the schema that a group names."""
        assert spec.use is not None
        found = self._found(path, spec.use, other)
        if found is None or found.schema is None or not self._fits(path, spec, spec.use, found, found.schema):
            self._schema = _replaced(self._schema, path[1::2], None)
            self._poisoned.add(path)
            return
        inner = found.mounted
        axes = {dim.address: dim for dim in _dims(found.schema.root) if dim.address in spec.use.dims}
        self._mounts[address] = Mount(found.key, found.schema.name, spec.use.dims, axes, spec.doc)
        self._mounts |= {f"{address}/{below}": one for below, one in inner.mounts.items()}
        self._texts |= {found.key: inner.reading.parsed.source.text.lstrip("\n"), **inner.texts}
        self._sources += [inner.reading.parsed.source, *inner.reading.sources]
        self._size += inner.size
        self._schema = _replaced(self._schema, path[1::2], _taken(spec, inner.reading.schema, axes))
        if self._root is not None and inner.reading.parsed.root is not None:
            self._root = _spliced(self._root, path, inner.reading.parsed.root)

    def done(self) -> Mounted:
        """The whole."""
        known = self._reading
        assert isinstance(self._schema, SchemaSpec)
        reading = known._replace(
            schema=self._schema,
            poisoned=known.poisoned | self._poisoned,
            problems=(*known.problems, *self._problems),
            parsed=known.parsed._replace(root=self._root),
            sources=tuple(dict.fromkeys(self._sources)),
        )
        return Mounted(reading, self._mounts, self._texts, self._size)

    def _found(self, path: Path, use: UseSpec, other: Callable[[str], Other]) -> Other | None:
        """The other schema; None, with complaints, if it cannot be taken."""
        if use.file.startswith(("/", "~", "\\")) or not use.file.isprintable():
            what = f"a schema is named by its path from this one, not by `{use.file}`"
            self._add("use", what, (*path, "use", "schema"), "write it like `photos.yaml`, or `../shared/photos.yaml`")
            return None
        if not path:
            self._add(
                "use",
                "the root of a schema mounts no other",
                ("use",),
                f"write groups: {{data: {{use: {use.file}}}}}",
                key=True,
            )
            return None
        try:
            found = other(use.file)
        except H5SchemaError as error:
            self._add("use", f"`{use.file}` cannot be mounted: {error.what}", (*path, "use", "schema"), error.do)
            return None
        self._problems += [problem for problem in found.problems if problem.severity == "error"]
        return found

    def _fits(self, path: Path, spec: GroupSpec, use: UseSpec, found: Other, schema: SchemaIR) -> bool:
        """Whether the group can hold it; complains of all that is against it."""
        before = len(self._problems)
        for key in (_word(one) for one in GroupSpec.model_fields if one in spec.model_fields_set):
            if key not in _BESIDE:
                what = f"what a mounted group has is said in its own schema, and `{key}` stands beside `use`"
                self._add("use", what, (*path, key), f"leave it out, or write it in {use.file}", key=True)
        ours, theirs = self._reading.schema.bind or "", schema.bind
        if ours or theirs:
            self._add(
                "use",
                *_about_bind(use.file, ours, theirs),
                (*path, "use", "schema"),
                "leave `use` out, and copy what it has",
            )
        known = {dim.address: dim for dim in _dims(schema.root)}
        for name in use.dims:
            if name not in known:
                near = closest(name, known)
                help = (
                    f"did you mean `{near}`?"
                    if near
                    else f"its dims are {', '.join(f'`{one}`' for one in known) or 'none'}"
                )
                self._add("use", f"{use.file} has no dim `{name}`", (*path, "use", "dims", name), help, key=True)
            elif home_of(found.mounted.mounts, known[name].group):
                what = f"`{name}` is a dim of a schema that {use.file} mounts itself"
                self._add("not-yet", what, (*path, "use", "dims", name), f"map it in {use.file}", key=True)
        texts = {found.key: found.mounted.reading.parsed.source.text.lstrip("\n"), **found.mounted.texts}
        other = next((key for key, text in texts.items() if self._texts.get(key, text) != text), None)
        if other is not None:
            self._add(
                "use", f"two different schemas are called {other}", (*path, "use", "schema"), "rename one of them"
            )
        if self._size + found.mounted.size > MOST:
            what = f"with all that they mount, these schemas have more than {MOST} dims, features and groups"
            self._add("too-large", what, (*path, "use", "schema"), "mount less")
        return len(self._problems) == before

    def _add(self, rule: str, message: str, path: Path, help: str, *, key: bool = False) -> None:
        root, source = self._reading.parsed.root, self._reading.parsed.source
        place = source.location(1, 1) if root is None else (find_key if key else find)(root, path).location
        self._problems.append(source.problem(rule, message, place, help))


def _about_bind(file: str, ours: str, theirs: str) -> tuple[str]:
    if ours != theirs:
        said = [f"`bind: {one}`" if one else "no `bind`" for one in (theirs, ours)]
        return (f"{file} has {said[0]}, and this schema has {said[1]}: one file is of one kind",)
    return ("not yet in this version: mounting another schema (`use`) in files of others",)


def _word(field: str) -> str:
    return "from" if field == "from_" else field


def _users(schema: SchemaSpec) -> Iterator[tuple[str, Path, GroupSpec]]:
    """Address, path and spec of each group with `use`."""
    waiting: list[tuple[str, Path, GroupSpec]] = [("", (), schema)]
    while waiting:
        address, path, spec = waiting.pop()
        if spec.use is not None:
            yield address, path, spec
            continue
        prefix = f"{address}/" if address else ""
        inner = [(prefix + name, (*path, "groups", name), one) for name, one in spec.groups.items()]
        waiting += reversed(inner)


def _count(spec: GroupSpec) -> int:
    count, waiting = 0, [spec]
    while waiting:
        group = waiting.pop()
        count += len(group.dims) + len(group.features) + len(group.groups)
        waiting += group.groups.values()
    return count


def _dims(group: GroupIR) -> Iterator[DimIR]:
    yield from group.dims
    for inner in group.groups:
        yield from _dims(inner)


def _taken(spec: GroupSpec, other: SchemaSpec, ours: Mapping[str, DimIR]) -> GroupSpec:
    """The group with what the root group of the other schema has, but for dims that are ours."""
    taken = {key: getattr(other, key) for key in _TAKEN if key in other.model_fields_set}
    group = spec.model_copy(update={**taken, "doc": other.doc})
    for address in ours:
        *names, name = address.split("/")
        holder = group
        for step in names:
            holder = holder.groups[step]
        dims: dict[str, DimSpec] = {key: dim for key, dim in holder.dims.items() if key != name}
        group = _replaced(group, tuple(names), holder.model_copy(update={"dims": dims}))
    return group


def _replaced(spec: GroupSpec, names: tuple[str | int, ...], new: GroupSpec | None) -> GroupSpec:
    """A group with another one in place of one in it; None: without it."""
    if not names:
        return spec if new is None else new
    first, rest = str(names[0]), names[1:]
    inner = _replaced(spec.groups[first], rest, new) if rest or new is not None else None
    groups = {name: inner if name == first else one for name, one in spec.groups.items()}
    return spec.model_copy(update={"groups": {name: one for name, one in groups.items() if one is not None}})


def _spliced(node: Node, path: Path, root: Node) -> Node:
    """The nodes with those of another schema in the mapping at a path."""
    assert isinstance(node, MapNode)
    if not path:
        own = {key.text for key, _ in node.entries}
        taken = [
            one for word in map(_word, (*_TAKEN, "doc")) if word not in own and (one := entry(root, word)) is not None
        ]
        return node._replace(entries=(*node.entries, *taken))
    return node._replace(
        entries=tuple(
            (key, _spliced(inner, path[1:], root) if key.text == path[0] else inner) for key, inner in node.entries
        )
    )
