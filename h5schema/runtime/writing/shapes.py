"""Shapes of a file in the making: a feature that runs across several open dims has one from its first value on."""

from __future__ import annotations

from collections.abc import Mapping

from h5schema.errors import DataError

from ..model import Model


class Shapes:
    """Which features have a shape, and the lengths that it fixes: a dim of such a length gets no more entries.

    Args:
        declared: Everything that the file class declares.
        lengths: Of dims that are known from the beginning.
        target: Name of the file, for errors.
        standing: Whether the file is finished: then all of them have a shape.

    Attributes:
        model: Without the features that have no shape yet.
        lengths: Of the dims that a shape is made of.
    """

    def __init__(self, declared: Model, lengths: Mapping[str, int], target: str, *, standing: bool = False) -> None:
        across = {address: place.across for address, place in declared.places.items() if place.across}
        wanted = {dim for dims in across.values() for dim in dims}
        self.declared = declared
        self.lengths = {dim: count for dim, count in lengths.items() if dim in wanted}
        self._across = across
        self._known = {
            address
            for address, dims in across.items()
            if self.lengths.keys() >= set(dims) and (standing or not declared.transposes(address))
        }
        self._target = target
        self.model = declared.sized(self.lengths, self._known) if across else declared

    def waiting(self, dim: str | None = None) -> list[str]:
        """Addresses of the features without a shape, of all dims or of those that one leads."""
        return [
            address
            for address in self._across
            if address not in self._known and dim in (None, self.declared.places[address].lead)
        ]

    def settle(self, address: str, counts: Mapping[str, int]) -> None:
        """Gives a feature its shape: what the dims that it runs across have by now."""
        for dim in self._across[address]:
            self.lengths.setdefault(dim, counts[dim])
        self._known |= {address, *self.sharing(address)}
        self.model = self.declared.sized(self.lengths, self._known)

    def sharing(self, address: str) -> list[str]:
        """Addresses of the features that have the coordinates of this one, which is one of them, if it shares them."""
        shared = self._shared(address)
        return [] if shared is None else [one for one in self._across if self._shared(one) == shared]

    def _shared(self, address: str) -> str | None:
        return self.declared.features[address].shares(self.declared.places[address])

    def expect_room(self, dim: str, count: int) -> None:
        """Refuses more entries of a dim than the shapes allow; it would have `count` of them.

        Raises:
            DataError: It would have more.
        """
        if count <= self.lengths.get(dim, count):
            return
        fixed = next(address for address in self._known if dim in self._across[address])
        lead = self.declared.places[fixed].lead
        raise DataError(
            f"every entry of {fixed} has {self.lengths[dim]} values along {dim}, so {dim} gets no more entries",
            where=f"{self._target}: {dim}",
            do=f"give all entries of {dim} before the first of {lead} that has {fixed}",
        )

    def expect_full(self, counts: Mapping[str, int]) -> None:
        """Refuses to complete a file in which a dim has fewer entries than a shape says.

        Raises:
            DataError: One has.
        """
        for dim, length in self.lengths.items():
            if counts[dim] != length:
                raise DataError(
                    f"{dim} has {counts[dim]} entries, but {length} were announced",
                    where=f"{self._target}: {dim}",
                    do=f"give {length - counts[dim]} more",
                )
