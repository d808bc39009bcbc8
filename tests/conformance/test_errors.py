"""Rules 34 to 37, 40 and 41: what a refusal looks like."""

from __future__ import annotations

import httpx
import pytest

from tests.conformance.exchange import (
    ENCODINGS,
    FIRST_SPAN,
    INGEST_TOKEN,
    MAX_BODY_BYTES,
    PATH,
    READ_TOKEN,
    field,
    raw_request,
    refusal,
    request_in,
    shown_spans,
    span_json,
    status_of,
    value_json,
    varint,
    violated_fields,
)
from tests.core.harness import Api
from tests.e2e.collector import JSON, PROTOBUF, Collector

ID_FIELDS = field(1, b"\x01" * 16) + field(2, b"\x02" * 8)

# Status, gRPC code, path and the headers that bring it about.
REFUSALS: dict[str, tuple[int, int, str, dict[str, str], bytes]] = {
    "invalid": (400, 3, PATH, {}, b"1234"),
    "no token": (401, 16, PATH, {"Authorization": ""}, b""),
    "not allowed": (403, 7, PATH, {"Authorization": f"Bearer {READ_TOKEN}"}, b""),
    "no such signal": (404, 5, "/v1/logs", {}, b""),
    "no such path": (404, 5, "/v1/traces/", {}, b""),
    "method": (405, 12, f"{PATH}/{'1' * 32}", {}, b""),
    "too large": (413, 8, PATH, {}, bytes(MAX_BODY_BYTES + 1)),
    "coding": (415, 3, PATH, {"Content-Encoding": "br"}, b""),
}


@pytest.mark.parametrize("media_type", ENCODINGS)
@pytest.mark.parametrize("name", REFUSALS)
def test_rule_34_every_refusal_is_a_status(name: str, media_type: str, collector: Collector) -> None:
    status, code, path, headers, body = REFUSALS[name]
    answer = collector.client.post(path, content=body, headers={"Content-Type": media_type, **headers})
    assert answer.status_code == status
    assert status_of(answer, media_type).code == code


def test_rule_34_other_methods_get_the_errors_of_the_api(collector: Collector) -> None:
    for method in ("PUT", "PATCH", "DELETE"):
        answer = collector.client.request(method, PATH, headers={"Content-Type": PROTOBUF})
        assert (answer.status_code, answer.headers["Content-Type"]) == (405, JSON)
        assert answer.json()["error"]["code"] == "method_not_allowed"


@pytest.mark.parametrize(
    ("media_type", "body", "expected"),
    [
        (PROTOBUF, b"\x0a\x05\x12\x00", "length 5 at byte 2"),
        (PROTOBUF, b"\x0a", "cut off at its end, byte 1"),
        (JSON, b'{"resourceSpans":[}', "byte 18"),
        (JSON, b'{"resourceSpans":[', "truncated"),
    ],
)
def test_rule_35_the_message_names_the_place(
    media_type: str, body: bytes, expected: str, collector: Collector
) -> None:
    status = status_of(collector.export(body, media_type), media_type)
    assert status.code == 3
    assert expected in status.message


def test_rule_35_the_message_names_the_field(collector: Collector, trace_id: str) -> None:
    assert f"{FIRST_SPAN}.name" in refusal(collector, span_json(trace_id, name=5)).message
    assert FIRST_SPAN in refusal(collector, span_json(trace_id, startTimeUnixNano="x")).message
    assert f"{FIRST_SPAN}.traceId" in refusal(collector, span_json("zz")).message


INVALID_PROTOBUF: dict[str, bytes] = {
    "text": b"1234",
    "a tag alone": b"\x0a",
    "a cut length": b"\x0a\xff",
    "a length past the end": b"\x0a\x05\x12\x00",
    "a length past its message": b"\x0a\x02\x12\x05\x00\x00\x00\x00\x00",
    "a huge length": b"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
    "a varint of 11 bytes": b"\xc0\x3e" + b"\xff" * 10 + b"\x01",
    "a field number of 0": b"\x02\x00",
    "a group": b"\xc3\x3e\xc4\x3e",
    "a wire type that does not exist": b"\xc7\x3e\x00",
    "a known field of the wrong wire type": b"\x08\x01",
    "a name that is a number": raw_request(ID_FIELDS + b"\x28\x01"),
    "a cut time": raw_request(ID_FIELDS + b"\x39\x01\x02"),
    "a cut unknown field": raw_request(ID_FIELDS + varint(1000 << 3 | 1) + b"\x01"),
    "values nested 33 deep": b"",
}


def _nested_value(depth: int) -> bytes:
    value = b""
    for _ in range(depth):
        value = field(5, field(1, value))
    return raw_request(ID_FIELDS + field(9, field(1, b"k") + field(2, value)))


INVALID_PROTOBUF["values nested 33 deep"] = _nested_value(33)

