"""Resolved schemas drawn by hypothesis: any names, any texts."""

from __future__ import annotations

import keyword
from collections.abc import Sequence
from dataclasses import dataclass

from hypothesis import strategies as st

from h5schema.resolve.ir import (
    CheckIR,
    DimIR,
    DtypeIR,
    EntryIR,
    EnumIR,
    FeatureIR,
    GroupIR,
    Kind,
    LoaderIR,
    OriginIR,
    PartIR,
    PredicateIR,
    RecordIR,
    SampleIR,
    SchemaIR,
    SplitIR,
    TakeIR,
)
from h5schema.vocabulary.codecs import CODECS
from h5schema.vocabulary.dtypes import NUMBERS

_NASTY = (
    '"',
    "'",
    "\\",
    '"""',
    "'''",
    "\n",
    "\r",
    "\t",
    "\0",
    "{{ 7 }}",
    "{% raw %}",
    "{#",
    "\u202e",
    "\u2028",
    "\x85",
    "\x1b",
    "\xa0",
    "\ufeff",
    "é",
    "日本",
    "🦆",
    "# type: ignore",
    "None",
    "%s",
    "${x}",
    "a word and another",
    "   ",
)
texts = st.lists(
    st.sampled_from(_NASTY) | st.text(st.characters(exclude_categories=["Cs"]), max_size=12), max_size=12
).map("".join)
_reserved = {*keyword.kwlist, "np", "int", "str", "float", "bool", "complex", "list", "tuple", "optional", "schema"}
names = st.from_regex(r"[a-z][a-z0-9]{0,11}(_[a-z0-9]{1,13}){0,2}", fullmatch=True).filter(
    lambda name: name not in _reserved and name not in ("splits", "at", "file", "plan")
)
_long = st.sampled_from(["x" * 40, "a_name_of_forty_characters_in_all_as_said", "y" * 28])
identifiers = names | _long
_of_any_script = st.sampled_from(["Größe_x", "猫", "हिन्दी", "שלום", "é" * 80, "é" * 85, "猫" * 40, "猫" * 42])
_numbers = st.integers(-(2**63), 2**64) | st.floats(allow_nan=False, allow_infinity=False)
json_values = st.recursive(
    st.none() | st.booleans() | _numbers | texts,
    lambda inner: st.lists(inner, max_size=4).map(tuple) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=8,
)
checks = st.builds(
    CheckIR()._replace,
    min=st.none() | _numbers,
    above=st.none() | _numbers,
    unique=st.booleans(),
    match=st.none() | texts,
).filter(lambda check: check != CheckIR())


def _camel(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("_"))


@dataclass(frozen=True)
class _Dims:
    lead: str
    ragged: str
    fixed: str


@st.composite
def enums(draw: st.DrawFn, class_name: str) -> EnumIR:
    """An enum whose members have any texts."""
    count = draw(st.integers(1, 40))
    members = draw(st.lists(identifiers | _of_any_script, min_size=count, max_size=count, unique=True))
    own = draw(st.booleans())
    return EnumIR(
        class_name,
        tuple((name, name if own else draw(texts), value) for value, name in enumerate(members)),
        "uint8",
        draw(texts),
    )


@st.composite
def _features(draw: st.DrawFn, group: str, path: str, name: str, dims: _Dims, enum: EnumIR) -> FeatureIR:
    kind: Kind = draw(st.sampled_from(["scalar", "dense", "enum", "ragged", "text"]))
    number = draw(st.sampled_from(sorted(NUMBERS)))
    of_enum = kind == "enum" or (kind in ("dense", "ragged") and draw(st.booleans()))
    dtype = DtypeIR("enum", enum=enum.class_name) if of_enum else DtypeIR("str" if kind == "text" else number)
    shape: dict[str, tuple[str | int, ...]] = {
        "scalar": (dims.lead,),
        "dense": (dims.lead, 3, dims.fixed),
        "enum": (dims.lead,),
        "ragged": (dims.lead, dims.ragged, 2),
        "text": (dims.lead,),
    }
    address = f"{group}/{name}" if group else name
    plain = kind in ("scalar", "dense", "ragged") and not of_enum and number != "bool"
    return FeatureIR(
        address=address,
        name=name,
        identifier=name,
        path=draw(st.sampled_from([f"{path.rstrip('/')}/{name}", "/elsewhere/x", f"@{name}"])),
        kind=kind,
        dims=shape[kind],
        dtype=dtype,
        origin=draw(
            st.none()
            | texts.map(lambda text: OriginIR(capture=text))
            | st.builds(
                OriginIR()._replace,
                call=texts,
                given=st.lists(texts, max_size=2).map(tuple),
                source=st.none() | texts,
                params=st.dictionaries(texts, json_values, max_size=3).map(lambda found: tuple(found.items())),
            )
        ),
        codec=draw(st.sampled_from(list(CODECS))) if plain else "none",
        layout=draw(st.sampled_from(["auto", "contiguous", "chunked"])) if plain else "auto",
        chunk=draw(st.none() | st.integers(1, 2**40)) if plain else None,
        optional=draw(st.booleans()),
        unit=draw(texts) if plain else "",
        doc=draw(texts),
        check=draw(st.none() | checks) if plain else None,
    )


