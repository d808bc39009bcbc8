"""Whether anybody watches live, as every insert of spans learns without asking the hub."""

from __future__ import annotations

from otel_worker.store import sql
from otel_worker.store.database import Database, Statement
from otel_worker.store.sharding import shards_of

# In the batch that stores spans: reports one row if somebody watches.
IS_WATCHED = Statement(sql.IS_WATCHED)


async def set_watched(database: Database, is_watched: bool) -> None:
    """Record whether anybody watches: spans that are stored when this has returned are announced, or not."""
    for shard in shards_of(database):
        await shard.batch([Statement(sql.SET_WATCHED, (int(is_watched),))])
