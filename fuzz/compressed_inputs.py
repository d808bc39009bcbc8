"""Hostile request bodies as a whole: compressed ones, and headers that do not say what the body is."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable
from functools import cache
from random import Random

from fuzz.corpus import Corpus
from fuzz.inputs import JSON, LIMIT_BYTES, PROTOBUF, FuzzInput
from otel_worker.otlp.compression import MAX_GZIP_MEMBERS
from tests.samples import dense_json, dense_protobuf

_COMPRESS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": lambda body: gzip.compress(body, 1, mtime=0),
    "x-gzip": lambda body: gzip.compress(body, 1, mtime=0),
    "deflate": lambda body: zlib.compress(body, 1),
}
_CODINGS: tuple[str | None, ...] = (
    None, "", "identity", "gzip", "x-gzip", "deflate", "GZip", "gzip, deflate", "gzip;q=1",
    "br", "zstd", "gzip gzip",
)  # fmt: skip
_TYPES = (
    PROTOBUF, JSON, "Application/JSON; charset=utf-8", "application/x-protobuf;", "application/protobuf",
    "text/plain", "", "application/json, application/x-protobuf", "application/json+x", ";",
    "multipart/form-data; boundary=x",
)  # fmt: skip


def cut_or_corrupt(number: int, random: Random, corpus: Corpus) -> FuzzInput:
    """A compressed message that is cut, or has a few bytes replaced, header and checksum included."""
    content_type, plain = _message(random, corpus)
    coding = random.choice(tuple(_COMPRESS))
    body = bytearray(_COMPRESS[coding](plain))
    if random.random() < 0.3:
        del body[random.randrange(len(body)) :]
    for _ in range(random.randint(0, 3)):
        if body:
            # The ten bytes of the header and the eight of the end each are a field of their own.
            position = random.choice((random.randrange(len(body)), random.randrange(min(10, len(body))), -1))
            body[position] = random.randrange(256)
    return FuzzInput("cut or corrupt", bytes(body), content_type, coding)


def members(number: int, random: Random, corpus: Corpus) -> FuzzInput:
    """Several members, joined: whole, empty, cut, followed by something else, more than are allowed."""
    content_type, plain = _message(random, corpus)
    coding = random.choice(("gzip", "gzip", "gzip", "deflate"))
    compress = _COMPRESS[coding]
    change = random.randrange(5)
    if change == 0:
        cuts = sorted(random.randrange(len(plain) + 1) for _ in range(random.randint(1, 5)))
        pieces = [plain[start:stop] for start, stop in zip([0, *cuts], [*cuts, len(plain)], strict=True)]
        body = b"".join(map(compress, pieces))
    elif change == 1:
        body = compress(b"") * random.choice(
            (1, MAX_GZIP_MEMBERS - 1, MAX_GZIP_MEMBERS, MAX_GZIP_MEMBERS + 1, 2000)
        )
        body += compress(plain)
    elif change == 2:
        body = compress(plain) + random.choice(
            (b"\0", b"\x1f", b"\x1f\x8b", bytes(100), random.randbytes(20), plain)
        )
    elif change == 3:
        body = compress(compress(plain))
    else:
        body = compress(plain) * random.randint(2, 4)
    return FuzzInput("members", body, content_type, coding)


def bomb(number: int, random: Random, corpus: Corpus) -> FuzzInput:
    """Much from little: above the limit or far above, in one member or many, or densely filled."""
    if random.random() < 0.3:
        content_type, body = random.choice(_dense())
        return FuzzInput("bomb", body, content_type, "gzip")
    coding, body = random.choice(_bombs())
    return FuzzInput("bomb", body, random.choice((JSON, PROTOBUF)), coding)


def headers(number: int, random: Random, corpus: Corpus) -> FuzzInput:
    """Any message under any Content-Type and Content-Encoding."""
    _, plain = _message(random, corpus)
    body = random.choice((plain, gzip.compress(plain, 1, mtime=0), zlib.compress(plain, 1)))
    return FuzzInput("headers", body, random.choice(_TYPES), random.choice(_CODINGS))


def random_bytes(number: int, random: Random, corpus: Corpus) -> FuzzInput:
    """Bytes without any thought behind them, mostly few."""
    size_bytes = random.choice((0, 1, 1, 2, 2, 3, 4, 8, 16, 64, 500, 3000))
    body = random.randbytes(size_bytes)
    if random.random() < 0.5:
        # Small numbers: as tags and lengths they lead further.
        body = bytes(byte & 0x3F for byte in body)
    coding = random.choice((None, None, None, None, "gzip", "deflate"))
    if coding == "gzip" and random.random() < 0.5:
        body = b"\x1f\x8b\x08" + body
    return FuzzInput("random bytes", body, random.choice((PROTOBUF, PROTOBUF, JSON)), coding)


@cache
def _bombs() -> tuple[tuple[str, bytes], ...]:
    bombs: list[tuple[str, bytes]] = []
    for size_bytes in (LIMIT_BYTES, LIMIT_BYTES + 1, 25 * LIMIT_BYTES):
        bombs.append(("gzip", gzip.compress(bytes(size_bytes), 9, mtime=0)))
        bombs.append(("deflate", zlib.compress(bytes(size_bytes), 9)))
    # Text, which unlike zeros is read to its end.
    spaces = gzip.compress(b" " * LIMIT_BYTES, 9, mtime=0)
    bombs.append(("gzip", spaces))
    bombs.append(("gzip", gzip.compress(b" " * (LIMIT_BYTES // 50), 9, mtime=0) * 60))
    bombs.append(("gzip", gzip.compress(b'{"a":"' + b"x" * (LIMIT_BYTES - 8) + b'"}', 9, mtime=0)))
    return tuple(bombs)


@cache
def _dense() -> tuple[tuple[str, bytes], ...]:
    """Return bodies of about the limit that hold millions of empty messages."""
    kinds = ((PROTOBUF, dense_protobuf(LIMIT_BYTES)), (JSON, dense_json(LIMIT_BYTES)))
    return tuple(
        (content_type, gzip.compress(body, 1, mtime=0))
        for content_type, bodies in kinds
        for body in bodies.values()
    )


def _message(random: Random, corpus: Corpus) -> tuple[str, bytes]:
    if random.random() < 0.5:
        return PROTOBUF, random.choice(corpus.protobuf_messages())
    return JSON, random.choice(corpus.json_messages())


GENERATORS: dict[str, tuple[int, Callable[[int, Random, Corpus], FuzzInput]]] = {
    "random bytes": (10, random_bytes),
    "cut or corrupt": (6, cut_or_corrupt),
    "members": (3, members),
    "headers": (2, headers),
    "bomb": (0, bomb),
}
