"""What is in a file of ours, for people and for programs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import cast

import h5py

from h5schema.vocabulary import layout

from . import stamp
from .opening import open_to_read


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
        shape: Of its dataset, or None for an attribute.
        chunks: Of its dataset; None: contiguous.
        codec: `none`, or the names of its filters.
        logical: Bytes of its values.
        stored: Bytes in the file.
    """

    address: str
    path: str
    dtype: str
    dims: tuple[str, ...]
    unit: str
    optional: bool
    shape: tuple[int, ...] | None
    chunks: tuple[int, ...] | None
    codec: str
    logical: int
    stored: int


@dataclass(frozen=True, slots=True)
class Report:
    """What is in a file; `str` gives it for people, `record` for programs."""

    path: str
    bytes: int
    schema: str
    version: str
    fingerprint: str
    layout_version: int
    dims: tuple[DimReport, ...]
    features: tuple[FeatureReport, ...]
    parameters: Mapping[str, object]

    def record(self) -> dict[str, object]:
        """Plain data, for `--format json`."""
        return asdict(self)

    def __str__(self) -> str:
        lines = [
            f"{self.path}: {self.schema} {self.version}, {_size(self.bytes)}",
            f"  fingerprint {self.fingerprint}, layout version {self.layout_version}",
            "",
            *_table(
                ("dim", "", "entries", "ids"),
                [(d.address, d.kind, "" if d.entries is None else str(d.entries), d.ids) for d in self.dims],
            ),
            "",
            *_table(
                ("feature", "dtype", "dims", "shape", "chunks", "codec", "values", "stored"),
                [_row(feature) for feature in self.features],
            ),
        ]
        return "\n".join(lines)


def describe(path: str | Path) -> Report:
    """Reads what a file says of itself; none of its values.

    Raises:
        FileError: The file is missing, damaged, or not of ours.
    """
    with open_to_read(Path(path)) as file:
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
        )


def _dim(file: h5py.File, address: str, dim: Mapping[str, object]) -> DimReport:
    if "per" in dim:
        total = int(file[layout.of_dim(address, "lengths")][:].sum())
        return DimReport(address, f"ragged, per {dim['per']}", total, "")
    if dim["size"] != "open":
        return DimReport(address, "fixed", cast("int", dim["size"]), "")
    commits = file[layout.of_dim(address, "commits")]
    ids = ""
    if dim["ids"]:
        stored = file[layout.of_dim(address, "ids")]
        ids = f"up to {stored.dtype.itemsize} bytes" if isinstance(stored, h5py.Dataset) else "values and offsets"
    return DimReport(address, "open", int(commits[-1]) if len(commits) else 0, ids)


def _feature(file: h5py.File, address: str, said: Mapping[str, object]) -> FeatureReport:
    path = cast("str", said["path"])
    dims = tuple(map(str, cast("list[str | int]", said["dims"])))
    common = (address, path, _dtype(said["dtype"]), dims, cast("str", said["unit"]), bool(said["optional"]))
    found = None if "@" in path else file.get(path)
    if not isinstance(found, h5py.Dataset):
        return FeatureReport(*common, None, None, "attribute" if "@" in path else "absent", 0, 0)
    codec = "none" if found.compression is None else found.compression + (" + shuffle" if found.shuffle else "")
    return FeatureReport(*common, found.shape, found.chunks, codec, found.nbytes, found.id.get_storage_size())


def _dtype(said: object) -> str:
    if isinstance(said, str):
        return said
    members = cast("Mapping[str, Mapping[str, int]]", said)["enum"]
    return f"enum of {len(members)}"


def _row(feature: FeatureReport) -> tuple[str, ...]:
    return (
        feature.address,
        feature.dtype + (f" {feature.unit}" if feature.unit else "") + (" | absent" if feature.optional else ""),
        f"[{', '.join(feature.dims)}]",
        "" if feature.shape is None else " x ".join(map(str, feature.shape)),
        "contiguous" if feature.chunks is None else " x ".join(map(str, feature.chunks)),
        feature.codec,
        _size(feature.logical),
        _size(feature.stored),
    )


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> list[str]:
    widths = [max(len(row[i]) for row in (head, *rows)) for i in range(len(head))]
    return [
        "  " + "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in (head, *rows)
    ]


def _size(count: int) -> str:
    size = float(count)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if size < 1024 or unit == "GiB":
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1024
    return ""
