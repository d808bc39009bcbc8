"""Pages of random metrics, read back by the parsers of Prometheus' own Python client."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from math import isnan
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.metrics_core import Metric as ParsedFamily
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text

from otel_worker.metric_model import (
    CUMULATIVE,
    EXPONENTIAL_HISTOGRAM,
    GAUGE,
    HISTOGRAM,
    SUM,
    SUMMARY,
    Buckets,
    ExponentialHistogramPoint,
    HistogramPoint,
    Metric,
    MetricGroup,
    NumberPoint,
    Point,
    SummaryPoint,
)
from otel_worker.metrics.exposition import render
from otel_worker.metrics.naming import family_name, prometheus_type
from otel_worker.metrics.naming_labels import attribute_labels, group_labels, merge_labels
from otel_worker.model import Resource, Scope, Value

Labels = frozenset[tuple[str, str]]
Samples = dict[tuple[str, Labels], float]

# Some meet in one family or claim each other's names; some are hostile.
NAMES = st.sampled_from(["a", "a.b", "a_b", "a_b_total", "a_b_count", "a_b_bucket", "a_b_info"]) | st.text()
UNITS = st.sampled_from(["", "1", "s", "By/s", "{x}"]) | st.text(max_size=3)
TEXTS = st.text(max_size=8) | st.sampled_from(['"', "\\", "\n", "\\n", "{", "}", ",", "=", " # ", 'a="b"'])
KEYS = st.sampled_from(["le", "quantile", "job", "a.b", "a_b", "__name__"]) | st.text(max_size=4)
VALUES: st.SearchStrategy[Value] = st.one_of(
    TEXTS, st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.none(),
    st.lists(TEXTS, max_size=2).map(list[Value]),
)  # fmt: skip
ATTRIBUTES = st.dictionaries(KEYS, VALUES, max_size=3)
COUNTS = st.integers(0, 2**64)
STARTS = st.sampled_from([0, 1, 1_767_225_600_123_456_789])
TOTALS = st.none() | st.floats(allow_infinity=False)


@st.composite
def histogram_points(draw: st.DrawFn) -> HistogramPoint:
    bounds = sorted(draw(st.sets(st.floats(allow_nan=False, allow_infinity=False), max_size=4)))
    counts = [draw(COUNTS) for _ in range(len(bounds) + 1)]
    return HistogramPoint({}, draw(STARTS), 1, sum(counts), draw(TOTALS), counts, bounds)


@st.composite
def exponential_points(draw: st.DrawFn) -> ExponentialHistogramPoint:
    positive, negative = (
        Buckets(draw(st.integers(-50, 50)), draw(st.lists(COUNTS, max_size=9))) for _ in range(2)
    )
    zero_count = draw(COUNTS)
    count = sum(positive.counts) + sum(negative.counts) + zero_count
    return ExponentialHistogramPoint(
        {}, draw(STARTS), 1, count, draw(TOTALS), draw(st.integers(-2, 20)), zero_count, positive, negative
    )


QUANTILES = st.lists(st.tuples(st.floats(0, 1), st.just(float("nan")) | st.floats(0)), max_size=3)
POINTS: dict[str, st.SearchStrategy[Any]] = {
    GAUGE: st.builds(NumberPoint, st.just({}), STARTS, st.just(1), st.floats() | st.integers()),
    SUM: st.builds(NumberPoint, st.just({}), STARTS, st.just(1), st.floats(0) | COUNTS),
    HISTOGRAM: histogram_points(),
    EXPONENTIAL_HISTOGRAM: exponential_points(),
    SUMMARY: st.builds(SummaryPoint, st.just({}), STARTS, st.just(1), COUNTS, st.floats(0), QUANTILES),
}


@st.composite
def exports(draw: st.DrawFn) -> list[MetricGroup]:
    """Return groups in which no two points have the same labels: each has a number as an attribute."""
    groups: list[MetricGroup] = []
    number = 0
    for _ in range(draw(st.integers(0, 3))):
        resource = Resource({**draw(ATTRIBUTES), "service.name": draw(TEXTS)})
        scope = Scope(draw(TEXTS), draw(TEXTS), draw(ATTRIBUTES))
        metrics: list[Metric] = []
        for kind in draw(st.lists(st.sampled_from(sorted(POINTS)), max_size=3)):
            points = draw(st.lists(POINTS[kind], max_size=2))
            for point in points:
                number += 1
                point.attributes = {**draw(ATTRIBUTES), "number": number}
            monotonic = kind == SUM and draw(st.booleans())
            metrics.append(Metric(draw(NAMES), draw(TEXTS), draw(UNITS), kind, CUMULATIVE, monotonic, points))
        groups.append(MetricGroup(resource, scope, metrics))
    return groups


def samples_of(metric: Metric, point: Point, labels: Labels, openmetrics: bool) -> Samples | None:
    """Return what one point has to become, or None if the formats have no form for it."""
    family, type_name = family_name(metric), prometheus_type(metric)
    if family is None:
        return None
    name = family.name
    samples: Samples = {}
    if openmetrics and type_name != "gauge" and point.start_unix_nano:
        samples[f"{name}_created", labels] = point.start_unix_nano / 1e9
    if isinstance(point, NumberPoint):
        samples[f"{name}_total" if type_name == "counter" else name, labels] = point.value
    elif isinstance(point, SummaryPoint):
        samples[f"{name}_sum", labels], samples[f"{name}_count", labels] = point.sum, point.count
        samples |= {(name, labels | {("quantile", str(at))}): value for at, value in point.quantiles}
    else:
        bounds = point.bounds if isinstance(point, HistogramPoint) else []
        samples[f"{name}_bucket", labels | {("le", "inf")}] = point.count
        for index, bound in enumerate(bounds):
            assert isinstance(point, HistogramPoint)
            below = sum(point.bucket_counts[: index + 1])
            samples[f"{name}_bucket", labels | {("le", str(bound + 0.0))}] = below
        may_fall = point.sum is None or not point.sum >= 0 or min(bounds, default=0) < 0
        if point.sum is not None and not (openmetrics and may_fall):
            samples[f"{name}_sum", labels] = point.sum
        if not (openmetrics and may_fall):
            samples[f"{name}_count", labels] = point.count
    return samples


def series_of(
    groups: Iterable[MetricGroup], openmetrics: bool
) -> Iterable[tuple[Labels, Metric, Samples | None]]:
    for group in groups:
        own = group_labels(group.resource, group.scope)
        for metric in group.metrics:
            reserved = {"histogram": "le", "summary": "quantile"}.get(prometheus_type(metric), "")
            for point in metric.points:
                labels = frozenset(merge_labels([*own, *attribute_labels(point.attributes, reserved)]))
                yield labels, metric, samples_of(metric, point, labels, openmetrics)


OWN_LABELS = {("histogram", "_bucket"): "le", ("summary", ""): "quantile"}


def read(families: Iterable[ParsedFamily]) -> tuple[Samples, int]:
    """Return the samples of a page, bounds as Python writes them, and how many series it says are missing."""
    samples: Samples = {}
    missing = 0
    for family in families:
        for sample in family.samples:
            labels = dict(sample.labels)
            own = OWN_LABELS.get((family.type, sample.name.removeprefix(family.name)))
            if own:
                labels[own] = str(float(labels[own]))
            if sample.name == "otel_worker_dropped_series":
                missing += int(sample.value)
            elif sample.name != "target_info":
                key = (sample.name, frozenset(labels.items()))
                assert key not in samples
                samples[key] = sample.value
    return samples, missing


def is_same(one: float, other: float) -> bool:
    return one == other or (isnan(one) and isnan(other))


@pytest.mark.parametrize(("openmetrics", "parse"), [(False, parse_text), (True, parse_openmetrics)])
@given(groups=exports())
def test_prometheus_reads_what_the_metrics_say(
    groups: list[MetricGroup], openmetrics: bool, parse: Callable[[str], Iterable[ParsedFamily]]
) -> None:
    families = list(parse(render(groups, openmetrics)))
    assert len({(family.name, family.type) for family in families}) == len(families)
    found, missing = read(families)
    absent_count = 0
    for labels, metric, expected in series_of(groups, openmetrics):
        if expected is None or not any(key in found for key in expected):
            absent_count += 1
            continue
        actual = {key: found.pop(key) for key in list(found) if labels <= key[1]}
        if metric.kind == EXPONENTIAL_HISTOGRAM:
            # Its bounds are those of the whole family: test_metric_exposition_buckets.py.
            actual = {key: value for key, value in actual.items() if key in expected}
            expected = {key: value for key, value in expected.items() if key in actual}
        assert actual.keys() == expected.keys()
        assert all(is_same(actual[key], expected[key]) for key in expected)
    assert found == {}
    assert absent_count == missing
