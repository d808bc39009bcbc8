"""What the store keeps, on every Database: whole traces, once, at two rows an export request."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from otel_worker.model import (
    STATUS_ERROR,
    Attributes,
    Event,
    Link,
    Resource,
    Scope,
    SpanExtras,
    SpanGroup,
    TracePart,
)
from otel_worker.store.database import Database, Row, Statement
from otel_worker.store.delete import delete_span, delete_trace
from otel_worker.store.retention import BLOCKS_PER_STEP, delete_expired
from otel_worker.store.terms import hash_term, scalar_text
from otel_worker.store.write import IDS_PER_MILLISECOND, first_id_of, write_blocks
from tests.contract.registry import Contract, expect
from tests.contract.scene import RESOURCE, SCOPE, Scene, blocks_of, read_trace

store_contract = Contract[Database]()

# D1's limit.
_LARGEST_ROW_BYTES = 2_000_000


class _Bill:
    """What D1 bills a Database for from now on, in rows written; a Database that is not D1 has no bill."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._written_before = getattr(database, "rows_written", 0)

    def expect(self, rows_written: int) -> None:
        if hasattr(self._database, "rows_written"):
            expect(self._database.rows_written - self._written_before, rows_written)


@store_contract
async def a_trace_is_read_as_it_was_written(database: Database) -> None:
    scene = Scene(1)
    extras = SpanExtras(
        "it broke \0 \U0001f680",
        "vendor=1",
        [Event(scene.start_unix_nano + 1, "event", {"a": 1}, 2), Event()],
        [Link("1" * 32, "2" * 16, "state", {"b": None}, 3, 257)],
        4,
        5,
        6,
    )
    attributes: Attributes = {
        "text": "naïve 日本語 \U0001f680 \0",
        "true": True,
        "largest": 2**63 - 1,
        "smallest": -(2**63),
        "three": 3.0,
        "tiny": 5e-324,
        "nan": {"double": "NaN"},
        "bytes": {"bytes": "AP+A"},
        "unset": None,
        "array": [1, "two", 3.5, False, None, [[]]],
        "map": {"map": {"inner": {"map": {}}, "bytes": {"bytes": ""}}},
        "": "an empty key",
    }
    spans = [
        scene.span(1, name="", for_nano=123_456_789, attributes=attributes, extras=extras, status_code=2),
        scene.span(2, at_ms=1, for_nano=-1, parent=f"{1:016x}", extras=SpanExtras(events=[Event(name="e")])),
        scene.span(3, for_nano=0),
    ]
    part = scene.part(1, *spans, resource=Resource({"service.name": "日本", "n": 1}, 7, "https://schema/1"))
    part.groups.append(SpanGroup(RESOURCE, Scope("scope", "2", {"c": "d"}, 1, "s"), [scene.span(4)]))
    await scene.write(database, scene.part(2, scene.span(1)), part, scene.part(3, scene.span(1)))
    expect(await read_trace(database, scene.trace_id(1)), part)
    expect(await read_trace(database, scene.trace_id(3)), scene.part(3, scene.span(1)))
    expect(await read_trace(database, scene.trace_id(4)), None)


@store_contract
async def the_same_export_again_stores_nothing(database: Database) -> None:
    scene = Scene(2)
    parts = [scene.part(number, scene.span(number)) for number in range(3)]
    (block,) = await scene.write(database, *parts)
    expect(block.span_count, 3)
    expect(await scene.write(database, *parts), [])
    expect(await scene.stored_rows(database), (1, 1))


@store_contract
async def the_same_blocks_twice_in_one_call_are_stored_once(database: Database) -> None:
    scene = Scene(3)
    (block,) = blocks_of([scene.part(1, scene.span(1))])
    expect((await write_blocks(database, [block, block], scene.now_unix_ms)).blocks, [block])
    expect(await scene.stored_rows(database), (1, 1))


@store_contract
async def many_traces_cost_two_rows_and_their_retry_none(database: Database) -> None:
    scene = Scene(4)
    bill = _Bill(database)
    parts = [
        scene.part(
            trace,
            *(
                scene.span(
                    trace * 8 + number, at_ms=number, attributes={f"k{n}": f"{trace}.{n}" for n in range(10)}
                )
                for number in range(8)
            ),
        )
        for trace in range(64)
    ]
    expect(len(await scene.write(database, *parts)), 1)
    bill.expect(2)
    expect(await scene.write(database, *parts), [])
    bill.expect(2)
    expect(await scene.stored_rows(database), (1, 1))
    expect(await read_trace(database, scene.trace_id(63)), parts[63])


