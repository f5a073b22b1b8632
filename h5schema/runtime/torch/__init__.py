"""Loaders for PyTorch; the one package that imports torch."""

from h5schema.errors import MissingExtraError

try:
    from .arrays import PackedArrays, PaddedLists
    from .batches import Batches
    from .forms import Masked, Packed, Padded
    from .loader import Loader
    from .sparse import Pairs
    from .states import packed, tensors, unpacked
except ModuleNotFoundError as error:
    if error.name is None or error.name.partition(".")[0] != "torch":
        raise
    raise MissingExtraError(
        "loaders need PyTorch, which is not installed", where=__name__, do="pip install 'h5schema[torch]'"
    ) from None

__all__ = [
    "Batches",
    "Loader",
    "Masked",
    "Packed",
    "PackedArrays",
    "Padded",
    "PaddedLists",
    "Pairs",
    "packed",
    "tensors",
    "unpacked",
]
