"""Watching live on the local server, with the project's own client and with messages that break the rules."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosedError

from otel_worker.api.live_protocol import MAX_MESSAGE_BYTES
from otel_worker_cli.client import Client, TraceUpdated
from tests.e2e.collector import JSON, Collector
from tests.e2e.otlp import export_request, make_span, one_span
from tests.e2e.sockets import WAIT_SECONDS, next_message, open_socket
from tests.local.running import running_collector


def test_the_client_hears_of_what_it_asked_for(
    collector: Collector, trace_id: str, now_unix_nano: int
) -> None:
    service = f"service-{trace_id}"
    body = export_request([make_span(trace_id, 1, now_unix_nano)], service).SerializeToString()

    async def scenario() -> None:
        async with (
            Client(collector.url, collector.token) as client,
            asyncio.timeout(WAIT_SECONDS),
        ):
            watch = client.watch(service=service)
            async with watch:
                assert collector.export(one_span("e" * 32, now_unix_nano)).status_code == 200
                assert collector.export(body).status_code == 200
                async for event in watch:
                    if isinstance(event, TraceUpdated):
                        assert event.summary.trace_id == trace_id
                        return

    asyncio.run(scenario())


@pytest.mark.parametrize("length", [MAX_MESSAGE_BYTES + 1, 10 * MAX_MESSAGE_BYTES])
def test_a_message_that_is_too_large_closes_the_connection(length: int, collector: Collector) -> None:
    with open_socket(collector, collector.token) as socket:
        socket.send("x" * length)
        with pytest.raises(ConnectionClosedError):
            socket.recv(WAIT_SECONDS)
        assert socket.close_code == 1009


def test_the_largest_message_is_answered(collector: Collector) -> None:
    message = json.dumps({"messageId": "1", "type": "subscribe"})
    with open_socket(collector, collector.token) as socket:
        # Characters count, of which these have three bytes each.
        socket.send("\N{EURO SIGN}" * MAX_MESSAGE_BYTES)
        assert next_message(socket)["type"] == "error"
        socket.send(message + " " * (MAX_MESSAGE_BYTES - len(message)))
        assert next_message(socket) == {"messageId": "1", "type": "ack"}


def test_a_binary_message_is_an_error(collector: Collector) -> None:
    with open_socket(collector, collector.token) as socket:
        socket.send(b'{"messageId": "1", "type": "subscribe"}')
        assert next_message(socket)["type"] == "error"


def test_both_kinds_of_ping_are_answered(collector: Collector) -> None:
    with open_socket(collector, collector.token) as socket:
        assert socket.ping().wait(WAIT_SECONDS)
        socket.send('{"type":"ping"}')
        assert next_message(socket) == {"type": "pong"}


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_what_only_resembles_a_handshake_is_refused_as_a_request(method: str, collector: Collector) -> None:
    headers = {"Connection": "Upgrade", "Upgrade": "websocket"}
    if method == "POST":
        headers["Sec-WebSocket-Key"] = "dGhlIHNhbXBsZSBub25jZQ=="
    answer = collector.client.request(method, "/api/ws", headers=headers)
    assert answer.status_code == (400 if method == "GET" else 405)
    assert answer.headers["Content-Type"] == JSON


def test_who_has_left_is_not_counted(tmp_path: Path) -> None:
    with running_collector(tmp_path) as collector:
        with open_socket(collector, collector.token), open_socket(collector, collector.token):
            assert _watchers(collector) == 2
        deadline = time.monotonic() + WAIT_SECONDS
        while _watchers(collector):
            assert time.monotonic() < deadline


def _watchers(collector: Collector) -> int:
    count: int = collector.get("/v1/stats")["live"]["watchers"]
    return count


def test_a_server_that_ends_says_so_to_those_who_watch(tmp_path: Path) -> None:
    with running_collector(tmp_path) as collector, open_socket(collector, collector.token) as socket:
        collector.session.stop()
        with pytest.raises(ConnectionClosedError):
            socket.recv(WAIT_SECONDS)
        # 1012: the service restarts (IANA's registry of close codes); a client comes back.
        assert socket.close_code == 1012
