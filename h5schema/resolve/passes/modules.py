"""No module of the user is called as the package that the schema becomes: Python would find only one of them."""

from __future__ import annotations

from h5schema.spec import FeatureSpec, GroupSpec

from ..draft import Declared, Draft, Notes


def refuse_hidden_modules(draft: Draft) -> Draft:
    """Refuses a schema whose package would hide a module that it calls; one complaint, at the first call."""
    notes = Notes(draft)
    name = draft.reading.schema.name
    declared: list[Declared[GroupSpec] | Declared[FeatureSpec]] = [*draft.groups.values(), *draft.features.values()]
    for one in declared:
        module, colon, _ = (one.spec.call or "").partition(":")
        if colon and module.partition(".")[0] == name:
            notes.add(
                "hidden-module",
                f"this schema is called `{name}`, too: its package would hide the module `{name}`",
                (*one.path, "call"),
                f"rename one of them: the schema, such as `name: {name}_data`, or the module, such as {name}_io.py",
                within=(0, len(name)),
            )
            break
    return notes.done(draft)
