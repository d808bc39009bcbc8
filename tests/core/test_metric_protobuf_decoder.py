"""Metrics in protobuf against the official classes: the same bytes, the same model, and no other outcome."""

from __future__ import annotations

from contextlib import suppress
from random import Random
from struct import pack
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.common.v1 import common_pb2
from opentelemetry.proto.metrics.v1 import metrics_pb2
from opentelemetry.proto.resource.v1 import resource_pb2

from otel_worker.errors import InvalidOtlp
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
from otel_worker.model import Attributes, Resource, Scope
from otel_worker.otlp.metric_builder import MAX_BUCKETS
from otel_worker.otlp.metric_protobuf_decoder import decode_metrics_protobuf
from otel_worker.otlp.wire import length_field
from tests.core.metric_oracle import expected_groups
from tests.core.metric_samples import (
    FIELD_OF_KIND,
    START,
    TIME,
    metric_protobuf,
    point_protobuf,
    rich_metrics_request,
)
from tests.core.metric_strategies import metric_requests
from tests.core.otlp_oracle import official_parser
from tests.core.otlp_strategies import scrambled, varint

RICH = rich_metrics_request(with_exemplars=False).SerializeToString()
ATTRIBUTES: Attributes = {"route": "/cart", "status": 200}

accepted = official_parser(
    ExportMetricsServiceRequest, common_pb2, resource_pb2, metrics_pb2, metrics_service_pb2
)


def decode_point(kind: str, fields: bytes) -> Point:
    """Return the only point of a request whose point has these fields."""
    export = decode_metrics_protobuf(point_protobuf(kind, fields))
    assert export.rejections == []
    return export.groups[0].metrics[0].points[0]


def test_every_field_of_every_message_is_decoded() -> None:
    resource = Resource({"service.name": "shop", "cpu": 4}, 1, "https://example.org/resource")
    scope = Scope("library", "1.2.3", {"a": [1.5, None]}, 2, "https://example.org/scope")
    common = (ATTRIBUTES, START, TIME)
    points: dict[str, tuple[int, bool, Point]] = {
        "gauge": (0, False, NumberPoint(*common, -1.5, 2)),
        "sum": (1, True, NumberPoint(*common, 7, 2)),
        "histogram": (2, False, HistogramPoint(*common, 6, 30.5, [1, 2, 3], [0.5, 10.0], 0.25, 12.0, 2)),
        "exponentialHistogram": (
            1,
            False,
            ExponentialHistogramPoint(
                *common, 311, -2.5, -3, 2, Buckets(-1, [1, 300]), Buckets(3, [8]), 0.125, -4.0, 5.0, 2
            ),
        ),
        "summary": (0, False, SummaryPoint(*common, 3, 4.5, [(0.25, 1.0), (0.5, 1.5)], 2)),
    }
    metrics = [
        Metric(f"a.{kind}", f"A {kind} ü", "ms", kind, temporality, is_monotonic, [point])
        for kind, (temporality, is_monotonic, point) in points.items()
    ]
    expected = MetricExport([MetricGroup(resource, scope, metrics)], 0, [])
    assert repr(decode_metrics_protobuf(RICH)) == repr(expected)


def test_exemplars_and_metadata_change_nothing() -> None:
    assert decode_metrics_protobuf(rich_metrics_request().SerializeToString()) == decode_metrics_protobuf(
        RICH
    )


# A delta counter "m" with one point: at time 1 the value 3.
def test_the_smallest_counter_by_hand() -> None:
    point = b"\x19\x01\0\0\0\0\0\0\0" + b"\x31\x03\0\0\0\0\0\0\0"  # time_unix_nano = 3, as_int = 6
    data = b"\x0a\x12" + point + b"\x10\x01\x18\x01"  # data_points = 1, temporality = 2, is_monotonic = 3
    metric = b"\x0a\x01m" + b"\x3a\x18" + data  # name = 1, sum = 7
    body = b"\x0a\x21" + b"\x12\x1f" + b"\x12\x1d" + metric
    expected = Metric("m", "", "", "sum", 1, True, [NumberPoint({}, 0, 1, 3)])
    assert accepted(body)
    assert decode_metrics_protobuf(body) == MetricExport(
        [MetricGroup(Resource(), Scope(), [expected])], 0, []
    )


