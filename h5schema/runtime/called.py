"""What a call of a loader says in place of the schema: the plan with other choices, held to the rules of a schema."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TypedDict, cast

from h5schema.errors import UsageError
from h5schema.vocabulary.dtypes import DATES, ENCODED, NUMBERS
from h5schema.vocabulary.sampled import (
    Asks,
    Sampled,
    Wrong,
    can_load,
    frame_too_long,
    misplaced,
    never_absent,
    too_far,
    wrong_condition,
    wrong_elements,
    wrong_split,
)
from h5schema.vocabulary.suggest import closest

from .arguments import one_of, whole
from .asked import said_by, wrong_values
from .conditions import Absent, Among, Check, Condition, Present
from .features import Category
from .features.sparse import Sparse
from .file import File
from .functions import Function, folder_of
from .model import Model, model_of
from .plan import Fields, Plan, Sample, Take, takes
from .projected import roots
from .windows import Frame, Window


class Choices(TypedDict, total=False):
    """What a call may say in place of the schema; None: nothing."""

    split: str | None
    where: Mapping[str, Condition] | None
    window: Mapping[str, Window] | None
    dtype: Mapping[str, str] | None
    transform: str | None
    batch_transform: str | None


def called(file: type[File], plan: Plan, name: str, choices: Choices) -> Plan:
    """The plan of a loader with what a call says of its own.

    Args:
        file: What it reads.
        plan: As the schema says.
        name: Of the loader, for errors.
        choices: Of the call.

    Raises:
        UsageError: The loader cannot have one of them.
    """
    given = {key: value for key, value in choices.items() if value is not None}
    if not given:
        return plan
    call = _Call(file, plan, name)
    for key, value in given.items():
        plan = _CHOICES[key](call, plan, value)
    return plan


class _Call:
    """A call of a loader."""

    def __init__(self, file: type[File], plan: Plan, name: str) -> None:
        self.file, self.name = file, name
        self.model: Model = model_of(file)
        self.sampled = Sampled(plan.dim, roots(self.model, plan), self.model.chain(plan.dim))

    def wrong(self, key: str, wrong: Wrong) -> UsageError:
        return UsageError(wrong.message, where=f"{self.name}: {key}", do=wrong.help)

    def mapping(self, key: str, given: object, *items: type) -> Mapping[str, object]:
        """What is given by address."""
        named = f"a dict by address, of {', '.join(one.__name__ for one in items)}"
        if not isinstance(given, Mapping):
            raise UsageError(f"{key} is {given!r}", where=self.name, do=f"give {named}")
        known = cast("Mapping[object, object]", given)
        for address, value in known.items():
            if not isinstance(address, str) or not isinstance(value, items):
                raise UsageError(f"{key} is {{{address!r}: {value!r}}}", where=self.name, do=f"give {named}")
        return cast("Mapping[str, object]", known)


def _split(call: _Call, plan: Plan, given: object) -> Plan:
    """Another part, or none."""
    if given == "":
        return replace(plan, split=None)
    splits = call.file.splits
    known = [f"{name}/{part}" for name, split in splits.items() for part in split.parts]
    if given not in known:
        near = closest(str(given), known)
        do = f"did you mean {near!r}?" if near else f"give {', '.join(map(repr, known)) or 'none: there are no splits'}"
        raise UsageError(f"split is {given!r}, and there is no such part", where=call.name, do=do)
    split = str(given)
    wrong = wrong_split(call.sampled, split.partition("/")[0], splits[split.partition("/")[0]].dims)
    if wrong is not None:
        raise call.wrong("split", wrong)
    return replace(plan, split=split)


# Conditions.


def _where(call: _Call, plan: Plan, given: object) -> Plan:
    where = cast("Mapping[str, Condition]", call.mapping("where", given, Among, Check, Present, Absent))
    kept = {address: asked for address, asked in where.items() if _is_asked(call, address, asked)}
    return replace(plan, where=kept)


def _is_asked(call: _Call, address: str, asked: Condition) -> bool:
    """Whether a condition leaves anything out; refuses what cannot be asked."""
    at, model = f"where {address}", call.model
    feature = model.features.get(address)
    if feature is None:
        near = closest(address, model.features)
        raise call.wrong(
            at, Wrong(f"there is no feature `{address}`", f"did you mean `{near}`?" if near else "give an address")
        )
    dims = model.places[address].dims
    asks: Asks = "present" if isinstance(asked, Present) else "absent" if isinstance(asked, Absent) else "value"
    elements = asks != "value" and isinstance(feature, Sparse) and len(call.sampled.roots) > 1
    wrong = wrong_condition(call.sampled, address, dims, asks)
    if wrong is None and elements:
        wrong = wrong_elements(call.sampled, address, dims)
    may_lack = elements or feature.options.optional
    if wrong is None and asks == "absent" and not may_lack:
        wrong = never_absent(address)
    if wrong is None and isinstance(asked, Among | Check):
        wrong = wrong_values(model, address, asked)
    if wrong is not None:
        raise call.wrong(at, wrong)
    return asks == "value" or may_lack


# Windows.


def _window(call: _Call, plan: Plan, given: object) -> Plan:
    """The schema's windows with what the call says of them, key by key: so a batch stays of the type that it has."""
    own = cast("Mapping[str, Window]", call.mapping("window", given, Window))
    for dim, window in own.items():
        known = plan.window.get(dim)
        if known is None:
            has = " and ".join(f"`{one}`" for one in plan.window) or "none"
            raise call.wrong(
                f"window {dim}",
                Wrong(
                    f"the loader has no window of `{dim}` from which this one could differ",
                    f"it has windows of {has}" if plan.window else "write it in `window` of the loader, in the schema",
                ),
            )
        _expect_values(call, dim, window)
        _expect_fitting(call, plan, dim, known, window)
        if window.jitter and len(plan.dims) > 1:
            what = Wrong("positions in several dims are not moved by chance yet", "leave `jitter` out")
            raise call.wrong(f"window {dim}", what)
    merged = {dim: known.over(own.get(dim)) for dim, known in plan.window.items()}
    plan = replace(plan, window=merged)
    for take in takes(plan.sample):
        _expect_frames(call, plan, take)
    return plan


