"""The `call` of a feature: a standard extractor, or a function of the user's."""

from __future__ import annotations

from h5schema.vocabulary.extractors import EXTRACTORS, TRANSPOSE
from h5schema.vocabulary.suggest import closest

from .draft import Given, Notes, Path


def call_is_known(notes: Notes, call: Given[str] | None, feature: Path) -> bool:
    """Whether `call`, if there is one, names something that can be called."""
    if call is None or ":" in call.value or call.value in EXTRACTORS or call.value == TRANSPOSE:
        return True
    near = closest(call.value, [*EXTRACTORS, TRANSPOSE])
    known = ", ".join(f"`{word}`" for word in EXTRACTORS)
    notes.add(
        "unknown-extractor",
        f"there is no extractor `{call.value}`",
        call.path,
        f"did you mean `{near}`?"
        if near
        else f"h5schema has {known}; a function of yours is written `module:function`",
        breaks=feature,
    )
    return False
