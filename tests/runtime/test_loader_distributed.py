"""Several processes that train together: each sample once, as many batches for all."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from itertools import chain
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="loaders need torch")

from everything.examples import write  # noqa: E402
from everything.loaders import Shuffled  # noqa: E402

COUNT = 60


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("distributed") / "a.h5", COUNT)


def rows(batches: Any) -> list[list[int]]:
    return [position.tolist() for (_, position), _ in batches]


@pytest.mark.parametrize("world", range(1, 9))
def test_ranks_that_are_told_share_an_epoch(path: Path, world: int) -> None:
    alone = rows(Shuffled.loader(path, seed=2, batch_size=3 * world))
    loaders = [Shuffled.loader(path, seed=2, batch_size=3, rank=rank, world=world) for rank in range(world)]
    shares = [rows(loader) for loader in loaders]
    assert {len(share) for share in shares} == {len(alone)} == {len(loader) for loader in loaders}
    for whole, *parts in list(zip(alone, *shares, strict=True))[:-2]:
        assert sorted(chain.from_iterable(parts)) == sorted(whole)
    assert all(batch for share in shares for batch in share)
    assert sorted(chain.from_iterable(chain.from_iterable(shares))) == sorted(Shuffled(path).rows.tolist()), (
        "each sample once"
    )
    for rank, loader in enumerate(loaders):
        workers = Shuffled.loader(path, seed=2, batch_size=3, rank=rank, world=world, threads=2)
        workers.load_state_dict({**loaders[0].state_dict(), "epoch": 1, "batch": 1})
        assert rows(workers) == rows(loader)[1:], "a state of one rank is that of all"


GLOO = """
    import json, os, sys
    import torch.distributed as dist
    from everything.loaders import Shuffled

    def main():
        rank, world, folder = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
        loader = Shuffled.loader(folder + "/a.h5", seed=2, batch_size=4, workers=int(sys.argv[4]))
        dist.init_process_group("gloo", init_method="file://" + folder + f"/meet-{world}", rank=rank, world_size=world)
        epochs = []
        for _ in range(2):
            batches = []
            for (_, position), _ in loader:
                dist.barrier()  # hangs, if some rank has fewer batches
                batches.append(position.tolist())
            epochs.append(batches)
        dist.destroy_process_group()
        print(json.dumps(epochs))

    if __name__ == "__main__":
        main()
"""


def run(script: Path, arguments: list[list[str]], timeout: float = 120) -> list[str]:
    """What each process says; all are ended, whatever happens."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "OMP_NUM_THREADS": "1"}
    processes = [
        subprocess.Popen(
            [sys.executable, str(script), *given],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
        )
        for given in arguments
    ]
    try:
        said = [process.communicate(timeout=timeout) for process in processes]
    finally:
        for process in processes:
            process.kill()
            process.communicate()
    for process, (_, error) in zip(processes, said, strict=True):
        assert process.returncode == 0, error
    return [out for out, _ in said]


@pytest.mark.parametrize(("world", "workers"), [(2, 1), (3, 0)])
def test_real_processes_share_an_epoch(path: Path, tmp_path: Path, world: int, workers: int) -> None:
    """The loader is made before `torch.distributed` is in use, and asks it when an epoch begins."""
    import json

    write(tmp_path / "a.h5", COUNT)
    script = tmp_path / "train.py"
    script.write_text(textwrap.dedent(GLOO))
    said = run(script, [[str(rank), str(world), str(tmp_path), str(workers)] for rank in range(world)])
    shares = [json.loads(out) for out in said]
    for epoch in range(2):
        seen = [row for share in shares for batch in share[epoch] for row in batch]
        assert sorted(seen) == sorted(Shuffled(path).rows.tolist())
        assert len({len(share[epoch]) for share in shares}) == 1
    assert shares[0][0] != shares[0][1]


LIGHTNING = """
    import json, os, sys, warnings
    warnings.simplefilter("ignore")
    import torch
    try:
        from lightning.pytorch import LightningModule, Trainer
    except ModuleNotFoundError:
        from pytorch_lightning import LightningModule, Trainer
    from everything.loaders import Shuffled

    class Model(LightningModule):
        def __init__(self):
            super().__init__()
            self.weight = torch.nn.Parameter(torch.zeros(3))
            self.seen = []

        def training_step(self, batch, index):
            (states, position), _ = batch
            self.seen.append((self.current_epoch, position.tolist()))
            return (states.float() @ self.weight - 1).square().mean()

        validation_step = training_step

        def predict_step(self, batch, index):
            return batch[0][1].tolist()

        def configure_optimizers(self):
            return torch.optim.SGD(self.parameters(), 1e-4)

    def main():
        folder, devices = sys.argv[1], int(sys.argv[2])
        model = Model()
        trainer = Trainer(
            accelerator="cpu", devices=devices, max_epochs=2, default_root_dir=folder, logger=False,
            enable_checkpointing=False, enable_progress_bar=False, enable_model_summary=False,
            strategy="ddp" if devices > 1 else "auto",
        )
        trainer.fit(model, Shuffled.loader(folder + "/a.h5", seed=2, batch_size=4, workers=1))
        with open(f"{folder}/seen-{devices}-{trainer.global_rank}.json", "w") as file:
            json.dump(model.seen, file)
        if devices == 1:
            predicted = trainer.predict(model, Shuffled.loader(folder + "/a.h5", shuffle=False, batch_size=4))
            with open(f"{folder}/predicted.json", "w") as file:
                json.dump(predicted, file)

    if __name__ == "__main__":
        main()
"""


@pytest.mark.parametrize("devices", [1, 2])
def test_lightning_trains_with_its_defaults(path: Path, tmp_path: Path, devices: int) -> None:
    import json
    from importlib.util import find_spec

    if find_spec("lightning") is None and find_spec("pytorch_lightning") is None:
        pytest.skip("Lightning is not installed")
    write(tmp_path / "a.h5", COUNT)
    script = tmp_path / "train.py"
    script.write_text(textwrap.dedent(LIGHTNING))
    run(script, [[str(tmp_path), str(devices)]], timeout=200)
    shares = [json.loads((tmp_path / f"seen-{devices}-{rank}.json").read_text()) for rank in range(devices)]
    data = Shuffled(path)
    for epoch in range(2):
        seen = [row for share in shares for number, batch in share if number == epoch for row in batch]
        assert sorted(seen) == sorted(data.rows.tolist()), "each sample once"
        order = Shuffled.loader(path, seed=2, batch_size=4, rank=0, world=devices)
        order.set_epoch(epoch)
        assert [batch for number, batch in shares[0] if number == epoch] == rows(order), "its epochs are ours"
    if devices == 1:
        predicted = json.loads((tmp_path / "predicted.json").read_text())
        assert list(chain.from_iterable(predicted)) == data.rows.tolist()
