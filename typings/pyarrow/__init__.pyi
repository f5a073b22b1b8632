# What the runtime uses of pyarrow, which has no types of its own.
from collections.abc import Iterator

from . import types as types

class ArrowException(Exception): ...
class DataType: ...

class Field:
    name: str
    type: DataType

class Schema:
    def __iter__(self) -> Iterator[Field]: ...

class RecordBatch:
    def to_pylist(self) -> list[dict[str, object]]: ...
