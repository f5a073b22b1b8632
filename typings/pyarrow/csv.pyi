from collections.abc import Mapping
from pathlib import Path

from . import DataType, Table

class ConvertOptions:
    def __init__(self, *, strings_can_be_null: bool, column_types: Mapping[str, DataType] | None = None) -> None: ...

def read_csv(path: Path, *, convert_options: ConvertOptions) -> Table: ...
