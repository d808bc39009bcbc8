"""Metrics in JSON: the model of the same request in protobuf, and a path in every refusal."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_worker.errors import FieldViolation, InvalidOtlp
from otel_worker.metric_model import (
    Buckets,
    ExponentialHistogramPoint,
    HistogramPoint,
    Metric,
    MetricExport,
    MetricGroup,
    NumberPoint,
    Point,
    SummaryPoint,
)
from otel_worker.model import Resource, Scope
from otel_worker.otlp.metric_builder import MAX_BUCKETS
from otel_worker.otlp.metric_json_decoder import decode_metrics_json
from otel_worker.otlp.metric_protobuf_decoder import decode_metrics_protobuf
from tests.core.metric_oracle import expected_groups, metrics_as_json
from tests.core.metric_samples import PATH, TIME, metric_json, point_json, rich_metrics_request
from tests.core.metric_strategies import metric_requests

RICH = metrics_as_json(rich_metrics_request(with_exemplars=False))


def decode_point(kind: str, **fields: Any) -> Point:
    """Return the only point of a request whose point has these fields."""
    export = decode_metrics_json(point_json(kind, **fields))
    assert export.rejections == []
    return export.groups[0].metrics[0].points[0]


@given(metric_requests(), st.booleans())
def test_a_request_in_json_becomes_the_model_of_the_same_in_protobuf(
    request: Any, defaults_too: bool
) -> None:
    export = decode_metrics_json(metrics_as_json(request, defaults_too=defaults_too))
    assert repr(export) == repr(MetricExport(expected_groups(request), 0, []))


@pytest.mark.parametrize("with_exemplars", [True, False])
def test_every_field_of_every_message_is_decoded(with_exemplars: bool) -> None:
    request = rich_metrics_request(with_exemplars=with_exemplars)
    export = decode_metrics_json(metrics_as_json(request))
    assert repr(export) == repr(decode_metrics_protobuf(request.SerializeToString()))


# The counter of the example in opentelemetry-proto, examples/metrics.json, in the words of its JSON mapping.
def test_a_counter_by_hand() -> None:
    body = b"""{"resourceMetrics": [{
      "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "my.service"}}]},
      "scopeMetrics": [{
        "scope": {"name": "my.library", "version": "1.0.0"},
        "metrics": [{
          "name": "my.counter", "unit": "1", "description": "I am a Counter",
          "sum": {"aggregationTemporality": 1, "isMonotonic": true, "dataPoints": [{
            "asDouble": 5, "startTimeUnixNano": "1544712660300000000", "timeUnixNano": "1544712660300000001",
            "attributes": [{"key": "my.counter.attr", "value": {"stringValue": "some value"}}]
          }]}
        }]
      }]
    }]}"""
    point = NumberPoint({"my.counter.attr": "some value"}, 1544712660300000000, 1544712660300000001, 5.0)
    metric = Metric("my.counter", "I am a Counter", "1", "sum", 1, True, [point])
    group = MetricGroup(Resource({"service.name": "my.service"}), Scope("my.library", "1.0.0"), [metric])
    assert repr(decode_metrics_json(body)) == repr(MetricExport([group], 0, []))


def test_unknown_keys_are_ignored_at_every_level() -> None:
    def with_unknown(value: Any) -> Any:
        if isinstance(value, dict):
            return {"unknown": {"a": [1, None]}, **{key: with_unknown(item) for key, item in value.items()}}
        return [with_unknown(item) for item in value] if isinstance(value, list) else value

    body = json.dumps(with_unknown(json.loads(RICH))).encode()
    assert decode_metrics_json(body) == decode_metrics_json(RICH)


@pytest.mark.parametrize(
    "body",
    [
        b"{}",
        b' {"resourceMetrics": null}\n',
        b'{"resourceMetrics":[{"resource":null,"scopeMetrics":[{"scope":null,"metrics":[]},{}]},{}]}',
        b'{"resource_metrics":[{"scopeMetrics":[{"metrics":[{}]}]}]}',
        metric_json(gauge={}),
        metric_json(sum={"dataPoints": []}),
        metric_json(histogram={"dataPoints": None}, gauge=None),
        metric_json(exponentialHistogram={}),
        metric_json(summary={}),
    ],
    ids=[
        "empty", "null", "no metrics", "a name from the .proto", "an empty gauge", "an empty sum",
        "an empty histogram", "an empty exponential histogram", "an empty summary",
    ],
)  # fmt: skip
def test_empty_envelopes_are_an_empty_export(body: bytes) -> None:
    assert decode_metrics_json(body) == MetricExport([], 0, [])


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"asInt": "-9223372036854775808"}, -(2**63)),
        ({"asInt": 9223372036854775807}, 2**63 - 1),
        ({"asInt": 0}, 0),
        ({"asDouble": 3}, 3.0),
        ({"asDouble": "2.5"}, 2.5),
        ({"asDouble": "NaN"}, float("nan")),
        ({"asDouble": "-Infinity"}, float("-inf")),
        ({"asDouble": 1.5, "asInt": None}, 1.5),
        ({"flags": 1}, 0),
    ],
    ids=[
        "smallest int as text", "largest int as number", "zero", "whole double", "double as text", "NaN",
        "-Infinity", "null beside a value", "no recorded value",
    ],
)  # fmt: skip
def test_a_value_is_decoded_by_its_kind(fields: dict[str, Any], expected: float) -> None:
    point = decode_point("gauge", **fields)
    assert isinstance(point, NumberPoint)
    assert repr(point.value) == repr(expected)


@pytest.mark.parametrize("form", [str, int])
def test_integers_are_exact_as_text_and_as_numbers(form: Any) -> None:
    large = 2**64 - 1
    histogram = decode_point(
        "histogram",
        startTimeUnixNano=form(2**63 - 1),
        count=form(large),
        bucketCounts=[form(large), form(0)],
        explicitBounds=[1, ] if form is int else ["1"],
        flags=form(2**32 - 1),
    )  # fmt: skip
    expected = HistogramPoint({}, 2**63 - 1, TIME, large, None, [large, 0], [1.0], flags=2**32 - 1)
    assert repr(histogram) == repr(expected)
    exponential = decode_point(
        "exponentialHistogram",
        count=form(7),
        scale=form(-1),
        zeroCount=form(4),
        positive={"offset": form(-2), "bucketCounts": [form(3)]},
        negative={},
    )
    assert exponential == ExponentialHistogramPoint(
        {}, 0, TIME, 7, None, -1, 4, Buckets(-2, [3]), Buckets(0, [])
    )


def test_what_is_left_out_or_null_has_its_default() -> None:
    nulls = ("attributes", "startTimeUnixNano", "flags", "count", "sum", "min", "max")
    absent: dict[str, Any] = dict.fromkeys(nulls)
    histogram = HistogramPoint({}, 0, TIME, 0, None, [], [])
    assert decode_point("histogram") == histogram
    assert decode_point("histogram", **absent, bucketCounts=None, explicitBounds=None) == histogram
    exponential = ExponentialHistogramPoint({}, 0, TIME, 0, None, 0, 0, Buckets(), Buckets())
    more = ("scale", "zeroCount", "positive", "negative", "zeroThreshold")
    assert decode_point("exponentialHistogram") == exponential
    assert decode_point("exponentialHistogram", **absent, **dict.fromkeys(more)) == exponential
    assert decode_point("summary", quantileValues=[{}]) == SummaryPoint({}, 0, TIME, 0, 0.0, [(0.0, 0.0)])


def test_of_several_kinds_of_data_the_first_of_the_proto_stays() -> None:
    body = metric_json(summary={}, gauge={"dataPoints": [{"timeUnixNano": TIME, "asInt": 1}]})
    assert [metric.kind for metric in decode_metrics_json(body).groups[0].metrics] == ["gauge"]


@pytest.mark.parametrize("count", [MAX_BUCKETS, MAX_BUCKETS + 1, 3 * MAX_BUCKETS])
def test_a_point_has_10000_buckets_at_most(count: int) -> None:
    bounds = list(range(count - 1))
    body = point_json("histogram", bucketCounts=["1"] * count, explicitBounds=bounds, count=count)
    expected = ["must not be more than 10000"] * (count > MAX_BUCKETS)
    assert [violation.description for violation in decode_metrics_json(body).rejections] == expected
    body = point_json("exponentialHistogram", scale=20, count=count, positive={"bucketCounts": [1] * count})
    assert [violation.description for violation in decode_metrics_json(body).rejections] == expected


POINT = f"{PATH}.histogram.dataPoints[0]"
INT64 = f"expected an integer from {-(2**63)} to {2**63 - 1}, found"
REFUSED = {
    "an array": (b"[]", "", "Expected `object`, got `array`"),
    "name": (metric_json(name=3), f"{PATH}.name", "Expected `str | null`, got `int`"),
    "temporality by name": (
        metric_json(sum={"aggregationTemporality": "AGGREGATION_TEMPORALITY_DELTA"}),
        f"{PATH}.sum.aggregationTemporality",
        "Expected `int | null`, got `str`",
    ),
    "monotony": (
        metric_json(sum={"isMonotonic": "true"}),
        f"{PATH}.sum.isMonotonic",
        "Expected `bool | null`, got `str`",
    ),
    "points that are none": (
        metric_json(gauge={"dataPoints": [None]}),
        f"{PATH}.gauge.dataPoints[0]",
        "Expected `object`, got `null`",
    ),
    "a time as words": (
        point_json("gauge", timeUnixNano="now"),
        f"{PATH}.gauge.dataPoints[0]",
        "expected a decimal integer, found 'now'",
    ),
    "an int above 64 bits": (
        point_json("sum", asInt=str(2**63)), f"{PATH}.sum.dataPoints[0]", f"{INT64} {2**63}"
    ),
    "a double as words": (
        point_json("gauge", asDouble="three"),
        f"{PATH}.gauge.dataPoints[0]",
        "expected a number, NaN or Infinity, found 'three'",
    ),
    "a count below 0": (
        point_json("histogram", count=-1), POINT, f"expected an integer from 0 to {2**64 - 1}, found -1"
    ),
    "bucket counts that are no list": (
        point_json("histogram", bucketCounts="1,2"), POINT, "bucketCounts: Expected `array | null`, got `str`"
    ),
    "a bucket count as a double": (
        point_json("histogram", bucketCounts=[1, 1.5]),
        POINT,
        "bucketCounts[1]: Expected `int | str`, got `float`",
    ),
    "a bucket count as words": (
        point_json("histogram", bucketCounts=["x"]), POINT, "expected a decimal integer, found 'x'"
    ),
    "a bound that is null": (
        point_json("histogram", explicitBounds=[None]),
        POINT,
        "explicitBounds[0]: Expected `float | str`, got `null`",
    ),
    "a bucket offset above 32 bits": (
        point_json("exponentialHistogram", negative={"offset": 2**31}),
        f"{PATH}.exponentialHistogram.dataPoints[0]",
        f"expected an integer from {-(2**31)} to {2**31 - 1}, found {2**31}",
    ),
    "a negative bucket": (
        point_json("exponentialHistogram", negative={"bucketCounts": {}}),
        f"{PATH}.exponentialHistogram.dataPoints[0]",
        "negative.bucketCounts: Expected `array | null`, got `object`",
    ),
    "quantiles": (
        point_json("summary", quantileValues=[{"quantile": True}]),
        f"{PATH}.summary.dataPoints[0].quantileValues[0].quantile",
        "Expected `float | str | null`, got `bool`",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("body", "path", "description"), REFUSED.values(), ids=REFUSED.keys())
def test_a_field_that_is_not_what_it_has_to_be_is_refused_with_its_place(
    body: bytes, path: str, description: str
) -> None:
    with pytest.raises(InvalidOtlp) as caught:
        decode_metrics_json(body)
    assert caught.value.message == f"invalid OTLP JSON at {path or 'the top'}: {description}"
    assert caught.value.violations == (FieldViolation(path, description),)


@pytest.mark.parametrize("place", ["resource", "scope"])
def test_a_number_that_is_none_is_refused_with_the_place_of_its_resource_or_scope(place: str) -> None:
    scope_metrics: dict[str, Any] = {"scope": {"droppedAttributesCount": "x"}}
    entry: dict[str, Any] = {"scopeMetrics": [{}, scope_metrics]}
    path = "resourceMetrics[1].scopeMetrics[1].scope"
    if place == "resource":
        entry, path = {"resource": {"droppedAttributesCount": "x"}}, "resourceMetrics[1].resource"
    with pytest.raises(InvalidOtlp) as caught:
        decode_metrics_json(json.dumps({"resourceMetrics": [{}, entry]}).encode())
    assert caught.value.violations == (FieldViolation(path, "expected a decimal integer, found 'x'"),)


def test_half_of_a_surrogate_pair_costs_one_character_and_no_point() -> None:
    body = point_json("histogram", bucketCounts=["1"], count=1).replace(b'"m"', rb'"a\ud83d"')
    (group,) = decode_metrics_json(body).groups
    assert (group.metrics[0].name, len(group.metrics[0].points)) == ("a\ufffd", 1)


def test_no_prefix_of_a_request_is_taken() -> None:
    for length in range(len(RICH)):
        with pytest.raises(InvalidOtlp):
            decode_metrics_json(RICH[:length])


def test_a_changed_byte_gives_an_export_or_a_refusal() -> None:
    for position, byte in enumerate(RICH):
        for changed in (byte ^ 1, byte ^ 0x80, ord('"'), ord(","), ord("\\"), ord("]")):
            with suppress(InvalidOtlp):
                export = decode_metrics_json(RICH[:position] + bytes([changed]) + RICH[position + 1 :])
                assert isinstance(export, MetricExport)


@given(st.binary(max_size=40) | st.binary(max_size=12).map(lambda part: RICH[:300] + part + RICH[300:]))
def test_random_bytes_are_an_export_or_refused(body: bytes) -> None:
    with suppress(InvalidOtlp):
        assert isinstance(decode_metrics_json(body), MetricExport)
