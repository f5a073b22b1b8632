"""Any folder into one file, with one command and no schema; each file back by its relative path.

    python examples/folder_demo.py [FOLDER] [--work folder_demo]

Without a folder one is made up: images, an array, a text, and a file of no known kind.
"""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
from PIL import Image
from showing import begin, command, package, show


def make_up(folder: Path) -> Path:
    """A folder with files of several kinds."""
    rng = np.random.default_rng(0)
    (folder / "foo" / "boo").mkdir(parents=True)
    for number in range(3):
        pixels = rng.integers(0, 256, (9, 12, 3)).astype(np.uint8)
        Image.fromarray(pixels).save(folder / "foo" / "boo" / f"image_{number:04}.png")
    np.save(folder / "foo" / "curve.npy", np.sin(np.arange(50) / 5))
    (folder / "readme.txt").write_text("What was measured, and when.\n")
    (folder / "device.bin").write_bytes(bytes(range(8)))
    return folder


def main() -> None:
    """Everything, in order."""
    kept = "any files; default: made up"
    work, given = begin("folder_demo", "From a folder of any files to one file.", folder=kept)
    folder = given or make_up(work / "files")
    target, schema = work / "data.h5", work / "data.yaml"

    command("extract", "--auto", folder, "-o", target)
    show(schema)  # it was left there
    command("inspect", target)

    paths = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    with h5py.File(target) as plain:  # any program that reads HDF5
        print(f"\n{len(paths)} files; {paths[0]} is {plain[paths[0]][()]!r}")

    command("generate", schema, "-o", work)
    _, loaders = package(work, "folder")
    loader = loaders.files_loader(target)
    kinds = [type(one).__name__ for batch in loader for one in batch]
    print(f"\n{len(loader.dataset)} samples: {', '.join(sorted(set(kinds)))}")


if __name__ == "__main__":
    main()
