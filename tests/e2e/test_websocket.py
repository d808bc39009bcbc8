"""Watching live with an ordinary WebSocket client."""

from __future__ import annotations

import json
import secrets

import pytest
from websockets.exceptions import InvalidStatus

from tests.e2e.collector import Collector
from tests.e2e.conftest import INGEST_TOKEN, READ_TOKEN
from tests.e2e.otlp import export_request, make_span, one_span
from tests.e2e.sockets import heard_until, new_spans, next_message, open_socket, updates

OWN_SUBPROTOCOL = "otel-worker"


def test_every_open_socket_hears_of_a_stored_request(
    collector: Collector, trace_id: str, now_unix_nano: int
) -> None:
    with (
        open_socket(collector, collector.token) as by_header,
        open_socket(collector, READ_TOKEN) as by_read_token,
        open_socket(collector, None, OWN_SUBPROTOCOL, f"bearer.{collector.token}") as by_subprotocol,
    ):
        assert by_header.subprotocol is None
        assert by_subprotocol.subprotocol == OWN_SUBPROTOCOL
        other_id = secrets.token_hex(16)
        spans = [make_span(trace_id, 1, now_unix_nano), make_span(trace_id, 2, now_unix_nano + 1)]
        spans.append(make_span(other_id, 3, now_unix_nano + 2))
        assert collector.export(export_request(spans).SerializeToString()).status_code == 200
        new_spans = [[trace_id, f"{1:016x}"], [trace_id, f"{2:016x}"], [other_id, f"{3:016x}"]]
        summaries = collector.get(f"/v1/traces?start={now_unix_nano}&end={now_unix_nano + 2}")
        assert [summary["traceId"] for summary in summaries] == [other_id, trace_id]
        for socket in (by_header, by_read_token, by_subprotocol):
            assert next_message(socket) == {"type": "spanAdded", "details": {"newSpans": new_spans}}
            heard = [next_message(socket), next_message(socket)]
            assert updates(heard) == summaries[::-1]


def test_a_duplicate_is_not_announced(collector: Collector, trace_id: str, now_unix_nano: int) -> None:
    other_id = secrets.token_hex(16)
    with open_socket(collector, collector.token) as socket:
        for _ in range(3):
            assert collector.export(one_span(trace_id, now_unix_nano)).status_code == 200
        assert collector.export(one_span(other_id, now_unix_nano)).status_code == 200
        heard = heard_until(socket, other_id)
    assert new_spans(heard) == [[trace_id, f"{1:016x}"], [other_id, f"{1:016x}"]]
    assert [summary["traceId"] for summary in updates(heard)] == [trace_id, other_id]


def test_a_later_part_updates_the_whole_trace(
    collector: Collector, trace_id: str, now_unix_nano: int
) -> None:
    with open_socket(collector, collector.token) as socket:
        for number in (1, 2):
            span = make_span(trace_id, number, now_unix_nano + number, f"step {number}")
            assert collector.export(export_request([span]).SerializeToString()).status_code == 200
        heard = heard_until(socket, trace_id, span_count=2)
    assert new_spans(heard) == [[trace_id, f"{1:016x}"], [trace_id, f"{2:016x}"]]
    (summary,) = collector.get(f"/v1/traces?start={now_unix_nano + 1}&end={now_unix_nano + 1}")
    assert heard[-1] == {"type": "traceUpdated", "details": summary}


def test_a_message_of_the_client_is_answered(collector: Collector) -> None:
    with open_socket(collector, collector.token) as socket:
        socket.send(json.dumps({"messageId": "1", "type": "nonsense"}))
        assert next_message(socket)["type"] == "error"


def test_a_socket_closes_in_order(collector: Collector) -> None:
    with open_socket(collector, collector.token) as socket:
        socket.close(1000, "done")
    assert (socket.close_code, socket.close_reason) == (1000, "done")


@pytest.mark.parametrize(
    ("token", "subprotocols", "status"),
    [
        (None, (), 401),
        ("wrong", (), 401),
        (None, (OWN_SUBPROTOCOL,), 401),
        (None, (OWN_SUBPROTOCOL, "bearer.wrong"), 401),
        (INGEST_TOKEN, (), 403),
        (None, (OWN_SUBPROTOCOL, f"bearer.{INGEST_TOKEN}"), 403),
    ],
)
def test_a_handshake_without_the_right_token_is_refused(
    token: str | None, subprotocols: tuple[str, ...], status: int, collector: Collector
) -> None:
    with pytest.raises(InvalidStatus) as caught:
        open_socket(collector, token, *subprotocols)
    assert caught.value.response.status_code == status
