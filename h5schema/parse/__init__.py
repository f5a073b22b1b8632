"""YAML text to nodes that know where they stand."""

from __future__ import annotations

from h5schema.parse.library import Library
from h5schema.parse.load import Parsed, load
from h5schema.parse.nodes import Mapping, Node, Scalar, Sequence, child, find, find_key
from h5schema.parse.source import Source

__all__ = ["Library", "Mapping", "Node", "Parsed", "Scalar", "Sequence", "Source", "child", "find", "find_key", "load"]
