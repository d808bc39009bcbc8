"""Searching: which traces of which blocks match, found through the terms and tested inside SQLite."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import NamedTuple

from otel_worker.errors import IndexMissing
from otel_worker.model import Head
from otel_worker.store import sql_search as sql
from otel_worker.store.blocks import decode_heads, to_us
from otel_worker.store.conditions import (
    Parameters,
    SpanConditions,
    blocks_query,
    head_test,
    node_tests,
    span_test,
)
from otel_worker.store.database import Database, Statement
from otel_worker.store.read import match_ids


class BlockRange(NamedTuple):
    """Blocks below one id and not below another, with a trace that starts at `latest_us` or before."""

    before_id: int
    oldest_id: int
    latest_us: int


class FoundBlock(NamedTuple):
    """A block that was looked into, and the heads of its traces that match."""

    block_id: int
    heads: list[Head]


async def find_heads(
    database: Database, conditions: SpanConditions, blocks: BlockRange, limit: int
) -> list[FoundBlock]:
    """Return the newest `limit` blocks of a range that may match, newest first; fewer: there are no more."""
    try:
        rows = await database.query(_heads_statement(conditions, blocks, limit, sql.BLOCKS_BY_TERMS))
    except IndexMissing:
        rows = await database.query(_heads_statement(conditions, blocks, limit, sql.ALL_BLOCKS))
    return [FoundBlock(block_id, decode_heads(heads)) for block_id, heads in rows]


def _heads_statement(conditions: SpanConditions, blocks: BlockRange, limit: int, source: str) -> Statement:
    parameters = Parameters()
    if conditions.is_told_by_heads:
        text = sql.HEADS_BY_HEAD.replace("{head_test}", head_test(conditions, parameters))
    elif conditions.is_told_by_nodes:
        text = sql.HEADS_BY_NODE.replace("{parts}", _parts(conditions, parameters))
    else:
        text = sql.HEADS_BY_SPAN.replace("{parts}", _parts(conditions, parameters))
        text = text.replace("{span_exists}", _span_exists(conditions, parameters))
    names = {
        "before": parameters.add(blocks.before_id),
        "oldest": parameters.add(blocks.oldest_id),
        "latest_us": parameters.add(blocks.latest_us),
        "limit": parameters.add(limit),
    }
    if source is sql.BLOCKS_BY_TERMS:
        names["terms"] = parameters.add(blocks_query(conditions))
    return Statement(text.replace("{blocks}", source.format(**names)), tuple(parameters.values))


def _parts(conditions: SpanConditions, parameters: Parameters) -> str:
    """Return the SQL of the parts that may match: by one pass over the block's spans, or by its heads."""
    if conditions.is_of_service_and_error:
        return sql.PARTS_BY_HEAD.format(head_test=head_test(conditions, parameters))
    tests = node_tests(conditions, parameters)
    places = (
        (tests.attributes, sql.NODE_IS_ATTRIBUTE),
        (tests.fields, sql.NODE_IS_OF_SPAN),
        (tests.links, sql.NODE_IS_OF_LINK),
    )
    node_test = " OR ".join(
        f"({' OR '.join(f'({test})' for test in some)}) AND {is_there}" for some, is_there in places if some
    )
    numbered = list(enumerate(tests.attributes + tests.fields + tests.links))
    if len(numbered) == 1:
        return sql.PARTS_BY_NODE.format(node_test=node_test)
    return sql.PARTS_BY_NODES.format(
        node_test=node_test,
        found=", ".join(sql.FOUND.format(node_test=test, number=number) for number, test in numbered),
        passed=", ".join(sql.PASSED.format(number=number) for number, _ in numbered),
        all_passed=" AND ".join(f"passed_{number}" for number, _ in numbered),
    )


def _span_exists(conditions: SpanConditions, parameters: Parameters) -> str:
    part = sql.PART_CUT_OUT if conditions.is_of_service_and_error else sql.PART_EXTRACTED
    return sql.SPAN_EXISTS.format(part=part, span_test=span_test(conditions, parameters))


class DurationRange(NamedTuple):
    """Traces that take from `shortest_nano` to `longest_nano`, from first start to last end."""

    shortest_nano: int
    longest_nano: int


class StartRange(NamedTuple):
    """Traces that start within [start, end] and stand behind (`before_unix_nano`, `after_trace_id`)."""

    start_unix_nano: int
    end_unix_nano: int
    before_unix_nano: int
    after_trace_id: str
    # Blocks below this id hold nothing that starts so late.
    oldest_id: int


