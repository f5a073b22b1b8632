"""What `extract.py` holds, ready for the template."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from h5schema.resolve.ir import DimIR, GroupIR, OriginIR, SchemaIR

from .imports import Imports
from .literals import literal, string
from .printer import Bracketed, Code, call
from .types import features_of


class ExtractView(NamedTuple):
    """The whole module; `arguments` are those of the `Extraction`."""

    imports: str
    job: Code


def view(schema: SchemaIR) -> ExtractView | None:
    """Everything that the template of `extract.py` prints; None if the schema names no sources."""
    dims = {dim.address: dim for dim in _dims(schema.root)}
    sources = {address: dim.source for address, dim in dims.items() if dim.source is not None}
    if not sources:
        return None
    features = {feature.address: feature for feature in features_of(schema.root)}
    origins = {address: origin for address in schema.made if (origin := features[address].origin) is not None}
    calls = {address: _origin(origin) for address, origin in origins.items()}
    ids = {address: dims[address].id_template for address in sources if dims[address].id_template is not None}
    needed = Imports()
    needed.name("h5schema.runtime", "Extraction")
    if any(not _plain(origin) for origin in origins.values()):
        needed.name("h5schema.runtime", "Call")
    if any(_plain(origin) for origin in origins.values()):
        needed.name("h5schema.runtime", "Capture")
    needed.name(".groups", schema.writer_name)
    arguments: list[tuple[str, Code]] = [("", schema.writer_name), ("sources", literal(sources))]
    if ids:
        arguments.append(("ids", literal(ids)))
    items = tuple((f"{string(address)}: ", made) for address, made in calls.items())
    arguments.append(("features", Bracketed("{", items, "}", open=True)))
    if schema.after:
        arguments.append(("after", string(schema.after)))
    return ExtractView(needed.text, call("Extraction", arguments, open=True))


def _plain(origin: OriginIR) -> bool:
    return origin.call is None and origin.capture is not None


def _origin(origin: OriginIR) -> Code:
    if origin.call is None and origin.capture is not None:
        kind = [("", string(origin.kind))] if origin.kind else []
        return call("Capture", [("", string(origin.capture)), *kind])
    arguments: list[tuple[str, Code]] = [("", literal(origin.call))]
    if origin.given:
        items = tuple(("", string(address)) for address in origin.given)
        arguments.append(("given", Bracketed("(", items, ")", lone=",")))
    if origin.capture is not None:
        arguments.append(("capture", string(origin.capture)))
    if origin.source is not None:
        arguments.append(("source", string(origin.source)))
    if origin.params:
        arguments.append(("params", literal(dict(origin.params))))
    return call("Call", arguments)


def _dims(group: GroupIR) -> Iterator[DimIR]:
    yield from group.dims
    for inner in group.groups:
        yield from _dims(inner)
