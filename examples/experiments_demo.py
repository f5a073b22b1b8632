"""A training run that is killed and goes on: its losses and checkpoints in one file, its data in another.

    python examples/experiments_demo.py [--work experiments_demo]

One run is trained in one go. Another, in a process of its own, is killed while it writes, and started again: it goes
on from its last checkpoint, to the same losses and the same weights. Meanwhile somebody else reads the log.
"""

from __future__ import annotations

import importlib
import math
import multiprocessing
import sys
import time
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import torch
from showing import begin, command
from torch import nn

from h5schema.runtime.torch import packed, tensors, unpacked

DATA = """h5schema: 1
name: spirals
version: 1.0.0
dims: {point: open}
features:
  x: {dims: [point, 2], dtype: float32}
  arm: {dims: [point], dtype: int64}
loaders:
  train: {over: point, inputs: x, targets: arm, batch: {size: 32, shuffle: true}}
"""
PROCESSES = multiprocessing.get_context("fork")
STEPS, SAVED_EVERY, LOGGED_EVERY, KEPT = 100, 20, 5, 2


def main() -> None:
    """Everything, in order."""
    work, _ = begin("experiments_demo", "Training that is killed and goes on, with its log and checkpoints in a file.")
    command("init", "experiments", "-o", work / "experiments.yaml")
    (work / "spirals.yaml").write_text(DATA, encoding="utf-8")
    command("generate", work / "experiments.yaml", work / "spirals.yaml", "-o", work)
    experiments = packages(work)[0]
    make_data(work)
    with experiments.ExperimentsWriter.create(work / "runs.h5"):
        pass  # a file without runs, which `edit` adds to

    process = PROCESSES.Process(target=train, args=(work, "killed"))
    process.start()
    seen = watch(experiments, work, process)
    process.kill()  # SIGKILL: nothing is tidied up
    process.join()
    print(f"\nkilled after a reader had seen {seen} losses of {STEPS}")
    process = PROCESSES.Process(target=train, args=(work, "killed"))
    process.start()
    process.join()
    train(work, "whole")
    command("inspect", work / "runs.h5")
    compare(experiments, work)


def packages(work: Path) -> tuple[ModuleType, ModuleType, ModuleType]:
    """The generated packages: of experiments, of the data, and the loaders of that."""
    sys.path.insert(0, str(work.resolve()))
    names = ("experiments", "spirals", "spirals.loaders")
    experiments, spirals, loaders = map(importlib.import_module, names)
    return experiments, spirals, loaders


def make_data(work: Path) -> None:
    """Points on two arms of a spiral."""
    rng = np.random.default_rng(0)
    arm = rng.integers(0, 2, 1000)
    turn = rng.uniform(0.2, 1, 1000) * 2 * math.pi
    angle = turn + arm * math.pi
    x = turn[:, None] / math.pi * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    with packages(work)[1].SpiralsWriter.create(work / "spirals.h5") as w:
        w.point.extend({"x": (x + rng.normal(0, 0.05, x.shape)).astype(np.float32), "arm": arm})


def train(work: Path, run: str) -> None:
    """Trains one run to its end, from the beginning or from its last checkpoint."""
    experiments, _, loaders = packages(work)
    torch.set_num_threads(1)
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(2, 32), nn.Tanh(), nn.Dropout(0.1), nn.Linear(32, 2))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, STEPS)
    loader = loaders.train_loader(work / "spirals.h5", seed=1)
    others = {"optimizer": optimizer, "schedule": schedule, "loader": loader}

    def save(w: Any, steps: int, score: float) -> None:
        state = {name: packed(one.state_dict()) for name, one in others.items()}
        state |= {"model": model.state_dict(), "rng": torch.get_rng_state()}
        entry = {"steps": steps, "score": score, "state": state}
        w.checkpoint[run, f"{steps:06d}"] = entry
        saved = w.checkpoint.of(run)
        if "best" not in saved or score < saved["best"]["score"]:
            w.checkpoint[run, "best"] = entry
        for name in sorted(one for one in saved if one != "best")[:-KEPT]:
            del w.checkpoint[run, name]

    def go_on(w: Any) -> int:
        """Takes up the last checkpoint, if there is one; returns how many steps were made."""
        saved = sorted(name for name in w.checkpoint.of(run) if name != "best") if run in w.run else []
        if not saved:
            w.run[run] = {"config": {"steps": STEPS, "dropout": 0.1}, "loss": [], "rate": []}
            return 0
        state, steps = w.state[run, saved[-1]], int(w.steps[run, saved[-1]])
        model.load_state_dict(tensors(state.under("model")))
        for name, one in others.items():
            one.load_state_dict(unpacked(state.under(name)))
        torch.set_rng_state(torch.from_numpy(state["rng"].copy()))
        log = w.run[run]  # what was logged after the checkpoint is made again
        w.run[run] = {**log, "loss": log["loss"][:steps], "rate": log["rate"][:steps]}
        return steps

    with experiments.ExperimentsWriter.edit(work / "runs.h5") as w:
        steps = go_on(w)
        w.commit()
        while steps < STEPS:
            for x, arm in loader:
                loss = nn.functional.cross_entropy(model(x), arm)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                w.step.append(run, {"loss": loss.item(), "rate": schedule.get_last_lr()[0]})
                schedule.step()
                steps += 1
                if steps % SAVED_EVERY == 0:
                    save(w, steps, float(np.mean(w.loss[run][-SAVED_EVERY:])))
                if steps % LOGGED_EVERY == 0:
                    w.commit()  # from now on others see it, and it outlives whatever comes
                if steps == STEPS:
                    break


def watch(experiments: ModuleType, work: Path, process: BaseProcess) -> int:
    """Reads the log while it is written, until some checkpoints are there; returns how long it was then."""
    while process.is_alive():
        with experiments.Experiments(work / "runs.h5") as file:
            if "killed" in file.run and len(file.loss["killed"]) > 2 * SAVED_EVERY + LOGGED_EVERY:
                return len(file.loss["killed"])
        time.sleep(0.01)
    sys.exit("it ended before it was killed")


def compare(experiments: ModuleType, work: Path) -> None:
    """The two runs have the same losses, and their last checkpoints the same weights."""
    with experiments.Experiments(work / "runs.h5") as file:
        file.verify()
        losses = [file.loss[run] for run in ("whole", "killed")]
        assert len(losses[0]) == STEPS
        assert losses[0].tobytes() == losses[1].tobytes()
        for name in file.checkpoint.of("whole"):
            one, other = (dict(file.state[run, name]) for run in ("whole", "killed"))
            assert list(one) == list(other)
            assert all(map(np.array_equal, one.values(), other.values())), name
        kept = ", ".join(
            f"{name} ({entry['score']:.3f})" for name, entry in sorted(file.checkpoint.of("killed").items())
        )
        print(f"\ncheckpoints: {kept}\nthe same {STEPS} losses, from {losses[0][0]:.3f} to {losses[0][-1]:.3f}")


if __name__ == "__main__":
    main()
