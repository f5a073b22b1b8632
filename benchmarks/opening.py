"""What it costs to open a file and read the first row; and whether that depends on how many entries there are.

    python benchmarks/opening.py [--runs 41] [--entries 10000000]

The first table is of new processes: what is imported first is not counted (h5py and numpy, and the generated package).
h5py opens the file and reads one row of one dataset; so do we, and we check the file's stamp and commit record besides.
Processes of both are interleaved; the ratio is the median of the ratios within a round.

The second table compares a file of many entries with one of a thousand: opening it, and finding an entry by its id.
"""

from __future__ import annotations

import argparse
import importlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from hashlib import blake2b
from pathlib import Path
from statistics import median
from typing import Any

import h5py
import numpy as np
import reading

SCHEMA = """
h5schema: 1
name: labelled
version: 1.0.0
dims: {item: {ids: true}}
features:
  x: {dims: [item, 4], dtype: float32}
"""
ENVIRONMENT = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
"""Compiled modules are kept, as they are after an installation."""

FIRST = {
    "h5py": "file = h5py.File(path); row = file['x'][{row}]",
    "h5schema": "file = {package}.{reader}(path); row = file.x[{row}]",
    "h5schema, by id": "file = {package}.{reader}(path); row = file.item['{id}']",
}


def generated(folder: Path) -> Any:
    """The package, made and imported."""
    (folder / "labelled.yaml").write_text(SCHEMA, encoding="utf-8")
    command = [sys.executable, "-m", "h5schema", "generate", "labelled.yaml", "-o", "."]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    sys.path.insert(0, str(folder))
    return importlib.import_module("labelled")


def written(module: Any, path: Path, count: int) -> None:
    """A file of so many entries: a small one of our writer, with its datasets made longer as the file format says."""
    some = min(count, 1000)
    with module.LabelledWriter.create(path) as new:
        new.item.extend([name_of(i) for i in range(some)], {"x": np.zeros((some, 4), np.float32)})
    if count > some:
        lengthened(path, count)


def name_of(number: int) -> str:
    """The id of an entry."""
    return f"item-{number:08}"


def lengthened(path: Path, count: int) -> None:
    """Gives a file more entries, with plain h5py; its checksums are not renewed, so it would not pass `verify`."""
    ours = "/.h5schema/dims/item"
    hashes = np.empty(count, np.uint64)
    names = np.empty(count, f"S{len(name_of(0))}")
    for i in range(count):
        name = name_of(i).encode()
        names[i] = name
        hashes[i] = int.from_bytes(blake2b(name, digest_size=8).digest(), "little")
    order = np.argsort(hashes, kind="stable")
    index = np.stack([hashes[order], order.astype(np.uint64)], axis=1)
    with h5py.File(path, "r+") as file:
        file[f"{ours}/commits"][-1] = count
        replaced(file, f"{ours}/ids", names)
        replaced(file, f"{ours}/index", index)
        replaced(file, "x", np.arange(4 * count, dtype=np.float32).reshape(count, 4))
        scale = file["item"]
        attributes = {name: scale.attrs[name] for name in ("CLASS", "NAME")}
        del file["item"]
        made = file.create_dataset("item", (count,), ">f4")
        for name, value in attributes.items():
            made.attrs.create(name, np.bytes_(value))


def replaced(file: h5py.File, path: str, values: Any) -> None:
    """Another dataset in the place of one."""
    dtype = file[path].dtype if values.dtype.kind != "S" else h5py.string_dtype("utf-8", values.dtype.itemsize)
    del file[path]
    file.create_dataset(path, data=values.astype(dtype))


def milliseconds(what: str, package: str, path: Path, row: int) -> float:
    """Of the first row, in a process of its own."""
    line = FIRST[what].format(package=package, reader=package.capitalize(), row=row, id=name_of(row))
    code = (
        f"import h5py, numpy, {package}, time; path = {str(path)!r}; start = time.perf_counter(); {line}\n"
        "print(1000 * (time.perf_counter() - start))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=path.parent, env=ENVIRONMENT, capture_output=True, check=True, timeout=60
    )
    return float(done.stdout)


