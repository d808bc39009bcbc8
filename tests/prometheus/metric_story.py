"""What is counted through the gateway in the tests with a real Prometheus, and what it then has to show."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from tests.e2e.collector import Collector
from tests.e2e.metric_collector import delta, push, request_of
from tests.prometheus.prometheus_server import PrometheusServer
from tests.prometheus.promql import Series

SERVICE = "shop"
WAIT_SECONDS = 90.0
# Of the latencies: 60 % below 10 ms, 90 % below 100 ms.
BOUNDS = [10.0, 100.0, 1000.0]


def count_requests(collector: Collector, requests: int) -> None:
    """Push so many requests, ten in a push: a counter by plan and a histogram of latencies."""
    assert requests % 10 == 0
    for _ in range(requests // 10):
        now = time.time_ns()
        latency: dict[str, Any] = {
            "startTimeUnixNano": str(now - 10**9),
            "timeUnixNano": str(now),
            "count": "10",
            "sum": 600.0,
            "bucketCounts": ["6", "3", "1", "0"],
            "explicitBounds": BOUNDS,
        }
        histogram = {"aggregationTemporality": 1, "dataPoints": [latency]}
        metrics = [
            delta("http.requests", 7, {"plan": "free"}),
            delta("http.requests", 3, {"plan": "pro"}),
            {"name": "latency", "unit": "ms", "histogram": histogram},
        ]
        answer = push(collector, request_of(SERVICE, *metrics))
        assert (answer.status_code, answer.content) == (200, b"{}"), answer.text


def wait_for_requests(prometheus: PrometheusServer, requests: int) -> None:
    """Return when Prometheus shows so many."""
    wait_until(lambda: _shown(prometheus) == requests, lambda: f"{_shown(prometheus)} of {requests}")


def wait_until(is_so: Callable[[], bool], problem: Callable[[], str]) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while not is_so():
        assert time.monotonic() < deadline, problem()
        time.sleep(0.1)


def series_of(prometheus: PrometheusServer, selector: str) -> Series:
    """Return all samples of one series."""
    (series,) = prometheus.query(f"{selector}[1h]")
    return series


def check_requests(prometheus: PrometheusServer, requests: int, *, starts_with_zero: bool) -> None:
    """Fail unless every series has exactly what was counted, was never reset, and can be asked for rates."""
    expected = {
        'http_requests_total{job="shop", plan="free"}': requests * 7 // 10,
        'http_requests_total{job="shop", plan="pro"}': requests * 3 // 10,
        'latency_milliseconds_count{job="shop"}': requests,
        'latency_milliseconds_sum{job="shop"}': requests * 60,
        # Scraped it is 10.0; what Prometheus makes of OTLP is 10.
        'latency_milliseconds_bucket{job="shop", le=~"10|10[.]0"}': requests * 6 // 10,
        'latency_milliseconds_bucket{job="shop", le="+Inf"}': requests,
    }
    for selector, value in expected.items():
        series = series_of(prometheus, selector)
        first, last = series.points[0], series.last
        assert (last.number, starts_with_zero) == (value, first.number == 0), selector
        assert series.numbers == sorted(series.numbers), selector
        assert prometheus.number(f"resets({selector}[1h])") == 0
        # At the moment of a sample nothing is extrapolated behind it, and before a zero there is nothing.
        if starts_with_zero:
            assert prometheus.number(f"increase({selector}[1h])", at=last.unix_seconds) == value, selector
    quantile = 'histogram_quantile({}, sum by (le) (rate(latency_milliseconds_bucket{{job="shop"}}[1h])))'
    at = series_of(prometheus, 'latency_milliseconds_count{job="shop"}').last.unix_seconds
    # Linear inside a bucket: the middle of the second one is where 75 % are.
    found = [prometheus.number(quantile.format(share), at=at) for share in (0.3, 0.75, 0.95)]
    assert [round(value, 6) for value in found] == [5.0, 55.0, 550.0]
    by_plan = prometheus.query("sum by (plan) (rate(http_requests_total[1h]))", at=at)
    rates = {series.labels["plan"]: series.last.number for series in by_plan}
    assert round(rates["free"] / rates["pro"], 6) == round(7 / 3, 6)


def _shown(prometheus: PrometheusServer) -> float:
    shown = prometheus.query('sum(http_requests_total{job="shop"})')
    return shown[0].last.number if shown else 0
