"""Recordings through soundfile (libsndfile): WAV, FLAC, OGG, MP3 and whatever else it reads."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, cast

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


_SMALLEST = "smallest"
"""The smallest dtype of fractions that holds the samples."""


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
    where = str(path)
    samples, own = _read(path, where, _Part(mono, start, stop, dtype))
    if mono is not False:
        samples = _mixed(samples, where)
    return samples if rate is None or rate == own else _resampled(samples, own, rate, where)


def load_whole(path: Path) -> Samples:
    """Decodes a recording as it is: at its own rate, with all of its channels.

    Args:
        path: Of the file.

    Returns:
        float32 [samples, channels]; float64 where float32 does not hold the samples.

    Raises:
        DataError: The file is no recording, or is damaged.
        MissingExtraError: soundfile is not installed.
    """
    return _read(path, str(path), _Part(mono=False, start=0, stop=None, dtype=_SMALLEST))[0]


def decode(encoded: bytes, dtype: str, shape: tuple[int | None, ...], where: str) -> Samples:
    """Decodes a recording in memory, as `load` does a file.

    Args:
        encoded: Its bytes.
        dtype: `float32` or `int16`.
        shape: Of the result: one axis.
        where: For errors.

    Returns:
        `dtype` [samples].

    Raises:
        DataError: These bytes are no recording, are damaged, or hold several channels.
        MissingExtraError: soundfile is not installed.
    """
    samples, _ = _read(BytesIO(encoded), where, _Part(None, 0, None, dtype))
    return samples[:, 0]


def unlike(encoded: bytes, shape: tuple[int | None, ...], where: str) -> str:
    """What a recording in memory has that arrays have not: nothing, for `decode` refuses what would change."""
    return ""


def encode(array: Samples, form: str, quality: int | None, where: str) -> bytes:
    """Refuses: a recording has a rate, and an array has none.

    Raises:
        DataError: Always.
    """
    raise DataError(
        f"an array is not encoded as {form.upper()}: nobody says its rate",
        where=where,
        do=f"give the bytes of a {form.upper()} file, or leave out `store: {form}`",
    )


class _Part(NamedTuple):
    """What is read of a recording; see `load`."""

    mono: bool | None
    start: int
    stop: int | None
    dtype: str


def _read(source: Path | BytesIO, where: str, part: _Part) -> tuple[Samples, int]:
    """The samples [n, channels], and how many of them are a second."""
    try:
        from soundfile import LibsndfileError, SoundFile
    except (ModuleNotFoundError, OSError):  # OSError: its library of C is not there
        raise MissingExtraError("reading recordings needs soundfile", do="pip install 'h5schema[audio]'") from None
    try:
        with SoundFile(source) as file:
            dtype = part.dtype
            if dtype == _SMALLEST:
                dtype = "float64" if file.subtype in _HELD["float64"] else "float32"
            _expect_held(file, dtype, where)
            _expect_channels(file, part.mono, where)
            last = file.frames if part.stop is None else part.stop
            _expect_long(file, part.start, last, where)
            file.seek(part.start)
            samples, own = file.read(last - part.start, dtype=dtype, always_2d=True), file.samplerate
    except LibsndfileError as error:
        raise DataError(
            f"the recording does not decode: {error.error_string.rstrip('.')}",
            where=where,
            do="look at the file, or leave it out of the pattern",
        ) from None
    if len(samples) != last - part.start:
        raise DataError(
            f"the recording ends after {part.start + len(samples)} of {last} samples",
            where=where,
            do="the file is damaged; get it again",
        )
    return samples, own


def _expect_held(file: SoundFile, dtype: str, where: str) -> None:
    """Refuses a result that does not hold every sample of the file."""
    subtype = file.subtype
    if dtype == "int16" and subtype not in _HELD["int16"]:
        raise DataError(f"the samples are {subtype}, which int16 does not hold", where=where, do="write dtype: float32")
    if dtype == "float32" and subtype in _HELD["float64"]:
        raise DataError(
            f"the samples are {subtype}, which float32 does not hold",
            where=where,
            do="in `params` write `dtype: float64`, or convert the recordings",
        )


def _expect_channels(file: SoundFile, mono: bool | None, where: str) -> None:
    if mono is None and file.channels != 1:
        raise DataError(
            f"the recording has {file.channels} channels",
            where=where,
            do="in `params` write `mono: true` to average them, or `mono: false` for an axis of channels",
        )


def _expect_long(file: SoundFile, start: int, stop: int, where: str) -> None:
    if not start <= stop <= file.frames:
        raise DataError(
            f"samples {start} to {stop} are asked for, but the recording has {file.frames}",
            where=where,
            do="choose other `start` and `stop`, or leave the file out of the pattern",
        )


def _mixed(samples: Samples, where: str) -> Samples:
    """One channel: the average of all."""
    if samples.shape[1] == 1:
        return samples[:, 0]
    mixed = np.mean(_fractions(samples, "an average of channels is", where), axis=1, dtype=samples.dtype)
    return np.asarray(mixed, samples.dtype)


def _resampled(samples: Samples, own: int, rate: int, where: str) -> Samples:
    try:
        from soxr import resample
    except ModuleNotFoundError:
        raise MissingExtraError("resampling recordings needs soxr", do="pip install 'h5schema[audio]'") from None
    what = f"the recording has {own} samples per second, not {rate}, and resampled ones are"
    return resample(_fractions(samples, what, where), own, rate) if len(samples) else samples


def _fractions(samples: Samples, what: str, where: str) -> NDArray[np.floating[Any]]:
    """The samples, which are not to be whole numbers."""
    if samples.dtype == np.int16:
        raise DataError(f"{what} no int16", where=where, do="write dtype: float32")
    return cast("NDArray[np.floating[Any]]", samples)
