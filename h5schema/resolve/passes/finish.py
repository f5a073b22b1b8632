"""The resolved pieces become one tree, with the layout that the fingerprint is made of."""

from __future__ import annotations

from h5schema.vocabulary.bundle import join
from h5schema.vocabulary.layout import LAYOUT_VERSION, Layout, fingerprint

from ..draft import Draft
from ..ir import DimIR, EnumIR, FeatureIR, GroupIR, MountIR, SchemaIR, each_once
from ..scope import join as at
from .classes import entries_of


def finish(draft: Draft) -> SchemaIR:
    """The whole schema; only of a draft without errors."""
    schema = draft.reading.schema
    layout = layout_of(draft)
    return SchemaIR(
        name=schema.name,
        version=schema.version,
        file_name=draft.file_name,
        text=join(draft.reading.parsed.source.text, draft.texts),
        class_name=draft.classes["file"],
        writer_name=draft.classes["writer"],
        root=_tree(draft),
        fingerprint=fingerprint(layout),
        enums=each_once(draft.enums.values()),
        entries=entries_of(draft),
        made=draft.made,
        splits=draft.splits,
        loaders=draft.loaders,
        doc=schema.doc,
        layout=layout,
        bind=schema.bind or "",
        after=schema.after or "",
        renamed=draft.renamed,
        reserved=draft.reserved,
    )


def layout_of(draft: Draft) -> Layout:
    """What decides how bytes are understood; equal to what the runtime reads from the generated classes."""
    return {
        "layout": LAYOUT_VERSION,
        "dims": {address: _dim_record(axis) for address, axis in draft.axes.items()},
        "features": {
            address: _feature_record(feature, draft.enums.get(address)) for address, feature in draft.resolved.items()
        },
    }


def _dim_record(axis: DimIR) -> dict[str, object]:
    if axis.per is not None:
        return {"per": axis.per}
    if axis.under is not None:
        return {"per": axis.under, "ids": True}
    if axis.size is not None:
        return {"size": axis.size}
    return {"size": "open", "ids": axis.ids}


def _feature_record(feature: FeatureIR, enum: EnumIR | None) -> dict[str, object]:
    dtype: object = feature.dtype.name
    if enum is not None:
        dtype = {"enum": {text: value for _, text, value in enum.members}, "base": enum.base}
    elif feature.dtype.size is not None:
        dtype = f"{feature.dtype.name}:{feature.dtype.size}"
    store: dict[str, object] = {"store": feature.store} if feature.store else {}
    return {
        "path": feature.path,
        "dims": list(feature.dims),
        "dtype": dtype,
        "optional": feature.optional,
        "unit": feature.unit,
        **store,
    }


def _mounted(draft: Draft, address: str) -> MountIR | None:
    """What is said of a mounted schema."""
    if address not in draft.mounts:
        return None
    mount = draft.mounts[address]
    return MountIR(mount.name, {theirs: draft.aliases[at(address, theirs)] for theirs in mount.dims}, mount.doc)


def _tree(draft: Draft) -> GroupIR:
    """The groups, built from the innermost outwards."""
    dims: dict[str, list[DimIR]] = {address: [] for address in draft.groups}
    features: dict[str, list[FeatureIR]] = {address: [] for address in draft.groups}
    inner: dict[str, list[GroupIR]] = {address: [] for address in draft.groups}
    for address, axis in draft.axes.items():
        dims[draft.dims[address].group].append(axis)
    for address, feature in draft.resolved.items():
        features[draft.features[address].group].append(feature)
    made: dict[str, GroupIR] = {}
    for address, group in reversed(tuple(draft.groups.items())):  # outer groups come before inner ones
        made[address] = GroupIR(
            address=address,
            name=group.name,
            identifier=group.name,
            path=draft.paths[address],
            class_name=draft.classes[f"group {address}"] if address else draft.classes["file"],
            dims=tuple(dims[address]),
            features=tuple(features[address]),
            groups=tuple(reversed(inner[address])),
            doc=group.spec.doc,
            table=group.spec.store is not None and group.spec.store.kind == "table",
            mounted=_mounted(draft, address),
        )
        if address:
            inner[group.group].append(made[address])
    return made[""]
