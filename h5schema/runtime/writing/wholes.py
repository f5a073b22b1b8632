"""Features without entries of a file in the making: one value for the whole file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from h5schema.errors import DataError

from ..model import Model
from ..where import Where
from .datasets import Datasets

_ATTRIBUTE_BYTES = 64_000


class Wholes:
    """Writes datasets at once, and attributes when the nodes that have them are there.

    Args:
        model: What the file class declares.
        datasets: Of the file.
        target: Name of the file, for errors.
    """

    def __init__(self, model: Model, datasets: Datasets, target: Path) -> None:
        self._model = model
        self._datasets = datasets
        self._target = target
        self._given: set[str] = set()
        self._attributes: dict[str, tuple[NDArray[np.generic], np.dtype[np.generic]]] = {}

    def put(self, address: str, value: object) -> None:
        """Takes the value of a feature; one that was given before is replaced.

        Raises:
            DataError: It does not fit.
        """
        feature, place = self._model.features[address], self._model.places[address]
        where = f"{self._target}: {place.path}"
        block, _ = feature.block_of([value], place, 1, Where(where))
        data, dtype = feature.whole(block)
        if not place.is_attribute:
            self._datasets.replace(place.path, data, dtype, feature.options)
        elif data.nbytes > _ATTRIBUTE_BYTES:
            raise DataError(
                f"{data.nbytes} bytes do not fit an attribute, which ends at 64 kB",
                where=where,
                do="in the schema give the feature an `at` without `@`: a dataset has no such limit",
            )
        else:
            self._attributes[place.path] = data, dtype
        self._given.add(address)

    def write_attributes(self) -> None:
        """Writes the attributes of all nodes that are there."""
        for path, (data, dtype) in sorted(self._attributes.items(), key=lambda item: item[0]):
            node, _, name = path.partition("@")
            if self._datasets.has(node or "/"):
                self._datasets.set_attribute(node or "/", name, data, dtype)
                self._datasets.note(path)

    def expect_all(self) -> None:
        """Refuses to end where a value is missing, or what an attribute belongs to.

        Raises:
            DataError: One is missing.
        """
        places = self._model.places
        for address, place in places.items():
            if place.lead is None and not place.optional and address not in self._given:
                raise DataError(
                    f"{address} was never written",
                    where=str(self._target),
                    do="give it a value before the file is closed, or write `optional: true` in the schema",
                )
        datasets = {place.path: address for address, place in places.items() if place.lead is None}
        for path in self._attributes:
            owner = datasets.get(path.partition("@")[0])
            if owner is not None and owner not in self._given:
                raise DataError(
                    f"it is an attribute of {owner}, which was never written",
                    where=f"{self._target}: {path}",
                    do=f"give {owner} a value too",
                )
