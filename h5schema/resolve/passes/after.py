"""The function that is called after an extraction: there is one to call it after."""

from __future__ import annotations

from ..draft import Draft, Notes


def check_after(draft: Draft) -> Draft:
    """Refuses `after` in a schema from which nothing is extracted."""
    notes = Notes(draft)
    sourced = any(axis.source is not None for axis in draft.axes.values())
    if draft.reading.schema.after is not None and not draft.bound and not sourced:
        notes.add(
            "no-source",
            "`after` is called when an extraction is complete, and no dim has a `source`: nothing is extracted",
            ("after",),
            "give a dim a `source`, or call the function yourself",
            key=True,
        )
    return notes.done(draft)
