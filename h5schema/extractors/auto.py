"""Files by their endings: what can be decoded without asking is; of everything else the bytes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from h5schema.errors import DataError

from . import arrays, audio, files, image

Value: TypeAlias = "NDArray[np.generic] | str"


def load(path: Path) -> Value:
    """Reads a file by its ending.

    Images (`.jpg .jpeg .png .bmp .gif .tif .tiff .webp`) in the channels that they have; recordings (`.wav .flac .ogg
    .mp3 .aif .aiff`) as [samples], or [samples, channels] if there are several; `.npy`, and `.npz` of one array;
    texts (`.txt .md .rst .csv .tsv .json .jsonl .yaml .yml .xml .html .htm .svg .log .ini .toml .py`) as they are, if
    they are utf-8; of everything else the bytes, as uint8.

    Args:
        path: Of the file.

    Returns:
        An array, or a text.

    Raises:
        DataError: The file cannot be read, is not what its ending says, or holds several arrays.
        MissingExtraError: What decodes it is not installed.
    """
    return _BY_ENDING.get(path.suffix.lower(), files.load)(path)


def _recording(path: Path) -> Value:
    samples = audio.load_whole(path)
    return samples[:, 0] if samples.shape[1] == 1 else samples


def _array(path: Path) -> Value:
    found = arrays.load(path)
    if isinstance(found, Mapping):
        only, records = next(iter(found.values()), None), path.suffix.lower() == ".npy"
        if only is None or len(found) > 1 or records:
            what = f"{len(found)} {'field' if records else 'array'}{'s' * (len(found) != 1)}"
            raise DataError(
                f"the file holds {what} ({', '.join(list(found)[:5])}), and this is one value",
                where=str(path),
                do="write a feature for each, with `call: numpy` and `params: {item: NAME}`",
            )
        found = only
    return found


def _text(path: Path) -> Value:
    encoded = files.load(path)
    try:
        text = encoded.tobytes().decode()
    except UnicodeDecodeError:
        return encoded
    return encoded if text.endswith("\0") else text  # which HDF5 would drop


_BY_ENDING: Mapping[str, Callable[[Path], Value]] = {
    **dict.fromkeys((".jpg", ".jpeg", ".png", ".bmp", ".gif", ".tif", ".tiff", ".webp"), image.load_whole),
    **dict.fromkeys((".wav", ".flac", ".ogg", ".mp3", ".aif", ".aiff"), _recording),
    **dict.fromkeys((".npy", ".npz"), _array),
    **dict.fromkeys((".txt", ".md", ".rst", ".csv", ".tsv", ".json", ".jsonl", ".yaml", ".yml"), _text),
    **dict.fromkeys((".xml", ".html", ".htm", ".svg", ".log", ".ini", ".toml", ".py"), _text),
}
