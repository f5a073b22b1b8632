"""Single cells: a sparse matrix with what is known of its rows and columns, fed by row as sparse tensors.

    python examples/cells_demo.py [--work cells_demo]

The cells are made up: each type has genes of its own.
"""

from __future__ import annotations

import numpy as np
import torch
from showing import begin, command, package

CELLS, GENES = 600, 200
TYPES = ("B", "NK", "T", "monocyte")


def main() -> None:
    """Everything, in order."""
    work, _ = begin("cells_demo", "From counts of genes to a classifier of cells.")
    schema, target = work / "cells.yaml", work / "cells.h5"
    command("init", "cells", "-o", schema)
    command("generate", schema, "-o", work)
    cells, loaders = package(work, "cells")

    rng = np.random.default_rng(0)
    kinds = rng.integers(0, len(TYPES), CELLS)
    rates = np.where(np.arange(GENES) // 50 == kinds[:, None], 0.5, 0.05)
    counts = rng.poisson(rates).astype(np.float32)

    with cells.CellsWriter.create(target) as w:
        texts = [rng.integers(0, 1000, rng.integers(0, 30)).astype(np.uint16) for _ in range(GENES)]
        symbols = [f"GENE{number}" for number in range(GENES)]
        w.gene.extend(symbols, {"genes": {"symbol": symbols, "text": texts}})
        for number in range(CELLS):
            w.cell[f"cell-{number}"] = {
                "counts": counts[number],
                "cells": {
                    "cell_type": TYPES[kinds[number]],
                    "donor": f"donor {number % 7}",
                    "percent_mt": None if number % 11 == 0 else float(rng.uniform(0, 20)),
                },
            }
    command("inspect", target)

    with cells.Cells(target) as file:
        assert all(np.array_equal(file.counts[f"cell-{number}"].dense(), counts[number]) for number in range(CELLS))
    weights = torch.zeros(GENES, len(TYPES), requires_grad=True)
    optimiser = torch.optim.Adam([weights], lr=0.05)
    loader = loaders.by_cell_loader(target, seed=1)
    for _ in range(20):
        for inputs, targets in loader:
            loss = torch.nn.functional.cross_entropy(torch.sparse.mm(inputs["x"], weights), targets["y"])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
    answers = (torch.from_numpy(counts) @ weights.detach()).argmax(1).numpy()
    print(
        f"\n{len(loader.dataset)} cells of some donors; of all cells {np.mean(answers == kinds):.2f} are named rightly"
    )


if __name__ == "__main__":
    main()
