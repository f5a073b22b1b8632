"""A function over every entry: in parallel, in order, into a mapping or another file."""

from __future__ import annotations

import sys
import time
from functools import partial
from pathlib import Path
from typing import Any, Literal

import computed_tools as tools
import numpy as np
import pytest
from blank import declare

from h5schema.errors import UsageError, UserCodeError
from h5schema.runtime import IdAxis, Ragged, RaggedAxis, Scalar, compute, optional

COUNT = 60


@pytest.fixture
def made(tmp_path: Path) -> Any:
    """A file of runs, with ids."""
    reader, writer = declare(
        run=IdAxis(dict),
        step=RaggedAxis(per="run"),
        x=Scalar(np.float64, "run"),
        wave=Ragged(np.float32, "run step"),
        note=optional(Scalar(np.int64, "run")),
    )
    with writer.create(tmp_path / "a.h5") as w:
        for number in range(COUNT):
            wave = np.arange(number, dtype=np.float32)
            w.run[f"r{number}"] = {"x": float(number), "wave": wave, "note": None if number % 2 else number}
    return reader(tmp_path / "a.h5")


WAYS = [(0, "process"), (3, "thread")]


@pytest.mark.parametrize(("workers", "kind"), WAYS)
def test_M15_compute_returns_a_mapping(made: Any, workers: int, kind: Literal["process", "thread"]) -> None:
    how: Any = {"workers": workers, "kind": kind}
    ids = [f"r{number}" for number in range(COUNT)]
    assert dict(compute(made.x, tools.slow_at_first, **how)) == {key: -float(at) for at, key in enumerate(ids)}
    assert dict(compute(made.wave, tools.total, **how)) == {key: at * (at - 1) / 2 for at, key in enumerate(ids)}
    found = list(compute(made.run, tools.described, **how))
    assert found == [(key, (float(at), at * (at - 1) / 2)) for at, key in enumerate(ids)]
    halves = dict(compute(made.note, lambda note: note, **how))
    assert halves == {key: None if at % 2 else at for at, key in enumerate(ids)}


@pytest.mark.parametrize(("workers", "kind"), WAYS)
def test_what_a_function_raises_names_the_entry(made: Any, workers: int, kind: Literal["process", "thread"]) -> None:
    seen: list[object] = []
    with pytest.raises(UserCodeError) as caught:
        seen.extend(compute(made.x, tools.fails, workers=workers, kind=kind))
    said = str(caught.value)
    assert said.startswith("fails, entry 'r30': it raised ValueError\n")
    assert "ValueError: thirty\n  help: mend the function" in said
    assert "h5schema/runtime" not in said
    with pytest.raises(UserCodeError, match=r"it raised AttributeError|it raised PicklingError|it raised TypeError"):
        list(compute(made.x, tools.unpicklable, workers=workers, kind=kind))


def test_a_function_that_no_other_process_finds(made: Any) -> None:
    with pytest.raises(UsageError, match=r"another process cannot import test_compute\..*<lambda>"):
        list(compute(made.x, lambda x: x, workers=2))


SCHEMA = """\
h5schema: 1
name: {name}
version: 1.0.0
dims: {{run: {{ids: true}}}}
features: {{x: {{dims: [run], dtype: float64}}}}
"""


@pytest.fixture
def packaged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A file of a package that every process finds, and the package of another one."""
    from importlib import import_module

    from h5schema import pipeline

    for name in ("runs_of_compute", "others_of_compute"):
        (tmp_path / f"{name}.yaml").write_text(SCHEMA.format(name=name))
    pipeline.generate(sorted(tmp_path.glob("*.yaml")), tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    runs, others = import_module("runs_of_compute"), import_module("others_of_compute")
    with runs.RunsOfComputeWriter.create(tmp_path / "a.h5") as w:
        for number in range(COUNT):
            w.run[f"r{number}"] = {"x": float(number)}
    yield runs.RunsOfCompute(tmp_path / "a.h5"), others
    for name in [name for name in sys.modules if "_of_compute" in name]:
        del sys.modules[name]


def test_M15_compute_in_processes_into_another_file(packaged: Any, tmp_path: Path) -> None:
    """Results of any size come in order, while the first entry takes longest."""
    runs, others = packaged
    with others.OthersOfComputeWriter.create(tmp_path / "b.h5") as w:
        for key, value in compute(runs.x, tools.slow_at_first, workers=2):
            w.run[key] = {"x": value}
    with others.OthersOfCompute(tmp_path / "b.h5") as file:
        assert list(file.run) == [f"r{number}" for number in range(COUNT)]
        assert list(file.x) == [-float(number) for number in range(COUNT)]
    for number, (key, value) in enumerate(compute(runs.x, partial(tools.large), workers=2)):
        assert (key, value.shape, set(value)) == (f"r{number}", (50_000,), {float(number)})


def test_a_process_that_dies_or_hangs_names_the_entry(packaged: Any) -> None:
    runs, _ = packaged
    with pytest.raises(UserCodeError, match=r"^ends, entry 'r30': the process that read it died \(SIGKILL\)"):
        list(compute(runs.x, tools.ends, workers=2))
    start = time.monotonic()
    with pytest.raises(UserCodeError, match=r"^hangs, entry 'r3': it took longer than 0\.5 s"):
        list(compute(runs.x, tools.hangs, workers=2, timeout=0.5))
    assert time.monotonic() - start < 30


def test_who_wants_no_more_stops_the_workers(packaged: Any) -> None:
    runs, _ = packaged
    results = compute(runs.x, tools.hangs, workers=2)
    assert next(results) == ("r0", 0.0)
    start = time.monotonic()
    results.close()
    assert time.monotonic() - start < 10
