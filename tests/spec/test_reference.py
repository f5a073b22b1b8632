"""The JSON Schema and the page of keys: made from the models, and true of every schema there is."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import jsonschema
import pytest

from h5schema import parse, spec
from h5schema.parse import Mapping, Node, Scalar, Sequence

ROOT = Path(__file__).resolve().parent.parent.parent
PAGE = ROOT / "docs" / "language-reference.md"
FILE = ROOT / "schemas" / "h5schema.schema.json"
GOOD = """
h5schema: 1
name: photos
version: 1.0.0
dims: {photo: {source: '{label}/{name}.jpg'}}
features:
  image: {dims: [photo, 32, 32, 3], dtype: uint8, call: image, store: {codec: default, chunk: 64KiB}}
  label: {dims: [photo], dtype: {enum: [cat, dog]}, from: '{label}'}
splits: {random: {over: photo, parts: {train: 0.8, test: 0.2}}}
loaders: {train: {over: photo, where: {label: [cat]}, inputs: [image, {feature: photo, as: id}], batch: 8}}
"""

VALIDATOR = jsonschema.Draft202012Validator(spec.json_schema())


def test_the_page_of_keys_is_made_from_the_models() -> None:
    again = f"python -c 'from h5schema import spec; print(spec.reference(), end=\"\")' > {PAGE.relative_to(ROOT)}"
    assert PAGE.read_text(encoding="utf-8") == spec.reference(), f"make it again: {again}"


def test_the_json_schema_is_made_from_the_models() -> None:
    again = f"h5schema schema > {FILE.relative_to(ROOT)}"
    assert json.loads(FILE.read_text(encoding="utf-8")) == spec.json_schema(), f"make it again: {again}"


def test_it_is_a_json_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(spec.json_schema())


def test_every_key_says_what_it_means() -> None:
    rows = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| `")]
    assert len(rows) > 90
    for row in rows:
        assert re.fullmatch(r"\| `\w+` \| [^|]+ \| .*? \| .{3,}\. \|", row.replace("\\|", "/")), row


def schemas() -> Iterator[tuple[str, str]]:
    for file in sorted((ROOT / "schemas").glob("*.yaml")):
        yield file.name, file.read_text(encoding="utf-8")
    for page in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]:
        for number, text in enumerate(re.findall(r"```yaml\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)):
            yield f"{page.name}[{number}]", text


@pytest.mark.parametrize(("name", "text"), [pytest.param(*one, id=one[0]) for one in schemas()])
def test_every_schema_of_ours_is_valid(name: str, text: str) -> None:
    assert [error.message for error in VALIDATOR.iter_errors(data(text))] == []


def test_the_good_one_is_good() -> None:
    VALIDATOR.validate(data(GOOD))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("dtype: uint8", "dtype: uint9"),
        ("dtype: uint8, ", ""),
        ("name: photos", "name: my-photos"),
        ("h5schema: 1", "h5schema: '1'"),
        ("call: image", "calls: image"),
        ("[photo, 32, 32, 3]", "[photo, 0]"),
        ("batch: 8", "batch: 0"),
        ("as: id", "as: ids"),
        ("chunk: 64KiB", "chunk: 64 things"),
        ("{train: 0.8, test: 0.2}", "{train: true}"),
        ("over: photo, where", "where"),
        ("source: '{label}/{name}.jpg'", "source: 5"),
    ],
)
def test_a_wrong_one_is_refused(old: str, new: str) -> None:
    assert old in GOOD
    assert not VALIDATOR.is_valid(data(GOOD.replace(old, new, 1)))


def data(text: str) -> object:
    """What JSON would hold of the text, read as we read it: `no` is a text, and 1.10 a number."""
    parsed = parse.load(text, "schema.yaml")
    assert parsed.root is not None
    return plain(parsed.root)


def plain(node: Node) -> object:
    match node:
        case Scalar():
            return node.value
        case Mapping():
            return {key.text: plain(value) for key, value in node.entries}
        case Sequence():
            return [plain(item) for item in node.items]