_LEAST = {"length": 1, "hop": 1, "shift": None, "jitter": 0, "step": 1}
_WORDS = {"edge": ("drop", "repeat", "pad"), "align": ("start", "center"), "at": ("random", "start", "center")}


def _expect_values(call: _Call, dim: str, window: Window | Frame) -> None:
    """Refuses a number or word that no schema could have."""
    where = f"{call.name}: window {dim}"
    for key, value in said_by(window).items():
        if key == "frame":
            _expect_frame(call, dim, value)
        elif key in _WORDS:
            one_of(key, value, _WORDS[key], where)
        elif key in _LEAST:
            whole(key, value, where, least=_LEAST[key])
    far = too_far(said_by(window))
    if far is not None:
        raise call.wrong(f"window {dim}", far[1])


def _expect_frame(call: _Call, dim: str, frame: object) -> None:
    if not isinstance(frame, Frame):
        raise UsageError(f"frame is {frame!r}", where=f"{call.name}: window {dim}", do="give a Frame(length, hop)")
    whole("length", frame.length, f"{call.name}: window {dim}: frame", least=1)
    _expect_values(call, dim, frame)


def _expect_fitting(call: _Call, plan: Plan, dim: str, known: Window, window: Window) -> None:
    said, at = said_by(window), f"window {dim}"
    found = misplaced(dim.rpartition("/")[2], said, sampled=dim in plan.dims)
    if found is not None:
        raise call.wrong(at, found[1])
    if known.ranges is not None:
        key = next((key for key in ("length", "hop", "jitter", "align", "frame", "edge") if key in said), None)
        if key is not None:
            raise call.wrong(at, Wrong(f"`ranges` say how long the windows are: no `{key}`", "leave it out"))
    if "ranges" in said:
        if known.ranges is not None:
            raise call.wrong(at, Wrong("which `ranges` windows have is the schema's word", "write others there"))
        what = "the windows have one length: with `ranges` a batch would be another"
        raise call.wrong(at, Wrong(what, "write it in the schema"))


