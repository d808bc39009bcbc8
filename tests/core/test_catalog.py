"""The catalog: what menus offer after any history of exports, deletes and retention."""

from __future__ import annotations

import pytest

from otel_worker.errors import StorageUnavailable
from otel_worker.store import catalog
from otel_worker.store.catalog import (
    KNOWN_FOR_MS,
    Entry,
    delete_stale,
    insert_names,
    list_attributes,
    list_values,
)
from otel_worker.store.delete import delete_trace
from otel_worker.store.index import drop_index, rebuild_index
from otel_worker.store.retention import delete_expired
from otel_worker_cli.sqlite import SqliteDatabase
from tests.core.harness import WatchedDatabase, rows
from tests.core.isolate import ALL, Isolate, catalog_rows, operations, services
from tests.samples import NOW_UNIX_MS, run, trace_id

DAY_MS = 86_400_000
HOUR_MS = 3_600_000


def test_menus_are_sorted_and_of_each_service_its_own(database: SqliteDatabase) -> None:
    Isolate(database).store(
        1, {"shop": ["read", "list"], "cart": ["read"]}, attributes={"http.route": "/", "a": 1}
    )
    assert services(database) == ["cart", "shop"]
    assert (operations(database, "shop"), operations(database, "cart")) == (["list", "read"], ["read"])
    assert operations(database, "unknown") == []
    assert run(list_attributes(database, ALL)) == ["a", "http.route", "service.name"]
    assert run(list_attributes(database, 2)) == ["a", "http.route"]


def test_the_usual_request_has_three_statements_and_writes_nothing_to_the_catalog(
    database: SqliteDatabase,
) -> None:
    watched = WatchedDatabase(database)
    isolate = Isolate(watched)
    for number in range(4):
        isolate.store(number, {"shop": ["read"]})
    isolate.store(5, {"shop": ["read", "write"]})
    isolate.store(6, {"shop": ["write"]})
    assert [len(batch) for batch in watched.batches] == [4, 3, 3, 3, 4, 3]
    assert watched.queries == []
    assert catalog_rows(database) == 4  # shop, read, write, service.name


def test_another_isolate_writes_no_row_for_names_that_are_there(database: SqliteDatabase) -> None:
    Isolate(database).store(1, {"shop": ["read"]})
    before = rows(database, "SELECT total_changes() AS changes")[0][0]
    statement = insert_names([Entry("service", "", "shop"), Entry("operation", "shop", "read")])
    run(database.batch([statement]))
    assert rows(database, "SELECT total_changes() AS changes")[0][0] == before


def test_names_are_known_only_after_the_transaction(database: SqliteDatabase) -> None:
    def fail() -> None:
        raise StorageUnavailable("busy")

    watched = WatchedDatabase(database)
    isolate = Isolate(watched)
    watched.before_batch = fail
    with pytest.raises(StorageUnavailable):
        isolate.store(1, {"shop": ["read"]})
    watched.before_batch = lambda: None
    isolate.store(1, {"shop": ["read"]})
    assert services(database) == ["shop"]


def test_what_is_deleted_leaves_the_menus_at_once(database: SqliteDatabase) -> None:
    isolate = Isolate(database)
    isolate.store(1, {"shop": ["read", "write"], "till": ["pay"]}, attributes={"a": 1})
    isolate.store(2, {"shop": ["read"]})
    isolate.store(3, {"other": ["write"]})
    run(delete_trace(database, trace_id(1)))
    assert services(database) == ["other", "shop"]
    # "write" is still a name of another service, and in the same index.
    assert operations(database, "shop") == ["read"]
    assert (operations(database, "till"), run(list_attributes(database, ALL))) == ([], ["service.name"])
    isolate.store(4, {"till": ["pay"]}, attributes={"a": 1})
    assert services(database) == ["other", "shop", "till"]
    assert (operations(database, "till"), run(list_attributes(database, ALL))) == (
        ["pay"],
        ["a", "service.name"],
    )


def test_a_name_of_one_service_in_a_block_is_none_of_the_others(database: SqliteDatabase) -> None:
    isolate = Isolate(database)
    isolate.store(1, {"shop": ["read", "write"], "till": ["pay"]})
    isolate.store(2, {"shop": ["read"], "till": ["write"]})
    run(delete_trace(database, trace_id(1)))
    assert (operations(database, "shop"), operations(database, "till")) == (["read"], ["write"])


