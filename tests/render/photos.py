"""The photo schema, resolved by hand."""

from __future__ import annotations

from h5schema.resolve.ir import (
    DimIR,
    DtypeIR,
    EntryIR,
    EnumIR,
    FeatureIR,
    GroupIR,
    LoaderIR,
    OriginIR,
    PartIR,
    RecordIR,
    SchemaIR,
    SplitIR,
    TakeIR,
)

CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")

PHOTOS = SchemaIR(
    name="photos",
    version="1.0.0",
    file_name="photos.yaml",
    text="h5schema: 1\n",
    class_name="Photos",
    writer_name="PhotosWriter",
    doc="Small photos, sorted into one folder per class.",
    fingerprint="sha256:" + 64 * "0",
    enums=(
        EnumIR(
            "Label",
            tuple((text, text, value) for value, text in enumerate(CLASSES)),
            "uint8",
            "The class, read from the folder's name.",
        ),
    ),
    root=GroupIR(
        "",
        "photos",
        "photos",
        "/",
        "Photos",
        dims=(DimIR("photo", "photo", "photo", ids=True, source="{label}/{name}.jpg", entry="PhotoEntry"),),
        features=(
            FeatureIR(
                "image",
                "image",
                "image",
                "/image",
                "dense",
                ("photo", 32, 32, 3),
                DtypeIR("uint8"),
                OriginIR(call="image"),
                doc="RGB pixels.",
            ),
            FeatureIR(
                "label",
                "label",
                "label",
                "/label",
                "enum",
                ("photo",),
                DtypeIR("enum", enum="Label"),
                OriginIR(capture="label"),
                doc="The class, read from the folder's name.",
            ),
        ),
    ),
    entries=(EntryIR("PhotoEntry", "photo", "", (("image", "feature", "image"), ("label", "feature", "label"))),),
    made=("image", "label"),
    splits=(SplitIR("random", "photo", None, (PartIR("train", share=0.8), PartIR("test", share=0.2))),),
    loaders=(
        LoaderIR(
            "train",
            "Train",
            "train_loader",
            "TrainBatch",
            ("photo",),
            ("photo",),
            RecordIR(
                "TrainBatch",
                "position",
                (("image", TakeIR("image", dtype="float32")), ("label", TakeIR("label"))),
            ),
            ("random", "train"),
            batch_size=64,
            shuffle=True,
        ),
        LoaderIR(
            "test",
            "Test",
            "test_loader",
            "TestBatch",
            ("photo",),
            ("photo",),
            RecordIR(
                "TrainBatch",
                "position",
                (("image", TakeIR("image", dtype="float32")), ("label", TakeIR("label"))),
            ),
            ("random", "test"),
            batch_size=200,
        ),
    ),
)
