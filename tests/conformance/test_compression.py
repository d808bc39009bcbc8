"""Rules 16 to 24: codings and sizes of bodies."""

from __future__ import annotations

import gzip
import tracemalloc
import zlib
from collections.abc import Callable

import pytest

from otel_worker.settings import DEFAULT_MAX_BODY_BYTES, Settings
from tests.conformance.exchange import (
    ENCODINGS,
    MAX_BODY_BYTES,
    PATH,
    field,
    partial_success_of,
    raw_request,
    request_in,
    shown_spans,
    status_of,
    varint,
)
from tests.core.harness import AUTH_TOKEN, Api
from tests.e2e.collector import JSON, PROTOBUF, Collector

Compress = Callable[[bytes], bytes]
MAX_ANSWER_BYTES = 4096


def _check_stored(
    collector: Collector, media_type: str, trace_id: str, start: int, coding: str | None, compress: Compress
) -> None:
    headers = {} if coding is None else {"Content-Encoding": coding}
    answer = collector.export(compress(request_in(media_type, trace_id, start)), media_type, **headers)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, media_type)
    assert len(shown_spans(collector, trace_id)) == 1


@pytest.mark.parametrize("media_type", ENCODINGS)
@pytest.mark.parametrize(("coding", "compress"), [(None, bytes), ("gzip", gzip.compress)])
def test_rule_16_plain_and_gzip(
    coding: str | None, compress: Compress, media_type: str, collector: Collector, trace_id: str, start: int
) -> None:
    _check_stored(collector, media_type, trace_id, start, coding, compress)


@pytest.mark.parametrize(
    ("coding", "compress"),
    [
        ("identity", bytes),
        ("Identity", bytes),
        ("", bytes),
        ("GZIP", gzip.compress),
        ("Gzip", gzip.compress),
        ("x-gzip", gzip.compress),
        ("DEFLATE", zlib.compress),
    ],
)
def test_rule_17_identity_and_any_case(
    coding: str, compress: Compress, collector: Collector, trace_id: str, start: int
) -> None:
    _check_stored(collector, PROTOBUF, trace_id, start, coding, compress)


@pytest.mark.parametrize("media_type", ENCODINGS)
def test_rule_18_deflate_is_zlib(media_type: str, collector: Collector, trace_id: str, start: int) -> None:
    _check_stored(collector, media_type, trace_id, start, "deflate", zlib.compress)


@pytest.mark.parametrize("media_type", ENCODINGS)
@pytest.mark.parametrize(
    "coding", ["br", "nosuchcompression", "zlib", "zstd", "snappy", "gzip, gzip", "identity, gzip", "*"]
)
def test_rule_19_another_coding_is_unsupported(
    coding: str, media_type: str, collector: Collector, trace_id: str, start: int
) -> None:
    body = request_in(media_type, trace_id, start)
    answer = collector.export(body, media_type, **{"Content-Encoding": coding})
    assert answer.status_code == 415
    message = status_of(answer, media_type).message
    assert coding in message
    assert "gzip" in message
    assert shown_spans(collector, trace_id) == []


def _wrong_checksum(body: bytes) -> bytes:
    compressed = bytearray(gzip.compress(body))
    compressed[-8] ^= 1
    return bytes(compressed)


BROKEN: dict[str, tuple[str, Compress]] = {
    "not gzip": ("gzip", bytes),
    "nothing": ("gzip", lambda body: b""),
    "a header and plain text": ("gzip", lambda body: b"\x1f\x8b\x08\0\0\0\0\0\0\xff" + body),
    "cut after 5 bytes": ("gzip", lambda body: gzip.compress(body)[:5]),
    "cut before the end": ("gzip", lambda body: gzip.compress(body)[:-1]),
    "a wrong checksum": ("gzip", _wrong_checksum),
    "a wrong length": ("gzip", lambda body: gzip.compress(body)[:-4] + b"\xff\0\0\0"),
    "more behind the end": ("gzip", lambda body: gzip.compress(body) + b"more"),
    "zlib said to be gzip": ("gzip", zlib.compress),
    "gzip said to be zlib": ("deflate", gzip.compress),
    "not zlib": ("deflate", bytes),
    "zlib with more behind the end": ("deflate", lambda body: zlib.compress(body) + b"more"),
    "a cut zlib": ("deflate", lambda body: zlib.compress(body)[:-1]),
}


@pytest.mark.parametrize("media_type", ENCODINGS)
@pytest.mark.parametrize("name", BROKEN)
def test_rule_20_bytes_that_are_not_the_coding_are_invalid(
    name: str, media_type: str, collector: Collector, trace_id: str, start: int
) -> None:
    coding, damage = BROKEN[name]
    body = damage(request_in(media_type, trace_id, start))
    answer = collector.export(body, media_type, **{"Content-Encoding": coding})
    assert answer.status_code == 400
    status = status_of(answer, media_type)
    assert status.code == 3
    assert coding in status.message
    assert shown_spans(collector, trace_id) == []


def test_rule_20_several_gzip_members_are_one_body(collector: Collector, trace_id: str, start: int) -> None:
    def in_two(body: bytes) -> bytes:
        return gzip.compress(body[:20]) + gzip.compress(body[20:])

    _check_stored(collector, PROTOBUF, trace_id, start, "gzip", in_two)


