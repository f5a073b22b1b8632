"""Records of a batch: the names of their fields where the schema gives none, and which of them are one class."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

from h5schema.spec import InputSpec, ListSpec, MapSpec
from h5schema.vocabulary import reserved

from .ir import RecordIR, SampleIR, TakeIR
from .naming import settle

Tree = InputSpec | ListSpec | MapSpec


def record(
    class_name: str, by: Literal["position", "key"], items: Sequence[tuple[str, SampleIR | None]]
) -> RecordIR | None:
    """The record of these fields; None if one of them cannot be."""
    good = tuple((name, item) for name, item in items if item is not None)
    return RecordIR(class_name, by, good) if len(good) == len(items) else None


def names_in_list(trees: Sequence[Tree]) -> tuple[str, ...]:
    """A name for each input of a list: the last of its address, or as much more as tells it apart."""
    return tuple(settle({index: tuple(_choices(tree, index)) for index, tree in enumerate(trees)}).values())


def names_of_pair(inputs: Tree, targets: Tree) -> tuple[str, str]:
    """Names of inputs and targets: of the feature, where it is one alone."""
    names = settle({"inputs": (*_alone(inputs), "inputs"), "targets": (*_alone(targets), "targets")})
    return names["inputs"], names["targets"]


def with_classes_of(sample: SampleIR, other: SampleIR) -> SampleIR | None:
    """The sample, made of the classes of another one; None if their fields or types differ."""
    if isinstance(sample, RecordIR) and isinstance(other, RecordIR):
        if (sample.by, len(sample.items)) != (other.by, len(other.items)):
            return None
        pairs = zip(sample.items, other.items, strict=True)
        items = [
            (name, with_classes_of(item, its) if name == other_name else None)
            for (name, item), (other_name, its) in pairs
        ]
        return record(other.class_name, sample.by, items)
    if isinstance(sample, TakeIR) and isinstance(other, TakeIR) and sample._replace(fill=other.fill) == other:
        return sample
    return None


def _choices(tree: Tree, index: int) -> Iterator[str]:
    """Names in the order in which they are tried; the last ones of two inputs are never equal."""
    if not isinstance(tree, InputSpec):
        yield f"item_{index}"
        return
    yield from _alone(tree)
    address = tree.feature.replace("/", "_")
    yield _free(address)
    yield _free("_".join([address, *(word for word in (tree.as_, tree.dtype) if word)]))
    yield f"{address}_{index}"


def _alone(tree: Tree) -> Iterator[str]:
    if isinstance(tree, InputSpec):
        name = tree.feature.rpartition("/")[2]
        yield f"{name}_id" if tree.as_ == "id" else _free(name)


def _free(name: str) -> str:
    """The name with a `_` where every tuple has a method of that name; a name of the schema never ends so."""
    return f"{name}_" if name in reserved.TUPLE else name
