"""Looks into what was received."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from opentelemetry.proto.common.v1.common_pb2 import AnyValue
from opentelemetry.proto.metrics.v1.metrics_pb2 import Metric

from tests.sdk.receiver import Received


def metrics_of(received: Received) -> Iterator[Metric]:
    for resource_metrics in received.parse().resource_metrics:
        for scope_metrics in resource_metrics.scope_metrics:
            yield from scope_metrics.metrics


def counts(received: Received) -> dict[str, float]:
    """Return the sums, by the name of the metric, over all attributes."""
    totals: dict[str, float] = {}
    for metric in metrics_of(received):
        for point in metric.sum.data_points:
            value = point.as_int if point.HasField("as_int") else point.as_double
            totals[metric.name] = totals.get(metric.name, 0) + value
    return totals


def attributes_of(point: Any) -> dict[str, Any]:
    """Return the attributes of a data point or resource as plain values."""
    return {attribute.key: plain_value(attribute.value) for attribute in point.attributes}


def plain_value(value: AnyValue) -> Any:
    kind = str(value.WhichOneof("value"))
    if kind == "array_value":
        return [plain_value(element) for element in value.array_value.values]
    return getattr(value, kind)


def data_points(received: Received) -> dict[str, list[tuple[dict[str, Any], Any]]]:
    """Return the attributes and points of all metrics, by name."""
    points: dict[str, list[tuple[dict[str, Any], Any]]] = {}
    for metric in metrics_of(received):
        data = getattr(metric, str(metric.WhichOneof("data")))
        points.setdefault(metric.name, []).extend((attributes_of(point), point) for point in data.data_points)
    return points
