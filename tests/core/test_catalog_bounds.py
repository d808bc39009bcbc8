"""The bounds of the catalog: any name is taken, and names that never repeat cost little."""

from __future__ import annotations

import pytest

from otel_worker.store.catalog import (
    KNOWN_FOR_MS,
    MAX_ATTRIBUTES,
    MAX_NAME_CHARACTERS,
    MAX_OPERATIONS,
    MAX_OPERATIONS_OF_SERVICE,
    MAX_SERVICES,
    Entry,
    KnownNames,
    insert_names,
    list_attributes,
    list_values,
)
from otel_worker.store.delete import delete_trace
from otel_worker.store.terms import Names
from otel_worker_cli.sqlite import SqliteDatabase
from tests.core.harness import WatchedDatabase, rows
from tests.core.isolate import ALL, Isolate, catalog_rows, operations, services
from tests.samples import NOW_UNIX_MS, run, trace_id


def names_of(services: int = 0, operations: int = 0, keys: int = 0) -> Names:
    found = {f"service {n}": set[str]() for n in range(services)}
    found.setdefault("service 0", set()).update(f"operation {n}" for n in range(operations))
    return Names(found, {f"key {n}" for n in range(keys)})


@pytest.mark.parametrize(
    ("names", "kind", "bound"),
    [
        (names_of(services=MAX_SERVICES + 50), "service", MAX_SERVICES),
        (names_of(operations=MAX_OPERATIONS_OF_SERVICE + 50), "operation", MAX_OPERATIONS_OF_SERVICE),
        (names_of(keys=MAX_ATTRIBUTES + 50), "attribute", MAX_ATTRIBUTES),
    ],
    ids=["services", "operations", "keys"],
)
def test_there_is_a_bound_for_each_kind_whoever_writes(
    names: Names, kind: str, bound: int, database: SqliteDatabase
) -> None:
    entries = [Entry(kind, "s" if kind == "operation" else "", f"first {n}") for n in range(bound - 3)]
    run(database.batch([insert_names(entries)]))
    known = KnownNames()
    new = known.find_new([names], NOW_UNIX_MS)
    run(
        database.batch(
            [insert_names([entry._replace(service="s" if entry.service else "") for entry in new])]
        )
    )
    assert rows(database, f"SELECT count(*) AS n FROM catalog WHERE kind = '{kind}'") == [(bound,)]
    known.remember(new)
    # The isolate has reached the bound too, and offers no more of it.
    more = names_of(MAX_SERVICES + 90, MAX_OPERATIONS_OF_SERVICE + 90, MAX_ATTRIBUTES + 90)
    assert kind not in {entry.kind for entry in known.find_new([more], NOW_UNIX_MS)}


def test_all_operations_together_have_a_bound(database: SqliteDatabase) -> None:
    for service in range(MAX_OPERATIONS // MAX_OPERATIONS_OF_SERVICE + 1):
        entries = [Entry("operation", f"s{service}", f"{n}") for n in range(MAX_OPERATIONS_OF_SERVICE)]
        run(database.batch([insert_names(entries)]))
    assert catalog_rows(database) == MAX_OPERATIONS
    # Those that are there are not counted twice.
    run(database.batch([insert_names([Entry("operation", "s0", "0"), Entry("service", "", "s0")])]))
    assert catalog_rows(database) == MAX_OPERATIONS + 1


def test_names_that_never_repeat_cost_a_bounded_number_of_rows(database: SqliteDatabase) -> None:
    watched = WatchedDatabase(database)
    isolate = Isolate(watched)
    for number in range(8):
        isolate.store(number, {"shop": [f"GET /{number}/{n}" for n in range(200)]})
    assert len(operations(database, "shop")) == MAX_OPERATIONS_OF_SERVICE
    assert [len(batch) for batch in watched.batches] == [4, 4, 4, 4, 4, 3, 3, 3]


@pytest.mark.parametrize("name", ["", "x" * (MAX_NAME_CHARACTERS + 1)], ids=["empty", "long"])
def test_a_name_that_no_menu_can_show_is_left_out(name: str, database: SqliteDatabase) -> None:
    watched = WatchedDatabase(database)
    isolate = Isolate(watched)
    for number in range(2):
        isolate.store(number, {"shop": [name, "read"]}, attributes={name: 1, "a": 1})
    assert (operations(database, "shop"), run(list_attributes(database, ALL))) == (
        ["read"],
        ["a", "service.name"],
    )
    assert [len(batch) for batch in watched.batches] == [4, 3]


HOSTILE = {
    "quotes": """a'b"c\\d`e""",
    "FTS5 syntax": '" OR NEAR(* ^ {} :',
    "NUL and controls": "a\0b\x01\x1f\x7f",
    "unicode": "naïve 日本語 \U0001f680\U0010ffff \ufeff\uffff \u2028",
    "longest": "\x01" * MAX_NAME_CHARACTERS,
    "JSON path": '$.a[0]."b"',
    "slashes": "team/cart/../x?y#z%2F",
    "spaces": "  two  words  ",
    "number": "12",
}


@pytest.mark.parametrize("name", HOSTILE.values(), ids=HOSTILE.keys())
def test_any_name_goes_in_and_out_unchanged(name: str, database: SqliteDatabase) -> None:
    isolate = Isolate(database)
    isolate.store(1, {name: [name]}, attributes={name: name})
    assert (services(database), operations(database, name)) == ([name], [name])
    assert name in run(list_attributes(database, ALL))
    assert run(list_values(database, name, 10)) == [(name, 1)]
    run(delete_trace(database, trace_id(1)))
    assert (services(database), operations(database, name)) == ([], [])


def test_more_names_than_a_statement_takes_come_with_later_requests(database: SqliteDatabase) -> None:
    names = Names({"\x01" * 250: {f"{n}".ljust(250, "\x01") for n in range(900)}}, set())
    known = KnownNames()
    first = known.find_new([names], NOW_UNIX_MS)
    statement = insert_names(first)
    assert 0 < len(first) < 901
    assert len(str(statement.parameters[0]).encode()) < 2_000_000
    known.remember(first)
    second = known.find_new([names], NOW_UNIX_MS)
    assert len(first) + len(second) == 901
    assert not set(first) & set(second)


def test_what_is_known_is_written_again_after_a_while() -> None:
    known = KnownNames()
    names = names_of(1, 2, 3)
    entries = known.find_new([names, names], NOW_UNIX_MS)
    assert len(entries) == len(set(entries)) == 6
    known.remember(entries)
    assert known.find_new([names], NOW_UNIX_MS + KNOWN_FOR_MS - 1) == []
    assert sorted(known.find_new([names], NOW_UNIX_MS + KNOWN_FOR_MS)) == sorted(entries)
    known.remember(entries)
    # A clock that was set back does not make it known for longer.
    assert sorted(known.find_new([names], NOW_UNIX_MS)) == sorted(entries)
