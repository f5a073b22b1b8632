"""Trajectories of a robot, in a file that another program made: a schema says where things lie, and a policy is fed.

    python examples/lift_demo.py [--work lift_demo]

The file is made up with plain h5py, in the layout of robomimic: one group per demonstration, `demo_2` before `demo_10`.
"""

from __future__ import annotations

import json
from pathlib import Path

import h5py
import numpy as np
from showing import begin, command, package

DEMONSTRATIONS = 12


def make_up(path: Path) -> Path:
    """A file as robomimic writes it."""
    rng = np.random.default_rng(0)
    with h5py.File(path, "w") as file:
        data = file.create_group("data")
        data.attrs["env_args"] = json.dumps({"env_name": "Lift", "type": 1})
        for number in range(DEMONSTRATIONS):
            steps = int(rng.integers(3, 30))
            demo = data.create_group(f"demo_{number}")
            demo["actions"] = rng.normal(size=(steps, 7))
            demo["rewards"] = (np.arange(steps) == steps - 1).astype(np.float64)
            demo["obs/agentview_image"] = rng.integers(0, 256, (steps, 84, 84, 3)).astype(np.uint8)
            demo["obs/robot0_eef_pos"] = rng.normal(size=(steps, 3))
    return path


def main() -> None:
    """Everything, in order."""
    work, _ = begin("lift_demo", "A file of others, read as typed samples.")
    path, schema = make_up(work / "demo.hdf5"), work / "lift.yaml"

    command("init", "lift", "-o", schema)
    command("generate", schema, "-o", work)

    lift, loaders = package(work, "lift")
    with lift.Lift(path) as file, h5py.File(path) as plain:
        names = list(file.demo)
        assert names == [f"demo_{number}" for number in range(DEMONSTRATIONS)]
        assert file.env[()] == {"env_name": "Lift", "type": 1}
        for name in names:
            assert np.array_equal(file.data.action[name], plain[f"data/{name}/actions"][()])
        steps = sum(len(plain[f"data/{name}/actions"]) for name in names)
        last = plain[f"data/{names[-1]}/actions"][-1]
    loader = loaders.policy_loader(path, shuffle=False)
    assert len(loader.dataset) == steps
    *_, (inputs, targets) = loader
    assert np.allclose(targets["action"][-1].numpy(), last)  # at the end the last action is repeated
    print(f"\n{len(names)} demonstrations, {steps} samples")
    print(f"observations {list(inputs['obs']['agentview_image'].shape)}, actions {list(targets['action'].shape)}")


if __name__ == "__main__":
    main()
