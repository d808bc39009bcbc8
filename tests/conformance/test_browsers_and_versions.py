"""Rules 54 to 57: exports from web pages, and from clients of other versions."""

from __future__ import annotations

import httpx
import pytest

from tests.conformance.exchange import (
    ENCODINGS,
    ORIGIN,
    PATH,
    field,
    raw_request,
    request_in,
    shown_spans,
    stored_spans,
    varint,
)
from tests.core.harness import Api
from tests.e2e.collector import JSON, PROTOBUF, Collector

STRANGE_ORIGIN = "https://elsewhere.example.com"


def _preflight(client: httpx.Client, origin: str) -> httpx.Response:
    headers = {
        "Origin": origin,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,content-type",
    }
    return client.options(PATH, headers=headers)


def test_rule_54_a_preflight_needs_no_token(stranger: httpx.Client) -> None:
    answer = _preflight(stranger, ORIGIN)
    assert (answer.status_code, answer.content) == (204, b"")
    headers = answer.headers
    assert (headers["Access-Control-Allow-Origin"], headers["Vary"]) == (ORIGIN, "Origin")
    assert "POST" in headers["Access-Control-Allow-Methods"].split(", ")
    allowed = set(headers["Access-Control-Allow-Headers"].split(", "))
    assert {"content-type", "authorization", "content-encoding"} <= allowed
    assert int(headers["Access-Control-Max-Age"]) > 0
    assert "Access-Control-Allow-Credentials" not in headers


def test_rule_54_another_origin_is_granted_nothing(stranger: httpx.Client, collector: Collector) -> None:
    answers = [
        _preflight(stranger, STRANGE_ORIGIN),
        collector.export(b"{}", JSON, Origin=STRANGE_ORIGIN),
    ]
    assert [answer.status_code for answer in answers] == [204, 200]
    for answer in answers:
        assert not [name for name in answer.headers if name.startswith("access-control-")]
        assert answer.headers["Vary"] == "Origin"


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"{}", {}, 200),
        (b"1234", {}, 400),
        (b"{}", {"Authorization": "Bearer wrong"}, 401),
        (b" " * 600_000, {}, 413),
        (b"{}", {"Content-Type": "text/plain"}, 415),
    ],
)
def test_rule_54_a_page_can_read_every_answer(
    body: bytes, headers: dict[str, str], status: int, collector: Collector
) -> None:
    headers = {"Content-Type": JSON, "Origin": ORIGIN, **headers}
    answer = collector.client.post(PATH, content=body, headers=headers)
    assert (answer.status_code, answer.headers["Access-Control-Allow-Origin"]) == (status, ORIGIN)
    assert "Retry-After" in answer.headers["Access-Control-Expose-Headers"].split(", ")


def test_rule_54_without_the_setting_no_page_may(api: Api) -> None:
    answer = api.respond(
        "OPTIONS", PATH, authorization=None, Origin=ORIGIN, Access_Control_Request_Method="POST"
    )
    assert answer.status == 204
    assert "Access-Control-Allow-Origin" not in dict(answer.headers)


# One field of each wire type that proto3 has, of numbers that no message uses.
UNKNOWN = (
    varint(900 << 3 | 0) + varint(2**64 - 1)
    + varint(901 << 3 | 1) + bytes(8)
    + field(902, b"\x00later\xff")
    + varint(903 << 3 | 5) + bytes(4)
)  # fmt: skip


def test_rule_55_fields_of_later_versions_are_ignored_at_every_level(
    collector: Collector, trace_id: str
) -> None:
    ids = field(1, bytes.fromhex(trace_id)) + field(2, b"\x02" * 8)
    value = field(1, b"v") + UNKNOWN
    array = field(5, UNKNOWN + field(1, value)) + UNKNOWN
    pairs = [
        field(1, b"k") + field(2, value) + UNKNOWN,
        field(1, b"a") + field(2, array),
        field(1, b"m") + field(2, field(6, field(1, field(1, b"n") + field(2, value)) + UNKNOWN)),
    ]
    span = (
        UNKNOWN
        + ids
        + b"".join(field(9, pair) for pair in pairs)
        + field(11, UNKNOWN + field(2, b"event"))
        + field(13, ids + UNKNOWN)
        + field(15, UNKNOWN + b"\x18\x01")
        + UNKNOWN
    )
    resource = field(1, pairs[0]) + UNKNOWN
    scope = field(1, b"scope") + UNKNOWN
    scope_spans = UNKNOWN + field(1, scope) + field(2, span) + UNKNOWN
    body = UNKNOWN + field(1, UNKNOWN + field(1, resource) + field(2, scope_spans)) + UNKNOWN
    answer = collector.export(body)
    assert (answer.status_code, answer.content) == (200, b""), answer.content
    (shown,) = shown_spans(collector, trace_id)
    assert shown["attributes"] == {"k": "v", "a": ["v"], "m": {"n": "v"}}
    assert (shown["scope"]["name"], shown["resource"]["attributes"]) == ("scope", {"k": "v"})
    assert (shown["events"][0]["name"], len(shown["links"]), shown["status"]["code"]) == ("event", 1, "OK")


def test_rule_56_string_indexes_are_absent(collector: Collector, trace_id: str) -> None:
    # AnyValue.string_value_strindex = 8 and KeyValue.key_strindex = 3, both int32.
    indexed_value = field(1, b"k") + field(2, b"\x40\x05")
    indexed_key = b"\x18\x07" + field(2, field(1, b"v"))
    ids = field(1, bytes.fromhex(trace_id)) + field(2, b"\x02" * 8)
    answer = collector.export(raw_request(ids + field(9, indexed_value) + field(9, indexed_key)))
    assert (answer.status_code, answer.content) == (200, b"")
    (shown,) = shown_spans(collector, trace_id)
    assert shown["attributes"] == {"k": None, "": "v"}
    (stored,) = stored_spans(collector, trace_id)
    assert [pair.value.WhichOneof("value") for pair in stored.attributes] == [None, "string_value"]


@pytest.mark.parametrize("media_type", ENCODINGS)
def test_rule_57_empty_envelopes_beside_full_ones_are_ignored(
    media_type: str, collector: Collector, trace_id: str, start: int
) -> None:
    body = request_in(media_type, trace_id, start)
    if media_type == PROTOBUF:
        body = field(1, b"") + field(1, field(1, b"") + field(2, b"")) + body + field(1, b"")
    else:
        body = body.replace(
            b'{"resourceSpans": [', b'{"resourceSpans": [{}, {"resource": {}, "scopeSpans": [{}]}, '
        )
        assert b"[{}, {" in body
    answer = collector.export(body, media_type)
    assert (answer.status_code, answer.content) == (200, b"" if media_type == PROTOBUF else b"{}")
    assert len(shown_spans(collector, trace_id)) == 1
