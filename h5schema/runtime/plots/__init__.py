"""Pictures of features, drawn by matplotlib without a display: the one package of the runtime that imports it."""

from .figure import plot
from .kinds import KINDS

__all__ = ["KINDS", "plot"]
