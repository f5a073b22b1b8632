"""What the rules of one loader share: where it stands, and how they complain about it."""

from __future__ import annotations

from typing import NamedTuple

from h5schema.vocabulary.sampled import Sampled

from .draft import Draft, Notes, Path
from .ir import DimIR, FeatureIR, WindowIR
from .scope import chain_of


class Fed(NamedTuple):
    """A loader that is being resolved.

    Attributes:
        path: Where it stands in the YAML.
        axis: The dim that it runs over.
        root: The dim of entries that this is, or of which it is a ragged dim.
        roots: All of them, of a loader that runs over several.
        present: Addresses of features that every sample has, because `where` asks for it.
        windows: Pieces of dims, by address.
    """

    draft: Draft
    notes: Notes
    path: Path
    axis: DimIR
    root: DimIR
    roots: tuple[DimIR, ...]
    present: frozenset[str] = frozenset()
    windows: tuple[tuple[str, WindowIR], ...] = ()

    @property
    def sampled(self) -> Sampled:
        """What a sample is, for the rules that calls of loaders are held to as well."""
        return Sampled(self.axis.address, [root.address for root in self.roots], self.chain)

    @property
    def chain(self) -> tuple[str, ...]:
        """The dim that it runs over behind those that this is per, from the dim of entries on."""
        return chain_of(self.draft.axes, self.axis)

    def shared(self, feature: FeatureIR) -> list[str]:
        """The dims of entries that a feature shares with a sample."""
        return list(self.sampled.shared(feature.dims))

    def add(
        self,
        rule: str,
        message: str,
        at: Path,
        help: str = "",
        *,
        key: bool = False,
        within: tuple[int, int] | None = None,
    ) -> None:
        """Notes an error at a path below the loader; the loader is not resolved then."""
        self.notes.add(rule, message, (*self.path, *at), help, key=key, within=within, breaks=self.path)

    def advise(self, rule: str, message: str, at: Path, help: str) -> None:
        """Notes what is unwise."""
        self.notes.add(rule, message, (*self.path, *at), help, severity="warning")
