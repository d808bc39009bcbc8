"""Cumulative metrics of two services, and the pages that show them."""

from __future__ import annotations

from otel_worker.metric_model import (
    CUMULATIVE,
    GAUGE,
    HISTOGRAM,
    SUM,
    HistogramPoint,
    Metric,
    MetricGroup,
    NumberPoint,
    Point,
)
from otel_worker.metrics.exposition import render
from otel_worker.model import Attributes, Resource, Scope
from tests.samples import NOW_UNIX_NANO

START = NOW_UNIX_NANO + 123_000_000
CART = Resource({"service.name": "cart"})
CHECKOUT = Resource({"service.name": "checkout"})


def number(value: float, attributes: Attributes | None = None, time: int = NOW_UNIX_NANO) -> NumberPoint:
    return NumberPoint(attributes or {}, START, time, value)


def histogram(counts: list[int], bounds: list[float], total: float | None = 1.5) -> HistogramPoint:
    return HistogramPoint({}, START, NOW_UNIX_NANO, sum(counts), total, counts, bounds)


def counter(name: str, *points: Point, unit: str = "", description: str = "") -> Metric:
    return Metric(name, description, unit, SUM, CUMULATIVE, True, list(points))


def gauge(name: str, *points: Point, unit: str = "", description: str = "") -> Metric:
    return Metric(name, description, unit, GAUGE, 0, False, list(points))


def histogram_metric(name: str, *points: Point) -> Metric:
    return Metric(name, "", "", HISTOGRAM, CUMULATIVE, False, list(points))


def group(*metrics: Metric, resource: Resource = CART, scope: Scope | None = None) -> MetricGroup:
    return MetricGroup(resource, scope or Scope(), list(metrics))


def text(*groups: MetricGroup) -> str:
    return render(groups, openmetrics=False)


def openmetrics(*groups: MetricGroup) -> str:
    return render(groups, openmetrics=True)
