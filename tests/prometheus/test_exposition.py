"""The metrics page as a real Prometheus scrapes it: every sample arrives, with its labels, type and unit."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from math import inf, nan
from pathlib import Path
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families as parse_text

from otel_worker.metric_model import (
    CUMULATIVE,
    EXPONENTIAL_HISTOGRAM,
    SUMMARY,
    Buckets,
    ExponentialHistogramPoint,
    Metric,
    MetricGroup,
    SummaryPoint,
)
from otel_worker.metrics.exposition import render
from otel_worker.metrics.exposition_negotiation import negotiate
from otel_worker.model import Attributes, Resource, Scope
from otel_worker_cli.runtime.ports import LOOPBACK
from tests.core.metric_exposition_samples import (
    CHECKOUT,
    START,
    counter,
    gauge,
    group,
    histogram,
    histogram_metric,
    number,
)
from tests.prometheus.prometheus_server import PrometheusServer
from tests.prometheus.promql import METRIC_NAME
from tools.prometheus import Servers

SCRAPE_SECONDS = 60.0
"""How long the first scrape of a page that is asked for every second may take."""

HOSTILE: Attributes = {
    "path": 'C:\\DIR\n"x" {a="b"} # é\t\0',
    "__name__": "other",
    "": "empty",
    "2xx": True,
    "le": 1.5,
}
DESCRIPTION = '"Two"\n\\ lines'
CART = Resource(
    {"service.name": "cart", "service.namespace": "shop", "service.instance.id": "i-1", "os.x": 1}
)
EXPONENTIAL = ExponentialHistogramPoint(
    {}, START, START, 17, -2.5, 3, 3, Buckets(-20, [1, 0, 2, *[0] * 60, 5]), Buckets(0, [6])
)
QUANTILES = SummaryPoint({}, START, START, 3, 1.5, [(0.5, 1), (1, nan)])
GROUPS = [
    group(
        counter("http.requests", number(3, HOSTILE), number(2.5), unit="{request}", description=DESCRIPTION),
        gauge("temperature", number(nan), number(inf, {"k": 1}), number(-inf, {"k": 2}), unit="Cel"),
        gauge("memory.used", number(0.25), unit="1"),
        histogram_metric("size", histogram([1, 2, 3, 4, 5, 6], [-1.0, 0.005, 1.0, 100_000.0, 2_500_000.0])),
        Metric("work", "", "ms", EXPONENTIAL_HISTOGRAM, CUMULATIVE, False, [EXPONENTIAL]),
        Metric("rpc", "", "s", SUMMARY, 0, False, [QUANTILES]),
        resource=CART,
        scope=Scope("io.lib", "1.2", {"a.b": "c"}, schema_url="https://example.com/1"),
    ),
    group(
        counter("http.requests", number(2**40)),
        histogram_metric("temperature.celsius", histogram([1, 2], [1.0])),
        resource=CHECKOUT,
    ),
]  # fmt: skip


class Page(ThreadingHTTPServer):
    """A collector that only has the page; it keeps the Accept headers that it was sent."""

    def __init__(self, groups: list[MetricGroup]) -> None:
        super().__init__((LOOPBACK, 0), PageHandler)
        self.groups = groups
        self.accepts: list[str] = []


class PageHandler(BaseHTTPRequestHandler):
    server: Page

    def do_GET(self) -> None:
        accept = self.headers["Accept"]
        self.server.accepts.append(accept)
        wanted = negotiate(accept)
        body = render(self.server.groups, wanted.openmetrics).encode()
        self.send_response(200)
        self.send_header("Content-Type", wanted.content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: Any) -> None:
        """Say nothing: the test says what was asked for."""


@contextmanager
def scraped(page: Page, programs: Servers, folder: Path, settings: str) -> Iterator[PrometheusServer]:
    """Yield a Prometheus that has scraped the page; `settings` is a line of its scrape configuration."""
    config = folder / "prometheus.yml"
    config.write_text(f"""
scrape_configs:
  - job_name: gateway
    scrape_interval: 1s
    honor_labels: true
    {settings}
    static_configs: [{{targets: ["{LOOPBACK}:{page.server_port}"]}}]
""")
    thread = threading.Thread(target=page.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        with PrometheusServer(programs.prometheus, folder / "run", config=config) as prometheus:
            deadline = time.monotonic() + SCRAPE_SECONDS
            while not prometheus.query("up"):
                assert time.monotonic() < deadline, "no scrape was stored"
                time.sleep(0.1)
            yield prometheus
    finally:
        page.shutdown()
        thread.join()
        page.server_close()


@pytest.mark.parametrize(
    ("settings", "openmetrics"),
    [
        ("metrics_path: /metrics", True),
        ("scrape_protocols: [PrometheusText0.0.4]", False),
    ],
)
def test_prometheus_stores_every_sample_of_the_page(
    settings: str, openmetrics: bool, programs: Servers, tmp_path: Path
) -> None:
    page = Page(GROUPS)
    with scraped(page, programs, tmp_path, settings) as prometheus:
        target = targets(prometheus)
        assert (target["health"], target["lastError"]) == ("up", "")
        assert negotiate(page.accepts[0]).openmetrics == openmetrics
        stored = {
            frozenset(series.labels.items()): str(series.last.number)
            for series in prometheus.query('{job=~".*cart|checkout"}')
        }
        assert stored == expected_samples(render(GROUPS, openmetrics))
        assert prometheus.number("sum(otel_worker_dropped_series)") == 1
        assert metadata(prometheus, "size") == ("histogram", "", "")
        assert prometheus.number('histogram_quantile(1, {__name__="work_milliseconds_bucket"})') > 0
        name, unit = ("rpc_seconds", "seconds" if openmetrics else "")
        assert metadata(prometheus, name) == ("summary", "", unit)
        described = "http_requests" if openmetrics else "http_requests_total"
        assert metadata(prometheus, described)[:2] == ("counter", DESCRIPTION)


def expected_samples(page: str) -> dict[frozenset[tuple[str, str]], str]:
    """Return the samples of a page that belong to a service by their labels; one without a value is none."""
    return {
        frozenset(pair for pair in (*sample.labels.items(), (METRIC_NAME, sample.name)) if pair[1]):
        str(float(sample.value))
        for family in parse_text(page)
        for sample in family.samples
        if "job" in sample.labels
    }  # fmt: skip


def get(prometheus: PrometheusServer, path: str, **parameters: str) -> Any:
    return httpx.get(prometheus.url + path, params=parameters, trust_env=False, timeout=30).json()["data"]


def targets(prometheus: PrometheusServer) -> dict[str, Any]:
    (target,) = get(prometheus, "/api/v1/targets")["activeTargets"]
    assert isinstance(target, dict)
    return target


def metadata(prometheus: PrometheusServer, family: str) -> tuple[str, str, str]:
    """Return type, description and unit that Prometheus knows of a family."""
    (known,) = get(prometheus, "/api/v1/metadata", metric=family)[family]
    return known["type"], known["help"], known["unit"]
