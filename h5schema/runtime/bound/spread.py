"""Dims that are laid out as paths: each entry is a node of its own, shown as rows of one dataset."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from math import prod

import h5py
import numpy as np
from numpy.typing import NDArray

from h5schema.errors import FileError
from h5schema.vocabulary.patterns import Pattern

from ..node_paths import INSIDE, NodePath, captures_of
from ..spans import Rows, Spans, expect_inside, offsets_of, positions
from .columns import Column, Values
from .indices import pieces
from .nodes import Nodes

_DIGITS = re.compile(r"(\d+)")


def names_of(nodes: Nodes, outer: str, last: str, dim: str) -> list[str]:
    """The texts of the entries of a dim, in natural order: demo_2 comes before demo_10.

    Args:
        nodes: Of the file.
        outer: Path of the group in which the nodes are.
        last: What their names are, with braces: `demo_{demo}`.
        dim: Name of the capture.

    Raises:
        FileError: There is no group in which the nodes could be.
    """
    pattern = Pattern.parse(last)
    found = [
        texts[dim]
        for name in nodes.group(outer)
        if (texts := pattern.texts(_text(name, f"{nodes.name}: {outer}"))) is not None
    ]
    return sorted(found, key=natural)


def names_below(nodes: Nodes, spread: str, dim: str) -> list[str]:
    """The texts of the entries of a dim whose nodes lie at any depth, in natural order; links are not followed.

    Args:
        nodes: Of the file.
        spread: Path of a feature with braces, of a dataset or of an attribute: `/tree/{leaf:path}/data`.
        dim: Name of the capture.

    Raises:
        FileError: There is no group in which the nodes could be.
    """
    path, _, attribute = spread.partition("@")
    outer = path[: path.index("{")].rpartition("/")[0]
    group, pattern, found = nodes.group(outer), Pattern.parse(path[len(outer) + 1 :]), list[str]()

    def look(name: str, node: h5py.HLObject) -> None:
        texts = pattern.texts(name)
        if texts is not None and (attribute in node.attrs if attribute else isinstance(node, h5py.Dataset)):
            found.append(texts[dim])

    group.visititems(look)
    return sorted(found, key=natural)


def _text(name: object, where: str) -> str:
    if isinstance(name, bytes):  # what h5py has of names that are no utf-8
        what = f"the name {name!r} is no utf-8, so it is no id"
        raise FileError(what, where=where, do="rename it in a copy of the file")
    return str(name)


def natural(text: str) -> tuple[tuple[tuple[int, int, str], ...], str]:
    """What texts are sorted by, so that numbers in them count as numbers."""
    parts = ((0, int(part), "") if part.isdecimal() else (1, 0, part) for part in _DIGITS.split(text) if part)
    return tuple(parts), text


class Paths:
    """The paths of one feature's nodes, by the id of the entry.

    Args:
        path: With braces; what follows them may be an attribute.
        in_files: Whether an id begins with the path of a file, in which the node is.
    """

    def __init__(self, path: str, *, in_files: bool) -> None:
        node, mark, name = path.partition("@")
        self._pattern = Pattern.parse(node) if "{" in node else None
        self._node = node
        self._attribute = mark + name
        self._in_files = in_files

    def of(self, text: str) -> str:
        """The path of an entry's node."""
        file, rest = "", text
        if self._in_files:
            depth = 0 if self._pattern is None else len(self._pattern.captures)
            file, *parts = text.rsplit(INSIDE, depth)
            file, rest = f"/{file}", INSIDE.join(parts)
        node = file + (self._node if self._pattern is None else self._pattern.fill(captures_of(self._pattern, rest)))
        return node + self._attribute if self._attribute else NodePath(node)


class Forms:
    """What the nodes of a feature are like, found once.

    Args:
        shapes: Of each node; None: it is missing.
        dtype: Of the first that is there.
    """

    def __init__(self, shapes: Sequence[tuple[int, ...] | None], dtype: np.dtype[np.generic]) -> None:
        self.shapes = shapes
        self.dtype = dtype
        self.there = np.array([shape is not None for shape in shapes], bool)


