"""What an input asks of its values: a form, a dtype, what stands for an absent one."""

from __future__ import annotations

from h5schema.spec import InputSpec
from h5schema.vocabulary.dtypes import CATEGORY, DATES, ENCODED
from h5schema.vocabulary.sampled import can_load

from .draft import Path
from .fed import Fed
from .ir import SPARSE, FeatureIR
from .values import impossible

_LISTED = (*ENCODED, "any")
"""Dtypes of which a batch is a list."""
DOES = {"pad": "pad", "mask": "mask", "packed": "pack", "nested": "nest", "list": "list apart"}
"""What each form does with entries of different lengths."""
_DECODED = ({"str", "bytes"}, {"str", CATEGORY})
"""Dtypes of which each may be loaded as the other: a text is its utf-8, a category a text."""


def form_fits(fed: Fed, spec: InputSpec, feature: FeatureIR, at: Path, *, whole: bool) -> bool:
    """Whether an input can have its form; complains if not."""
    if spec.as_ == "list" and feature.dtype.name in _LISTED:
        return True
    if spec.as_ is not None and feature.kind == "mixed":
        return _are_numbers(fed, spec, feature, at)
    if spec.as_ is None or (whole and spec.as_ in _forms_of(feature)):
        return _are_numbers(fed, spec, feature, at)
    if spec.as_ == "id":
        message, help = f"`{feature.address}` is a feature; `as: id` is for dims", "name the dim, or leave out `as`"
    elif feature.kind in SPARSE and not whole:
        message, help = f"a sample has one element of `{feature.address}`", "leave out `as`"
    elif feature.kind in SPARSE:
        message, help = f"rows of `{feature.address}` are sparse", "write `dense`, `sparse` or `pairs`"
    elif spec.as_ == "nested" and whole and (feature.varying or feature.lists):
        message = f"entries of `{feature.address}` differ in more than one length, and those of a nested tensor do not"
        help = "use pad, mask, packed or list"
    elif spec.as_ not in DOES:
        message, help = f"`{feature.address}` is not sparse: `as: {spec.as_}` is for `store: csr`", "leave out `as`"
    else:
        pieces = "entry" if whole else "piece"
        message = f"every {pieces} of `{feature.address}` has the same shape: there is nothing to {DOES[spec.as_]}"
        help = "leave out `as`"
    fed.add("as", message, (*at, "as"), help)
    return False


def _forms_of(feature: FeatureIR) -> tuple[str, ...]:
    """Forms that whole entries may have in a batch."""
    if feature.kind in SPARSE:
        return ("dense", "sparse", "pairs")
    if not (feature.varying or feature.lists):
        return ()
    return tuple(one for one in DOES if one != "nested" or _is_jagged(feature))


def _is_jagged(feature: FeatureIR) -> bool:
    """Whether entries differ in one length alone, as those of torch's nested tensors."""
    return feature.varying == 1 and not feature.lists


def _are_numbers(fed: Fed, spec: InputSpec, feature: FeatureIR, at: Path) -> bool:
    if spec.as_ is not None and feature.dtype.name in _LISTED:
        what = f"`{feature.address}` is {feature.dtype.name}: a batch of it is a list"
        fed.add("as", what, (*at, "as"), "leave out `as`")
        return False
    return True


def dtype_fits(fed: Fed, spec: InputSpec, feature: FeatureIR, at: Path) -> bool:
    """Whether an input can be loaded in its dtype; complains if not."""
    wanted, stored = spec.dtype, feature.dtype.name
    enum = fed.draft.enums.get(feature.address)
    if enum is not None:
        stored = enum.base
    elif stored in DATES or (stored == CATEGORY and wanted != "str"):
        stored = "int64"
    if wanted in (None, stored) or {stored, wanted} in _DECODED:
        return True
    if can_load(stored, str(wanted)):
        return True
    fed.add(
        "dtype",
        f"`{feature.address}` is {feature.dtype.name}: it cannot be loaded as {wanted}",
        (*at, "dtype"),
        f"leave `dtype` out: then it is loaded as {'int64' if enum is not None else stored}",
    )
    return False


def fill_fits(fed: Fed, spec: InputSpec, feature: FeatureIR, at: Path) -> bool:
    """Whether something can stand for absent values, if they may be absent; complains if not."""
    if spec.fill is None:
        if feature.optional and feature.address not in fed.present:
            fed.advise(
                "unwise-optional",
                f"`{feature.address}` may be absent, and then a batch cannot be made",
                (*at, "feature"),
                f"add `{feature.address}: present` to the `where` of the loader, or a `fill` to the input",
            )
        return True
    if not feature.optional:
        fed.add(
            "fill",
            f"`{feature.address}` is never absent: it is not optional",
            (*at, "fill"),
            "leave out `fill`, or write `optional: true` in the feature",
        )
        return False
    if feature.kind in SPARSE:
        if spec.fill == 0:
            return True
        message = f"elements of `{feature.address}` that are not stored read as 0, and so do absent rows"
        fed.add("fill", message, (*at, "fill"), "write `fill: 0`")
        return False
    if feature.dtype.name == CATEGORY and spec.dtype != "str":
        if isinstance(spec.fill, int) and not isinstance(spec.fill, bool):
            return True
        message = f"`{feature.address}` is loaded as codes, so what stands for an absent one is a whole number"
        fed.add("fill", message, (*at, "fill"), "write `fill: -1`, for example")
        return False
    wrong = impossible(feature, fed.draft.enums, spec.fill)
    if wrong is not None:
        fed.add("fill", wrong[0], (*at, "fill"), wrong[1])
        return False
    return True
