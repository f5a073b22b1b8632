"""What a value of a feature is in Python: on reading an entry, and in a batch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from h5schema.resolve.ir import SPARSE, DtypeIR, FeatureIR, GroupIR, RecordIR, SampleIR, TakeIR, dim_word
from h5schema.vocabulary.dtypes import CONVERTED, DATE_UNITS, DATES, NUMBERS, date_unit

from .printer import Code, subscript

_NUMBERS = {"bool": "bool", "int": "int", "uint": "int", "float": "float", "complex": "complex"}
_ENCODED = {"str": "str", "bytes": "bytes", "json": "JsonValue", "any": "AnyValue"}
"""What an entry of a dtype is that has no numbers."""
_BOUND = {"texts": "list[str]", "attributes": "dict[str, object]"}
"""What an entry of a kind is that files of others have."""
_NUMPY = {"bool": "bool_", "bfloat16": "float32"} | dict.fromkeys(DATES, "datetime64")
"""numpy's scalar types that are not called as the dtype."""
_COLLATED = {"pad": "Padded", "mask": "Masked", "packed": "Packed", "nested": "Tensor", "list": "list[Tensor]"}
_SHAPED = _COLLATED | {"packed": "PackedArrays"}
_NESTED = {"pad": "PaddedLists", "mask": "Masked", "packed": "PackedArrays"}
"""What entries become in a batch that are arrays of any shape, or lists."""


def numpy_name(dtype: str) -> str:
    """numpy's scalar type: `np.uint8`."""
    return f"np.{_NUMPY.get(dtype, dtype)}"


class Values(NamedTuple):
    """The values of features, as annotations and as words.

    Attributes:
        bases: Integer dtype of each enum, by class name.
    """

    bases: Mapping[str, str]

    def stored(self, dtype: DtypeIR) -> str:
        """The numeric dtype in the file."""
        return self.bases[dtype.enum] if dtype.enum is not None else dtype.name

    def entry(self, feature: FeatureIR) -> Code:
        """Annotation of one entry."""
        if feature.lists:
            return subscript("list", [self.entry(_item(feature))])
        if feature.kind in _BOUND:
            return _BOUND[feature.kind]
        if feature.kind == "category":
            return "str"
        if feature.dtype.name in _ENCODED:
            return _ENCODED[feature.dtype.name]
        if feature.kind == "enum":
            return str(feature.dtype.enum)
        if feature.dtype.name in DATES and feature.kind == "scalar":
            return "np.datetime64"
        if feature.kind == "scalar":
            return _NUMBERS[NUMBERS[feature.dtype.name].kind]
        array = "SparseRow" if feature.kind in SPARSE else "NDArray"
        return subscript(array, [numpy_name(self.stored(feature.dtype))])

    def summary(self, feature: FeatureIR) -> str:
        """dtype, dims and unit in words: `float32 [clip, time], in V`."""
        dtype = feature.dtype
        word = dtype.enum or (_sized(dtype) if dtype.size is not None else dtype.name)
        said = feature.dims[::-1] if feature.kind == "csc" else feature.dims  # as the schema has them
        named = (*said, "...") if feature.kind == "mixed" else said
        dims = f" [{', '.join(map(dim_word, named))}]" if named else ""
        unit = f", in {feature.unit}" if feature.unit else ""
        return word + dims + unit + (", may be absent" if feature.optional else "")


def _sized(dtype: DtypeIR) -> str:
    return f"at most {dtype.size} bytes" if dtype.name == "bytes" else f"{dtype.name} of at most {dtype.size} bytes"


def _item(feature: FeatureIR) -> FeatureIR:
    """What is in the lists that are the entries of a feature."""
    return feature._replace(lists=feature.lists - 1, kind="nested" if feature.lists > 1 else "ragged")


def batch_type(sample: SampleIR, features: Mapping[str, FeatureIR]) -> str:
    """Annotation of one input in a batch."""
    if isinstance(sample, RecordIR):
        return sample.class_name
    if sample.of == "dim":
        return "list[str]" if sample.form == "id" else "Tensor"
    feature = features[sample.address]
    kind, dtype = feature.kind, sample.dtype or feature.dtype.name
    if dtype in _ENCODED:
        many = sample.joined == "many"
        if sample.transform:
            return "list[object]"
        return _listed(_ENCODED[dtype], feature.lists + 1 + many - sample.picked)
    if kind in SPARSE:
        return "Pairs" if sample.form == "pairs" else "Tensor"
    if kind == "nested" and sample.shape is None:
        return _listed("Tensor", feature.lists + 1) if sample.form == "list" else _NESTED[sample.form or "pad"]
    if sample.ranged:
        return (_SHAPED if feature.varying > 1 else _COLLATED)[sample.form or "pad"]
    uneven = feature.varying > 0 if sample.shape is None or sample.joined == "one" else sample.joined == "many"
    return (_SHAPED if feature.varying > 1 else _COLLATED)[sample.form or "pad"] if uneven else "Tensor"


def _listed(inner: str, depth: int) -> str:
    return "list[" * depth + inner + "]" * depth


def stored_word(dtype: str) -> str | None:
    """The dtype as a declaration says it; None: numpy's type says it."""
    return dtype if dtype in CONVERTED else None


def batch_words(take: TakeIR, roots: tuple[str, ...], features: Mapping[str, FeatureIR]) -> str:
    """dtype and shape of one input in words: `float32 [batch, 32, 32, 3]`."""
    if take.of == "dim":
        said = "str [batch], ids of" if take.form == "id" else "int64 [batch], positions in"
        return f"{said} `{take.address}`"
    feature = features[take.address]
    since = date_unit(feature.dtype.name)
    coded = feature.kind == "category" and take.dtype != "str"
    counted = feature.dtype.enum is not None or since is not None or coded
    dtype = take.dtype or ("int64" if counted else feature.dtype.name)
    dims = [dim_word(dim) for dim in take.shape or ["batch" if dim in roots else dim for dim in feature.dims]]
    shape = f" [{', '.join(dims)}]" if dims else ""
    unit = f", in {feature.unit}" if feature.unit else ""
    codes = f", codes of `{feature.address}`" if coded else ""
    made = f"`{take.transform}` of " if take.transform else ""
    return made + dtype + shape + unit + _since(since, dtype) + codes


def _since(unit: str | None, dtype: str) -> str:
    """What the numbers of dates count."""
    if unit is None:
        return ""
    return f", {DATE_UNITS[unit]} since 1970-01-01" + (", NaT is -2**63" if dtype == "int64" else "")


def features_of(group: GroupIR) -> Iterator[FeatureIR]:
    """All features, those of inner groups after those of the group itself."""
    yield from group.features
    for inner in group.groups:
        yield from features_of(inner)
