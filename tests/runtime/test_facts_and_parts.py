"""`call: facts` and `call: match`: what is known of a file without reading it, and what its path says."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import numpy as np
import pytest
from making import extracted

from h5schema.errors import DataError
from h5schema.extractors import facts, matched

PATTERN = r"(?P<speaker>[a-z]+)-(?P<take>\d+)(?:-(?P<mood>\w+))?\.(?:wav|flac)"


def test_M21_facts_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "a.tar.gz"
    path.write_bytes(b"some bytes")
    os.utime(path, ns=(0, 1_700_000_000_123_456_789))
    assert dict(facts.load(path)) == {
        "size": 10,
        "modified": np.datetime64("2023-11-14T22:13:20.123456789"),
        "sha256": hashlib.sha256(b"some bytes").hexdigest(),
        "name": "a.tar.gz",
        "stem": "a.tar",
        "suffix": ".gz",
    }
    assert facts.load(path, item="size") == 10
    path.unlink()
    for item in ("size", "modified", "sha256"):
        with pytest.raises(DataError, match="the file cannot be read: No such file"):
            facts.load(path, item=item)
    assert facts.load(path, item="name") == "a.tar.gz"


@pytest.mark.parametrize(
    ("pattern", "path", "parts"),
    [
        (PATTERN, "a/b/ada-07.wav", {"speaker": "ada", "take": 7, "mood": None}),
        (PATTERN, "ada-7-glad.flac", {"speaker": "ada", "take": 7, "mood": "glad"}),
        (r"(?P<folder>.+)/(?P<take>[-+.0-9e]+)", "x/y/-2.5e3", {"folder": "y", "take": -2500.0}),
        (r"(?P<all>.*)/(?P<two>\w+)/(?P<take>\d)", "x/y/z/1", {"all": "y", "two": "z", "take": 1}),
        (r"(?i)^(?P<take>\d+)\.JPG$", "x/12.jpg", {"take": 12}),
        (r"(?P<head>/data)/(?P<take>\d+)", "/data/3", {"head": "/data", "take": 3}),
        (r"(?P<take>\d+)\.jpg", "x12.jpg", None),
        (r"(?P<take>\d+)", "1.jpg", None),
    ],
)
def test_M2_parts_of_a_path(pattern: str, path: str, parts: dict[str, object] | None) -> None:
    for given in (Path(path), path):
        if parts is None:
            with pytest.raises(DataError, match="does not match the last parts of"):
                matched.load(given, pattern=pattern, numbers=["take"])
        else:
            assert matched.load(given, pattern=pattern, numbers=["take"]) == parts


def test_numbers_are_groups_and_numbers() -> None:
    with pytest.raises(DataError, match="`numbers` names 'tak', and the pattern has take"):
        matched.load("1", pattern=r"(?P<take>\d)", numbers=["tak"])
    with pytest.raises(DataError, match="the group 'take' is 'x', which is no number"):
        matched.load("x", pattern=r"(?P<take>\w)", numbers=["take"])
    assert matched.load(7, pattern=r"(?P<take>\d)") == {"take": "7"}


SCHEMA = r"""
h5schema: 1
name: kinds_of_files
version: 1.0.0
dims:
  file: {source: '{path:path}'}
features:
  bytes_of_it: {dims: [file], dtype: int64, call: facts, params: {item: size}}
groups:
  file_facts:
    over: file
    call: facts
    features:
      size: {dtype: uint64}
      modified: {dtype: 'datetime64[ns]'}
      sha256: {dtype: {str: 64}}
      suffix: {dtype: category}
  said:
    over: file
    from: '{path}'
    call: match
    params: {pattern: '(?P<speaker>[a-z]+)-(?P<take>\d+)(?:-(?P<mood>\w+))?\.(?:wav|flac)', numbers: [take]}
    features:
      speaker: {dtype: str}
      take: {dtype: int32}
      mood: {dtype: str, optional: true}
"""


def test_M2_one_path_feeds_several_features(tmp_path: Path) -> None:
    sources = {"a/ada-07.wav": b"1", "bob-3-glad.flac": b"22"}
    made = extracted(tmp_path, SCHEMA, "", sources)
    with made.groups.KindsOfFiles(made.path) as file:
        assert list(file.file) == ["a/ada-07.wav", "bob-3-glad.flac"]
        assert list(file.said.speaker) == ["ada", "bob"]
        assert file.said.take[:].tolist() == [7, 3]
        assert list(file.said.mood) == [None, "glad"]
        assert file.file_facts.size[:].tolist() == file.bytes_of_it[:].tolist() == [1, 2]
        assert list(file.file_facts.sha256) == [hashlib.sha256(text).hexdigest() for text in (b"1", b"22")]
        assert list(file.file_facts.suffix) == [".wav", ".flac"]
        assert abs(file.file_facts.modified[0] - np.datetime64("now")) < np.timedelta64(1, "h")
        assert file.parameters["said/take"]["params"]["numbers"] == ["take"]