def _nest(items: Sequence[SampleIR], stem: str, keys: Sequence[str]) -> SampleIR:
    """Some takes as a mapping that holds a named tuple, and the first of them beside it."""
    named = RecordIR(f"{stem}Inner", "position", tuple((f"{keys[1]}_{i}", item) for i, item in enumerate(items)))
    inputs = RecordIR(f"{stem}Inputs", "key", ((keys[0], items[0]), (keys[1], named)))
    return RecordIR(f"{stem}Batch", "position", ((keys[0], inputs), (keys[1], items[0])))


@st.composite
def schemas(draw: st.DrawFn) -> SchemaIR:
    """A whole schema."""
    drawn = draw(st.lists(identifiers, min_size=14, max_size=14, unique=True))
    name, group, lead, ragged, fixed, split, loader, key, other, *rest = drawn
    dims = _Dims(lead, ragged, fixed)
    enum = draw(enums(f"{_camel(name)}Kind"))
    outer = [draw(_features("", "/", each, dims, enum)) for each in rest[:3]]
    inner = [draw(_features(group, f"/{group}", each, dims, enum)) for each in rest[3:]]
    features = [*outer, *inner]
    takes = [
        TakeIR(
            feature.address,
            dtype=draw(st.sampled_from([None, "float32"])) if feature.kind != "text" else None,
            form=draw(st.sampled_from([None, "pad", "mask", "packed", "list"])) if feature.kind == "ragged" else None,
            fill=draw(st.none() | _numbers | texts),
        )
        for feature in features
    ]
    camel = _camel(name)
    return SchemaIR(
        name=name,
        version="1.0.0",
        file_name=draw(texts) or "x.yaml",
        text="h5schema: 1\n",
        class_name=f"{camel}File",
        writer_name=f"{camel}FileWriter",
        doc=draw(texts),
        fingerprint="sha256:" + 64 * "0",
        enums=(enum,),
        root=GroupIR(
            "",
            name,
            name,
            "/",
            f"{camel}File",
            dims=(
                DimIR(lead, lead, lead, ids=draw(st.booleans()), source=draw(texts), entry="LeadEntry"),
                DimIR(ragged, ragged, ragged, per=lead, doc=draw(texts)),
                DimIR(fixed, fixed, fixed, size=draw(st.integers(1, 10**6))),
            ),
            features=tuple(outer),
            groups=(GroupIR(group, group, group, f"/{group}", "InnerGroup", features=tuple(inner), doc=draw(texts)),),
        ),
        entries=(
            EntryIR("InnerEntry", lead, group, tuple((f.identifier, "feature", f.address) for f in inner)),
            EntryIR(
                "LeadEntry",
                lead,
                "",
                (*((f.identifier, "feature", f.address) for f in outer), (group, "entry", "InnerEntry")),
                doc=draw(texts),
            ),
        ),
        made=tuple(feature.address for feature in features if feature.origin),
        splits=(
            SplitIR(
                split,
                lead,
                draw(st.none() | st.just(outer[0].address)),
                (
                    PartIR("train", share=draw(st.floats(0, 1))),
                    PartIR(key, values=tuple(draw(st.lists(texts | _numbers, min_size=1, max_size=5)))),
                    PartIR(other, check=draw(checks)),
                ),
            ),
        ),
        loaders=(
            LoaderIR(
                loader,
                f"{_camel(loader)}Samples",
                f"{loader}_loader",
                f"{_camel(loader)}Batch",
                (lead,),
                (lead,),
                _nest(takes, _camel(loader), [key, other]),
                (split, "train"),
                where=((outer[0].address, PredicateIR(values=(draw(texts),))),),
                batch_size=draw(st.integers(1, 10**6)),
                doc=draw(texts),
            ),
        ),
    )


def with_texts(schema: SchemaIR, text: str) -> SchemaIR:
    """The same schema with one text wherever a text may stand."""
    origin = OriginIR(call=text, source=text, params=((text, text),))
    features = tuple(feature._replace(doc=text, origin=origin) for feature in schema.root.features)
    dims = tuple(dim._replace(doc=text, source=text) for dim in schema.root.dims)
    return schema._replace(doc=text, file_name=text, root=schema.root._replace(dims=dims, features=features))
