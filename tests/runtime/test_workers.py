"""Workers that die, hang or fail take one source with them and no other."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import h5py
import pytest
from assorted import add, counted, differences, extraction, make, thing

from h5schema.errors import FileError, UserCodeError
from h5schema.runtime import How

HERE = Path(__file__).resolve().parent


def name(number: int) -> str:
    return f"things/{thing(number)}.json"


def numbers(path: Path) -> list[int]:
    """Which sources are in a file."""
    with h5py.File(path) as file:
        found: list[int] = file["number"][:].tolist()
    return found


def all_but(count: int, *without: int) -> list[int]:
    return [number for number in range(count) if number not in without]


def test_a_worker_that_dies_at_a_source(tmp_path: Path) -> None:
    """Whatever ends it: that source is tried once more and named, all others are there."""
    make(tmp_path, 24, {3: "kill", 9: "abort", 17: "leave"}, failing=False)
    summary = extraction(tmp_path).run([tmp_path / "in"], tmp_path / "a.h5", how=How(workers=2))
    assert {failure.source: failure.message for failure in summary.failures} == {
        name(3): "the process that read it died (SIGKILL)",
        name(9): "the process that read it died (SIGABRT)",
        name(17): "the process that read it died (exit code 7)",
    }
    assert numbers(tmp_path / "a.h5") == all_but(24, 3, 9, 17)


def test_a_source_is_read_again_when_its_worker_was_killed_by_chance(tmp_path: Path) -> None:
    make(tmp_path, 24, {5: f"once:{tmp_path / 'five'}", 20: f"once:{tmp_path / 'twenty'}"}, failing=False)
    calls = tmp_path / "calls"
    os.environ["MIXTURE_CALLS"] = str(calls)
    try:
        summary = extraction(tmp_path).run([tmp_path / "in"], tmp_path / "a.h5", how=How(workers=2, memory=1))
    finally:
        del os.environ["MIXTURE_CALLS"]
    assert list(summary.failures) == []
    assert numbers(tmp_path / "a.h5") == all_but(24)
    assert counted(calls)[thing(5)] == 2
    extraction(tmp_path).run([tmp_path / "in"], tmp_path / "b.h5", how=How(workers=0))
    assert differences(tmp_path / "b.h5", tmp_path / "a.h5") == []


def test_a_worker_that_dies_at_a_changed_source(tmp_path: Path) -> None:
    """The entry of that source stays as it was."""
    make(tmp_path, 8, failing=False)
    extraction(tmp_path).run([tmp_path / "in"], tmp_path / "a.h5", how=How(workers=0))
    add(tmp_path, 3, "kill")
    summary = extraction(tmp_path).run([tmp_path / "in"], tmp_path / "a.h5", update=True, how=How(workers=2))
    assert [str(failure) for failure in summary.failures] == [f"{name(3)}: the process that read it died (SIGKILL)"]
    assert summary.changes == (15, 0, 0, 0)
    assert numbers(tmp_path / "a.h5") == all_but(8)


def test_a_source_that_hangs_is_left_out_in_time(tmp_path: Path) -> None:
    """It sleeps; it never ends; it is in code that lets no other thread run."""
    make(tmp_path, 16, {2: "hang", 7: "spin", 12: "regex"}, failing=False)
    start = time.monotonic()
    summary = extraction(tmp_path).run([tmp_path / "in"], tmp_path / "a.h5", how=How(workers=2, timeout=1.0))
    assert time.monotonic() - start < 30
    assert [(failure.source, failure.message) for failure in summary.failures] == [
        (name(number), "it took longer than 1 s (--timeout)") for number in (2, 7, 12)
    ]
    assert numbers(tmp_path / "a.h5") == all_but(16, 2, 7, 12)


RUN = """
import sys
sys.path.insert(0, {here!r})
from pathlib import Path
from assorted import extraction
from h5schema.runtime import How
folder = Path({folder!r})
extraction(folder).run([folder / "in"], folder / "a.h5", how=How(workers=2, memory=1, commit_every=0.0))
"""


@pytest.mark.parametrize("what", ["hang", "spin", "regex"])
def test_workers_end_with_the_one_who_gives_orders(tmp_path: Path, what: str) -> None:
    """Within a second, wherever they are; the next run has the file to itself, and goes on with it."""
    make(tmp_path, 24, {20: what, 21: what}, failing=False)
    environment = {**os.environ, "MIXTURE_CALLS": str(tmp_path / "calls")}
    code = RUN.format(here=str(HERE), folder=str(tmp_path))
    with started([sys.executable, "-c", code], env=environment) as process:
        wait_for(process, lambda: {thing(20), thing(21)} <= counted(tmp_path / "calls").keys())
        time.sleep(0.3)
        workers = children(process.pid)
        assert len(workers) == 2
    until = time.monotonic() + 1
    while any(map(is_running, workers)) or is_held(tmp_path / "a.h5.partial"):
        assert time.monotonic() < until
        time.sleep(0.01)
    add(tmp_path, 20)
    add(tmp_path, 21)
    os.environ["MIXTURE_CALLS"] = str(tmp_path / "again")
    try:
        summary = extraction(tmp_path).run([tmp_path / "in"], tmp_path / "a.h5", how=How(workers=0))
    finally:
        del os.environ["MIXTURE_CALLS"]
    assert list(summary.failures) == []
    assert numbers(tmp_path / "a.h5") == all_but(24)
    assert thing(0) not in counted(tmp_path / "again")


@contextmanager
def started(command: Sequence[str], **given: Any) -> Iterator[subprocess.Popen[str]]:
    """A process that is killed at the end, if it has not ended."""
    with subprocess.Popen(command, text=True, **given) as process:
        try:
            yield process
        finally:
            process.kill()


def wait_for(process: subprocess.Popen[str], there: Callable[[], bool]) -> None:
    """Waits until a running process has come to something."""
    until = time.monotonic() + 60
    while not there():
        assert process.poll() is None
        assert time.monotonic() < until
        time.sleep(0.01)


def children(pid: int) -> list[int]:
    found = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return list(map(int, found))


def is_held(path: Path) -> bool:
    """Whether a process has the lock of a file."""
    with path.open("rb+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def is_running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


@pytest.mark.parametrize("workers", [0, 2])
def test_on_error_fail(tmp_path: Path, workers: int) -> None:
    """The first failure ends the run, with the frames of the user's code; once it is mended the run goes on."""
    make(tmp_path, 16, {11: "raise"}, failing=False)
    calls = tmp_path / "calls"
    how = How(workers=workers, on_error="fail", memory=1)
    target = tmp_path / "a.h5"
    os.environ["MIXTURE_CALLS"] = str(calls)
    try:
        with pytest.raises(UserCodeError) as caught:
            extraction(tmp_path).run([tmp_path / "in"], target, how=how)
        said = str(caught.value).splitlines()
        assert said[0].startswith(f"{target}: a source failed: {name(11)}: mixture_tools:values raised ValueError")
        assert said[-2] == f"ValueError: the value of {thing(11)} is bad"
        assert said[-1].endswith("run the same command again, which goes on; or say --on-error skip")
        assert f'"{tmp_path / "mixture_tools.py"}"' in str(caught.value)
        assert "h5schema/runtime" not in str(caught.value)
        assert not target.exists()
        add(tmp_path, 11)
        summary = extraction(tmp_path).run([tmp_path / "in"], target, how=how)
    finally:
        del os.environ["MIXTURE_CALLS"]
    assert list(summary.failures) == []
    assert numbers(target) == all_but(16)
    assert all(counted(calls)[thing(number)] == 1 for number in range(8))  # a batch
    assert counted(calls)[thing(11)] == 2