@given(metric_requests())
def test_a_request_becomes_the_model_that_the_official_parser_gives(request: Any) -> None:
    export = decode_metrics_protobuf(request.SerializeToString())
    assert repr(export) == repr(MetricExport(expected_groups(request), 0, []))


@given(metric_requests(), st.randoms(use_true_random=False))
def test_field_order_unknown_fields_and_lists_in_pieces_change_nothing(request: Any, random: Random) -> None:
    body = scrambled(request, random)
    parsed = ExportMetricsServiceRequest.FromString(body)
    parsed.DiscardUnknownFields()
    assert parsed.SerializeToString(deterministic=True) == request.SerializeToString(deterministic=True)
    assert repr(decode_metrics_protobuf(body)) == repr(MetricExport(expected_groups(request), 0, []))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        length_field(1, b""),
        length_field(1, length_field(2, b"")),
        metric_protobuf(length_field(5, b"")),
        metric_protobuf(length_field(9, b"")),
        metric_protobuf(length_field(7, b"\x10\x01")),
    ],
    ids=[
        "nothing",
        "no scope",
        "no metric",
        "an empty gauge",
        "a histogram without points",
        "a sum without points",
    ],
)
def test_empty_envelopes_are_an_empty_export(body: bytes) -> None:
    assert accepted(body)
    assert decode_metrics_protobuf(body) == MetricExport([], 0, [])


def test_a_prefix_is_taken_only_where_the_official_parser_takes_it() -> None:
    outcomes = set()
    for length in range(len(RICH) + 1):
        taken = True
        try:
            decode_metrics_protobuf(RICH[:length])
        except InvalidOtlp:
            taken = False
        outcomes.add((taken, accepted(RICH[:length])))
    assert outcomes == {(True, True), (False, False)}


def test_no_changed_byte_gets_through_that_the_official_parser_refuses() -> None:
    wrongly_taken = []
    for position, byte in enumerate(RICH):
        for changed in {byte ^ 1 << bit for bit in range(8)} | {0x00, 0x7F, 0x80, 0xFF}:
            body = RICH[:position] + bytes([changed]) + RICH[position + 1 :]
            with suppress(InvalidOtlp):
                export = decode_metrics_protobuf(body)
                if not accepted(body) and "\ufffd" not in repr(export):
                    wrongly_taken.append((position, changed))
    assert wrongly_taken == []


@given(st.binary(max_size=40) | st.binary(max_size=40).map(lambda tail: RICH[:120] + tail))
def test_random_bytes_are_an_export_or_refused(body: bytes) -> None:
    with suppress(InvalidOtlp):
        assert isinstance(decode_metrics_protobuf(body), MetricExport)


@pytest.mark.parametrize("kind", ["gauge", "sum"])
def test_integers_and_doubles_of_one_value_stay_apart(kind: str) -> None:
    values = [
        decode_point(kind, b"\x31" + pack("<q", 3)),
        decode_point(kind, b"\x21" + pack("<d", 3.0)),
        decode_point(kind, b"\x31" + pack("<q", 3) + b"\x21" + pack("<d", 4.0)),
    ]
    assert [repr(point.value) for point in values if isinstance(point, NumberPoint)] == ["3", "3.0", "4.0"]


@pytest.mark.parametrize("packed", [True, False], ids=["packed", "one by one"])
def test_lists_are_read_packed_and_one_by_one(packed: bool) -> None:
    def numbers(field: int, wire_type: int, items: list[bytes]) -> bytes:
        if packed:
            return length_field(field, b"".join(items))
        return b"".join(varint(field << 3 | wire_type) + item for item in items)

    counts = [pack("<Q", count) for count in (2**40, 0, 1)]
    bounds = [pack("<d", bound) for bound in (-1.0, 2.5)]
    total = b"\x21" + pack("<Q", 2**40 + 1)
    histogram = decode_point("histogram", numbers(6, 1, counts) + numbers(7, 1, bounds) + total)
    assert histogram == HistogramPoint({}, 0, TIME, 2**40 + 1, None, [2**40, 0, 1], [-1.0, 2.5])

    buckets = numbers(2, 0, [varint(count) for count in (2**40, 0, 1)])
    exponential = decode_point("exponentialHistogram", length_field(8, b"\x08\x03" + buckets) + total)
    assert isinstance(exponential, ExponentialHistogramPoint)
    assert exponential.positive == Buckets(-2, [2**40, 0, 1])


