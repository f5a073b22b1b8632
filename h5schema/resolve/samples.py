"""The `inputs` and `targets` of a loader: what a batch can hold of a feature, a group or a dim."""

from __future__ import annotations

from typing import cast

from h5schema.spec import InputSpec, ListSpec, LoaderSpec, MapSpec
from h5schema.vocabulary import reserved
from h5schema.vocabulary.dtypes import CATEGORY

from .draft import Path
from .fed import Fed
from .forms import DOES, dtype_fits, fill_fits, form_fits
from .identifiers import camel
from .ir import SPARSE, FeatureIR, Json, RecordIR, SampleIR, TakeIR
from .joins import join
from .keyed import alike
from .records import Tree, names_in_list, names_of_pair, record
from .scope import find_input, written
from .windows import cut, own_windows


def batch_of(fed: Fed, spec: LoaderSpec, class_name: str) -> SampleIR | None:
    """What a batch holds: the inputs, or inputs and targets; None, with a complaint, if it cannot."""
    if spec.targets is None:
        return sample_of(fed, spec.inputs, ("inputs",), f"{class_name}Batch")
    inputs = sample_of(fed, spec.inputs, ("inputs",), f"{class_name}Inputs")
    targets = sample_of(fed, spec.targets, ("targets",), f"{class_name}Targets")
    if inputs is None or targets is None:
        return None
    names = names_of_pair(spec.inputs, spec.targets)
    return RecordIR(f"{class_name}Batch", "position", ((names[0], inputs), (names[1], targets)))


def sample_of(fed: Fed, tree: Tree, at: Path, class_name: str) -> SampleIR | None:
    """What a sample holds, as the schema mirrors it; None, with a complaint, if it cannot."""
    match tree:
        case InputSpec():
            return _input(fed, tree, at, class_name)
        case ListSpec():
            names = names_in_list(tree.items)
            items = [
                (name, sample_of(fed, item, (*at, index), class_name + camel(name)))
                for index, (name, item) in enumerate(zip(names, tree.items, strict=True))
            ]
            return record(class_name, "position", items)
        case MapSpec():
            found: list[tuple[str, SampleIR | None]] = []
            for key, item in tree.items.items():
                if key in reserved.IN_DECLARATIONS:
                    fed.add(
                        "reserved-name",
                        f"`{key}` means something else in generated code",
                        (*at, key),
                        f"call it `{key}_value`, for example",
                        key=True,
                    )
                found.append((key, sample_of(fed, item, (*at, key), class_name + camel(key))))
            return record(class_name, "key", found)


def _input(fed: Fed, spec: InputSpec, at: Path, class_name: str) -> SampleIR | None:
    where = (*fed.path, *at, "feature")
    kind = find_input(fed.draft, fed.notes, spec.feature, where, breaks=fed.path)
    if kind is None:
        return None
    return _TAKERS[kind](fed, spec, at, class_name)


def _take_dim(fed: Fed, spec: InputSpec, at: Path, class_name: str) -> SampleIR | None:
    """A dim as an input: the sample's position in it, or its id."""
    dims = {dim: fed.draft.axes[dim] for dim in (*reversed(fed.chain[1:]), *(root.address for root in fed.roots))}
    if spec.feature not in dims:
        fed.add(
            "input",
            f"a sample is an entry of `{fed.axis.address}`, which has no position in `{spec.feature}`",
            (*at, "feature"),
            f"write {' or '.join(f'`{dim}`' for dim in dims)}",
        )
        return None
    axis = dims[spec.feature]
    if spec.as_ not in (None, "id"):
        fed.add("as", f"a position has no form `{spec.as_}`", (*at, "as"), "write `as: id`, or leave it out")
        return None
    if spec.as_ == "id" and not axis.ids:
        help = f"write `ids: true` in `{axis.name}`" if axis.per is None else f"take those of `{axis.per}`"
        fed.add("as", f"entries of `{axis.name}` have no ids", (*at, "as"), help)
        return None
    key = next((key for key in ("dtype", "fill", "window", "transform", "via") if getattr(spec, key)), None)
    if key is not None:
        fed.add(
            "input",
            f"a position or id takes no `{key}`: it is never absent, and its dtype is known",
            (*at, key),
            "leave it out",
            key=True,
        )
        return None
    return TakeIR(spec.feature, "dim", form=spec.as_)


