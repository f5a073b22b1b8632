"""Carriers bring rows from a file: h5py's is always right, the direct one goes past HDF5 where that is safe."""

from .direct import DirectCarrier
from .state import Seen, State, changed, may_differ, seen, state_of
from .with_h5py import H5pyCarrier

__all__ = ["DirectCarrier", "H5pyCarrier", "Seen", "State", "changed", "may_differ", "seen", "state_of"]
