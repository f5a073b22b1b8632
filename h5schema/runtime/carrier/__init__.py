"""Carriers bring rows from a file. h5py's is the one that is always right."""

from .with_h5py import H5pyCarrier

__all__ = ["H5pyCarrier"]
