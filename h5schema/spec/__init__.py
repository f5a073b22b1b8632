"""The language: pydantic models are its definition."""

from .conditions import CheckSpec, PartSpec, PredicateSpec
from .dims import DimSpec, IndexSpec
from .dtypes import DtypeSpec
from .export import json_schema, reference
from .features import FeatureSpec
from .loaders import BatchSpec, FrameSpec, InputSpec, ListSpec, LoaderSpec, MapSpec, SamplerSpec, WindowSpec
from .read import Reading, read
from .schema import GroupSpec, SchemaSpec, SplitSpec, UseSpec
from .storage import StoreSpec

__all__ = [
    "BatchSpec",
    "CheckSpec",
    "DimSpec",
    "DtypeSpec",
    "FeatureSpec",
    "FrameSpec",
    "GroupSpec",
    "IndexSpec",
    "InputSpec",
    "ListSpec",
    "LoaderSpec",
    "MapSpec",
    "PartSpec",
    "PredicateSpec",
    "Reading",
    "SamplerSpec",
    "SchemaSpec",
    "SplitSpec",
    "StoreSpec",
    "UseSpec",
    "WindowSpec",
    "json_schema",
    "read",
    "reference",
]
