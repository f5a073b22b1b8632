"""How fast files are written, beside limits and beside others.

    python benchmarks/writing.py [--rounds 3] [--work decoded,lzf,...] [--full] [--h5mapper PYTHON] [--pictures FOLDER]

Sources lie in memory (`/dev/shm`), so no disk is read. What is forced to the disk is written to `--disk`, all else to
memory. Contenders are interleaved; a figure is the median of the rounds, a ratio the median of the ratios within a
round: above 1 means that we are faster. What contenders wrote is compared, entry by entry.

Ours is timed from the call to the complete file at its final name, with two worker processes. Their start-up (what
they add to an extraction of sixteen sources) is measured for each work, told, and not counted; pools of others are
ready before they are timed. Beside the seconds stand those of all processors, with start-up for h5mapper: on a
machine with other work they are what stays the same.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import h5py
import numpy as np
import writing_peers as peers
import writing_sources as sources
from writing_ours import extracted, own, own_entries, peaks, start_up
from writing_race import Contender, race, summed

from h5schema.runtime.extracting.running import StoppedError


class Given(NamedTuple):
    """What was asked for, and where files go."""

    rounds: int
    memory: Path
    disk: Path
    h5mapper: str | None
    pictures: Path | None
    photos: int
    sources: int
    samples: int


def decoded(given: Given) -> None:
    """Photos as pixels, without a codec."""
    paths, folder = _photos(given)
    module = sources.generated(sources.DECODED, given.memory, name="decoded", codec="none")
    beginning = start_up(module, paths, given.memory)
    there, safe = given.memory / "made.h5", given.disk / "made.h5"
    size = given.photos * sources.SIDE * sources.SIDE * 3
    race(
        [
            Contender("limit: decoding alone, 2 processes", lambda: peers.decoding(paths), None, there),
            Contender("limit: the same bytes to the disk, one fsync", lambda: peers.raw(size, safe), None, safe),
            own("h5schema, fsync, on the disk", module, folder, safe, beginning, "image", sync=True),
            own("h5schema, no fsync, on the disk", module, folder, safe, beginning, "image", sync=False),
            own("h5schema, no fsync, in memory", module, folder, there, beginning, "image", sync=False),
            _data2h5(folder, there, paths),
            *_h5mapper(given, there, paths),
        ],
        given.rounds,
    )


def coded(codec: str, given: Given) -> None:
    """Photos as pixels, compressed."""
    paths, folder = _photos(given)
    module = sources.generated(sources.DECODED, given.memory, name=f"coded_{codec}", codec=codec)
    beginning = start_up(module, paths, given.memory)
    there, safe = given.memory / "made.h5", given.disk / "made.h5"
    extracted(module, folder, there, sync=False)
    with h5py.File(there) as file:
        rows = file["image"].chunks[0]
    there.unlink()
    limit = f"limit: decoding and {codec} in chunks of {rows}, 2 processes"
    contenders = [
        Contender(limit, lambda: peers.coding(paths, codec, rows), None, there),
        own("h5schema, fsync, on the disk", module, folder, safe, beginning, "image", sync=True),
        own("h5schema, no fsync, in memory", module, folder, there, beginning, "image", sync=False),
    ]
    if codec == "lzf":
        contenders.append(_data2h5(folder, there, paths))
    race(contenders, given.rounds)


def kept(given: Given) -> None:
    """Photos as the bytes of their files."""
    paths, folder = _photos(given)
    module = sources.generated(sources.KEPT, given.memory, name="kept", ending="jpg")
    beginning = start_up(module, paths, given.memory)
    there, safe, archive = given.memory / "made.h5", given.disk / "made.h5", given.disk / "made.tar"
    race(
        [
            Contender(
                "tarfile, one fsync, on the disk",
                lambda: peers.tar(folder, archive),
                lambda: peers.tar_entries(archive),
                archive,
            ),
            own("h5schema, fsync, on the disk", module, folder, safe, beginning, "data", sync=True),
            own("h5schema, no fsync, in memory", module, folder, there, beginning, "data", sync=False),
        ],
        given.rounds,
    )


def small(given: Given) -> None:
    """Many sources of 100 bytes."""
    folder = given.memory / "small"
    paths = sources.small(folder, given.sources, np.random.default_rng(0))
    module = sources.generated(sources.KEPT, given.memory, name="tiny", ending="bin")
    beginning = start_up(module, paths, given.memory)
    there, safe = given.memory / "made.h5", given.disk / "made.h5"
    some = paths[: min(len(paths), 20_000)]
    theirs = f"Data2H5's layout, one process, {len(some):,} sources" + ("" if len(some) == len(paths) else ", scaled")
    race(
        [
            Contender(
                "limit: a bare loop, in memory",
                lambda: peers.bare_loop(folder, there),
                lambda: peers.bare_entries(there, 100),
                there,
            ),
            own("h5schema, fsync, on the disk", module, folder, safe, beginning, "data", sync=True),
            own("h5schema, no fsync, in memory", module, folder, there, beginning, "data", sync=False),
            Contender(
                theirs,
                lambda: peers.data2h5_layout(folder, there, some, peers.bytes_of),
                lambda: peers.data2h5_entries(there),
                there,
                scale=len(paths) / len(some),
            ),
        ],
        given.rounds,
    )


def samples(given: Given) -> None:
    """Samples of 1 kB by hand, in memory: nothing waits for the disk."""
    rng = np.random.default_rng(0)
    values = rng.standard_normal((given.samples, 256)).astype(np.float32)
    ids = [f"sample-{number:07d}" for number in range(given.samples)]
    listed, target = list(values), given.memory / "made.h5"
    named = sources.generated(sources.SAMPLES, given.memory, name="named", ids="ids: true").NamedWriter
    plain = sources.generated(sources.SAMPLES, given.memory, name="plain", ids="size: open").PlainWriter

    def add(writer: Any) -> None:
        with writer.create(target) as new:
            if writer is plain:
                for one in listed:
                    new.sample.append({"x": one})
            else:
                for text, one in zip(ids, listed, strict=True):
                    new.sample[text] = {"x": one}

    def extend(writer: Any, given_as: Any) -> None:
        with writer.create(target) as new:
            for first in range(0, len(ids), 1024):
                part = {"x": given_as[first : first + 1024]}
                if writer is plain:
                    new.sample.extend(part)
                else:
                    new.sample.extend(ids[first : first + 1024], part)

    def stored() -> Iterator[Any]:
        with h5py.File(target) as file:
            yield file["x"][()]

    for name, writer in (("with ids", named), ("without ids", plain)):
        print(f" {name}:")
        race(
            [
                Contender("extend, 1024 as an array", partial(_timed, extend, writer, values), stored, target),
                Contender("extend, 1024 as a list", partial(_timed, extend, writer, listed), stored, target),
                Contender("one by one", partial(_timed, add, writer), stored, target, ours=True),
                Contender("h5py, one by one", lambda: peers.h5py_appending(target, listed, 1024), stored, target),
            ],
            given.rounds,
        )


def stopped(given: Given) -> None:
    """Photos as pixels; Ctrl-C at half of the sources, as the time tells, and the same call again."""
    paths, folder = _photos(given)
    module = sources.generated(sources.DECODED, given.memory, name="decoded", codec="none")
    beginning = start_up(module, paths, given.memory)
    whole, half = given.memory / "whole.h5", given.memory / "half.h5"
    slower: list[float] = []
    for _ in range(given.rounds):
        through = peers.timed(lambda: extracted(module, folder, whole, sync=True))
        first, said = _interrupted(module, folder, half, (through + beginning.clock) / 2)
        if half.exists():
            print("  it was done before it could be stopped: take more --photos", flush=True)
        else:
            second = peers.timed(lambda: extracted(module, folder, half, sync=True))
            slower.append((first + second - beginning.clock) / through - 1.0)
            same = summed(own_entries(module, whole, "image")) == summed(own_entries(module, half, "image"))
            print(
                f"  through {through:.2f} s; {first:.2f} s + {second:.2f} s - start-up = {slower[-1]:+.1%}; "
                f"{'equal' if same else 'DIFFERENT'} ({said})",
                flush=True,
            )
        whole.unlink()
        half.unlink()
    if slower:
        print(f"  the two runs together: {median(slower):+.1%}", flush=True)


def _interrupted(module: Any, folder: Path, target: Path, after: float) -> tuple[float, str]:
    """Seconds of an extraction that gets a SIGINT, and what it said."""
    timer = threading.Timer(after, os.kill, (os.getpid(), signal.SIGINT))
    said, start = "", time.perf_counter()
    timer.start()
    try:
        extracted(module, folder, target, sync=True)
        timer.cancel()
    except StoppedError as stop:
        said = str(stop)
    return time.perf_counter() - start, said


def memory(given: Given) -> None:
    """Peak resident memory of the command and of its workers."""
    sources.generated(sources.KEPT, given.memory, name="tiny", ending="bin")
    folder = given.memory / "counted"
    rng = np.random.default_rng(0)
    for count in sorted({min(10_000, given.sources), given.sources}):
        if not folder.exists() or count > 10_000:
            subprocess.run(["rm", "-rf", str(folder)], check=True)
            sources.small(folder, count, rng)
        target = given.memory / "counted.h5"
        command = [sys.executable, "-m", "tiny.extract", str(folder), "-o", str(target), "--workers", "2", "--quiet"]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(given.memory), os.getcwd()])}
        with subprocess.Popen(command, env=environment) as process:
            coordinator, workers = peaks(process)
        target.unlink()
        print(f"  {count:>9,} sources: coordinator {coordinator:.0f} MiB, a worker {workers:.0f} MiB", flush=True)


def _timed(work: Callable[..., None], *arguments: Any) -> float:
    return peers.timed(lambda: work(*arguments))


def _photos(given: Given) -> tuple[list[str], Path]:
    """The photos, made once."""
    folder, rng = given.memory / "photos", np.random.default_rng(0)
    if not folder.exists():
        return sources.photos(folder, given.photos, sources.pictures(given.pictures, rng), rng), folder
    return list(peers.listed(folder)), folder


def _data2h5(folder: Path, target: Path, paths: Sequence[str]) -> Contender:
    return Contender(
        "Data2H5's way, in memory",
        lambda: peers.data2h5(folder, target, paths, peers.image_of),
        lambda: peers.data2h5_entries(target),
        target,
    )


def _h5mapper(given: Given, target: Path, paths: Sequence[str]) -> list[Contender]:
    if given.h5mapper is None:
        print("  h5mapper is left out: say --h5mapper PYTHON of an environment that has it")
        return []
    python = given.h5mapper
    return [
        Contender(
            f"h5mapper create, {parallelism}, in memory",
            partial(peers.h5mapper, python, target, paths, parallelism),
            lambda: peers.h5mapper_entries(target),
            target,
        )
        for parallelism in ("threads", "mp")
    ]


def main() -> None:
    """The tables in docs/benchmarks.md."""
    works: dict[str, Callable[[Given], None]] = {
        "decoded": decoded,
        "lzf": partial(coded, "lzf"),
        "zstd": partial(coded, "zstd"),
        "kept": kept,
        "small": small,
        "samples": samples,
        "stopped": stopped,
        "memory": memory,
    }
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--work", default=",".join(works), help="some of " + ",".join(works))
    parser.add_argument("--full", action="store_true", help="10,000 photos and 1,000,000 small sources")
    parser.add_argument("--photos", type=int)
    parser.add_argument("--sources", type=int)
    parser.add_argument("--samples", type=int)
    parser.add_argument("--h5mapper", metavar="PYTHON", help="a Python that has h5mapper")
    parser.add_argument("--pictures", type=Path, metavar="FOLDER", help="real pictures; else they are drawn")
    parser.add_argument("--disk", type=Path, default=Path(tempfile.gettempdir()), metavar="FOLDER")
    given = parser.parse_args()
    sizes = (10_000, 1_000_000, 200_000) if given.full else (500, 10_000, 20_000)
    shared = Path("/dev/shm")
    with (
        tempfile.TemporaryDirectory(dir=shared if shared.is_dir() else None) as inner,
        tempfile.TemporaryDirectory(dir=given.disk) as outer,
    ):
        asked = Given(
            given.rounds,
            Path(inner),
            Path(outer),
            given.h5mapper,
            given.pictures,
            given.photos or sizes[0],
            given.sources or sizes[1],
            given.samples or sizes[2],
        )
        print(f"{asked.photos:,} photos, {asked.sources:,} small sources, {asked.samples:,} samples by hand")
        for work in given.work.split(","):
            print(f"{work}:", flush=True)
            works[work](asked)


if __name__ == "__main__":
    main()
