"""What the passes hand on: the schema as far as it is resolved, and the problems found so far.

A pass takes a `Draft` and returns a new one; nothing in it is changed in place. An address that is in
`broken` had its complaint: whoever refers to it says nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Generic, NamedTuple, TypeAlias, TypeVar

from h5schema.errors import Location, Problem, Severity
from h5schema.parse import Scalar, find, find_key
from h5schema.spec import DimSpec, FeatureSpec, GroupSpec, Reading, StoreSpec
from h5schema.spec.prune import element_of, is_aside

from .ir import DimIR, EnumIR, FeatureIR, Json, LoaderIR, SplitIR
from .mounts import Mount, home_of

Path: TypeAlias = "tuple[str | int, ...]"
"""Keys and positions that lead from the root of the YAML to a node."""

SpecT = TypeVar("SpecT")
ValueT_co = TypeVar("ValueT_co", covariant=True)


class Declared(NamedTuple, Generic[SpecT]):
    """A dim, feature or group where it stands in the schema.

    Attributes:
        address: Names from the root, joined by `/`.
        group: Address of the enclosing group.
        path: Where it stands in the YAML.
        spec: What the user wrote.
    """

    address: str
    group: str
    path: Path
    spec: SpecT

    @property
    def name(self) -> str:
        """The last name of the address."""
        return self.address.rpartition("/")[2]


class Given(NamedTuple, Generic[ValueT_co]):
    """A value, and where the user wrote it: perhaps in a group around the feature.

    Attributes:
        path: Of the value in the YAML.
        group: Address of the group from which names in it are seen.
    """

    value: ValueT_co
    path: Path
    group: str


class Settings(NamedTuple):
    """What holds for a feature, with the defaults of its groups.

    Attributes:
        origin: The `from`: addresses of features, or one capture.
        store: What is said of storage, from the outermost group to the feature itself.
    """

    dims: Given[tuple[str | int, ...]]
    source: Given[str] | None = None
    origin: Given[tuple[str, ...]] | None = None
    call: Given[str] | None = None
    params: Given[Mapping[str, Json]] | None = None
    optional: Given[bool] | None = None
    store: tuple[Given[StoreSpec], ...] = ()


class Draft(NamedTuple):
    """The schema on its way through the passes.

    Attributes:
        mounts: The schemas that are mounted, by address.
        texts: Of the mounted schemas, by path.
        aliases: Where a dim of a mounted schema would be, and the address of ours that stands in its place.
        renamed: What features and groups were called in older versions, by address.
        reserved: Addresses of what older versions had, and which mean nothing any more.
        broken: Paths in the YAML of elements that had their complaint already.
        paths: HDF5 path of each group.
        resolved: The features so far, in the order of the schema.
        made: Features that extraction makes, each after those it is made from.
        enums: By address of their feature.
        classes: Names of classes; keys as `passes.classes` makes them.
        told: By which path each place had a complaint of a rule. Another path leads there through an alias, and
            what is wrong behind an alias is wrong once, however often it is used.
    """

    reading: Reading
    file_name: str
    mounts: Mapping[str, Mount] = {}
    texts: Mapping[str, str] = {}
    aliases: Mapping[str, str] = {}
    renamed: Mapping[str, str] = {}
    reserved: tuple[str, ...] = ()
    dims: Mapping[str, Declared[DimSpec]] = {}
    features: Mapping[str, Declared[FeatureSpec]] = {}
    groups: Mapping[str, Declared[GroupSpec]] = {}
    settings: Mapping[str, Settings] = {}
    broken: frozenset[Path] = frozenset()
    axes: Mapping[str, DimIR] = {}
    paths: Mapping[str, str] = {}
    resolved: Mapping[str, FeatureIR] = {}
    made: tuple[str, ...] = ()
    enums: Mapping[str, EnumIR] = {}
    classes: Mapping[str, str] = {}
    splits: tuple[SplitIR, ...] = ()
    loaders: tuple[LoaderIR, ...] = ()
    problems: tuple[Problem, ...] = ()
    told: Mapping[tuple[str, Location], Path] = {}

    @property
    def bound(self) -> bool:
        """Whether the schema is of files that others made."""
        return self.reading.schema.bind is not None


_INHERITED = ("at", "over", "source", "from", "call", "params", "optional", "store", "use")
"""Keys of a group without which nobody knows what its features mean."""


def doubtful(poisoned: frozenset[Path]) -> frozenset[Path]:
    """Elements of which a key was left out, so that nobody knows what they mean."""
    inner = [(element_of(path), path) for path in poisoned]
    return frozenset(
        element
        for element, path in inner
        if element != path
        and not is_aside(path)
        and (element[-2:-1] not in ((), ("groups",)) or path[len(element)] in _INHERITED)
    )


Pass: TypeAlias = Callable[[Draft], Draft]


class Notes:
    """The problems that one pass finds, while it runs."""

    def __init__(self, draft: Draft) -> None:
        self._draft = draft
        self._problems: list[Problem] = []
        self._broken: set[Path] = set()
        self._told = dict(draft.told)

    def add(
        self,
        rule: str,
        message: str,
        path: Path,
        help: str = "",
        *,
        key: bool = False,
        within: tuple[int, int] | None = None,
        severity: Severity = "error",
        breaks: Path | None = None,
    ) -> None:
        """Notes one problem.

        Args:
            rule: Its stable name.
            message: What is wrong.
            path: Where, in the YAML.
            help: What to write instead.
            key: The caret points at the key, not at its value.
            within: Offset and width of the piece of the text that is meant.
            severity: `error`, or `warning` for what is unwise.
            breaks: Path of the element about which nothing else is to be said.
        """
        place = self._location(path, key, within)
        source = self._draft.reading.source_of(place)
        if source is not self._draft.reading.parsed.source:
            message += f" (mounted as `{home_of(self._draft.mounts, '/'.join(map(str, path[1::2])))}`)"
        problem = source.problem(rule, message, place, help, severity)
        if self._told.setdefault((rule, problem.location), path) == path:
            self._problems.append(problem)
        if breaks is not None:
            self._broken.add(breaks)

    def line(self, path: Path) -> int:
        """The line of a key."""
        return self._location(path, key=True, within=None).line

    def break_(self, path: Path) -> None:
        """Notes that an element cannot be resolved because of something that had its complaint elsewhere."""
        self._broken.add(path)

    def breaks(self, path: Path) -> bool:
        """Whether the element, or one that it stands in, had its complaint already."""
        known = self._draft.broken
        return any(path[:end] in known or path[:end] in self._broken for end in range(0, len(path) + 1, 2))

    def done(self, draft: Draft) -> Draft:
        """The draft with the problems of this pass."""
        return draft._replace(
            problems=draft.problems + tuple(self._problems),
            broken=draft.broken | frozenset(self._broken),
            told=self._told,
        )

    def _location(self, path: Path, key: bool, within: tuple[int, int] | None) -> Location:
        root = self._draft.reading.parsed.root
        assert root is not None
        node = find_key(root, path) if key else find(root, path)
        place = node.location
        if within is None or not isinstance(node, Scalar):
            return place
        offset, width = within
        quote = 0 if node.plain else 1
        return place._replace(column=place.column + quote + offset, width=width)
