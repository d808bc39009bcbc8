"""The names for menus, and the values of attributes, on every Database.

The catalog has no days: a case keeps to names of its own.
"""

from __future__ import annotations

from itertools import pairwise

from otel_worker.model import Resource, SpanGroup, Value
from otel_worker.store.catalog import (
    KNOWN_FOR_MS,
    Entry,
    KnownNames,
    ValueCount,
    delete_stale,
    insert_names,
    list_attributes,
    list_operations,
    list_services,
    list_values,
)
from otel_worker.store.database import Database, Statement
from otel_worker.store.delete import delete_trace
from otel_worker.store.write import write_blocks
from tests.contract.registry import Contract, expect
from tests.contract.scene import SCOPE, Scene, blocks_of

catalog_contract = Contract[Database]()

_ALL = 10_000
_LATER_MS = 3 * KNOWN_FOR_MS


async def _store(database: Database, scene: Scene, number: int, *groups: SpanGroup) -> None:
    """Store a trace as the ingest does in an isolate that knows no name."""
    part = scene.part(number)
    part.groups[:] = groups
    blocks = blocks_of([part])
    new = KnownNames().find_new([block.names for block in blocks], scene.now_unix_ms)
    await write_blocks(database, blocks, scene.now_unix_ms, [insert_names(new)])


def _group(scene: Scene, service: str, *names: str, **attributes: Value) -> SpanGroup:
    """Return a span for each name."""
    spans = [
        scene.span(n, at_ms=n, name=name, attributes=dict(attributes)) for n, name in enumerate(names, 1)
    ]
    return SpanGroup(Resource({"service.name": service}), SCOPE, spans)


async def _services(database: Database, prefix: str) -> list[str]:
    return [name for name in await list_services(database, _ALL) if name.startswith(prefix)]


@catalog_contract
async def menus_show_what_was_stored_and_is_still_there(database: Database) -> None:
    scene = Scene(601)
    till, shop = (
        _group(scene, "menu till", "pay", **{"menu.k1": 1}),
        _group(scene, "menu shop", "read", "list", **{"menu.k2": 1}),
    )
    await _store(database, scene, 1, till, shop)
    await _store(database, scene, 2, _group(scene, "menu till", "read"))
    expect(await _services(database, "menu "), ["menu shop", "menu till"])
    expect(await list_operations(database, "menu shop", _ALL), ["list", "read"])
    expect(await list_operations(database, "menu till", _ALL), ["pay", "read"])
    expect(await list_operations(database, "menu till", 1), ["pay"])
    expect({"menu.k1", "menu.k2"} <= set(await list_attributes(database, _ALL)), True)
    await delete_trace(database, scene.trace_id(1))
    expect(await _services(database, "menu "), ["menu till"])
    expect(await list_operations(database, "menu shop", _ALL), [])
    expect(await list_operations(database, "menu till", _ALL), ["read"])
    expect({"menu.k1", "menu.k2"} & set(await list_attributes(database, _ALL)), set())


@catalog_contract
async def any_name_is_written_once_and_comes_back_unchanged(database: Database) -> None:
    scene = Scene(602)
    names = ["\"' OR ^", "a\0b", "naïve \U0001f680", "x/y?z", "\x01" * 256]
    await _store(database, scene, 1, *(_group(scene, name, *names, **{name: name}) for name in names))
    found = await list_services(database, _ALL)
    expect([name for name in names if name not in found], [])
    for name in names:
        expect(await list_operations(database, name, _ALL), sorted(names))
        expect(await list_values(database, name, 10), [ValueCount(name, len(names))])


@catalog_contract
async def a_new_name_costs_a_row_and_one_that_is_there_none(database: Database) -> None:
    written = [getattr(database, "rows_written", 0)]
    entries = [Entry("service", "", "bill"), Entry("operation", "bill", "a"), Entry("operation", "bill", "b")]
    for some in (entries[:2], entries[:2], entries, entries):
        await database.batch([insert_names(some)])
        written.append(getattr(database, "rows_written", 0))
    if hasattr(database, "rows_written"):  # only D1 counts them
        expect([after - before for before, after in pairwise(written)], [2, 0, 1, 0])
    query = Statement("SELECT count(*) AS names FROM catalog WHERE 'bill' IN (service, name)")
    expect(await database.query(query), [(3,)])


@catalog_contract
async def a_stale_name_goes_in_a_later_run_unless_it_was_written_again(database: Database) -> None:
    scene = Scene(603)
    entries = [Entry("service", "", "stale one"), Entry("service", "", "stale two")]
    await database.batch([insert_names(entries)])
    await delete_stale(database, scene.now_unix_ms)
    await database.batch([insert_names(entries[:1])])
    await delete_stale(database, scene.now_unix_ms + _LATER_MS)
    query = Statement("SELECT name, stale_since_ms FROM catalog WHERE name LIKE 'stale ___'")
    expect(await database.query(query), [("stale one", scene.now_unix_ms + _LATER_MS)])
    await delete_stale(database, scene.now_unix_ms + 2 * _LATER_MS)
    expect(await database.query(query), [])


@catalog_contract
async def the_bound_of_a_service_holds_within_one_statement(database: Database) -> None:
    for first in (0, 400, 800):
        entries = [Entry("operation", "bounded", f"name {n}") for n in range(first, first + 600)]
        await database.batch([insert_names(entries)])
    query = Statement("SELECT count(*) AS names FROM catalog WHERE service = 'bounded'")
    expect(await database.query(query), [(1_000,)])
    await database.batch([Statement("DELETE FROM catalog WHERE service = 'bounded'")])


@catalog_contract
async def values_are_counted_and_shown_as_a_filter_takes_them(database: Database) -> None:
    scene = Scene(604)
    doubles = [0.1, 0.1 + 0.2, 5e-324, 1.7976931348623157e308, -123456789.123456789, 2.0]
    values: list[Value] = [
        *doubles,
        2**63 - 1,
        -(2**63),
        True,
        False,
        "text",
        "text",
        "2",
        None,
        [1],
        {"bytes": "AP8="},
    ]
    for number, value in enumerate(values):
        await _store(database, scene, number, _group(scene, "values", "a", **{"value.kinds": value}))
    found = dict(await list_values(database, "value.kinds", 100))
    texts = ["0.1", "0.30000000000000004", "5e-324", str(int(1.7976931348623157e308)), "-123456789.12345679"]
    others = ["9223372036854775807", "-9223372036854775808", "true", "false", "text"]
    expect(found, {**dict.fromkeys([*texts, *others], 1), "2": 2, "text": 2})
    expect(await list_values(database, "value.kinds", 1), [ValueCount("text", 2)])
