"""h5schema: one YAML schema becomes a typed Python package over HDF5."""

__version__ = "0.1.0"
