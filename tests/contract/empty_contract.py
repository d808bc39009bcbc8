"""What the store answers before anything was stored; runs before the other cases of the same database."""

from __future__ import annotations

from otel_worker.store.database import Database
from otel_worker.store.delete import delete_span, delete_trace
from otel_worker.store.listing import TracePage, TraceQuery, list_traces
from otel_worker.store.read import read_summaries
from otel_worker.store.retention import delete_expired
from otel_worker.store.write import write_blocks
from tests.contract.registry import Contract, expect
from tests.contract.scene import read_trace

empty_contract = Contract[Database]()

_NO_TRACE = "0af7651916cd43dd8448eb211c80319c"


@empty_contract
async def an_empty_database_has_no_traces(database: Database) -> None:
    expect(await list_traces(database, TraceQuery(20)), TracePage([], None))
    expect(await read_trace(database, _NO_TRACE), None)
    expect(await read_summaries(database, [_NO_TRACE]), {})
    expect(await read_summaries(database, []), {})


@empty_contract
async def an_empty_database_has_nothing_to_delete(database: Database) -> None:
    expect(await delete_trace(database, _NO_TRACE), False)
    expect(await delete_span(database, _NO_TRACE, "00f067aa0ba902b7"), False)
    expect(await delete_expired(database, 7, 1_767_225_600_000), 0)


@empty_contract
async def writing_no_blocks_stores_nothing(database: Database) -> None:
    expect((await write_blocks(database, [], 1_767_225_600_000)).blocks, [])
    expect(await list_traces(database, TraceQuery(20)), TracePage([], None))
