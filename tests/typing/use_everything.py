# ruff: noqa: F401 (the types behind the lines are imported for them)
"""How a package with ragged, optional and nested features is used; behind each line stands the type it must have."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import reveal_type

import numpy as np
from everything import Everything, EverythingWriter
from everything.groups import RGB, ClipEntry, Kind
from everything.loaders import (
    First,
    FirstBatch,
    FirstInputs,
    FirstInputsDeepBoth,
    FirstTargets,
    NamedBatch,
    OneInputs,
    named_loader,
    one_loader,
    only_loader,
    rows_loader,
    second_loader,
)
from numpy.typing import NDArray
from torch import Tensor

from h5schema.runtime import Maybe, RaggedBlock
from h5schema.runtime.torch import Masked, Packed

with Everything("everything.h5") as file:
    reveal_type(file.wave[3])  # NDArray[np.float32]
    reveal_type(file.wave[:3])  # RaggedBlock[np.float32]
    reveal_type(file.mels["an id"])  # NDArray[np.float16]
    reveal_type(file.kind[0])  # Kind
    reveal_type(file.colour[0])  # RGB | None
    reveal_type(file.clips.speaker[0])  # str | None
    reveal_type(file.clips.sensors.heat[0])  # float | None
    reveal_type(file.clips.sensors.heat[[0, 1]])  # Maybe[NDArray[np.float32]]
    reveal_type(file.clip["an id"])  # ClipEntry
    reveal_type(file.clip["an id"]["clips"]["sensors"]["heat"])  # float | None
    reveal_type(file.row[0]["count"])  # int
    reveal_type(file.row[0]["yes"])  # bool
    reveal_type(file.gain[()])  # float
    reveal_type(file.title[()])  # str
with EverythingWriter("everything.h5") as writer:
    reveal_type(writer.wave[3])  # NDArray[np.float32]
    reveal_type(writer.kind["an id"])  # Kind
    reveal_type(writer.clip.pop("an id"))  # ClipEntry
    reveal_type(writer.clip.setdefault("an id", file.clip["an id"]))  # ClipEntry
    reveal_type(writer.row[0]["count"])  # int
    writer.clip["an id"] = file.clip["another"]
    del writer.clip["an id"]
    writer.clip.rename("an id", "another")
    writer.row[0] = file.row[1]
    del writer.row[0]
    writer.kind["an id"] = Kind(0)
    writer.colour[3] = None
    writer.wave["an id"] = np.zeros(3, np.float32)
    writer.wave["an id", 10:20] = np.zeros(10, np.float32)
    writer.wave[3, 0] = 1.0
    writer.wave.values[1000:2000] = 0
    writer.wave.append("an id", 1.0)
    writer.mels[np.arange(3)] = np.zeros((3, 3, 40), np.float16)
    entries: MutableMapping[str, ClipEntry] = writer.clip
for batch in First.loader("everything.h5"):
    reveal_type(batch)  # FirstBatch
    reveal_type(batch.inputs)  # FirstInputs
    reveal_type(batch.targets["kind"])  # Tensor
for inputs, targets in First.loader("everything.h5"):
    reveal_type(inputs)  # FirstInputs
    reveal_type(inputs["wave"])  # Masked
    reveal_type(inputs["wave"].mask)  # Tensor
    reveal_type(inputs["mels"])  # Tensor
    reveal_type(inputs["deep"]["list"])  # list[Tensor]
    reveal_type(inputs["deep"]["both"])  # FirstInputsDeepBoth
    reveal_type(inputs["deep"]["both"].wave)  # Packed
    reveal_type(inputs["deep"]["both"][0])  # Tensor
    reveal_type(inputs["id"])  # list[str]
    reveal_type(targets)  # FirstTargets
    reveal_type(targets["kind"])  # Tensor
for texts in only_loader("everything.h5"):
    reveal_type(texts)  # list[str]
for one in one_loader("everything.h5"):
    reveal_type(one.inputs)  # OneInputs
    reveal_type(one.inputs.count_)  # Tensor
    reveal_type(one.many)  # Tensor
for (counts,), many in one_loader("everything.h5"):
    reveal_type(counts)  # Tensor
    reveal_type(many)  # Tensor
for _, window in rows_loader("everything.h5"):
    reveal_type(window)  # Tensor
for named in named_loader("everything.h5"):
    reveal_type(named)  # NamedBatch
    reveal_type(named["count"])  # Tensor
for numbers in second_loader("everything.h5"):
    reveal_type(numbers)  # Tensor
