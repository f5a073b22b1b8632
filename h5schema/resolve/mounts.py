"""Schemas that are mounted in groups: where they are, and what their names mean there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

from .ir import DimIR

if TYPE_CHECKING:
    from .draft import Draft


class Mount(NamedTuple):
    """A group in which the root group of another schema stands.

    Attributes:
        file: Path of the other schema, from the folder of the first one; it tells schemas apart.
        name: Of the other schema.
        dims: Addresses of its dims that are ours: {theirs: ours, as it is written}.
        axes: What the dims are that are ours, in the other schema.
    """

    file: str
    name: str
    dims: Mapping[str, str] = {}
    axes: Mapping[str, DimIR] = {}
    doc: str = ""


def outward(address: str) -> Iterator[str]:
    """Addresses of a group and of those around it, up to the root."""
    yield address
    while address:
        address = address.rpartition("/")[0]
        yield address


def home_of(mounts: Mapping[str, object], group: str) -> str:
    """The group that is the root for the names in a group: the nearest one in which a schema is mounted."""
    return next((outer for outer in outward(group) if outer in mounts), "") if mounts else ""


def within(home: str, address: str) -> str:
    """An address as it is seen from a group that is its root."""
    return address[len(home) + 1 :] if home and address.startswith(f"{home}/") else address


class Twins:
    """Mounts that become the same classes: of the same schema, with the same dims of ours.

    A feature from outside that is led by a dim of a mounted schema becomes part of its entries: such a mount has
    classes of its own.
    """

    def __init__(self, draft: Draft) -> None:
        self._mounts = draft.mounts
        foreign = set(_extended(draft))
        self._first: dict[str, str] = {}
        first: dict[object, str] = {}
        for address, mount in draft.mounts.items():
            key = (mount.file, frozenset(mount.dims), address if address in foreign else "")
            self._first[address] = first.setdefault(key, address)
        kinds = [draft.mounts[address].file for address in first.values()]
        self._sole = {file for file in kinds if kinds.count(file) == 1}

    def first(self, address: str) -> str:
        """The address of what an element shares its class with; of the first of them, its own."""
        for end in range(1, address.count("/") + 2) if self._first else ():
            group = "/".join(address.split("/")[:end])
            twin = self._first.get(group, group)
            if twin != group:
                return self.first(twin + address[len(group) :])
        return address

    def key(self, key: str) -> str:
        """The key of the class that stands for a class: `group train`, `entry train/photo in train/labels`."""
        kind, address, *inner = key.split(" ")
        if inner and not home_of(self._mounts, address):  # the part of an entry of ours: each mount has its own
            return key
        return " ".join((kind, self.first(address), *(one if one == "in" else self.first(one) for one in inner)))

    def names(self, address: str) -> tuple[str, ...]:
        """What a class is called after: the name of the mounted schema stands for its group."""
        home = home_of(self._mounts, address)
        if not home:
            return tuple(address.split("/"))
        mount = self._mounts[home]
        inner = within(home, address).split("/") if address != home else []
        return (*(() if mount.file in self._sole else home.split("/")), mount.name, *inner)


def _extended(draft: Draft) -> Iterator[str]:
    """Mounts of which a dim leads features from outside."""
    for address, feature in draft.resolved.items():
        lead = feature.dims[0] if feature.dims else None
        home = home_of(draft.mounts, lead) if isinstance(lead, str) else ""
        if home and not address.startswith(f"{home}/"):
            yield from (
                outer for outer in outward(home) if outer in draft.mounts and not address.startswith(f"{outer}/")
            )
