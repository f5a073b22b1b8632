"""Extraction of pictures: `python -m pictures.extract FOLDER -o pictures.h5`."""

from __future__ import annotations

from h5schema.runtime import Call, Capture, Extraction

from .groups import PicturesWriter

extraction = Extraction(
    PicturesWriter,
    sources={"photo": "{label}/{name}.{kind:jpg|png}"},
    ids={"photo": "{label}:{name}"},
    features={
        "image": Call("image", params={"size": [8, 8]}),
        "label": Capture("label"),
        "name": Capture("name"),
        "mean": Call("picture_tools:statistics", given=("image",)),
        "largest": Call("picture_tools:statistics", given=("image",)),
        "double": Call("picture_tools:times", given=("mean",), params={"factor": 2}),
        "note": Call("picture_tools:read", source="notes/{label}/{name}.txt"),
        "words": Call("picture_tools:count", given=("note",)),
        "upper": Call("picture_tools:upper", capture="name"),
        "made_by": Call("picture_tools:author"),
    },
)

if __name__ == "__main__":
    raise SystemExit(extraction.main())
