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
import zlib
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import h5py
import numpy as np
import writing_peers as peers
import writing_sources as sources

from h5schema.runtime.extracting.how import How
from h5schema.runtime.extracting.running import StoppedError

WORKS = ("decoded", "lzf", "zstd", "kept", "small", "samples", "stopped", "memory")
TWO = How(workers=2, progress="none")
ALONE = How(workers=0, progress="none")


class Cost(NamedTuple):
    """Seconds on the clock, and of all processors."""

    clock: float
    processors: float


NOTHING = Cost(0.0, 0.0)


class Contender(NamedTuple):
    """One way to do a work.

    Attributes:
        name: In the table.
        run: Does it, into a new file; returns seconds.
        entries: What it wrote, in the order of the sources; None: it threw it away.
        target: The file.
        ours: Whether it is h5schema's.
        scale: Of its time, if it did less.
        beginning: What of its cost is not counted.
    """

    name: str
    run: Callable[[], float]
    entries: Callable[[], Iterator[Any]] | None
    target: Path
    ours: bool = False
    scale: float = 1.0
    beginning: Cost = NOTHING


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


def race(contenders: Sequence[Contender], rounds: int) -> None:
    """Every contender in every round, and what each wrote in the first."""
    took: dict[str, list[float]] = {one.name: [] for one in contenders}
    used: dict[str, list[float]] = {one.name: [] for one in contenders}
    sums: dict[str, int] = {}
    for number in range(rounds):
        for one in contenders:
            start = processors()
            took[one.name].append((one.run() - one.beginning.clock) * one.scale)
            used[one.name].append((processors() - start - one.beginning.processors) * one.scale)
            if number == 0 and one.entries is not None and one.scale == 1.0:
                sums[one.name] = summed(one.entries())
            one.target.unlink(missing_ok=True)
    for name, seconds in took.items():
        print(f"  {name:<52} {median(seconds):8.2f} s  {median(used[name]):8.2f} s of processors", flush=True)
    for own in (one.name for one in contenders if one.ours):
        for other in (one.name for one in contenders if not one.ours):
            ratio = median(b / a for a, b in zip(took[own], took[other], strict=True))
            print(f"    {own}: {ratio:.2f} x {other}", flush=True)
    same = "all equal" if len(set(sums.values())) == 1 else f"DIFFERENT: {sums}"
    print(f"  what {len(sums)} contenders wrote is {same}", flush=True)


def processors() -> float:
    """Seconds that this process and its children that have ended took of all processors."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def summed(entries: Iterator[Any]) -> int:
    """A checksum of entries and of their sizes."""
    total = 0
    for entry in entries:
        data = np.ascontiguousarray(entry)
        total = zlib.crc32(str(data.shape).encode(), zlib.crc32(data.data, total))
    return total


# Ours.


def extracted(module: Any, folder: Path, target: Path, *, sync: bool, how: How = TWO) -> Any:
    """One extraction; its summary."""
    extract = __import__(f"{module.__name__}.extract", fromlist=["extraction"])
    return extract.extraction.run([folder], target, sync=sync, how=how)


def start_up(module: Any, paths: Sequence[str], given: Given) -> Cost:
    """What two processes add to an extraction of sixteen sources."""
    few, target = given.memory / "few.txt", given.memory / "few.h5"
    few.write_text("".join(f"{path}\n" for path in paths[:16]))
    costs: dict[How, list[Cost]] = {TWO: [], ALONE: []}
    for _ in range(5):
        for how, found in costs.items():
            start = processors()
            clock = peers.timed(lambda how=how: extracted(module, Path(f"@{few}"), target, sync=False, how=how))
            found.append(Cost(clock, processors() - start))
            target.unlink()
    pairs = list(zip(costs[TWO], costs[ALONE], strict=True))
    cost = Cost(median(a.clock - b.clock for a, b in pairs), median(a.processors - b.processors for a, b in pairs))
    print(
        f"  start-up of two workers, not counted: {cost.clock:.2f} s, {cost.processors:.2f} s of processors", flush=True
    )
    return cost


def own(name: str, module: Any, folder: Path, target: Path, beginning: Cost, address: str, *, sync: bool) -> Contender:
    """An extraction with two workers."""
    spent: list[str] = []

    def run() -> float:
        seconds = peers.timed(lambda: spent.append(str(extracted(module, folder, target, sync=sync).spent)))
        if len(spent) == 2:
            print(f"  [{name}] {spent[-1]}", flush=True)
        return seconds

    entries = partial(own_entries, module, target, address)
    return Contender(name, run, entries, target, ours=True, beginning=beginning)


def own_entries(module: Any, target: Path, address: str) -> Iterator[Any]:
    """What the file holds, read by our reader."""
    group = getattr(module, module.__name__.title().replace("_", ""))
    with group(target) as file:
        view = getattr(file, address)
        for first in range(0, len(view), 64):
            yield from view.read(np.arange(first, min(first + 64, len(view))))


# The rows of the table.


def decoded(given: Given) -> None:
    """Photos as pixels, without a codec."""
    paths, folder = _photos(given)
    module = sources.generated(sources.DECODED, given.memory, name="decoded", codec="none")
    beginning = start_up(module, paths, given)
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
    beginning = start_up(module, paths, given)
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
    beginning = start_up(module, paths, given)
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
    beginning = start_up(module, paths, given)
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
    beginning = start_up(module, paths, given)
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
            coordinator, workers = _peaks(process)
        target.unlink()
        print(f"  {count:>9,} sources: coordinator {coordinator:.0f} MiB, a worker {workers:.0f} MiB", flush=True)


def _peaks(process: subprocess.Popen[bytes]) -> tuple[float, float]:
    """Most MiB that a process has had, and that any child of it has had, as the system says while they live."""
    own = child = 0.0
    while process.poll() is None:
        own = max(own, _peak(process.pid))
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
        for number in children.read_text().split() if children.exists() else ():
            child = max(child, _peak(int(number)))
        time.sleep(0.02)
    return own, child


def _peak(number: int) -> float:
    try:
        lines = Path(f"/proc/{number}/status").read_text().splitlines()
    except OSError:  # it has ended
        return 0.0
    return max((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")), default=0.0)


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
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--work", default=",".join(WORKS), help=f"some of {','.join(WORKS)}")
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
