"""Images of any size with boxes and polygons: extracted, read with the package and with plain h5py, fed to a model."""

from __future__ import annotations

import importlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import h5py
import numpy as np
import pytest

HERE = Path(__file__).parent
COUNT = 9
KINDS = ["person", "car", "bicycle"]
CODE = "from h5schema.cli import main; import sys; sys.exit(main(sys.argv[1:]))"


def labels_of(number: int) -> dict[str, Any] | None:
    """What is drawn on an image; None: nobody has looked at it."""
    if number == 4:
        return None
    rng = np.random.default_rng(number)
    boxes, outlines = number % 3, [0, 5, 3][: number % 4]
    return {
        "boxes": rng.uniform(0, 20, (boxes, 4)).tolist(),
        "box_kinds": [KINDS[(number + i) % 3] for i in range(boxes)],
        "outlines": [rng.uniform(0, 20, (n, 2)).tolist() for n in outlines],
        "outline_kinds": [KINDS[i % 3] for i in range(len(outlines))],
    }


def draw(folder: Path, number: int, shift: int = 0) -> None:
    """An image of its own size, and its labels."""
    from PIL import Image, ImageDraw

    image = Image.new("RGB", (8 + 3 * number, 24 - 2 * number), (number * 20, 90 + shift, 30))
    ImageDraw.Draw(image).ellipse((2, 2, 7, 5 + number), fill=(200, 10 * number, 60))
    image.save(folder / "images" / f"i{number}.jpg", quality=95)
    labels = labels_of(number)
    if labels is not None:
        (folder / "labels" / f"i{number}.json").write_text(json.dumps(labels))


