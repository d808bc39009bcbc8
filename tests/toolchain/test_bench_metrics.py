"""How the metrics measurement counts: sums on both sides, the receiver and the schedule."""

from __future__ import annotations

import asyncio
import importlib
import json
import os
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace
from typing import Any

import pytest

from bench.ingest.projects import TOKEN
from bench.metrics import shop as shop_module
from bench.metrics.load import Exchange, get, post, send
from bench.metrics.processor_time import cpu_seconds
from bench.metrics.receiver import Count, Receiver
from bench.metrics.sales import sale_of
from bench.metrics.saturation import renamed_for
from bench.metrics.shop import Shop
from bench.metrics.sums import CUMULATIVE, DELTA, counted_sums, received_sums, require_equal
from bench.metrics.ways import PLAIN, SERVICE, STRAIGHT
from otel_worker.metrics.aggregation import Aggregator
from otel_worker.otlp.metric_json_decoder import decode_metrics_json
from otel_worker.otlp.metric_json_encoder import encode_metrics_json
from otel_worker_cli.runtime.failures import ToolingError
from otel_worker_cli.runtime.project import this_checkout

SECOND = 1_000_000_000


@pytest.fixture
def pushes(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return what the shop sends for the requests 0 to 199: its own code, and the client as it is."""
    monkeypatch.syspath_prepend(str(this_checkout().root / "sdk" / "src"))
    monkeypatch.setitem(
        sys.modules, "workers", SimpleNamespace(WorkerEntrypoint=object, Response=SimpleNamespace)
    )
    client = importlib.import_module("workers_otel")
    worker = importlib.import_module("bench.metrics.workers.shop_worker")
    sent: list[str] = []

    async def keep(url: str, headers: Mapping[str, str], body: str, timeout_ms: int) -> Any:
        sent.append(body)
        return client.Answer(200)

    async def sell() -> None:
        for number in range(200):
            metrics = client.create_metrics(
                service_name=SERVICE, endpoint="https://x.test", token="t", transport=keep
            )
            worker.count_sale(metrics, sale_of(number))
            assert (await metrics.flush()).outcome == "sent"

    asyncio.run(sell())
    return sent


def test_what_the_shop_sends_is_what_its_requests_count(pushes: list[str]) -> None:
    counted = counted_sums(range(200))
    assert received_sums(pushes, SERVICE) == counted
    assert received_sums(pushes[:-1], SERVICE) != counted
    assert received_sums(pushes, "another") == {}


def test_what_the_gateway_passes_on_is_what_the_requests_count(pushes: list[str]) -> None:
    aggregator = Aggregator()
    passed_on = []
    for turn, body in enumerate(pushes):
        now_unix_nano = time.time_ns() + turn * SECOND
        aggregator.push(decode_metrics_json(body.encode()).groups, str(turn), now_unix_nano)
        if turn % 50 == 49:
            passed_on.append(encode_metrics_json(aggregator.snapshot(now_unix_nano).groups).decode())
    assert received_sums(passed_on, SERVICE) == counted_sums(range(200))


def test_all_attribute_values_come_up_and_sums_are_exact_in_any_order() -> None:
    counted = counted_sums(range(5_000))
    names = [name.partition("{")[0] for name in counted]
    assert {name: names.count(name) for name in names} == {
        "shop.orders": 3,
        "shop.items": 5,
        "shop.revenue": 2,
        "shop.duration": 4,
    }
    assert counted == counted_sums(reversed(range(5_000)))
    assert sum(amounts[0] for name, amounts in counted.items() if name.startswith("shop.orders")) == 5_000
    assert all(
        amounts[0] == sum(amounts[2:]) and all(amounts[2:])
        for name, amounts in counted.items()
        if name.startswith("shop.duration")
    )


def export(value: int, temporality: int, start: int = 1, service: str = "shop") -> str:
    """Return an export request with one point of one counter."""
    point = {"startTimeUnixNano": str(start), "timeUnixNano": "9", "asInt": str(value)}
    metric = {
        "name": "n",
        "sum": {"aggregationTemporality": temporality, "isMonotonic": True, "dataPoints": [point]},
    }
    resource = {"attributes": [{"key": "service.name", "value": {"stringValue": service}}]}
    groups = [{"resource": resource, "scopeMetrics": [{"scope": {"name": "s"}, "metrics": [metric]}]}]
    return json.dumps({"resourceMetrics": groups})


def test_deltas_are_added() -> None:
    bodies = [export(2, DELTA), export(3, DELTA), export(9, DELTA, service="other")]
    assert received_sums(bodies, "shop") == {"n{}": (5.0,)}


def test_of_cumulative_points_the_last_one_of_each_start_counts() -> None:
    bodies = [export(value, CUMULATIVE) for value in (0, 2, 7)]
    assert received_sums(bodies, "shop") == {"n{}": (7.0,)}
    reset = [*bodies, export(3, CUMULATIVE, start=5), export(4, CUMULATIVE, start=5)]
    assert received_sums(reset, "shop") == {"n{}": (11.0,)}


def test_a_sum_that_falls_without_a_reset_is_an_error() -> None:
    with pytest.raises(ToolingError, match="has fallen"):
        received_sums([export(7, CUMULATIVE), export(6, CUMULATIVE)], "shop")


def test_a_difference_is_an_error_that_names_it() -> None:
    require_equal({"a": (1.0,)}, {"a": (1.0,)}, "some")
    with pytest.raises(ToolingError, match="some: 2 sums are not what was counted") as failure:
        require_equal({"a": (1.0,), "b": (3.0,)}, {"a": (2.0,), "c": (4.0,), "b": (3.0,)}, "some")
    assert failure.value.detail.splitlines() == [
        "a: counted (2.0,), received (1.0,)",
        "c: counted (4.0,), received None",
    ]


def test_a_push_is_made_to_be_anothers(pushes: list[str]) -> None:
    assert received_sums([renamed_for("x", pushes[3])], "x") == counted_sums([3])
    with pytest.raises(ToolingError, match="does not name its service once"):
        renamed_for("x", "{}")


def test_the_receiver_counts_and_keeps_what_comes() -> None:
    with Receiver() as receiver:
        requests = [post("/a/v1/metrics", b'{"n": %d}' % number) for number in range(9)]
        send(receiver.port, requests, connections=1)
        send(receiver.port, [post("/b", b"")], connections=1)
        assert receiver.count("/a/v1/metrics") == Count(9, sum(map(len, requests)), 9 * len('{"n": 0}'))
        assert receiver.count("/b") == Count(1, len(post("/b", b"")), 0)
        assert receiver.count("/c") == Count()
        assert receiver.bodies("/a/v1/metrics") == [f'{{"n": {number}}}' for number in range(9)]
        assert receiver.bodies("/c") == []
        assert receiver.wait(lambda: receiver.count("/b").pushes == 1, 10)
        assert not receiver.wait(lambda: False, 0)


def test_requests_are_due_one_interval_from_the_next_and_none_begins_before() -> None:
    with Receiver() as receiver:
        exchanges = send(receiver.port, [post("/a", b"")] * 20, connections=4, per_second=200)
    due_us = [one.due_us for one in exchanges]
    assert [due - due_us[0] for due in due_us] == [5_000 * turn for turn in range(20)]
    assert all(one.due_us <= one.begun_us <= one.answered_us for one in exchanges)
    one = Exchange(1_000, 3_500, 9_500)
    assert (one.late_ms, one.response_ms) == (2.5, 6.0)


def test_a_request_waits_while_it_is_held() -> None:
    asked: list[int] = []

    def is_held(number: int) -> bool:
        asked.append(number)
        return number == 1 and asked.count(1) < 3

    with Receiver() as receiver:
        exchanges = send(receiver.port, [post(f"/{number}", b"") for number in range(3)], 1, None, is_held)
        assert [receiver.count(f"/{number}").pushes for number in range(3)] == [1, 1, 1]
    assert (len(exchanges), asked) == (3, [0, 1, 1, 1, 2])


@contextmanager
def server(answer: bytes) -> Iterator[int]:
    """Yield the port of a server that answers every GET with these bytes."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self.wfile.write(answer)
            self.close_connection = b"Connection: close" in answer

        def log_message(self, format: str, *args: object) -> None:
            """Nobody reads it."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        running.daemon_threads = True
        running.block_on_close = False
        thread = threading.Thread(target=running.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield running.server_port
        finally:
            running.shutdown()
            thread.join(10)


def test_answers_in_chunks_are_read_to_their_end() -> None:
    answer = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n1\r\nd\r\n0\r\n\r\n"
    with server(answer) as port:
        assert len(send(port, [get("/")] * 3, connections=1)) == 3


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (b"HTTP/1.1 503 No\r\nContent-Length: 4\r\n\r\nbusy", "answered 503"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\nConnection: close\r\n\r\n", "got no answer"),
    ],
)
def test_a_request_that_is_not_answered_with_200_is_an_error(answer: bytes, problem: str) -> None:
    with server(answer) as port, pytest.raises(ToolingError, match=problem):
        send(port, [get("/")], connections=1)


def test_a_post_has_the_token_and_its_length() -> None:
    head, _, body = post("/v1/metrics", b"{}").partition(b"\r\n\r\n")
    assert body == b"{}"
    assert f"Authorization: Bearer {TOKEN}".encode() in head.split(b"\r\n")
    assert b"Content-Length: 2" in head.split(b"\r\n")


def test_cpu_time_is_that_of_the_process() -> None:
    before = time.process_time()
    measured = cpu_seconds([os.getpid()])
    assert before <= measured <= time.process_time()


def test_a_shop_whose_sums_do_not_arrive_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shop_module, "_ARRIVAL_SECONDS", 0.0)
    with Receiver() as receiver, server(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n") as port:
        worker: Any = SimpleNamespace(port=port, ask=lambda path: {"straight: kept": 2})
        shop = Shop(worker, worker, receiver)
        shop.require_exact(STRAIGHT)
        shop.sell([STRAIGHT, PLAIN, STRAIGHT])
        assert shop.sent_requests == 2
        with pytest.raises(ToolingError, match="straight: 7 sums are not what was counted") as failure:
            shop.require_exact(STRAIGHT)
    assert "2 x straight: kept" in failure.value.detail
