"""Amounts as people read them."""

from __future__ import annotations


def size_of(count: int) -> str:
    """Bytes: `29.3 MiB`."""
    size = float(count)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if size < 1024:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:.1f} TiB"


def short(figure: float) -> str:
    """Whole, or three digits of a small one."""
    return f"{figure:,.0f}" if figure >= 100 else f"{figure:.3g}"


def duration(seconds: float) -> str:
    """`55.8 µs`, `1.2 ms`, `3.4 s`."""
    for unit, most in (("µs", 1e-3), ("ms", 1.0)):
        if seconds < most:
            return f"{short(seconds / most * 1e3)} {unit}"
    return f"{short(seconds)} s"


def clock(seconds: float) -> str:
    """Minutes and seconds, `3:07`; or hours, `1:03:07`."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def counted(count: int, one: str, more: str) -> str:
    """`1 entry`, `2 entries`."""
    return f"1 {one}" if count == 1 else f"{count} {more}"