def test_lists_and_buckets_in_pieces_are_put_together() -> None:
    pieces = [length_field(8, b"\x08\x02" + length_field(2, bytes([count]))) for count in (1, 2)]
    fields = b"".join(pieces) + length_field(8, b"\x08\x04\x10\x03") + b"\x21" + pack("<Q", 6)
    point = decode_point("exponentialHistogram", fields)
    assert isinstance(point, ExponentialHistogramPoint)
    assert point.positive == Buckets(2, [1, 2, 3])


def test_data_in_pieces_is_put_together_and_of_two_kinds_the_last_stays() -> None:
    def gauge(value: int) -> bytes:
        point = b"\x19" + TIME.to_bytes(8, "little") + b"\x31" + pack("<q", value)
        return length_field(5, length_field(1, point))

    (group,) = decode_metrics_protobuf(metric_protobuf(gauge(1) + gauge(2))).groups
    assert group.metrics[0].points == [NumberPoint({}, 0, TIME, 1), NumberPoint({}, 0, TIME, 2)]
    summed = length_field(7, gauge(3)[2:] + b"\x10\x02\x18\x01")
    (group,) = decode_metrics_protobuf(metric_protobuf(summed + gauge(1) + summed)).groups
    assert group.metrics == [Metric("m", "", "", "sum", 2, True, [NumberPoint({}, 0, TIME, 3)])]
    (group,) = decode_metrics_protobuf(metric_protobuf(summed + gauge(1))).groups
    assert group.metrics == [Metric("m", "", "", "gauge", 0, False, [NumberPoint({}, 0, TIME, 1)])]


def test_reserved_fields_of_old_versions_are_skipped() -> None:
    labels = length_field(1, b"\x0a\x01k")
    assert decode_point("sum", labels + b"\x31" + pack("<q", 3)) == NumberPoint({}, 0, TIME, 3)
    assert decode_point("histogram", labels) == HistogramPoint({}, 0, TIME, 0, None, [], [])
    assert decode_point("summary", labels) == SummaryPoint({}, 0, TIME, 0, 0.0, [])
    old_kinds = b"".join(length_field(field, b"\x0a\x00") for field in (4, 6, 8))
    assert decode_metrics_protobuf(metric_protobuf(old_kinds + length_field(5, b""))).rejected_count == 0


def test_text_that_is_not_utf8_keeps_its_valid_part() -> None:
    body = RICH.replace(b"a.gauge", b"a.\xff\xc3uge")
    assert decode_metrics_protobuf(body).groups[0].metrics[0].name == "a.\ufffd\ufffduge"


