"""Declarations of features."""

from .dense import Array, Enumerated, Scalar
from .feature import Feature, Options, optional
from .ragged import Ragged
from .text import Text

__all__ = ["Array", "Enumerated", "Feature", "Options", "Ragged", "Scalar", "Text", "optional"]
