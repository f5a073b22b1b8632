"""Workers and threads: the same batches, errors that arrive, nothing left behind."""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="loaders need torch")

from blank import declare  # noqa: E402
from everything.examples import write  # noqa: E402
from everything.groups import Everything  # noqa: E402
from everything.loaders import Narrow, Numbers, Pad, Shuffled  # noqa: E402

from h5schema.errors import DataError, FileError, UsageError  # noqa: E402
from h5schema.runtime import Array, Axis, Batch, Plan, Scalar, Take  # noqa: E402
from h5schema.runtime.torch import Loader  # noqa: E402
from h5schema.runtime.torch.parcels import Post  # noqa: E402
from h5schema.runtime.torch.prefetch import prefetched  # noqa: E402

COUNT = 60


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("processes") / "a.h5", COUNT)


def flat(batch: Any) -> list[Any]:
    if isinstance(batch, dict):
        return [leaf for key in batch for leaf in flat(batch[key])]
    if isinstance(batch, list | tuple):
        return [leaf for item in batch for leaf in flat(item)]
    return [(batch.dtype, batch.shape, batch.numpy().tobytes()) if isinstance(batch, torch.Tensor) else batch]


def ours() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("h5schema-loader")]


@pytest.mark.filterwarnings("ignore:This DataLoader will create 4 worker processes")
@pytest.mark.parametrize("kind", [Numbers, Pad, Shuffled])
def test_same_batches_for_every_number_of_workers_and_threads(path: Path, kind: Any) -> None:
    expected = [[flat(batch) for batch in epoch] for epoch in [kind.loader(path, seed=2)] for _ in range(2)]
    for how in ({"workers": 1}, {"workers": 4}, {"threads": 1}, {"threads": 4}):
        loader = kind.loader(path, seed=2, **how)
        assert [[flat(batch) for batch in loader] for _ in range(2)] == expected, how


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_M12_B4_workers_of_every_kind_after_use_in_the_parent(path: Path, method: Any) -> None:
    with Everything(path) as f:
        _ = f.states[3]
        alone = Shuffled.loader(path, seed=1)
        _ = alone.dataset[0]
        expected = [[flat(batch) for batch in alone] for _ in range(3)]
        loader = Shuffled.loader(path, seed=1, workers=2, persistent_workers=True, multiprocessing_context=method)
        _ = loader.dataset[0]
        assert [[flat(batch) for batch in loader] for _ in range(2)] == expected[:2], "also in an epoch after the first"
        loader.set_epoch(0)
        assert [flat(batch) for batch in loader] == expected[0], "workers that live on are told of the epoch"
        assert flat(loader.dataset[0]) == flat(alone.dataset[0]), "the parent reads on"
        assert f.states[3].tolist() == f.states[3].tolist()


def big(tmp_path: Path, count: int = 4000, width: int = 64, size: int = 32) -> Any:
    """A loader of numbers that say where they come from."""
    reader, writer = declare(row=Axis(dict), x=Array(np.float32, f"row {width}"), y=Scalar(np.int64, "row"))
    y = np.arange(count)
    with writer.create(tmp_path / "big.h5") as w:
        w.row.extend({"x": np.repeat(y.astype(np.float32)[:, None], width, 1), "y": y})
    plan = Plan(over="row", sample={"x": Take("x"), "y": Take("y")}, batch=Batch(size, shuffle=True))
    return type("Big", (Loader,), {"file": reader, "plan": plan})


def test_batches_of_workers_are_the_users_own(tmp_path: Path) -> None:
    """Memory of the workers is used again and again; what was given stays what it was, and may be written into."""
    loader = big(tmp_path).loader(tmp_path / "big.h5", workers=2, multiprocessing_context="fork")
    kept = list(loader)
    assert sorted(torch.cat([batch["y"] for batch in kept]).tolist()) == list(range(4000))
    for batch in kept:
        assert torch.equal(batch["x"][:, 5], batch["y"].float())
    kept[0]["x"].zero_()
    assert all(torch.equal(batch["x"][:, 5], batch["y"].float()) for batch in kept[1:])


def test_two_iterations_at_a_time_do_not_meet(tmp_path: Path) -> None:
    loader = big(tmp_path).loader(tmp_path / "big.h5", workers=2, multiprocessing_context="fork")
    for one, other in zip(loader, loader, strict=True):
        assert torch.equal(one["x"][:, 0], one["y"].float())
        assert torch.equal(other["x"][:, 0], other["y"].float())
        assert not torch.equal(one["y"], other["y"]), "they are two epochs"


