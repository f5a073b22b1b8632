"""How far a run is, as terminals and logs see it."""

from __future__ import annotations

import contextlib
import fcntl
import io
import os
import re
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, TextIO

import pytest
from assorted import make, thing

from h5schema.runtime.extracting.progress import Progress

HERE = Path(__file__).resolve().parent
RUN = """
import sys
sys.path.insert(0, {here!r})
from pathlib import Path
from assorted import extraction
from h5schema.runtime import How
folder = Path({folder!r})
extraction(folder).run([folder / "in"], folder / "a.h5", how=How(workers=2, kind={kind!r}))
"""


@contextmanager
def terminal(columns: int, encoding: str = "utf-8") -> Iterator[tuple[int, TextIO]]:
    """A pseudo-terminal of this width: the end that a person looks at, and the one that is written to."""
    ours, theirs = os.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    with open(theirs, "w", encoding=encoding, errors="backslashreplace") as stream:
        yield ours, stream
    os.close(ours)


def shown(seen: int) -> str:
    """All that the terminal got."""
    text = b""
    while select.select([seen], [], [], 0.2)[0]:
        text += os.read(seen, 1 << 16)
    return text.decode()


def drawn(seen: int) -> list[str]:
    """Everything that was drawn, one text for each time; what is drawn over the end of another one is blank there."""
    return shown(seen).replace("\r\n", "\n").split("\r")[1:]


def run(stream: TextIO, steps: int = 4, before: int = 0) -> None:
    total = before + 250 * steps
    with Progress("extract photo", total, done=before, stream=stream) as progress:
        for step in range(steps):
            time.sleep(0.11)
            progress.step(250, failed=int(step == 1))


@pytest.mark.parametrize("columns", [200, 80, 60, 50, 40, 30, 20, 10, 3])
def test_a_bar_never_wraps(columns: int) -> None:
    with terminal(columns) as (seen, stream):
        run(stream)
        texts = drawn(seen)
    assert len(texts) >= 2
    assert texts[-1].endswith("\n")
    assert all(len(text.rstrip("\n")) < columns for text in texts)
    last = texts[-1].rstrip()
    if columns > 90:
        assert re.fullmatch(r"extract photo █{30} 1000/1000  [\d,]+/s  in 0:00  1 failed", last)
    assert columns < 20 or "1000/1000" in last
    assert "\x1b" not in "".join(texts), "nothing that a terminal has to understand"


def test_a_shorter_line_leaves_nothing_of_the_one_before() -> None:
    with terminal(80) as (seen, stream):
        run(stream)
        texts = [text.rstrip("\n") for text in drawn(seen)]
    widths = [len(text.rstrip()) for text in texts]
    assert all(len(text) >= width for width, text in zip(widths, texts[1:], strict=False))


def test_a_terminal_that_has_no_blocks() -> None:
    with terminal(80, "ascii") as (seen, stream):
        run(stream)
        text = drawn(seen)[-1]
    assert text.startswith("extract photo ###")


def test_a_dumb_terminal_gets_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "dumb")
    with terminal(80) as (seen, stream):
        run(stream)
        text = shown(seen)
    assert re.fullmatch(r"extract photo 0/1000\r\nextract photo 1000/1000  [\d,]+/s  in 0:00  1 failed\r\n", text)


def test_what_is_no_terminal_gets_nothing() -> None:
    stream = io.StringIO()
    run(stream)
    assert stream.getvalue() == ""


def test_lines_have_a_first_and_a_last_one() -> None:
    stream = io.StringIO()
    with Progress("extract photo", 10, "lines", stream=stream) as progress:
        progress.step(4, 1)
        progress.step(6)
    first, last = stream.getvalue().splitlines()
    assert first == "extract photo 0/10"
    assert re.fullmatch(r"extract photo 10/10  [\d,.e+]+/s  in 0:00  1 failed", last)


def test_what_is_stopped_says_how_far_it_came() -> None:
    stream = io.StringIO()
    progress = Progress("extract photo", 10, "lines", stream=stream)
    with contextlib.suppress(KeyboardInterrupt), progress:
        progress.step(4)
        raise KeyboardInterrupt
    assert stream.getvalue().splitlines()[-1].startswith("extract photo 4/10  ")


def test_what_an_earlier_run_did_does_not_count_for_the_rate() -> None:
    stream = io.StringIO()
    with Progress("extract photo", 1000, "lines", done=500, stream=stream) as progress:
        progress.step(100)
        text = progress.line(time.monotonic() + 10)
    assert stream.getvalue().startswith("extract photo 500/1000  going on\n")
    assert re.fullmatch(r"extract photo 600/1000  (10|9\.\d+)/s  0:41 left", text), text


def test_the_rate_is_that_of_now(monkeypatch: pytest.MonkeyPatch) -> None:
    """A slow beginning of a minute is forgotten."""
    now = 1000.0
    monkeypatch.setattr("h5schema.runtime.extracting.progress.time.monotonic", lambda: now)
    progress = Progress("extract photo", 100_000, "none")
    for _ in range(60):
        now += 1
        progress.step(1)
    for _ in range(60):
        now += 1
        progress.step(100)
    assert progress.line(now) == "extract photo 6060/100000  100/s  15:40 left"


def test_hours_are_told_as_hours() -> None:
    progress = Progress("extract photo", 1_000_000, "none")
    progress.step(100)
    assert progress.line(time.monotonic() + 1).rpartition("  ")[2] in ("2:46:40 left", "2:46:39 left", "2:46:41 left")


@pytest.mark.parametrize("kind", ["process", "thread"])
def test_a_slow_source_is_named_while_the_others_wait(tmp_path: Path, kind: Literal["process", "thread"]) -> None:
    """The bar moves on, and says at which source somebody is, and for how long."""
    make(tmp_path, 4, {2: "slow"}, failing=False)
    tools = tmp_path / "mixture_tools.py"
    tools.write_text(
        tools.read_text().replace(
            'if what == "hang":', 'if what == "slow":\n        time.sleep(4)\n    if what == "hang":'
        )
    )
    code = RUN.format(here=str(HERE), folder=str(tmp_path), kind=kind)
    with terminal(100) as (seen, stream):
        subprocess.run([sys.executable, "-c", code], stderr=stream, timeout=120, check=True)
        texts = drawn(seen)
    slow = [text for text in texts if f"{thing(2)}.json for 0:0" in text]
    assert {"0:02", "0:03"} <= {text.rstrip()[-4:] for text in slow}
    assert all(len(text.rstrip("\n")) < 100 for text in texts)
    assert "for" not in texts[-1]
