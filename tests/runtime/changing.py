"""A file of which each transaction changes everything, so that half of one would be seen.

`python changing.py FILE` makes one transaction after the other, for ever.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parent / "packages"))

from blank import declare

from h5schema.runtime import Array, Axis, Coo, Csr, IdAxis, Ragged, RaggedAxis, Scalar, SparseRow, Text, optional

Reader, Creator = declare(
    clip=IdAxis(dict),
    time=RaggedAxis(per="clip"),
    step=RaggedAxis(per="clip"),
    frame=Axis(dict),
    wave=Ragged(np.float32, "clip time"),
    log=Ragged(np.int64, "clip step", codec="default", chunk=512),
    note=optional(Text("clip")),
    turn=Scalar(np.int64, "clip"),
    image=Array(np.uint8, "clip 100", codec="lzf", chunk=300),
    counts=Csr(np.int32, "clip 50"),
    pairs=optional(Coo(np.int16, "clip 4 5", codec="lzf", chunk=40)),
    x=Array(np.float32, "frame 50"),
)
CLIPS = 12


def entry(i: int, turn: int) -> dict[str, Any]:
    """Entry i after a transaction."""
    return {
        "wave": np.full((i * 7 + turn * 3) % 40, turn, np.float32),
        "log": np.arange(turn % 20, dtype=np.int64),
        "note": None if (i + turn) % 3 == 0 else f"{i} in turn {turn} " * (turn % 5),
        "turn": turn,
        "image": np.full(100, (i + turn) % 256, np.uint8),
        "counts": np.where(np.arange(50) < (i + turn) % 50, turn + 1, 0).astype(np.int32),
        "pairs": None if (i + turn) % 4 == 0 else np.full((4, 5), turn % 3, np.int16),
    }


def make(path: Path) -> None:
    """The file before any transaction."""
    with Creator.create(path) as w:
        for i in range(CLIPS):
            w.clip[f"clip {i}"] = entry(i, 0)
        w.clip["gone 0"] = entry(90, 0)
        w.clip["named 0"] = entry(91, 0)
        w.frame.extend({"x": np.zeros((20, 50), np.float32)})


def change(w: Any, turn: int) -> None:
    """One transaction, but for its commit."""
    for i in range(CLIPS):
        now, log = entry(i, turn), w.log[f"clip {i}"]
        if i % 2:
            w.clip[f"clip {i}"] = now
            continue
        for name in ("wave", "note", "turn", "counts", "pairs"):
            getattr(w, name)[f"clip {i}"] = now[name]
        w.image[f"clip {i}", 10:20] = now["image"][10:20]
        w.image.values[w.clip.row(f"clip {i}"), :] = now["image"]
        if len(log) < len(now["log"]):
            w.log.append(f"clip {i}", now["log"][len(log) :])
        else:
            w.log[f"clip {i}"] = now["log"]
    del w.clip[f"gone {turn - 1}"]
    w.clip[f"gone {turn}"] = entry(90, turn)
    w.clip.rename(f"named {turn - 1}", f"named {turn}")
    w.clip[f"named {turn}"] = entry(91, turn)
    w.x[:] = np.full((len(w.frame), 50), turn, np.float32)
    del w.frame[0]
    w.frame.append({"x": np.full(50, turn, np.float32)})


def expect(path: Path, *, sums: bool = True) -> int:
    """Everything in the file is of one transaction; returns which."""
    with Reader(path) as f:
        turn = int(f.turn["clip 0"])
        wanted = {f"clip {i}": i for i in range(CLIPS)} | {f"gone {turn}": 90, f"named {turn}": 91}
        assert set(f.clip) == set(wanted), (turn, list(f.clip))
        for key, i in wanted.items():
            found, want = f.clip[key], entry(i, turn)
            for name in want:
                value = found[name].dense() if isinstance(found[name], SparseRow) else found[name]
                assert np.array_equal(np.asarray(value), np.asarray(want[name])), (turn, key, name)
        assert f.x[:].shape == (20, 50)
        assert (f.x[:] == turn).all()
        if sums:
            f.verify()
    return turn


def main(path: Path) -> None:
    with Creator.edit(path) as w:
        print("begun", flush=True)
        turn = int(w.turn["clip 0"])
        while True:
            turn += 1
            change(w, turn)
            w.commit()
            print(turn, flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
