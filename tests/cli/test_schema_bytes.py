"""The copy of a schema in its package: the bytes of the file, line ends included, without a byte order mark."""

from __future__ import annotations

from pathlib import Path

from .conftest import Command


def test_line_ends_are_kept_and_a_byte_order_mark_is_not(h5schema: Command, tmp_path: Path) -> None:
    text = b"h5schema: 1\r\nname: a\r\nversion: 1.0.0\r\nfeatures: {f: {dtype: uint8}}\r\n"
    (tmp_path / "a.yaml").write_bytes(b"\xef\xbb\xbf" + text)
    assert h5schema("generate", "a.yaml").returncode == 0
    assert (tmp_path / "a" / "schema.yaml").read_bytes() == text
