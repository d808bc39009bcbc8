"""Bodies that nobody's exporter sends: never a 5xx, and the collector answers as before."""

from __future__ import annotations

import gzip
import json
import random
import zlib
from collections.abc import Callable, Iterator

import pytest

from tests.e2e.collector import JSON, PROTOBUF, Collector
from tests.e2e.conftest import MAX_BODY_BYTES
from tests.e2e.otlp import make_span, one_span
from tests.samples import dense_json, dense_protobuf

DEPTH = 100_000
SPAN_ID = "00f067aa0ba902b7"


@pytest.fixture(autouse=True)
def _alive(collector: Collector) -> Iterator[None]:
    """After each test the collector has to answer, and not to have been restarted for it."""
    yield
    collector.check_alive()
    assert "crashed" not in collector.session.log_text


def _nested_message(depth: int) -> bytes:
    """Return length-delimited field 1 in field 1 in field 1..., as deep as it can be within the limit."""
    body = b""
    for _ in range(depth):
        if len(body) > MAX_BODY_BYTES // 2:
            break
        length = len(body)
        prefix = bytearray(b"\x0a")
        while length >= 0x80:
            prefix.append(length & 0x7F | 0x80)
            length >>= 7
        prefix.append(length)
        body = bytes(prefix) + body
    return body


def _nested_values(tags: tuple[bytes, ...], depth: int) -> bytes:
    """Return a request whose one attribute is an AnyValue in an AnyValue..., through the fields of `tags`."""
    value = b""
    for _ in range(depth):
        for tag in tags:
            value = tag + _length(value) + value
    attribute = b"\x0a\x01k" + b"\x12" + _length(value) + value
    span = make_span("1" * 32, 1, 1).SerializeToString() + b"\x4a" + _length(attribute) + attribute
    for tag in (b"\x12", b"\x12", b"\x0a"):
        span = tag + _length(span) + span
    return bytes(span)


def _length(value: bytes) -> bytes:
    number, encoded = len(value), bytearray()
    while number >= 0x80:
        encoded.append(number & 0x7F | 0x80)
        number >>= 7
    encoded.append(number)
    return bytes(encoded)


_TO_ATTRIBUTES = b'{"resourceSpans":[{"scopeSpans":[{"spans":[{"attributes":[{"key":"a","value":'