def _take_group(fed: Fed, spec: InputSpec, at: Path, class_name: str) -> SampleIR | None:
    """A group as an input: the mapping of its features."""
    if spec.transform is not None:
        fed.add(
            "transform",
            "a transform changes one feature, not a group",
            (*at, "transform"),
            "name a feature, or write it in the loader",
        )
        return None
    prefix = f"{spec.feature}/"
    items: dict[str, SampleIR] = {}
    for address in [*fed.draft.features, *fed.draft.groups]:
        name = address.removeprefix(prefix)
        if not address.startswith(prefix) or "/" in name:
            continue
        inner = spec.model_copy(update={"feature": address})
        if address in fed.draft.groups:
            item = _take_group(fed, inner, at, class_name + camel(name))
        else:
            item = _take_feature(fed, inner, at, class_name)
        if item is None:
            return None
        items[name] = item
    if not items and _has_lost(fed, spec.feature):
        fed.notes.break_(fed.path)
        return None
    if not items:
        fed.add("input", f"group `{spec.feature}` has no features", (*at, "feature"), "name a feature")
        return None
    return RecordIR(class_name, "key", tuple(items.items()))


def _has_lost(fed: Fed, group: str) -> bool:
    """Whether something in a group was left out, which may have been a feature."""
    path = fed.draft.groups[group].path
    return any(lost[: len(path)] == path for lost in fed.draft.reading.poisoned)


def _take_feature(fed: Fed, spec: InputSpec, at: Path, class_name: str) -> SampleIR | None:
    """A feature as an input."""
    feature = fed.draft.resolved.get(spec.feature)
    if feature is None:
        fed.notes.break_(fed.path)
        return None
    if spec.via is not None:
        return _take_via(fed, spec, feature, at)
    lead = feature.dims[0] if feature.dims else None
    shared = fed.shared(feature)
    if shared and lead not in shared:
        return _take_across(fed, spec, feature, at)
    if isinstance(lead, str) and not shared and alike(fed.draft.axes, lead, fed.root.address):
        fed.add(
            "not-yet",
            f"`{feature.address}` is over `{lead}`, and a sample is one of `{fed.root.name}`, whose ids begin alike; "
            "features of both in one sample come with a later version",
            (*at, "feature"),
            f"for now read it by the id of the sample, which is {{feature: {fed.root.address}, as: id}}",
        )
        return None
    if isinstance(lead, str) and not shared and fed.draft.axes[lead].size is None:
        fed.advise(
            "unwise-whole",
            f"`{feature.address}` is over `{lead}`, which a sample of `{fed.axis.name}` is no part of: "
            "all of it comes with every batch",
            (*at, "feature"),
            f"if each sample has its own `{lead}`, say `via` which feature it is found",
        )
    if feature.kind == "attributes":
        what = f"`{feature.address}` is a mapping of attributes, of which no batch is made"
        fed.add("input", what, (*at, "feature"), "name the attributes that are wanted as features: at: '@name'")
        return None
    _advise_codes(fed, spec, feature, at)
    if spec.transform is not None and feature.kind in SPARSE and spec.as_ in ("sparse", "pairs"):
        fed.add(
            "transform",
            f"`as: {spec.as_}` has no rows of its own that a transform could change",
            (*at, "transform"),
            "leave `as` out: it gets dense rows",
        )
    own = own_windows(fed, spec, at)
    if own is None:
        return None
    own = tuple((dim, window) for dim, window in own if dim in feature.dims)
    shape = cut(fed, feature, dict(own), at)
    ranged = any(window.ranges is not None for dim, window in fed.windows if dim in feature.dims)
    picked = sum(dim in fed.chain[1:] for dim in feature.dims[: feature.lists + 1]) if shape else 0
    if picked and spec.fill is not None:
        what = f"where lists of `{feature.address}` are absent, there is no item that `fill` could stand for"
        fed.add("fill", what, (*at, "fill"), f"add `{feature.address}: present` to the `where` of the loader")
        return None
    uneven = feature.varying > 1 and bool(shape)  # a part of an array of any shape
    ranged = ranged or (feature.kind == "nested" and any(dim in _ragged(fed) for dim in shape or ()))
    form = (ranged and spec.as_ in DOES) or form_fits(fed, spec, feature, at, whole=uneven or not shape)
    dtype, fill = dtype_fits(fed, spec, feature, at), fill_fits(fed, spec, feature, at)
    if shape is None or not (form and dtype and fill):
        return None
    as_ = None if spec.as_ == "dense" else spec.as_
    return TakeIR(
        feature.address,
        dtype=spec.dtype,
        form=as_,
        fill=cast("Json", spec.fill),
        window=own,
        shape=shape or None,
        transform=spec.transform,
        ranged=ranged or uneven,
        picked=picked,
    )


