"""Loaders over ragged dims of ragged dims: sentences of documents, words of sentences."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="loaders need torch")

from h5schema import pipeline  # noqa: E402
from h5schema.errors import DataError  # noqa: E402
from h5schema.runtime import Check  # noqa: E402

SCHEMA = """\
h5schema: 1
name: inner
version: 1.0.0
dims: {doc: {ids: true}, sentence: {per: doc}, word: {per: sentence}, sound: {per: word}}
features:
  year:   {dims: [doc], dtype: int32}
  mood:   {dims: [doc, sentence], dtype: int8}
  token:  {dims: [doc, sentence, word], dtype: int32}
  vector: {dims: [doc, sentence, word, 2], dtype: float32, optional: true}
  text:   {dims: [doc, sentence], dtype: str}
  sounds: {dims: [doc, sentence, word, sound], dtype: int16}
splits:
  years: {over: doc, by: year, parts: {early: {max: 3}, late: {above: 3}}}
loaders:
  sentences:
    over: sentence
    inputs:
      {words: token, packed: {feature: token, as: packed}, mood: mood, text: text, year: year, doc: doc, at: sentence}
    batch: {size: 4, shuffle: true}
  words:
    over: word
    split: years/early
    inputs: {word: token, mood: mood, text: text, year: year, sounds: sounds, doc: doc, sentence: sentence, at: word}
    batch: {size: 5, shuffle: true}
  vectors:
    over: [doc, word]
    where: {vector: present, token: {min: 1005}}
    inputs: {vector: vector, doc: doc}
    batch: 3
  sounds: {over: sound, inputs: {sound: sounds, word: token, at: sound}, batch: {size: 7, shuffle: true}}
"""


def documents() -> list[list[list[int]]]:
    """Of each document its sentences, of each of these its words; some have none."""
    rng = np.random.default_rng(0)
    return [
        [[1000 * doc + 10 * sentence + word for word in range(rng.integers(0, 5))] for sentence in range(doc % 4)]
        for doc in range(8)
    ]


DOCUMENTS = documents()


def sounds(word: int) -> list[int]:
    return [word % 100 + i for i in range(word % 3)]


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("inner")
    (folder / "inner.yaml").write_text(SCHEMA, encoding="utf-8")
    pipeline.generate([folder / "inner.yaml"], folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(folder))
        package = importlib.import_module("inner")
        for name, docs in (("first", range(5)), ("second", range(5, 8))):
            with package.InnerWriter.create(folder / f"{name}.h5") as w:
                for doc in docs:
                    vectors = [
                        np.array([[word, -word] for word in s], np.float32).reshape(-1, 2) for s in DOCUMENTS[doc]
                    ]
                    w.doc[f"doc-{doc}"] = {
                        "year": doc,
                        "mood": np.arange(len(DOCUMENTS[doc]), dtype=np.int8),
                        "token": [np.array(sentence, np.int32) for sentence in DOCUMENTS[doc]],
                        "vector": None if doc == 2 else vectors,
                        "text": [f"{doc}.{number}" for number in range(len(DOCUMENTS[doc]))],
                        "sounds": [[np.array(sounds(word), np.int16) for word in s] for s in DOCUMENTS[doc]],
                    }
        yield folder
        for name in [name for name in sys.modules if name.partition(".")[0] == "inner"]:
            del sys.modules[name]


@pytest.fixture
def loaders(path: Path) -> ModuleType:
    return importlib.import_module("inner.loaders")


@pytest.fixture(params=["one file", "two files"])
def files(path: Path, request: pytest.FixtureRequest) -> tuple[Any, int]:
    """What is read, and how many documents it has."""
    return (path / "first.h5", 5) if request.param == "one file" else ([path / "first.h5", path / "second.h5"], 8)


def rows(batch: Any, *keys: str) -> list[tuple[Any, ...]]:
    return list(
        zip(*[batch[key].tolist() if hasattr(batch[key], "tolist") else batch[key] for key in keys], strict=True)
    )


def test_T3_a_sample_is_an_item_of_lists(loaders: ModuleType, files: tuple[Any, int]) -> None:
    paths, count = files
    seen = []
    for batch in loaders.sentences_loader(paths, seed=1):
        values, lengths = batch["words"]
        assert batch["packed"].values.tolist() == list(
            chain(*[v[:n].tolist() for v, n in zip(values, lengths, strict=True)])
        )
        for number, (doc, at, mood, text, year) in enumerate(rows(batch, "doc", "at", "mood", "text", "year")):
            assert values[number, : lengths[number]].tolist() == DOCUMENTS[doc][at]
            assert (mood, text, year) == (at, f"{doc}.{at}", doc)
            seen.append((doc, at))
    assert sorted(seen) == [(doc, at) for doc in range(count) for at in range(len(DOCUMENTS[doc]))]


def test_T3_a_sample_is_an_element_of_an_item(loaders: ModuleType, files: tuple[Any, int]) -> None:
    paths, _ = files
    seen = []
    for batch in loaders.words_loader(paths, seed=1):
        values, lengths = batch["sounds"]
        keys = ("doc", "sentence", "at", "word", "mood", "text", "year")
        for number, (doc, sentence, at, word, mood, text, year) in enumerate(rows(batch, *keys)):
            assert word == DOCUMENTS[doc][sentence][at]
            assert (mood, text, year) == (sentence, f"{doc}.{sentence}", doc)
            assert values[number, : lengths[number]].tolist() == sounds(word)
            seen.append(word)
    assert sorted(seen) == sorted(chain(*chain(*DOCUMENTS[:4])))
    some = loaders.words_loader(paths, split="", where={"token": Check(min=1010), "mood": Check(max=1)})
    wanted = [word for doc in DOCUMENTS[: files[1]] for sentence in doc[:2] for word in sentence if word >= 1010]
    assert sorted(word for batch in some for word in batch["word"].tolist()) == sorted(wanted)


def test_T3_conditions_and_three_levels(loaders: ModuleType, files: tuple[Any, int]) -> None:
    paths, count = files
    found = [tuple(vector) for batch in loaders.vectors_loader(paths) for vector in batch["vector"].tolist()]
    words = [word for doc in range(count) if doc != 2 for sentence in DOCUMENTS[doc] for word in sentence]
    assert found == [(word, -word) for word in words if word >= 1005]
    with pytest.raises(DataError, match="the input has no `fill`"):
        loaders.vectors_loader(paths, where={})
    seen = [row for batch in loaders.sounds_loader(paths, seed=3) for row in rows(batch, "word", "at", "sound")]
    everything = list(chain(*chain(*DOCUMENTS[:count])))
    assert sorted(seen) == sorted((word, at, sound) for word in everything for at, sound in enumerate(sounds(word)))


def test_M12_the_same_in_a_worker(loaders: ModuleType, path: Path) -> None:
    alone, worker = (
        [
            (batch["word"].tolist(), batch["text"])
            for batch in loaders.words_loader(path / "first.h5", seed=2, workers=n)
        ]
        for n in (0, 1)
    )
    assert alone == worker
