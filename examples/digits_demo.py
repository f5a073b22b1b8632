"""Spoken digits: recordings become one file, a loader cuts windows of them, a small model learns voices it never heard.

    python examples/digits_demo.py [FOLDER] [--work digits_demo]

FOLDER holds recordings called DIGIT_SPEAKER_TAKE.wav, of the speakers that `schemas/digits.yaml` names; without it,
chords are made up. Every command is printed as you would type it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import torch
from showing import begin, command, package, show
from torch import Tensor, nn

EPOCHS = 20
RATE = 8000
SPEAKERS = ("george", "jackson", "lucas", "nicolas", "theo", "yweweler")


def make_up(folder: Path) -> Path:
    """Two takes of ten chords by each speaker, whose voices differ in pitch, loudness and speed."""
    folder.mkdir(parents=True)
    rng = np.random.default_rng(0)
    for number, speaker in enumerate(SPEAKERS):
        for digit in range(10):
            for take in range(4):
                at = np.arange(int(rng.integers(2000, 6000))) / RATE
                pitch = 1 + 0.004 * (number - 2.5) + rng.normal(0, 0.002)
                tones = [
                    np.sin(2 * np.pi * pitch * hertz * at) for hertz in (300 + 150 * digit, 2000 + 300 * (digit % 5))
                ]
                wave = rng.uniform(0.1, 0.4) * np.sum(tones, axis=0) * np.hanning(len(at)) + rng.normal(
                    0, 0.01, len(at)
                )
                soundfile.write(folder / f"{digit}_{speaker}_{take}.wav", wave, RATE, subtype="PCM_16")
    return folder


class Classifier(nn.Module):
    """A convolutional network on the logarithm of the spectrum, which is made of the waveform: [batch, samples]."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("window", torch.hann_window(256))
        self.layers = nn.Sequential(
            nn.Conv2d(1, 12, 5, stride=2, padding=2), nn.BatchNorm2d(12), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(12, 32, 3, padding=1), nn.BatchNorm2d(32), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(32, 32, 3, padding=1), nn.BatchNorm2d(32), nn.ReLU(),
        )  # fmt: skip
        self.answer = nn.Sequential(nn.Dropout(0.3), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))

    def forward(self, wave: Tensor) -> Tensor:
        """float32 [batch, samples] → logits [batch, 10]."""
        bands = torch.stft(wave, 256, 80, window=self.window, return_complex=True, center=False).abs()[:, :128]
        image = torch.log(nn.functional.avg_pool1d(bands.transpose(1, 2), 4) + 1e-3)[:, None]
        features = self.layers(image - image.mean((2, 3), keepdim=True))
        return self.answer(torch.cat([features.mean((2, 3)), features.amax((2, 3))], 1))


def train(loader: Any) -> Classifier:
    """Trains on windows that the loader moves by chance in every epoch."""
    torch.manual_seed(0)
    model = Classifier()
    optimiser = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=1e-2)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 8e-3, total_steps=EPOCHS * len(loader))
    print(f"\ntraining, {EPOCHS} epochs of {len(loader.dataset)} windows", flush=True)
    for epoch in range(EPOCHS):
        total = 0.0
        for inputs, targets in loader:
            loss = nn.functional.cross_entropy(model(inputs["wave"]), targets["digit"])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
            total += loss.item()
        if epoch % 5 == 4:
            print(f"  epoch {epoch + 1:>2}  loss {total / len(loader):.3f}", flush=True)
    return model.eval()


@torch.no_grad()
def accuracy(model: Classifier, loader: Any) -> tuple[float, int]:
    """Share of recordings that are named rightly by all their windows together, and how many there are."""
    votes: dict[int, Tensor] = {}
    digits: dict[int, int] = {}
    for inputs, targets in loader:
        answers = model(inputs["wave"]).log_softmax(1)
        for clip, answer, digit in zip(inputs["clip"].tolist(), answers, targets["digit"].tolist(), strict=True):
            votes[clip] = votes.get(clip, torch.zeros(10)) + answer
            digits[clip] = digit
    right = [int(votes[clip].argmax()) == digit for clip, digit in digits.items()]
    return sum(right) / len(right), len(right)


def main() -> None:
    """Everything, in order."""
    kept = "recordings DIGIT_SPEAKER_TAKE.wav; default: made up"
    work, given = begin("digits_demo", "From recordings of digits to a model that knows them.", folder=kept)
    folder = given or make_up(work / "recordings")
    schema, target = work / "digits.yaml", work / "digits.h5"

    command("init", "digits", "-o", schema)
    show(schema)
    command("lint", schema)
    command("generate", schema, "-o", work)
    command("extract", schema, folder, "-o", target)
    command("inspect", target)
    command("plot", target, "wave", "-o", work / "wave.png")

    _, loaders = package(work, "digits")
    model = train(loaders.train_loader(target, seed=1))
    share, count = accuracy(model, loaders.test_loader(target))
    print(f"\naccuracy on {count} recordings of two voices that were not trained on: {share:.3f}")


if __name__ == "__main__":
    main()
