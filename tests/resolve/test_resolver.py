"""What a schema becomes: every default filled, every name found."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from h5schema import parse, spec
from h5schema.resolve import Resolved, resolve
from h5schema.resolve.ir import FeatureIR, GroupIR, RecordIR, SchemaIR, TakeIR

Read = Callable[[str], Resolved]

EVERYTHING = Path(__file__).parent / "everything.yaml"


@pytest.fixture(scope="module")
def everything() -> SchemaIR:
    result = resolve(
        spec.read(parse.load(EVERYTHING.read_text(encoding="utf-8"), "everything.yaml")), "everything.yaml"
    )
    assert result.schema is not None, "\n".join(map(str, result.problems))
    return result.schema


def features(group: GroupIR) -> Iterator[FeatureIR]:
    yield from group.features
    for inner in group.groups:
        yield from features(inner)


@pytest.fixture
def feature(everything: SchemaIR) -> dict[str, FeatureIR]:
    return {one.address: one for one in features(everything.root)}


@pytest.mark.parametrize(
    ("address", "kind", "dims"),
    [
        ("wave", "ragged", ("clip", "time")),
        ("pair", "ragged", ("clip", "time", 2)),
        ("log_mel", "dense", ("clip", "mel")),
        ("label", "enum", ("clip",)),
        ("tags", "ragged", ("clip", "time")),
        ("mask", "dense", ("clip", 3)),
        ("speaker", "text", ("clip",)),
        ("take", "scalar", ("clip",)),
        ("title", "text", ()),
        ("weights", "dense", ("mel",)),
        ("scale", "scalar", ()),
        ("labels/kind", "scalar", ("clip",)),
        ("labels/deep/value", "scalar", ("clip",)),
        ("rows/own", "scalar", ("rows/item",)),
    ],
)
def test_kinds_follow_from_dims_and_dtype(
    feature: dict[str, FeatureIR], address: str, kind: str, dims: tuple[str | int, ...]
) -> None:
    assert feature[address].kind == kind
    assert feature[address].dims == dims


@pytest.mark.parametrize(
    ("address", "path"),
    [
        ("wave", "/wave"),
        ("title", "@title"),
        ("labels/kind", "/other/labels/kind"),
        ("labels/deep/value", "/flat/value"),
        ("rows/number", "/rows/number"),
    ],
)
def test_paths_come_from_names_and_at(feature: dict[str, FeatureIR], address: str, path: str) -> None:
    assert feature[address].path == path


def test_groups_give_defaults(feature: dict[str, FeatureIR]) -> None:
    value = feature["labels/deep/value"]
    assert value.optional
    assert value.origin is not None
    assert (value.origin.call, value.origin.source) == ("my_labels:read", "labels/{speaker}.json")
    assert not feature["wave"].optional


def test_features_are_made_after_those_they_are_made_from(everything: SchemaIR) -> None:
    made = everything.made
    assert made.index("wave") < made.index("pair") < made.index("log_mel")
    assert "title" not in made


def test_each_class_has_a_name_of_its_own(everything: SchemaIR) -> None:
    enums = [enum.class_name for enum in everything.enums]
    assert enums == ["Label", "XEnum", "Tags", "Mask", "LabelsLabel"]
    groups = [group.class_name for group in everything.root.groups]
    names = [everything.class_name, everything.writer_name, *enums, *groups]
    names += [entry.class_name for entry in everything.entries]
    names += [loader.class_name for loader in everything.loaders]
    assert len(names) == len(set(names))


def test_members_keep_their_text_in_the_file(everything: SchemaIR) -> None:
    enum = next(enum for enum in everything.enums if enum.class_name == "XEnum")
    assert enum.members == (("a", "a", 1), ("class_", "class", -3), ("C_plus_plus", "C++", 9))
    assert enum.base == "int8"


def test_entries_nest_as_groups_do(everything: SchemaIR) -> None:
    entries = {entry.class_name: entry for entry in everything.entries}
    assert ("labels", "entry", "LabelsEntry") in entries["ClipEntry"].items
    assert ("deep", "entry", "DeepEntry") in entries["LabelsEntry"].items
    order = [entry.class_name for entry in everything.entries]
    assert order.index("DeepEntry") < order.index("LabelsEntry") < order.index("ClipEntry")


def test_a_loader_mirrors_its_yaml(everything: SchemaIR) -> None:
    train, ids = everything.loaders
    assert isinstance(train.sample, RecordIR)
    assert train.sample.class_name == train.batch_name == "TrainBatch"
    assert [name for name, _ in train.sample.items] == ["inputs", "targets"]
    batch = dict(train.sample.items)
    assert isinstance(batch["inputs"], RecordIR)
    inputs = dict(batch["inputs"].items)
    assert inputs["x"] == TakeIR("wave", form="pad")
    group = inputs["all"]
    assert isinstance(group, RecordIR)
    assert (group.by, [key for key, _ in group.items]) == ("key", ["kind", "label", "deep"])
    targets = RecordIR(
        "TrainTargets", "position", (("label", TakeIR("label")), ("take", TakeIR("take", "feature", "int64")))
    )
    assert batch["targets"] == targets
    assert train.split == ("random", "train")
    assert (train.batch_size, train.shuffle, train.drop_last) == (8, True, True)
    assert isinstance(ids.sample, RecordIR)
    assert (ids.sample.class_name, ids.sample.by) == ("IdsLoaderBatch", "key")
    assert dict(ids.sample.items)["i"] == TakeIR("clip", of="dim", form="id")


def test_the_fingerprint_is_of_the_layout_alone(read: Read) -> None:
    plain = "dims: {row: open}\nfeatures:\n  a: {dims: [row], dtype: uint8%s}\n"

    def fingerprint(extra: str) -> str:
        schema = read(plain % extra).schema
        assert schema is not None
        return schema.fingerprint

    assert fingerprint("") == fingerprint(", doc: Text.") == fingerprint(", store: lzf")
    assert fingerprint("") != fingerprint(", unit: m")
    assert fingerprint("") != fingerprint(", at: b")
    assert fingerprint("") != fingerprint(", optional: true")


def test_a_dim_of_a_group_is_seen_in_it_and_below(read: Read) -> None:
    result = read(
        "dims: {row: open}\n"
        "groups:\n"
        "  prior:\n"
        "    dims: {row: open}\n"
        "    over: row\n"
        "    features: {a: {dtype: uint8}}\n"
        "    groups: {inner: {features: {b: {dtype: uint8}}}}\n"
        "features:\n"
        "  c: {dims: [row], dtype: uint8}\n"
        "  d: {dims: [prior/row], dtype: uint8}\n"
    )
    assert result.schema is not None
    dims = {one.address: one.dims for one in features(result.schema.root)}
    assert dims == {"prior/a": ("prior/row",), "prior/inner/b": ("prior/row",), "c": ("row",), "d": ("prior/row",)}


@pytest.mark.parametrize("key", ["Tensor", "Padded", "list"])
def test_a_key_of_a_batch_is_no_type_of_its_fields(read: Read, key: str) -> None:
    rest = (
        "dims: {row: open}\nfeatures:\n  a: {dims: [row], dtype: uint8}\nloaders: {all: {over: row, inputs: {%s: a}}}\n"
    )
    (problem,) = read(rest % key).problems
    assert (problem.rule, problem.message) == ("reserved-name", f"`{key}` means something else in generated code")
