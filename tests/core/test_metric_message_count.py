"""Millions of empty messages or of buckets in a body of few megabytes do not fill memory."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable

import pytest

from otel_worker.errors import TooManyMessages
from otel_worker.metric_model import MetricExport
from otel_worker.otlp.message_count import MAX_MESSAGES
from otel_worker.otlp.metric_builder import MAX_BUCKETS
from otel_worker.otlp.metric_json_decoder import decode_metrics_json
from otel_worker.otlp.metric_protobuf_decoder import decode_metrics_protobuf
from otel_worker.otlp.wire import length_field
from tests.core.metric_samples import FIELD_OF_KIND, TIME, metric_json, metric_protobuf

BODY_BYTES = 4 * 1024 * 1024
# As for spans: far below what as many objects would take.
LIMIT_BYTES = 80 * 1024 * 1024
TIMED_POINT = length_field(1, b"\x19" + TIME.to_bytes(8, "little"))


def dense_protobuf() -> dict[str, bytes]:
    """Return requests that are full of the smallest messages or numbers, by what they hold."""

    def fill(smallest: bytes, *fields: int) -> bytes:
        body = smallest * ((BODY_BYTES - 200) // len(smallest))
        for field in fields:
            body = length_field(field, body)
        return body

    kinds = {f"{kind} points": fill(b"\x0a\x00", field, 2, 2, 1) for kind, field in FIELD_OF_KIND.items()}
    return {
        **kinds,
        "resource metrics": fill(b"\x0a\x00"),
        "scope metrics": fill(b"\x12\x00", 1),
        "metrics": fill(b"\x12\x00", 2, 1),
        "summaries with a time": fill(TIMED_POINT, 11, 2, 2, 1),
        "quantiles": fill(b"\x32\x00", 1, 11, 2, 2, 1),
        "buckets of a byte": fill(b"\x01", 2, 8, 1, 10, 2, 2, 1),
        "buckets of two bytes": fill(b"\x81\x01", 2, 8, 1, 10, 2, 2, 1),
        "buckets one by one": fill(b"\x10\x01", 8, 1, 10, 2, 2, 1),
        "histograms of a few buckets": fill(
            length_field(1, length_field(8, length_field(2, bytes(9)))), 10, 2, 2, 1
        ),
    }


def dense_json() -> dict[str, bytes]:
    point = '{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"%s":{"dataPoints":[%s]}}]}]}]}'

    def fill(text: str, smallest: str) -> bytes:
        return (text % ",".join([smallest] * ((BODY_BYTES - 200) // (len(smallest) + 1)))).encode()

    kinds = {f"{kind} points": fill(point % (kind, "%s"), "{}") for kind in FIELD_OF_KIND}
    return {
        **kinds,
        "metrics": fill('{"resourceMetrics":[{"scopeMetrics":[{"metrics":[%s]}]}]}', "{}"),
        "quantiles": fill(point % ("summary", '{"quantileValues":[%s]}'), "{}"),
        "bucket counts": fill(point % ("histogram", '{"bucketCounts":[%s]}'), "0"),
        "bucket counts as text": fill(point % ("histogram", '{"bucketCounts":[%s]}'), '""'),
        "bounds": fill(point % ("histogram", '{"explicitBounds":[%s]}'), "0"),
    }


DENSE = {
    **{f"protobuf {name}": (decode_metrics_protobuf, body) for name, body in dense_protobuf().items()},
    **{f"JSON {name}": (decode_metrics_json, body) for name, body in dense_json().items()},
}


@pytest.mark.parametrize(("decode", "body"), DENSE.values(), ids=DENSE)
def test_millions_of_empty_messages_are_refused_in_bounded_memory(
    decode: Callable[[bytes], MetricExport], body: bytes
) -> None:
    assert len(body) <= BODY_BYTES
    tracemalloc.start()
    try:
        with pytest.raises(TooManyMessages, match="send smaller batches"):
            decode(body)
        assert tracemalloc.get_traced_memory()[1] < LIMIT_BYTES
    finally:
        tracemalloc.stop()


# A point counts twice; the three messages around it are a resource, a scope and a metric.
MAX_POINTS = (MAX_MESSAGES - 3) // 2


@pytest.mark.parametrize("kind", ["histogram", "exponentialHistogram", "summary"])
def test_as_many_points_as_allowed_are_taken_in_bounded_memory(kind: str) -> None:
    body = metric_protobuf(
        length_field(FIELD_OF_KIND[kind], TIMED_POINT * MAX_POINTS + b"\x10\x01" * (kind != "summary"))
    )
    points = ",".join([f'{{"timeUnixNano":{TIME}}}'] * MAX_POINTS)
    text = metric_json(**{kind: {"aggregationTemporality": 1, "dataPoints": []}}).decode()
    for decode, request in (
        (decode_metrics_protobuf, body),
        (decode_metrics_json, text.replace("[]", f"[{points}]").encode()),
    ):
        tracemalloc.start()
        try:
            export = decode(request)
            assert tracemalloc.get_traced_memory()[1] < LIMIT_BYTES
        finally:
            tracemalloc.stop()
        assert (len(export.groups[0].metrics[0].points), export.rejected_count) == (MAX_POINTS, 0)


def test_one_point_more_is_refused() -> None:
    with pytest.raises(TooManyMessages):
        decode_metrics_protobuf(metric_protobuf(length_field(11, TIMED_POINT * (MAX_POINTS + 1))))
    points = [{"timeUnixNano": TIME}] * (MAX_MESSAGES // 2 + 1)
    with pytest.raises(TooManyMessages):
        decode_metrics_json(metric_json(summary={"dataPoints": points}))


def test_as_many_buckets_as_allowed_are_taken_in_bounded_memory() -> None:
    # 99 points of 10,000 buckets of 300 values each: numbers that Python does not share.
    point_count, count = 99, 300
    bucket_counts = length_field(8, length_field(2, b"\xac\x02" * MAX_BUCKETS))
    total = b"\x21" + (count * MAX_BUCKETS).to_bytes(8, "little") + b"\x30\x14"
    point = length_field(1, b"\x19" + TIME.to_bytes(8, "little") + total + bucket_counts)
    tracemalloc.start()
    try:
        export = decode_metrics_protobuf(metric_protobuf(length_field(10, point * point_count + b"\x10\x01")))
        assert tracemalloc.get_traced_memory()[1] < LIMIT_BYTES
    finally:
        tracemalloc.stop()
    assert len(export.groups[0].metrics[0].points) == point_count
    with pytest.raises(TooManyMessages):
        decode_metrics_protobuf(metric_protobuf(length_field(10, point * (point_count + 1))))
