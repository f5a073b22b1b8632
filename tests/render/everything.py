"""One schema, resolved by hand, with all that a schema can say; and small builders for others."""

from __future__ import annotations

from h5schema.resolve.ir import (
    CheckIR,
    DimIR,
    DtypeIR,
    EntryIR,
    EnumIR,
    FeatureIR,
    GroupIR,
    LoaderIR,
    OriginIR,
    PartIR,
    PredicateIR,
    RecordIR,
    SchemaIR,
    SplitIR,
    TakeIR,
)

LONG = "a_name_that_is_as_long_as_names_may_be__"
LONG_CLASS = "ANameThatIsAsLongAsNamesMayBe"
LONG_DOC = (
    "A documentation that goes on for longer than a line of code may be, because the person who wrote it had "
    "a lot to say about this quantity, and said it in one paragraph.\n\n"
    "- first, a list\n- second, of things\n\n    indented = code\n\nAnd an end."
)


def feature(address: str, kind: str, dims: tuple[str | int, ...], dtype: str | DtypeIR, **more: object) -> FeatureIR:
    """A feature whose path follows from its address."""
    name = address.rpartition("/")[2]
    said = DtypeIR(dtype) if isinstance(dtype, str) else dtype
    given: dict[str, object] = {"path": f"/{address}", "identifier": name, "varying": int(kind == "ragged"), **more}
    return FeatureIR(address=address, name=name, kind=kind, dims=dims, dtype=said, **given)  # type: ignore[arg-type]


_KIND = DtypeIR("enum", enum="Kind")

SENSORS = GroupIR(
    "clips/sensors",
    "sensors",
    "sensors",
    "/recordings/inner/sensors",
    "SensorsGroup",
    features=(
        feature("clips/sensors/hits", "ragged", ("clip", "time"), _KIND, path="/elsewhere/hits"),
        feature(f"clips/sensors/{LONG}", "dense", ("clip", 3), "complex128", optional=True, doc=LONG_DOC),
        feature(
            "clips/sensors/heat",
            "scalar",
            ("clip",),
            "float32",
            optional=True,
            unit="°C",
            check=CheckIR(min=-273.15, below=1e30, finite=True),
        ),
    ),
)
CLIPS = GroupIR(
    "clips",
    "clips",
    "clips",
    "/recordings",
    "ClipsGroup",
    doc="All that belongs to a clip.",
    features=(
        feature("clips/speaker", "text", ("clip",), DtypeIR("str", size=16), optional=True),
        feature("clips/note", "text", ("clip",), "str", path="/recordings/a note"),
    ),
    groups=(SENSORS,),
)
_INPUTS = RecordIR(
    "FirstInputs",
    "key",
    (
        ("wave", TakeIR("wave", form="mask")),
        ("mels", TakeIR("mels", dtype="float32")),
        (
            "deep",
            RecordIR(
                "FirstInputsDeep",
                "key",
                (
                    ("list", TakeIR("wave", form="list")),
                    (
                        "both",
                        RecordIR(
                            "FirstInputsDeepBoth",
                            "position",
                            (("kind", TakeIR("kind")), ("wave", TakeIR("wave", form="packed", fill=0))),
                        ),
                    ),
                ),
            ),
        ),
        ("row", TakeIR("clip", of="dim")),
        ("id", TakeIR("clip", of="dim", form="id")),
    ),
)
_ROWS = RecordIR("RowsBatch", "position", ((LONG, TakeIR("count")), ("window", TakeIR("window"))))

