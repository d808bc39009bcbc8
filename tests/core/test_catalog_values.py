"""The values of an attribute, as a menu offers them."""

from __future__ import annotations

import pytest

from otel_worker.model import Value
from otel_worker.store import catalog
from otel_worker.store.catalog import list_values
from otel_worker.store.database import Database
from otel_worker_cli.sqlite import SqliteDatabase
from tests.core.isolate import Isolate
from tests.samples import NOW_UNIX_MS, run


def value_counts(database: Database, key: str, limit: int = 100) -> list[tuple[str, int]]:
    return [(value, count) for value, count in run(list_values(database, key, limit))]


def test_values_are_counted_by_span_the_most_frequent_first(database: SqliteDatabase) -> None:
    isolate = Isolate(database)
    isolate.store(1, {"shop": ["a", "b", "c"]}, attributes={"route": "/cart"})
    isolate.store(2, {"till": ["a", "b"]}, attributes={"route": "/pay"})
    isolate.store(3, {"till": ["a"]}, attributes={"route": "/a"})
    isolate.store(4, {"till": ["a"]}, attributes={"other": "/b"})
    assert value_counts(database, "route") == [("/cart", 3), ("/pay", 2), ("/a", 1)]
    assert value_counts(database, "route", 2) == [("/cart", 3), ("/pay", 2)]
    assert value_counts(database, "service.name") == [("till", 4), ("shop", 3)]
    assert (value_counts(database, "unknown"), value_counts(database, "rout")) == ([], [])


VALUES: dict[str, tuple[Value, str | None]] = {
    "text": ("/cart", "/cart"),
    "integer": (-7, "-7"),
    "largest": (2**63 - 1, "9223372036854775807"),
    "whole double": (3.0, "3"),
    "double": (0.1, "0.1"),
    "many digits": (0.1 + 0.2, "0.30000000000000004"),
    "large double": (1.5e300, str(int(1.5e300))),
    "small double": (5e-324, "5e-324"),
    "true": (True, "true"),
    "false": (False, "false"),
    "unset": (None, None),
    "array": (["a"], None),
    "map": ({"map": {"a": 1}}, None),
    "bytes": ({"bytes": "AP8="}, None),
    "NaN": ({"double": "NaN"}, None),
    "empty": ("", None),
    "long": ("x" * 257, None),
}


@pytest.mark.parametrize(("value", "text"), VALUES.values(), ids=VALUES.keys())
def test_a_value_is_shown_as_a_filter_takes_it(
    value: Value, text: str | None, database: SqliteDatabase
) -> None:
    Isolate(database).store(1, {"shop": ["a"]}, attributes={"k": value})
    assert value_counts(database, "k") == ([] if text is None else [(text, 1)])


def test_values_that_a_filter_does_not_tell_apart_are_one(database: SqliteDatabase) -> None:
    isolate = Isolate(database)
    values: list[Value] = [3, 3.0, "3"]
    for number, value in enumerate(values):
        isolate.store(number, {"shop": ["a"]}, attributes={"k": value})
    assert value_counts(database, "k") == [("3", 3)]


def test_only_the_newest_blocks_that_have_the_key_are_looked_into(
    database: SqliteDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    isolate = Isolate(database)
    for number in range(20):
        isolate.store(number, {"shop": ["a"]}, at_ms=NOW_UNIX_MS + number, attributes={"k": number})
        isolate.store(100 + number, {"shop": ["a"]}, at_ms=NOW_UNIX_MS + 100 + number)
    newest = sorted(str(number) for number in range(4, 20))
    assert sorted(value for value, _ in value_counts(database, "k")) == newest
    monkeypatch.setattr(catalog, "_MAX_VALUE_BYTES", 1)
    assert value_counts(database, "k") == [("19", 1)]
