"""Retention: whole blocks, oldest first, with their terms, in steps of a bounded size."""

from __future__ import annotations

import pytest

from otel_worker.store import retention
from otel_worker.store.retention import delete_expired
from otel_worker.store.write import write_blocks
from otel_worker_cli.sqlite import SqliteDatabase
from tests.core.harness import WatchedDatabase, count_rows, rows
from tests.samples import NOW_UNIX_MS, blocks_of, make_part, make_span, run, trace_id

DAY_MS = 86_400_000
LIMIT_MS = NOW_UNIX_MS - 7 * DAY_MS


def store(database: SqliteDatabase, number: int, unix_ms: int) -> None:
    """Store one trace that starts then."""
    part = make_part(number, make_span(start_unix_nano=unix_ms * 1_000_000))
    run(write_blocks(database, blocks_of(part), NOW_UNIX_MS))


def stored(database: SqliteDatabase, count: int) -> list[int]:
    """Return which of the first traces the index still names."""
    return [
        number
        for number in range(count)
        if rows(database, f"SELECT rowid FROM span_terms WHERE span_terms MATCH '{trace_id(number)}'")
    ]


def test_what_is_older_than_the_limit_goes_and_the_rest_stays(database: SqliteDatabase) -> None:
    times = [LIMIT_MS - 9 * DAY_MS, LIMIT_MS - 1, LIMIT_MS, LIMIT_MS + 1, NOW_UNIX_MS, NOW_UNIX_MS + DAY_MS]
    for number, unix_ms in enumerate(times):
        store(database, number, unix_ms)
    assert run(delete_expired(database, 7, NOW_UNIX_MS)) == 2
    assert stored(database, len(times)) == [2, 3, 4, 5]
    assert count_rows(database) == (4, 4)
    assert run(delete_expired(database, 7, NOW_UNIX_MS)) == 0


def test_a_block_is_kept_while_its_newest_span_is(database: SqliteDatabase) -> None:
    spans = [make_span(1, (LIMIT_MS - 5) * 1_000_000), make_span(2, LIMIT_MS * 1_000_000)]
    run(write_blocks(database, blocks_of(make_part(0, *spans)), NOW_UNIX_MS))
    assert run(delete_expired(database, 7, NOW_UNIX_MS)) == 0
    assert stored(database, 1) == [0]


@pytest.mark.parametrize("unix_ms", [0, (2**63 - 1) // 1_000_000], ids=["1970", "2262"])
def test_a_time_that_cannot_be_true_is_kept_as_long_as_one_that_came_then(
    unix_ms: int, database: SqliteDatabase
) -> None:
    store(database, 0, unix_ms)
    assert run(delete_expired(database, 7, NOW_UNIX_MS + 7 * DAY_MS)) == 0
    assert run(delete_expired(database, 7, NOW_UNIX_MS + 7 * DAY_MS + 1)) == 1
    assert count_rows(database) == (0, 0)


def test_an_empty_database_is_one_step(database: SqliteDatabase) -> None:
    watched = WatchedDatabase(database)
    assert run(delete_expired(watched, 7, NOW_UNIX_MS)) == 0
    assert len(watched.batches) == 1


@pytest.mark.parametrize(("blocks", "steps"), [(9, 1), (10, 2), (25, 3)])
def test_it_goes_in_steps_until_nothing_is_left(
    blocks: int, steps: int, database: SqliteDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "BLOCKS_PER_STEP", 10)
    for number in range(blocks):
        store(database, number, LIMIT_MS - 1 - number)
    store(database, blocks, NOW_UNIX_MS)
    watched = WatchedDatabase(database)
    assert run(delete_expired(watched, 7, NOW_UNIX_MS)) == blocks
    assert len(watched.batches) == steps
    assert stored(database, blocks + 1) == [blocks]


def test_one_run_is_bounded_takes_the_oldest_and_the_next_goes_on(
    database: SqliteDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "BLOCKS_PER_STEP", 3)
    monkeypatch.setattr(retention, "MAX_STEPS", 2)
    for number in range(8):
        store(database, number, LIMIT_MS - 1 - number)
    assert run(delete_expired(database, 7, NOW_UNIX_MS)) == 6
    assert stored(database, 8) == [0, 1]
    assert count_rows(database) == (2, 2)
    assert run(delete_expired(database, 7, NOW_UNIX_MS)) == 2
    assert count_rows(database) == (0, 0)


def test_a_limit_longer_than_time_itself_keeps_everything(database: SqliteDatabase) -> None:
    store(database, 0, 1_262_304_000_000)
    assert run(delete_expired(database, 2**53 - 1, NOW_UNIX_MS)) == 0
    assert stored(database, 1) == [0]
