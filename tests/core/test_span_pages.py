"""Pages of a trace that is in several databases, as while one is being added, against the whole of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from hypothesis import given
from hypothesis import strategies as st

from otel_worker.store.database import Database
from otel_worker.store.sharding import ShardedDatabase
from otel_worker.store.span_pages import SpanPosition, read_span, read_span_page
from otel_worker.store.write import write_blocks
from tests.core.harness import open_database
from tests.samples import NOW_UNIX_MS, NOW_UNIX_NANO, blocks_of, make_part, make_span, run, span_id, trace_id

BYTES = 8_000_000


@contextmanager
def open_shards() -> Iterator[list[Database]]:
    """Yield three empty databases."""
    with ExitStack() as stack:
        yield [stack.enter_context(open_database()) for _ in range(3)]


def pages_of(database: Database, limit: int, limit_bytes: int) -> list[list[str]]:
    """Return the span ids of all pages of the trace, in order."""
    pages: list[list[str]] = []
    after: SpanPosition | None = None
    while True:
        page = run(read_span_page(database, trace_id(1), limit, limit_bytes, after))
        assert page is not None
        spans = [span for group in page.part.groups for span in group.spans]
        spans.sort(key=lambda span: (span.start_unix_nano, span.span_id))
        pages.append([span.span_id for span in spans])
        after = page.next
        if after is None:
            return pages


# (database, request, span): copies of a span start together, and end the later the higher the request.
SENT = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 3), st.integers(1, 30)), min_size=1, max_size=60)


@given(sent=SENT, limit=st.integers(1, 12), limit_bytes=st.sampled_from([1, 700, BYTES]))
def test_pages_show_each_span_once_by_start_and_no_more_than_the_limit(
    sent: list[tuple[int, int, int]], limit: int, limit_bytes: int
) -> None:
    requests: dict[tuple[int, int], list[int]] = {}
    for shard, request, number in sent:
        requests.setdefault((shard, request), []).append(number)
    with open_shards() as shards:
        for (shard, request), numbers in requests.items():
            spans = (make_span(number, NOW_UNIX_NANO + number // 3, request) for number in numbers)
            run(write_blocks(shards[shard], blocks_of(make_part(1, *spans)), NOW_UNIX_MS))
        pages = pages_of(ShardedDatabase(shards), limit, limit_bytes)
    expected = [span_id(number) for number in sorted({number for _, _, number in sent})]
    assert [span for page in pages for span in page] == expected
    assert all(0 < len(page) <= limit for page in pages)


def test_of_copies_in_several_databases_the_one_that_ends_last_is_shown() -> None:
    with open_shards() as shards:
        for shard, duration in zip(shards, (1, 3, 2), strict=True):
            part = make_part(1, make_span(1, duration_nano=duration, name=f"{duration}"))
            run(write_blocks(shard, blocks_of(part), NOW_UNIX_MS))
        database = ShardedDatabase(shards)
        page = run(read_span_page(database, trace_id(1), 10, BYTES))
        single = run(read_span(database, trace_id(1), span_id(1)))
    assert page is not None
    for found in (page.part, single):
        assert found is not None
        assert [span.name for group in found.groups for span in group.spans] == ["3"]
