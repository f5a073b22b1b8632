"""What `loaders.py` holds: for each loader the types of its batches and its plan, ready for the template."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from h5schema.resolve.ir import FeatureIR, LoaderIR, RecordIR, SampleIR, SchemaIR, TakeIR, WindowIR

from .conditions import predicate
from .imports import Imports
from .literals import literal, name, string, strings
from .printer import Bracketed, Code, call, flat
from .types import batch_type, batch_words, features_of

_SAMPLERS = {"weighted": "Weighted", "balanced": "Balanced", "bucketed": "Bucketed", "call": "OrderedBy"}
_BASES = {"position": "NamedTuple", "key": "TypedDict"}


class FieldView(NamedTuple):
    """A field of a record; one that is a record itself has its words there."""

    name: str
    type: str
    doc: str


class RecordView(NamedTuple):
    """A `NamedTuple` or `TypedDict`: a batch, or a part of one."""

    name: str
    base: str
    doc: str
    fields: tuple[FieldView, ...]


class LoaderView(NamedTuple):
    """One loader; its batch is one of its records, or another name for a type that is there already."""

    name: str
    function: str
    doc: str
    batch: str
    batch_type: str
    batch_doc: str
    records: tuple[RecordView, ...]
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
    owners = {
        record.class_name: loader.name for loader in reversed(schema.loaders) for record in _records(loader.sample)
    }
    loaders = tuple(_loader(loader, features, owners) for loader in schema.loaders)
    return LoadersView(_imports(schema, features), loaders)


def _loader(loader: LoaderIR, features: Mapping[str, FeatureIR], owners: Mapping[str, str]) -> LoaderView:
    where = f" in {'/'.join(loader.split)}" if loader.split else ""
    own = [record for record in _records(loader.sample) if owners[record.class_name] == loader.name]
    return LoaderView(
        name=name(loader.class_name),
        function=name(loader.function),
        doc=loader.doc if loader.doc.strip() else f"Samples of `{'` and `'.join(loader.over)}`{where}.",
        batch=name(loader.batch_name),
        batch_type=batch_type(loader.sample, features),
        batch_doc=f"{_title(loader, loader.sample)}\n\n{_words(loader.sample, loader, features)}".strip(),
        records=tuple(_record(record, loader, features) for record in own),
        plan=_plan(loader),
    )


def _record(record: RecordIR, loader: LoaderIR, features: Mapping[str, FeatureIR]) -> RecordView:
    fields = tuple(
        FieldView(name(field), batch_type(item, features), _words(item, loader, features))
        for field, item in record.items
    )
    return RecordView(name(record.class_name), _BASES[record.by], _title(loader, record), fields)


def _words(sample: SampleIR, loader: LoaderIR, features: Mapping[str, FeatureIR]) -> str:
    """dtype and shape; a record has its own words."""
    return batch_words(sample, loader.roots, features) if isinstance(sample, TakeIR) else ""


def _title(loader: LoaderIR, sample: SampleIR) -> str:
    return f"{'A' if sample is loader.sample else 'Part of a'} batch of `{loader.name}`."


def _plan(loader: LoaderIR) -> Code:
    arguments: list[tuple[str, Code]] = [("over", strings(loader.over))]
    if loader.split:
        arguments.append(("split", string("/".join(loader.split))))
    if loader.where:
        items = tuple((f"{string(address)}: ", predicate(asked)) for address, asked in loader.where)
        arguments.append(("where", Bracketed("{", items, "}")))
    if loader.window:
        arguments.append(("window", _windows(loader.window)))
    arguments.append(("sample", _sample(loader.sample)))
    if loader.transform:
        arguments.append(("transform", string(loader.transform)))
    batch: list[tuple[str, Code]] = [("", literal(loader.batch_size))]
    batch += [("transform", string(loader.batch_transform))] if loader.batch_transform else []
    batch += [
        (key, literal(said)) for key, said in (("shuffle", loader.shuffle), ("drop_last", loader.drop_last)) if said
    ]
    if loader.sampler is not None:
        batch.append(("sampler", call(_SAMPLERS[loader.sampler[0]], [("", string(loader.sampler[1]))])))
    arguments.append(("batch", call("Batch", batch)))
    return call("Plan", arguments, open=True)


def _sample(sample: SampleIR) -> Code:
    if isinstance(sample, RecordIR):
        if sample.by == "position":
            return call("Fields", [("", sample.class_name), *((field, _sample(item)) for field, item in sample.items)])
        return Bracketed("{", tuple((f"{string(key)}: ", _sample(item)) for key, item in sample.items), "}")
    if sample.of == "dim":
        return call(_take(sample), [("", string(sample.address))])
    options = (
        ("dtype", sample.dtype),
        ("form", sample.form),
        ("fill", sample.fill),
        ("transform", sample.transform),
        ("via", sample.via),
    )
    given = [(key, literal(value)) for key, value in options if value is not None]
    if sample.window:
        given.append(("window", _windows(sample.window)))
    return call(_take(sample), [("", string(sample.address)), *given])


def _windows(windows: tuple[tuple[str, WindowIR], ...]) -> Code:
    return Bracketed("{", tuple((f"{string(dim)}: ", _window(window)) for dim, window in windows), "}")


def _window(window: WindowIR) -> Code:
    said = window._asdict() | {"frame": None}
    given = [(key, literal(value)) for key, value in said.items() if value is not None]
    if window.frame is not None:
        frame = [(key, literal(value)) for key, value in window.frame._asdict().items() if value not in (None, "start")]
        given.append(("frame", call("Frame", frame)))
    return call("Window", given)


def _take(sample: TakeIR) -> str:
    if sample.of == "feature":
        return "Take"
    return "Ids" if sample.form == "id" else "Position"


def _imports(schema: SchemaIR, features: Mapping[str, FeatureIR]) -> str:
    """Found in what is printed, so that nothing is imported that is not used."""
    needed = Imports()
    needed.name("h5schema.runtime", "Batch", "Plan")
    needed.name("h5schema.runtime.torch", "Loader")
    needed.name(".groups", schema.class_name)
    for loader in schema.loaders:
        for record in _records(loader.sample):
            needed.name("typing", _BASES[record.by])
            if record.by == "position":
                needed.name("h5schema.runtime", "Fields")
        for take in _takes(loader.sample):
            needed.name("h5schema.runtime", _take(take))
            kind = batch_type(take, features)
            if "Tensor" in kind:
                needed.name("torch", "Tensor")
            elif "JsonValue" in kind:
                needed.name("h5schema.runtime", "JsonValue")
            elif "AnyValue" in kind:
                needed.name("h5schema.runtime", "AnyValue")
            elif kind[0].isupper():
                needed.name("h5schema.runtime.torch", kind)
            for _, window in take.window:
                _need(needed, window)
        if loader.sampler is not None:
            needed.name("h5schema.runtime", _SAMPLERS[loader.sampler[0]])
        for _, window in loader.window:
            _need(needed, window)
        for _, asked in loader.where:
            needed.name("h5schema.runtime", flat(predicate(asked)).partition("(")[0])
    return needed.text


def _need(needed: Imports, window: WindowIR) -> None:
    needed.name("h5schema.runtime", "Window", *(["Frame"] if window.frame is not None else []))


def _records(sample: SampleIR) -> Iterator[RecordIR]:
    """Inner ones first."""
    if isinstance(sample, RecordIR):
        for _, item in sample.items:
            yield from _records(item)
        yield sample


def _takes(sample: SampleIR) -> Iterator[TakeIR]:
    if isinstance(sample, TakeIR):
        yield sample
    else:
        for _, item in sample.items:
            yield from _takes(item)