def _ragged(fed: Fed) -> list[str]:
    """Addresses of all ragged dims."""
    return [axis.address for axis in fed.draft.axes.values() if axis.per is not None]


def _take_across(fed: Fed, spec: InputSpec, feature: FeatureIR, at: Path) -> SampleIR | None:
    """A feature along one of its later dims: of a matrix a column."""
    own = fed.shared(feature)
    cut_too = [dim for dim, _ in fed.windows if dim in feature.dims]
    if feature.kind not in ("dense", *SPARSE) or feature.varying or feature.optional or cut_too:
        fed.add(
            "not-yet",
            f"`{feature.address}` has dims {written(feature.dims)}: along `{own[0]}` only whole arrays of numbers "
            "are read, never absent",
            (*at, "feature"),
            f"for now store a copy that begins with `{own[0]}`",
        )
        return None
    fed.advise(
        "unwise-across",
        f"`{feature.address}` lies along `{feature.dims[0]}`: all of it is read for every batch",
        (*at, "feature"),
        f"store a copy that begins with `{own[0]}`",
    )
    if spec.as_ not in (None, "dense"):
        fed.add("as", f"what lies along `{own[0]}` is dense in a batch", (*at, "as"), "leave `as` out")
        return None
    if not (dtype_fits(fed, spec, feature, at) and fill_fits(fed, spec, feature, at)):
        return None
    return TakeIR(
        feature.address,
        dtype=spec.dtype,
        shape=("batch", *(dim for dim in feature.dims if dim not in own)),
        transform=spec.transform,
    )


def _advise_codes(fed: Fed, spec: InputSpec, feature: FeatureIR, at: Path) -> None:
    if at[0] == "targets" and feature.dtype.name == CATEGORY and spec.dtype != "str":
        fed.advise(
            "unwise-category",
            f"the codes of `{feature.address}` depend on the file: in another one a target may mean another word",
            (*at, "feature"),
            "freeze the words: `dtype: {enum: [...]}`",
        )


def _take_via(fed: Fed, spec: InputSpec, feature: FeatureIR, at: Path) -> SampleIR | None:
    """A feature of the entries that a sample refers to."""
    joined = join(fed, spec, feature, at)
    if joined is None or own_windows(fed, spec.model_copy(update={"window": {}}), at) is None:
        return None
    many = joined == "many"
    form = (many and spec.as_ in DOES) or form_fits(fed, spec, feature, at, whole=True)
    dtype, fill = dtype_fits(fed, spec, feature, at), fill_fits(fed, spec, feature, at)
    if not (form and dtype and fill):
        return None
    along = fed.draft.resolved[str(spec.via)].dims[1:] if many else ()
    return TakeIR(
        feature.address,
        dtype=spec.dtype,
        form=None if spec.as_ == "dense" else spec.as_,
        fill=cast("Json", spec.fill),
        shape=("batch", *along, *feature.dims[1:]),
        transform=spec.transform,
        via=spec.via,
        joined=joined,
    )


_TAKERS = {"dim": _take_dim, "group": _take_group, "feature": _take_feature}
