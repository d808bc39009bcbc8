"""The spans of one trace page by page, each span once, however large the trace is.

Which spans are on a page is found out inside SQLite, which reads all parts of the trace for it; only those
of the page come into memory.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import msgspec

from otel_worker.model import Span, SpanGroup, TracePart
from otel_worker.store import sql_spans as sql
from otel_worker.store.database import Database, Statement
from otel_worker.store.index import query_by_terms
from otel_worker.store.read import match_ids

_decode_group = msgspec.json.Decoder(SpanGroup).decode


class SpanPosition(NamedTuple):
    """A place in the order of a trace's spans: by start, then by span id."""

    start_unix_nano: int
    span_id: str


class SpanPage(NamedTuple):
    """The spans of a page, and behind which position the next one begins (None on the last)."""

    part: TracePart
    next: SpanPosition | None


async def read_span_page(
    database: Database, trace_id: str, limit: int, limit_bytes: int, after: SpanPosition | None = None
) -> SpanPage | None:
    """Return the first spans behind a position, at least one; None when there are none.

    A page has at most `limit` spans and, except for a single larger one, `limit_bytes` as they are stored.
    A span that was sent several times is there once, as the copy that ends last: exporters re-batch, or
    resend a span when it has ended.
    """
    start_unix_nano, span_id = after or SpanPosition(-1, "")
    parameters = (trace_id, match_ids([trace_id]), str(start_unix_nano), span_id, limit, limit_bytes)
    rows = await query_by_terms(database, Statement(sql.PAGE, parameters), sql.PAGE_UNINDEXED)
    if not rows:
        return None
    # Of several databases each has its page, and its end: what is behind the first of them is not settled.
    ends = [SpanPosition(int(start), end_id) for _, has_more, start, end_id in rows if has_more]
    end = min(ends, default=None)
    groups = list(_settled([_decode_group(row[0]) for row in rows], end))
    places = [SpanPosition(span.start_unix_nano, span.span_id) for group in groups for span in group.spans]
    if len(places) > limit:  # of several databases, each with a page as long
        end = sorted(places)[limit - 1]
        groups = list(_settled(groups, end))
    return SpanPage(TracePart(trace_id, groups), end)


def _settled(groups: Sequence[SpanGroup], end: SpanPosition | None) -> Iterator[SpanGroup]:
    """Yield the groups with those spans that are not behind the end of the page, each once."""
    kept: dict[str, Span] = {}
    for group in groups:
        for span in group.spans:
            if end is None or (span.start_unix_nano, span.span_id) <= end:
                other = kept.get(span.span_id)
                if other is None or span.end_unix_nano > other.end_unix_nano:
                    kept[span.span_id] = span
    for group in groups:
        spans = [span for span in group.spans if kept.get(span.span_id) is span]
        if spans:
            yield SpanGroup(group.resource, group.scope, spans)


async def read_span(database: Database, trace_id: str, span_id: str) -> TracePart | None:
    """Return one span, the copy that ends last, as a part of its trace, or None."""
    parameters = (trace_id, match_ids([trace_id]), span_id)
    rows = await query_by_terms(database, Statement(sql.SPAN, parameters), sql.SPAN_UNINDEXED)
    groups = [_decode_group(row[0]) for row in rows]
    return TracePart(trace_id, list(_settled(groups, None))) if groups else None
