"""The whole road on one screen: a folder of photos, a schema, a file, a loader, a trained model.

    python examples/photos_demo.py [FOLDER] [--work demo]

FOLDER holds one folder of JPEG files per class; without it, shapes are drawn. Every
command is printed as you would type it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from pathlib import Path
from statistics import median
from typing import Any

import h5py
import numpy as np
import torch
from drawings import draw_folder
from showing import begin, command, package, show
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

HELD_OUT = 200
EPOCHS = 25


class UsualDataset(Dataset[tuple[Tensor, int]]):
    """What people write by hand, at its best: handles are opened late and kept, each sample is one read."""

    def __init__(self, path: Path, rows: list[int]) -> None:
        self.path = path
        self.rows = rows
        self.images: h5py.Dataset | None = None
        self.labels: h5py.Dataset | None = None

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        if self.images is None:
            file = h5py.File(self.path)
            self.images, self.labels = file["image"], file["label"]
        row = self.rows[index]
        return torch.from_numpy(self.images[row]).float(), int(self.labels[row])


def samples_per_second(one_pass: Callable[[], Iterable[Any]], samples: int) -> float:
    """The median of three passes after one that is not counted."""
    seconds: list[float] = []
    for _ in range(4):
        start = time.perf_counter()
        for _batch in one_pass():
            pass
        seconds.append(time.perf_counter() - start)
    return samples / median(seconds[1:])


def copy_by_hand(path: Path) -> Path:
    """The same data as people store it: two plain contiguous datasets, which is the usual Dataset's best case."""
    copy = path.with_name("usual.h5")
    with h5py.File(path) as source, h5py.File(copy, "w") as file:
        file["image"], file["label"] = source["image"][:], source["label"][:]
    return copy


def compare_speed(path: Path, train_loader: Any) -> None:
    """The generated loader beside the usual Dataset: the same samples, shuffled, batches of 64, one process."""
    ours = train_loader(path)
    count = len(ours.dataset)
    usual = DataLoader(UsualDataset(copy_by_hand(path), ours.dataset.rows.tolist()), batch_size=64, shuffle=True)
    slow, fast = samples_per_second(lambda: usual, count), samples_per_second(lambda: ours, count)
    print(f"\nusual hand-written Dataset {slow:>9,.0f} samples/s")
    print(f"generated loader           {fast:>9,.0f} samples/s   ({fast / slow:.1f} times as fast)", flush=True)


def model_for(classes: int) -> nn.Module:
    """A small convolutional network for images of any size."""
    layers: list[nn.Module] = []
    channels = 3
    for width in (32, 64, 128):
        layers += [nn.Conv2d(channels, width, 3, padding=1), nn.BatchNorm2d(width), nn.ReLU(), nn.MaxPool2d(2)]
        channels = width
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(0.3), nn.Linear(channels, classes))


def prepared(images: Tensor) -> Tensor:
    """float32 [batch, height, width, 3] of 0 to 255 → [batch, 3, height, width] around zero."""
    return images.permute(0, 3, 1, 2) / 127.5 - 1


def train(loader: Any, classes: int) -> nn.Module:
    """Trains on the generated loader; mirrored images count as images too."""
    torch.manual_seed(0)
    model = model_for(classes)
    optimiser = torch.optim.AdamW(model.parameters(), lr=2e-3, weight_decay=1e-2)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 6e-3, total_steps=EPOCHS * len(loader))
    print(f"\ntraining, {EPOCHS} epochs of {len(loader.dataset)} photos", flush=True)
    for epoch in range(EPOCHS):
        total = 0.0
        for images, labels in loader:
            pixels = prepared(images)
            answers = model(pixels.flip(3) if torch.rand(()) < 0.5 else pixels)
            loss = nn.functional.cross_entropy(answers, labels, label_smoothing=0.1)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
            total += loss.item()
        if epoch % 5 == 4:
            print(f"  epoch {epoch + 1:>2}  loss {total / len(loader):.3f}", flush=True)
    return model


@torch.no_grad()
def accuracy(model: nn.Module, loader: Any) -> tuple[float, int]:
    """Share of right answers, and of how many."""
    model.eval()
    right = [model(prepared(images)).argmax(1) == labels for images, labels in loader]
    answers = torch.cat(right)
    return answers.float().mean().item(), len(answers)


def main() -> None:
    """Everything, in order."""
    kept = "one folder of JPEG files per class; default: drawn shapes"
    work, given = begin("demo", "The whole road, from a folder of photos to a trained model.", folder=kept)
    folder = given or draw_folder(work / "drawings")
    schema, target = work / "photos.yaml", work / "photos.h5"

    command("init", "images", folder, "-o", schema)
    show(schema)
    command("lint", schema)
    command("generate", schema, "-o", work)
    show(work / "photos" / "groups.py")
    show(work / "photos" / "loaders.py")
    command("extract", schema, folder, "-o", target)
    command("inspect", target)

    photos, loaders = package(work, "photos")
    compare_speed(target, loaders.train_loader)
    with photos.Photos(target) as file:
        classes = max(file.label.read(np.arange(len(file.photo), dtype=np.int64))) + 1
        held_out = np.random.default_rng(0).permutation(file.split("random/test"))[:HELD_OUT]
    model = train(loaders.train_loader(target, seed=1), int(classes))
    share, count = accuracy(model, loaders.test_loader(target, subset=held_out))
    print(f"\naccuracy on {count} held-out photos: {share:.3f}")


if __name__ == "__main__":
    main()
