"""Retention: whole blocks, oldest first, with their terms, in steps of a bounded size."""

from __future__ import annotations

import pytest

from otel_worker.store import retention
from otel_worker.store.retention import delete_excess, delete_expired
from otel_worker.store.write import write_blocks
from otel_worker_cli.sqlite import SqliteDatabase
from tests.core.harness import WatchedDatabase, count_rows, rows
from tests.samples import NOW_UNIX_MS, blocks_of, make_part, make_span, run, trace_id

DAY_MS = 86_400_000
LIMIT_MS = NOW_UNIX_MS - 7 * DAY_MS


def store(database: SqliteDatabase, number: int, unix_ms: int) -> int:
    """Store one trace that starts then, and return the size of its block."""
    part = make_part(number, make_span(start_unix_nano=unix_ms * 1_000_000))
    (block,) = run(write_blocks(database, blocks_of(part), NOW_UNIX_MS)).blocks
    return block.size_bytes


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


def test_in_an_empty_database_one_question_is_asked(database: SqliteDatabase) -> None:
    watched = WatchedDatabase(database)
    assert run(delete_expired(watched, 7, NOW_UNIX_MS)) == 0
    assert (len(watched.queries), len(watched.batches)) == (1, 0)


@pytest.mark.parametrize(("blocks", "steps"), [(9, 1), (10, 1), (11, 2), (25, 3)])
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


def test_a_step_is_bounded_in_bytes_and_a_block_larger_than_that_goes_too(
    database: SqliteDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes = [store(database, number, LIMIT_MS - 9 + number) for number in range(4)]
    monkeypatch.setattr(retention, "BYTES_PER_STEP", sizes[0] + 1)
    watched = WatchedDatabase(database)
    assert run(delete_expired(watched, 7, NOW_UNIX_MS)) == 4
    assert len(watched.batches) == 2
    monkeypatch.setattr(retention, "BYTES_PER_STEP", 1)
    store(database, 5, LIMIT_MS - 1)
    assert run(delete_expired(database, 7, NOW_UNIX_MS)) == 1
    assert count_rows(database) == (0, 0)


@pytest.mark.parametrize(
    ("blocks_over", "more_bytes", "gone"),
    [(0, -1, 0), (0, 0, 0), (0, 1, 1), (1, 0, 1), (1, 1, 2), (3, -1, 3), (3, 0, 3), (6, 10**15, 6)],
)
@pytest.mark.parametrize("blocks_per_step", [1, 2, 100])
def test_an_excess_is_made_up_by_the_oldest_blocks_and_no_more(
    blocks_over: int,
    more_bytes: int,
    gone: int,
    blocks_per_step: int,
    database: SqliteDatabase,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(retention, "BLOCKS_PER_STEP", blocks_per_step)
    sizes = [store(database, number, NOW_UNIX_MS - 10 + number) for number in range(6)]
    excess_bytes = sum(sizes[:blocks_over]) + more_bytes
    assert run(delete_excess(database, excess_bytes)) == gone
    assert stored(database, 6) == list(range(gone, 6))
    assert count_rows(database) == (6 - gone, 6 - gone)


def test_a_run_of_an_excess_is_bounded_too_and_both_limits_work_together(
    database: SqliteDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "BLOCKS_PER_STEP", 2)
    monkeypatch.setattr(retention, "MAX_STEPS", 2)
    sizes = [store(database, number, LIMIT_MS - 6 + number) for number in range(12)]
    assert run(delete_expired(database, 7, NOW_UNIX_MS)) == 4
    assert run(delete_excess(database, sum(sizes[4:9]))) == 4
    assert stored(database, 12) == [8, 9, 10, 11]
    assert run(delete_expired(database, 7, NOW_UNIX_MS)) == 0
    assert run(delete_excess(database, sizes[8])) == 1
    assert stored(database, 12) == [9, 10, 11]


def test_what_comes_in_between_and_is_older_goes_next(database: SqliteDatabase) -> None:
    sizes = [store(database, number, NOW_UNIX_MS - 10 + number) for number in range(4)]
    watched = WatchedDatabase(database)

    def write_an_older_block() -> None:
        if len(watched.batches) == 1:
            store(database, 9, NOW_UNIX_MS - 20)

    watched.before_batch = write_an_older_block
    assert run(delete_excess(watched, sum(sizes[:2]))) == 2
    assert stored(database, 10) == [1, 2, 3]


def test_the_same_step_again_after_a_lost_answer_deletes_nothing_more(database: SqliteDatabase) -> None:
    sizes = [store(database, number, NOW_UNIX_MS - 10 + number) for number in range(4)]
    watched = WatchedDatabase(database)
    assert run(delete_excess(watched, sizes[0])) == 1
    (batch,) = watched.batches
    assert run(database.batch(batch)) == [0, 0]
    assert stored(database, 4) == [1, 2, 3]
