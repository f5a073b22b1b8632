"""What `groups.py` holds: enums, entries, groups and the file, ready for the template."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from typing import NamedTuple

from h5schema.resolve.ir import (
    SPARSE,
    EntryIR,
    EnumIR,
    FeatureIR,
    GroupIR,
    Json,
    MountIR,
    SchemaIR,
    dim_word,
    each_once,
)
from h5schema.vocabulary.dtypes import ENCODED

from .axes import AxisView, axis, axis_class
from .conditions import check
from .conditions import parts as parts_of
from .imports import Imports
from .literals import given, literal, name, string, strings
from .local import Scope, scopes_of
from .printer import Bracketed, Code, call, flat, subscript
from .types import Values, features_of, numpy_name, stored_word
from .views import ViewView, add_imports, modules, views

_OF_NUMPY = ("dense", "ragged", "nested", "scalar", "files", *SPARSE)
"""Kinds whose declaration names a type of numpy."""
_ARRAYS = ("dense", "ragged", "nested", "files")
"""Kinds whose entries are arrays, or lists of arrays."""
_DECLARATIONS = {
    "scalar": "Scalar",
    "dense": "Array",
    "enum": "Enumerated",
    "ragged": "Ragged",
    "nested": "Nested",
    "csr": "Csr",
    "csc": "Csc",
    "files": "Files",
    "coo": "Coo",
    "category": "Category",
    "text": "Text",
    "texts": "TextList",
    "attributes": "Attributes",
    "bytes": "Bytes",
    "json": "Json",
    "mixed": "Mixed",
    "tree": "Tree",
    "dense_nodes": "ArrayNodes",
    "ragged_nodes": "RaggedNodes",
    "text_nodes": "TextNodes",
}


class FeatureView(NamedTuple):
    """A feature as its template sees it; what is None or "" is not written."""

    name: str
    kind: str
    dtype: str | None
    stored: Code | None
    enum: str | None
    names: Code | None
    dims: str | None
    size: Code | None
    shared: Code | None
    options: tuple[tuple[str, Code], ...]
    optional: bool
    view: str | None
    doc: str
    entry: str


class FieldView(NamedTuple):
    """A field of an entry."""

    name: str
    type: Code
    optional: bool = False


class EntryView(NamedTuple):
    """A `TypedDict`: an entry, or the part of one that lies in a group."""

    name: str
    doc: str
    fields: tuple[FieldView, ...]


class InnerView(NamedTuple):
    """A group inside another."""

    name: str
    class_name: str
    at: str
    table: Code | None = None
    mounted: Code | None = None
    doc: str = ""


class GroupView(NamedTuple):
    """A class: its axes, features and groups."""

    name: str
    doc: str
    axes: tuple[AxisView, ...]
    features: tuple[FeatureView, ...]
    groups: tuple[InnerView, ...]


class EnumView(NamedTuple):
    """An `IntEnum`."""

    name: str
    doc: str
    members: tuple[tuple[str, int], ...]


class GroupsView(NamedTuple):
    """The whole module."""

    imports: str
    schema: Code
    modules: tuple[tuple[str, str], ...]
    enums: tuple[EnumView, ...]
    entries: tuple[EntryView, ...]
    views: tuple[ViewView, ...]
    groups: tuple[GroupView, ...]
    file: GroupView
    splits: Code | None


def view(schema: SchemaIR) -> GroupsView:
    """Everything that the template of `groups.py` prints."""
    return _Builder(schema).view()


class _Builder:
    def __init__(self, schema: SchemaIR) -> None:
        self.schema = schema
        self.enums = {enum.class_name: enum for enum in schema.enums}
        self.values = Values({enum.class_name: enum.base for enum in schema.enums})
        self.features = tuple(features_of(schema.root))
        self.users = {f.dtype.enum: f.address for f in reversed(self.features) if f.dtype.enum is not None}
        self.scopes = scopes_of(schema.root)
        self.dims = {dim.address: dim for group in _groups(schema.root) for dim in group.dims}
        self.inner = each_once(tuple(_groups(schema.root))[:-1])
        own: dict[str, FeatureIR] = {}
        for feature in self.features:
            own.setdefault(feature.view, feature._replace(address=self._local(feature.address)))
        self.by_address = {feature.address: feature for feature in self.features}
        items = [item for entry in schema.entries for item in entry.items]
        self.trees = {address for _, kind, address in items if kind == "tree"}
        mappings = {self.by_address[address].view for address in self.trees}
        self.views = views(tuple(own.values()), self.values, mappings)

    def view(self) -> GroupsView:
        schema = self.schema
        groups = tuple(map(self._group, self.inner))
        file = self._group(schema.root)
        items = tuple(
            (
                f"{string(split.name)}: ",
                call(
                    "Split",
                    [
                        ("", strings(split.over)),
                        ("", parts_of(split.parts)),
                        *given(by=split.by, seed=split.seed or None),
                    ],
                ),
            )
            for split in schema.splits
        )
        return GroupsView(
            imports=self._imports(),
            schema=self._schema(),
            modules=modules(self.features),
            enums=tuple(self._enum(enum) for enum in schema.enums),
            entries=tuple(map(self._entry, schema.entries)),
            views=self.views,
            groups=groups,
            file=file,
            splits=Bracketed("{", items, "}") if items else None,
        )

    def _schema(self) -> Code:
        """Which schema it is, and what it says of older versions."""
        schema = self.schema
        arguments: list[tuple[str, Code]] = [("", string(schema.name)), ("", string(schema.version))]
        arguments += [] if schema.bind else [("", string(schema.fingerprint))]
        renamed = dict[str, Json](schema.renamed) or None
        return call(
            "Schema", [*arguments, *given(bind=schema.bind or None, renamed=renamed, reserved=schema.reserved or None)]
        )

    def _imports(self) -> str:
        needed = Imports()
        if self.enums:
            needed.name("enum", "IntEnum")
        if self.schema.entries:
            needed.name("typing", "TypedDict")
        if any(map(_has_numpy, self.features)):
            needed.module("numpy", "np")
        arrays = {one.address for one in self.features if one.kind in _ARRAYS and _has_numpy(one)}
        if any(of in arrays for entry in self.schema.entries for _, _, of in entry.items):
            needed.name("numpy.typing", "NDArray")
        base = ("BoundFile",) if self.schema.bind else ("File", "Writer")
        needed.name("h5schema.runtime", *base, "Schema", *(axis_class(dim) for dim in self.dims.values()))
        needed.name("h5schema.runtime", *(_DECLARATIONS[self._kind(feature)] for feature in self.features))
        sparse = {feature.address for feature in self.features if feature.kind in SPARSE}
        if any(of in sparse for entry in self.schema.entries for _, _, of in entry.items):
            needed.name("h5schema.runtime", "SparseRow")
        documents = {feature.address for feature in self.features if feature.dtype.name == "json"}
        if any(of in documents for entry in self.schema.entries for _, _, of in entry.items):
            needed.name("h5schema.runtime", "JsonValue")
        mixed = {feature.address for feature in self.features if feature.kind == "mixed"}
        if any(of in mixed for entry in self.schema.entries for _, _, of in entry.items):
            needed.name("h5schema.runtime", "AnyValue")
        if self.trees:
            needed.name("collections.abc", "Mapping")
        if self.inner:
            needed.name("h5schema.runtime", "Group")
        if any(feature.optional for feature in self.features):
            needed.name("h5schema.runtime", "optional")
        indices = [dim.indexed for dim in self.dims.values() if dim.indexed is not None]
        needed.name("h5schema.runtime", *("IndexAt" for _ in indices))
        parts = [part for split in self.schema.splits for part in split.parts]
        asked = [one for index in indices for _, one in index.where]
        needed.name("h5schema.runtime", *("Among" if one.values is not None else "Check" for one in asked))
        if any(feature.check for feature in self.features) or any(part.check for part in parts):
            needed.name("h5schema.runtime", "Check")
        if any(part.feature is not None for part in parts):
            needed.name("h5schema.runtime", "Held")
        if any(part.values is not None for part in parts):
            needed.name("h5schema.runtime", "Among")
        if self.schema.splits:
            needed.name("collections.abc", "Mapping")
            needed.name("typing", "ClassVar")
            needed.name("h5schema.runtime", "Split")
        add_imports(needed, self.views)
        return needed.text

    def _enum(self, enum: EnumIR) -> EnumView:
        user = self.users.get(enum.class_name)
        doc = _or(enum.doc, f"Values of `{self._local(user)}`." if user else "Values of a feature.")
        members = tuple((name(identifier), value) for identifier, _, value in enum.members)
        return EnumView(name(enum.class_name), doc, members)

    def _entry(self, entry: EntryIR) -> EntryView:
        whole = entry.group == entry.dim.rpartition("/")[0]
        scope = self.scopes[entry.dim.rpartition("/")[0]]
        dim, group = scope.name(entry.dim), scope.name(entry.group)
        default = f"One entry of `{dim}`." if whole else f"What an entry of `{dim}` has in `{group}`."
        fields = tuple(self._field(key, kind, of) for key, kind, of in entry.items)
        return EntryView(name(entry.class_name), _or(entry.doc, default), fields)

    def _field(self, key: str, kind: str, of: str) -> FieldView:
        if kind == "entry":
            return FieldView(name(key), name(of))
        if kind == "tree":
            return FieldView(name(key), subscript("Mapping", ["str", "object"]))
        feature = self.by_address[of]
        return FieldView(name(key), self.values.entry(feature), feature.optional)

    def _local(self, address: str) -> str:
        """An address as a class says it."""
        return self.scopes[address.rpartition("/")[0]].name(address)

    def _group(self, group: GroupIR) -> GroupView:
        root, scope = group is self.schema.root, self.scopes[group.address]
        title = f"Files of the schema {self.schema.name}." if root else f"The group `{scope.name(group.address)}`."
        if group.mounted is not None:
            title = f"A group of the schema {group.mounted.name}."
        local = group._replace(path=scope.located(group.path))
        return GroupView(
            name=name(self.schema.class_name if root else group.class_name),
            doc=_or(self.schema.doc if root else group.doc, title),
            axes=tuple(axis(scope.dim(dim), bound=bool(self.schema.bind)) for dim in group.dims),
            features=tuple(self._feature(scope.feature(feature), local) for feature in group.features),
            groups=tuple(
                InnerView(
                    name(inner.identifier),
                    name(inner.class_name),
                    _relative(scope.located(inner.path), local.path),
                    literal(True) if inner.table else None,
                    None if (mount := inner.mounted) is None else literal(_dims_of(mount, scope)),
                    "" if mount is None else mount.doc,
                )
                for inner in group.groups
            ),
        )

    def _kind(self, feature: FeatureIR) -> str:
        """Which declaration a feature becomes."""
        if feature.address in self.trees:
            return "tree"
        nodes = f"{feature.kind}_nodes"
        return nodes if "{" in feature.path and not self.schema.bind and nodes in _DECLARATIONS else feature.kind

    def _dtype(self, feature: FeatureIR) -> str | None:
        """The first argument of a declaration that names a dtype."""
        if feature.kind not in _OF_NUMPY:
            return None
        stored = self.values.stored(feature.dtype)
        return numpy_name(stored) if _has_numpy(feature) else string(stored)

    def _feature(self, feature: FeatureIR, group: GroupIR) -> FeatureView:
        enum = self.enums[feature.dtype.enum] if feature.dtype.enum is not None else None
        other = enum is not None and any(identifier != text for identifier, text, _ in enum.members)
        at = _relative(feature.path, group.path)
        if self.schema.bind and feature.origin is not None:
            at = f"{{{feature.origin.capture}}}"  # of the path of its file
        return FeatureView(
            name=name(feature.identifier),
            kind=self._kind(feature),
            dtype=self._dtype(feature),
            stored=literal(stored) if (stored := stored_word(feature.dtype.name)) else None,
            enum=name(enum.class_name) if enum else None,
            names=_texts(enum) if enum and other else None,
            dims=string(" ".join(map(dim_word, feature.dims))) if feature.dims else None,
            shared=literal(True) if feature.store == "coo shared" else None,
            size=literal(feature.dtype.size) if feature.dtype.size is not None else None,
            options=given(
                form=feature.store if feature.kind == "files" else None,
                quality=feature.quality,
                at=at if at != feature.identifier else None,
                unit=feature.unit or None,
                codec=feature.codec if feature.codec != "none" else None,
                level=feature.level,
                chunk=feature.chunk,
                layout=feature.layout if feature.layout != "auto" else None,
                check=check(feature.check) if feature.check else None,
                fill=feature.fill,
                axes=literal(feature.axes) if feature.axes else None,
                transposes=feature.transposes,
                plot=feature.plot or None,
                deprecated=feature.deprecated,
            ),
            optional=feature.optional,
            view=name(feature.view) if feature.view else None,
            doc="\n\n".join(filter(None, (feature.doc.strip(), _deprecated(feature), self.values.summary(feature)))),
            entry=flat(self.values.entry(feature)),
        )


def _deprecated(feature: FeatureIR) -> str:
    """That a feature is not to be used any more."""
    if feature.deprecated is None:
        return ""
    return f"Deprecated: {feature.deprecated.strip()}" if feature.deprecated.strip() else "Deprecated."


def _dims_of(mount: MountIR, scope: Scope) -> dict[str, Json]:
    """Our dims in a mounted schema, as the class says them in which it is mounted."""
    return {theirs: scope.name(ours) for theirs, ours in mount.dims.items()}


def _has_numpy(feature: FeatureIR) -> bool:
    """Whether the declaration of a feature names a type of numpy."""
    return feature.kind in _OF_NUMPY and feature.dtype.name not in ENCODED


def _texts(enum: EnumIR) -> Code:
    return Bracketed("[", tuple(("", string(text)) for _, text, _ in enum.members), "]")


def _relative(path: str, group: str) -> str:
    """A path as it stands below a group: without the group's own path where it starts with that."""
    group = group.rstrip("/")
    if path.startswith((f"{group}/", f"{group}@")):
        return path[len(group) :].removeprefix("/")
    return posixpath.join("/", path)


def _groups(group: GroupIR) -> Iterator[GroupIR]:
    """Inner groups first, as their classes are needed."""
    for inner in group.groups:
        yield from _groups(inner)
    yield group


def _or(doc: str, default: str) -> str:
    return doc if doc.strip() else default