def _expect_frames(call: _Call, plan: Plan, take: Take) -> None:
    for dim, own in plan.window.items():
        window = own.over(take.window.get(dim))
        frame, length = window.frame, window.length
        far = too_far({"length": length, "step": window.step})
        if far is not None:
            raise call.wrong(f"window {dim}", far[1])
        if frame is not None and length is not None and frame.align == "start" and frame.length > length:
            raise call.wrong(f"window {dim}", frame_too_long(frame.length, length))


# Inputs and functions.


def _dtype(call: _Call, plan: Plan, given: object) -> Plan:
    """Features of numbers in other dtypes."""
    wanted = cast("Mapping[str, str]", call.mapping("dtype", given, str))
    taken = {take.address for take in takes(plan.sample)}
    for address, dtype in wanted.items():
        if address not in taken:
            near = closest(address, taken)
            help = f"did you mean `{near}`?" if near else f"it takes {', '.join(f'`{one}`' for one in sorted(taken))}"
            raise call.wrong(f"dtype {address}", Wrong(f"the loader takes no `{address}`", help))
        if dtype not in LOADED:
            near = closest(dtype, LOADED)
            help = f"did you mean {near!r}?" if near else f"give {', '.join(NUMBERS)}"
            raise call.wrong(f"dtype {address}", Wrong(f"there is no dtype {dtype!r}", help))
        stored = _stored(call.model, address)
        if stored is None or not can_load(stored, dtype):
            what = f"`{address}` is {call.model.features[address].dtype}: it cannot be loaded as {dtype}"
            raise call.wrong(f"dtype {address}", Wrong(what, "leave it out"))
    return replace(plan, sample=_in_dtypes(plan.sample, wanted))


LOADED = (*NUMBERS, *ENCODED, *DATES)
"""Words of dtypes, as a schema may write them in an input."""


def _stored(model: Model, address: str) -> str | None:
    """The dtype of the numbers of a feature; None: it has none."""
    inner = model.features[address].innermost()
    if isinstance(inner, Category):
        return "int64"
    return inner.dtype if inner.dtype in NUMBERS else None


def _in_dtypes(sample: Sample, wanted: Mapping[str, str]) -> Sample:
    if isinstance(sample, Take):
        return replace(sample, dtype=wanted[sample.address]) if sample.address in wanted else sample
    if isinstance(sample, Fields):
        return Fields(sample.made, **{name: _in_dtypes(item, wanted) for name, item in sample.items.items()})
    if isinstance(sample, Mapping):
        return {name: _in_dtypes(item, wanted) for name, item in sample.items()}
    return sample


def _function(call: _Call, key: str, given: object) -> str | None:
    """A function by name, that is there; None: none."""
    if given == "":
        return None
    if not isinstance(given, str) or ":" not in given:
        raise UsageError(f"{key} is {given!r}", where=call.name, do="give 'module:function', found beside the package")
    Function(given, folder_of(call.file)).resolve()
    return given


def _transform(call: _Call, plan: Plan, given: object) -> Plan:
    return replace(plan, transform=_function(call, "transform", given))


def _batch_transform(call: _Call, plan: Plan, given: object) -> Plan:
    return replace(plan, batch=replace(plan.batch, transform=_function(call, "batch_transform", given)))


_CHOICES = {
    "split": _split,
    "where": _where,
    "window": _window,
    "dtype": _dtype,
    "transform": _transform,
    "batch_transform": _batch_transform,
}
