"""What a file class declares, found once: every axis and feature by address, and where it lies."""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, TypeAlias, cast
from weakref import WeakKeyDictionary

import numpy as np

from h5schema.vocabulary import layout

from .axes import AnyAxis, FixedAxis, KeyedAxis, NamedAxis, OpenAxis, RaggedAxis
from .features import Feature
from .kinds import OPEN, NodeLengths, Place, Spread, Stored, Words, firsts_of
from .mounted import Root
from .tables import Table

if TYPE_CHECKING:
    from .file import File, Node

AnyFeature: TypeAlias = "Feature[object, object]"

_INT64 = np.dtype(np.int64)
_OURS = f"{__package__}."


class Axle:
    """An axis in its place: `path` is its dimension scale. No tuple, because a field would be a descriptor."""

    __slots__ = ("address", "axis", "path")

    def __init__(self, address: str, path: str, axis: AnyAxis) -> None:
        self.address = address
        self.path = path
        self.axis = axis


@dataclass(frozen=True)
class Model:
    """All declarations of a file class, in the order in which they stand.

    Attributes:
        axes: By address.
        features: By address.
        places: Where each feature lies, by address.
        groups: HDF5 path of each group, by address; the root is "".
    """

    axes: Mapping[str, Axle]
    features: Mapping[str, AnyFeature]
    places: Mapping[str, Place]
    groups: Mapping[str, str]

    def sized(self, lengths: Mapping[str, int], addresses: Collection[str]) -> Model:
        """The same without the features that run across several open dims, but for some in a file of these lengths.

        Args:
            lengths: Of the open dims that those run across.
            addresses: Of those that stay.
        """
        places = {
            address: place.sized(lengths.__getitem__)
            for address, place in self.places.items()
            if not place.across or address in addresses
        }
        return replace(self, features={address: self.features[address] for address in places}, places=places)

    def across(self, dim: str) -> tuple[str, ...]:
        """Addresses of the other open dims across which features of a dim run, but for those that are made last."""
        led = (self.places[one].across for one in self.led_by(dim) if self.transposes(one) is None)
        return tuple(dict.fromkeys(other for dims in led for other in dims))

    def in_file_of(self, lengths: Mapping[str, int]) -> Model:
        """The same with those features across several open dims of which the lengths are known, and that are not made
        at the end."""
        across = {address: place.across for address, place in self.places.items() if place.across}
        known = {one for one, dims in across.items() if lengths.keys() >= set(dims) and self.transposes(one) is None}
        return self.sized(lengths, known) if across else self

    def dictionaries(self) -> dict[str, str]:
        """Paths of the words of each category, by address."""
        found = ((address, self.features[address].dictionary(place)) for address, place in self.places.items())
        return {address: path for address, path in found if path is not None}

    def worded(self, words: Mapping[str, Words]) -> Model:
        """The same in a file whose categories have these words."""
        if not words:
            return self
        places = {address: place._replace(words=words.get(address)) for address, place in self.places.items()}
        return replace(self, places=places)

    def led_by(self, dim: str) -> tuple[str, ...]:
        """Addresses of the features whose first dim is `dim`."""
        return tuple(address for address, place in self.places.items() if place.lead == dim)

    def transposes(self, address: str) -> str | None:
        """Address of the matrix of which a feature is the transpose; None: it is none."""
        return self.features[address].options.transposes

    def open_dims(self) -> tuple[str, ...]:
        """Addresses of the dims to which entries are appended."""
        return tuple(address for address, axle in self.axes.items() if isinstance(axle.axis, OpenAxis))

    def nodes(self, dim: str) -> tuple[str, ...]:
        """Paths with braces, at which each entry of a dim is a node."""
        parts = (part for address in self.led_by(dim) for part in self.stored(address))
        return tuple(part.path for part in parts if part.nodes)

    def is_spread(self, dim: str) -> bool:
        """Whether the entries of a dim lie at paths of their own; it has no dimension scale then."""
        axis = self.axes[dim].axis
        return isinstance(axis, NamedAxis) and axis.spread is not None

    def occupied(self) -> frozenset[str]:
        """Paths of all that lies at a place of its own, whatever the entries are."""
        scales = {axle.path for dim, axle in self.axes.items() if not self.is_spread(dim)}
        return frozenset(scales.union(place.path for place in self.places.values()))

    def outer(self, dim: str) -> tuple[str, ...]:
        """The dims with whose ids an id of `dim` begins, the outermost first."""
        axis = self.axes[dim].axis
        return (*self.outer(axis.per), axis.per) if isinstance(axis, KeyedAxis) else ()

    def ids_of(self, dim: str) -> tuple[str, ...]:
        """The dims whose ids an id of `dim` is made of."""
        return (*self.outer(dim), dim)

    def within(self, dim: str) -> tuple[str, ...]:
        """The dims whose entries lie within those of `dim`, each with an id of its own there."""
        axes = ((address, axle.axis) for address, axle in self.axes.items())
        return tuple(address for address, axis in axes if isinstance(axis, KeyedAxis) and axis.per == dim)

    def trees(self, dim: str) -> tuple[str, ...]:
        """Addresses of the features that are a mapping in each entry of `dim`, from the ids of a dim within it."""
        inner = self.within(dim)
        return tuple(
            address for address, feature in self.features.items() if feature.is_tree and self.lead(address) in inner
        )

    def lead(self, address: str) -> str:
        """The dim of a feature's entries; "" if it has none."""
        return self.places[address].lead or ""

    def has_ids(self, dim: str) -> bool:
        """Whether the entries of `dim` have ids."""
        return isinstance(self.axes[dim].axis, NamedAxis)

    def ragged_below(self, dim: str) -> tuple[str, ...]:
        """Addresses of the ragged dims that are per `dim`, or per one of these; each after the one that it is per."""
        ragged = (address for address, axle in self.axes.items() if isinstance(axle.axis, RaggedAxis))
        direct = (address for address in ragged if self.parent(address) == dim)
        return tuple(one for address in direct for one in (address, *self.ragged_below(address)))

    def is_ragged(self, dim: str) -> bool:
        """Whether a dim has a length of its own in each entry of another."""
        return isinstance(self.axes[dim].axis, RaggedAxis)

    def parent(self, dim: str) -> str:
        """The dim of which each entry has a length of a ragged dim."""
        axis = self.axes[dim].axis
        assert isinstance(axis, RaggedAxis)
        return axis.per

    def chain(self, dim: str) -> tuple[str, ...]:
        """A dim behind those that it is per, from the dim of entries on."""
        return (*self.chain(self.parent(dim)), dim) if self.is_ragged(dim) else (dim,)

    def over_chain(self, dim: str) -> str:
        """Address of a feature whose entries have the lengths of a ragged dim, and of those that it is per."""
        ragged = self.chain(dim)[1:]
        return next(address for address, place in self.places.items() if place.ragged[: len(ragged)] == ragged)

    def over_ragged(self, dim: str) -> str:
        """Address of a feature whose entries have the lengths of a ragged dim."""
        return next(address for address, place in self.places.items() if place.ragged[:1] == (dim,))

    def is_end_to_end(self, address: str) -> bool:
        """Whether the values of a feature's entries lie end to end in its dataset."""
        return self.places[address].lead is not None and not self.stored(address)[0].per_entry

    def stored(self, address: str) -> tuple[Stored, ...]:
        """The datasets of a feature that has entries; of a member of a table, that table in place of its own."""
        feature, place = self.features[address], self.places[address]
        if place.table is None:
            return feature.stored(place)
        return self.tables[place.path].stored, *feature.stored(place)[1:]

    @cached_property
    def tables(self) -> dict[str, Table]:
        """The tables, by the path of each of their members."""
        members: dict[str, list[str]] = {}
        for address, place in self.places.items():
            if place.table is not None:
                members.setdefault(place.table, []).append(address)
        return {self.places[one].path: self._table(path, some) for path, some in members.items() for one in some}

    def _table(self, path: str, members: Sequence[str]) -> Table:
        stored = tuple(self.features[one].stored(self.places[one])[0] for one in members)
        return Table(path, self.places[members[0]].lead or "", stored)

    def kept(self, dim: str) -> tuple[Stored, ...]:
        """The datasets of ours that grow with an open dim, besides its ids."""
        commits = Stored(layout.of_dim(dim, "commits"), _INT64, data=False, per_entry=False)
        return commits, *(part for ragged in self.ragged_below(dim) for part in self._lengths(ragged, dim))

    def _lengths(self, ragged: str, lead: str) -> tuple[Stored, ...]:
        lengths = Stored(layout.of_dim(ragged, "lengths"), _INT64, data=False, per_entry=self.parent(ragged) == lead)
        return (lengths,) if lengths.per_entry else (lengths, Stored(firsts_of(lengths.path), _INT64, data=False))

    def grown(self, dim: str) -> tuple[Stored, ...]:
        """The datasets to which the entries of an open dim are appended, but for its ids and commits."""
        features = (part for address in self.led_by(dim) for part in self.stored(address))
        every = {part.path: part for part in (*features, *self.kept(dim)[1:])}  # features may share coordinates
        return tuple(every.values())

    def layout(self) -> layout.Layout:
        """What the fingerprint is made of; equal to what the generator resolved."""
        return {
            "layout": layout.LAYOUT_VERSION,
            "dims": {address: axle.axis.record for address, axle in self.axes.items()},
            "features": {address: self._record(address) for address in self.features},
        }

    def _record(self, address: str) -> dict[str, object]:
        feature, place = self.features[address], self.places[address]
        return {
            "path": place.path,
            "dims": list(place.dims),
            "dtype": feature.dtype_record,
            "optional": place.optional,
            "unit": feature.options.unit,
        } | ({"store": store} if (store := feature.store or ("table" if place.table else "")) else {})


