"""Plans of loaders: what a sample is, as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from .conditions import Condition

Form: TypeAlias = Literal["pad", "mask", "packed", "list"]


@dataclass(frozen=True, slots=True)
class Take:
    """A feature in a sample.

    Attributes:
        address: Of the feature.
        dtype: Loaded dtype; None: as stored, but members of an enum as int64, which losses and embeddings take.
        form: How entries of different lengths become one batch; None: `pad`.
        fill: Stands in for an entry that is absent.
    """

    address: str
    dtype: str | None = None
    form: Form | None = None
    fill: bool | int | float | str | None = None


@dataclass(frozen=True, slots=True)
class Position:
    """The sample's position in a dim: int64 [batch]."""

    dim: str


@dataclass(frozen=True, slots=True)
class Ids:
    """The sample's id in a dim: list of str."""

    dim: str


Sample: TypeAlias = "Take | Position | Ids | tuple[Sample, ...] | Mapping[str, Sample]"


@dataclass(frozen=True, slots=True)
class Batch:
    """How samples become batches.

    Attributes:
        size: Samples of a batch.
        shuffle: Whether each epoch has an order of its own.
        drop_last: Whether a last batch that is not full is left out.
    """

    size: int = 1
    shuffle: bool = False
    drop_last: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """What a model is fed.

    Attributes:
        over: Address of the dim; a sample is one entry of it.
        inputs: What is taken; a batch mirrors it as array, tuple or dict.
        targets: With targets, a batch is (inputs, targets).
        split: `split/part`, the samples that are used; None: all.
        where: Conditions that a sample meets, by address of the feature.
        batch: Size and order.
    """

    over: str
    inputs: Sample
    targets: Sample | None = None
    split: str | None = None
    where: Mapping[str, Condition] = field(default_factory=dict[str, Condition])
    batch: Batch = field(default_factory=Batch)
