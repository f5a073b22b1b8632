"""What is in a file of ours, for people and for programs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import cast

import h5py

from h5schema.errors import visible
from h5schema.vocabulary import layout
from h5schema.vocabulary.dtypes import ENCODED

from . import stamp
from .bfloat16_hdf5 import in_bits
from .damage import readable
from .hdf5_filters import names_of
from .opening import open_to_read
from .system import JOURNAL
from .table import table
from .writing import journal

_NODES = "a dataset for each entry"
_MEMBERS = 20
"""Members of an enum that are shown."""


@dataclass(frozen=True, slots=True)
class DimReport:
    """A dim: its kind and how many entries it has."""

    address: str
    kind: str
    entries: int | None
    ids: str


@dataclass(frozen=True, slots=True)
class FeatureReport:
    """A feature as it lies in the file.

    Attributes:
        members: Names and values of an enum.
        rows: What one row of its dataset is: `entries`, `values` of a ragged feature, `elements` of a sparse one, or
            `bytes` of texts end to end.
        shape: Of its dataset, or None for an attribute.
        chunks: Of its dataset; None: contiguous.
        codec: `none`, or the names of its filters; else `attribute`, `absent` or `a dataset for each entry`.
        logical: Bytes of its values; 0 of datasets for each entry, none of which is opened.
        stored: Bytes in the file.
    """

    address: str
    path: str
    dtype: str
    dims: tuple[str, ...]
    unit: str
    optional: bool
    members: Mapping[str, int]
    rows: str
    shape: tuple[int, ...] | None
    chunks: tuple[int, ...] | None
    codec: str
    logical: int
    stored: int


@dataclass(frozen=True, slots=True)
class Report:
    """What is in a file; `str` gives it for people, `record` for programs.

    Attributes:
        bind: The convention of a file that others made; "" for ours.
        journal: Bytes of the journal beside it, in which its last commits stand; 0: there is none.
    """

    path: str
    bytes: int
    schema: str
    version: str
    fingerprint: str
    layout_version: int
    dims: tuple[DimReport, ...]
    features: tuple[FeatureReport, ...]
    parameters: Mapping[str, object]
    bind: str = ""
    journal: int = 0

    def record(self) -> dict[str, object]:
        """Plain data, for `--format json`."""
        return asdict(self)

    def __str__(self) -> str:
        return self.text()

    def text(self, width: int = 80) -> str:
        """The report in lines of this width."""
        dims = [(d.address, d.kind, "" if d.entries is None else str(d.entries), d.ids) for d in self.dims]
        lines = [
            f"{self.path}: {self.schema} {self.version}, {_size(self.bytes)}",
            f"  made by others, bind: {self.bind}"
            if self.bind
            else f"  layout version {self.layout_version}, fingerprint {self.fingerprint[:23]}…",
            *self._beside(),
            "",
            *table(("dim", "", "entries", "ids"), dims, width),
            "",
            *table(("feature", "dtype", "dims"), [_what(feature) for feature in self.features], width),
            "",
            *table(
                ("stored at", "chunk", "codec", "values", "stored"), [_how(feature) for feature in self.features], width
            ),
        ]
        return "\n".join(map(visible, lines))

    def _beside(self) -> list[str]:
        """What is to be known of a journal."""
        if not self.journal:
            return []
        return [
            f"  its last commits stand in {Path(self.path).name}{JOURNAL} ({_size(self.journal)}):",
            "  keep the two together; programs that know no journal see the file as it was before",
        ]


def describe(path: str | Path) -> Report:
    """Reads what a file says of itself; none of its values.

    Raises:
        FileError: The file is missing, damaged, or not of ours.
    """
    with open_to_read(Path(path)) as file, readable(str(path)):
        stamp.expect_ours(file)
        said = cast("Mapping[str, Mapping[str, Mapping[str, object]]]", json.loads(stamp.read_text(file, stamp.LAYOUT)))
        attributes = file[layout.RESERVED].attrs
        return Report(
            str(path),
            Path(path).stat().st_size,
            attributes["schema_name"],
            attributes["schema_version"],
            attributes["fingerprint"],
            int(attributes["layout_version"]),
            tuple(_dim(file, address, dim) for address, dim in said["dims"].items()),
            tuple(_feature(file, address, feature) for address, feature in said["features"].items()),
            cast("Mapping[str, object]", json.loads(stamp.read_text(file, stamp.PARAMETERS))),
            journal=_journal_of(Path(path)),
        )


def _journal_of(path: Path) -> int:
    """Bytes of a journal with commits."""
    beside = journal.path_of(path)
    return beside.stat().st_size if journal.found_in(beside) is not None else 0


def _dim(file: h5py.File, address: str, dim: Mapping[str, object]) -> DimReport:
    kind = f"ragged, per {dim['per']}" if "per" in dim else "open"
    if "per" in dim and "ids" not in dim:
        total = int(file[layout.of_dim(address, "lengths")][:].sum())
        return DimReport(address, kind, total, "")
    if dim.get("size", "open") != "open":
        return DimReport(address, "fixed", cast("int", dim["size"]), "")
    commits = file[layout.of_dim(address, "commits")]
    ids = ""
    if dim["ids"]:
        stored = file[layout.of_dim(address, "ids")]
        ids = f"up to {stored.dtype.itemsize} bytes" if isinstance(stored, h5py.Dataset) else "values and offsets"
    return DimReport(address, kind, int(commits[-1]) if len(commits) else 0, ids)


def _feature(file: h5py.File, address: str, said: Mapping[str, object]) -> FeatureReport:
    path = cast("str", said["path"])
    dims = tuple(map(str, cast("list[str | int]", said["dims"])))
    dtype, members = _dtype(said["dtype"])
    store = str(said.get("store", ""))
    common = (
        address,
        path,
        f"{dtype} {store}".strip(),
        dims,
        cast("str", said["unit"]),
        bool(said["optional"]),
        members,
    )
    if "{" in path:
        return FeatureReport(*common, "", None, None, _NODES, 0, 0)
    found = None if "@" in path else _values(file, path)
    if not isinstance(found, h5py.Dataset):
        return FeatureReport(*common, "", None, None, "attribute" if "@" in path else "absent", 0, 0)
    found = in_bits(found)
    rows = "entries" if layout.of_feature(address, "starts") not in file else "bytes" if dtype in ENCODED else "values"
    rows = "entries" if store == "table" else "elements" if store else rows
    codec = names_of(found) or "none"
    return FeatureReport(*common, rows, found.shape, found.chunks, codec, found.nbytes, found.id.get_storage_size())


def _values(file: h5py.File, path: str) -> object:
    """The dataset of a feature's values, which may lie in a group beside others."""
    found: object = file
    for name in path.strip("/").split("/"):
        if isinstance(found, h5py.Dataset):
            break  # the rest are members of its records
        found = found.get(name) if isinstance(found, h5py.Group) else None
    if not isinstance(found, h5py.Group):
        return found
    return next((found[name] for name in ("data", "codes") if name in found), None)


