"""The `check` of each feature: bounds that its dtype can keep."""

from __future__ import annotations

from ..draft import Draft, Notes
from ..ir import FeatureIR
from ..values import as_check, checked


def resolve_checks(draft: Draft) -> Draft:
    """Gives features their bounds."""
    notes = Notes(draft)
    resolved: dict[str, FeatureIR] = {}
    for address, feature in draft.resolved.items():
        declared = draft.features[address]
        spec = declared.spec.check
        if spec is None:
            resolved[address] = feature
            continue
        path = (*declared.path, "check")
        if feature.dtype.name == "enum":
            notes.add("check", "the members of an enum are its check", path, "leave out `check`", key=True)
        else:
            for key, message, help in checked(feature, spec):
                notes.add("check", message, (*path, key), help)
        resolved[address] = feature._replace(check=as_check(spec))
    return notes.done(draft._replace(resolved=resolved))
