"""The index: dropped, done without, built again while spans come and go, on every Database.

These cases drop the index of all scenes, and leave it complete.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager

from otel_worker.store import index
from otel_worker.store.database import Database, Row, Statement
from otel_worker.store.delete import delete_span, delete_trace
from otel_worker.store.index import (
    DROPPED,
    READY,
    REBUILDING,
    IndexStatus,
    drop_index,
    read_index_status,
    rebuild_index,
)
from otel_worker.store.listing import list_traces
from otel_worker.store.read import read_summaries
from otel_worker.store.retention import delete_expired
from tests.contract.registry import Contract, expect
from tests.contract.scene import Scene, read_trace

index_contract = Contract[Database]()


async def _rebuild(database: Database) -> list[IndexStatus]:
    """Call rebuild_index until the index is ready, and return what it said each time."""
    statuses = [await rebuild_index(database)]
    while statuses[-1].state != READY:
        statuses.append(await rebuild_index(database))
        assert len(statuses) < 200, statuses[-1]
    return statuses


async def _check(database: Database) -> None:
    """Fail unless every block has its row in the index, every row its block, and no second index is left."""
    query = """
    SELECT
      (SELECT count(*) FROM span_blocks WHERE id NOT IN (SELECT rowid FROM span_terms)) AS missing,
      (SELECT count(*) FROM span_terms WHERE rowid NOT IN (SELECT id FROM span_blocks)) AS orphans,
      (SELECT count(*) FROM sqlite_master WHERE name LIKE 'span_terms_rebuild%') AS leftovers
    """
    expect([tuple(row) for row in await database.query(Statement(query))], [(0, 0, 0)])


async def _indexed(database: Database, scene: Scene, numbers: Sequence[int]) -> list[int]:
    """Return how many blocks the index itself finds for each of these traces."""
    found = []
    for number in numbers:
        match = f'"{scene.trace_id(number)}"'
        statement = "SELECT count(*) FROM span_terms WHERE span_terms MATCH ?1"
        ((count,),) = await database.query(Statement(statement, (match,)))
        found.append(count)
    return found


@asynccontextmanager
async def _steps_of(blocks: int) -> AsyncIterator[None]:
    """Let rebuild_index do so many blocks a call."""
    usual, index.MAX_BLOCKS = index.MAX_BLOCKS, blocks
    try:
        yield
    finally:
        index.MAX_BLOCKS = usual


class _Interrupted:
    """A Database in which something else happens before some of its calls, counted from 0."""

    def __init__(self, database: Database, interruptions: dict[int, Callable[[], Awaitable[object]]]) -> None:
        self._database = database
        self._interruptions = interruptions
        self.calls = 0

    async def query(self, statement: Statement) -> list[Row]:
        await self._interrupt()
        return await self._database.query(statement)

    async def batch(self, statements: Sequence[Statement]) -> list[int]:
        await self._interrupt()
        return await self._database.batch(statements)

    async def _interrupt(self) -> None:
        interruption = self._interruptions.pop(self.calls, None)
        self.calls += 1
        if interruption is not None:
            await interruption()


@index_contract
async def what_all_other_cases_left_is_indexed(database: Database) -> None:
    await _check(database)
    state, blocks, indexed = await read_index_status(database)
    expect((state, indexed), (READY, blocks))
    expect(await rebuild_index(database), IndexStatus(READY, blocks, blocks))
    await _check(database)


@index_contract
async def without_the_index_everything_works(database: Database) -> None:
    scene = Scene(60)
    await scene.write(database, scene.part(1, scene.span(1)), scene.part(2, scene.span(1)))
    await drop_index(database)
    await drop_index(database)
    state, blocks, indexed = await read_index_status(database)
    expect((state, indexed), (DROPPED, 0))
    late = scene.part(1, scene.span(2, at_ms=5), scene.span(3, at_ms=5))
    parts = [late, scene.part(3, scene.span(1, at_ms=5))]
    expect(len(await scene.write(database, *parts)), 1)
    expect(await scene.write(database, *parts), [])
    expect((await read_index_status(database)).blocks, blocks + 1)

    trace = await read_trace(database, scene.trace_id(1))
    assert trace is not None
    expect([span.span_id[-1] for group in trace.groups for span in group.spans], ["1", "2", "3"])
    expect(await read_trace(database, scene.trace_id(4)), None)
    summaries = await read_summaries(database, [scene.trace_id(number) for number in (1, 2, 3, 4)])
    counts = {trace_id: summary.head.span_count for trace_id, summary in summaries.items()}
    expect(counts, {scene.trace_id(1): 3, scene.trace_id(2): 1, scene.trace_id(3): 1})
    page = await list_traces(database, scene.query())
    expect(sorted(head.span_count for head in page.heads), [1, 1, 3])

    expect(await delete_span(database, scene.trace_id(1), f"{3:016x}"), True)
    expect(await delete_span(database, scene.trace_id(1), f"{3:016x}"), False)
    expect(await delete_trace(database, scene.trace_id(3)), True)
    expect(await delete_trace(database, scene.trace_id(3)), False)
    expect((await read_index_status(database)).state, DROPPED)
    await _rebuild(database)
    await _check(database)
    expect(await _indexed(database, scene, [1, 2, 3]), [2, 1, 0])


@index_contract
async def retention_works_without_the_index(database: Database) -> None:
    scene = Scene(-3_000)
    await scene.write(database, scene.part(1, scene.span(1)))
    await drop_index(database)
    await scene.write(database, scene.part(2, scene.span(1, at_ms=1)))
    later_ms = scene.start_unix_nano // 1_000_000 + 8 * 86_400_000
    expect(await delete_expired(database, 7, later_ms), 2)
    await _rebuild(database)
    await _check(database)


@index_contract
async def it_is_rebuilt_in_steps_while_spans_come_and_go(database: Database) -> None:
    scene = Scene(61)
    numbers = range(1, 41)
    for number in numbers:
        await scene.write(database, scene.part(number, scene.span(number, at_ms=10 * number)))
    await drop_index(database)
    # Everything that is older first: the steps below are within this scene.
    async with _steps_of(10):
        older = await read_index_status(database)
        while (await rebuild_index(database)).indexed_blocks < older.blocks - 35:
            pass
        expect((await read_index_status(database)).state, REBUILDING)
        # Behind, amid and ahead of what is indexed so far.
        for at_ms in (1, 55, 405):
            part = scene.part(100 + at_ms, scene.span(1, at_ms=at_ms))
            expect(len(await scene.write(database, part)), 1)
            expect(await scene.write(database, part), [])
        for number in (1, 20, 40):
            expect(await delete_trace(database, scene.trace_id(number)), True)
        before = await read_index_status(database)
        expect((before.state, before.blocks), (REBUILDING, older.blocks))
        expect(await read_trace(database, scene.trace_id(101)), scene.part(101, scene.span(1, at_ms=1)))
        statuses = await _rebuild(database)
    expect([status.state for status in statuses[:-1]], [REBUILDING] * (len(statuses) - 1))
    expect(len(statuses) > 2, True)
    for previous, status in zip([before, *statuses], statuses, strict=False):
        expect(previous.indexed_blocks < status.indexed_blocks <= previous.indexed_blocks + 10, True)
    await _check(database)
    expect(await scene.stored_rows(database), (40, 40))
    expect(await _indexed(database, scene, [1, 20, 40]), [0, 0, 0])
    kept = [number for number in numbers if number not in (1, 20, 40)]
    expect(await _indexed(database, scene, [*kept, 101, 155, 505]), [1] * 40)


@index_contract
async def what_was_left_out_is_put_in(database: Database) -> None:
    scene = Scene(62)
    for number in (1, 2):
        await scene.write(database, scene.part(number, scene.span(number, at_ms=number)))
    await database.batch(
        [
            Statement(
                "DELETE FROM span_terms WHERE rowid IN "
                "(SELECT rowid FROM span_terms WHERE span_terms MATCH ?1)",
                (f'"{scene.trace_id(1)}"',),
            ),
            Statement("INSERT INTO span_terms (rowid, terms) VALUES (7, 'orphan')"),
            Statement("CREATE VIRTUAL TABLE span_terms_rebuild USING fts5(terms)"),
        ]
    )
    status = await read_index_status(database)
    expect((status.state, status.blocks - status.indexed_blocks), (REBUILDING, 1))
    expect((await rebuild_index(database)).state, READY)
    await _check(database)
    expect(await _indexed(database, scene, [1, 2]), [1, 1])


@index_contract
async def a_block_written_while_the_index_is_finished_is_in_it(database: Database) -> None:
    scene = Scene(63)
    await drop_index(database)
    async with _steps_of(1):
        await rebuild_index(database)
    # The first call finds no index, and before the second the one that is being built takes its place.
    meanwhile = _Interrupted(database, {1: lambda: _rebuild(database)})
    expect(len(await scene.write(meanwhile, scene.part(1, scene.span(1)))), 1)
    expect(meanwhile.calls, 3)
    await _check(database)
    expect(await _indexed(database, scene, [1]), [1])


@index_contract
async def a_block_that_changes_while_it_is_indexed_is_indexed_as_it_is_now(database: Database) -> None:
    # After every other scene: this block is the last that is indexed.
    scene = Scene(5_000)
    await scene.write(database, scene.part(1, scene.span(1)), scene.part(2, scene.span(2)))
    blocks = (await read_index_status(database)).blocks
    await drop_index(database)
    async with _steps_of(blocks - 1):
        expect(await rebuild_index(database), IndexStatus(REBUILDING, blocks, blocks - 1))
    # Tables, missing blocks, their spans; the fourth call writes.
    meanwhile = _Interrupted(database, {3: lambda: delete_trace(database, scene.trace_id(1))})
    await rebuild_index(meanwhile)
    await _rebuild(database)
    await _check(database)
    expect(await read_trace(database, scene.trace_id(1)), None)
    expect(await _indexed(database, scene, [1, 2]), [0, 1])


@index_contract
async def a_rebuild_whose_index_is_dropped_begins_again(database: Database) -> None:
    scene = Scene(65)
    await scene.write(database, scene.part(1, scene.span(1)))
    await drop_index(database)
    async with _steps_of(5):
        await rebuild_index(database)
        meanwhile = _Interrupted(database, {3: lambda: drop_index(database)})
        status = await rebuild_index(meanwhile)
        expect((status.state, status.indexed_blocks), (DROPPED, 0))
    await _rebuild(database)
    await _check(database)
    expect(await _indexed(database, scene, [1]), [1])