def fresh(what: str, package: str, path: Path, row: int, runs: int) -> None:
    """A part of the first table."""
    print(f"{what}:")
    times: dict[str, list[float]] = {name: [] for name in FIRST if package == "labelled" or "id" not in name}
    for _ in range(runs + 1):
        for name, taken in times.items():
            taken.append(milliseconds(name, package, path, row))
    for name, taken in times.items():
        ratio = median(a / b for a, b in zip(taken[1:], times["h5py"][1:], strict=True))
        print(f"  {name:<24} {median(taken[1:]):7.2f} ms   {ratio:5.2f} x h5py's", flush=True)


def compared(module: Any, few: Path, many: Path, count: int, rounds: int) -> None:
    """The second table: each figure of both files in turn."""
    rng = np.random.default_rng(0)

    def opened(path: Path) -> None:
        with module.Labelled(path) as file:
            len(file.item)

    with module.Labelled(few) as small, module.Labelled(many) as large:
        files = {few: small, many: large}
        names = {
            few: [name_of(i) for i in rng.permutation(1000)],
            many: [name_of(i) for i in rng.integers(0, count, 1000)],
        }
        at = iter(range(1 << 30))
        works: dict[str, Callable[[Path], object]] = {
            "open, and count the entries": opened,
            "open, and an entry by its id": lambda path: module.Labelled(path).item[names[path][next(at) % 1000]],
            'reader.item["some/id"]': lambda path: files[path].item[names[path][next(at) % 1000]],
            'reader.x["some/id"]': lambda path: files[path].x[names[path][next(at) % 1000]],
            '"some/id" in reader.item': lambda path: names[path][next(at) % 1000] in files[path].item,
        }
        for what, work in works.items():
            pairs: list[tuple[float, float]] = []
            for _ in range(rounds + 20):
                pairs.append((microseconds(work, few), microseconds(work, many)))
            print(
                f"  {what:<32} {median(a for a, _ in pairs[20:]):7.0f} µs of 1000 entries, "
                f"{median(b for _, b in pairs[20:]):7.0f} µs of {count:,}: "
                f"{median(b for _, b in pairs[20:]) / median(a for a, _ in pairs[20:]):5.2f}",
                flush=True,
            )


def microseconds(work: Callable[[Path], object], path: Path) -> float:
    """Of one call."""
    start = time.perf_counter()
    work(path)
    return 1e6 * (time.perf_counter() - start)


def main() -> None:
    """Both tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=41)
    parser.add_argument("--entries", type=int, default=10_000_000)
    given = parser.parse_args()
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as made:
        folder = Path(made)
        module = generated(folder)
        few, many = folder / "few.h5", folder / "many.h5"
        written(module, few, 1000)
        written(module, many, given.entries)
        print("the first row, in a new process, after imports")
        rows = reading.generated(reading.ROWS, folder)
        values = np.random.default_rng(0).standard_normal((100_000, 256)).astype(np.float32)
        for name, options in {"as our writer leaves it": {}, "contiguous": {"chunks": None}}.items():
            path = folder / "rows.h5"
            path.unlink(missing_ok=True)
            with rows.RowsWriter.create(path) as new:
                for start in range(0, len(values), 1000):
                    new.row.extend({"x": values[start : start + 1000], "label": np.zeros(1000, np.int64)})
            if options:
                reading.relaid(path, **options)
            fresh(f"of 100 000 x float32[256], {name}", "rows", path, 54_321, given.runs)
        fresh("of 1000 x float32[4] with ids", "labelled", few, 543, given.runs)
        fresh(f"of {given.entries:,} x float32[4] with ids", "labelled", many, 543, given.runs)
        print("in one process:")
        compared(module, few, many, given.entries, 20 * given.runs)


if __name__ == "__main__":
    main()
