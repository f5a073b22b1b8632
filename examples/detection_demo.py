"""Images of any size with boxes and polygons: one file, and samples that are whole images or single boxes.

    python examples/detection_demo.py [--work detection_demo]

The images are drawn: rectangles on a plain ground, some of them without labels.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw
from showing import begin, command, package

KINDS = {"person": (200, 30, 30), "car": (30, 30, 200), "bicycle": (30, 160, 30)}


def draw(folder: Path, count: int = 40) -> Path:
    """Images, and a file of labels for all but every tenth."""
    rng = np.random.default_rng(0)
    for kind in ("images", "labels"):
        (folder / kind).mkdir(parents=True)
    for number in range(count):
        width, height = (int(n) for n in rng.integers((200, 60), (300, 200)))
        image = Image.new("RGB", (width, height), (230, 230, 230))
        boxes: list[dict[str, object]] = []
        for column in range(int(rng.integers(0, 5))):
            kind = str(rng.choice(list(KINDS)))
            left, top = 40 * column + int(rng.integers(0, 10)), int(rng.integers(0, 30))
            right, bottom = left + int(rng.integers(5, 25)), top + int(rng.integers(5, 25))
            ImageDraw.Draw(image).rectangle((left, top, right, bottom), fill=KINDS[kind])
            corners = [[left, top], [right, top], [right, bottom], [left, bottom]]
            boxes.append(
                {"xyxy": [left, top, right, bottom], "kind": kind, "outline": corners[: int(rng.integers(3, 5))]}
            )
        image.save(folder / "images" / f"{number:03}.jpg", quality=90)
        if number % 10:
            labels = {"boxes": boxes, "polygons": [box for box in boxes if box["kind"] != "car"]}
            (folder / "labels" / f"{number:03}.json").write_text(json.dumps(labels))
    return folder


def main() -> None:
    """Everything, in order."""
    work, _ = begin("detection_demo", "From labelled images to batches of boxes.")
    folder, schema, target = draw(work / "street"), work / "detection.yaml", work / "detection.h5"

    command("init", "detection", "-o", schema)
    command("generate", schema, "-o", work)
    command("extract", schema, folder, "-o", target)
    command("inspect", target)

    detection, loaders = package(work, "detection")
    cars = 0
    with detection.Detection(target) as file:
        for name, entry in file.image.items():
            with Image.open(folder / "images" / f"{name}.jpg") as image:
                assert np.array_equal(entry["pixels"], np.asarray(image))
            path = folder / "labels" / f"{name}.json"
            assert (entry["labels"]["xyxy"] is None) == (not path.exists())
            if path.exists():
                labels = json.loads(path.read_text())
                cars += sum(box["kind"] == "car" for box in labels["boxes"])
                assert [one.tolist() for one in entry["labels"]["outline"]] == [
                    one["outline"] for one in labels["polygons"]
                ]
    inputs, targets = next(iter(loaders.train_loader(target)))
    print(
        f"\n{len(inputs['image'])} images, the first {list(inputs['image'][0].shape)}, "
        f"with {len(targets['boxes'].values)} boxes"
    )
    objects = loaders.one_object_loader(target)
    assert len(objects.dataset) == cars
    for batch in objects:
        for image, (left, top, right, bottom) in zip(batch["image"], batch["box"].long().tolist(), strict=True):
            red, _, blue = image[(top + bottom) // 2, (left + right) // 2].tolist()
            assert blue > red  # a car is blue
    print(f"{cars} cars, each with its image")


if __name__ == "__main__":
    main()
