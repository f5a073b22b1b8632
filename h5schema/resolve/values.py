"""Whether a value or a bound of the schema can be a value of a feature at all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from h5schema.spec import CheckSpec
from h5schema.vocabulary import values
from h5schema.vocabulary.values import Valued

from .ir import CheckIR, EnumIR, FeatureIR


def impossible(feature: FeatureIR, enums: Mapping[str, EnumIR], value: object) -> tuple[str, str] | None:
    """Message and help if no entry of the feature can be `value`; None if one can."""
    enum = enums.get(feature.address)
    members = {} if enum is None else {text: number for _, text, number in enum.members}
    return values.impossible(Valued(feature.address, feature.dtype.name, feature.dtype.size, members), value)


def checked(feature: FeatureIR, spec: CheckSpec) -> Iterator[tuple[str, str, str]]:
    """Key, message and help of each bound that the dtype of the feature cannot have."""
    said = {key: getattr(spec, key) for key in spec.model_fields_set}
    yield from values.unfit(Valued(feature.address, feature.dtype.name), said)
    if none := values.empty(spec):
        yield none


def as_check(spec: CheckSpec) -> CheckIR:
    """The bounds as the IR holds them."""
    return CheckIR(spec.min, spec.max, spec.above, spec.below, bool(spec.unique), bool(spec.finite), spec.match)
