"""Class names that are the generator's own, each used once in a module."""

from __future__ import annotations

from collections.abc import Iterable


class Names:
    """Hands out names; one that is taken gets a number.

    Args:
        taken: Names that the schema decided.
    """

    def __init__(self, taken: Iterable[str]) -> None:
        self._taken = set(taken)

    def free(self, *wishes: str) -> str:
        """The first wish that is not taken, else the last one with a number."""
        for wish in wishes:
            if wish not in self._taken:
                self._taken.add(wish)
                return wish
        number = 2
        while f"{wishes[-1]}{number}" in self._taken:
            number += 1
        return self.free(f"{wishes[-1]}{number}")


def camel(text: str) -> str:
    """`next_sample` → `NextSample`."""
    return "".join(part[:1].upper() + part[1:] for part in text.split("_"))
