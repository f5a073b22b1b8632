"""All that generated code may import. Needs h5py and numpy; `h5schema.runtime.torch` needs torch too."""

from .axes import Axis, FixedAxis, IdAxis, RaggedAxis
from .blocks import Maybe, RaggedBlock, Texts
from .conditions import Absent, Among, Check, Present
from .extraction import Extraction
from .features import Array, Enumerated, Ragged, Scalar, Text, optional
from .file import File, Group
from .origins import Call, Capture
from .plan import Batch, Ids, Plan, Position, Take
from .splits import Split
from .stamp import Schema
from .summary import Failure, Summary
from .view import View
from .writer import Writer

__all__ = [
    "Absent",
    "Among",
    "Array",
    "Axis",
    "Batch",
    "Call",
    "Capture",
    "Check",
    "Enumerated",
    "Extraction",
    "Failure",
    "File",
    "FixedAxis",
    "Group",
    "IdAxis",
    "Ids",
    "Maybe",
    "Plan",
    "Position",
    "Present",
    "Ragged",
    "RaggedAxis",
    "RaggedBlock",
    "Scalar",
    "Schema",
    "Split",
    "Summary",
    "Take",
    "Text",
    "Texts",
    "View",
    "Writer",
    "optional",
]