@store_contract
async def a_large_export_is_several_blocks_and_nothing_of_it_is_missing(database: Database) -> None:
    scene = Scene(5)
    filler = "f" * 60_000
    spans = [scene.span(number, at_ms=number, attributes={"filler": filler}) for number in range(1, 61)]
    blocks = await scene.write(database, scene.part(1, *spans), scene.part(2, scene.span(1)))
    expect(
        [len(block.heads) + len(block.spans) <= _LARGEST_ROW_BYTES for block in blocks], [True] * len(blocks)
    )
    expect(len(blocks) > 1, True)
    expect(await scene.stored_rows(database), (len(blocks), len(blocks)))
    stored = await read_trace(database, scene.trace_id(1))
    assert stored is not None
    expect([span for group in stored.groups for span in group.spans], spans)
    expect(await scene.write(database, scene.part(1, *spans), scene.part(2, scene.span(1))), [])


@store_contract
async def a_trace_of_several_exports_is_read_in_the_order_of_its_blocks(database: Database) -> None:
    scene = Scene(6)
    for at_ms in (20, 10, 30):
        await scene.write(database, scene.part(1, scene.span(at_ms, at_ms=at_ms)))
    groups = [SpanGroup(RESOURCE, SCOPE, [scene.span(at_ms, at_ms=at_ms)]) for at_ms in (10, 20, 30)]
    expect(await read_trace(database, scene.trace_id(1)), TracePart(scene.trace_id(1), groups))


@store_contract
async def a_span_that_came_twice_is_read_once_as_it_ended_last(database: Database) -> None:
    scene = Scene(7)
    await scene.write(database, scene.part(1, scene.span(1, for_nano=0), scene.span(2)))
    await scene.write(database, scene.part(1, scene.span(1, for_nano=9)))
    await scene.write(database, scene.part(1, scene.span(1, for_nano=5), scene.span(3)))
    stored = await read_trace(database, scene.trace_id(1))
    assert stored is not None
    spans = sorted((span for group in stored.groups for span in group.spans), key=lambda span: span.span_id)
    expect(spans, [scene.span(1, for_nano=9), scene.span(2), scene.span(3)])


