# What the runtime uses of pyarrow, which has no types of its own.
from collections.abc import Iterator

from numpy import generic
from numpy.typing import NDArray

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

class ChunkedArray:
    null_count: int
    def to_pylist(self) -> list[object]: ...
    def to_numpy(self) -> NDArray[generic]: ...

class Table:
    column_names: list[str]
    schema: Schema
    def column(self, name: str) -> ChunkedArray: ...

def float32() -> DataType: ...
