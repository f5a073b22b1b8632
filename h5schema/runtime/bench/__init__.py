"""How fast a file is read, beside h5py and the limit, and what would make it faster."""

from .race import Contender, endless, race
from .report import FeatureFigures, LoaderFigures, Rate

__all__ = ["Contender", "FeatureFigures", "LoaderFigures", "Rate", "endless", "race"]
