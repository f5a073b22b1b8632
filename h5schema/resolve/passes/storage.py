"""How each feature is stored: codec, level and chunk, key by key from the groups around it."""

from __future__ import annotations

from ..draft import Draft, Given, Notes, Path
from ..ir import FeatureIR

_LEVELED = "default"
"""The codec that has levels."""


def resolve_storage(draft: Draft) -> Draft:
    """Gives each feature what was said of its storage."""
    notes = Notes(draft)
    resolved: dict[str, FeatureIR] = {}
    for address, feature in draft.resolved.items():
        said: dict[str, Given[object]] = {}
        for store in draft.settings[address].store:
            said |= {
                key: Given(getattr(store.value, key), (*store.path, key), store.group)
                for key in ("codec", "level", "chunk")
                if getattr(store.value, key) is not None
            }
        stored = _stored(notes, feature, said, draft.features[address].path)
        resolved[address] = stored
    return notes.done(draft._replace(resolved=resolved))


def _stored(notes: Notes, feature: FeatureIR, said: dict[str, Given[object]], path: Path) -> FeatureIR:
    if not said:
        return feature
    if not feature.dims or "@" in feature.path:
        own = next((given for given in said.values() if given.path[: len(path)] == path), None)
        if own is not None:
            what = "an attribute" if "@" in feature.path else "one value"
            notes.add(
                "store",
                f"`{feature.address}` is {what}: HDF5 stores it without chunks and without a codec",
                own.path,
                "leave out `store`",
                breaks=path,
            )
        return feature
    codec = said["codec"].value if "codec" in said else "none"
    level = said.get("level")
    if level is not None and codec != _LEVELED:
        notes.add(
            "store",
            f"the codec `{codec}` has no levels",
            level.path,
            f"write `codec: {_LEVELED}` beside it, or leave out `level`",
            breaks=path,
        )
        return feature
    chunk = said.get("chunk")
    return feature._replace(
        codec=str(codec),
        level=level.value if level is not None and isinstance(level.value, int) else None,
        chunk=chunk.value if chunk is not None and isinstance(chunk.value, int) else None,
    )
