"""Features that are stored as files: their sources are kept byte for byte where nothing asks for more."""

from __future__ import annotations

from h5schema.vocabulary.files import FILE_FORMS

from ..draft import Draft, Notes
from ..ir import FeatureIR

_AS_IT_IS = "bytes"
"""The word for `call` that hands over a source as it is."""


def keep_files(draft: Draft) -> Draft:
    """Lets sources that are files already be kept; refuses what would be encoded anew with loss."""
    notes = Notes(draft)
    handed = {
        address: other.name
        for other in draft.resolved.values()
        if other.origin is not None
        for address in other.origin.given
    }
    resolved = {
        address: _kept(draft, notes, feature, handed.get(address)) if feature.kind == "files" else feature
        for address, feature in draft.resolved.items()
    }
    return notes.done(draft._replace(resolved=resolved))


def _kept(draft: Draft, notes: Notes, feature: FeatureIR, handed_to: str | None) -> FeatureIR:
    form, origin = FILE_FORMS[feature.store], feature.origin
    if origin is None or origin.call != form.call:
        return feature
    if not origin.params and handed_to is None:
        return feature._replace(origin=origin._replace(call=_AS_IT_IS))
    if form.loses and feature.quality is None:
        why = f"`{handed_to}` is made of it" if handed_to is not None else "its `params` change it"
        settings = draft.settings[feature.address]
        where = settings.params if handed_to is None and settings.params is not None else settings.call
        assert where is not None
        notes.add(
            "store",
            f"`{feature.name}` is decoded because {why}, and encoding it as {feature.store} again would lose something",
            where.path,
            f"allow it: `store: {{kind: {feature.store}, quality: 95}}`; or write `store: png`, which loses nothing",
            breaks=draft.features[feature.address].path,
        )
    return feature
