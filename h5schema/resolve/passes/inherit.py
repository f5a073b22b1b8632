"""What a group says holds for the features in it that do not say it themselves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar, cast

from h5schema.spec import FeatureSpec, GroupSpec

from ..draft import Declared, Draft, Given, Settings
from ..ir import Json

ValueT = TypeVar("ValueT")


def inherit(draft: Draft) -> Draft:
    """Settings of each feature, each with the place where it was written."""
    groups: dict[str, Settings] = {}
    for address, group in draft.groups.items():  # outer groups come first
        is_root = not address or address in draft.mounts
        outer = Settings(Given((), group.path, address)) if is_root else groups[group.group]
        groups[address] = _in_group(group, outer)
    settings = {address: _in_feature(one, groups[one.group]) for address, one in draft.features.items()}
    return draft._replace(settings=settings)


def _in_group(group: Declared[GroupSpec], outer: Settings) -> Settings:
    over = _given(group, "over", group.spec.over, group.address)
    return _with_origin(group, outer if over is None else outer._replace(dims=over), group.address)


def _in_feature(feature: Declared[FeatureSpec], outer: Settings) -> Settings:
    written = cast("tuple[str | int, ...] | None", feature.spec.dims)  # the model checks what its type only says
    dims = _given(feature, "dims", written, feature.group)
    return _with_origin(feature, outer if dims is None else outer._replace(dims=dims), feature.group)


def _with_origin(declared: Declared[GroupSpec] | Declared[FeatureSpec], outer: Settings, scope: str) -> Settings:
    """`from` and `source` say what is handed over: who says one of them inherits neither."""
    spec = declared.spec
    source = _given(declared, "source", spec.source, scope)
    origin = _given(declared, "from", spec.from_, scope)
    call = _given(declared, "call", spec.call, scope)
    if source is not None or origin is not None:
        outer = outer._replace(source=source, origin=origin)
    if origin is not None and call is None and is_capture(origin.value):
        outer = outer._replace(call=None, params=None)  # a capture needs no call: the group's is for the others
    params = cast("Mapping[str, Json]", spec.params) if "params" in spec.model_fields_set else None
    optional = spec.optional if "optional" in spec.model_fields_set else None
    store = _given(declared, "store", spec.store, scope)
    return outer._replace(
        call=call or outer.call,
        params=_given(declared, "params", params, scope) or outer.params,
        optional=_given(declared, "optional", optional, scope) or outer.optional,
        store=outer.store if store is None else (*outer.store, store),
    )


def is_capture(origin: tuple[str, ...]) -> bool:
    """Whether `from` names a capture, and not features."""
    return any("{" in one or "}" in one for one in origin)


def _given(
    declared: Declared[GroupSpec] | Declared[FeatureSpec], key: str, value: ValueT | None, scope: str
) -> Given[ValueT] | None:
    return None if value is None else Given(value, (*declared.path, key), scope)
