"""What a user sees of a module of their own that fails: their own lines, and nothing of ours."""

from __future__ import annotations

from pathlib import Path

import pytest

from .conftest import Command

SCHEMA = """\
h5schema: 1
name: things
version: 1.0.0
dims:
  thing: {source: '{name}.txt'}
features:
  size: {dims: [thing], dtype: int64, call: mine:size}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A schema and three files."""
    (tmp_path / "things.yaml").write_text(SCHEMA)
    (tmp_path / "in").mkdir()
    for name in "abc":
        (tmp_path / "in" / f"{name}.txt").write_text(name)
    return tmp_path


@pytest.mark.parametrize(
    ("files", "says"),
    [
        (
            {"mine.py": "import helper\n", "helper.py": "\n\nlimit = 3 / 0\n"},
            "error: mine:size: importing it fails\n"
            '  File "{folder}/mine.py", line 1, in <module>\n'
            "    import helper\n"
            '  File "{folder}/helper.py", line 3, in <module>\n'
            "    limit = 3 / 0\n"
            "ZeroDivisionError: division by zero\n"
            "  help: mend the module\n",
        ),
        (
            {"mine.py": "def size(path:\n"},
            "error: mine:size: importing it fails\n"
            '  File "{folder}/mine.py", line 1\n'
            "    def size(path:\n"
            "SyntaxError: '(' was never closed\n"
            "  help: mend the module\n",
        ),
        (
            {"mine.py": "import surely_not_there\n"},
            "error: mine:size: importing it fails\n"
            '  File "{folder}/mine.py", line 1, in <module>\n'
            "    import surely_not_there\n"
            "ModuleNotFoundError: No module named 'surely_not_there'\n"
            "  help: install surely_not_there\n",
        ),
        (
            {"mine.py": "import sys\n\nsys.exit('no')\n"},
            "error: mine:size: importing it fails\n"
            '  File "{folder}/mine.py", line 3, in <module>\n'
            "    sys.exit('no')\n"
            "SystemExit: no\n"
            "  help: mend the module\n",
        ),
    ],
    ids=["error in a second module", "syntax", "missing module", "exit"],
)
def test_a_module_that_fails_when_it_is_imported(
    h5schema: Command, folder: Path, files: dict[str, str], says: str
) -> None:
    for name, text in files.items():
        (folder / name).write_text(text)
    done = h5schema("extract", "things.yaml", "in", "-o", "things.h5")
    shown = [line for line in done.stderr.splitlines() if line.strip("~^ ")]  # carets: each Python has its own
    assert (done.returncode, done.stdout) == (2, "")
    assert "\n".join(shown) + "\n" == says.format(folder=folder)
    assert not (folder / "things.h5").exists()


def test_a_function_that_fails_for_some_sources(h5schema: Command, folder: Path) -> None:
    (folder / "mine.py").write_text(
        "def size(path):\n    return len(path.read_text()) if path.stem == 'b' else number(path)\n\n\n"
        "def number(path):\n    return int(path.read_text())\n"
    )
    done = h5schema("extract", "things.yaml", "in", "-o", "things.h5")
    shown = [line for line in done.stderr.splitlines() if line.strip("~^ ")]
    assert done.returncode == 1
    assert done.stdout.startswith("1 entry of thing, 2 sources skipped; ")
    assert shown == [
        "skipped 2 sources that failed:",
        "  a.txt: mine:size raised ValueError",
        f'      File "{folder}/mine.py", line 2, in size',
        "        return len(path.read_text()) if path.stem == 'b' else number(path)",
        f'      File "{folder}/mine.py", line 6, in number',
        "        return int(path.read_text())",
        "    ValueError: invalid literal for int() with base 10: 'a'",
        "  c.txt: mine:size raised ValueError",
        f'      File "{folder}/mine.py", line 2, in size',
        "        return len(path.read_text()) if path.stem == 'b' else number(path)",
        f'      File "{folder}/mine.py", line 6, in number',
        "        return int(path.read_text())",
        "    ValueError: invalid literal for int() with base 10: 'c'",
    ]


def test_failures_that_name_their_own_file_are_alike(h5schema: Command, folder: Path) -> None:
    (folder / "mine.py").write_text(
        "def size(path):\n    if path.stem != 'b':\n        raise OSError(f'no size in {path}')\n    return 1\n"
    )
    done = h5schema("extract", "things.yaml", "in", "-o", "things.h5")
    assert done.returncode == 1
    assert done.stderr == (
        "skipped 2 sources that failed:\n"
        "  2 sources (a.txt, c.txt): mine:size raised OSError\n"
        f'      File "{folder}/mine.py", line 3, in size\n'
        "        raise OSError(f'no size in {path}')\n"
        "    OSError: no size in in/a.txt\n"
    )
