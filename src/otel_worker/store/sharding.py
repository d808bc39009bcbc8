"""Several databases as one: every trace has its home in one of them, which says all there is of it.

Reads ask all databases, also where the home is known: while one was being added, a trace may have come
to two of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from otel_worker.model import TracePart
from otel_worker.store.database import Database, Row, Statement

_UINT64_MASK = 2**64 - 1


class ShardedDatabase:
    """The Database port for reading, over at least one database; changes go to the shards one by one."""

    def __init__(self, shards: Sequence[Database]) -> None:
        self.shards = tuple(shards)

    async def query(self, statement: Statement) -> list[Row]:
        """Return the rows of all shards, shard by shard: ORDER BY and LIMIT hold within each."""
        # One after the other: tasks that wait for JavaScript at the same time can hang a Worker's isolate.
        return [row for shard in self.shards for row in await shard.query(statement)]

    async def batch(self, statements: Sequence[Statement]) -> list[int]:
        """Raise TypeError: a change that every shard made would be made several times."""
        raise TypeError("a sharded database is changed shard by shard; see shards_of")


def shards_of(database: Database) -> tuple[Database, ...]:
    """Return the databases that a database consists of, itself if it is one."""
    return database.shards if isinstance(database, ShardedDatabase) else (database,)


def split_by_home(parts: Iterable[TracePart], shard_count: int) -> list[list[TracePart]]:
    """Return for each shard the parts of the traces that have their home there, in their order."""
    if shard_count == 1:
        return [list(parts)]
    homes: list[list[TracePart]] = [[] for _ in range(shard_count)]
    for part in parts:
        homes[home_of(part.trace_id, shard_count)].append(part)
    return homes


def home_of(trace_id: str, shard_count: int) -> int:
    """Return which shard is a trace's home.

    With one shard more, one trace in so many moves, and only to the new one: Lamping and Veach, "A Fast,
    Minimal Memory, Consistent Hash Algorithm" (2014).
    """
    key, home, candidate = int(trace_id, 16) & _UINT64_MASK, 0, 0
    while candidate < shard_count:
        home = candidate
        key = (key * 2862933555777941757 + 1) & _UINT64_MASK
        candidate = int((home + 1) * (2**31 / ((key >> 33) + 1)))
    return home
