"""The pages of `docs/` do what they say: their examples run, in the order of the page, in a folder of their own.

yaml                 a schema: it lints without a finding and is generated; its file is called as it is
yaml wrong           a schema that is refused; the text block after it is what `lint` prints
python               runs, all of a page in one namespace; with a first line `# name.py` it is a file instead
shell                commands
text after python or shell    what that printed; `...` stands for anything, alone in a line for lines
text elsewhere, and all other words    only looked at
"""

from __future__ import annotations

import contextlib
import io
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from h5schema import pipeline
from h5schema.errors import SchemaError
from h5schema.resolve.passes import later

pytest.importorskip("torch", reason="the pages show loaders: pip install 'h5schema[torch]'")
Image = pytest.importorskip("PIL.Image", reason="the README extracts images: pip install 'h5schema[images]'")

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
PAGES = (
    "language",
    "generated-package",
    "extraction",
    "writing",
    "loaders",
    "reading",
    "coming-from",
    "bound-files",
    "sparse",
    "nodes",
    "experiments",
)
_FENCE = re.compile(r"^```(.*)\n((?:.*\n)*?)```$", re.MULTILINE)
_NAME = re.compile(r"^name: (\w+)", re.MULTILINE)
_FILE = re.compile(r"# (\w+\.py)\n")


@dataclass(frozen=True)
class Block:
    """A fenced block of a page."""

    page: str
    line: int
    kind: str
    text: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def blocks_of(page: Path) -> list[Block]:
    text = page.read_text(encoding="utf-8")
    return [
        Block(page.name, text.count("\n", 0, found.start()) + 2, found[1].strip(), found[2])
        for found in _FENCE.finditer(text)
    ]


ALL = {page: blocks_of(DOCS / f"{page}.md") for page in PAGES}
SCHEMAS = [block for blocks in ALL.values() for block in blocks if block.kind == "yaml"]


@pytest.mark.parametrize("block", SCHEMAS, ids=str)
def test_every_schema_lints_without_a_finding(block: Block, tmp_path: Path) -> None:
    for other in (one for one in SCHEMAS if one.page == block.page and "use:" in block.text):
        written(other, tmp_path)
    assert "\n".join(map(str, pipeline.lint(pipeline.read_all([written(block, tmp_path)])[0]))) == ""


@pytest.mark.parametrize("page", PAGES)
def test_the_examples_run(page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run(ALL[page], {}, tmp_path, monkeypatch)


def test_what_you_get(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The README's second half, on photos drawn here, with the schema of its first half."""
    blocks = blocks_of(ROOT / "README.md")
    for label in ("cat", "dog", "bird"):
        for number in range(3):
            photo = tmp_path / "pictures" / label / f"{number:04}.jpg"
            photo.parent.mkdir(parents=True, exist_ok=True)
            Image.new("RGB", (32, 32), (number * 50, 90, 120)).save(photo)
    schema = next(block for block in blocks if block.kind == "yaml")
    extract = Block("README.md", 0, "shell", "h5schema extract photos.yaml pictures -o photos.h5\n")
    python = [block for block in blocks if block.kind == "python"]
    run([schema, extract, *python], {"pixels": np.zeros((32, 32, 3), np.uint8)}, tmp_path, monkeypatch)


def test_coming_later_is_the_whole_of_it() -> None:
    """What is refused as `not-yet` stands in one section, and whoever builds it takes it out there."""
    page = (DOCS / "language.md").read_text(encoding="utf-8")
    section = page.partition("## Coming later\n")[2].partition("\n## ")[0]
    tables = [table for name, table in vars(later).items() if isinstance(table, dict) and not name.startswith("__")]
    keys = {key for table in tables for key in table}
    for word in keys:
        assert f"`{word}`" in section, word


@pytest.mark.parametrize("page", sorted(DOCS.rglob("*.md")), ids=lambda page: page.name)
def test_every_link_of_a_page_leads_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for target, anchor in re.findall(r"\]\(([^)#:]*)(?:#([^)]+))?\)", text):
        aim = page.parent / target if target else page
        assert aim.exists(), target
        assert not anchor or anchor in _anchors(aim), anchor


def _anchors(page: Path) -> set[str]:
    heads = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


# How blocks run.


def written(block: Block, folder: Path) -> Path:
    name = _NAME.search(block.text)
    assert name, f"{block}: a schema has a name"
    path = folder / f"{name[1]}.yaml"
    path.write_text(block.text, encoding="utf-8")
    return path


def run(blocks: list[Block], namespace: dict[str, object], folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    monkeypatch.syspath_prepend(str(folder))
    with forgotten(folder):
        printed: str | None = None
        commands = "".join(block.text for block in blocks if block.kind == "shell")
        for block in blocks:
            if block.kind == "yaml" and f"generate {(file := written(block, folder)).name}" not in commands:
                pipeline.generate([file], folder)
            if block.kind == "text" and printed is not None:
                assert matches(printed, block.text), f"{block}: it prints\n{printed}"
                printed = None
            elif block.kind in RUNNERS:
                printed = RUNNERS[block.kind](block, namespace, folder)


def run_wrong(block: Block, namespace: dict[str, object], folder: Path) -> str:
    (folder / "schema.yaml").write_text(block.text, encoding="utf-8")
    problems = pipeline.lint(pipeline.read_all([Path("schema.yaml")])[0])
    assert problems, f"{block}: nothing is wrong with it"
    return str(SchemaError(tuple(problems)))


def run_python(block: Block, namespace: dict[str, object], folder: Path) -> str | None:
    if file := _FILE.match(block.text):
        (folder / file[1]).write_text(block.text, encoding="utf-8")
        return None
    out = io.StringIO()
    code = compile("\n" * (block.line - 1) + block.text, block.page, "exec")
    with contextlib.redirect_stdout(out):
        exec(code, namespace)
    return out.getvalue()


def run_shell(block: Block, namespace: dict[str, object], folder: Path) -> str:
    out = ""
    for line in block.text.splitlines():
        command = re.sub(r"^h5schema\b", "python -m h5schema", line.partition("   #")[0])
        command = re.sub(r"^python\b", f"'{sys.executable}'", command)
        done = subprocess.run(command, shell=True, cwd=folder, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, f"{block}: {line}\n{done.stderr}"
        out += done.stdout
    return out


RUNNERS = {"yaml wrong": run_wrong, "python": run_python, "shell": run_shell}


def matches(printed: str, expected: str) -> bool:
    lines = [
        "(?s:.*)" if line == "..." else re.escape(line.rstrip()).replace(r"\.\.\.", ".*")
        for line in expected.strip().splitlines()
    ]
    return re.fullmatch("\n".join(lines), "\n".join(line.rstrip() for line in printed.strip().splitlines())) is not None


@contextlib.contextmanager
def forgotten(folder: Path) -> Iterator[None]:
    """Modules that are imported from a folder are gone afterwards: pages have packages of the same name."""
    of_others = {name: module for name, module in sys.modules.items() if name.partition(".")[0] in ("photos", "digits")}
    for name in of_others:
        del sys.modules[name]
    before = set(sys.modules)
    try:
        yield
    finally:
        for name in set(sys.modules) - before:
            where = getattr(sys.modules[name], "__file__", None) or ""
            if Path(where).is_relative_to(folder):
                del sys.modules[name]
        sys.modules.update(of_others)
