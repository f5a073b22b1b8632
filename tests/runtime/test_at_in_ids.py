"""Ids with `@`, which marks attributes in a schema's paths and is part of a name in those that ids fill in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from blank import declare
from making import extracted

from h5schema.runtime import IdAxis, Mixed, optional

SCHEMA = (Path(__file__).parents[1] / "spec/language_cases/folder.yaml").read_text(encoding="utf-8")


def nodes() -> tuple[Any, Any]:
    return declare(file=IdAxis(dict, spread="/{file:path}"), content=optional(Mixed("file", at="{file:path}")))


@pytest.mark.parametrize("ids", [["a@b", "c"], ["a@b", "a", "@", "x@/y@z", "@*"]])
def test_they_are_written_renamed_and_read(tmp_path: Path, ids: list[str]) -> None:
    reader, writer = nodes()
    path = tmp_path / "a.h5"
    with writer.create(path) as w:
        w.file.extend(ids, {"content": [np.arange(n) for n in range(len(ids))]})
        assert w.content[ids[0]].tolist() == []
    with writer.edit(path) as w:
        w.file.rename(ids[1], "new@name")
        w.file["late@"] = {"content": "text"}
        w.content[ids[0]] = np.ones(3)
    with reader(path) as f:
        f.verify()
        assert f.content[ids[0]].tolist() == [1, 1, 1]
        assert f.content["new@name"].tolist() == [0]
        assert f.content["late@"] == "text"
    with h5py.File(path) as file:
        assert file["a@b"][:].tolist() == [1, 1, 1]


def test_files_whose_names_have_it(tmp_path: Path) -> None:
    made = extracted(tmp_path, SCHEMA, "", {"a@b.txt": b"one", "q@1/x.txt": b"two"})
    with made.groups.Folder(made.path) as f:
        f.verify()
        assert f.content["a@b.txt"] == "one"
        assert f.content["q@1/x.txt"] == "two"
    found = [one for batch in made.loaders.files_loader(made.path) for one in batch]
    assert sorted(found) == ["one", "two"]
