"""How the values of a feature are stored."""

import re
from typing import Annotated, ClassVar

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema
from pydantic.json_schema import JsonSchemaValue

from h5schema.parse.words import shown
from h5schema.vocabulary.codecs import CODECS as KNOWN
from h5schema.vocabulary.suggest import closest

from .base import Model, Word, mistake, said

KINDS = ("csr", "csc", "coo", "vlen", "table", "jpeg", "png", "flac")
CODECS = tuple(KNOWN)

_OTHER_NAMES = {"gzip": "default", "deflate": "default", "zlib": "default", "zip": "default", "zstandard": "zstd"}

LARGEST_CHUNK = 2**32 - 1
"""HDF5 keeps the size of a chunk in 32 bits."""

_BYTES = re.compile(r"(\d+) ?(B|kB|KiB|MB|MiB)")
_UNITS = {"B": 1, "kB": 10**3, "KiB": 2**10, "MB": 10**6, "MiB": 2**20}


def _bytes(value: object) -> object:
    if isinstance(value, int) and not isinstance(value, bool) and value >= 1:
        return value
    if isinstance(value, str) and (found := _BYTES.fullmatch(value)) and int(found[1]):
        return int(found[1]) * _UNITS[found[2]]
    raise mistake(
        "wrong-type",
        f"a chunk is a number of bytes, not {said(value)}",
        "write 65536, or 64KiB; units are B, kB, KiB, MB, MiB",
    )


def _chunk(value: int) -> int:
    if value > LARGEST_CHUNK:
        raise mistake("out-of-range", "a chunk of HDF5 has less than 4 GiB", "write 1MiB, for example")
    return value


Bytes = Annotated[
    int,
    BeforeValidator(_bytes),
    AfterValidator(_chunk),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "integer", "minimum": 1, "maximum": LARGEST_CHUNK},
                {"type": "string", "pattern": f"^{_BYTES.pattern}$"},
            ]
        }
    ),
]


class StoreSpec(Model):
    """A storage kind, a codec, and their settings; one word is a kind or a codec."""

    noun: ClassVar[str] = "a store"
    shorthand: ClassVar[tuple[JsonSchemaValue, ...]] = ({"enum": [*KINDS, *CODECS]},)

    kind: Annotated[str, Word(*KINDS)] | None = Field(
        None, title="word", description=f"{', '.join(KINDS)}; default: dense, or ragged by its dims."
    )
    codec: Annotated[str, Word(*CODECS, others=_OTHER_NAMES)] | None = Field(
        None,
        title="word",
        description="`none`, `default` (deflate with shuffle, which every HDF5 tool reads), `lzf`, `zstd`, `lz4`, `blosc2` (these three need `h5schema[codecs]`).",
    )
    chunk: Bytes | None = Field(
        None, title="bytes", description="Bytes of a chunk, such as 64KiB; default: about 1 MiB of whole entries."
    )
    level: Annotated[int, Field(ge=0, le=22)] | None = Field(
        None,
        title="int",
        description="Of the codec: `default` and `blosc2` 0 to 9 (by default 4 and 5), `zstd` 1 to 22 (3); the others have none.",
    )
    quality: Annotated[int, Field(ge=1, le=100)] | None = Field(
        None,
        title="int",
        description="Of an encoding that loses something; without it nothing is encoded anew with loss.",
    )
    layout: Annotated[str, Word("auto", "contiguous", "chunked")] | None = Field(
        None, title="word", description="`contiguous` (values in one piece), `chunked`, or `auto`: h5schema chooses."
    )
    checksum: bool | None = Field(None, title="bool", description="Whether blocks have checksums.")

    @classmethod
    def form(cls) -> str:
        return "a word or a mapping"

    @classmethod
    def example(cls) -> str:
        return "write default, or {codec: default, level: 4}"

    @classmethod
    def spelled_out(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        if value in KINDS:
            return {"kind": value}
        if value in CODECS:
            return {"codec": value}
        near = _OTHER_NAMES.get(value.lower()) or closest(value, (*KINDS, *CODECS))
        raise mistake(
            "unknown-word",
            f"'{shown(value)}' is no storage kind and no codec",
            f"did you mean '{near}'?" if near else f"kinds are {', '.join(KINDS)}; codecs are {', '.join(CODECS)}",
        )