def test_on_error_retry(tmp_path: Path) -> None:
    """A source is tried again after each wait; one that still fails is skipped."""
    make(tmp_path, 8, {2: f"thrice:{tmp_path / 'tries'}", 5: "raise"}, failing=False)
    calls = tmp_path / "calls"
    os.environ["MIXTURE_CALLS"] = str(calls)
    start = time.monotonic()
    try:
        how = How(workers=2, on_error="retry", retry_after=(0.01, 0.02, 0.4))
        summary = extraction(tmp_path).run([tmp_path / "in"], tmp_path / "a.h5", how=how)
    finally:
        del os.environ["MIXTURE_CALLS"]
    assert time.monotonic() - start > 0.4
    assert [failure.source for failure in summary.failures] == [name(5)]
    assert (counted(calls)[thing(2)], counted(calls)[thing(5)], counted(calls)[thing(3)]) == (4, 4, 1)
    assert numbers(tmp_path / "a.h5") == all_but(8, 5)


def command(folder: Path, *options: str) -> tuple[int, str, str]:
    """Runs `python -m mixture.extract`."""
    done = subprocess.run(
        [sys.executable, "-m", "mixture.extract", "in", "-o", "a.h5", "--workers", "2", *options],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(HERE.parents[1])},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


def test_the_command_reports_what_failed(tmp_path: Path) -> None:
    """Exit code 1 when a source was skipped, a list for programs; 2 when a failure ends the run."""
    make(tmp_path, 10, {4: "raise", 6: "kill"}, failing=False)
    code, out, err = command(tmp_path, "--on-error", "fail", "--failures", "failed.jsonl")
    assert (code, out) == (2, "")
    assert err.startswith(f"error: a.h5: a source failed: {name(4)}: mixture_tools:values raised ValueError\n")
    record = json.loads((tmp_path / "failed.jsonl").read_text().splitlines()[0])
    assert (record["source"], record["error"]) == (name(4), "mixture_tools:values raised ValueError")
    code, out, err = command(tmp_path, "--failures", "failed.jsonl")
    assert (code, out.startswith("8 entries of thing, 7 entries of page, 2 sources skipped")) == (1, True), out
    assert "skipped 2 sources that failed:\n" in err
    assert "raise ValueError" in err
    records = list(map(json.loads, (tmp_path / "failed.jsonl").read_text().splitlines()))
    assert [(one["source"], one["error"]) for one in records] == [
        (name(4), "mixture_tools:values raised ValueError"),
        (name(6), "the process that read it died (SIGKILL)"),
    ]
    assert numbers(tmp_path / "a.h5") == all_but(10, 4, 6)


