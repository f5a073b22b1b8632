"""The words of the commands, their help, and what wrong arguments are told."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from h5schema import __version__

from .conftest import REPOSITORY, Command

COMMANDS = ("init", "generate", "lint", "extract", "inspect", "bench", "schema")
HEAVY = ("pydantic", "jinja2", "yaml", "numpy", "h5py", "torch")


def test_help_names_every_command(h5schema: Command) -> None:
    done = h5schema("--help")
    assert (done.returncode, done.stderr) == (0, "")
    for command in COMMANDS:
        assert f"\n    {command} " in done.stdout


def test_version(h5schema: Command) -> None:
    assert h5schema("--version").stdout == f"h5schema {__version__}\n"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["generat", "x.yaml"], "did you mean `generate`?"),
        (["lint", "x.yaml", "--strickt"], "did you mean `--strict`?"),
        (["lint", "x.yaml", "--format", "jsn"], "did you mean `json`?"),
        (["generate"], "see `h5schema generate --help`"),
        (["generate", "x.yaml", "--check", "--dry-run"], "see `h5schema generate --help`"),
    ],
)
def test_wrong_arguments_are_told_what_to_do(h5schema: Command, arguments: list[str], says: str) -> None:
    done = h5schema(*arguments)
    assert done.returncode == 2
    assert done.stderr.startswith("error: ")
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def test_no_arguments_at_all_show_the_help(h5schema: Command) -> None:
    done = h5schema()
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == h5schema("--help").stdout


def _loaded(arguments: list[str], cwd: Path) -> set[str]:
    code = (
        "import sys, contextlib, io\n"
        "from h5schema.cli import main\n"
        "with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit):\n"
        f"    main({arguments!r})\n"
        f"print(*[name for name in {HEAVY!r} if name in sys.modules])"
    )
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=cwd, env=environment, capture_output=True, text=True, check=True
    )
    return set(done.stdout.split())


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["generate", "--help"], ["init", "--list"]])
def test_help_is_light(arguments: list[str], tmp_path: Path) -> None:
    assert _loaded(arguments, tmp_path) == set()


@pytest.mark.parametrize("command", ["generate", "lint"])
def test_the_generator_needs_neither_h5py_nor_numpy(command: str, schema: Path) -> None:
    assert not _loaded([command, str(schema)], schema.parent) & {"h5py", "numpy", "torch"}


def test_an_unchanged_schema_is_recognised_without_the_generator(schema: Path) -> None:
    assert _loaded(["generate", str(schema)], schema.parent) >= {"pydantic", "jinja2"}
    assert _loaded(["generate", str(schema)], schema.parent) == set()
    assert _loaded(["generate", str(schema), "--check"], schema.parent) == set()


def test_the_json_schema_is_printed(h5schema: Command) -> None:
    found = json.loads(h5schema("schema").stdout)
    assert "loaders" in json.dumps(found)


def test_a_reader_that_stops_early_is_no_error(tmp_path: Path) -> None:
    command = f"{sys.executable} -m h5schema schema | head -c 10"
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    done = subprocess.run(
        command, shell=True, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
