"""Features that nothing makes although the schema has sources: extraction needs every value of an entry."""

from __future__ import annotations

from ..draft import Draft, Notes
from ..ir import FeatureIR
from ..scope import is_open


def advise_unmade(draft: Draft) -> Draft:
    """Says of what `extract` would refuse before it reads the first source; who writes the file by hand may do so."""
    if draft.bound:
        return draft
    notes = Notes(draft)
    made = {one for feature in draft.resolved.values() if feature.origin is not None for one in feature.origin.given}
    for address, feature in draft.resolved.items():
        path = draft.features[address].path
        if feature.origin is None and address not in made and _is_extracted(draft, feature) and not notes.breaks(path):
            notes.add(
                "unwise-unmade",
                f"nothing makes `{feature.name}`, so `h5schema extract` will refuse this schema",
                path,
                "give it a `call` or a `from`, or write `optional: true`",
                key=True,
                severity="warning",
            )
    return notes.done(draft)


def _is_extracted(draft: Draft, feature: FeatureIR) -> bool:
    """Whether an extraction must make it: it belongs to entries that have sources, or to the file as a whole."""
    sources = {address for address, axis in draft.axes.items() if axis.source is not None}
    lead = feature.dims[0] if feature.dims else 1
    return bool(sources) and not feature.optional and (lead in sources or not is_open(draft.axes, lead))