def test_all_that_failed_is_tried_again_once_the_function_is_mended(tmp_path: Path) -> None:
    """Where nothing at all could be extracted, nothing stays that the next run would go on with."""
    make(tmp_path, 6, dict.fromkeys(range(6), "raise"), failing=False)
    for page in (tmp_path / "in/pages").iterdir():
        page.write_bytes(b"\xff")
    tools = tmp_path / "mixture_tools.py"
    good = tools.read_text()
    tools.write_text(good.replace("return np.frombuffer(path", "raise ValueError(path"))
    code, _, err = command(tmp_path, "--commit-every", "0")
    assert code == 2
    assert "none of the 13 sources could be extracted" in err
    assert not list(tmp_path.glob("a.h5*"))
    tools.write_text(good.replace('if what == "raise":', "if False:"))
    assert command(tmp_path)[0] == 0
    assert numbers(tmp_path / "a.h5") == all_but(6)


def refused(folder: Path, lines: Sequence[str]) -> None:
    """The same command again is refused with these differences, and both ways out are named."""
    code, out, err = command(folder)
    assert (code, out) == (2, "")
    assert err == (
        "error: a.h5: an unfinished run is there, and it cannot be gone on with:\n"
        + "".join(f"  - {line}\n" for line in lines)
        + "  help: undo the change and run it again, which goes on; or begin anew: remove a.h5.partial first\n"
    )


def unfinished(folder: Path) -> None:
    """A run that a failure ended, with sources that are committed."""
    make(folder, 16, {12: "raise"}, failing=False)
    with pytest.raises(UserCodeError):
        extraction(folder).run([folder / "in"], folder / "a.h5", how=How(workers=0, on_error="fail", memory=1))
    assert (folder / "a.h5.partial.journal").exists()


def test_an_unfinished_run_is_refused_where_a_source_is_another_one(tmp_path: Path) -> None:
    unfinished(tmp_path)
    source = tmp_path / "in" / name(3)
    text, times = source.read_text(), source.stat()
    source.write_text(text + " ")
    refused(tmp_path, [f"{name(3)} was changed since it was read"])
    source.write_text(text)
    os.utime(source, ns=(times.st_atime_ns, times.st_mtime_ns))
    source.rename(tmp_path / "aside")
    refused(tmp_path, [f"source 3 of thing was {name(3)}, and is {name(4)} now"])
    (tmp_path / "aside").rename(source)
    (tmp_path / "in/things/blue--01.json").write_text(json.dumps({"seed": 1}))
    refused(tmp_path, [f"source 0 of thing was {name(0)}, and is things/blue--01.json now"])
    (tmp_path / "in/things/blue--01.json").unlink()
    for number in range(5, 16):
        (tmp_path / "in" / name(number)).rename(tmp_path / f"{number}")
    refused(tmp_path, [f"12 sources of thing are done, and there are 5 now: {name(5)} is gone"])
    for number in range(5, 16):
        (tmp_path / f"{number}").rename(tmp_path / "in" / name(number))
    add(tmp_path, 12)
    assert command(tmp_path)[0] == 0
    assert numbers(tmp_path / "a.h5") == all_but(16)


