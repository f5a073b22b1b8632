from collections.abc import Iterator, Sequence
from pathlib import Path

from . import RecordBatch, Schema, Table

class ParquetFile:
    schema_arrow: Schema
    def __init__(self, source: Path) -> None: ...
    def iter_batches(self, batch_size: int, columns: Sequence[str]) -> Iterator[RecordBatch]: ...
    def read(self, columns: Sequence[str] | None = None) -> Table: ...
