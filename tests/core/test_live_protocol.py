"""The messages of a watcher: what each becomes, and that no text can do harm."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_worker.api.live_protocol import (
    MAX_MESSAGE_BYTES,
    Confirm,
    Reply,
    Subscribe,
    answer_message,
)
from otel_worker.errors import PayloadTooLarge
from otel_worker.live.subscription import EVERYTHING, Subscription
from otel_worker.otlp.json_guard import MAX_JSON_DEPTH

ACK = '{"messageId":"1","type":"ack"}'


def message(kind: str, **fields: object) -> str:
    return json.dumps({"messageId": "1", "type": kind, **fields})


def error_of(reply: Reply) -> dict[str, Any]:
    """Return the error that a message is answered with; it changes nothing."""
    assert reply.change is None
    assert reply.text is not None
    answer: dict[str, Any] = msgspec.json.decode(reply.text)
    assert (set(answer), answer["type"]) == ({"messageId", "type", "details"}, "error")
    assert set(answer["details"]) == {"code", "message"}
    return answer


@pytest.mark.parametrize(
    ("details", "expected"),
    [
        ({}, EVERYTHING),
        ({"service": "checkout"}, Subscription(service="checkout")),
        ({"name": "GET /cart"}, Subscription(name="GET /cart")),
        ({"status": "error"}, Subscription(errors_only=True)),
        ({"minDuration": "250ms"}, Subscription(shortest_nano=250_000_000)),
        ({"batch": True}, Subscription(is_batched=True)),
        ({"service": "", "name": "", "status": "", "minDuration": "", "batch": False}, EVERYTHING),
        (
            {"service": "a", "name": "b", "status": "error", "minDuration": "1.5s", "batch": True},
            Subscription("a", "b", True, 1_500_000_000, True),
        ),
    ],
    ids=["nothing", "service", "name", "status", "duration", "batch", "empty", "all"],
)
def test_a_subscription_asks_for_its_details(details: dict[str, object], expected: Subscription) -> None:
    assert answer_message(message("subscribe", details=details)) == Reply(ACK, Subscribe(expected))


def test_details_may_be_left_out() -> None:
    assert answer_message(message("subscribe")) == Reply(ACK, Subscribe(EVERYTHING))
    assert answer_message(message("unsubscribe")) == Reply(ACK, Subscribe(None))
    assert answer_message(message("unsubscribe", details={})) == Reply(ACK, Subscribe(None))


def test_a_pong_confirms_the_ping_of_its_id_and_is_not_answered() -> None:
    assert answer_message(message("pong")) == Reply(None, Confirm("1"))


def test_a_ping_is_answered_and_needs_no_id() -> None:
    assert answer_message('{"type":"ping"}') == Reply('{"type":"pong"}')
    assert error_of(answer_message(message("ping")))["messageId"] == "1"


@pytest.mark.parametrize("message_id", ["x", "x" * 128, "naïve \U0001f680", 'quote " \\ \x00'])
def test_the_answer_has_the_id_of_the_message(message_id: str) -> None:
    reply = answer_message(json.dumps({"messageId": message_id, "type": "subscribe"}))
    assert reply.text is not None
    assert msgspec.json.decode(reply.text) == {"messageId": message_id, "type": "ack"}
    error = error_of(answer_message(json.dumps({"messageId": message_id, "type": "nonsense"})))
    assert error["messageId"] == message_id


@pytest.mark.parametrize("message_id", ["", "x" * 129, 1, None, ["1"], {}, True])
def test_an_id_is_a_short_text(message_id: object) -> None:
    error = error_of(answer_message(json.dumps({"messageId": message_id, "type": "subscribe"})))
    assert (error["messageId"], error["details"]["message"]) == (
        None,
        "messageId must be a string of 1 to 128 characters",
    )


@pytest.mark.parametrize("kind", [None, "", "Subscribe", "ack", 5, ["subscribe"], "x" * 1000])
def test_an_unknown_type_is_named(kind: object) -> None:
    error = error_of(answer_message(json.dumps({"messageId": "1", "type": kind})))
    wanted = "type must be subscribe, unsubscribe, ping or pong; found "
    assert error["details"] == {"code": "invalid_argument", "message": wanted + repr(str(kind)[:80])}


@pytest.mark.parametrize(
    ("details", "expected"),
    [
        ({"services": "a"}, "details: Object contains unknown field `services`"),
        ({"service": 1}, "details: Expected `str`, got `int` - at `$.service`"),
        ({"name": None}, "details: Expected `str`, got `null` - at `$.name`"),
        ({"status": "ok"}, "details: Invalid enum value 'ok' - at `$.status`"),
        ({"batch": "yes"}, "details: Expected `bool`, got `str` - at `$.batch`"),
        ({"minDuration": 250}, "details: Expected `str`, got `int` - at `$.minDuration`"),
        ([], "details: Expected `object`, got `array`"),
        (None, "details: Expected `object`, got `null`"),
        ("service", "details: Expected `object`, got `str`"),
    ],
)
def test_details_of_the_wrong_kind_are_named(details: object, expected: str) -> None:
    error = error_of(answer_message(message("subscribe", details=details)))
    assert error == {
        "messageId": "1",
        "type": "error",
        "details": {"code": "invalid_argument", "message": expected},
    }


@pytest.mark.parametrize("text", ["250", "-1s", "soon", "1 h", "9" * 40 + "s"])
def test_a_duration_is_one_as_in_the_list(text: str) -> None:
    error = error_of(answer_message(message("subscribe", details={"minDuration": text})))
    assert error["details"]["code"] == "invalid_parameter"
    assert error["details"]["message"].startswith("minDuration")


@pytest.mark.parametrize("kind", ["unsubscribe", "pong"])
def test_other_messages_have_no_details(kind: str) -> None:
    error = error_of(answer_message(message(kind, details={"service": "a"})))
    assert error["details"]["message"] == "details: Object contains unknown field `service`"


@pytest.mark.parametrize("kind", ["subscribe", "unsubscribe", "pong", "ping"])
def test_a_field_too_many_is_named(kind: str) -> None:
    error = error_of(answer_message(message(kind, service="a")))
    assert error["details"]["message"] == "a message has messageId, type and details; found 'service'"


@pytest.mark.parametrize(
    "text", ["", " ", "{", "[]", "null", '"ping"', '{"type":"ping"} x', "{'type':'ping'}", "\0"]
)
def test_what_is_no_json_object_is_refused(text: str) -> None:
    error = error_of(answer_message(text))
    assert error["messageId"] is None
    assert error["details"]["message"].startswith("a message is a JSON object: ")


@pytest.mark.parametrize("body", [b"", b'{"type":"ping"}', b"\xff" * MAX_MESSAGE_BYTES])
def test_a_binary_message_is_refused_whatever_is_in_it(body: bytes) -> None:
    expected = "a message is a text frame with a JSON object, not a binary one"
    assert error_of(answer_message(body))["details"]["message"] == expected


@pytest.mark.parametrize("opening", ["[", '{"a":', '{"a":[', '[{"a":'])
def test_nesting_is_refused_before_anything_recurses(opening: str) -> None:
    """In Pyodide the decoder's recursion would take the whole isolate down."""
    text = '{"messageId":"1","type":"subscribe","details":' + opening * (15_000 // len(opening))
    expected = f"a message is a JSON object: the JSON is nested deeper than {MAX_JSON_DEPTH} levels"
    assert error_of(answer_message(text))["details"]["message"] == expected


@pytest.mark.parametrize("kind", [str, bytes])
def test_a_message_above_the_limit_is_not_read(kind: type) -> None:
    largest = '{"type":"ping"}'.ljust(MAX_MESSAGE_BYTES)
    text: str | bytes = largest if kind is str else largest.encode()
    answer_message(text)
    with pytest.raises(PayloadTooLarge):
        answer_message(text + (" " if isinstance(text, str) else b" "))  # type: ignore[operator]


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=10,
)
_KEYS = st.sampled_from(
    ["messageId", "type", "details", "service", "status", "batch", "minDuration", "other"]
)


@given(
    st.text(alphabet=st.characters(), max_size=200)
    | st.binary(max_size=100)
    | st.dictionaries(_KEYS, _JSON | st.sampled_from(["subscribe", "pong", "unsubscribe"])).map(json.dumps)
    | st.dictionaries(_KEYS, _JSON).map(lambda details: message("subscribe", details=details))
)
def test_every_message_is_carried_out_or_answered_with_an_error(text: str | bytes) -> None:
    reply = answer_message(text)
    if reply.change is None and reply.text != '{"type":"pong"}':
        error_of(reply)
