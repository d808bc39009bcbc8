"""The client against the collector in workerd, which is killed and restarted: nothing missed or repeated."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import httpx
import pytest

from otel_worker_cli.client import (
    Client,
    Event,
    Gap,
    NotAllowed,
    NotFound,
    SpansAdded,
    TraceSummary,
    TraceUpdated,
    Watch,
)
from otel_worker_cli.runtime.ports import free_port
from otel_worker_cli.runtime.session import DevSession
from tests.client.project import assemble_project
from tests.e2e.otlp import export_request, make_span

TOKEN = "client-test"
KILLS = 3
SENDERS = 3
# Each trace comes in so many requests, so that a kill hits traces that are half stored.
PARTS = 3
SPANS_A_PART = 5
# Stored before each kill, so that it comes in the middle of the load.
PARTS_BEFORE_KILL = 30
WAIT_SECONDS = 120.0


class Restartable:
    """A collector on one port and one folder of data, which may die and come back."""

    def __init__(self, folder: Path) -> None:
        self.config = assemble_project(folder / "project")
        self.persist_to = folder / "state"
        self.port = free_port()
        self.session: DevSession | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self, token: str = TOKEN, **variables: str) -> None:
        self.session = DevSession.start(
            self.config,
            persist_to=self.persist_to,
            port=self.port,
            token=token,
            variables=variables,
            reads_dev_vars=False,
        )

    def kill(self) -> None:
        assert self.session is not None
        self.session.kill()
        self.session = None

    def stop(self) -> None:
        if self.session is not None:
            self.session.stop()
            self.session = None


@contextmanager
def restartable(folder: Path) -> Iterator[Restartable]:
    collector = Restartable(folder)
    try:
        collector.start()
        yield collector
    finally:
        collector.stop()


class Observer:
    """Takes all events of a watch, and what is wrong about them."""

    def __init__(self, watch: Watch) -> None:
        self.span_counts: dict[str, list[int]] = {}
        self.latest: dict[str, TraceSummary] = {}
        self.gaps: list[Gap] = []
        self.span_ids: list[tuple[str, str]] = []
        self._watch = watch
        self._changed = asyncio.Event()
        self.task = asyncio.create_task(self._observe())

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(WAIT_SECONDS):
            while not condition():
                if self.task.done():
                    self.task.result()
                self._changed.clear()
                changed = asyncio.create_task(self._changed.wait())
                await asyncio.wait({changed, self.task}, return_when=asyncio.FIRST_COMPLETED)
                changed.cancel()

    async def _observe(self) -> None:
        async for event in self._watch:
            self._take(event)
            self._changed.set()

    def _take(self, event: Event) -> None:
        if isinstance(event, TraceUpdated):
            self.span_counts.setdefault(event.summary.trace_id, []).append(event.summary.span_count)
            self.latest[event.summary.trace_id] = event.summary
        elif isinstance(event, SpansAdded):
            self.span_ids += event.span_ids
        else:
            self.gaps.append(event)


@asynccontextmanager
async def observing(url: str, **conditions: str) -> AsyncIterator[Observer]:
    """Watch a collector from the moment of entering on."""
    async with Client(url, TOKEN) as client, client.watch(**conditions) as watch:  # type: ignore[arg-type]
        observer = Observer(watch)
        try:
            yield observer
        finally:
            observer.task.cancel()
            await asyncio.wait({observer.task})


class Load:
    """Senders that export one trace after the other in parts, each part until it is acknowledged."""

    def __init__(self, url: str) -> None:
        self.parts: dict[str, int] = {}
        self._is_over = False
        self._client = httpx.AsyncClient(
            base_url=url, headers={"Authorization": f"Bearer {TOKEN}"}, trust_env=False, timeout=20.0
        )
        self._tasks = [asyncio.create_task(self._send(), name=f"sender {n}") for n in range(SENDERS)]

    @property
    def part_count(self) -> int:
        return sum(self.parts.values())

    async def finish(self) -> None:
        """Let every sender finish its trace."""
        self._is_over = True
        async with asyncio.timeout(WAIT_SECONDS):
            await asyncio.gather(*self._tasks)
        await self._client.aclose()

    async def _send(self) -> None:
        while not self._is_over:
            trace_id = secrets.token_hex(16)
            for part in range(PARTS):
                await self._send_until_acknowledged(_part_of(trace_id, part))
                self.parts[trace_id] = part + 1

    async def _send_until_acknowledged(self, body: bytes) -> None:
        while True:
            try:
                response = await self._client.post(
                    "/v1/traces", content=body, headers={"Content-Type": "application/x-protobuf"}
                )
            except httpx.TransportError:
                await asyncio.sleep(0.1)
            else:
                if response.status_code == 200:
                    return
                await asyncio.sleep(0.1)


def _part_of(trace_id: str, part: int) -> bytes:
    first = 1 + part * SPANS_A_PART
    now_unix_nano = time.time_ns()
    spans = [make_span(trace_id, number, now_unix_nano) for number in range(first, first + SPANS_A_PART)]
    return bytes(export_request(spans).SerializeToString())


async def _export(url: str, trace_id: str) -> None:
    async with httpx.AsyncClient(headers={"Authorization": f"Bearer {TOKEN}"}, trust_env=False) as client:
        response = await client.post(
            f"{url}/v1/traces",
            content=_part_of(trace_id, 0),
            headers={"Content-Type": "application/x-protobuf"},
        )
        assert response.status_code == 200, response.text


@pytest.fixture
def collector(tmp_path: Path) -> Iterator[Restartable]:
    with restartable(tmp_path) as running:
        yield running


def test_a_watch_goes_through_crashes_under_load_without_a_gap_or_a_repetition(
    collector: Restartable,
) -> None:
    async def main() -> None:
        async with observing(collector.url) as observer:
            load = Load(collector.url)
            for kill in range(KILLS):
                wanted = load.part_count + PARTS_BEFORE_KILL
                await observer.until(lambda: load.part_count >= wanted)  # noqa: B023
                collector.kill()
                if kill:
                    # Once the senders wait for it, and once the watcher does.
                    await asyncio.sleep(1.0)
                await asyncio.to_thread(collector.start)
            await load.finish()
            final = PARTS * SPANS_A_PART
            counts = observer.span_counts
            await observer.until(lambda: {t for t in counts if counts[t][-1] == final} >= set(load.parts))
            async with Client(collector.url, TOKEN) as client:
                stored = {summary.trace_id: summary async for summary in client.list_traces()}
            assert observer.latest == stored
            assert set(load.parts) == set(stored)
            assert len(load.parts) * PARTS >= KILLS * PARTS_BEFORE_KILL
            # Each update has more spans than the one before: nothing twice, nothing old after new.
            assert [c for c in counts.values() if sorted(set(c)) != c] == []
            assert observer.gaps == []
            assert set(observer.span_ids) <= {
                (trace_id, f"{number:016x}") for trace_id in load.parts for number in range(1, final + 1)
            }

    asyncio.run(main())


def test_a_restart_while_nothing_is_sent_is_not_noticed_and_a_new_token_is(collector: Restartable) -> None:
    async def main() -> None:
        before, away, after = (secrets.token_hex(16) for _ in range(3))
        await _export(collector.url, secrets.token_hex(16))
        async with observing(collector.url) as observer:
            await _export(collector.url, before)
            await observer.until(lambda: before in observer.span_counts)
            collector.kill()
            await asyncio.to_thread(collector.start)
            await _export(collector.url, away)
            await observer.until(lambda: away in observer.span_counts)
            await _export(collector.url, after)
            await observer.until(lambda: after in observer.span_counts)
            assert observer.span_counts == {trace_id: [SPANS_A_PART] for trace_id in (before, away, after)}
            collector.stop()
            await asyncio.to_thread(collector.start, token="another")
            with pytest.raises(NotAllowed) as caught:
                await observer.until(lambda: False)
            assert caught.value.status == 401
            collector.stop()
        await asyncio.to_thread(collector.start, LIVE="off")
        async with Client(collector.url, TOKEN) as client:
            with pytest.raises(NotFound, match="LIVE=off"):
                async with client.watch():
                    raise AssertionError("there is no live view")
            found = [summary.trace_id async for summary in client.list_traces(service="e2e", limit=3)]
            assert found == [after, away, before]

    asyncio.run(main())
