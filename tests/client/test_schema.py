"""The schema of the protocol and the collector agree on what a client may send."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, ValidationError

from otel_worker.api.live_protocol import answer_message
from otel_worker.live import events
from otel_worker.model import Head
from tests.client.schema import SCHEMA, is_client_message, validate_client_message, validate_server_frame

TRACE_ID, SPAN_ID = "ab" * 16, "cd" * 8

VALID: list[dict[str, Any]] = [
    {"messageId": "1", "type": "subscribe"},
    {"messageId": "1", "type": "subscribe", "details": {}},
    {
        "messageId": "é" * 128,
        "type": "subscribe",
        "details": {
            "service": "checkout",
            "name": "GET /cart",
            "status": "error",
            "minDuration": "1.5s",
            "batch": True,
        },
    },
    {"messageId": "1", "type": "subscribe", "details": {"service": "", "status": "", "minDuration": ""}},
    {"messageId": "1", "type": "subscribe", "details": {"minDuration": "20µs", "batch": False}},
    {"messageId": "2", "type": "unsubscribe"},
    {"messageId": "2", "type": "unsubscribe", "details": {}},
    {"messageId": "3", "type": "pong"},
    {"messageId": "3", "type": "pong", "details": {}},
    {"type": "ping"},
]

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda values: st.lists(values, max_size=3) | st.dictionaries(st.text(max_size=5), values, max_size=3),
    max_leaves=5,
)
ids = st.sampled_from(["1", "", "x" * 128, "x" * 129]) | json_values
kinds = st.sampled_from(["subscribe", "unsubscribe", "pong", "ping", "Subscribe", ""]) | json_values
durations = st.from_regex(
    r"[0-9]{0,13}(\.[0-9]{0,10})?(ns|us|ms|s|m|h|d|)\n?", fullmatch=True
) | st.sampled_from(["1s", "1.5s", "٣s", " 1s", "-1s", "1e3s", "0ns", ""])


def fields_of(**strategies: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Return objects with any of the fields, and now and then one that is not known."""
    return st.fixed_dictionaries({}, optional={**strategies, "extra": json_values})


details = json_values | fields_of(
    service=st.text(max_size=5) | json_values,
    name=st.text(max_size=5) | json_values,
    status=st.sampled_from(["", "error", "ok"]) | json_values,
    minDuration=durations | json_values,
    batch=st.booleans() | json_values,
)
messages = json_values | fields_of(messageId=ids, type=kinds, details=details)


def is_accepted(document: Any) -> bool:
    """Tell whether the collector carries a message out."""
    reply = answer_message(json.dumps(document))
    if reply.text is None:
        return reply.change is not None
    validate_server_frame(reply.text)
    return bool(json.loads(reply.text)["type"] != "error")


def is_too_long(document: Any) -> bool:
    """Tell whether it is refused for a duration beyond 2^63 - 1 ns, which a schema cannot say."""
    if not is_client_message(document) or not document.get("details", {}).get("minDuration"):
        return False
    within_limit = {**document, "details": {**document["details"], "minDuration": "1s"}}
    return is_accepted(within_limit) and not is_accepted(document)


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("message", VALID, ids=json.dumps)
def test_what_the_documentation_shows_is_valid_and_accepted(message: dict[str, Any]) -> None:
    validate_client_message(json.dumps(message))
    assert is_accepted(message)


@given(messages)
def test_schema_and_collector_agree_on_any_message(message: Any) -> None:
    assert is_client_message(message) == is_accepted(message) or is_too_long(message)


@given(st.sampled_from(VALID), st.sampled_from(["messageId", "type", "details", "extra"]), json_values)
def test_they_agree_on_a_valid_message_with_one_field_replaced(
    message: dict[str, Any], field: str, value: Any
) -> None:
    changed = {**message, field: value}
    assert is_client_message(changed) == is_accepted(changed)


def test_a_duration_that_no_trace_has_is_refused() -> None:
    message = {"messageId": "1", "type": "subscribe", "details": {"minDuration": "999999999999h"}}
    assert is_too_long(message)


HEAD = Head(
    TRACE_ID,
    1_790_000_000_000_000_001,
    5,
    2,
    1,
    True,
    1_790_000_000_000_000_001,
    "GET /",
    "web",
    0,
    9,
    ["web"],
)


@pytest.mark.parametrize(
    "text",
    [
        events.span_added([(TRACE_ID, SPAN_ID)] * 500),
        events.trace_updated(HEAD),
        events.traces_dropped(3),
        events.ping("7"),
        events.acknowledgement("1"),
        events.CLIENT_PONG,
        *events.frames_of([events.trace_updated(HEAD), events.traces_dropped(1)], True, 64_000),
    ],
)
def test_what_the_collector_writes_is_valid(text: str) -> None:
    validate_server_frame(text)


@pytest.mark.parametrize(
    "text",
    [
        '{"type":"spanAdded","details":{"newSpans":[]}}',
        f'{{"type":"spanAdded","details":{{"newSpans":[["{TRACE_ID}"]]}}}}',
        f'{{"type":"spanAdded","details":{{"newSpans":[["{TRACE_ID}\\n","{SPAN_ID}"]]}}}}',
        '{"type":"tracesDropped","details":{"count":0}}',
        '{"type":"traceUpdated","details":{}}',
        '{"type":"error","details":{"code":"invalid_argument","message":"no"}}',
        '[{"type":"tracesDropped","details":{"count":1}}]',
        '[{"messageId":"1","type":"ack"},{"messageId":"2","type":"ack"}]',
        '{"type":"nonsense"}',
    ],
)
def test_a_frame_that_the_collector_never_sends_is_invalid(text: str) -> None:
    with pytest.raises(ValidationError):
        validate_server_frame(text)
