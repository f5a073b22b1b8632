"""What a DataLoader fetches next: several batches at a time, of the share of this process."""

from __future__ import annotations

from collections.abc import Iterator

from torch import distributed
from torch.utils.data.distributed import DistributedSampler

from ..order import BatchOrder, Together
from ..shares import Share


class Ahead(DistributedSampler[Together]):
    """The batches of one pass, several at a time.

    It is a `DistributedSampler`, so that nobody puts another in its place: the share of the process is taken already.

    Args:
        order: Of the batches.
        count: Batches that are read together.
        share: Of this process; None: as `torch.distributed` says when a pass begins, all if that is not in use.

    Attributes:
        epoch: Of the next pass.
        start: Batches that the next pass leaves out.
    """

    def __init__(self, order: BatchOrder, count: int, share: Share | None = None) -> None:
        self.order = order
        self.count = count
        self.epoch = 0
        self.start = 0
        self._share = share

    def __iter__(self) -> Iterator[Together]:
        return self.order.together(self.count, self.epoch, self.share, self.start)

    def __len__(self) -> int:
        return (self.batches + self.count - 1) // self.count

    @property
    def batches(self) -> int:
        """Number of batches of the next pass, none left out."""
        return self.order.batches(self.share, self.epoch)

    @property
    def share(self) -> Share:
        """What this process takes."""
        if self._share is not None:
            return self._share
        if distributed.is_available() and distributed.is_initialized():
            return Share(distributed.get_rank(), distributed.get_world_size())
        return Share()

    def set_epoch(self, epoch: int) -> None:
        """The next pass is this epoch; what is left of it, if that is the one to go on with."""
        if epoch != self.epoch:
            self.go_on(epoch, 0)

    def go_on(self, epoch: int, start: int) -> None:
        """The next pass is this epoch, without its first batches."""
        self.epoch, self.start = epoch, start
