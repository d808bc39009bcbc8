"""Request bodies back to plain bytes, never past a limit: gzip (RFC 1952) and deflate (zlib, RFC 1950)."""

from __future__ import annotations

import zlib

from otel_worker.errors import InvalidOtlp, PayloadTooLarge, UnsupportedMediaType

# Each member costs a copy of what follows it: many tiny ones would keep an isolate busy for half a minute.
MAX_GZIP_MEMBERS = 100

_WINDOW_BITS = {"gzip": 16 + zlib.MAX_WBITS, "x-gzip": 16 + zlib.MAX_WBITS, "deflate": zlib.MAX_WBITS}


def inflate(body: bytes, content_encoding: str | None, limit_bytes: int) -> bytes:
    """Return the body without its Content-Encoding (a header value, or None).

    Raises UnsupportedMediaType for a coding that is not read here, PayloadTooLarge as soon as more
    than `limit_bytes` come out, and InvalidOtlp when the bytes are not what the header says.
    """
    coding = (content_encoding or "identity").strip().lower()
    if coding in ("identity", ""):
        return body
    window_bits = _WINDOW_BITS.get(coding)
    if window_bits is None:
        raise UnsupportedMediaType(
            f"Content-Encoding {coding[:40]!r} is not supported; use gzip, deflate or identity"
        )
    return _inflate_members(body, coding, window_bits, limit_bytes)


def _inflate_members(body: bytes, coding: str, window_bits: int, limit_bytes: int) -> bytes:
    """Inflate one member after the other: a gzip body may be several, joined."""
    output = b""
    remaining = body
    for _ in range(MAX_GZIP_MEMBERS):
        inflater = zlib.decompressobj(window_bits)
        try:
            # One byte more than allowed tells a body of exactly the limit from a larger one.
            output += inflater.decompress(remaining, limit_bytes - len(output) + 1)
        except zlib.error as error:
            raise InvalidOtlp(f"the body is not {coding}, as its Content-Encoding says: {error}") from None
        if len(output) > limit_bytes:
            raise PayloadTooLarge(limit_bytes)
        if not inflater.eof:
            raise InvalidOtlp(f"the {coding} body is cut off")
        remaining = inflater.unused_data
        if not remaining:
            return output
        if coding == "deflate":
            raise InvalidOtlp(f"{len(remaining)} bytes follow the end of the deflate body")
    raise InvalidOtlp(f"the gzip body has more than {MAX_GZIP_MEMBERS} members")
