"""What goes on the wire, field by field, as the official classes of OTLP read it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from google.protobuf import json_format
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, InstrumentationScope, KeyValue
from opentelemetry.proto.metrics.v1.metrics_pb2 import (
    AggregationTemporality,
    Gauge,
    Histogram,
    HistogramDataPoint,
    Metric,
    NumberDataPoint,
    ResourceMetrics,
    ScopeMetrics,
    Sum,
)
from opentelemetry.proto.resource.v1.resource_pb2 import Resource

from tests.sdk.harness import SECOND, START_UNIX_NANO, Bench
from tests.sdk.points import attributes_of, data_points
from workers_otel import __version__
from workers_otel.instruments import DEFAULT_BOUNDS

DELTA = AggregationTemporality.AGGREGATION_TEMPORALITY_DELTA


def text(key: str, value: str) -> KeyValue:
    return KeyValue(key=key, value=AnyValue(string_value=value))


def test_a_request_is_exactly_this() -> None:
    bench = Bench(resource_attributes={"deployment.environment.name": "test"})
    bench.metrics.counter("orders", 2, {"b": "x", "a": 1}, unit="{order}", description="What was ordered.")
    bench.pass_seconds(1)
    bench.metrics.counter("orders", 3, {"a": 1, "b": "x"})
    bench.metrics.up_down_counter("open", -4)
    bench.metrics.gauge("load", 0.5, {"host": True})
    bench.metrics.histogram("size", 10, unit="By", bounds=[10, 20])
    bench.metrics.histogram("size", 11.5)
    bench.metrics.histogram("size", 21)
    bench.pass_seconds(2)
    bench.flush()

    (received,) = bench.sent
    assert received.parse() == ExportMetricsServiceRequest(resource_metrics=[expected_resource_metrics()])


def expected_resource_metrics() -> ResourceMetrics:
    resource = Resource(
        attributes=[
            text("deployment.environment.name", "test"),
            text("telemetry.sdk.name", "workers-otel"),
            text("telemetry.sdk.language", "python"),
            text("telemetry.sdk.version", __version__),
            text("service.name", "shop"),
        ]
    )
    scope = InstrumentationScope(name="workers_otel", version=__version__)
    return ResourceMetrics(
        resource=resource, scope_metrics=[ScopeMetrics(scope=scope, metrics=expected_metrics())]
    )


def expected_metrics() -> list[Metric]:
    start, end = START_UNIX_NANO, START_UNIX_NANO + 3 * SECOND
    times: dict[str, Any] = {"start_time_unix_nano": start, "time_unix_nano": end}
    orders = NumberDataPoint(
        **times, as_int=5, attributes=[KeyValue(key="a", value=AnyValue(int_value=1)), text("b", "x")]
    )
    unsettled = NumberDataPoint(**times, as_int=-4)
    load = NumberDataPoint(
        time_unix_nano=start + SECOND,
        as_double=0.5,
        attributes=[KeyValue(key="host", value=AnyValue(bool_value=True))],
    )
    size = HistogramDataPoint(
        **times, count=3, sum=42.5, min=10, max=21, bucket_counts=[1, 1, 1], explicit_bounds=[10, 20]
    )
    return [
        Metric(
            name="orders",
            unit="{order}",
            description="What was ordered.",
            sum=Sum(aggregation_temporality=DELTA, is_monotonic=True, data_points=[orders]),
        ),
        Metric(
            name="open", sum=Sum(aggregation_temporality=DELTA, is_monotonic=False, data_points=[unsettled])
        ),
        Metric(name="load", gauge=Gauge(data_points=[load])),
        Metric(
            name="size", unit="By", histogram=Histogram(aggregation_temporality=DELTA, data_points=[size])
        ),
    ]


def test_64_bit_integers_are_decimal_strings_as_otlp_json_wants() -> None:
    bench = Bench()
    bench.metrics.counter("count", 2**62, {"id": 2**53 + 1})
    bench.metrics.counter("count", 1, {"id": 2**53 + 1})
    bench.flush()
    ((scope_metrics,),) = (
        entry["scopeMetrics"] for entry in json.loads(bench.sent[0].body)["resourceMetrics"]
    )
    (point,) = scope_metrics["metrics"][0]["sum"]["dataPoints"]
    assert point["asInt"] == str(2**62 + 1)
    assert point["attributes"] == [{"key": "id", "value": {"intValue": str(2**53 + 1)}}]
    assert point["startTimeUnixNano"] == str(START_UNIX_NANO)
    assert scope_metrics["metrics"][0]["sum"]["aggregationTemporality"] == 1


def test_a_float_makes_all_series_of_the_name_doubles_for_good() -> None:
    bench = Bench()
    bench.metrics.counter("sum", 1, {"k": "a"})
    bench.metrics.counter("sum", 0.5, {"k": "b"})
    bench.flush()
    bench.metrics.counter("sum", 2, {"k": "a"})
    bench.flush()
    first, second = (data_points(received)["sum"] for received in bench.sent)
    assert [(point.WhichOneof("value"), point.as_double) for _, point in first] == [
        ("as_double", 1.0),
        ("as_double", 0.5),
    ]
    assert [(point.WhichOneof("value"), point.as_double) for _, point in second] == [("as_double", 2.0)]


def test_a_sum_beyond_64_bits_is_a_double() -> None:
    bench = Bench()
    for _ in range(3):
        bench.metrics.counter("sum", 2**63 - 1)
    bench.flush()
    ((_, point),) = data_points(bench.sent[0])["sum"]
    assert point.as_double == 3.0 * 2**63


def test_a_sum_beyond_all_floats_is_infinite_and_still_otlp() -> None:
    bench = Bench()
    for _ in range(2):
        bench.metrics.counter("sum", 1.7e308)
        bench.metrics.histogram("sizes", 1.7e308)
    bench.flush()
    points = data_points(bench.sent[0])
    assert points["sum"][0][1].as_double == float("inf")
    assert (points["sizes"][0][1].sum, points["sizes"][0][1].max) == (float("inf"), 1.7e308)


@pytest.mark.parametrize(
    ("value", "bucket"), [(0, 0), (0.1, 1), (5, 1), (5.1, 2), (10_000, 14), (10_000.1, 15), (1e300, 15)]
)
def test_a_bucket_includes_its_upper_bound(value: float, bucket: int) -> None:
    bench = Bench()
    bench.metrics.histogram("ms", value)
    bench.flush()
    ((_, point),) = data_points(bench.sent[0])["ms"]
    assert list(point.explicit_bounds) == list(DEFAULT_BOUNDS)
    assert list(point.bucket_counts) == [int(index == bucket) for index in range(16)]


def test_attributes_keep_their_types_and_differ_by_them() -> None:
    bench = Bench()
    values = [1, 1.0, True, "1", [1], ["1"], [True], [1.0], [], 0, False, "", -(2**63), "ä\U0001f375"]
    for value in values:
        bench.metrics.counter("count", 1, {"k": value})  # type: ignore[dict-item]
    result = bench.flush()
    points = data_points(bench.sent[0])["count"]
    assert result.sent_points == len(values)
    assert [(type(attributes["k"]), attributes["k"]) for attributes, _ in points] == [
        (type(value), value) for value in values
    ]


def test_a_list_of_strings_is_an_array_value() -> None:
    bench = Bench()
    bench.metrics.counter("count", 1, {"tags": ("a", "b")})
    bench.flush()
    (resource_metrics,) = bench.sent[0].parse().resource_metrics
    (point,) = resource_metrics.scope_metrics[0].metrics[0].sum.data_points
    array = ArrayValue(values=[AnyValue(string_value="a"), AnyValue(string_value="b")])
    assert list(point.attributes) == [KeyValue(key="tags", value=AnyValue(array_value=array))]


def test_half_a_surrogate_pair_does_not_spoil_the_request() -> None:
    bench = Bench(service_name="sh\ud800op")
    bench.metrics.counter("count", 1, {"k\udfff": "v\ud800", "list": ["\ud800"]}, description="\udc00")
    bench.flush()
    assert json_format.Parse(bench.sent[0].body, ExportMetricsServiceRequest())
    ((attributes, _),) = data_points(bench.sent[0])["count"]
    assert attributes == {"k?": "v?", "list": ["?"]}


def test_the_instance_id_is_an_option() -> None:
    ids = []
    for options in ({}, {"instance_id": "i-1"}, {"random_instance_id": True}, {"random_instance_id": True}):
        bench = Bench(**options)
        bench.metrics.counter("count")
        bench.flush()
        (resource_metrics,) = bench.sent[0].parse().resource_metrics
        ids.append(attributes_of(resource_metrics.resource).get("service.instance.id"))
    assert ids[:2] == [None, "i-1"]
    assert ids[2] == ids[3]
    assert len(ids[2] or "") == 36


def test_a_service_without_a_name_has_the_name_of_the_conventions() -> None:
    bench = Bench(service_name="")
    bench.metrics.counter("count")
    bench.flush()
    (resource_metrics,) = bench.sent[0].parse().resource_metrics
    assert attributes_of(resource_metrics.resource)["service.name"] == "unknown_service"


# Half surrogate pairs included, which Python's strings may hold and no JSON parser of protobuf takes.
TEXTS = st.text(st.characters(exclude_categories=()), max_size=6)
SCALARS = TEXTS | st.booleans() | st.integers() | st.floats() | st.none() | st.binary(max_size=2)
VALUES = SCALARS | st.lists(SCALARS, max_size=3)


@given(
    kind=st.sampled_from(["counter", "up_down_counter", "gauge", "histogram"]),
    name=st.sampled_from(["a", "b"]) | TEXTS,
    value=SCALARS,
    attributes=st.dictionaries(TEXTS, VALUES, max_size=3) | SCALARS,
    unit=TEXTS,
    description=TEXTS,
    resource=st.dictionaries(TEXTS, VALUES, max_size=2),
)
def test_whatever_is_recorded_the_request_can_be_read(
    kind: str, name: Any, value: Any, attributes: Any, unit: str, description: str, resource: Any
) -> None:
    bench = Bench(resource_attributes=resource)
    for _ in range(2):
        getattr(bench.metrics, kind)(name, value, attributes, unit=unit, description=description)
    result = bench.flush()
    assert result.outcome == "sent"
    points = [entry for series in data_points(bench.sent[0]).values() for entry in series]
    assert len(points) == result.sent_points >= 1
