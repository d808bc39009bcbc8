"""Rules V1 to V4: valid ids, and what becomes of spans without."""

from __future__ import annotations

import pytest

from tests.conformance.exchange import (
    ENCODINGS,
    check_rejected,
    encoded,
    partial_success_of,
    shown_spans,
    status_of,
    store,
    stored_spans,
)
from tests.e2e.collector import Collector
from tests.e2e.otlp import export_request, make_span


@pytest.mark.parametrize("bad_id", [b"", bytes(16), b"\x01" * 15, b"\x01" * 17, b"\x01" * 8])
def test_rule_v1_the_trace_id_is_16_bytes(bad_id: bytes, collector: Collector, trace_id: str) -> None:
    check_rejected(collector, trace_id, "traceId", trace_id=bad_id)


@pytest.mark.parametrize("bad_id", [b"", bytes(8), b"\x01" * 7, b"\x01" * 9, b"\x01" * 16])
def test_rule_v2_the_span_id_is_8_bytes(bad_id: bytes, collector: Collector, trace_id: str) -> None:
    check_rejected(collector, trace_id, "spanId", span_id=bad_id)


@pytest.mark.parametrize("bad_id", [b"\x01", b"\x01" * 7, bytes(9), b"\x01" * 16])
def test_rule_v3_a_parent_of_another_length_is_rejected(
    bad_id: bytes, collector: Collector, trace_id: str
) -> None:
    check_rejected(collector, trace_id, "parentSpanId", parent_span_id=bad_id)


def test_rule_v3_no_parent_zero_and_itself(collector: Collector, trace_id: str, start: int) -> None:
    root, zero, own = (make_span(trace_id, number, start + number) for number in (1, 2, 3))
    zero.parent_span_id = bytes(8)
    own.parent_span_id = own.span_id
    store(collector, own, zero, root)
    parents = [span["parentSpanId"] for span in shown_spans(collector, trace_id)]
    assert parents == ["", "", own.span_id.hex()]


@pytest.mark.parametrize("media_type", ENCODINGS)
def test_rule_v4_one_bad_id_does_not_fail_the_request(
    media_type: str, collector: Collector, trace_id: str, start: int
) -> None:
    good, bad = make_span(trace_id, 1, start), make_span(trace_id, 2, start)
    bad.trace_id = b"\x01" * 7
    answer = collector.export(encoded(media_type, export_request([bad, good])), media_type)
    assert partial_success_of(answer)[0] == 1
    assert stored_spans(collector, trace_id) == [good]
    answer = collector.export(encoded(media_type, export_request([bad])), media_type)
    assert (answer.status_code, status_of(answer, media_type).code) == (400, 3)