def run(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", CODE, *arguments],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(HERE.parent.parent)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.fixture(scope="module", params=["jpeg", "zstd", "none"])
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sources, the package, and the file that was made of them."""
    pytest.importorskip("PIL")
    folder = tmp_path_factory.mktemp("detection")
    for name in ("images", "labels"):
        (folder / "in" / name).mkdir(parents=True)
    for number in range(COUNT):
        draw(folder / "in", number)
    shutil.copy(HERE / "detection_io.py", folder)
    name = f"detection_{request.param}"
    schema = (HERE / "schema.yaml").read_text().replace("STORE", request.param)
    (folder / "schema.yaml").write_text(schema.replace("name: detection\n", f"name: {name}\n"))
    run(folder, "generate", "schema.yaml", "-o", ".")
    run(folder, "extract", "schema.yaml", "in", "-o", "all.h5")
    return folder


@pytest.fixture
def package(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    monkeypatch.syspath_prepend(str(folder))
    (found,) = folder.glob("detection_*/groups.py")
    yield importlib.import_module(f"{found.parent.name}.groups")
    sys.modules.pop("detection_io", None)


def reader_of(package: ModuleType) -> Any:
    return next(one for name, one in vars(package).items() if name.startswith("Detection") and "Writer" not in name)


def pixels_of(number: int, folder: Path) -> Any:
    from PIL import Image

    with Image.open(folder / "in" / "images" / f"i{number}.jpg") as image:
        return np.asarray(image.convert("RGB"))


def expect(found: Any, folder: Path) -> None:
    """The open file has what was drawn."""
    assert list(found.image) == [f"i{number}" for number in range(COUNT)]
    for number in range(COUNT):
        key, labels, wanted = f"i{number}", labels_of(number), pixels_of(number, folder)
        assert np.array_equal(found.pixels[key], wanted)
        assert found.pixels[key].shape == (24 - 2 * number, 8 + 3 * number, 3)
        group = found.labels
        if labels is None:
            assert all(view[key] is None for view in (group.xyxy, group.outline, group.outline_kind, group.xyxy_kind))
            continue
        assert np.array_equal(group.xyxy[key], np.float32(labels["boxes"]).reshape(-1, 4))
        assert [KINDS[kind] for kind in group.xyxy_kind[key]] == labels["box_kinds"]
        assert [one.tolist() for one in group.outline[key]] == [np.float32(o).tolist() for o in labels["outlines"]]
        assert all(one.shape[1:] == (2,) for one in group.outline[key])
        assert [KINDS[kind] for kind in group.outline_kind[key]] == labels["outline_kinds"]
        assert group.outline_name[key] == [f"{kind} {i}" for i, kind in enumerate(labels["outline_kinds"])]


def test_M17_M2_one_call_feeds_boxes_and_polygons_of_images_of_any_size(folder: Path, package: ModuleType) -> None:
    with reader_of(package)(folder / "all.h5") as found:
        expect(found, folder)
        found.verify()
        assert [len(entry) for entry in found.labels.outline[:].values] == [
            len((labels_of(n) or {"outlines": []})["outlines"]) for n in range(COUNT)
        ]


def test_M17_plain_h5py_reads_them(folder: Path) -> None:
    """As docs/file-format.md says it."""
    with h5py.File(folder / "all.h5") as file:
        dims, features = file[".h5schema/dims"], file[".h5schema/features"]
        for i in range(COUNT):
            start, h, w = features["pixels/starts"][i], dims["height/lengths"][i], dims["width/lengths"][i]
            assert (h, w) == (24 - 2 * i, 8 + 3 * i)
            if "lengths" in features["pixels"]:  # kept as the file that it was
                kept = file["pixels"][start : start + features["pixels/lengths"][i]]
                assert kept.tobytes() == (folder / "in" / "images" / f"i{i}.jpg").read_bytes()
            else:
                assert np.array_equal(file["pixels"][start : start + h * w].reshape(h, w, 3), pixels_of(i, folder))
        for i in range(COUNT):
            start, first, count = (
                features["labels/outline/starts"][i],
                dims["vertex/firsts"][i],
                dims["polygon/lengths"][i],
            )
            lengths = dims["vertex/lengths"][first : first + count]
            ends = start + np.cumsum(lengths)
            outlines = [file["labels/outline"][b - n : b] for n, b in zip(lengths, ends, strict=True)]
            labels = labels_of(i)
            assert (start < 0) == (labels is None)
            if labels is not None:
                assert [one.tolist() for one in outlines] == [np.float32(o).tolist() for o in labels["outlines"]]


def test_M17_batches(folder: Path, package: ModuleType) -> None:
    loaders = importlib.import_module(package.__name__.replace(".groups", ".loaders"))
    (batch,) = loaders.train_loader(folder / "all.h5", shuffle=False)
    numbers = [number for number in range(COUNT) if number != 4]
    wanted = [labels_of(number) or {} for number in numbers]
    inputs, targets = batch
    for tensor, number in zip(inputs["image"], numbers, strict=True):
        assert np.array_equal(tensor.numpy(), pixels_of(number, folder))
    assert targets["boxes"].offsets.diff().tolist() == [len(one["boxes"]) for one in wanted]
    lists, arrays = targets["outlines"].offsets
    assert lists.diff().tolist() == [len(one["outlines"]) for one in wanted]
    assert arrays.diff().tolist() == [len(o) for one in wanted for o in one["outlines"]]
    assert targets["names"][3] == ["person 0", "car 1", "bicycle 2"]
    cars = [(n, i) for n in numbers for i, kind in enumerate((labels_of(n) or {})["box_kinds"]) if kind == "car"]
    (inputs,) = loaders.one_object_loader(folder / "all.h5")
    for tensor, box, (number, at) in zip(inputs["image"], inputs["box"], cars, strict=True):
        assert np.array_equal(tensor.numpy(), pixels_of(number, folder))
        assert box.tolist() == np.float32((labels_of(number) or {})["boxes"][at]).tolist()


def test_M17_functions_change_images_of_any_size(folder: Path, package: ModuleType) -> None:
    loaders = importlib.import_module(package.__name__.replace(".groups", ".loaders"))
    (batch,) = loaders.augmented_loader(folder / "all.h5")
    numbers = [number for number in range(COUNT) if number != 4]
    inputs, targets = batch
    lists = targets["outlines"].lengths[0].tolist()
    for i, number in enumerate(numbers):
        image, labels = pixels_of(number, folder), labels_of(number) or {}
        assert np.array_equal(inputs["image"][i].numpy(), image[:, ::-1])
        height, width = image.shape[0] // 2, image.shape[1] - 1
        assert inputs["crop"].lengths[i].tolist() == [height, width]
        assert np.array_equal(inputs["crop"].values[i, :height, :width].numpy(), image[:height, 1:])
        assert lists[i] == len(labels["outlines"])
        for j, outline in enumerate(labels["outlines"]):
            wanted = np.float32(outline).reshape(-1, 2) * [-1, 1] + [image.shape[1], 0]
            assert np.allclose(targets["outlines"].values[i, j, : len(outline)].numpy(), wanted)


def test_U6_an_image_that_changed_is_extracted_again(folder: Path, package: ModuleType) -> None:
    draw(folder / "in", 3, shift=50)
    said = run(folder, "extract", "schema.yaml", "in", "-o", "all.h5", "--update")
    assert "1 " in said
    with reader_of(package)(folder / "all.h5") as found:
        expect(found, folder)
        found.verify()


def test_a_repacked_file_has_the_same(folder: Path, package: ModuleType) -> None:
    run(folder, "repack", "all.h5", "-o", "new.h5")
    with reader_of(package)(folder / "new.h5") as found:
        expect(found, folder)
