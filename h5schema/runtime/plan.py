"""Plans of loaders: what a sample is, as data."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from .conditions import Condition
from .sampling import Once, Sampling, Shuffle
from .windows import Window

Form: TypeAlias = Literal["pad", "mask", "packed", "nested", "list"]
SparseForm: TypeAlias = Literal["sparse", "pairs"]


@dataclass(frozen=True, slots=True)
class Take:
    """A feature in a sample.

    Attributes:
        address: Of the feature.
        dtype: Loaded dtype; None: as stored, but members of an enum as int64, which losses and embeddings take.
        form: How entries of different lengths become one batch (None: `pad`), or sparse ones (None: dense).
        fill: Stands in for an entry that is absent.
        window: By dim, what differs from the loader's windows.
        transform: `module:function` that changes the value of each sample.
        via: Address of the feature whose values are the entries that are taken, as positions or ids.
    """

    address: str
    dtype: str | None = None
    form: Form | SparseForm | None = None
    fill: bool | int | float | str | None = None
    window: Mapping[str, Window] = field(default_factory=dict[str, Window])
    transform: str | None = None
    via: str | None = None


@dataclass(frozen=True, slots=True)
class Position:
    """The sample's position in a dim: int64 [batch]."""

    dim: str


@dataclass(frozen=True, slots=True)
class Ids:
    """The sample's id in a dim: list of str."""

    dim: str


class Fields:
    """Several things as one named tuple: `Fields(TrainBatch, image=Take("image"), label=Take("label"))`.

    Args:
        made: The class of the batch.
        items: What its fields hold.
    """

    __slots__ = ("items", "made")

    def __init__(self, made: Callable[..., object], /, **items: Sample) -> None:
        self.made = made
        self.items: Mapping[str, Sample] = items

    def __repr__(self) -> str:
        items = (f"{name}={item!r}" for name, item in self.items.items())
        return f"Fields({', '.join([getattr(self.made, '__name__', repr(self.made)), *items])})"


Sample: TypeAlias = "Take | Position | Ids | Fields | Mapping[str, Sample]"


def takes(sample: Sample) -> Iterator[Take]:
    """Every feature that is taken, in the order of the sample."""
    items = sample.items if isinstance(sample, Fields) else sample
    if isinstance(items, Take):
        yield items
    elif isinstance(items, Mapping):
        for item in items.values():
            yield from takes(item)


@dataclass(frozen=True, slots=True)
class Batch:
    """How samples become batches.

    Attributes:
        size: Samples of a batch.
        shuffle: Whether each epoch has an order of its own; `chunks`: within windows of chunks.
        drop_last: Whether a last batch that is not full is left out.
        sampler: Which samples come, if not each of them once.
        transform: `module:function` that changes each batch.
    """

    size: int = 1
    shuffle: Shuffle = False
    drop_last: bool = False
    sampler: Sampling = field(default_factory=Once)
    transform: str | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """What a model is fed.

    Attributes:
        over: Address of the dim; a sample is one entry of it, or one position of a dim that has a window. Of several
            dims of entries, a sample is one combination of entries.
        sample: What is taken of it; a batch mirrors it as tensor, named tuple or dict.
        split: `split/part`, the samples that are used; None: all.
        where: Conditions that a sample meets, by address of the feature.
        window: Pieces of dims, by address of the dim.
        transform: `module:function` that changes each sample.
        batch: Size and order.
    """

    over: str | tuple[str, ...]
    sample: Sample
    split: str | None = None
    where: Mapping[str, Condition] = field(default_factory=dict[str, Condition])
    window: Mapping[str, Window] = field(default_factory=dict[str, Window])
    transform: str | None = None
    batch: Batch = field(default_factory=Batch)

    @property
    def dims(self) -> tuple[str, ...]:
        """Addresses of the dims that samples are entries or positions of."""
        return (self.over,) if isinstance(self.over, str) else self.over

    @property
    def dim(self) -> str:
        """The first of these dims, which is often the only one."""
        return self.dims[0]
