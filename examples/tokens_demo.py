"""Text files become one file of tokens; a small language model is fed windows of them, and the next tokens.

    python examples/tokens_demo.py [FOLDER] [--work tokens_demo]

FOLDER holds text files; without it, these are the pages of this project's documentation.
"""

from __future__ import annotations

import math
import shutil
from pathlib import Path
from typing import Any

import torch
from showing import begin, command, package
from torch import nn

TOKENS = 256
STEPS = 150
DOCS = Path(__file__).resolve().parent.parent / "docs"


def collect(folder: Path) -> Path:
    """The pages of the documentation as text files."""
    folder.mkdir(parents=True)
    for page in DOCS.glob("*.md"):
        shutil.copy(page, folder / f"{page.stem}.txt")
    return folder


class Bigrams(nn.Module):
    """How likely each token is after the last two: int64 [batch, time] → logits [batch, time, tokens]."""

    def __init__(self) -> None:
        super().__init__()
        self.last, self.before = nn.Embedding(TOKENS, TOKENS), nn.Embedding(TOKENS, TOKENS)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        """See the class."""
        return self.last(tokens) + self.before(tokens.roll(1, dims=1))


def train(loader: Any) -> list[float]:
    """The loss in nats at each step, over as many passes as that takes."""
    torch.manual_seed(0)
    model, losses = Bigrams(), list[float]()
    optimiser = torch.optim.Adam(model.parameters(), lr=0.1)
    while len(losses) < STEPS:
        for inputs, targets in loader:
            loss = nn.functional.cross_entropy(model(inputs).flatten(0, 1), targets.flatten())
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            losses.append(loss.item())
    return losses


def main() -> None:
    """Everything, in order."""
    kept = "text files; default: the pages of the documentation"
    work, given = begin("tokens_demo", "From text files to a language model.", folder=kept)
    folder = given or collect(work / "texts")
    schema, target = work / "tokens.yaml", work / "tokens.h5"

    command("init", "tokens", "-o", schema)
    command("generate", schema, "-o", work)
    command("extract", schema, folder, "-o", target)
    command("inspect", target)

    _, loaders = package(work, "tokens")
    loader = loaders.train_loader(target, seed=1)
    inputs, targets = next(iter(loader))
    assert torch.equal(inputs[:, 1:], targets[:, :-1])  # the same windows, one token later
    losses = train(loader)
    last = sum(losses[-20:]) / 20
    print(f"\n{len(loader.dataset)} windows of {inputs.shape[1]} tokens; a token costs {last / math.log(2):.2f} bits")


if __name__ == "__main__":
    main()
