"""What `loaders.py` holds: for each loader its batch types and its plan, ready for the template."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from h5schema.resolve.ir import FeatureIR, LoaderIR, MappingIR, PredicateIR, SampleIR, SchemaIR, TakeIR, TupleIR

from .groups import check
from .imports import Imports
from .literals import literal, name, string
from .names import Names
from .printer import Bracketed, Code, call, flat, subscript
from .types import batch_type, batch_words, features_of


class FieldView(NamedTuple):
    """A field of a batch's `TypedDict`."""

    name: str
    type: Code
    doc: str


class MappingView(NamedTuple):
    """A `TypedDict` of a batch."""

    name: str
    doc: str
    fields: tuple[FieldView, ...]


class LoaderView(NamedTuple):
    """One loader."""

    name: str
    function: str
    doc: str
    batch: str
    batch_type: Code
    batch_doc: str
    mappings: tuple[MappingView, ...]
    plan: Code


class LoadersView(NamedTuple):
    """The whole module."""

    imports: str
    loaders: tuple[LoaderView, ...]


def view(schema: SchemaIR) -> LoadersView | None:
    """Everything that the template of `loaders.py` prints; None if there are no loaders."""
    if not schema.loaders:
        return None
    features = {feature.address: feature for feature in features_of(schema.root)}
    mappings = [mapping for loader in schema.loaders for mapping in _mappings(loader)]
    names = Names(
        [schema.class_name, *(m.class_name for m in mappings), *(loader.class_name for loader in schema.loaders)]
    )
    loaders = tuple(_loader(loader, features, names) for loader in schema.loaders)
    return LoadersView(_imports(schema, features), loaders)


def _loader(loader: LoaderIR, features: Mapping[str, FeatureIR], names: Names) -> LoaderView:
    kind = batch_type(loader.inputs, features)
    docs = [f"Inputs: {_words(loader.inputs, loader, features)}"]
    if loader.targets is not None:
        kind = subscript("tuple", [kind, batch_type(loader.targets, features)])
        docs.append(f"targets: {_words(loader.targets, loader, features)}")
    where = f" in {'/'.join(loader.split)}" if loader.split else ""
    return LoaderView(
        name=name(loader.class_name),
        function=name(loader.function),
        doc=loader.doc if loader.doc.strip() else f"Samples of `{loader.over}`{where}.",
        batch=names.free(f"{loader.class_name}Batch"),
        batch_type=kind,
        batch_doc="; ".join(docs) + ".",
        mappings=tuple(_mapping(mapping, loader, features) for mapping in _mappings(loader)),
        plan=_plan(loader),
    )


def _mapping(mapping: MappingIR, loader: LoaderIR, features: Mapping[str, FeatureIR]) -> MappingView:
    fields = tuple(
        FieldView(name(key), batch_type(item, features), _words(item, loader, features)) for key, item in mapping.items
    )
    return MappingView(name(mapping.class_name), f"What a batch of `{loader.name}` names.", fields)


def _words(sample: SampleIR, loader: LoaderIR, features: Mapping[str, FeatureIR]) -> str:
    """dtype and shape of what stands in a batch, in words."""
    if isinstance(sample, TakeIR):
        return batch_words(sample, loader.over, features)
    if isinstance(sample, TupleIR):
        return ", ".join(_words(item, loader, features) for item in sample.items)
    return f"`{sample.class_name}`"


def _plan(loader: LoaderIR) -> Code:
    arguments: list[tuple[str, Code]] = [("over", string(loader.over))]
    if loader.split:
        arguments.append(("split", string("/".join(loader.split))))
    if loader.where:
        items = tuple((f"{string(address)}: ", _predicate(asked)) for address, asked in loader.where)
        arguments.append(("where", Bracketed("{", items, "}")))
    arguments.append(("inputs", _sample(loader.inputs)))
    if loader.targets is not None:
        arguments.append(("targets", _sample(loader.targets)))
    batch: list[tuple[str, Code]] = [("", literal(loader.batch_size))]
    batch += [(key, "True") for key, on in (("shuffle", loader.shuffle), ("drop_last", loader.drop_last)) if on]
    arguments.append(("batch", call("Batch", batch)))
    return call("Plan", arguments, open=True)


def _sample(sample: SampleIR) -> Code:
    if isinstance(sample, TupleIR):
        return Bracketed("(", tuple(("", _sample(item)) for item in sample.items), ")", lone=",")
    if isinstance(sample, MappingIR):
        return Bracketed("{", tuple((f"{string(key)}: ", _sample(item)) for key, item in sample.items), "}")
    if sample.of == "dim":
        return call(_take(sample), [("", string(sample.address))])
    options = (("dtype", sample.dtype), ("form", sample.form), ("fill", sample.fill))
    given = [(key, literal(value)) for key, value in options if value is not None]
    return call(_take(sample), [("", string(sample.address)), *given])


def _take(sample: TakeIR) -> str:
    if sample.of == "feature":
        return "Take"
    return "Ids" if sample.form == "id" else "Position"


def _predicate(asked: PredicateIR) -> Code:
    if asked.values is not None:
        return call("Among", [("", literal(value)) for value in asked.values])
    if asked.check is not None:
        return check(asked.check)
    return call("Present" if asked.present else "Absent", [])


def _imports(schema: SchemaIR, features: Mapping[str, FeatureIR]) -> str:
    """Found in what is printed, so that nothing is imported that is not used."""
    needed = Imports()
    needed.name("h5schema.runtime.torch", "Loader")
    needed.name(".groups", schema.class_name)
    for loader in schema.loaders:
        samples = [loader.inputs, *([loader.targets] if loader.targets is not None else [])]
        if any(_mappings(loader)):
            needed.name("typing", "TypedDict")
        for take in (take for sample in samples for take in _takes(sample)):
            needed.name("h5schema.runtime", _take(take))
            kind = flat(batch_type(take, features))
            if "Tensor" in kind:
                needed.name("torch", "Tensor")
            elif kind[0].isupper():
                needed.name("h5schema.runtime.torch", kind)
        for _, asked in loader.where:
            needed.name("h5schema.runtime", flat(_predicate(asked)).partition("(")[0])
    needed.name("h5schema.runtime", "Batch", "Plan")
    return needed.text


def _mappings(loader: LoaderIR) -> Iterator[MappingIR]:
    """Inner ones first."""
    for sample in (loader.inputs, loader.targets):
        if sample is not None:
            yield from _mappings_in(sample)


def _mappings_in(sample: SampleIR) -> Iterator[MappingIR]:
    if isinstance(sample, TupleIR):
        for item in sample.items:
            yield from _mappings_in(item)
    elif isinstance(sample, MappingIR):
        for _, item in sample.items:
            yield from _mappings_in(item)
        yield sample


def _takes(sample: SampleIR) -> Iterator[TakeIR]:
    if isinstance(sample, TakeIR):
        yield sample
    elif isinstance(sample, TupleIR):
        for item in sample.items:
            yield from _takes(item)
    else:
        for _, item in sample.items:
            yield from _takes(item)
