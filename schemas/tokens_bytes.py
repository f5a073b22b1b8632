"""The tokenizer of `tokens.yaml`: one token per byte of UTF-8."""

import numpy as np
from numpy.typing import NDArray


def encode(text: str) -> NDArray[np.uint8]:
    """Tokens of a text: uint8 [bytes]."""
    return np.frombuffer(text.encode(), np.uint8)