def test_workers_that_live_on_after_a_pass_was_left(tmp_path: Path) -> None:
    kind = big(tmp_path)
    lives: dict[str, Any] = {"persistent_workers": True, "multiprocessing_context": "fork"}
    loader = kind.loader(tmp_path / "big.h5", workers=2, **lives)
    alone = kind.loader(tmp_path / "big.h5")
    expected = [[batch["y"].tolist() for batch in alone] for _ in range(2)]
    for number, _ in enumerate(loader):
        if number == 17:
            break
    found = []
    for batch in loader:
        assert torch.equal(batch["x"][:, 7], batch["y"].float())
        found.append(batch["y"].tolist())
    assert found == expected[1]


def test_room_that_is_not_used_is_no_memory() -> None:
    def shared() -> int:
        return int(Path("/proc/self/statm").read_text().split()[2]) * 4096

    before = shared()
    post = Post(4, 2, 64 << 20)
    assert post.slots.shape == (12, 64 << 20)
    assert shared() - before < 8 << 20


def test_a_slow_reader_gets_every_batch(tmp_path: Path) -> None:
    """Workers fill all the room they have while nobody takes anything."""
    loader = big(tmp_path, size=500).loader(tmp_path / "big.h5", workers=2, multiprocessing_context="fork")
    for batch in loader:
        time.sleep(0.05)
        assert torch.equal(batch["x"][:, 63], batch["y"].float())


def test_batches_that_are_larger_than_their_room_arrive(tmp_path: Path) -> None:
    loader = big(tmp_path).loader(tmp_path / "big.h5", workers=2, multiprocessing_context="fork")
    loader.slot_bytes = 100
    assert sorted(torch.cat([batch["y"] for batch in loader]).tolist()) == list(range(4000))


def test_several_batches_travel_in_one_parcel(tmp_path: Path) -> None:
    """Of tensors, only bytes: what is around them is pickled once."""
    data = big(tmp_path)(tmp_path / "big.h5")
    loader = data.loader(tmp_path / "big.h5")
    together = next(iter(loader.ahead))
    assert len(together.ends) > 8
    post = Post(1, 0, 1)
    parcel = post(data[together])
    assert parcel.memory is not None
    assert parcel.memory.nbytes == parcel.size
    assert len(parcel.rest) < 4000
    assert [flat(batch) for batch in parcel.opened()] == [flat(batch) for batch in data[together]]


