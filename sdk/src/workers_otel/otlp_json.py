"""Windows as OTLP: the JSON text of an ExportMetricsServiceRequest, delta temporality."""

from __future__ import annotations

import json
import os
from math import isfinite
from typing import Any

from workers_otel.attributes import ARRAY, INT, INT64_MAX, INT64_MIN, AttributeSet
from workers_otel.instruments import (
    COUNTER,
    GAUGE,
    HISTOGRAM,
    GaugePoint,
    HistogramPoint,
    Instrument,
    Point,
    Scope,
)
from workers_otel.window import Window

# AggregationTemporality of metrics.proto; enums are numbers in OTLP's JSON.
_DELTA = 1

_SPACES = str.maketrans("01", " \t")

Json = dict[str, Any]


def encode_request(resource: AttributeSet, window: Window, end_unix_nano: int) -> str:
    """Return the body of one POST that has all points of a window; no two bodies are equal.

    The gateway takes equal bodies for one that was sent twice. Those of two isolates could be: a Worker's
    clock has milliseconds, and both may have counted the same.
    """
    metrics: dict[Instrument, list[Json]] = {}
    times = {"startTimeUnixNano": str(window.start_unix_nano), "timeUnixNano": str(end_unix_nano)}
    for (instrument, attributes), point in window.points.items():
        data_point = _encode_point(instrument, point, times, end_unix_nano)
        data_point["attributes"] = _encode_attributes(attributes)
        metrics.setdefault(instrument, []).append(data_point)
    scopes: dict[Scope, list[Json]] = {}
    for instrument, points in metrics.items():
        scopes.setdefault(instrument.scope, []).append(_encode_metric(instrument, points))
    request = {
        "resourceMetrics": [
            {
                "resource": {"attributes": _encode_attributes(resource)},
                "scopeMetrics": [_encode_scope(scope, encoded) for scope, encoded in scopes.items()],
            }
        ]
    }
    return "{" + _random_space() + json.dumps(request, separators=(",", ":"))[1:]


def _random_space() -> str:
    """Return 64 random bits as white space, which means nothing to a reader of JSON."""
    return f"{int.from_bytes(os.urandom(8), 'big'):064b}".translate(_SPACES)


def _encode_scope(scope: Scope, metrics: list[Json]) -> Json:
    encoded: Json = {"name": scope.name, "version": scope.version}
    if scope.attributes:
        encoded["attributes"] = _encode_attributes(scope.attributes)
    scope_metrics: Json = {"scope": encoded, "metrics": metrics}
    if scope.schema_url:
        scope_metrics["schemaUrl"] = scope.schema_url
    return scope_metrics


def _encode_metric(instrument: Instrument, points: list[Json]) -> Json:
    metric: Json = {"name": instrument.name}
    if instrument.unit:
        metric["unit"] = instrument.unit
    if instrument.description:
        metric["description"] = instrument.description
    if instrument.kind == GAUGE:
        metric["gauge"] = {"dataPoints": points}
    elif instrument.kind == HISTOGRAM:
        metric["histogram"] = {"aggregationTemporality": _DELTA, "dataPoints": points}
    else:
        metric["sum"] = {
            "aggregationTemporality": _DELTA,
            "isMonotonic": instrument.kind == COUNTER,
            "dataPoints": points,
        }
    return metric


def _encode_point(instrument: Instrument, point: Point, times: Json, end_unix_nano: int) -> Json:
    if isinstance(point, HistogramPoint):
        return {
            **times,
            "count": str(sum(point.bucket_counts)),
            "sum": _encode_double(point.sum),
            "min": _encode_double(point.min),
            "max": _encode_double(point.max),
            "bucketCounts": [str(count) for count in point.bucket_counts],
            "explicitBounds": point.bounds,
        }
    value = point.value
    if instrument.is_float or not INT64_MIN <= value <= INT64_MAX:
        number: Json = {"asDouble": _encode_double(value)}
    else:
        number = {"asInt": str(value)}
    if isinstance(point, GaugePoint):
        return {"timeUnixNano": str(point.time_unix_nano or end_unix_nano), **number}
    return {**times, **number}


def _encode_double(value: float) -> float | str:
    """Return a double as JSON has it; a sum may be infinite, which protobuf's JSON spells out."""
    double = float(value)
    if isfinite(double):
        return double
    return "NaN" if double != double else "Infinity" if double > 0 else "-Infinity"


def _encode_attributes(attributes: AttributeSet) -> list[Json]:
    return [{"key": key, "value": _encode_value(kind, value)} for key, kind, value in attributes]


def _encode_value(kind: str, value: Any) -> Json:
    if kind == INT:
        return {kind: str(value)}
    if kind == ARRAY:
        return {kind: {"values": [_encode_value(*element) for element in value]}}
    return {kind: value}
