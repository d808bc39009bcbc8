"""What Prometheus 3 does with OTLP metrics that come through the proxy, as docs and examples rely on it."""

from __future__ import annotations

import gzip
import time
from pathlib import Path

import pytest

from tests.prometheus.conftest import Pair
from tests.prometheus.otlp_metrics import (
    CUMULATIVE,
    DELTA,
    bucket_point,
    counter,
    exponential_histogram,
    exponential_point,
    gauge,
    histogram,
    number_point,
    request,
)
from tests.prometheus.prometheus_server import PrometheusServer
from tools.prometheus import Prometheus

SECOND = 1_000_000_000
JSON = "application/json"


@pytest.fixture(scope="session")
def now() -> int:
    """Return one present for all tests, in whole seconds as Unix nanoseconds."""
    return time.time_ns() // SECOND * SECOND


def cumulative(name: str, value: float, start: int, at: int, resource: dict[str, str] | None = None) -> bytes:
    points = [number_point(value, start, at)]
    return request([counter(name, points, CUMULATIVE)], resource or {"service.name": "test"})


def test_a_push_through_the_proxy_can_be_queried(otlp_pair: Pair, now: int) -> None:
    prometheus, caddy = otlp_pair.prometheus, otlp_pair.caddy
    body = cumulative("pushed", 5, now - 9 * SECOND, now - SECOND)
    assert caddy.push(body).status_code == 401
    assert prometheus.query("pushed_total") == []
    assert caddy.push(body, Authorization=caddy.authorization).status_code == 200
    assert prometheus.number("pushed_total") == 5.0
    packed = gzip.compress(cumulative("pushed", 8, now - 9 * SECOND, now))
    headers = {"Authorization": caddy.authorization, "Content-Encoding": "gzip"}
    assert caddy.push(packed, **headers).status_code == 200
    assert prometheus.query("pushed_total[1m]")[0].numbers == [5.0, 8.0]


def test_resource_attributes_become_job_instance_and_labels(otlp_pair: Pair, now: int) -> None:
    resource = {
        "service.name": "shop",
        "service.namespace": "eu",
        "service.instance.id": "isolate-1",
        "host.name": "not-promoted",
    }
    points = [number_point(1, now - SECOND, now, {"http.route": "/cart"})]
    body = request([counter("http.server.calls", points, CUMULATIVE, unit="{call}")], resource)
    assert otlp_pair.prometheus.push(body).status_code == 200
    (series,) = otlp_pair.prometheus.query('{job="eu/shop", __name__!="target_info"}')
    assert series.labels == {
        "__name__": "http_server_calls_total",
        "job": "eu/shop",
        "instance": "isolate-1",
        "service_name": "shop",
        "service_namespace": "eu",
        "service_instance_id": "isolate-1",
        "http_route": "/cart",
    }
    (target,) = otlp_pair.prometheus.query('target_info{job="eu/shop"}')
    assert target.labels["host_name"] == "not-promoted"


def test_a_repeated_sample_is_taken_and_another_value_at_its_time_is_refused(
    otlp_pair: Pair, now: int
) -> None:
    prometheus, start = otlp_pair.prometheus, now - 60 * SECOND
    for _attempt in range(2):
        assert prometheus.push(cumulative("twice", 10, start, now)).status_code == 200
    refused = prometheus.push(cumulative("twice", 11, start, now))
    assert refused.status_code == 400
    assert "duplicate sample for timestamp" in refused.text
    assert prometheus.query("twice_total[5m]")[0].numbers == [10.0]


def test_one_refused_sample_refuses_the_whole_request(otlp_pair: Pair, now: int) -> None:
    prometheus = otlp_pair.prometheus
    assert prometheus.push(cumulative("whole", 1, now - SECOND, now)).status_code == 200
    metrics = [
        counter("bystander", [number_point(1, now - SECOND, now)], CUMULATIVE),
        counter("whole", [number_point(2, now - SECOND, now)], CUMULATIVE),
    ]
    assert prometheus.push(request(metrics, {"service.name": "test"})).status_code == 400
    assert prometheus.query("bystander_total") == []


def test_samples_of_the_last_ten_minutes_may_come_late(otlp_pair: Pair, now: int) -> None:
    prometheus, start = otlp_pair.prometheus, now - 3600 * SECOND
    assert prometheus.push(cumulative("late", 15, start, now)).status_code == 200
    assert prometheus.push(cumulative("late", 12, start, now - 300 * SECOND)).status_code == 200
    assert prometheus.query("late_total[10m]")[0].numbers == [12.0, 15.0]
    too_late = prometheus.push(cumulative("late", 1, start, now - 1200 * SECOND))
    assert (too_late.status_code, too_late.text) == (500, "too old sample\n")


def test_a_delta_is_dropped_without_a_word_when_nothing_converts_it(otlp_pair: Pair, now: int) -> None:
    metrics = [
        counter("dropped", [number_point(5, now - SECOND, now)], DELTA),
        gauge("kept", [number_point(1, 0, now)], unit="s"),
    ]
    assert otlp_pair.prometheus.push(request(metrics, {"service.name": "test"})).status_code == 200
    assert otlp_pair.prometheus.query("dropped_total") == []
    assert otlp_pair.prometheus.number("kept_seconds") == 1.0
    assert 'invalid temporality and type combination for metric \\"dropped\\"' in (
        otlp_pair.prometheus.process.log()
    )


def test_the_quantile_of_an_explicit_histogram(otlp_pair: Pair, now: int) -> None:
    for at, factor in ((now - 20 * SECOND, 1), (now, 2)):
        counts = [factor * count for count in (1, 2, 3, 4)]
        point = bucket_point([0.1, 0.5, 1.0], counts, 7.5 * factor, now - 30 * SECOND, at)
        body = request([histogram("latency", [point], CUMULATIVE)], {"service.name": "test"})
        assert otlp_pair.prometheus.push(body).status_code == 200
    quantile = "histogram_quantile(0.5, rate(latency_seconds_bucket[1m]))"
    assert otlp_pair.prometheus.number(quantile, at=now / SECOND) == pytest.approx(0.5 + 0.5 * 2 / 3)


def test_an_exponential_histogram_needs_native_histograms(
    otlp_prometheus: Prometheus, otlp_pair: Pair, now: int, tmp_path: Path
) -> None:
    point = exponential_point(3, -2, [1, 2, 3, 4], 7.5, now - 30 * SECOND, now)
    body = request([exponential_histogram("native", [point], CUMULATIVE)], {"service.name": "test"})
    refused = otlp_pair.prometheus.push(body)
    assert (refused.status_code, refused.text) == (500, "native histograms are disabled\n")
    with PrometheusServer(otlp_prometheus, tmp_path, features=["native-histograms"]) as prometheus:
        assert prometheus.push(body).status_code == 200
        (series,) = prometheus.query("native_seconds")
        value = series.last.histogram
        assert (value.count, value.sum) == (10.0, 7.5)
        assert [count for _lower, _upper, count in value.buckets] == [1.0, 2.0, 3.0, 4.0]


@pytest.mark.parametrize("content_type", ["application/json; charset=utf-8", "text/plain"])
def test_the_content_type_has_to_be_exact(otlp_pair: Pair, content_type: str) -> None:
    assert otlp_pair.prometheus.push(b"{}", content_type=content_type).status_code == 400
    assert otlp_pair.prometheus.push(b"{}", content_type=JSON).status_code == 200