class FoundTrace(NamedTuple):
    """A trace and the start by which it is listed."""

    trace_id: str
    sort_unix_nano: int


async def find_by_duration(
    database: Database, conditions: SpanConditions, duration: DurationRange, starts: StartRange, limit: int
) -> list[FoundTrace]:
    """Return the first `limit` traces in the list's order that may match; only their duration is certain.

    Reads the heads of every trace from `starts` on: a trace's parts may be in many blocks.
    """
    try:
        rows = await database.query(_duration_statement(conditions, duration, starts, limit, True))
    except IndexMissing:
        rows = await database.query(_duration_statement(conditions, duration, starts, limit, False))
    return [FoundTrace(trace_id, int(unix_nano)) for trace_id, unix_nano in rows]


def _duration_statement(
    conditions: SpanConditions,
    duration: DurationRange,
    starts: StartRange,
    limit: int,
    has_index: bool,
) -> Statement:
    parameters = Parameters()
    block_test = "TRUE"
    if has_index and not conditions.is_empty:
        block_test = sql.BLOCK_HAS_TERMS.format(terms=parameters.add(blocks_query(conditions)))
    text = sql.TRACES_BY_DURATION.format(
        block_test=block_test,
        oldest=parameters.add(starts.oldest_id),
        # Nanoseconds are above what a parameter may hold.
        shortest=parameters.add(str(duration.shortest_nano)),
        longest=parameters.add(str(duration.longest_nano)),
        start=parameters.add(str(starts.start_unix_nano)),
        end=parameters.add(str(starts.end_unix_nano)),
        after=parameters.add(str(starts.before_unix_nano)),
        after_id=parameters.add(starts.after_trace_id),
        limit=parameters.add(limit),
    )
    return Statement(text, tuple(parameters.values))


class LateRange(NamedTuple):
    """Traces that start at `latest_unix_nano` or before, looked for in blocks of these ids.

    Blocks below `latest_id` hold nothing that starts later.
    """

    latest_unix_nano: int
    oldest_id: int
    latest_id: int
    end_id: int


async def find_late_traces(database: Database, conditions: SpanConditions, late: LateRange) -> list[str]:
    """Return the traces whose span that matches came in a block that `find_heads` passes over.

    Such a block holds later spans alone, and an earlier one of the trace is in another block.
    """
    try:
        rows = await database.query(_late_statement(conditions, late, True))
    except IndexMissing:
        rows = await database.query(_late_statement(conditions, late, False))
    return [row[0] for row in rows]


def _late_statement(conditions: SpanConditions, late: LateRange, has_index: bool) -> Statement:
    parameters = Parameters()
    ids = {
        "oldest_id": parameters.add(late.oldest_id),
        "latest_id": parameters.add(late.latest_id),
        "end_id": parameters.add(late.end_id),
    }
    block_test = "TRUE"
    if has_index:
        terms = parameters.add(blocks_query(conditions))
        block_test = sql.LATE_BLOCK_HAS_TERMS.format(terms=terms, **ids)
    text = sql.LATE_TRACES.format(
        block_test=block_test,
        latest_us=parameters.add(to_us(late.latest_unix_nano)),
        latest=parameters.add(str(late.latest_unix_nano)),
        span_exists=_span_exists(conditions, parameters),
        **ids,
    )
    return Statement(text, tuple(parameters.values))


async def matching_traces(
    database: Database, conditions: SpanConditions, trace_ids: Sequence[str]
) -> set[str]:
    """Return those of at most 100 traces that have a span which matches."""
    try:
        rows = await database.query(_matching_statement(conditions, trace_ids, True))
    except IndexMissing:
        rows = await database.query(_matching_statement(conditions, trace_ids, False))
    return {row[0] for row in rows}


def _matching_statement(conditions: SpanConditions, trace_ids: Sequence[str], has_index: bool) -> Statement:
    parameters = Parameters()
    block_test = "TRUE"
    if has_index:
        block_test = sql.BLOCK_HAS_TERMS.format(terms=parameters.add(match_ids(trace_ids)))
    text = sql.MATCHING_TRACES.format(
        block_test=block_test,
        trace_ids=parameters.add(json.dumps(trace_ids)),
        span_exists=_span_exists(conditions, parameters),
    )
    return Statement(text, tuple(parameters.values))
