"""The class that readers of files of others derive from."""

from __future__ import annotations

from ..file import File


class BoundFile(File):
    """An HDF5 file that others made, for reading; it is never opened to be written.

    Nodes that the class does not name are ignored. Those that it names are compared with it: when the file is opened,
    and entries that are nodes of their own when they are first read.

    Args:
        path: Of the file; or a list of paths, in the order of their entries.
        access: See `File`.

    Raises:
        FileError: When it is opened: it is missing, damaged, or is not as the class says.
    """