INVALID_JSON: dict[str, bytes] = {
    "a number": b"1234",
    "an array": b"[]",
    "a string": b'"x"',
    "null": b"null",
    "nothing": b"",
    "white space": b"  \n",
    "cut": b'{"resourceSpans":[{"scopeSpans":[{"spans":[{"name":"x',
    "an open object": b"{",
    "a comma too many": b'{"resourceSpans":[],}',
    "a comment": b'{"resourceSpans":[] /* none */}',
    "single quotes": b"{'resourceSpans':[]}",
    "NaN": b'{"resourceSpans":NaN}',
    "no list": b'{"resourceSpans":{}}',
    "a span that is a number": b'{"resourceSpans":[{"scopeSpans":[{"spans":[1]}]}]}',
    "a text that is no UTF-8": b'{"resourceSpans":[{"schemaUrl":"\xff\xfe"}]}',
    "a byte order mark": b"\xef\xbb\xbf{}",
    "UTF-16": '{"resourceSpans":[]}'.encode("utf-16"),
}


@pytest.mark.parametrize(
    ("media_type", "body"),
    [
        *(pytest.param(PROTOBUF, body, id=f"protobuf-{name}") for name, body in INVALID_PROTOBUF.items()),
        *(pytest.param(JSON, body, id=f"JSON-{name}") for name, body in INVALID_JSON.items()),
    ],
)
def test_rule_36_what_cannot_be_decoded_is_invalid(
    media_type: str, body: bytes, collector: Collector
) -> None:
    answer = collector.export(body, media_type)
    assert answer.status_code == 400
    assert status_of(answer, media_type).code == 3
    assert "Retry-After" not in answer.headers


@pytest.mark.parametrize("media_type", ENCODINGS)
def test_rule_37_invalid_spans_are_named(
    media_type: str, collector: Collector, trace_id: str, start: int
) -> None:
    answer = collector.export(request_in(media_type, trace_id, start, 0, 0), media_type)
    assert violated_fields(status_of(answer, media_type)) == [
        f"{FIRST_SPAN}.spanId",
        f"{FIRST_SPAN.replace('spans[0]', 'spans[1]')}.spanId",
    ]


def test_rule_37_a_malformed_field_of_json_is_named(collector: Collector, trace_id: str) -> None:
    for fields, expected in (
        ({"name": 5}, f"{FIRST_SPAN}.name"),
        ({"kind": "SPAN_KIND_SERVER"}, f"{FIRST_SPAN}.kind"),
        ({"events": [{}, {"name": []}]}, f"{FIRST_SPAN}.events[1].name"),
        # What is found only after decoding is named by its span.
        ({"endTimeUnixNano": "soon"}, FIRST_SPAN),
    ):
        assert violated_fields(refusal(collector, span_json(trace_id, **fields))) == [expected]
    answer = collector.export(value_json(trace_id, {"boolValue": "true"}), JSON)
    assert violated_fields(status_of(answer)) == [f"{FIRST_SPAN}.attributes[0].value.boolValue"]


@pytest.mark.parametrize(
    "authorization", [None, "", "Bearer", "Bearer wrong", "Basic {token}", "{token}", "bearer {token}x"]
)
@pytest.mark.parametrize("media_type", ENCODINGS)
def test_rule_41_without_the_token_nothing_is_taken(
    media_type: str,
    authorization: str | None,
    collector: Collector,
    stranger: httpx.Client,
    trace_id: str,
    start: int,
) -> None:
    headers = {"Content-Type": media_type}
    if authorization is not None:
        headers["Authorization"] = authorization.format(token=collector.token)
    answer = stranger.post(PATH, content=request_in(media_type, trace_id, start), headers=headers)
    assert (answer.status_code, status_of(answer, media_type).code) == (401, 16)
    assert answer.headers["WWW-Authenticate"].startswith("Bearer ")
    assert shown_spans(collector, trace_id) == []


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_rule_41_the_scheme_has_no_case(
    scheme: str, collector: Collector, stranger: httpx.Client, trace_id: str, start: int
) -> None:
    headers = {"Content-Type": PROTOBUF, "Authorization": f"{scheme} {INGEST_TOKEN}"}
    assert stranger.post(PATH, content=request_in(PROTOBUF, trace_id, start), headers=headers).is_success
    assert len(shown_spans(collector, trace_id)) == 1


@pytest.mark.parametrize(("authorization", "status"), [("Bearer wrong", 401), ("Bearer read-token", 403)])
def test_rule_41_the_token_is_checked_before_the_body_is_read(
    authorization: str, status: int, api: Api, trace_id: str, start: int
) -> None:
    body = request_in(PROTOBUF, trace_id, start)
    answer = api.respond("POST", PATH, body, authorization=authorization, Content_Type=PROTOBUF)
    assert (answer.status, api.bodies_read) == (status, 0)
