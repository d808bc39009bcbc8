"""Dependencies between services on every Database: told by hand, by brute force, and within their bounds."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from random import Random
from typing import Any

from otel_worker.model import STATUS_ERROR, Resource, Span, TracePart
from otel_worker.store import dependencies
from otel_worker.store.database import Database
from otel_worker.store.dependencies import Dependencies, Edge, ServiceTotal, read_dependencies
from otel_worker.store.sharding import shards_of
from tests.contract import dependencies_model as model
from tests.contract.registry import Contract, expect
from tests.contract.scene import Scene

dependencies_contract = Contract[Database]()

MS = 1_000_000
_DAY_NANO = 86_400_000 * MS
_RANDOM_WINDOWS = 40


def _of(service: str) -> Resource:
    return Resource({"service.name": service})


async def _of_day(database: Database, scene: Scene) -> Dependencies:
    return await read_dependencies(database, scene.start_unix_nano, scene.start_unix_nano + _DAY_NANO - 1)


@contextmanager
def _limit(**limits: int) -> Iterator[None]:
    """Let an answer hold no more than this."""
    usual = {name: getattr(dependencies, name) for name in limits}
    try:
        _set(limits)
        yield
    finally:
        _set(usual)


def _set(limits: dict[str, Any]) -> None:
    for name, value in limits.items():
        setattr(dependencies, name, value)


@dependencies_contract
async def a_day_without_spans_has_no_dependencies(database: Database) -> None:
    scene = Scene(801)
    end = scene.start_unix_nano + _DAY_NANO - 1
    expect(await _of_day(database, scene), Dependencies([], [], scene.start_unix_nano, end, 0, True))


@dependencies_contract
async def a_call_is_found_whichever_requests_brought_its_ends(database: Database) -> None:
    scene = Scene(802)

    def part(trace: int, service: str, *spans: Span) -> TracePart:
        return scene.part(trace, *spans, resource=_of(service))

    def child(number: int, parent: int, ms: int, **more: Any) -> Span:
        return scene.span(number, parent=f"{parent:016x}", for_nano=ms * MS, **more)

    # The callee comes first; a queue later; a root of its own; the same span id in another trace.
    await scene.write(database, part(1, "till", child(2, 1, 40, status_code=STATUS_ERROR)))
    await scene.write(database, part(1, "shop", scene.span(1), child(3, 1, 7)))
    await scene.write(database, part(1, "mail", child(4, 3, 9, at_ms=80_000_000)))
    await scene.write(
        database, part(2, "shop", scene.span(1)), part(3, "till", child(2, 1, 1), scene.span(5))
    )
    await scene.write(database, part(2, "till", child(2, 1, 10), child(6, 2, 3)))
    await scene.write(database, part(2, "shop", child(7, 6, 2)))
    found = await _of_day(database, scene)
    expect(
        found.edges,
        [
            Edge("shop", "till", 2, 1, 10 * MS, 40 * MS),
            Edge("shop", "mail", 1, 0, 9 * MS, 9 * MS),
            Edge("till", "shop", 1, 0, 2 * MS, 2 * MS),
        ],
    )
    totals = [ServiceTotal("till", 5, 1), ServiceTotal("shop", 4, 0), ServiceTotal("mail", 1, 0)]
    expect((found.services, found.span_count, found.is_complete), (totals, 10, True))


@dependencies_contract
async def dependencies_are_what_brute_force_finds(database: Database) -> None:
    random, scene = Random(8), Scene(803)
    trace_ids = [scene.trace_id(number) for number in range(30)]
    exports = model.random_exports(random, scene.start_unix_nano, len(trace_ids))
    for export in exports:
        await scene.write(database, *model.parts_of(export, trace_ids))
    windows = [(0, _DAY_NANO - 1), (0, 0), *(_random_window(random) for _ in range(_RANDOM_WINDOWS))]
    for first, last in windows:
        start, end = scene.start_unix_nano + first, scene.start_unix_nano + last
        wanted = model.depend(exports, start, end)
        expect(await read_dependencies(database, start, end), wanted)


def _random_window(random: Random) -> tuple[int, int]:
    first = random.randrange(1_000) * MS + random.randrange(3)
    return first, first + random.choice((0, 1, MS, random.randrange(1_000) * MS))


@dependencies_contract
async def a_window_with_too_much_is_exactly_its_end(database: Database) -> None:
    scene = Scene(804)
    trace_ids = [scene.trace_id(number) for number in range(30)]
    exports = model.random_exports(Random(9), scene.start_unix_nano, len(trace_ids))
    for export in exports:
        await scene.write(database, *model.parts_of(export, trace_ids))
    end = scene.start_unix_nano + _DAY_NANO - 1
    every_span = (await _of_day(database, scene)).span_count
    largest = max(len(export) for export in exports)
    covered = []
    for limits in ({"MAX_SPANS": 1}, {"MAX_SPANS": 60}, {"MAX_SPANS": 120}, {"MAX_BYTES": 30_000}):
        with _limit(**limits):
            found = await _of_day(database, scene)
        expect(found._replace(is_complete=True), model.depend(exports, found.start_unix_nano, end))
        expect(found.is_complete, False)
        assert scene.start_unix_nano < found.start_unix_nano <= end, found
        # One block of each database is always read.
        most = max(limits.get("MAX_SPANS", every_span - 1), largest * len(shards_of(database)))
        assert found.span_count <= most, (found.span_count, most)
        covered.append(found.span_count)
    expect(covered[:3], sorted(covered[:3]))
    assert covered[0] < covered[2], covered


@dependencies_contract
async def what_starts_after_the_window_may_be_all_that_is_read(database: Database) -> None:
    scene = Scene(805)
    await scene.write(database, scene.part(1, scene.span(1, at_ms=5), scene.span(2, at_ms=9_000)))
    await scene.write(database, scene.part(1, scene.span(3, at_ms=6), scene.span(4, at_ms=8_000)))
    start, end = scene.start_unix_nano, scene.start_unix_nano + 7_000 * MS
    expect((await read_dependencies(database, start, end)).span_count, 2)
    with _limit(MAX_SPANS=1):
        found = await read_dependencies(database, start, end)
    expect(found, Dependencies([], [], end, end, 0, False))


@dependencies_contract
async def of_too_many_edges_the_busiest_are_told(database: Database) -> None:
    scene = Scene(806)
    for number in range(4):
        calls = [scene.span(n, parent=f"{1:016x}") for n in range(2, 4 + number)]
        await scene.write(database, scene.part(number, *calls, resource=_of(f"callee {number}")))
        await scene.write(database, scene.part(number, scene.span(1)))
    with _limit(MAX_EDGES=4):
        found = await _of_day(database, scene)
    expect(
        [(edge.child, edge.call_count) for edge in found.edges],
        [(f"callee {n}", n + 2) for n in (3, 2, 1, 0)],
    )
    expect(
        [(total.service, total.span_count) for total in found.services],
        [("callee 3", 5), ("callee 2", 4), ("checkout", 4), ("callee 1", 3)],
    )
    expect((found.span_count, found.is_complete), (18, False))
    with _limit(MAX_EDGES=5):
        expect((await _of_day(database, scene)).is_complete, True)
