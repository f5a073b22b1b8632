"""CRC-32 of bytes that lie one after the other, from the CRC-32 of each: zlib's `crc32_combine`, which Python lacks.

A CRC is a polynomial over GF(2) modulo P; bytes that follow multiply it by x to the power of their bits
(M. Adler, zlib 1.2.12, crc32.c). Bits are reflected: the highest bit is x to the power 0.
"""

from __future__ import annotations

from functools import lru_cache

_P = 0xEDB88320
_ONE = 1 << 31


def _times(a: int, b: int) -> int:
    """a · b modulo P."""
    product = 0
    mask = _ONE
    while a:
        if a & mask:
            product ^= b
            a ^= mask
        mask >>= 1
        b = (b >> 1) ^ (_P if b & 1 else 0)
    return product


@lru_cache(maxsize=1024)
def _shift(size: int) -> int:
    """x to the power of the bits of so many bytes, modulo P."""
    power, square = _ONE, 1 << 23  # x^0; x^8, for one byte
    while size:
        if size & 1:
            power = _times(square, power)
        square = _times(square, square)
        size >>= 1
    return power


def combined(first: int, second: int, size: int) -> int:
    """The CRC-32 of bytes with the CRC `first` and then `size` bytes with the CRC `second`."""
    return _times(_shift(size), first) ^ second
