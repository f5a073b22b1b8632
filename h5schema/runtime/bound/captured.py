"""Values that are parts of the paths of files: what the braces of a source capture."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from h5schema.vocabulary.patterns import Pattern

from ..features import EncodedFeature
from ..kinds import Place
from ..model import AnyFeature
from ..values import fit
from .columns import Column, InMemory


def captured(place: Place, feature: AnyFeature, source: str, paths: Sequence[str], folder: str) -> Column:
    """The values of a feature whose path is a capture of a source, one for each file.

    Raises:
        DataError: A capture is no value of the feature.
    """
    pattern, name = Pattern.parse(source), place.path.rpartition("/")[2][1:-1]
    found = [(pattern.match(path) or {})[name] for path in paths]
    if isinstance(feature, EncodedFeature):
        texts = np.empty(len(found), object)
        texts[:] = [str(value).encode() for value in found]
        return InMemory(texts, folder, place.path)
    values = np.empty(len(found), feature.file_dtype)
    for row, (path, value) in enumerate(zip(paths, found, strict=True)):
        where = f"{folder}: {path}"
        number = value if feature.members is None else feature.members.value_of(str(value), where)
        values[row] = fit(number, feature.number.memory.name, where)
    return InMemory(values, folder, place.path)


def is_captured(place: Place) -> bool:
    """Whether a feature of a dim of files is a capture of their paths."""
    return place.path.rpartition("/")[2].startswith("{")
