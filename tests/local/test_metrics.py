"""Metrics of the local server: in by OTLP, out by a scrape or a push, kept over a restart."""

from __future__ import annotations

import asyncio
import http.server
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from otel_worker.metrics.gateway import ingest_metrics
from otel_worker.otlp.response import JSON
from otel_worker_cli.local.metric_gateway import LocalGateway
from otel_worker_cli.sqlite import SqliteDatabase
from tests.e2e import test_metrics
from tests.e2e.collector import new_token
from tests.e2e.metric_collector import count, delta, request_of, scrape, total

# What pytest runs is what it finds here.
from tests.e2e.test_metrics import (  # noqa: F401
    collector,
    service,
    test_the_formats_have_the_same_samples,
    test_what_the_python_sdk_counts_is_on_the_page,
)
from tests.local.running import replaced, running_collector, running_metrics

WAIT_SECONDS = 20.0
TWO_DAYS_MS = 2 * 86_400_000


@pytest.fixture(scope="module", autouse=True)
def _local() -> Iterator[None]:
    """Let the Worker's tests start local servers."""
    with replaced((test_metrics, "running_metrics", running_metrics)):
        yield


class Prometheus:
    """Takes what is pushed to it, after it has said no once."""

    def __init__(self) -> None:
        self.bodies: list[dict[str, Any]] = []
        self.tokens: set[str | None] = set()
        self.has_two = threading.Event()
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.take(json.loads(body), self.headers["Authorization"])
                self.send_response(503 if len(receiver.bodies) == 1 else 200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *arguments: Any) -> None:
                """Say nothing."""

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)

    def take(self, body: dict[str, Any], token: str | None) -> None:
        self.bodies.append(body)
        self.tokens.add(token)
        if len(self.bodies) >= 2:
            self.has_two.set()


@pytest.fixture
def prometheus() -> Iterator[Prometheus]:
    """Yield a receiver of OTLP metrics."""
    receiver = Prometheus()
    thread = threading.Thread(target=receiver.server.serve_forever)
    thread.start()
    yield receiver
    receiver.server.shutdown()
    thread.join()
    receiver.server.server_close()


def test_a_refused_push_is_made_up_for(prometheus: Prometheus, tmp_path: Path) -> None:
    variables = {
        "PROMETHEUS_OTLP_ENDPOINT": f"http://127.0.0.1:{prometheus.server.server_port}/otlp",
        "PROMETHEUS_TOKEN": "pushing",
        "METRICS_FLUSH_SECONDS": "1",
    }
    with running_collector(tmp_path, variables=variables) as pushing:
        count(pushing, "shop", 5)
        assert prometheus.has_two.wait(WAIT_SECONDS)
        assert total(scrape(pushing), "hits_total", job="shop") == 5
    assert prometheus.tokens == {"Bearer pushing"}
    resource = prometheus.bodies[1]["resourceMetrics"][0]
    assert resource["resource"]["attributes"][0]["value"] == {"stringValue": "shop"}


def test_counters_go_on_after_a_restart(tmp_path: Path) -> None:
    token = new_token()
    for run in (1, 2):
        with running_collector(tmp_path, token) as running:
            count(running, "shop", 5)
            assert total(scrape(running), "hits_total", job="shop") == 5 * run


def test_a_service_whose_series_expired_is_forgotten() -> None:
    async def run() -> None:
        now_unix_ms = 1_800_000_000_000
        with SqliteDatabase(":memory:") as database:
            gateway = LocalGateway(database, False, lambda: now_unix_ms)
            body = request_of("old", delta("hits", 1))
            assert (await ingest_metrics(gateway, body, JSON)).rejected_count == 0
            gateway.expire()
            assert len(await gateway.collect()) == 1
            again = LocalGateway(database, False, lambda: now_unix_ms)
            assert len(await again.collect()) == 1
            now_unix_ms += TWO_DAYS_MS
            again.expire()
            assert await again.collect() == []
            assert await LocalGateway(database, False, lambda: now_unix_ms).collect() == []

    asyncio.run(run())


def test_a_name_that_is_no_text_is_a_service_too() -> None:
    async def run() -> None:
        with SqliteDatabase(":memory:") as database:
            gateway = LocalGateway(database, False, lambda: 1_800_000_000_000)
            result = await gateway.push("lone \ud800", "digest", [])
            assert result.rejected_count == 0

    asyncio.run(run())
