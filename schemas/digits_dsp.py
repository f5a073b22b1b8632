"""What `digits.yaml` derives from recordings."""

import numpy as np
from numpy.typing import NDArray

_WINDOW = 128


def log_spectrum(wave: NDArray[np.float32], *, hop: int) -> NDArray[np.float16]:
    """Logarithm of the power spectrum: float16 [frames, 64]; a clip that is shorter than a window has no frame."""
    count = max(0, 1 + (len(wave) - _WINDOW) // hop)
    at = np.arange(count)[:, None] * hop + np.arange(_WINDOW)
    power = np.abs(np.fft.rfft(wave[at] * np.hanning(_WINDOW))[:, 1:]) ** 2
    return np.log(power + 1e-6).astype(np.float16)