def test_errors_of_workers_and_threads_are_ours(path: Path) -> None:
    for how in ({"threads": 2}, {"workers": 1}):
        with pytest.raises(DataError, match=r"a\.h5: /scalars/i64"):
            list(Narrow.loader(path, **how))
    assert not ours()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"threads": 1, "workers": 1}, "threads and workers"),
        ({"threads": -1}, "threads is -1"),
        ({"rank": 2, "world": 2}, "rank is 2, of 2"),
        ({"rank": 0}, "world is None"),
        ({"world": 2}, "rank is None"),
        ({"persistent_workers": 1}, "persistent_workers is 1"),
    ],
)
def test_arguments_that_do_not_fit(path: Path, arguments: Any, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        Numbers.loader(path, **arguments)


# Threads.


def test_a_pass_that_is_left_leaves_no_thread(path: Path) -> None:
    loader = Pad.loader(path, threads=3)
    for _ in loader:
        assert ours()
        break
    gc.collect()
    assert not ours()
    iterator = iter(loader)
    next(iterator)
    assert ours()
    del iterator
    gc.collect()
    assert not ours()
    assert len(list(loader)) == len(loader)
    assert not ours()


def test_threads_work_ahead_a_few_jobs_and_no_more() -> None:
    begun: list[int] = []

    def work(job: int) -> int:
        begun.append(job)
        return job

    iterator = prefetched(work, iter(range(100)), 2)
    assert next(iterator) == 0
    time.sleep(0.1)
    assert 1 < len(begun) <= 4
    assert list(iterator) == list(range(1, 100))


def test_jobs_of_threads_come_in_order() -> None:
    def work(job: int) -> int:
        time.sleep(0.002 * (job % 3))
        return job

    assert list(prefetched(work, iter(range(50)), 4)) == list(range(50))


def test_an_error_of_a_thread_comes_in_its_place_with_its_frames() -> None:
    def fail_at_three(job: int) -> int:
        if job == 3:
            raise ValueError("three")
        return job

    seen = []
    iterator = prefetched(fail_at_three, iter(range(10)), 2)
    with pytest.raises(ValueError, match="three") as caught:
        seen.extend(iterator)
    assert seen == [0, 1, 2]
    assert "fail_at_three" in [entry.name for entry in caught.traceback]
    assert not ours()


def test_an_error_of_the_order_leaves_no_thread() -> None:
    def jobs() -> Iterator[int]:
        yield from range(5)
        raise ValueError("the order")

    with pytest.raises(ValueError, match="the order"):
        list(prefetched(abs, jobs(), 2))
    assert not ours()


SCRIPT = """
    import sys, threading, time
    from everything.loaders import Pad
    def main():
        loader = Pad.loader({path!r}, **{how!r})
        print("begun", flush=True)
        while True:
            for batch in loader:
                time.sleep(0.2)
    if __name__ == "__main__":
        try:
            main()
        except KeyboardInterrupt:
            left = [t.name for t in threading.enumerate() if t.name.startswith("h5schema-loader")]
            print("stopped", left, flush=True)
"""


@pytest.mark.parametrize("how", [{"threads": 2}, {"workers": 2}], ids=str)
def test_ctrl_c_ends_a_loader(path: Path, tmp_path: Path, how: dict[str, int]) -> None:
    script = tmp_path / "train.py"
    script.write_text(textwrap.dedent(SCRIPT).format(path=str(path), how=how))
    process = subprocess.Popen(
        [sys.executable, str(script)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "begun\n"
        for _ in range(20):  # Python forgets one that comes while an iterator of torch's is torn down
            time.sleep(1.5)
            process.send_signal(signal.SIGINT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(5)
                break
        assert process.stdout.readline() == "stopped []\n"
        assert process.wait(30) == 0
    finally:
        process.kill()
        process.communicate()


def test_a_fork_in_the_middle_of_a_threaded_pass_reads_on(path: Path) -> None:
    """A child has none of the threads; it reads with its own."""
    loader = Pad.loader(path, threads=2)
    iterator = iter(loader)
    next(iterator)
    child = os.fork()
    if not child:
        code = 1
        try:
            code = 0 if len(list(Pad.loader(path, threads=2))) == len(loader) else 2
        finally:
            os._exit(code)
    deadline = time.monotonic() + 60
    status: tuple[int, int] = (0, 0)
    while time.monotonic() < deadline and not status[0]:
        status = os.waitpid(child, os.WNOHANG)
        time.sleep(0.02)
    if not status[0]:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    assert status == (child, 0)
    assert len(list(iterator)) == len(loader) - 1


MEMORY = """
    import sys
    from pathlib import Path
    sys.path[:0] = {paths!r}
    from test_loader_processes import big

    def resident(process):
        pages = Path(f"/proc/{{process}}/statm").read_text().split()
        return (int(pages[1]) - int(pages[2])) * 4096  # without what is mapped from files

    loader = big(Path({folder!r}), 8000, 256, 64).loader(Path({folder!r}) / "big.h5", **{how!r})
    after = []
    for epoch in range(6):
        for batch in loader:
            pass
        after.append(resident("self"))
    print(after[5], after[2])
"""


@pytest.mark.parametrize(
    "how", [{}, {"threads": 2}, {"workers": 2}, {"workers": 1, "persistent_workers": True}], ids=str
)
def test_memory_after_many_epochs_is_that_after_two(tmp_path: Path, how: dict[str, Any]) -> None:
    """Within 5 %, and 4 MiB for what the allocator does."""
    code = textwrap.dedent(MEMORY).format(
        paths=[str(Path(__file__).parent), *filter(None, sys.path)], folder=str(tmp_path), how=how
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    last, second = map(int, done.stdout.split())
    assert last < 1.05 * second + (4 << 20)


@pytest.mark.parametrize(("method", "files"), [("fork", 1), ("fork", 2), ("spawn", 2)])
def test_workers_read_the_file_that_their_loader_read(tmp_path: Path, method: Any, files: int) -> None:
    paths = [write(tmp_path / f"{k}.h5", 12, 12 * k) for k in range(files)]
    loader = Numbers.loader(paths, workers=1, multiprocessing_context=method)
    assert len([flat(batch) for batch in loader]) == len([flat(batch) for batch in loader]) > 0
    for first, count in ((100, 12), (100, 14)):
        write(paths[0].with_name("new.h5"), count, first).replace(paths[0])
        with pytest.raises(FileError, match="the file was changed or replaced") as raised:
            list(loader)
        assert str(paths[0]) in str(raised.value)
    assert list(Numbers.loader(paths, workers=1, multiprocessing_context=method))
