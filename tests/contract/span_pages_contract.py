"""The spans of a trace page by page, on every Database: by start and id, each once, lossless."""

from __future__ import annotations

from otel_worker.model import Attributes, Resource, SpanExtras, SpanGroup, TracePart
from otel_worker.store.database import Database
from otel_worker.store.span_pages import SpanPosition, read_span, read_span_page
from tests.contract.registry import Contract, expect
from tests.contract.scene import SCOPE, Scene

span_pages_contract = Contract[Database]()

_UNLIMITED_BYTES = 8_000_000


async def _pages(database: Database, trace_id: str, limit: int, limit_bytes: int) -> list[list[str]]:
    """Return the ids of all pages, each sorted as it is shown."""
    pages: list[list[str]] = []
    after: SpanPosition | None = None
    while True:
        page = await read_span_page(database, trace_id, limit, limit_bytes, after)
        assert page is not None, pages
        spans = [span for group in page.part.groups for span in group.spans]
        spans.sort(key=lambda span: (span.start_unix_nano, span.span_id))
        pages.append([span.span_id for span in spans])
        after = page.next
        if after is None:
            return pages
        expect(after, (spans[-1].start_unix_nano, spans[-1].span_id))


@span_pages_contract
async def pages_of_every_size_show_each_span_once_by_start(database: Database) -> None:
    scene = Scene(701)
    # Interleaved in time, and beside other traces.
    for first in range(3):
        spans = [scene.span(number, at_ms=number // 2) for number in range(first, 12, 3)]
        await scene.write(database, scene.part(2, scene.span(1)), scene.part(1, *spans))
    expected = [f"{number:016x}" for number in range(12)]
    for limit in range(1, 14):
        pages = await _pages(database, scene.trace_id(1), limit, _UNLIMITED_BYTES)
        expect([span_id for page in pages for span_id in page], expected)
        expect({len(page) for page in pages[:-1]} <= {limit}, True)
    expect(await read_span_page(database, scene.trace_id(3), 10, _UNLIMITED_BYTES), None)
    last = SpanPosition(scene.start_unix_nano + 5_000_000, expected[-1])
    expect(await read_span_page(database, scene.trace_id(1), 10, _UNLIMITED_BYTES, last), None)


@span_pages_contract
async def of_copies_the_one_that_ends_last_is_shown_whatever_page_the_others_would_be_on(
    database: Database,
) -> None:
    scene = Scene(702)
    for copy, (at_ms, for_nano) in enumerate(((5, 1), (90, 0), (5, 200_000_000), (40, 1))):
        again = scene.span(1, at_ms=at_ms, for_nano=for_nano, name=f"copy {copy}")
        await scene.write(database, scene.part(1, again, scene.span(10 + copy, at_ms=copy * 20)))
    pages = await _pages(database, scene.trace_id(1), 1, _UNLIMITED_BYTES)
    expect(pages, [[f"{number:016x}"] for number in (10, 1, 11, 12, 13)])
    part = await read_span(database, scene.trace_id(1), f"{1:016x}")
    assert part is not None
    expect([span.name for group in part.groups for span in group.spans], ["copy 2"])
    expect(await read_span(database, scene.trace_id(1), f"{99:016x}"), None)


@span_pages_contract
async def a_page_ends_at_its_bytes_but_has_one_span_always(database: Database) -> None:
    scene = Scene(703)
    sizes = (10, 5_000, 10, 10, 10)
    spans = [scene.span(n, at_ms=n, attributes={"a": "x" * size}) for n, size in enumerate(sizes, 1)]
    await scene.write(database, scene.part(1, *spans))
    pages = await _pages(database, scene.trace_id(1), 100, 1_000)
    expect(pages, [[f"{n:016x}" for n in page] for page in ((1,), (2,), (3, 4, 5))])
    # A resource is shown with each of its spans, so it counts for each.
    large = Resource({"service.name": "x" * 400})
    await scene.write(database, scene.part(2, *(scene.span(n) for n in range(1, 6)), resource=large))
    expect([len(page) for page in await _pages(database, scene.trace_id(2), 100, 1_100)], [2, 2, 1])


@span_pages_contract
async def a_page_is_lossless(database: Database) -> None:
    scene = Scene(704)
    attributes: Attributes = {
        'a"b\\c\0d': "naïve \U0001f680 \u2028",
        "int": 2**63 - 1,
        "low": -(2**63),
        "double": 2.0,
        "large": 1.7976931348623157e308,
        "small": 5e-324,
        "list": ["a", 1, None, [True]],
        "map": {"map": {"a": 1.5, "b": {"map": {}}}},
        "bytes": {"bytes": "AP8="},
    }
    extras = SpanExtras(status_message="x", dropped_links_count=3)
    late = 2**63 - 1
    span = scene.span(1, attributes=attributes, extras=extras)
    last = scene.span(2)
    last.start_unix_nano, last.duration_nano = late, 0
    first = scene.span(3)
    first.start_unix_nano, first.duration_nano = 0, late
    parts = [
        TracePart(scene.trace_id(1), [SpanGroup(Resource(attributes, 1, "u"), SCOPE, [span, last, first])])
    ]
    await scene.write(database, *parts)
    page = await read_span_page(database, scene.trace_id(1), 10, _UNLIMITED_BYTES)
    assert page is not None
    expect(page.part, parts[0])
    expect(repr(page.part), repr(parts[0]))
    expect(
        await _pages(database, scene.trace_id(1), 1, _UNLIMITED_BYTES),
        [[f"{number:016x}"] for number in (3, 1, 2)],
    )