def test_an_unfinished_run_is_refused_where_the_schema_says_something_else(tmp_path: Path) -> None:
    from h5schema import pipeline

    unfinished(tmp_path)
    schema = tmp_path / "mixture.yaml"
    text = schema.read_text()

    def change(old: str, new: str) -> None:
        assert text.count(old) == 1
        schema.write_text(text.replace(old, new))
        pipeline.generate([schema], tmp_path)

    change("quick: {dims: [thing, 8]", "quick: {dims: [thing, 9]")
    code, _, err = command(tmp_path)
    assert code == 2
    assert "/quick" in err or "quick:" in err
    change("call: mixture_tools:mean", "call: mixture_tools:mean, params: {dtype: f8}")
    refused(
        tmp_path,
        [
            'parameters of mean: {"call": "mixture_tools:mean", "from": ["dense"], "params": {}} in the file, '
            '{"call": "mixture_tools:mean", "from": ["dense"], "params": {"dtype": "f8"}} now'
        ],
    )
    change("store: {codec: lzf, chunk: 64B}", "store: {codec: default, chunk: 64B}")
    refused(
        tmp_path,
        [
            'store of quick: {"chunk": 64, "codec": "lzf", "layout": "auto", "level": null} in the file, '
            '{"chunk": 64, "codec": "default", "layout": "auto", "level": null} now'
        ],
    )
    change("quick", "quick")
    add(tmp_path, 12)
    assert command(tmp_path)[0] == 0
    assert numbers(tmp_path / "a.h5") == all_but(16)


def test_two_extractions_into_one_file(tmp_path: Path) -> None:
    """The second is refused at once, and the first ends well."""
    make(tmp_path, 12, failing=False)
    environment = {**os.environ, "MIXTURE_PAUSE": "0.3", "PYTHONPATH": str(HERE.parents[1])}
    line = [sys.executable, "-m", "mixture.extract", "in", "-o", "a.h5"]
    with started(line, cwd=tmp_path, env=environment, stdout=subprocess.DEVNULL) as first:
        wait_for(first, (tmp_path / "a.h5.partial").exists)
        time.sleep(0.1)
        for options in ((), ("--overwrite",)):
            code, out, err = command(tmp_path, *options)
            assert (code, out) == (2, "")
            assert "a.h5.partial: another process is writing this file\n" in err
            assert f"  help: wait until process {first.pid} (" in err
        with pytest.raises(FileError, match="another process is writing this file"):
            extraction(tmp_path).writer.create(tmp_path / "a.h5")
        assert first.wait(timeout=60) == 0
    assert numbers(tmp_path / "a.h5") == all_but(12)


@pytest.mark.parametrize("asked", [signal.SIGINT, signal.SIGHUP])
def test_every_worker_is_asked_to_end_by_a_terminal(tmp_path: Path, asked: signal.Signals) -> None:
    """It sends Ctrl-C to all of them, and says so when it is closed; one says what is to be done."""
    make(tmp_path, 12, {9: "hang"}, failing=False)
    environment = {**os.environ, "MIXTURE_CALLS": str(tmp_path / "calls"), "PYTHONPATH": str(HERE.parents[1])}
    line = [sys.executable, "-m", "mixture.extract", "in", "-o", "a.h5", "--workers", "2"]
    with started(line, cwd=tmp_path, env=environment, stderr=subprocess.PIPE, start_new_session=True) as process:
        wait_for(process, lambda: thing(9) in counted(tmp_path / "calls"))
        os.killpg(process.pid, asked)
        os.killpg(process.pid, asked)
        _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert err.startswith("stopped after ")
    assert err.endswith(" of 19 sources; the same command goes on\n")
    add(tmp_path, 9)
    assert command(tmp_path)[0] == 0
    assert numbers(tmp_path / "a.h5") == all_but(12)


def test_a_run_under_nohup_goes_on_when_the_terminal_is_closed(tmp_path: Path) -> None:
    make(tmp_path, 12, failing=False)
    environment = {**os.environ, "MIXTURE_CALLS": str(tmp_path / "calls"), "PYTHONPATH": str(HERE.parents[1])}
    environment["MIXTURE_PAUSE"] = "0.1"
    line = ["nohup", sys.executable, "-m", "mixture.extract", "in", "-o", "a.h5", "--workers", "2"]
    with started(line, cwd=tmp_path, env=environment, stderr=subprocess.PIPE, start_new_session=True) as process:
        wait_for(process, lambda: thing(3) in counted(tmp_path / "calls"))
        os.killpg(process.pid, signal.SIGHUP)
        process.communicate(timeout=60)
    assert process.returncode == 0
    assert numbers(tmp_path / "a.h5") == all_but(12)
