"""What the local server does every hour: as the Worker's cron trigger and its aggregators' alarms."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from otel_worker.errors import StorageUnavailable
from otel_worker.metric_model import MetricGroup
from otel_worker.settings import Settings
from otel_worker.store.write import write_blocks
from otel_worker_cli.local import upkeep
from otel_worker_cli.local.database import open_database
from otel_worker_cli.local.metric_gateway import LocalGateway
from otel_worker_cli.local.upkeep import keep_tidy, tidy
from otel_worker_cli.sqlite import SqliteDatabase
from tests.core.harness import WatchedDatabase, count_rows
from tests.e2e.collector import PROTOBUF, http_client
from tests.e2e.otlp import one_span
from tests.local.running import ANY_PORTS, LocalServer
from tests.samples import blocks_of, make_part, make_span, run, trace_id

DAY_NANOS = 86_400_000_000_000
WAIT_SECONDS = 20.0


def store(database: SqliteDatabase, number: int, age_days: int) -> None:
    start_unix_nano = time.time_ns() - age_days * DAY_NANOS
    part = make_part(number, make_span(start_unix_nano=start_unix_nano))
    run(write_blocks(database, blocks_of(part), time.time_ns() // 1_000_000))


def gateway_of(connection: SqliteDatabase) -> LocalGateway:
    return LocalGateway(connection, False, lambda: time.time_ns() // 1_000_000)


def test_what_is_too_old_goes_and_then_what_is_too_much() -> None:
    async def scenario() -> None:
        with open_database(None) as (database, connection):
            metrics = gateway_of(connection)
            for number, age_days in enumerate((9, 8, 6, 1)):
                store(connection, number, age_days)
            await tidy(database, connection, metrics, Settings(retention_days=7))
            assert count_rows(connection) == (2, 2)
            too_small = Settings(retention_days=7, max_database_bytes=connection.size_bytes - 1)
            await tidy(database, connection, metrics, too_small)
            assert count_rows(connection) == (1, 1)

    asyncio.run(scenario())


def test_it_goes_on_after_a_failure(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(upkeep, "_HOUR_SECONDS", 0.0)

    async def scenario() -> None:
        with open_database(None) as (_, connection):
            store(connection, 0, 9)
            database = WatchedDatabase(connection)

            def fail_once() -> None:
                database.before_query = lambda: None
                raise StorageUnavailable("the disk is away")

            database.before_query = fail_once
            task = asyncio.create_task(keep_tidy(database, connection, gateway_of(connection), Settings()))
            async with asyncio.timeout(WAIT_SECONDS):
                while count_rows(connection) != (0, 0):
                    await asyncio.sleep(0)
            task.cancel()
            assert "the disk is away" in caplog.text

    asyncio.run(scenario())


def test_metrics_expire_with_it() -> None:
    class Recorder(LocalGateway):
        has_expired = False

        def expire(self) -> None:
            """See LocalGateway.expire."""
            self.has_expired = True

    async def scenario() -> None:
        with open_database(None) as (database, connection):
            metrics = Recorder(connection, False, lambda: 0)
            await tidy(database, connection, metrics, Settings())
            assert metrics.has_expired
            empty: list[MetricGroup] = []
            assert await metrics.collect() == empty

    asyncio.run(scenario())


def test_a_server_begins_with_it(tmp_path: Path) -> None:
    arguments = [*ANY_PORTS, "--database", str(tmp_path / "traces.sqlite")]
    old = time.time_ns() - 9 * DAY_NANOS
    with LocalServer(arguments, {"RETENTION_DAYS": "10"}) as server, http_client(server.url, None) as client:
        body = one_span(trace_id(1), old)
        assert client.post("/v1/traces", content=body, headers={"Content-Type": PROTOBUF}).status_code == 200
    with LocalServer(arguments, {"RETENTION_DAYS": "7"}) as server, http_client(server.url, None) as client:
        deadline = time.monotonic() + WAIT_SECONDS
        while client.get(f"/v1/traces/{trace_id(1)}").status_code != 404:
            assert time.monotonic() < deadline, server.log_text
        assert "1 blocks deleted for their age" in server.log_text
