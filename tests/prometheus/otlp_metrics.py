"""OTLP export requests of metrics in JSON, as the tests push them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

DELTA, CUMULATIVE = 1, 2
"""AggregationTemporality of opentelemetry/proto/metrics/v1/metrics.proto."""


def request(metrics: Sequence[Mapping[str, Any]], resource: Mapping[str, str], scope: str = "test") -> bytes:
    """Return the body of one export request: one resource, one scope."""
    return json.dumps(
        {
            "resourceMetrics": [
                {
                    "resource": {"attributes": _attributes(resource)},
                    "scopeMetrics": [{"scope": {"name": scope}, "metrics": list(metrics)}],
                }
            ]
        }
    ).encode()


def counter(
    name: str, points: Sequence[Mapping[str, Any]], temporality: int, unit: str = "1"
) -> dict[str, Any]:
    """Return a monotonic sum of the points that `number_point` makes."""
    sum_ = {"aggregationTemporality": temporality, "isMonotonic": True, "dataPoints": list(points)}
    return {"name": name, "unit": unit, "sum": sum_}


def gauge(name: str, points: Sequence[Mapping[str, Any]], unit: str = "1") -> dict[str, Any]:
    return {"name": name, "unit": unit, "gauge": {"dataPoints": list(points)}}


def histogram(
    name: str, points: Sequence[Mapping[str, Any]], temporality: int, unit: str = "s"
) -> dict[str, Any]:
    """Return a histogram of the points that `bucket_point` makes."""
    content = {"aggregationTemporality": temporality, "dataPoints": list(points)}
    return {"name": name, "unit": unit, "histogram": content}


def exponential_histogram(
    name: str, points: Sequence[Mapping[str, Any]], temporality: int, unit: str = "s"
) -> dict[str, Any]:
    """Return an exponential histogram of the points that `exponential_point` makes."""
    content = {"aggregationTemporality": temporality, "dataPoints": list(points)}
    return {"name": name, "unit": unit, "exponentialHistogram": content}


def number_point(
    value: float, start_unix_nano: int, time_unix_nano: int, attributes: Mapping[str, str] | None = None
) -> dict[str, Any]:
    return {**_times(start_unix_nano, time_unix_nano, attributes), "asDouble": value}


def bucket_point(
    bounds: Sequence[float],
    counts: Sequence[int],
    sum_: float,
    start_unix_nano: int,
    time_unix_nano: int,
    attributes: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Return a point of an explicit histogram: one count more than bounds."""
    return {
        **_times(start_unix_nano, time_unix_nano, attributes),
        "count": str(sum(counts)),
        "sum": sum_,
        "explicitBounds": list(bounds),
        "bucketCounts": [str(count) for count in counts],
    }


def exponential_point(
    scale: int,
    offset: int,
    counts: Sequence[int],
    sum_: float,
    start_unix_nano: int,
    time_unix_nano: int,
    attributes: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Return a point of an exponential histogram with positive buckets from `offset` on."""
    return {
        **_times(start_unix_nano, time_unix_nano, attributes),
        "count": str(sum(counts)),
        "sum": sum_,
        "scale": scale,
        "zeroCount": "0",
        "positive": {"offset": offset, "bucketCounts": [str(count) for count in counts]},
    }


def _times(start_unix_nano: int, time_unix_nano: int, attributes: Mapping[str, str] | None) -> dict[str, Any]:
    times = {"startTimeUnixNano": str(start_unix_nano), "timeUnixNano": str(time_unix_nano)}
    return {**times, "attributes": _attributes(attributes or {})}


def _attributes(attributes: Mapping[str, str]) -> list[dict[str, Any]]:
    return [{"key": key, "value": {"stringValue": value}} for key, value in attributes.items()]
