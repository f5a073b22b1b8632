"""The package itself keeps what it asks of the code that it generates."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path

import pytest

from h5schema.vocabulary.layout import fingerprint

ROOT = Path(__file__).resolve().parent.parent


@pytest.mark.parametrize(
    "command",
    [
        ["ruff", "check", "h5schema", "tests", "examples", "benchmarks"],
        ["ruff", "format", "--check", "h5schema", "tests", "examples", "benchmarks"],
        ["mypy"],
        ["pyright", "--pythonpath", sys.executable],
    ],
    ids=lambda command: " ".join(command[:2]),
)
def test_the_judges_find_nothing(command: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=ROOT, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]


@pytest.mark.parametrize("schema", [ROOT / "schemas" / "photos.yaml", ROOT / "tests" / "resolve" / "everything.yaml"])
def test_the_generator_and_the_runtime_mean_one_layout(
    schema: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from h5schema import parse, pipeline, spec
    from h5schema.resolve import resolve
    from h5schema.runtime.model import model_of

    resolved = resolve(spec.read(parse.load(schema.read_text(encoding="utf-8"), schema.name)), schema.name).schema
    assert resolved is not None
    pipeline.generate([schema], tmp_path)
    renamed = tmp_path / f"{resolved.name}_of_judges"
    (tmp_path / resolved.name).rename(renamed)
    monkeypatch.syspath_prepend(str(tmp_path))
    groups = importlib.import_module(f"{renamed.name}.groups")
    generated = getattr(groups, resolved.class_name)
    layout = model_of(generated).layout()
    assert layout == resolved.layout
    assert generated.schema.fingerprint == fingerprint(layout) == resolved.fingerprint
