"""Several databases as one: where a trace has its home, and what is put together from all of them."""

from __future__ import annotations

from collections import Counter

import pytest

from otel_worker.store.database import Statement
from otel_worker.store.sharding import ShardedDatabase, home_of, shards_of, split_by_home
from otel_worker_cli.sqlite import SqliteDatabase
from tests.samples import make_part, make_span, run, trace_id

TRACES = [trace_id(number) for number in range(1, 3001)]


@pytest.mark.parametrize("shard_count", [1, 2, 3, 5, 16])
def test_every_shard_is_the_home_of_as_many_traces(shard_count: int) -> None:
    homes = Counter(home_of(each, shard_count) for each in TRACES)
    assert set(homes) == set(range(shard_count))
    share = len(TRACES) / shard_count
    assert all(0.7 * share < count < 1.3 * share for count in homes.values())


@pytest.mark.parametrize("shard_count", [1, 2, 3, 5, 16])
def test_another_shard_takes_its_share_and_moves_nothing_else(shard_count: int) -> None:
    homes = [(home_of(each, shard_count), home_of(each, shard_count + 1)) for each in TRACES]
    moved = [after for before, after in homes if before != after]
    assert set(moved) == {shard_count}
    assert len(moved) < 1.3 * len(TRACES) / (shard_count + 1)


def test_parts_are_split_by_the_home_of_their_trace_in_their_order() -> None:
    parts = [make_part(number, make_span(number)) for number in range(1, 40)]
    split = split_by_home(parts, 3)
    for shard, some in enumerate(split):
        assert some == [part for part in parts if home_of(part.trace_id, 3) == shard]
    assert sum(map(len, split)) == len(parts)
    assert split_by_home(parts, 1) == [parts]


def test_rows_come_from_all_shards_in_turn() -> None:
    with SqliteDatabase(":memory:") as first, SqliteDatabase(":memory:") as second:
        for number, database in enumerate((first, second)):
            run(
                database.batch(
                    [Statement("CREATE TABLE t (n)"), Statement(f"INSERT INTO t VALUES ({number})")]
                )
            )
        sharded = ShardedDatabase([first, second])
        assert [tuple(row) for row in run(sharded.query(Statement("SELECT n FROM t")))] == [(0,), (1,)]
        assert shards_of(sharded) == (first, second)
        assert shards_of(first) == (first,)
        with pytest.raises(TypeError, match="changed shard by shard"):
            run(sharded.batch([Statement("DELETE FROM t")]))
