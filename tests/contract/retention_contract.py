"""Retention by size, and what a Database says of its own."""

from __future__ import annotations

from otel_worker.store.database import Database
from otel_worker.store.retention import delete_excess
from tests.contract.registry import Contract, expect
from tests.contract.scene import Scene, read_trace

retention_contract = Contract[Database]()

_FILLER = "f" * 20_000


def _size_bytes(database: Database) -> int:
    """Return what both drivers know of their database, beside the port."""
    size_bytes = getattr(database, "size_bytes", None)
    assert isinstance(size_bytes, int)
    return size_bytes


@retention_contract
async def the_oldest_blocks_go_until_they_make_up_the_excess(database: Database) -> None:
    # Before every other scene: the oldest of all is what goes.
    scene = Scene(-2_000)
    sizes: list[int] = []
    for number in range(1, 31):
        span = scene.span(number, at_ms=number, attributes={"filler": _FILLER})
        (block,) = await scene.write(database, scene.part(number, span))
        sizes.append(block.size_bytes)
    before_bytes = _size_bytes(database)
    # 19 blocks fall short of it by one byte.
    excess_bytes = sum(sizes[:19]) + 1
    expect(await delete_excess(database, excess_bytes), 20)
    expect(await scene.stored_rows(database), (10, 10))
    expect(await read_trace(database, scene.trace_id(20)), None)
    kept = await read_trace(database, scene.trace_id(21))
    assert kept is not None
    expect(kept.groups[0].spans[0].span_id, f"{21:016x}")
    # Pages that became free do not count: the database is smaller by what went.
    expect(before_bytes - _size_bytes(database) >= excess_bytes, True)
    expect(await delete_excess(database, 0), 0)
    expect(await delete_excess(database, -5), 0)
    expect(await delete_excess(database, sum(sizes[20:])), 10)
    expect(await scene.stored_rows(database), (0, 0))
