"""A broadcaster on a clock that the test moves, over a real database, and an audience that listens."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from typing import Any

from otel_worker.live.announcement import announce_blocks
from otel_worker.live.broadcaster import Broadcaster
from otel_worker.live.subscription import EVERYTHING, Subscription
from otel_worker.model import TracePart
from otel_worker.store.database import Row, Statement
from otel_worker.store.write import write_blocks
from otel_worker_cli.sqlite import SqliteDatabase
from tests.core.clock import Clock
from tests.core.harness import WatchedDatabase
from tests.samples import NOW_UNIX_MS, blocks_of, make_part, make_span, run, span_id, trace_id


class ListeningAudience:
    """An Audience that keeps what it is sent, and when."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.watcher_count = 1
        self.asked: list[Subscription] = [EVERYTHING]
        self.sent: list[tuple[int, Subscription, list[str]]] = []

    def subscriptions(self) -> Collection[Subscription]:
        """See Audience.subscriptions."""
        return self.asked

    def send(self, subscription: Subscription, frames: Sequence[str]) -> None:
        """See Audience.send."""
        assert frames
        self.sent.append((self._clock.now_unix_ms, subscription, list(frames)))

    def heard(self, subscription: Subscription = EVERYTHING) -> list[tuple[str, Any]]:
        """Return (type, details) of each message for a subscription since the last call."""
        frames = [frame for _, each, some in self.sent if each == subscription for frame in some]
        self.sent = [each for each in self.sent if each[1] != subscription]
        decoded = [json.loads(frame) for frame in frames]
        return [(message["type"], message["details"]) for message in decoded]


class SlowDatabase:
    """A Database whose queries take time."""

    def __init__(self, database: SqliteDatabase, clock: Clock, seconds: float) -> None:
        self._database = database
        self._clock = clock
        self.seconds = seconds

    async def query(self, statement: Statement) -> list[Row]:
        """See Database.query."""
        await self._clock.sleep(self.seconds)
        return await self._database.query(statement)

    async def batch(self, statements: Sequence[Statement]) -> list[int]:
        """See Database.batch."""
        return await self._database.batch(statements)


class Scene:
    """A broadcaster with its audience, clock and database."""

    def __init__(self, database: SqliteDatabase) -> None:
        self.clock = Clock()
        self.audience = ListeningAudience(self.clock)
        self.stored = database
        self.database: WatchedDatabase | SlowDatabase = WatchedDatabase(database)
        self.broadcaster = Broadcaster(
            self.audience, lambda: self.database, self.clock.sleep, lambda: self.clock.now_unix_ms
        )

    def announce(self, *parts: TracePart, dropped_before: int = 0) -> None:
        """Store parts as one request, and announce them."""
        blocks = run(write_blocks(self.stored, blocks_of(*parts), NOW_UNIX_MS)).blocks
        assert blocks
        self.clock.start(self.broadcaster.announce(announce_blocks(blocks).text, dropped_before))


def part(trace: int, span: int = 1, service: str = "shop", **fields: Any) -> TracePart:
    return make_part(trace, make_span(span, **fields), service=service)


def added(*spans: tuple[int, int]) -> tuple[str, dict[str, Any]]:
    return ("spanAdded", {"newSpans": [[trace_id(trace), span_id(span)] for trace, span in spans]})


def dropped(count: int) -> tuple[str, dict[str, int]]:
    return ("tracesDropped", {"count": count})


def summarized(heard: Sequence[tuple[str, Any]]) -> list[tuple[str, int]]:
    """Return trace id and number of spans of each summary."""
    return [(details["traceId"], details["spanCount"]) for kind, details in heard if kind == "traceUpdated"]