def _dtype(said: object) -> tuple[str, Mapping[str, int]]:
    if isinstance(said, str):
        return said, {}
    members = cast("Mapping[str, Mapping[str, int]]", said)["enum"]
    return f"enum of {len(members)}", dict(sorted(members.items(), key=lambda member: member[1]))


def _what(feature: FeatureReport) -> tuple[str, ...]:
    dtype = feature.dtype + (f" {feature.unit}" if feature.unit else "") + (" | absent" if feature.optional else "")
    row = (feature.address, dtype, f"[{', '.join(feature.dims)}]")
    return (*row, _members(feature.members)) if feature.members else row


def _members(members: Mapping[str, int]) -> str:
    """The first names of an enum; their values where they do not just count."""
    counted = list(members.values()) == list(range(len(members)))
    shown = [name if counted else f"{name} = {value}" for name, value in members.items()][:_MEMBERS]
    return ", ".join(shown) + (f", … and {len(members) - _MEMBERS} more" if len(members) > _MEMBERS else "")


def _how(feature: FeatureReport) -> tuple[str, ...]:
    if feature.shape is None:
        return feature.path, feature.codec, "", "", ""
    chunk = "contiguous" if feature.chunks is None else f"{feature.chunks[0]} {feature.rows}"
    return feature.path, chunk, feature.codec, _size(feature.logical), _size(feature.stored)


def _size(count: int) -> str:
    size = float(count)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if size < 1024 or unit == "GiB":
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1024
    return ""