@pytest.mark.parametrize("count", [MAX_BUCKETS, MAX_BUCKETS + 1, 3 * MAX_BUCKETS])
@pytest.mark.parametrize("number", [b"\x01", b"\x81\x01"], ids=["one byte", "two bytes"])
@pytest.mark.parametrize("pieces", [1, 2, MAX_BUCKETS // 2])
def test_a_point_has_10000_buckets_at_most(count: int, number: bytes, pieces: int) -> None:
    piece, rest = divmod(count, pieces)
    counts = length_field(2, number * piece) * pieces + length_field(2, number * rest)
    total = (1 if number == b"\x01" else 129) * count
    fields = length_field(8, counts) + b"\x21" + pack("<Q", total) + b"\x30\x14"
    export = decode_metrics_protobuf(point_protobuf("exponentialHistogram", fields))
    reasons = [violation.description for violation in export.rejections]
    assert reasons == ["must not be more than 10000"] * (count > MAX_BUCKETS)


PAST_END = "goes past the end of its message"
NO_LIST = "before byte {} is not one of 8-byte numbers"
REFUSED = {
    "name as a number": (metric_protobuf(b"\x08\x00"), "field 1 has wire type 0"),
    "gauge as a number": (metric_protobuf(b"\x28\x00"), "field 5 has wire type 0"),
    "metadata as a number": (metric_protobuf(b"\x60\x00"), "field 12 has wire type 0"),
    "points as a number": (metric_protobuf(length_field(5, b"\x08\x00")), "field 1 has wire type 0"),
    "temporality as text": (metric_protobuf(length_field(9, b"\x12\x00")), "field 2 has wire type 2"),
    "monotony as text": (metric_protobuf(length_field(7, b"\x1a\x00")), "field 3 has wire type 2"),
    "time as a varint": (point_protobuf("gauge", b"\x18\x00"), "field 3 has wire type 0"),
    "exemplars as a number": (point_protobuf("gauge", b"\x28\x00"), "field 5 has wire type 0"),
    "as_int as a varint": (point_protobuf("sum", b"\x30\x00"), "field 6 has wire type 0"),
    "flags as a fixed32": (point_protobuf("sum", b"\x45" + bytes(4)), "field 8 has wire type 5"),
    "count as a varint": (point_protobuf("histogram", b"\x20\x00"), "field 4 has wire type 0"),
    "bounds as a varint": (point_protobuf("histogram", b"\x38\x00"), "field 7 has wire type 0"),
    "scale as a fixed64": (
        point_protobuf("exponentialHistogram", b"\x31" + bytes(8)),
        "field 6 has wire type 1",
    ),
    "bucket counts as fixed64": (
        point_protobuf("exponentialHistogram", length_field(8, b"\x11" + bytes(8))),
        "field 2 has wire type 1",
    ),
    "summary count as a varint": (point_protobuf("summary", b"\x20\x00"), "field 4 has wire type 0"),
    "quantile as text": (point_protobuf("summary", length_field(6, b"\x0a\x00")), "field 1 has wire type 2"),
    "counts of 7 bytes": (point_protobuf("histogram", length_field(6, bytes(7))), NO_LIST.format(31)),
    "bounds of 17 bytes": (point_protobuf("histogram", length_field(7, bytes(17))), NO_LIST.format(41)),
    "a list that ends within a varint": (
        point_protobuf("exponentialHistogram", length_field(8, length_field(2, b"\x01\x80"))),
        PAST_END,
    ),
    "a bucket count of 11 bytes": (
        point_protobuf("exponentialHistogram", length_field(8, length_field(2, b"\x80" * 10 + b"\x01"))),
        "varint longer than 10 bytes",
    ),
    "a double past its point": (point_protobuf("gauge", b"\x21" + bytes(4)), PAST_END),
    "field number 0": (point_protobuf("gauge", b"\x00\x00"), "field number 0"),
}  # fmt: skip


@pytest.mark.parametrize(("body", "reason"), REFUSED.values(), ids=REFUSED.keys())
def test_malformed_bytes_are_refused_with_the_byte_or_the_field(body: bytes, reason: str) -> None:
    # The official parser takes a known field of another wire type for an unknown one.
    assert "wire type" in reason or not accepted(body)
    with pytest.raises(InvalidOtlp) as caught:
        decode_metrics_protobuf(body)
    assert reason in caught.value.message


@pytest.mark.parametrize("kind", FIELD_OF_KIND)
def test_values_of_attributes_are_nested_32_deep_and_no_deeper(kind: str) -> None:
    def point(depth: int) -> bytes:
        value = b"\x18\x01"
        for _ in range(depth):
            value = length_field(5, length_field(1, value))
        field = {"histogram": 9, "exponentialHistogram": 1}.get(kind, 7)
        return point_protobuf(kind, length_field(field, length_field(2, value)))

    assert decode_metrics_protobuf(point(32)).rejections in ([], decode_metrics_protobuf(point(1)).rejections)
    with pytest.raises(InvalidOtlp, match="nested deeper than 32 levels at byte"):
        decode_metrics_protobuf(point(33))
