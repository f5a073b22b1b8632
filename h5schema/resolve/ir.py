"""The resolved schema: frozen, every default filled, every name legal Python.

This is the border between reading a schema and writing code. It knows no pydantic,
no YAML and no jinja2; templates and the fingerprint see only this.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal, NamedTuple, TypeAlias, TypeVar

from h5schema.vocabulary.sources import CapturedKind

Kind = Literal[
    "scalar", "dense", "enum", "ragged", "nested", "text", "texts", "attributes", "bytes", "json", "category", "csr",
    "csc", "coo", "files", "mixed",
]  # fmt: skip
"""What an entry is: one number, an array, a member of an enum, an array of its own length, a list, a text."""
SPARSE = ("csr", "csc", "coo")
"""Kinds of which only some elements are stored."""
ANY_SIZE = 0
"""Among the dims of a feature: `_`, a length that the file says and nothing else shares."""
Json: TypeAlias = "bool | int | float | str | tuple[Json, ...] | dict[str, Json] | None"


def dim_word(dim: str | int) -> str:
    """A dim of a feature as a schema writes it."""
    return "_" if dim == ANY_SIZE else str(dim)


class DtypeIR(NamedTuple):
    """`name` is a key of `vocabulary.dtypes.NUMBERS`, one of `ENCODED` or `DATES`, or `enum`.

    Attributes:
        name: As in the language.
        size: Bytes of a fixed-length `str` or `bytes`; None where the length is free.
        enum: Class name of the enum, for `enum`; its members are in `SchemaIR.enums`.
    """

    name: str
    size: int | None = None
    enum: str | None = None


class EnumIR(NamedTuple):
    """A generated `IntEnum`: members are (identifier in code, text in the file, value)."""

    class_name: str
    members: tuple[tuple[str, str, int], ...]
    base: str
    doc: str = ""


class DimIR(NamedTuple):
    """An axis of entries.

    Attributes:
        address: Names from the root, joined by `/`.
        identifier: Attribute name in code.
        size: Fixed size; None if open or ragged.
        per: Address of the parent dim, if ragged.
        ids: Whether entries have ids.
        source: Pattern of the sources, a table or a function of them, or None.
        id_template: Template of the ids from captures; None: the relative path, or ids given by the writer.
        entry: Class name of the TypedDict of one entry; None if the dim is fixed or ragged.
        id_feature: Address of the feature in which a file of others holds the ids.
        indexed: How a file of others says where the entries of a ragged dim lie.
        spread: Path with braces, if each entry is a node of its own.
        like: Address of the dim whose entries these are a second time.
        under: Address of the dim within whose entries those of this one lie, if they have ids of their own there.
    """

    address: str
    name: str
    identifier: str
    size: int | None = None
    per: str | None = None
    ids: bool = False
    source: str | None = None
    id_template: str | None = None
    entry: str | None = None
    doc: str = ""
    id_feature: str | None = None
    indexed: IndexIR | None = None
    spread: str | None = None
    like: str | None = None
    under: str | None = None

    @property
    def group(self) -> str:
        """Address of the group that declares it."""
        return self.address.rpartition("/")[0]


class IndexIR(NamedTuple):
    """How a file of others says where the entries of a ragged dim lie.

    Attributes:
        form: Words of the form, each with an HDF5 path: `ends`, or `start` and `end`.
        where: Which entries of the parent have a range at all, by address of the feature.
    """

    form: tuple[tuple[str, str], ...]
    where: tuple[tuple[str, PredicateIR], ...] = ()


class OriginIR(NamedTuple):
    """How extraction makes a feature.

    Attributes:
        call: Word or `module:function`; None: the capture is taken as it is.
        capture: Name of the capture that is handed over; None: see `given`.
        kind: What a value of a table is taken as, if there is no call.
        given: Addresses of the features that are handed over; empty and no capture: the entry's file.
        source: Pattern of another file of the same entry; None: the entry's own.
        params: Keyword arguments of the call.
    """

    call: str | None = None
    capture: str | None = None
    kind: CapturedKind = ""
    given: tuple[str, ...] = ()
    source: str | None = None
    params: tuple[tuple[str, Json], ...] = ()


class CheckIR(NamedTuple):
    """Bounds that every value keeps; None: not asked."""

    min: float | None = None
    max: float | None = None
    above: float | None = None
    below: float | None = None
    unique: bool = False
    finite: bool = False
    match: str | None = None


class FeatureIR(NamedTuple):
    """One named quantity.

    Attributes:
        address: Names from the root, joined by `/`.
        identifier: Attribute name in code.
        path: Absolute HDF5 path of its dataset, or `node@name` of its attribute.
        kind: Which declaration of the runtime it becomes.
        dims: Addresses of its dims, or sizes where a dim has no name (see `ANY_SIZE`), in stored order.
        chunk: Bytes of a chunk; None: chosen by the writer.
        layout: `auto`, `contiguous` or `chunked`.
        fill: In a file of others, the value that means absent; None: there is none.
        axes: In a file of others, the axes of its dataset in the order of `dims`; (): they lie in this order.
        store: Storage kind that the schema asks for by name (`coo shared`: of a whole group); nothing: it follows from
            the dims.
        lists: Of its ragged dims, from the first, those over which an entry is a list.
        varying: How many ragged dims an array of it has.
        quality: With which arrays are encoded as files that lose something; None: they are not.
        transposes: Address of the matrix of which it is the transpose, made when a file is completed.
        plot: A kind of plot, or `module:function`, that draws it; "": what suits the values.
        methods: Names of methods of its view, each with `module:function`.
        view: Class name of that view; "": there are no methods.
        deprecated: What to use instead, or why it is not to be used any more; None: it may be used.
    """

    address: str
    name: str
    identifier: str
    path: str
    kind: Kind
    dims: tuple[str | int, ...]
    dtype: DtypeIR
    origin: OriginIR | None = None
    codec: str = "none"
    level: int | None = None
    chunk: int | None = None
    layout: str = "auto"
    store: str = ""
    optional: bool = False
    unit: str = ""
    doc: str = ""
    check: CheckIR | None = None
    fill: Json = None
    axes: tuple[int, ...] = ()
    lists: int = 0
    varying: int = 0
    quality: int | None = None
    transposes: str | None = None
    plot: str = ""
    methods: tuple[tuple[str, str], ...] = ()
    view: str = ""
    deprecated: str | None = None


class EntryIR(NamedTuple):
    """A generated TypedDict: one entry of a dim, or the part of it that lies in one group.

    Attributes:
        class_name: For a dim's own, equal to its `DimIR.entry`.
        dim: Address of the dim that leads the features.
        group: Address of the group that this part mirrors; for the dim's own, of the dim's group.
        items: Key and, for a feature, its address; for an inner part, the `class_name` of its `EntryIR`,
            which comes earlier in `SchemaIR.entries`. A `tree` is a feature of a dim that is a part of this one.
    """

    class_name: str
    dim: str
    group: str
    items: tuple[tuple[str, Literal["feature", "entry", "tree"], str], ...]
    doc: str = ""


class GroupIR(NamedTuple):
    """A group; the root has the address "" and the path "/"."""

    address: str
    name: str
    identifier: str
    path: str
    class_name: str
    dims: tuple[DimIR, ...] = ()
    features: tuple[FeatureIR, ...] = ()
    groups: tuple[GroupIR, ...] = ()
    doc: str = ""
    table: bool = False
    mounted: MountIR | None = None


class MountIR(NamedTuple):
    """What is said where another schema is mounted.

    Attributes:
        name: Of the other schema.
        dims: Addresses of our dims, by the names that they have in it.
    """

    name: str
    dims: Mapping[str, str] = {}
    doc: str = ""


class PredicateIR(NamedTuple):
    """What `where` asks of one feature: one of values, presence, or bounds."""

    values: tuple[Json, ...] | None = None
    present: bool | None = None
    check: CheckIR | None = None


class PartIR(NamedTuple):
    """One part of a split: a share, values of `by` (or ids), a predicate on `by`, or a feature that holds it."""

    name: str
    share: float | None = None
    values: tuple[Json, ...] | None = None
    check: CheckIR | None = None
    feature: str | None = None


class SplitIR(NamedTuple):
    """Named, disjoint parts of the entries of a dim, or of the combinations of several; `by` None: by the id."""

    name: str
    over: tuple[str, ...]
    by: str | None
    parts: tuple[PartIR, ...]
    seed: int = 0


class FrameIR(NamedTuple):
    """Cuts a window into frames; `hop` None: its length."""

    length: int
    hop: int | None = None
    align: str = "start"


class WindowIR(NamedTuple):
    """A piece of a dim; None: not said."""

    length: int | None = None
    hop: int | None = None
    shift: int | None = None
    jitter: int | None = None
    step: int | None = None
    edge: str | None = None
    align: str | None = None
    frame: FrameIR | None = None
    at: str | None = None
    ranges: str | tuple[tuple[int, int], ...] | None = None

    def over(self, own: WindowIR | None) -> WindowIR:
        """This window of a loader, with what an input says of its own."""
        return self if own is None else self._replace(**{k: v for k, v in own._asdict().items() if v is not None})


class TakeIR(NamedTuple):
    """One input of a loader: a feature, or a dim's position or id.

    Attributes:
        address: Of the feature, or of the dim.
        of: What the address names.
        dtype: Loaded dtype, where the schema asks for one.
        form: How ragged values are collated (`pad mask packed list`); `id` for a dim; None: as stored.
        fill: Stands in for absent values.
        window: By dim, what differs from the loader's windows.
        shape: Of a batch, where it is not that of whole entries.
        transform: `module:function` that changes the value of each sample.
        via: Address of the feature that says of which entries it is.
        joined: How many these are, of one sample.
        ranged: Whether samples differ in length: a range of the dim, or a part of an array of any shape or of lists.
        picked: Of how many of its lists, one in the other, a sample has one item.
    """

    address: str
    of: Literal["feature", "dim"] = "feature"
    dtype: str | None = None
    form: str | None = None
    fill: Json = None
    window: tuple[tuple[str, WindowIR], ...] = ()
    shape: tuple[str | int, ...] | None = None
    transform: str | None = None
    via: str | None = None
    joined: Literal["one", "many"] | None = None
    ranged: bool = False
    picked: int = 0


class RecordIR(NamedTuple):
    """Several inputs: a generated class of named fields.

    Attributes:
        by: `position` for a NamedTuple (inputs given as a list, or inputs and targets),
            `key` for a TypedDict (a mapping, or the features of a group).
        items: Field and input.
    """

    class_name: str
    by: Literal["position", "key"]
    items: tuple[tuple[str, SampleIR], ...]


SampleIR: TypeAlias = "TakeIR | RecordIR"


class LoaderIR(NamedTuple):
    """What a model is fed.

    Attributes:
        batch_name: Of the type of its batches: of `sample`, or another name for it.
        over: Addresses of the dims that it runs over.
        roots: Of the dims of entries that these are, or of which they are ragged dims.
        sample: The inputs; with targets, a record of both.
        window: Pieces of dims, by address.
        sampler: Its word, and the address or function that belongs to it.
        transform: `module:function` that changes each sample.
        batch_transform: `module:function` that changes each batch.
    """

    name: str
    class_name: str
    function: str
    batch_name: str
    over: tuple[str, ...]
    roots: tuple[str, ...]
    sample: SampleIR
    split: tuple[str, str] | None = None
    where: tuple[tuple[str, PredicateIR], ...] = ()
    window: tuple[tuple[str, WindowIR], ...] = ()
    batch_size: int = 1
    shuffle: bool | Literal["chunks"] = False
    drop_last: bool = False
    sampler: tuple[str, str] | None = None
    transform: str | None = None
    batch_transform: str | None = None
    doc: str = ""


class SchemaIR(NamedTuple):
    """A whole schema, ready to be rendered.

    Attributes:
        file_name: Name of the YAML file, without its folder.
        text: The YAML text, stored in every file that is written.
        entries: Every TypedDict of entries, inner ones first.
        made: Addresses of the features that extraction makes, each after those it is made from.
        layout: What the fingerprint is made of (`vocabulary.layout`).
        bind: The convention of files that others made; "" for files of ours.
        after: `module:function` that is called when an extraction is complete; "": none.
        renamed: What features and groups were called in older versions, by address.
        reserved: Addresses of what older versions had, and which mean nothing any more.
    """

    name: str
    version: str
    file_name: str
    text: str
    class_name: str
    writer_name: str
    root: GroupIR
    fingerprint: str
    enums: tuple[EnumIR, ...] = ()
    entries: tuple[EntryIR, ...] = ()
    made: tuple[str, ...] = ()
    splits: tuple[SplitIR, ...] = ()
    loaders: tuple[LoaderIR, ...] = ()
    doc: str = ""
    layout: Mapping[str, object] = {}
    bind: str = ""
    after: str = ""
    renamed: Mapping[str, str] = {}
    reserved: tuple[str, ...] = ()


ClassT = TypeVar("ClassT", EnumIR, EntryIR, GroupIR)


def each_once(classes: Iterable[ClassT]) -> tuple[ClassT, ...]:
    """Classes by their names: of those that groups share, the first."""
    found: dict[str, ClassT] = {}
    for one in classes:
        found.setdefault(one.class_name, one)
    return tuple(found.values())
