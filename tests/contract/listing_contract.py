"""How traces are listed, on every Database: newest first, page by page, each trace once."""

from __future__ import annotations

from otel_worker.model import STATUS_ERROR, Head, Resource, SpanGroup
from otel_worker.store.database import Database
from otel_worker.store.listing import Position, list_traces
from otel_worker.store.read import read_summaries
from otel_worker.store.write import FUTURE_LIMIT_MS, RETRY_WINDOW_MS, write_blocks
from tests.contract.registry import Contract, expect
from tests.contract.scene import SCOPE, Scene, blocks_of

listing_contract = Contract[Database]()


async def _listed(
    database: Database, scene: Scene, *, start_ms: int = 0, end_ms: int = 86_399_999
) -> list[int]:
    """Return the numbers of the listed traces, after reading the list in pages of every size too."""
    query = scene.query(start_ms=start_ms, end_ms=end_ms)
    whole = (await list_traces(database, query)).heads
    for limit in range(1, len(whole) + 2):
        paged: list[Head] = []
        after: Position | None = None
        for _ in range(len(whole) + 1):
            page = await list_traces(database, query._replace(limit=limit, after=after))
            expect(len(page.heads), min(limit, len(whole) - len(paged)))
            paged.extend(page.heads)
            after = page.next
            if after is None:
                break
        expect(paged, whole)
    return [int(head.trace_id[8:], 16) for head in whole]


@listing_contract
async def traces_are_listed_newest_first_and_by_id_within_a_nanosecond(database: Database) -> None:
    scene = Scene(101)
    await scene.write(database, scene.part(1, scene.span(1, at_ms=5)), scene.part(2, scene.span(1, at_ms=7)))
    await scene.write(database, scene.part(4, scene.span(1, at_ms=6)), scene.part(3, scene.span(1, at_ms=6)))
    await scene.write(database, scene.part(5, scene.span(1, at_ms=1)))
    expect(await _listed(database, scene), [2, 3, 4, 1, 5])


@listing_contract
async def the_bounds_of_a_query_belong_to_it(database: Database) -> None:
    scene = Scene(102)
    for number in range(1, 6):
        await scene.write(database, scene.part(number, scene.span(1, at_ms=number * 10)))
    expect(await _listed(database, scene, start_ms=20, end_ms=40), [4, 3, 2])
    expect(await _listed(database, scene, start_ms=21, end_ms=39), [3])
    expect(await _listed(database, scene, start_ms=41, end_ms=49), [])


@listing_contract
async def a_summary_counts_all_parts_of_a_trace(database: Database) -> None:
    scene = Scene(103)
    root = scene.span(1, at_ms=10, for_nano=50_000_000, name="root")
    child = scene.span(2, at_ms=5, for_nano=1, name="child", parent=f"{1:016x}", status_code=STATUS_ERROR)
    last = scene.span(3, at_ms=30, for_nano=90_000_001, name="last", parent=f"{1:016x}")
    await scene.write(database, scene.part(1, child, resource=Resource({"service.name": "edge"})))
    two_services = scene.part(1, root)
    two_services.groups.append(SpanGroup(Resource(), SCOPE, [last]))
    await scene.write(database, two_services)
    (head,) = (await list_traces(database, scene.query())).heads
    expect(
        head,
        Head(
            scene.trace_id(1),
            scene.start_unix_nano + 5_000_000,
            115_000_001,
            3,
            1,
            True,
            scene.start_unix_nano + 10_000_000,
            "root",
            "checkout",
            0,
            0,
            ["edge", "checkout", "unknown_service"],
        ),
    )


@listing_contract
async def a_trace_that_goes_on_for_long_keeps_the_place_of_its_start(database: Database) -> None:
    scene = Scene(104)
    await scene.write(database, scene.part(1, scene.span(1, at_ms=0)))
    for number in range(2, 30):
        await scene.write(database, scene.part(number, scene.span(1, at_ms=number * 1000)))
    await scene.write(database, scene.part(1, scene.span(2, at_ms=50_000)))
    expect(await _listed(database, scene), [*range(29, 1, -1), 1])
    expect(await _listed(database, scene, start_ms=1), list(range(29, 1, -1)))
    expect(await _listed(database, scene, end_ms=1), [1])


@listing_contract
async def one_block_may_hold_traces_of_different_hours(database: Database) -> None:
    scene = Scene(105)
    hour_ms = 3_600_000
    await scene.write(database, *(scene.part(n, scene.span(n, at_ms=n * hour_ms)) for n in (9, 1, 5, 3)))
    await scene.write(database, *(scene.part(n, scene.span(n, at_ms=n * hour_ms)) for n in (2, 8, 4)))
    expect(await _listed(database, scene), [9, 8, 5, 4, 3, 2, 1])
    expect(await _listed(database, scene, start_ms=2 * hour_ms, end_ms=4 * hour_ms), [4, 3, 2])


@listing_contract
async def more_traces_than_one_lookup_takes_are_summarized(database: Database) -> None:
    scene = Scene(106)
    await scene.write(database, *(scene.part(n, scene.span(n, at_ms=n)) for n in range(1, 251)))
    await scene.write(database, *(scene.part(n, scene.span(n + 500, at_ms=n)) for n in range(1, 251)))
    page = await list_traces(database, scene.query(1000))
    expect([int(head.trace_id[8:], 16) for head in page.heads], list(range(250, 0, -1)))
    expect({head.span_count for head in page.heads}, {2})
    trace_ids = [scene.trace_id(number) for number in range(1, 252)]
    summaries = await read_summaries(database, trace_ids)
    expect(sorted(summaries), trace_ids[:250])


@listing_contract
async def a_clock_that_was_never_set_is_filed_under_the_time_it_came(database: Database) -> None:
    scene = Scene(107)
    for number, unix_nano in ((1, 0), (2, 2**63 - 1)):
        span = scene.span(number)
        span.start_unix_nano, span.duration_nano = unix_nano, 0
        blocks = blocks_of([scene.part(number, span)])
        expect((await write_blocks(database, blocks, scene.now_unix_ms)).blocks, blocks)
        # The same a little later is found again, though its own time is another by then.
        expect((await write_blocks(database, blocks, scene.now_unix_ms + RETRY_WINDOW_MS - 1)).blocks, [])
    expect(await scene.stored_rows(database), (2, 2))
    # Each is where it is looked for: the one of the future today, the one of 1970 at its own start.
    expect(await _listed(database, scene), [2])
    beginning = scene.query()._replace(start_unix_nano=0, end_unix_nano=0)
    expect([head.trace_id for head in (await list_traces(database, beginning)).heads], [scene.trace_id(1)])


@listing_contract
async def a_retry_is_recognised_when_the_future_limit_moved_past_it(database: Database) -> None:
    scene = Scene(108)
    span = scene.span(1)
    span.start_unix_nano = (scene.now_unix_ms + FUTURE_LIMIT_MS + 1_000) * 1_000_000
    blocks = blocks_of([scene.part(1, span)])
    expect((await write_blocks(database, blocks, scene.now_unix_ms)).blocks, blocks)
    expect((await write_blocks(database, blocks, scene.now_unix_ms + 2_000)).blocks, [])
    expect(await _listed(database, scene), [1])
