"""The `params` of standard extractors: names and values that they take, and shapes that the feature has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from h5schema.spec.base import said
from h5schema.vocabulary.extractors import TAKES, Axis, Extractor
from h5schema.vocabulary.suggest import closest

from ..draft import Draft, Given, Notes
from ..ir import FeatureIR, Json
from ..scope import is_open, written


def check_params(draft: Draft) -> Draft:
    """Refuses what a standard extractor does not take, and params that contradict the dims of the feature."""
    notes = Notes(draft)
    for address, feature in draft.resolved.items():
        word = feature.origin.call if feature.origin is not None else None
        if word in TAKES and not notes.breaks(draft.features[address].path):
            _check(draft, notes, feature, word)
    return notes.done(draft)


def _check(draft: Draft, notes: Notes, feature: FeatureIR, word: str) -> None:
    extractor, given = TAKES[word], draft.settings[feature.address].params
    path = draft.features[feature.address].path
    if given is not None and not _are_taken(notes, word, extractor, given):
        notes.break_(path)
        return
    if not _is_told(draft, notes, feature, word) or not _is_named(draft, notes, feature, word):
        return
    if extractor.axes is None:  # the file decides
        return
    makes = _Makes(draft, feature, extractor, {} if given is None else given.value)
    axes, lengths = makes.axes(), makes.lengths
    dims = draft.settings[feature.address].dims
    ways = " or ".join(makes.ways())
    if len(axes) != len(lengths):
        wanted = ", ".join(axis.name if axis.length is None else str(axis.length) for axis in axes)
        has = f"is {written(makes.entry)}" if makes.entry else "is one value"
        made = f"[{wanted}]" if wanted else "one value"
        message = f"`{word}` makes {made} of a file, but an entry of `{feature.name}` {has}"
        notes.add("params", message, dims.path, f"write {ways}", breaks=path)
        return
    wrong = [index for index, axis in enumerate(axes) if not _agree(axis, lengths[index])]
    if not wrong:
        return
    axis = axes[wrong[0]]
    message = (
        f"`{word}` makes {axis.length} for the {axis.name}, but the dims of `{feature.name}` say {lengths[wrong[0]]}"
    )
    where = (*dims.path, len(makes.lead) + wrong[0])
    if given is not None and axis.told_by and axis.told_by[0] in given.value:
        where = (*given.path, *(axis.told_by if len(wrong) == 1 else axis.told_by[:1]))
    notes.add("params", message, where, f"write {ways}", breaks=path)


def _are_taken(notes: Notes, word: str, extractor: Extractor, given: Given[Mapping[str, Json]]) -> bool:
    """Whether the extractor has these parameters and takes these values; complains about all that are wrong."""
    good = True
    for name, value in given.value.items():
        param, path = extractor.params.get(name), (*given.path, name)
        if param is None:
            near = closest(name, extractor.params)
            known = ", ".join(f"`{one}`" for one in extractor.params) or "none"
            help = f"did you mean `{near}`?" if near else f"it takes {known}"
            notes.add("params", f"`{word}` takes no `{name}`", path, help, key=True)
        elif not param.fits(value):
            near = closest(value, param.words) if isinstance(value, str) and param.words else None
            help = f"did you mean {near}?" if near else f"write {name}: {param.example}"
            notes.add("params", f"`{name}` of `{word}` is {param.form}, not {said(value)}", path, help)
        else:
            continue
        good = False
    return good


def _is_told(draft: Draft, notes: Notes, feature: FeatureIR, word: str) -> bool:
    """Whether an extractor is given all that it needs."""
    settings = draft.settings[feature.address]
    given: Mapping[str, Json] = {} if settings.params is None else settings.params.value
    missing = next((name for name, one in TAKES[word].params.items() if one.required and name not in given), None)
    if missing is None or settings.call is None:
        return missing is None
    param = TAKES[word].params[missing]
    help = f"write params: {{{missing}: {param.example}}}"
    breaks = draft.features[feature.address].path
    notes.add("params", f"`{word}` needs `{missing}`, {param.form}", settings.call.path, help, breaks=breaks)
    return False


def _is_named(draft: Draft, notes: Notes, feature: FeatureIR, word: str) -> bool:
    """Whether a feature is called as one of the things that an extractor makes."""
    settings, path = draft.settings[feature.address], draft.features[feature.address].path
    names = TAKES[word].names({} if settings.params is None else settings.params.value)
    if names is None or feature.name in names:
        return True
    near = closest(feature.name, names)
    item = f", or write params: {{item: {names[0]}}}" if "item" in TAKES[word].params else ""
    help = f"did you mean `{near}`?" if near else f"call the feature as one of these{item}"
    notes.add(
        "params", f"`{word}` makes {', '.join(names)}, and no `{feature.name}`", path, help, key=True, breaks=path
    )
    return False


def _agree(axis: Axis, length: int | None) -> bool:
    return None in (axis.length, length) or axis.length == length


class _Makes(NamedTuple):
    """What an extractor makes for one feature."""

    draft: Draft
    feature: FeatureIR
    extractor: Extractor
    params: Mapping[str, Json]

    @property
    def lead(self) -> tuple[str | int, ...]:
        """The dim of entries, if the feature has one."""
        return self.feature.dims[:1] if self.feature.dims and is_open(self.draft.axes, self.feature.dims[0]) else ()

    @property
    def entry(self) -> tuple[str | int, ...]:
        """The dims of one entry."""
        return self.feature.dims[len(self.lead) :]

    @property
    def lengths(self) -> list[int | None]:
        """The length of each dim of an entry; None: it depends on the entry, as the number of bytes does."""
        lengths = [dim if isinstance(dim, int) else self.draft.axes[dim].size for dim in self.entry]
        return [*lengths, None] if self.feature.dtype.name == "bytes" else lengths

    def axes(self, **changed: Json) -> tuple[Axis, ...]:
        """The axes of what is made, with other parameters."""
        return self.extractor.axes({**self.params, **changed}) if self.extractor.axes else ()

    def ways(self) -> Iterator[str]:
        """What to write: other dims, or another value of the parameter that tells the wrong axis."""
        axes, entry, lengths = self.axes(), [*self.entry], self.lengths
        rest = [
            entry[index] if index < len(entry) and _agree(axis, lengths[index]) else axis.length or axis.name
            for index, axis in enumerate(axes)
        ]
        yield f"dims: {written((*self.lead, *rest))}"
        for name, param in self.extractor.params.items():
            fitting = next((word for word in param.words if self._fits(self.axes(**{name: word}))), None)
            if fitting is not None:
                yield f"{name}: {fitting} in `params`"
            items = [lengths[index] for index, axis in enumerate(axes[: len(lengths)]) if axis.told_by[:1] == (name,)]
            if not param.words and name in self.params and len(axes) == len(lengths) and None not in items:
                yield f"{name}: [{', '.join(map(str, items))}] in `params`"

    def _fits(self, axes: tuple[Axis, ...]) -> bool:
        return len(axes) == len(self.lengths) and all(map(_agree, axes, self.lengths))