@store_contract
async def blocks_of_one_millisecond_overflow_into_the_next(database: Database) -> None:
    scene = Scene(8)
    count = IDS_PER_MILLISECOND + 6
    blocks = [blocks_of([scene.part(n, scene.span(n))])[0] for n in range(1, count + 1)]
    for first in range(0, count, 103):
        some = blocks[first : first + 103]
        expect((await write_blocks(database, some, scene.now_unix_ms)).blocks, some)
    expect(await scene.stored_rows(database), (count, count))
    first_id = first_id_of(scene.start_unix_nano // 1_000_000)
    rows = await database.query(
        Statement("SELECT max(id) FROM span_blocks WHERE id >= ?1 AND id < ?2", (first_id, first_id * 2))
    )
    expect(rows[0][0] >= first_id + count - 1, True)
    expect((await write_blocks(database, [blocks[0], blocks[-1]], scene.now_unix_ms)).blocks, [])
    expect(await read_trace(database, scene.trace_id(count)), scene.part(count, scene.span(count)))


@store_contract
async def an_attribute_finds_its_block_by_its_term(database: Database) -> None:
    scene = Scene(9)
    attributes: Attributes = {"scene": 9, "http.route": "/cart/日本", "ok": True, "ratio": 2.0}
    span = scene.span(1, name="GET /cart", attributes=attributes, status_code=STATUS_ERROR)
    await scene.write(database, scene.part(1, span))
    await scene.write(database, scene.part(2, scene.span(1, at_ms=5, attributes={"scene": 9})))

    async def found(*texts: str) -> list[int]:
        match = " AND ".join(f'"{hash_term(text)}"' for text in ("a:scene=9", *texts))
        rows = await database.query(
            Statement("SELECT rowid FROM span_terms WHERE span_terms MATCH ?1 ORDER BY rowid", (match,))
        )
        return [row[0] - first_id_of(scene.start_unix_nano // 1_000_000) for row in rows]

    both, first, neither = [0, 5 * IDS_PER_MILLISECOND], [0], list[int]()
    expect(await found(), both)
    expect(await found("s:checkout", "a:service.name=checkout", "k:1", "h:scene"), both)
    for text in ("a:http.route=/cart/日本", "h:http.route", "n:GET /cart", "e:", "a:ratio=2"):
        expect(await found(text), first)
    expect(await found(f"a:ok={scalar_text(True)}", f"a:ratio={scalar_text(2.0)}"), first)
    for text in ("a:http.route=/cart", "h:http", "n:GET", "s:other", "k:2", "a:ratio=3"):
        expect(await found(text), neither)


@store_contract
async def a_deleted_trace_is_gone_and_its_neighbours_stay(database: Database) -> None:
    scene = Scene(10)
    await scene.write(database, scene.part(1, scene.span(1)), scene.part(2, scene.span(1)))
    await scene.write(database, scene.part(1, scene.span(2, at_ms=9)))
    expect(await scene.stored_rows(database), (2, 2))
    expect(await delete_trace(database, scene.trace_id(1)), True)
    expect(await read_trace(database, scene.trace_id(1)), None)
    expect(await read_trace(database, scene.trace_id(2)), scene.part(2, scene.span(1)))
    expect(await scene.stored_rows(database), (1, 1))
    expect(await delete_trace(database, scene.trace_id(1)), False)
    expect(await delete_trace(database, scene.trace_id(2)), True)
    expect(await scene.stored_rows(database), (0, 0))


@store_contract
async def a_deleted_span_is_gone_in_every_copy(database: Database) -> None:
    scene = Scene(11)
    await scene.write(database, scene.part(1, scene.span(1), scene.span(2)), scene.part(2, scene.span(2)))
    await scene.write(database, scene.part(1, scene.span(2, at_ms=9)))
    expect(await delete_span(database, scene.trace_id(1), f"{2:016x}"), True)
    expect(await read_trace(database, scene.trace_id(1)), scene.part(1, scene.span(1)))
    expect(await read_trace(database, scene.trace_id(2)), scene.part(2, scene.span(2)))
    expect(await scene.stored_rows(database), (1, 1))
    expect(await delete_span(database, scene.trace_id(1), f"{2:016x}"), False)


class _Interrupted:
    """A Database in which something else happens between the first query and the first batch."""

    def __init__(self, database: Database, interruption: Callable[[], Awaitable[object]]) -> None:
        self._database = database
        self._interruptions = [interruption]

    async def query(self, statement: Statement) -> list[Row]:
        return await self._database.query(statement)

    async def batch(self, statements: Sequence[Statement]) -> list[int]:
        while self._interruptions:
            await self._interruptions.pop()()
        return await self._database.batch(statements)


@store_contract
async def two_deletes_in_the_same_blocks_do_not_undo_each_other(database: Database) -> None:
    scene = Scene(12)
    for at_ms in (0, 10, 20):
        parts = [scene.part(number, scene.span(at_ms + number, at_ms=at_ms)) for number in (1, 2, 3)]
        await scene.write(database, *parts)
    other = _Interrupted(database, lambda: delete_span(database, scene.trace_id(2), f"{12:016x}"))
    expect(await delete_trace(other, scene.trace_id(1)), True)
    expect(await read_trace(database, scene.trace_id(1)), None)
    expect([await _span_ids(database, scene, number) for number in (2, 3)], [[2, 22], [3, 13, 23]])
    expect(await scene.stored_rows(database), (3, 3))


async def _span_ids(database: Database, scene: Scene, number: int) -> list[int]:
    stored = await read_trace(database, scene.trace_id(number))
    assert stored is not None
    return [int(span.span_id, 16) for group in stored.groups for span in group.spans]


@store_contract
async def retention_deletes_what_is_older_and_costs_two_rows_a_block(database: Database) -> None:
    # Before every other scene: this case deletes all that is older than its limit.
    scene = Scene(-1_000)
    count = BLOCKS_PER_STEP + 3
    for number in range(1, count + 1):
        await scene.write(database, scene.part(number, scene.span(number, at_ms=number)))
    kept = scene.part(1, scene.span(999, at_ms=count + 1))
    await scene.write(database, kept)
    limit_ms = scene.start_unix_nano // 1_000_000 + count + 1
    bill = _Bill(database)
    expect(await delete_expired(database, 7, limit_ms + 7 * 86_400_000), count)
    bill.expect(2 * count)
    expect(await scene.stored_rows(database), (1, 1))
    expect(await read_trace(database, scene.trace_id(1)), kept)
    expect(await read_trace(database, scene.trace_id(2)), None)
    expect(await delete_expired(database, 7, limit_ms + 7 * 86_400_000), 0)
    bill.expect(2 * count)
