"""The model of metrics back to OTLP JSON: nothing is lost and nothing is added."""

from __future__ import annotations

import json
from typing import Any

from google.protobuf.json_format import Parse
from hypothesis import given
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest

from otel_worker.metric_model import (
    Buckets,
    ExponentialHistogramPoint,
    Metric,
    MetricExport,
    MetricGroup,
    NumberPoint,
    SummaryPoint,
)
from otel_worker.model import Resource, Scope
from otel_worker.otlp.metric_json_decoder import decode_metrics_json
from otel_worker.otlp.metric_json_encoder import encode_metrics_json
from otel_worker.otlp.metric_protobuf_decoder import decode_metrics_protobuf
from tests.core.metric_oracle import expected_groups, metrics_as_json
from tests.core.metric_samples import TIME, rich_metrics_request
from tests.core.metric_strategies import metric_requests


def gauge(value: float, name: str = "m", flags: int = 0) -> Metric:
    return Metric(name, "", "", "gauge", 0, False, [NumberPoint({}, 0, TIME, value, flags)])


@given(metric_requests())
def test_groups_are_read_back_as_they_were(request: Any) -> None:
    groups = expected_groups(request)
    assert repr(decode_metrics_json(encode_metrics_json(groups))) == repr(MetricExport(groups, 0, []))


@given(metric_requests())
def test_the_official_parser_reads_the_same(request: Any) -> None:
    groups = expected_groups(request)
    message = Parse(encode_metrics_json(groups), ExportMetricsServiceRequest())
    assert repr(expected_groups(message)) == repr(groups)


def test_a_request_with_every_field_has_the_json_of_the_specification() -> None:
    request = rich_metrics_request(with_exemplars=False)
    groups = decode_metrics_protobuf(request.SerializeToString()).groups
    assert json.loads(encode_metrics_json(groups)) == json.loads(metrics_as_json(request))


def test_a_counter_byte_by_byte() -> None:
    metric = Metric("m", "", "1", "sum", 2, True, [NumberPoint({"a": 1}, 5, 6, 0)])
    assert encode_metrics_json([MetricGroup(Resource(), Scope(), [metric])]) == (
        b'{"resourceMetrics":[{"resource":{},"scopeMetrics":[{"metrics":[{"name":"m","unit":"1","sum":'
        b'{"dataPoints":[{"attributes":[{"key":"a","value":{"intValue":"1"}}],"startTimeUnixNano":"5",'
        b'"timeUnixNano":"6","asInt":"0"}],"aggregationTemporality":2,"isMonotonic":true}}]}]}]}'
    )


def test_no_group_is_an_empty_request() -> None:
    assert encode_metrics_json([]) == b'{"resourceMetrics":[]}'


def test_zero_is_a_value_and_absence_is_none() -> None:
    points = [
        ExponentialHistogramPoint({}, 0, TIME, 0, None, 0, 0, Buckets(), Buckets()),
        ExponentialHistogramPoint({}, 0, TIME, 0, 0.0, 0, 0, Buckets(), Buckets(), 0.0, 0.0, 0.0),
    ]
    metric = Metric("m", "", "", "exponentialHistogram", 1, False, list(points))
    encoded = encode_metrics_json([MetricGroup(Resource(), Scope(), [metric])])
    assert decode_metrics_json(encoded).groups[0].metrics[0].points == points


def test_doubles_that_json_has_no_number_for_come_back() -> None:
    metrics = [gauge(float(name), name) for name in ("nan", "inf", "-inf", "-0.0", "1e308", "5e-324", "3")]
    nan = float("nan")
    metrics.append(
        Metric("s", "", "", "summary", 0, False, [SummaryPoint({}, 0, TIME, 2, nan, [(0.5, nan)])])
    )
    group = MetricGroup(Resource(), Scope(), metrics)
    assert repr(decode_metrics_json(encode_metrics_json([group])).groups) == repr([group])


def test_a_point_without_a_recorded_value_keeps_its_flag() -> None:
    group = MetricGroup(Resource(), Scope(), [gauge(0, flags=0x80000001)])
    assert decode_metrics_json(encode_metrics_json([group])).groups == [group]


def test_scopes_of_one_resource_share_its_message_and_those_of_another_do_not() -> None:
    shop, till = Resource({"service.name": "shop"}), Resource({"service.name": "till"})
    scopes = [(shop, "a"), (shop, "b"), (till, "a"), (shop, "a")]
    groups = [MetricGroup(resource, Scope(name), [gauge(1)]) for resource, name in scopes]
    encoded = encode_metrics_json(iter(groups))
    assert [
        (
            entry["resource"]["attributes"][0]["value"]["stringValue"],
            [scope["scope"]["name"] for scope in entry["scopeMetrics"]],
        )
        for entry in json.loads(encoded)["resourceMetrics"]
    ] == [("shop", ["a", "b"]), ("till", ["a"]), ("shop", ["a"])]
    assert decode_metrics_json(encoded).groups == groups
