"""Sources on a real web server: a list of URLs and a glob, with failures, and in other processes."""

from __future__ import annotations

import http.server
import importlib
import sys
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import h5py
import pytest

from h5schema import pipeline
from h5schema.runtime import How

SCHEMA = """\
h5schema: 1
name: web_things
version: 1.0.0
dims:
  thing: {source: '{name}.bin'}
  byte: {per: thing}
features:
  data: {dims: [thing, byte], dtype: uint8, call: bytes}
  name: {dims: [thing], dtype: str, from: '{name}'}
"""


class Server(http.server.SimpleHTTPRequestHandler):
    """Serves a folder, and fails where a file is named so."""

    def do_GET(self) -> None:
        if "broken" in self.path:
            self.send_error(500, "not today")
        else:
            super().do_GET()

    def log_message(self, format: str, *given: object) -> None:
        pass


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    for number in range(6):
        (tmp_path / f"in/{number}.bin").write_bytes(bytes([number]) * (number + 3))
    (tmp_path / "in/broken.bin").write_bytes(b"never seen")
    return tmp_path


@pytest.fixture
def url(folder: Path) -> Iterator[str]:
    pytest.importorskip("aiohttp")
    handler = partial(Server, directory=str(folder / "in"))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()


@pytest.fixture
def extraction(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    (folder / "web_things.yaml").write_text(SCHEMA)
    pipeline.generate([folder / "web_things.yaml"], folder)
    monkeypatch.syspath_prepend(str(folder))
    yield importlib.import_module("web_things.extract").extraction
    for name in [name for name in sys.modules if name.startswith("web_things")]:
        del sys.modules[name]


@pytest.mark.parametrize("workers", [0, 2])
def test_a_list_of_urls(folder: Path, url: str, extraction: Any, workers: int) -> None:
    names = [*range(6), "broken", "gone"]
    (folder / "list.txt").write_text("".join(f"{url}/{name}.bin\n" for name in names))
    target = folder / "a.h5"
    summary = extraction.run([f"@{folder}/list.txt"], target, how=How(workers=workers, progress="none"))
    assert summary.entries == {"thing": 6}
    broken, gone = summary.failures
    assert (broken.source, gone.source) == ("broken.bin", "gone.bin")
    assert "it cannot be read: ClientResponseError: 500, message='not today'" in str(broken)
    assert f"nothing is there ({url}/gone.bin)" in str(gone)
    with h5py.File(target) as file:
        assert bytes(file["data"][()]) == b"".join(bytes([number]) * (number + 3) for number in range(6))


def test_the_files_that_a_page_links_to(folder: Path, url: str, extraction: Any) -> None:
    target = folder / "a.h5"
    summary = extraction.run([f"{url}/*.bin"], target, how=How(workers=0, progress="none"))
    assert (summary.entries, [one.source for one in summary.failures]) == ({"thing": 6}, ["broken.bin"])
