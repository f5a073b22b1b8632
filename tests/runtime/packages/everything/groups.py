"""Every kind of feature once."""

from __future__ import annotations

from enum import IntEnum
from typing import TypedDict

import numpy as np
from numpy.typing import NDArray

from h5schema.runtime import (
    Among,
    Array,
    Axis,
    Check,
    Enumerated,
    File,
    FixedAxis,
    Group,
    IdAxis,
    Ragged,
    RaggedAxis,
    Scalar,
    Schema,
    Split,
    Text,
    Writer,
    optional,
)


class Label(IntEnum):
    """Names in the file are no Python identifiers."""

    rouge_vif = 3
    Grün = 1
    class_ = 200


class Mode(IntEnum):
    """Of the whole file."""

    fast = 0
    slow = 1


class States(IntEnum):
    """With a negative value."""

    off = -1
    on = 1


LABELS = ("rouge vif", "Grün", "class")


class ScalarsEntry(TypedDict):
    """Numbers of one entry of `sample`."""

    flag: bool
    i8: int
    i16: int
    i32: int
    i64: int
    u8: int
    u16: int
    u32: int
    u64: int
    f16: float
    f32: float
    f64: float
    c64: complex
    c128: complex


class MaybeEntry(TypedDict):
    """What one entry of `sample` may lack."""

    number: float | None
    array: NDArray[np.int32] | None
    label: Label | None
    name: str | None
    code: str | None
    trace: NDArray[np.float64] | None


class SampleEntry(TypedDict):
    """One entry of `sample`."""

    label: Label
    states: NDArray[np.int8]
    name: str
    code: str
    trace: NDArray[np.float32]
    flags: NDArray[np.uint8]
    checked: float
    scalars: ScalarsEntry
    maybe: MaybeEntry


class StepEntry(TypedDict):
    """One entry of `step`."""

    loss: float


class InnerEntry(TypedDict):
    """The inner group of one event."""

    word: str


class EventEntry(TypedDict):
    """One entry of `events/event`."""

    when: int
    inner: InnerEntry


class ScalarsGroup(Group):
    """One number of each dtype."""

    flag = Scalar(np.bool_, "sample")
    i8 = Scalar(np.int8, "sample")
    i16 = Scalar(np.int16, "sample")
    i32 = Scalar(np.int32, "sample")
    i64 = Scalar(np.int64, "sample")
    u8 = Scalar(np.uint8, "sample")
    u16 = Scalar(np.uint16, "sample")
    u32 = Scalar(np.uint32, "sample")
    u64 = Scalar(np.uint64, "sample")
    f16 = Scalar(np.float16, "sample")
    f32 = Scalar(np.float32, "sample")
    f64 = Scalar(np.float64, "sample")
    c64 = Scalar(np.complex64, "sample")
    c128 = Scalar(np.complex128, "sample")


class MaybeGroup(Group):
    """What may be absent."""

    number = optional(Scalar(np.float64, "sample", codec="default"))
    array = optional(Array(np.int32, "sample 2", codec="lzf"))
    label = optional(Enumerated(Label, "sample", names=LABELS))
    name = optional(Text("sample"))
    code = optional(Text("sample", size=16))
    trace = optional(Ragged(np.float64, "sample time"))


class InnerGroup(Group):
    """A group in a group."""

    word = Text("events/event")


class EventsGroup(Group):
    """A group with a dim of its own."""

    event = Axis(EventEntry)
    when = Scalar(np.int64, "events/event", unit="s")
    inner = InnerGroup("inner")


class Everything(File):
    """Every kind of feature once."""

    schema = Schema("everything", "1.2.0", "sha256:" + "e" * 64)

    sample = IdAxis(SampleEntry)
    step = Axis(StepEntry)
    time = RaggedAxis(per="sample")
    channel = FixedAxis(3)

    title = Text("")
    scale = Scalar(np.float64, "", unit="V")
    matrix = Array(np.int16, "2 channel")
    mode = Enumerated(Mode, "", at="@mode")
    author = optional(Text("", at="@author"))
    gain = Scalar(np.float32, "", at="scalars@gain")
    vector = Array(np.int32, "3", at="@vector")

    loss = Scalar(np.float32, "step")

    label = Enumerated(Label, "sample", names=LABELS)
    states = Array(np.int8, "sample channel", enum=States)
    name = Text("sample")
    code = Text("sample", size=16)
    trace = Ragged(np.float32, "sample time channel", unit="mV")
    flags = Ragged(np.uint8, "sample time")
    checked = Scalar(np.float32, "sample", check=Check(min=0, max=1, finite=True))

    scalars = ScalarsGroup("scalars")
    maybe = MaybeGroup("deep/maybe")
    events = EventsGroup("events")

    splits = {
        "random": Split("sample", {"train": 0.8, "test": 0.2}),
        "labels": Split("sample", {"train": Among("rouge vif", "Grün"), "test": Among("class")}, by="label"),
        "bounds": Split("sample", {"low": Check(max=0.5), "high": Check(above=0.5)}, by="checked"),
    }


class EverythingWriter(Everything, Writer):
    """Writes files that `Everything` reads."""