def test_stale_names_are_marked_first_and_removed_by_a_later_run(database: SqliteDatabase) -> None:
    isolate = Isolate(database)
    isolate.store(1, {"old": ["read"]})
    isolate.store(2, {"new": ["read"]}, at_ms=NOW_UNIX_MS + 7 * DAY_MS)
    now_ms = NOW_UNIX_MS + 8 * DAY_MS
    run(delete_expired(database, 7, now_ms))
    assert services(database) == ["new"]
    assert (run(delete_stale(database, now_ms)), catalog_rows(database)) == (0, 5)
    assert (run(delete_stale(database, now_ms + 3 * KNOWN_FOR_MS - 1)), catalog_rows(database)) == (0, 5)
    assert (run(delete_stale(database, now_ms + HOUR_MS)), catalog_rows(database)) == (2, 3)
    assert run(delete_stale(database, now_ms + 2 * HOUR_MS)) == 0
    assert (services(database), operations(database, "new")) == (["new"], ["read"])


def test_a_name_that_comes_back_while_it_is_stale_or_gone_is_shown(database: SqliteDatabase) -> None:
    """An isolate that remembers it does not write it; one that forgot it, or never knew it, does."""
    isolate = Isolate(database)
    isolate.store(1, {"shop": ["read"]})
    now_ms = NOW_UNIX_MS
    for number in range(2, 40):
        run(delete_trace(database, trace_id(number - 1)))
        assert services(database) == []
        run(delete_stale(database, now_ms))
        now_ms += 7 * 60_000
        isolate.store(number, {"shop": ["read"]}, at_ms=now_ms)
        assert (services(database), operations(database, "shop")) == (["shop"], ["read"])


def test_a_name_that_is_written_again_loses_its_mark(database: SqliteDatabase) -> None:
    Isolate(database).store(1, {"shop": ["read"]})
    run(delete_trace(database, trace_id(1)))
    run(delete_stale(database, NOW_UNIX_MS))
    assert rows(database, "SELECT min(stale_since_ms) AS since FROM catalog") == [(NOW_UNIX_MS,)]
    late = Isolate(database)
    late.store(2, {"shop": ["read"]}, at_ms=NOW_UNIX_MS + HOUR_MS)
    assert rows(database, "SELECT max(stale_since_ms) AS since FROM catalog") == [(0,)]
    run(delete_trace(database, trace_id(2)))
    # `late` remembers them for a while: they may not go at once.
    assert run(delete_stale(database, NOW_UNIX_MS + HOUR_MS)) == 0
    late.store(3, {"shop": ["read"]}, at_ms=NOW_UNIX_MS + HOUR_MS + 1)
    assert services(database) == ["shop"]


def test_all_names_are_looked_at_in_steps(database: SqliteDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    Isolate(database).store(1, {"shop": [f"{number}" for number in range(7)]})
    run(delete_trace(database, trace_id(1)))
    monkeypatch.setattr(catalog, "_NAMES_PER_STEP", 2)
    watched = WatchedDatabase(database)
    assert run(delete_stale(watched, NOW_UNIX_MS)) == 0
    assert len(watched.batches) == 6
    removed = [run(delete_stale(database, NOW_UNIX_MS + HOUR_MS)) for _ in range(6)]
    assert (removed, catalog_rows(database)) == ([2, 2, 2, 2, 1, 0], 0)


def test_without_an_index_menus_show_all_names_and_none_is_removed(database: SqliteDatabase) -> None:
    isolate = Isolate(database)
    isolate.store(1, {"shop": ["read"], "till": ["pay"]}, attributes={"a": "x"})
    isolate.store(2, {"shop": ["read"]})
    run(delete_trace(database, trace_id(1)))
    run(drop_index(database))
    isolate.store(3, {"edge": ["proxy"]}, attributes={"a": "y"})
    assert services(database) == ["edge", "shop", "till"]
    assert [value for value, _ in run(list_values(database, "a", 10))] == ["y"]
    assert run(delete_stale(database, NOW_UNIX_MS)) == 0
    run(rebuild_index(database))
    assert services(database) == ["edge", "shop"]
    assert rows(database, "SELECT max(stale_since_ms) AS since FROM catalog") == [(0,)]
