"""Recordings through soundfile (libsndfile): WAV, FLAC, OGG, MP3 and whatever else it reads."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

import numpy as np
from numpy.typing import NDArray

from h5schema.errors import DataError, MissingExtraError

if TYPE_CHECKING:
    from soundfile import SoundFile

Samples = NDArray[np.generic]

_HELD = {
    "int16": ("PCM_16", "PCM_S8", "PCM_U8", "ULAW", "ALAW"),
    "float64": ("PCM_32", "DOUBLE"),
}
"""Subtypes of libsndfile whose samples `int16` holds, and those that only `float64` does."""


def load(
    path: Path,
    *,
    rate: int | None = None,
    mono: bool | None = None,
    start: int = 0,
    stop: int | None = None,
    dtype: Literal["float32", "float64", "int16"] = "float32",
) -> Samples:
    """Decodes a recording, in the range [-1, 1) unless `dtype` is `int16`.

    Args:
        path: Of the file.
        rate: Samples per second of the result: a recording of another rate is resampled (soxr, HQ). None: its own.
        mono: True: channels are averaged. False: they are the second axis. None: there is to be one only.
        start: First sample that is read, counted in the file's own rate.
        stop: The sample after the last one that is read; None: to the end.
        dtype: Of the result; `int16` gives the samples as they are, of files that have no more than 16 bits.

    Returns:
        `dtype` [samples], or [samples, channels] if `mono` is False.

    Raises:
        DataError: The file is no recording, is damaged, is shorter than `stop`, or holds what was not asked for.
        MissingExtraError: soundfile, or soxr to resample, is not installed.
    """
    try:
        from soundfile import LibsndfileError, SoundFile
    except (ModuleNotFoundError, OSError):  # OSError: its library of C is not there
        raise MissingExtraError("reading recordings needs soundfile", do="pip install 'h5schema[audio]'") from None
    try:
        with SoundFile(path) as file:
            _expect_held(file, dtype, path)
            _expect_channels(file, mono, path)
            last = file.frames if stop is None else stop
            _expect_long(file, start, last, path)
            file.seek(start)
            samples = file.read(last - start, dtype=dtype, always_2d=True)
            own = file.samplerate
    except LibsndfileError as error:
        raise DataError(
            f"the recording does not decode: {error.error_string.rstrip('.')}",
            where=str(path),
            do="look at the file, or leave it out of the pattern",
        ) from None
    if len(samples) != last - start:
        raise DataError(
            f"the recording ends after {start + len(samples)} of {last} samples",
            where=str(path),
            do="the file is damaged; get it again",
        )
    if mono is not False:
        samples = _mixed(samples, path)
    return samples if rate is None or rate == own else _resampled(samples, own, rate, path)


def _expect_held(file: SoundFile, dtype: str, path: Path) -> None:
    """Refuses a result that does not hold every sample of the file."""
    subtype = file.subtype
    if dtype == "int16" and subtype not in _HELD["int16"]:
        raise DataError(
            f"the samples are {subtype}, which int16 does not hold", where=str(path), do="write dtype: float32"
        )
    if dtype == "float32" and subtype in _HELD["float64"]:
        raise DataError(
            f"the samples are {subtype}, which float32 does not hold",
            where=str(path),
            do="in `params` write `dtype: float64`, or convert the recordings",
        )


def _expect_channels(file: SoundFile, mono: bool | None, path: Path) -> None:
    if mono is None and file.channels != 1:
        raise DataError(
            f"the recording has {file.channels} channels",
            where=str(path),
            do="in `params` write `mono: true` to average them, or `mono: false` for an axis of channels",
        )


def _expect_long(file: SoundFile, start: int, stop: int, path: Path) -> None:
    if not start <= stop <= file.frames:
        raise DataError(
            f"samples {start} to {stop} are asked for, but the recording has {file.frames}",
            where=str(path),
            do="choose other `start` and `stop`, or leave the file out of the pattern",
        )


def _mixed(samples: Samples, path: Path) -> Samples:
    """One channel: the average of all."""
    if samples.shape[1] == 1:
        return samples[:, 0]
    mixed = np.mean(_fractions(samples, "an average of channels is", path), axis=1, dtype=samples.dtype)
    return np.asarray(mixed, samples.dtype)


def _resampled(samples: Samples, own: int, rate: int, path: Path) -> Samples:
    try:
        from soxr import resample
    except ModuleNotFoundError:
        raise MissingExtraError("resampling recordings needs soxr", do="pip install 'h5schema[audio]'") from None
    what = f"the recording has {own} samples per second, not {rate}, and resampled ones are"
    return resample(_fractions(samples, what, path), own, rate) if len(samples) else samples


def _fractions(samples: Samples, what: str, path: Path) -> NDArray[np.floating[Any]]:
    """The samples, which are not to be whole numbers."""
    if samples.dtype == np.int16:
        raise DataError(f"{what} no int16", where=str(path), do="write dtype: float32")
    return cast("NDArray[np.floating[Any]]", samples)