EVERYTHING = SchemaIR(
    name="everything",
    version="10.20.30",
    file_name="every thing.yaml",
    text="h5schema: 1\n",
    class_name="Everything",
    writer_name="EverythingWriter",
    doc=LONG_DOC,
    fingerprint="sha256:" + 64 * "f",
    enums=(
        EnumIR("Kind", (("class_", "class", 0), ("two_words", "two words", -7), ("e", "é", 12345)), "int16"),
        EnumIR("RGB", (("red", "red", 0),), "uint8"),
        EnumIR("Many", tuple((f"member_{i}", f"member_{i}", i) for i in range(60)), "uint8", "One of many."),
    ),
    root=GroupIR(
        "",
        "everything",
        "everything",
        "/",
        "Everything",
        dims=(
            DimIR("clip", "clip", "clip", ids=True, source="{a}/{b}.wav", id_template="{a}-{b}", entry="ClipEntry"),
            DimIR("row", "row", "row", entry="RowEntry"),
            DimIR("lonely", "lonely", "lonely", entry="LonelyEntry", doc="Leads nothing."),
            DimIR("time", "time", "time", per="clip", doc="Samples at 8 kHz."),
            DimIR("mel", "mel", "mel", size=12_000),
        ),
        features=(
            feature(
                "wave",
                "ragged",
                ("clip", "time"),
                "float32",
                unit="V",
                codec="default",
                level=9,
                chunk=1_048_576,
                layout="chunked",
                check=CheckIR(min=-1.0, max=1.0),
                origin=OriginIR("audio", params=(("rate", 8000), ("names", ("a", "b")), ("deep", {"x": None}))),
                doc="Mono PCM.",
            ),
            feature("mels", "dense", ("clip", 3, "mel"), "float16", origin=OriginIR("dsp:mel", given=("wave",))),
            feature("kind", "enum", ("clip",), _KIND, origin=OriginIR(capture="a")),
            feature("kinds", "dense", ("clip", 4), _KIND, origin=OriginIR("labels:read", source="labels/{b}.json")),
            feature("colour", "enum", ("row",), DtypeIR("enum", enum="RGB"), optional=True),
            feature("many", "enum", ("row",), DtypeIR("enum", enum="Many")),
            feature("yes", "scalar", ("row",), "bool"),
            feature("count", "scalar", ("row",), "uint64", check=CheckIR(unique=True, match='a"b')),
            feature("phase", "scalar", ("row",), "complex64", doc=LONG_DOC, origin=OriginIR("m:f", capture="a")),
            feature("title", "text", (), "str", path="@title", doc="Of the file."),
            feature("gain", "scalar", (), "float64", path="/wave@gain", unit="dB"),
            feature("window", "dense", ("mel",), "bool"),
        ),
        groups=(CLIPS,),
    ),
    entries=(
        EntryIR(
            "SensorsEntry",
            "clip",
            "clips/sensors",
            (
                ("hits", "feature", "clips/sensors/hits"),
                (LONG, "feature", f"clips/sensors/{LONG}"),
                ("heat", "feature", "clips/sensors/heat"),
            ),
        ),
        EntryIR(
            "ClipsEntry",
            "clip",
            "clips",
            (
                ("speaker", "feature", "clips/speaker"),
                ("note", "feature", "clips/note"),
                ("sensors", "entry", "SensorsEntry"),
            ),
        ),
        EntryIR(
            "ClipEntry",
            "clip",
            "",
            (
                *((name, "feature", name) for name in ("wave", "mels", "kind", "kinds")),
                ("clips", "entry", "ClipsEntry"),
            ),
            doc="One recording.",
        ),
        EntryIR("LonelyEntry", "lonely", "", (), doc="Leads nothing."),
        EntryIR("RowEntry", "row", "", tuple((n, "feature", n) for n in ("colour", "many", "yes", "count", "phase"))),
    ),
    made=("wave", "mels", "kind", "kinds"),
    splits=(
        SplitIR("by_share", "clip", None, (PartIR("train", share=0.8), PartIR("test", share=0.2)), seed=7),
        SplitIR("by_speaker", "clip", "clips/speaker", (PartIR("a", values=("x", 'y"')), PartIR("b", values=("z",)))),
        SplitIR("by_bounds", "row", "count", (PartIR("low", check=CheckIR(max=1_500_000_000)),)),
    ),
    loaders=(
        LoaderIR(
            "first",
            "First",
            "first_loader",
            "FirstBatch",
            ("clip",),
            ("clip",),
            RecordIR(
                "FirstBatch",
                "position",
                (
                    ("inputs", _INPUTS),
                    (
                        "targets",
                        RecordIR(
                            "FirstTargets",
                            "key",
                            (("kind", TakeIR("kind", dtype="int32")), (LONG, TakeIR("clips/speaker"))),
                        ),
                    ),
                ),
            ),
            ("by_share", "train"),
            where=(
                ("clips/speaker", PredicateIR(present=True)),
                ("clips/sensors/heat", PredicateIR(present=False)),
                ("kind", PredicateIR(values=("class", "two words"))),
                ("clips/note", PredicateIR(check=CheckIR(match="a.*"))),
            ),
            batch_size=64,
            shuffle=True,
            drop_last=True,
            doc=LONG_DOC,
        ),
        LoaderIR("rows", "Rows", "rows_loader", "RowsBatch", ("row",), ("row",), _ROWS),
        LoaderIR(
            "one",
            "One",
            "one_loader",
            "OneBatch",
            ("row",),
            ("row",),
            RecordIR(
                "OneBatch",
                "position",
                (
                    ("inputs", RecordIR("OneInputs", "position", (("count_", TakeIR("count", fill=0)),))),
                    ("many", TakeIR("many")),
                ),
            ),
        ),
        LoaderIR("only", "Only", "only_loader", "OnlyBatch", ("clip",), ("clip",), TakeIR("clips/note"), batch_size=2),
        LoaderIR(
            "named",
            "Named",
            "named_loader",
            "NamedBatch",
            ("row",),
            ("row",),
            RecordIR("NamedBatch", "key", (("count", TakeIR("count")), ("row", TakeIR("row", of="dim")))),
        ),
        LoaderIR("second", "Second", "second_loader", "SecondBatch", ("row",), ("row",), TakeIR("count")),
    ),
)
