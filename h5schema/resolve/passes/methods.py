"""The `methods` of each feature: functions of its view, and how `plot` draws it."""

from __future__ import annotations

from h5schema.vocabulary import reserved
from h5schema.vocabulary.plots import PLOTS
from h5schema.vocabulary.suggest import closest

from ..draft import Draft, Notes, Path
from ..ir import FeatureIR

PLOT = "plot"


def resolve_methods(draft: Draft) -> Draft:
    """Gives features their methods."""
    notes = Notes(draft)
    resolved = dict(draft.resolved)
    for address, feature in draft.resolved.items():
        declared = draft.features[address]
        methods = dict(declared.spec.methods)
        path = (*declared.path, "methods")
        plot = methods.pop(PLOT, "")
        if plot and ":" not in plot:
            _expect_kind(notes, plot, (*path, PLOT))
        for name, code in methods.items():
            _expect_method(notes, feature, name, code, (*path, name))
        resolved[address] = feature._replace(plot=plot, methods=tuple(methods.items()))
    return notes.done(draft._replace(resolved=resolved))


def _expect_kind(notes: Notes, plot: str, path: Path) -> None:
    if plot not in PLOTS:
        near = closest(plot, PLOTS)
        known = f"write one of {', '.join(PLOTS)}, or module:function"
        notes.add("methods", f"there is no kind of plots `{plot}`", path, f"did you mean {near}?" if near else known)


def _expect_method(notes: Notes, feature: FeatureIR, name: str, code: str, path: Path) -> None:
    if name in reserved.VIEW or name in reserved.IN_VIEWS:
        own = f"views have a `{name}` of their own, which this method would hide"
        notes.add(
            "reserved-name",
            own if name in reserved.VIEW else f"generated code needs the name `{name}` for something else",
            path,
            f"call it `{feature.name}_{name}`, for example",
            key=True,
        )
    if ":" not in code:
        notes.add(
            "methods",
            f"a method is a function of yours, and `{code}` is a word",
            path,
            "write module:function" + ("; kinds of plots stand at `plot`" if code in PLOTS else ""),
        )
