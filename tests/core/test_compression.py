"""Compressed bodies: every coding, every way to be broken, and never more than the limit."""

from __future__ import annotations

import gzip
import tracemalloc
import zlib
from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_worker.errors import InvalidOtlp, PayloadTooLarge, UnsupportedMediaType
from otel_worker.otlp.compression import MAX_GZIP_MEMBERS, inflate

PLAIN = b"spans " * 1000
LIMIT = len(PLAIN)
CODINGS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "x-gzip": gzip.compress,
    "deflate": zlib.compress,
}


@pytest.mark.parametrize("coding", ["gzip", "x-gzip", "deflate", "GZIP", " Gzip ", "Deflate"])
def test_a_body_is_inflated(coding: str) -> None:
    assert inflate(CODINGS[coding.strip().lower()](PLAIN), coding, LIMIT) == PLAIN


@pytest.mark.parametrize("coding", [None, "", "identity", "Identity"])
def test_a_body_without_a_coding_stays_as_it_is(coding: str | None) -> None:
    assert inflate(PLAIN, coding, LIMIT) == PLAIN


@pytest.mark.parametrize("coding", ["br", "zstd", "gzip, gzip", "nosuchcompression"])
def test_an_unknown_coding_is_refused(coding: str) -> None:
    with pytest.raises(UnsupportedMediaType) as caught:
        inflate(gzip.compress(PLAIN), coding, LIMIT)
    expected = f"Content-Encoding {coding!r} is not supported; use gzip, deflate or identity"
    assert caught.value.message == expected


@pytest.mark.parametrize("coding", CODINGS)
def test_the_limit_passes_and_one_byte_more_does_not(coding: str) -> None:
    assert inflate(CODINGS[coding](PLAIN), coding, LIMIT) == PLAIN
    with pytest.raises(PayloadTooLarge):
        inflate(CODINGS[coding](PLAIN + b"!"), coding, LIMIT)


@pytest.mark.parametrize("coding", CODINGS)
def test_nothing_inflates_to_nothing(coding: str) -> None:
    assert inflate(CODINGS[coding](b""), coding, 0) == b""
    with pytest.raises(PayloadTooLarge):
        inflate(CODINGS[coding](b"x"), coding, 0)


@pytest.mark.parametrize("coding", CODINGS)
def test_a_body_cut_anywhere_is_refused(coding: str) -> None:
    body = CODINGS[coding](b"some spans")
    for length in range(len(body)):
        with pytest.raises(InvalidOtlp, match=f"^the {coding} body is cut off$"):
            inflate(body[:length], coding, LIMIT)


CORRUPT = gzip.compress(PLAIN)
BROKEN = {
    "plain bytes as gzip": (b"{}", "gzip", "incorrect header check"),
    "plain bytes as deflate": (b"{}" * 9, "deflate", "incorrect header check"),
    "deflate as gzip": (zlib.compress(PLAIN), "gzip", "incorrect header check"),
    "gzip as deflate": (gzip.compress(PLAIN), "deflate", "incorrect header check"),
    "wrong checksum": (CORRUPT[:-8] + b"\x00" * 4 + CORRUPT[-4:], "gzip", "incorrect data check"),
    "wrong length": (CORRUPT[:-4] + b"\x00" * 4, "gzip", "incorrect length check"),
    "garbage behind gzip": (CORRUPT + b"garbage", "gzip", "incorrect header check"),
}


@pytest.mark.parametrize(("body", "coding", "reason"), BROKEN.values(), ids=BROKEN.keys())
def test_bytes_that_are_not_of_the_coding_are_refused(body: bytes, coding: str, reason: str) -> None:
    with pytest.raises(InvalidOtlp) as caught:
        inflate(body, coding, LIMIT)
    assert caught.value.message.startswith(f"the body is not {coding}, as its Content-Encoding says: ")
    assert caught.value.message.endswith(reason)


def test_bytes_behind_deflate_are_refused() -> None:
    with pytest.raises(InvalidOtlp, match=r"^7 bytes follow the end of the deflate body$"):
        inflate(zlib.compress(PLAIN) + b"garbage", "deflate", LIMIT)


def test_gzip_may_be_several_members() -> None:
    body = gzip.compress(PLAIN[:10]) + gzip.compress(b"") + gzip.compress(PLAIN[10:])
    assert inflate(body, "gzip", LIMIT) == PLAIN
    with pytest.raises(PayloadTooLarge):
        inflate(body + gzip.compress(b"!"), "gzip", LIMIT)
    with pytest.raises(InvalidOtlp, match="cut off"):
        inflate(body + gzip.compress(b"")[:10], "gzip", LIMIT)


@pytest.mark.parametrize("coding", CODINGS)
def test_a_bomb_stops_at_the_limit(coding: str) -> None:
    bomb = CODINGS[coding](bytes(64 * 1024 * 1024))
    tracemalloc.start()
    try:
        with pytest.raises(PayloadTooLarge):
            inflate(bomb, coding, LIMIT)
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak_bytes < 1024 * 1024


def test_gzip_may_have_a_hundred_members_and_no_more() -> None:
    assert inflate(gzip.compress(b"x") * MAX_GZIP_MEMBERS, "gzip", LIMIT) == b"x" * MAX_GZIP_MEMBERS
    with pytest.raises(InvalidOtlp, match=r"^the gzip body has more than 100 members$"):
        inflate(gzip.compress(b"x") * (MAX_GZIP_MEMBERS + 1), "gzip", LIMIT)


def test_a_body_of_very_many_members_is_not_read_again_for_each(monkeypatch: pytest.MonkeyPatch) -> None:
    """Read to its end once a member, 8 MB of empty members would take an isolate half a minute."""
    fed_bytes = 0

    class CountingInflater:
        def __init__(self, window_bits: int) -> None:
            self._inflater = decompressobj(window_bits)

        def decompress(self, data: bytes, max_length: int) -> bytes:
            nonlocal fed_bytes
            fed_bytes += len(data)
            return self._inflater.decompress(data, max_length)

        def __getattr__(self, name: str) -> object:
            return getattr(self._inflater, name)

    decompressobj = zlib.decompressobj
    monkeypatch.setattr(zlib, "decompressobj", CountingInflater)
    body = gzip.compress(b"") * 20_000
    with suppress(InvalidOtlp):
        assert inflate(body, "gzip", LIMIT) == b""
    assert fed_bytes < 1000 * len(body)


@given(st.binary(max_size=200), st.sampled_from(sorted(CODINGS)))
def test_what_was_compressed_comes_back(plain: bytes, coding: str) -> None:
    assert inflate(CODINGS[coding](plain), coding, len(plain)) == plain


@given(st.binary(max_size=60), st.sampled_from(sorted(CODINGS)))
def test_random_bytes_are_refused_or_inflated_within_the_limit(body: bytes, coding: str) -> None:
    for garbled in (body, CODINGS[coding](b"")[:8] + body):
        try:
            plain = inflate(garbled, coding, 100)
        except (InvalidOtlp, PayloadTooLarge):
            continue
        assert len(plain) <= 100
