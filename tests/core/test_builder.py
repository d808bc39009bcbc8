"""Which spans are valid, what is said of the others, and how the valid ones are grouped by trace."""

from __future__ import annotations

import pytest

from otel_worker.errors import FieldViolation
from otel_worker.model import Export, Link, Resource, Scope, Span, SpanExtras, SpanGroup, TracePart
from otel_worker.otlp.builder import ExportBuilder
from tests.samples import make_span, span_id, trace_id

PATH = "resourceSpans[0].scopeSpans[1]"
LATEST = 2**63 - 1


def build(trace: str, span: Span) -> Export:
    """Return the export with one span, the fourth of its scope."""
    builder = ExportBuilder()
    builder.open_scope(Resource(), Scope(), PATH)
    builder.add(trace, span, 3)
    return builder.build()


def span_with(identifier: str = span_id(1), parent: str = "", start: int = 5, end: int = 7) -> Span:
    return Span(identifier, parent, "", 0, start, end - start, 0, 0, {}, None)


WRONG_TRACE = "must be 16 bytes, not all zero; found "
WRONG_SPAN = "must be 8 bytes, not all zero; found "
WRONG_PARENT = "must be empty or 8 bytes; found "
WRONG_TIME = f"must be 0 to {LATEST}; found "
INVALID = {
    "no trace id": ("", span_with(), "traceId", f"{WRONG_TRACE}''"),
    "zero trace id": ("0" * 32, span_with(), "traceId", f"{WRONG_TRACE}'{'0' * 32}'"),
    "short trace id": ("ab" * 8, span_with(), "traceId", f"{WRONG_TRACE}'{'ab' * 8}'"),
    "long trace id": ("ab" * 40, span_with(), "traceId", f"{WRONG_TRACE}'{'ab' * 20}'"),
    "no span id": (trace_id(1), span_with(""), "spanId", f"{WRONG_SPAN}''"),
    "zero span id": (trace_id(1), span_with("0" * 16), "spanId", f"{WRONG_SPAN}'{'0' * 16}'"),
    "short span id": (trace_id(1), span_with("ab" * 7), "spanId", f"{WRONG_SPAN}'{'ab' * 7}'"),
    "long span id": (trace_id(1), span_with("ab" * 9), "spanId", f"{WRONG_SPAN}'{'ab' * 9}'"),
    "short parent": (trace_id(1), span_with(parent="ab"), "parentSpanId", f"{WRONG_PARENT}'ab'"),
    "short zero parent": (trace_id(1), span_with(parent="00"), "parentSpanId", f"{WRONG_PARENT}'00'"),
    "long parent": (trace_id(1), span_with(parent="0" * 32), "parentSpanId", f"{WRONG_PARENT}'{'0' * 32}'"),
    "late start": (
        trace_id(1),
        span_with(start=LATEST + 1),
        "startTimeUnixNano",
        f"{WRONG_TIME}{LATEST + 1}",
    ),
    "late end": (trace_id(1), span_with(end=LATEST + 1), "endTimeUnixNano", f"{WRONG_TIME}{LATEST + 1}"),
    "early start": (trace_id(1), span_with(start=-1), "startTimeUnixNano", f"{WRONG_TIME}-1"),
    "early end": (trace_id(1), span_with(end=-1), "endTimeUnixNano", f"{WRONG_TIME}-1"),
}


@pytest.mark.parametrize(("trace", "span", "field", "description"), INVALID.values(), ids=INVALID.keys())
def test_an_invalid_span_is_rejected_with_the_path_of_its_field(
    trace: str, span: Span, field: str, description: str
) -> None:
    assert build(trace, span) == Export([], 1, [FieldViolation(f"{PATH}.spans[3].{field}", description)])


