"""What decoding raises; it is caught where no decoder is needed."""


class DecodeError(Exception):
    """A chunk does not decode; HDF5 has the last word on what is wrong with it."""
