"""Blocks: what a row says of its traces, and that each trace can be cut out of it again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_worker.live.announcement import announce_blocks, read_announcement
from otel_worker.model import Head, Resource, Scope, Span, SpanExtras, SpanGroup, TracePart
from otel_worker.store import blocks as blocks_module
from otel_worker.store.blocks import (
    build_block,
    build_blocks,
    decode_heads,
    decode_part,
    decode_parts,
    merge_heads,
    summarize_part,
    to_us,
)
from otel_worker.store.database import MAX_INTEGER, Database, Statement
from otel_worker_cli.sqlite import SqliteDatabase
from tests.samples import (
    NOW_UNIX_NANO,
    blocks_of,
    make_group,
    make_part,
    make_span,
    run,
    span_id,
    trace_id,
)

# What D1 takes for one row, and for one bound string.
D1_ROW_BYTES = 2_000_000


def cut(database: Database, text: str, offset: int, length: int) -> str:
    """Return what SQLite cuts out of a text, as the statement that reads a trace does."""
    ((part,),) = run(database.query(Statement("SELECT substr(?1, ?2 + 1, ?3)", (text, offset, length))))
    return str(part)


def test_each_trace_is_cut_out_of_its_block_whatever_characters_are_before_it(
    database: SqliteDatabase,
) -> None:
    names = ["plain", "naïve", "日本語", "🦄🦄", 'quote " and \\', "nul \x00", "e\u0301", ""]
    parts = [make_part(number, make_span(name=name), service=name) for number, name in enumerate(names)]
    (block,) = blocks_of(*parts)
    heads = decode_heads(block.heads)
    assert [decode_part(cut(database, block.spans, head.offset, head.length)) for head in heads] == parts
    assert decode_parts(block.spans) == parts


@given(st.lists(st.text(max_size=5), min_size=1, max_size=5))
def test_offsets_count_characters(names: list[str]) -> None:
    parts = [make_part(number, make_span(name=name)) for number, name in enumerate(names)]
    (block,) = blocks_of(*parts)
    heads = decode_heads(block.heads)
    assert [decode_part(block.spans[head.offset : head.offset + head.length]) for head in heads] == parts


def test_a_block_says_what_its_traces_say_together() -> None:
    parts = [
        make_part(1, make_span(1, 5_000_001_999, 10_000), make_span(2, 7_000_000_000, 5, status_code=2)),
        make_part(2, make_span(3, 6_000_000_000, 9_000_000_000, status_code=2)),
    ]
    (block,) = blocks_of(*parts)
    assert (block.oldest_us, block.newest_us, block.end_us) == (5_000_001, 7_000_000, 15_000_000)
    assert (block.span_count, block.error_count) == (3, 2)
    assert block.terms.split()[:2] == [trace_id(1), trace_id(2)]


def test_the_same_content_has_the_same_digest_and_any_other_another() -> None:
    (block,) = blocks_of(make_part(1), make_part(2))
    (again,) = blocks_of(make_part(1), make_part(2))
    (other,) = blocks_of(make_part(1), make_part(2, make_span(name="GET /other")))
    assert again == block
    assert build_block([make_part(1), make_part(2)]) == block
    assert other.digest != block.digest
    assert len(block.digest) == 32


def test_no_parts_are_no_blocks() -> None:
    assert build_blocks([]) == ([], [])


@pytest.mark.parametrize("limit_bytes", [500, 800, 1500, 5000])
def test_a_large_request_becomes_blocks_that_hold_every_span_once_in_order(
    limit_bytes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blocks_module, "MAX_BLOCK_BYTES", limit_bytes)
    parts = [
        TracePart(
            trace_id(trace),
            [
                make_group([make_span(10 * trace + n, name="🦄") for n in range(trace)], "shop"),
                make_group([make_span(10 * trace + n + 5) for n in range(3)], "till"),
            ],
        )
        for trace in range(1, 5)
    ]
    blocks, oversized = build_blocks(parts)
    assert oversized == []
    assert max(len(block.spans.encode()) + len(block.heads.encode()) for block in blocks) <= limit_bytes + 4

    def members(some: list[TracePart]) -> list[tuple[str, str, str]]:
        return [
            (part.trace_id, group.resource.service_name, span.span_id)
            for part in some
            for group in part.groups
            for span in group.spans
        ]

    stored = [part for block in blocks for part in decode_parts(block.spans)]
    assert members(stored) == members(parts)


def test_a_span_too_large_for_a_row_is_named_and_the_others_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks_module, "MAX_BLOCK_BYTES", 1000)
    large = make_span(2, name="x" * 1000)
    blocks, oversized = build_blocks([make_part(1, make_span(1), large, make_span(3)), make_part(2, large)])
    assert oversized == [f"{trace_id(1)}/{span_id(2)}", f"{trace_id(2)}/{span_id(2)}"]
    assert [trace.span_ids for trace in read_announcement(announce_blocks(blocks).text)] == [
        [span_id(1), span_id(3)]
    ]


@pytest.mark.parametrize(
    "parts",
    [
        [make_part(trace, make_span(trace)) for trace in range(12_000)],
        [make_part(1, make_span(name="x" * 1_400_000))],
        [make_part(1, make_span(), service="x" * 1_400_000)],
    ],
    ids=["very many small traces", "a very long name", "a very long service"],
)
def test_a_row_with_its_heads_and_its_terms_are_no_larger_than_d1_takes(parts: list[TracePart]) -> None:
    blocks, _ = build_blocks(parts)
    for block in blocks:
        columns = (block.digest, block.heads, block.spans)
        assert sum(len(column.encode()) for column in columns) + 9 * 6 <= D1_ROW_BYTES
        assert len(block.terms.encode()) <= D1_ROW_BYTES


def summary(*groups: SpanGroup) -> Head:
    return summarize_part(TracePart(trace_id(1), list(groups)))


def test_a_summary_has_its_fields_in_the_order_that_is_stored() -> None:
    root = make_span(1, 100, 50, name="root")
    child = make_span(2, 120, 100, parent=1, status_code=2)
    assert summary(make_group([child, root])) == Head(
        trace_id(1), 100, 120, 2, 1, True, 100, "root", "shop", 0, 0, ["shop"]
    )


EARLY_CHILD = make_span(2, 90, 5, parent=1, name="child")
ROOTS = {
    "an earlier child": ([EARLY_CHILD, make_span(1, 100, name="root")], (True, 100, "root")),
    "two roots: the earlier": ([make_span(1, 100, name="b"), make_span(3, 99, name="a")], (True, 99, "a")),
    "two roots at once: the first": ([make_span(1, 9, name="b"), make_span(3, 9, name="a")], (True, 9, "b")),
    "no root: the earliest": ([make_span(4, 95, parent=1, name="later"), EARLY_CHILD], (False, 90, "child")),
    "its own parent": ([make_span(1, 5, parent=1, name="self")], (False, 5, "self")),
}


@pytest.mark.parametrize(("spans", "expected"), ROOTS.values(), ids=ROOTS.keys())
def test_the_root_is_chosen(spans: list[Span], expected: tuple[bool, int, str]) -> None:
    head = summary(make_group(spans))
    assert (head.has_root, head.root_start_unix_nano, head.root_name) == expected


def test_the_root_s_service_is_that_of_its_group_and_services_are_in_order_of_appearance() -> None:
    head = summary(
        make_group([make_span(2, 1, parent=1)], "till"),
        make_group([make_span(1, 5)], "shop"),
        make_group([make_span(3, 6, parent=1)], "till"),
        SpanGroup(Resource(), Scope(), [make_span(4, 7, parent=1)]),
    )
    assert (head.root_service, head.services) == ("shop", ["till", "shop", "unknown_service"])


DURATIONS = {
    "one span": ([make_span(1, 100, 7)], (100, 7)),
    "the last to end": ([make_span(1, 100, 50), make_span(2, 110, 90)], (100, 100)),
    "unfinished": ([make_span(1, NOW_UNIX_NANO, -NOW_UNIX_NANO)], (NOW_UNIX_NANO, 0)),
    "unfinished beside finished": ([make_span(1, 100, -100), make_span(2, 90, 5)], (90, 10)),
    "negative": ([make_span(1, 100, -3)], (100, 0)),
    "no times": ([make_span(1, 0, 0)], (0, 0)),
    "the whole range": ([make_span(1, 0, 2**63 - 1)], (0, 2**63 - 1)),
}


@pytest.mark.parametrize(("spans", "expected"), DURATIONS.values(), ids=DURATIONS.keys())
def test_a_trace_lasts_from_its_first_start_to_its_last_end(
    spans: list[Span], expected: tuple[int, int]
) -> None:
    head = summary(make_group(spans))
    assert (head.start_unix_nano, head.duration_nano) == expected


def head_of(start: int, end: int, *, root: int | None = None, name: str = "", service: str = "shop") -> Head:
    """Return the head of a part with two spans, one of them failed."""
    root_start = start if root is None else root
    return Head(
        trace_id(1), start, end - start, 2, 1, root is not None, root_start, name, service, 5, 6, [service]
    )


def test_one_head_is_its_own_summary() -> None:
    head = head_of(1, 2)
    assert merge_heads([head]) is head


def test_heads_are_merged_to_the_head_of_the_whole_trace() -> None:
    heads = [
        head_of(100, 150, name="a", service="till"),
        head_of(120, 200, root=125, name="b"),
        head_of(110, 130, root=126, name="c", service="bank"),
    ]
    assert merge_heads(heads) == Head(
        trace_id(1), 100, 100, 6, 3, True, 125, "b", "shop", 0, 0, ["till", "shop", "bank"]
    )


def test_without_a_root_the_earliest_part_names_the_trace() -> None:
    merged = merge_heads([head_of(20, 30, name="later"), head_of(10, 15, name="earlier")])
    assert (merged.has_root, merged.root_start_unix_nano, merged.root_name) == (False, 10, "earlier")


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(-5, 50), st.booleans()), min_size=1, max_size=8))
def test_the_heads_of_the_parts_give_the_head_of_the_whole(times: list[tuple[int, int, bool]]) -> None:
    """Whichever way a trace is cut into requests; spans that start together may take turns as the root."""
    spans = [
        make_span(n, 100 * start + n, duration, parent=0 if child else None)
        for n, (start, duration, child) in enumerate(times)
    ]
    whole = summarize_part(make_part(1, *spans))
    assert merge_heads([summarize_part(make_part(1, span)) for span in spans]) == whole


@pytest.mark.parametrize(
    ("unix_nano", "expected"),
    [(0, 0), (999, 0), (1000, 1), (2**63 - 1, MAX_INTEGER), (MAX_INTEGER * 1000 - 1, MAX_INTEGER - 1)],
)
def test_times_are_stored_in_microseconds_that_fit_a_javascript_number(unix_nano: int, expected: int) -> None:
    assert to_us(unix_nano) == expected


def test_what_most_spans_do_not_have_costs_four_characters() -> None:
    (block,) = blocks_of(make_part(1, make_span()))
    assert block.spans.endswith(",{},null]]}]}]")
    (block,) = blocks_of(make_part(1, make_span(extras=SpanExtras(trace_state="a=b"))))
    assert block.spans.endswith(',{},{"traceState":"a=b"}]]}]}]')
