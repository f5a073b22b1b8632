"""Loaders for PyTorch; the one package that imports torch."""

from .forms import Masked, Packed, Padded
from .loader import Batches, Loader

__all__ = ["Batches", "Loader", "Masked", "Packed", "Padded"]
