"""The metrics of one service with their storage: what an adapter wraps into an object of its own."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from otel_worker.errors import StorageUnavailable
from otel_worker.metric_model import MetricGroup
from otel_worker.metrics.aggregation import Aggregator, PushResult
from otel_worker.metrics.group_commit import Event, GroupCommit
from otel_worker.metrics.options import AggregationOptions
from otel_worker.metrics.otlp_push import MetricKey, PushOutcome, push_groups, without
from otel_worker.metrics.snapshot import Snapshot

# To find out which metrics a receiver refuses takes many requests: it is not asked again in each flush.
REFUSED_MS = 600_000


class RowStorage(Protocol):
    """Durable rows of text."""

    def load(self) -> dict[str, str]:
        """Return all rows by their id."""
        ...

    def save(self, rows: Mapping[str, str]) -> None:
        """Write rows over those of the same ids, all or none."""
        ...


class Runtime(Protocol):
    """What differs between a Durable Object and a local process."""

    def now_unix_ms(self) -> int: ...

    def new_event(self) -> Event: ...

    async def sleep(self, seconds: float) -> None: ...


class ServiceMetrics:
    """An aggregator that forgets nothing it has answered. All calls come from one thread."""

    def __init__(
        self, storage: RowStorage, runtime: Runtime, options: AggregationOptions | None = None
    ) -> None:
        self._storage = storage
        self._runtime = runtime
        self._options = options or AggregationOptions()
        self._aggregator: Aggregator | None = None
        # Metrics that the receiver refused, and until when they are left out.
        self._refused: dict[MetricKey, int] = {}
        self._commit = GroupCommit(self._save, runtime.new_event, runtime.sleep, runtime.now_unix_ms)

    @property
    def series_count(self) -> int:
        return self._loaded().series_count

    async def push(self, digest: str, groups: Sequence[MetricGroup]) -> PushResult:
        """See MetricGateway.push."""
        aggregator = self._loaded()
        try:
            result = aggregator.push(groups, digest, self._now_unix_nano())
        except BaseException:
            # Half of it may be added: the next call begins with what is stored.
            self._aggregator = None
            raise
        # A duplicate too: its first copy may be waiting still.
        await self._commit.wait()
        if aggregator is not self._aggregator:
            # Another save, or another push, failed meanwhile: what was waiting then is gone.
            raise StorageUnavailable("the metrics could not be stored; send the request again later")
        return result

    def collect(self, is_passed_on: bool) -> list[MetricGroup]:
        """Return all series as cumulative points; `is_passed_on`: this is the way out, there is no other."""
        # A scrape comes more often than the alarm that expires what has only to be scraped.
        self._loaded().expire(self._now_unix_nano())
        snapshot = self._snapshot()
        if is_passed_on:
            self._mark_sent(self._loaded(), snapshot)
        return snapshot.groups

    def expire(self) -> None:
        """Remove the series that nothing came for."""
        if self._loaded().expire(self._now_unix_nano()):
            self._save()

    async def flush(self, post: Callable[[bytes], Awaitable[int]]) -> PushOutcome:
        """Pass all series on (see `push_groups`); a failed flush is made up for by the next one."""
        snapshot = self._snapshot()
        aggregator = self._loaded()
        now_unix_ms = self._runtime.now_unix_ms()
        self._refused = {key: until for key, until in self._refused.items() if until > now_unix_ms}
        # Refused zeros are no fault: an earlier flush may have been taken although its answer was lost. So
        # they are not remembered, and too many of them do not keep the values back.
        zeros = await push_groups(without(snapshot.zero_groups, self._refused), post)
        if not (zeros.is_complete or zeros.is_exhausted):
            return zeros
        # Before the values: a zero that came again behind its value would be refused, with all beside it.
        self._mark_sent(aggregator, replace(snapshot, ended=[], resets=[]))
        outcome = await push_groups(without(snapshot.groups, self._refused), post)
        self._refused.update(dict.fromkeys(outcome.refused, now_unix_ms + REFUSED_MS))
        if outcome.is_complete:
            self._mark_sent(aggregator, replace(snapshot, unsent=[]))
        return outcome

    def _snapshot(self) -> Snapshot:
        # What was seen once must not be forgotten: the counter would seem to be reset.
        self._save()
        return self._loaded().snapshot(self._now_unix_nano())

    def _mark_sent(self, aggregator: Aggregator, snapshot: Snapshot) -> None:
        if aggregator is self._aggregator:
            aggregator.mark_sent(snapshot)
            self._save()

    def _loaded(self) -> Aggregator:
        if self._aggregator is None:
            self._aggregator = Aggregator.load(self._storage.load(), self._options)
        return self._aggregator

    def _save(self) -> None:
        try:
            rows = self._loaded().dirty_rows()
            if rows:
                self._storage.save(rows)
        except BaseException:
            # It knows more than is stored: the next call begins with what is.
            self._aggregator = None
            raise

    def _now_unix_nano(self) -> int:
        return self._runtime.now_unix_ms() * 1_000_000