def _padded(body: bytes, size_bytes: int) -> bytes:
    """Return a request of a size, filled up with a field that nobody knows."""
    tag = varint(1000 << 3 | 2)
    filler_bytes = size_bytes - len(body) - len(tag) - len(varint(size_bytes))
    return body + tag + varint(filler_bytes) + b"p" * filler_bytes


@pytest.mark.parametrize("coding", ["identity", "gzip"])
@pytest.mark.parametrize("has_length", [True, False], ids=["with a length", "chunked"])
def test_rule_21_the_limit_is_allowed_and_one_byte_more_is_not(
    has_length: bool, coding: str, collector: Collector, trace_id: str, start: int
) -> None:
    request = request_in(PROTOBUF, trace_id, start)
    for size_bytes, expected in ((MAX_BODY_BYTES, 200), (MAX_BODY_BYTES + 1, 413)):
        body = _padded(request, size_bytes)
        assert len(body) == size_bytes
        sent = gzip.compress(body) if coding == "gzip" else body
        answer = collector.client.post(
            PATH,
            content=sent if has_length else iter([sent[:100], sent[100:]]),
            headers={"Content-Type": PROTOBUF, "Content-Encoding": coding},
        )
        assert answer.status_code == expected
        if expected == 413:
            status = status_of(answer, PROTOBUF)
            assert status.code == 8
            assert str(MAX_BODY_BYTES) in status.message
    assert len(shown_spans(collector, trace_id)) == 1


@pytest.mark.parametrize("media_type", ENCODINGS)
@pytest.mark.parametrize("has_length", [True, False], ids=["with a length", "chunked"])
def test_rule_21_a_bomb_is_too_large(has_length: bool, media_type: str, collector: Collector) -> None:
    bomb = gzip.compress(bytes(1_000_000), 9) * 100
    assert len(bomb) < MAX_BODY_BYTES
    answer = collector.client.post(
        PATH,
        content=bomb if has_length else iter([bomb]),
        headers={"Content-Type": media_type, "Content-Encoding": "gzip"},
    )
    assert answer.status_code == 413
    status_of(answer, media_type)


def test_rule_21_a_bomb_takes_little_memory(api: Api) -> None:
    bomb = gzip.compress(bytes(10_000_000), 9) * 100
    assert len(bomb) < 1_000_000
    tracemalloc.start()
    try:
        answer = api.respond("POST", PATH, bomb, Content_Type=PROTOBUF, Content_Encoding="gzip")
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert answer.status == 413
    # Of a gigabyte: what came out up to the limit, and its copy while it grows.
    assert peak_bytes < 4 * DEFAULT_MAX_BODY_BYTES


def test_rule_22_the_limit_is_a_setting(api: Api, trace_id: str, start: int) -> None:
    assert DEFAULT_MAX_BODY_BYTES == 4 * 1024 * 1024
    body = request_in(PROTOBUF, trace_id, start)
    for limit_bytes, status in ((len(body) - 1, 413), (len(body), 200)):
        api.settings = Settings(AUTH_TOKEN, max_body_bytes=limit_bytes)
        assert api.respond("POST", PATH, body, Content_Type=PROTOBUF).status == status


@pytest.mark.parametrize("accepted", [None, "identity"])
@pytest.mark.parametrize("media_type", ENCODINGS)
def test_rule_23_who_does_not_accept_gzip_never_gets_it(
    media_type: str, accepted: str | None, collector: Collector, trace_id: str, start: int
) -> None:
    request = collector.client.build_request(
        "POST",
        PATH,
        content=request_in(media_type, trace_id, start, 1, 0),
        headers={"Content-Type": media_type},
    )
    del request.headers["Accept-Encoding"]
    if accepted is not None:
        request.headers["Accept-Encoding"] = accepted
    answer = collector.client.send(request)
    assert "Content-Encoding" not in answer.headers
    assert partial_success_of(answer)[0] == 1


@pytest.mark.parametrize("media_type", ENCODINGS)
def test_rule_23_an_answer_that_the_runtime_compressed_says_so(
    media_type: str, collector: Collector, trace_id: str, start: int
) -> None:
    body = request_in(media_type, trace_id, start, 1, 0)
    answer = collector.export(body, media_type, **{"Accept-Encoding": "gzip"})
    assert answer.headers.get("Content-Encoding", "gzip") == "gzip"
    assert partial_success_of(answer)[0] == 1


def test_rule_24_a_hundred_thousand_reasons_are_a_short_answer(
    collector: Collector, trace_id: str, start: int
) -> None:
    empty_spans = field(2, b"") * 100_000
    answer = collector.export(field(1, field(2, empty_spans)))
    assert answer.status_code == 400
    assert status_of(answer, PROTOBUF).message.startswith("100000 spans rejected: ")
    assert len(answer.content) < MAX_ANSWER_BYTES
    answer = collector.export(field(1, field(2, empty_spans)) + request_in(PROTOBUF, trace_id, start))
    rejected_count, message = partial_success_of(answer)
    assert rejected_count == 100_000
    assert message.count("traceId must be") == 5
    assert len(answer.content) < MAX_ANSWER_BYTES


def test_rule_24_what_is_quoted_is_cut(collector: Collector) -> None:
    long_id = field(1, b"\xff" * 100_000)
    assert len(collector.export(raw_request(long_id)).content) < MAX_ANSWER_BYTES
    for body in (b'{"resourceSpans":"' + b"x" * 100_000 + b'"}', b"x" * 100_000):
        answer = collector.export(body, JSON)
        assert answer.status_code == 400
        assert len(answer.content) < MAX_ANSWER_BYTES