_models: WeakKeyDictionary[type, Model] = WeakKeyDictionary()


def model_of(file: type[File]) -> Model:
    """The model of a file class; made when the class is first used, not when it is imported."""
    if file not in _models:
        _models[file] = _model(file)
    return _models[file]


def _model(file: type[File]) -> Model:
    axes: dict[str, Axle] = {}
    features: dict[str, AnyFeature] = {}
    groups: dict[str, str] = {}
    paths: dict[str, str] = {}
    tables: dict[str, str | None] = {}
    for address, path, node, table, root in _nodes(file, "", "/", None, Root()):
        groups |= {address: path} if table is None else {}
        for name, value in _declared(node):
            inner = f"{address}/{name}" if address else name
            if isinstance(value, AnyAxis):
                axes[inner] = Axle(inner, posixpath.join(path, name), root.axis(value))
            elif isinstance(value, Feature):
                features[inner] = root.feature(cast("AnyFeature", value))
                paths[inner] = _path(root, path, value.options.at or name)
                tables[inner] = table
    places = {address: _place(address, paths[address], feature, axes) for address, feature in features.items()}
    places = {address: place._replace(table=tables[address]) for address, place in places.items()}
    spread = [address for address, feature in features.items() if isinstance(feature.kind, Spread)]
    places |= {address: places[address]._replace(located=NodeLengths()) for address in spread}
    return Model(axes, features, places, groups)