@pytest.mark.parametrize(
    "span",
    [
        span_with(),
        span_with(parent=span_id(1)),
        span_with(start=0, end=0),
        span_with(start=5, end=0),
        span_with(start=LATEST, end=LATEST),
        span_with(start=LATEST, end=0),
    ],
    ids=[
        "plain",
        "its own parent",
        "no times",
        "no end",
        "the latest time",
        "the latest start without an end",
    ],
)
def test_a_valid_span_is_kept_as_it_is(span: Span) -> None:
    expected = TracePart(trace_id(1), [SpanGroup(Resource(), Scope(), [span])])
    assert build(trace_id(1), span) == Export([expected], 0, [])


def test_a_parent_id_of_zeros_is_no_parent() -> None:
    (part,) = build(trace_id(1), span_with(parent="0" * 16)).parts
    assert part.groups[0].spans == [span_with(parent="")]


def test_links_that_point_nowhere_are_dropped_and_counted() -> None:
    good = Link(trace_id(2), span_id(2))
    bad = [
        Link("", span_id(2)),
        Link(trace_id(2), ""),
        Link("0" * 32, span_id(2)),
        Link(trace_id(2), "0" * 16),
        Link(trace_id(2)[1:], span_id(2)),
        Link(trace_id(2), span_id(2) + "00"),
        Link("x" * 32, span_id(2)),
        Link(trace_id(2) + "\n", span_id(2)),
    ]
    span = make_span(extras=SpanExtras(links=[*bad, good, good], dropped_links_count=2))
    (part,) = build(trace_id(1), span).parts
    assert part.groups[0].spans[0].extras == SpanExtras(links=[good, good], dropped_links_count=10)


def test_the_count_of_dropped_links_stays_what_protobuf_can_hold() -> None:
    span = make_span(extras=SpanExtras(links=[Link()], dropped_links_count=2**32 - 1))
    (part,) = build(trace_id(1), span).parts
    assert part.groups[0].spans[0].extras == SpanExtras(dropped_links_count=2**32 - 1)


def test_only_the_first_five_reasons_are_kept_and_all_spans_counted() -> None:
    builder = ExportBuilder()
    builder.open_scope(Resource(), Scope(), PATH)
    for index in range(100):
        builder.add("", make_span(index), index)
    export = builder.build()
    assert (export.parts, export.rejected_count) == ([], 100)
    assert export.rejections == [
        FieldViolation(f"{PATH}.spans[{index}].traceId", f"{WRONG_TRACE}''") for index in range(5)
    ]


def test_spans_are_grouped_by_trace_resource_and_scope_in_the_order_they_came() -> None:
    shop, till = Resource({"service.name": "shop"}), Resource({"service.name": "till"})
    builder = ExportBuilder()
    builder.open_scope(shop, Scope("a"), "resourceSpans[0].scopeSpans[0]")
    for number, trace in enumerate((2, 1, 2)):
        builder.add(trace_id(trace), make_span(number), number)
    builder.open_scope(shop, Scope("b"), "resourceSpans[0].scopeSpans[1]")
    builder.add(trace_id(1), make_span(3), 0)
    builder.open_scope(till, Scope("a"), "resourceSpans[1].scopeSpans[0]")
    builder.add(trace_id(2), make_span(4), 0)
    assert builder.build().parts == [
        TracePart(
            trace_id(2),
            [
                SpanGroup(shop, Scope("a"), [make_span(0), make_span(2)]),
                SpanGroup(till, Scope("a"), [make_span(4)]),
            ],
        ),
        TracePart(
            trace_id(1),
            [SpanGroup(shop, Scope("a"), [make_span(1)]), SpanGroup(shop, Scope("b"), [make_span(3)])],
        ),
    ]


def test_a_rejected_span_leaves_no_empty_group_behind() -> None:
    builder = ExportBuilder()
    builder.open_scope(Resource(), Scope("a"), PATH)
    builder.add(trace_id(1), make_span(start_unix_nano=-1), 0)
    builder.open_scope(Resource(), Scope("b"), PATH)
    builder.add(trace_id(1), make_span(), 0)
    assert builder.build().parts == [
        TracePart(trace_id(1), [SpanGroup(Resource(), Scope("b"), [make_span()])])
    ]
