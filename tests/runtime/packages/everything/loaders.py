"""What models are fed from everything."""

from __future__ import annotations

from typing import Any, NamedTuple

from torch import Tensor

from h5schema.runtime import Absent, Among, Batch, Check, Fields, Ids, Plan, Position, Present, Take
from h5schema.runtime.torch import Loader

from .groups import Everything


class NumbersNested(NamedTuple):
    """Part of a batch of `Numbers`."""

    f32: Tensor
    more: dict[str, Tensor]


class NumbersBatch(NamedTuple):
    """A batch of `Numbers`."""

    inputs: dict[str, object]
    label: Tensor


class Numbers(Loader[Any]):
    """Every dense dtype, nested."""

    file = Everything
    plan = Plan(
        over="sample",
        sample=Fields(
            NumbersBatch,
            inputs={
                "states": Take("states"),
                "label": Take("label"),
                "small": Take("label", dtype="uint8"),
                "nested": Fields(
                    NumbersNested,
                    f32=Take("scalars/f32"),
                    more={"f64": Take("scalars/f64"), "as32": Take("scalars/f64", dtype="float32")},
                ),
                **{name: Take(f"scalars/{name}") for name in ("flag", "i8", "i64", "u16", "u64", "f16", "c64", "c128")},
                "row": Position("sample"),
                "id": Ids("sample"),
                "name": Take("name"),
                "code": Take("code"),
                "matrix": Take("matrix"),
                "mode": Take("mode"),
                "title": Take("title"),
            },
            label=Take("label"),
        ),
        batch=Batch(5),
    )


class Pad(Loader[Any]):
    """Ragged entries in every form."""

    file = Everything
    plan = Plan(
        over="sample",
        sample={
            "pad": Take("trace"),
            "mask": Take("trace", form="mask"),
            "packed": Take("trace", form="packed"),
            "list": Take("trace", form="list"),
            "flags": Take("flags", dtype="float32"),
        },
        batch=Batch(4),
    )


class ShuffledInputs(NamedTuple):
    """Part of a batch of `Shuffled`."""

    states: Tensor
    sample: Tensor


class ShuffledBatch(NamedTuple):
    """A batch of `Shuffled`."""

    inputs: ShuffledInputs
    label: Tensor


class Shuffled(Loader[Any]):
    """Shuffled batches of the training part."""

    file = Everything
    plan = Plan(
        over="sample",
        split="random/train",
        sample=Fields(
            ShuffledBatch,
            inputs=Fields(ShuffledInputs, states=Take("states", dtype="float32"), sample=Position("sample")),
            label=Take("label"),
        ),
        batch=Batch(7, shuffle=True),
    )


class ChosenBatch(NamedTuple):
    """A batch of `Chosen`."""

    sample: Tensor
    number: Tensor


class Chosen(Loader[Any]):
    """Only some entries, by several conditions."""

    file = Everything
    plan = Plan(
        over="sample",
        where={
            "label": Among("rouge vif", "class"),
            "maybe/number": Present(),
            "maybe/code": Absent(),
            "checked": Check(max=0.8),
        },
        sample=Fields(ChosenBatch, sample=Position("sample"), number=Take("maybe/number")),
        batch=Batch(100),
    )


class Filled(Loader[Any]):
    """What is absent has a stand-in."""

    file = Everything
    plan = Plan(
        over="sample",
        sample={
            "number": Take("maybe/number", fill=-1),
            "nan": Take("maybe/number", fill=float("nan"), dtype="float32"),
            "array": Take("maybe/array", fill=7),
            "label": Take("maybe/label", fill=-100),
            "name": Take("maybe/name", fill="nobody"),
            "code": Take("maybe/code", fill=""),
        },
        batch=Batch(100),
    )


class NotFilled(Loader[Any]):
    """An input that may be absent, and nothing is said about it."""

    file = Everything
    plan = Plan(over="sample", sample=Take("maybe/number"), batch=Batch(3))


class Narrow(Loader[Any]):
    """Values that do not fit what is asked for."""

    file = Everything
    plan = Plan(over="sample", sample=Take("scalars/i64", dtype="float64"), batch=Batch(3))


class Steps(Loader[Any]):
    """Over a dim without ids."""

    file = Everything
    plan = Plan(over="step", sample=Take("loss"), batch=Batch(10, drop_last=True))