class Stacked:
    """Rows of which each is a whole node.

    Args:
        column: The column of a node, by its number.
        forms: Of the nodes; those that are there have one shape.
    """

    def __init__(self, column: Callable[[int], Column], forms: Forms) -> None:
        self._column = cache(column)
        self.present = forms.there
        self.dtype = forms.dtype
        inner = next((shape for shape in forms.shapes if shape is not None), ())
        self.shape = (len(forms.shapes), *inner)

    def read(self, starts: Rows, lengths: Rows | int) -> Values:
        counts = np.full(len(starts), lengths, np.int64) if isinstance(lengths, int) else lengths
        rows = positions(starts, counts)
        found = [self._whole(row) for row in rows.tolist()]
        return np.stack(found) if found else np.empty((0, *self.shape[1:]), self.dtype)

    def _whole(self, row: int) -> Values:
        inner = self.shape[1:]
        if not self.present[row]:
            return np.zeros(inner, self.dtype)
        column = self._column(row)
        found = column.read(np.zeros(1, np.int64), inner[0] if inner else 1)
        return found.reshape(inner)


class Joined:
    """The rows of all nodes, end to end.

    Args:
        column: The column of a node, by its number.
        forms: Of the nodes.
        sizes: How many there are of each ragged dim in each node, by its address.
        inner: Shape of a row.
        file: Name of the file, for errors.
        path: With braces, for errors.
    """

    def __init__(
        self,
        column: Callable[[int], Column],
        forms: Forms,
        sizes: Mapping[str, Rows],
        inner: tuple[int, ...],
        *,
        file: str,
        path: str,
    ) -> None:
        self._column = cache(column)
        self._file = file
        self._path = path
        self.present = forms.there
        self.dtype = forms.dtype
        self.sizes = sizes
        rows = [0 if shape is None else prod(shape[: len(shape) - len(inner)]) for shape in forms.shapes]
        self.offsets = offsets_of(np.array(rows, np.int64))
        self.shape = (int(self.offsets[-1]), *inner)

    def read(self, starts: Rows, lengths: Rows | int) -> Values:
        counts = np.full(len(starts), lengths, np.int64) if isinstance(lengths, int) else lengths
        expect_inside(Spans(self._path, starts, counts), self.shape[0], self._file)
        nodes, begins, sizes = pieces(self.offsets, starts, counts)
        places = offsets_of(sizes)[:-1]
        found: Values | None = None
        for node in dict.fromkeys(nodes.tolist()):
            here = nodes == node
            rows = self._column(node).read(begins[here] - self.offsets[node], sizes[here])
            if found is None:
                found = np.empty((int(sizes.sum()), *self.shape[1:]), rows.dtype)
            found[positions(places[here], sizes[here])] = rows
        return np.empty((0, *self.shape[1:]), self.dtype) if found is None else found


class Flat:
    """The rows of a node of several axes, as one; of its first axis only what they are in is read.

    Args:
        column: The node.
        rows: How many there are.
        inner: Shape of one.
    """

    def __init__(self, column: Column, rows: int, inner: tuple[int, ...]) -> None:
        self._column = column
        self._each = rows // max(1, (column.shape or (1,))[0])
        self.dtype, self.shape = column.dtype, (rows, *inner)

    def read(self, starts: Rows, lengths: Rows | int) -> Values:
        counts = np.full(len(starts), lengths, np.int64) if isinstance(lengths, int) else lengths
        if not counts.any():
            return np.empty((0, *self.shape[1:]), self.dtype)
        first = starts // self._each
        sizes = np.where(counts > 0, -(-(starts + counts) // self._each) - first, 0)
        found = self._column.read(first, sizes).reshape(-1, *self.shape[1:])
        return found[positions(offsets_of(sizes * self._each)[:-1] + starts - first * self._each, counts)]


def absent_first(column: Joined) -> Callable[[Rows], NDArray[np.int64]]:
    """Where the entries of a feature begin; -1 for those whose node is missing."""
    starts = np.where(column.present, column.offsets[:-1], -1)
    return lambda rows: starts[rows]