DEEP_JSON: dict[str, bytes] = {
    "arrays": b"[" * DEPTH,
    "closed arrays": b"[" * DEPTH + b"]" * DEPTH,
    "objects": b'{"a":' * DEPTH + b"1" + b"}" * DEPTH,
    "under an unknown key": b'{"unknown":' + b"[" * DEPTH + b"]" * DEPTH + b"}",
    "in a known list": b'{"resourceSpans":' + b"[" * DEPTH + b"]" * DEPTH + b"}",
    "arrays as a value": _TO_ATTRIBUTES + b'{"arrayValue":{"values":[' * DEPTH,
    "maps as a value": _TO_ATTRIBUTES + b'{"kvlistValue":{"values":[{"key":"k","value":' * (DEPTH // 2),
    "behind brackets in strings": b'{"a":"]]]]\\"]]]","b":' + b"[" * DEPTH,
    "spaced": b"[ \n" * DEPTH,
}


@pytest.mark.parametrize("name", DEEP_JSON)
def test_json_nested_a_hundred_thousand_deep_is_400(name: str, collector: Collector) -> None:
    response = collector.export(DEEP_JSON[name], JSON)
    assert (response.status_code, response.json()["code"]) == (400, 3)


@pytest.mark.parametrize("depth", [50, 200, 500, 1_000, 2_000, 5_000, 20_000])
def test_json_nested_less_deep_is_400_too(depth: int, collector: Collector) -> None:
    values = b'{"arrayValue":{"values":[' * depth + b"]}}" * depth
    response = collector.export(_TO_ATTRIBUTES + values + b"}]}]}]}]}", JSON)
    assert (response.status_code, response.json()["code"]) == (400, 3)


def test_deeply_nested_protobuf_is_400(collector: Collector) -> None:
    array = b"\x0a", b"\x2a"  # AnyValue.array_value = 5 of ArrayValue.values = 1
    key_value_list = (
        b"\x12",
        b"\x0a",
        b"\x32",
    )  # kvlist_value = 6, KeyValueList.values = 1, KeyValue.value = 2
    # Field 1 of field 1 and so on ends in an attribute's key, which is text: a request without spans.
    assert collector.export(_nested_message(3_000)).status_code == 200
    assert collector.export(_nested_values(array, 32)).status_code == 200
    for body in (
        _nested_values(array, 33),
        _nested_values(key_value_list, 33),
        _nested_values(array, 2_000),
        _nested_values(key_value_list, 2_000),
        # A group in a group: field 1 with wire type 3, which proto3 does not have.
        b"\x0b" * DEPTH,
    ):
        assert collector.export(body).status_code == 400


def test_random_bytes_are_400_or_hold_nothing(collector: Collector) -> None:
    generator = random.Random(20_260_101)
    for _ in range(60):
        body = generator.randbytes(generator.choice((1, 2, 7, 40, 300, 5_000)))
        for content_type in (PROTOBUF, JSON):
            assert collector.export(body, content_type).status_code in (200, 400)


def test_a_valid_request_with_random_damage_is_never_an_internal_error(
    collector: Collector, trace_id: str, now_unix_nano: int
) -> None:
    generator = random.Random(20_260_102)
    valid = one_span(trace_id, now_unix_nano, key="value")
    for _ in range(60):
        damaged = bytearray(valid)
        for _ in range(generator.randint(1, 4)):
            damaged[generator.randrange(len(damaged))] = generator.randrange(256)
        assert collector.export(bytes(damaged)).status_code in (200, 400)
        assert collector.export(valid[: generator.randrange(len(valid))]).status_code in (200, 400)


def _gzip(body: bytes) -> bytes:
    return gzip.compress(body, 9)


def _gzip_members(body: bytes) -> bytes:
    return gzip.compress(body[: len(body) // 100], 9) * 100


@pytest.mark.parametrize(
    ("coding", "compress"),
    [("gzip", _gzip), ("gzip", _gzip_members), ("deflate", zlib.compress)],
    ids=["gzip", "many gzip members", "deflate"],
)
def test_a_bomb_is_413(coding: str, compress: Callable[[bytes], bytes], collector: Collector) -> None:
    body = compress(bytes(100 * 1024 * 1024))
    assert len(body) < MAX_BODY_BYTES
    assert collector.export(body, PROTOBUF, **{"Content-Encoding": coding}).status_code == 413


DENSE = {
    **{f"protobuf {name}": (body, PROTOBUF) for name, body in dense_protobuf(MAX_BODY_BYTES).items()},
    **{f"JSON {name}": (body, JSON) for name, body in dense_json(MAX_BODY_BYTES).items()},
}


@pytest.mark.parametrize(("body", "content_type"), DENSE.values(), ids=DENSE)
def test_millions_of_empty_messages_are_413(body: bytes, content_type: str, collector: Collector) -> None:
    assert collector.export(body, content_type).status_code == 413


def test_an_empty_body_is_answered(collector: Collector) -> None:
    # An empty protobuf message is a valid request with nothing in it.
    assert collector.export(b"").status_code == 200
    assert collector.export(b"", JSON).status_code == 400
    assert collector.client.post(
        "/v1/traces", content=iter([b""]), headers={"Content-Type": PROTOBUF}
    ).is_success


def test_half_a_surrogate_pair_is_stored_as_a_replacement_character(
    collector: Collector, trace_id: str, now_unix_nano: int
) -> None:
    name = r"cut \ud83d here, \\ud83d not, \ud83d\ude80 whole"
    body = _span_json(trace_id, now_unix_nano, name)
    assert collector.export(body.encode(), JSON).status_code == 200
    (span,) = collector.get(f"/v1/traces/{trace_id}/spans")
    assert span["name"] == "cut \ufffd here, \\ud83d not, \U0001f680 whole"


def test_nul_in_every_text_is_kept(collector: Collector, trace_id: str, now_unix_nano: int) -> None:
    body = _span_json(trace_id, now_unix_nano, r"nul \u0000 name", r"key\u0000", r"\u0000")
    assert collector.export(body.encode(), JSON).status_code == 200
    (span,) = collector.get(f"/v1/traces/{trace_id}/spans")
    assert (span["name"], span["attributes"]) == ("nul \0 name", {"key\0": "\0"})
    (summary,) = collector.get(f"/v1/traces?start={now_unix_nano}&end={now_unix_nano}")
    assert (summary["traceId"], summary["rootName"]) == (trace_id, "nul \0 name")


def test_text_that_is_no_utf_8_is_not_an_internal_error(
    collector: Collector, trace_id: str, now_unix_nano: int
) -> None:
    body = _span_json(trace_id, now_unix_nano, "@@@@").encode().replace(b"@@@@", b"\xff\xfe\xc0\x80")
    assert collector.export(body, JSON).status_code == 400
    protobuf = one_span(trace_id, now_unix_nano, key="@@@@").replace(b"@@@@", b"\xff\xfea\x80")
    assert collector.export(protobuf).status_code == 200
    (span,) = collector.get(f"/v1/traces/{trace_id}/spans")
    assert span["attributes"] == {"key": "\ufffd\ufffda\ufffd"}


def _span_json(trace_id: str, start: int, name: str, key: str = "k", value: str = "v") -> str:
    """Return a request whose texts are JSON escapes as they are given."""
    ids = json.dumps({"traceId": trace_id, "spanId": SPAN_ID, "startTimeUnixNano": str(start)})
    attribute = f'{{"key":"{key}","value":{{"stringValue":"{value}"}}}}'
    span = f'{ids[:-1]},"name":"{name}","attributes":[{attribute}]}}'
    return f'{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{span}]}}]}}]}}'