def _nodes(
    node: type[Node], address: str, path: str, table: str | None, root: Root
) -> Iterator[tuple[str, str, type[Node], str | None, Root]]:
    from .file import Group, is_table, mounted_dims

    yield address, path, node, table, root
    for name, value in _declared(node):
        if isinstance(value, Group):
            inner = f"{address}/{name}" if address else name
            below, dims = root.join(path, value.at), mounted_dims(value)
            seen = root if dims is None else root.inner(inner, below, dims)
            yield from _nodes(type(value), inner, below, table or (below if is_table(value) else None), seen)


def _declared(node: type[Node]) -> Iterator[tuple[str, object]]:
    seen: dict[str, object] = {}
    for cls in reversed(node.__mro__):
        if not cls.__module__.startswith(_OURS):  # our own classes declare nothing
            seen.update(vars(cls))
    yield from ((name, value) for name, value in seen.items() if not name.startswith("__"))


def _path(root: Root, group: str, at: str) -> str:
    node, mark, attribute = at.partition("@")
    return root.join(group, node).rstrip("/") + mark + attribute if mark else root.join(group, at)


def _place(address: str, path: str, feature: AnyFeature, axes: Mapping[str, Axle]) -> Place:
    dims = tuple(0 if part == "_" else int(part) if part.isdigit() else part for part in feature.dims.split())
    lead = next((dim for dim in dims if isinstance(dim, str) and isinstance(axes[dim].axis, OpenAxis)), None)
    ragged = tuple(dim for dim in dims if isinstance(dim, str) and isinstance(axes[dim].axis, RaggedAxis))
    across = tuple(dim for dim in dims if isinstance(dim, str) and isinstance(axes[dim].axis, OpenAxis) and dim != lead)
    parents = {axis.per for dim in ragged if isinstance(axis := axes[dim].axis, RaggedAxis)}
    lists = tuple(dim for dim in ragged if dim in parents or feature.has_bytes)
    sizes = [OPEN if dim in across else _size(dim, axes) for dim in dims if dim != lead and dim not in lists]
    sizes += [None] if feature.has_bytes else []
    last = max((index + 1 for index, size in enumerate(sizes) if size is None), default=0)
    shape = tuple(size for size in sizes[last:] if size is not None)
    optional = feature.options.optional
    return Place(address, path, dims, lead, ragged, shape, optional, across, lists=lists, outer=tuple(sizes[:last]))


def _size(dim: str | int, axes: Mapping[str, Axle]) -> int | None:
    if isinstance(dim, int):
        return dim
    axis = axes[dim].axis
    return axis.size if isinstance(axis, FixedAxis) else None
