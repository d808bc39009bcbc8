"""The aggregator of one service's metrics: a Durable Object with its series in its own SQLite storage."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping
from typing import Any

import msgspec
from workers import DurableObject, python_to_rpc

from otel_worker.cloudflare.databases import as_one, bound_databases
from otel_worker.cloudflare.metric_client import decode_groups, encode_groups, encode_result
from otel_worker.cloudflare.variables import settings_of
from otel_worker.metrics.options import PROMETHEUS_OPTIONS
from otel_worker.metrics.otlp_push import NO_ANSWER, retry_seconds
from otel_worker.metrics.service import ServiceMetrics
from otel_worker.settings import Settings
from otel_worker.store.metric_services import add_metric_service, remove_metric_service

_log = logging.getLogger(__name__)

_CREATE = "CREATE TABLE IF NOT EXISTS metric_rows (id TEXT PRIMARY KEY, text TEXT NOT NULL) WITHOUT ROWID"
_LOAD = "SELECT id, text FROM metric_rows"
_SAVE = "INSERT OR REPLACE INTO metric_rows (id, text) VALUES (?, ?)"
# The name of the service among the rows: an object is not told its own.
_SERVICE_ROW = "service"

_POST_TIMEOUT_MS = 10_000
# Without a way out by push, an alarm only removes what has expired.
_EXPIRY_SECONDS = 3_600.0
_FAILED_ALARM_SECONDS = 60.0


class _Row(msgspec.Struct):
    id: str
    text: str


_decode_rows = msgspec.json.Decoder(list[_Row]).decode


class MetricsAggregator(DurableObject):  # type: ignore[misc]
    """Adds up what many isolates count, and passes it on."""

    def __init__(self, ctx: Any, env: Any) -> None:
        """Do nothing yet."""
        super().__init__(ctx, env)
        self._storage = _SqlStorage(self.ctx.storage)
        self._metrics = ServiceMetrics(self._storage, _Runtime(), PROMETHEUS_OPTIONS)
        self._is_registered = False
        self._failures = 0

    async def push(self, service: str, digest: str, groups: Any) -> Any:
        """Add metrics (see MetricGateway.push), in MessagePack both ways; called by RPC."""
        if not self._is_registered:
            await self._register(service)
        result = await self._metrics.push(digest, decode_groups(bytes(groups)))
        return encode_result(result)

    async def collect(self) -> Any:
        """Return the series as cumulative MetricGroups in MessagePack; called by RPC."""
        is_pushed = bool(settings_of(self.env).prometheus_otlp_endpoint)
        return encode_groups(self._metrics.collect(is_passed_on=not is_pushed))

    async def alarm(self, alarm_info: Any = None) -> None:
        """Pass the series on, if that is set up, and remove what has expired."""
        wait_seconds = _EXPIRY_SECONDS
        try:
            settings = settings_of(self.env)
            self._metrics.expire()
            if settings.prometheus_otlp_endpoint:
                wait_seconds = await self._flush(settings)
            if not self._metrics.series_count and await self._leave():
                return
        except Exception:
            # Whatever it is: the runtime drops an alarm that keeps failing, and with it all that follow.
            _log.exception("metrics: an alarm failed; the next one goes on")
            wait_seconds = _FAILED_ALARM_SECONDS
        await self._set_alarm(wait_seconds)

    async def _flush(self, settings: Settings) -> float:
        """Push to Prometheus, and return in how many seconds to do so again."""
        outcome = await self._metrics.flush(lambda body: _post(settings, body))
        if outcome.refused_points:
            _log.warning("metrics: %d points were refused with %d", outcome.refused_points, outcome.status)
        if outcome.is_complete:
            self._failures = 0
            return float(settings.metrics_flush_seconds)
        self._failures += 1
        _log.warning("metrics: Prometheus does not take them (%d); nothing is lost", outcome.status)
        from js import Math

        return max(settings.metrics_flush_seconds, retry_seconds(self._failures, Math.random()))

    async def _register(self, service: str) -> None:
        """Make sure that the service is known, and that there is an alarm."""
        self._storage.save({_SERVICE_ROW: service}, unless_there=True)
        await add_metric_service(as_one(bound_databases(self.env)), service)
        settings = settings_of(self.env)
        is_pushed = bool(settings.prometheus_otlp_endpoint)
        wait_seconds = float(settings.metrics_flush_seconds) if is_pushed else _EXPIRY_SECONDS
        alarm_unix_ms = await self.ctx.storage.getAlarm()
        # A later one is of a time when nothing was pushed, or nobody took it.
        if alarm_unix_ms is None or alarm_unix_ms > (time.time() + wait_seconds) * 1000:
            await self._set_alarm(wait_seconds)
        self._is_registered = True

    async def _leave(self) -> bool:
        """Forget the service, which has no series left; a push registers it again."""
        service = self._storage.load_all().get(_SERVICE_ROW)
        if service is not None:
            self._is_registered = False
            await remove_metric_service(as_one(bound_databases(self.env)), service)
        # What was pushed meanwhile has registered it.
        return not self._is_registered

    async def _set_alarm(self, seconds: float) -> None:
        await self.ctx.storage.setAlarm(int((time.time() + seconds) * 1000))


class _SqlStorage:
    """RowStorage over an object's own SQLite; the runtime holds answers back until a write is durable."""

    def __init__(self, storage: Any) -> None:
        self._sql = python_to_rpc(storage).sql
        self._sql.exec(_CREATE)

    def load(self) -> dict[str, str]:
        """See RowStorage.load."""
        return {row_id: text for row_id, text in self.load_all().items() if row_id != _SERVICE_ROW}

    def load_all(self) -> dict[str, str]:
        """Return all rows, that with the name of the service too."""
        from js import JSON

        return {row.id: row.text for row in _decode_rows(JSON.stringify(self._sql.exec(_LOAD).toArray()))}

    def save(self, rows: Mapping[str, str], unless_there: bool = False) -> None:
        """See RowStorage.save: what is written without a pause in between is one transaction."""
        known = self.load_all() if unless_there else {}
        for row_id, text in rows.items():
            if known.get(row_id) != text:
                self._sql.exec(_SAVE, row_id, text)


class _Runtime:
    """The Runtime of an object."""

    def now_unix_ms(self) -> int:
        return time.time_ns() // 1_000_000

    def new_event(self) -> asyncio.Event:
        return asyncio.Event()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


async def _post(settings: Settings, body: bytes) -> int:
    """Send OTLP JSON to Prometheus, and return the status, or NO_ANSWER."""
    from js import AbortSignal, Object, fetch
    from pyodide.ffi import to_js

    headers = {"Content-Type": "application/json"}
    if settings.prometheus_token:
        headers["Authorization"] = f"Bearer {settings.prometheus_token}"
    options = {
        "method": "POST",
        "headers": headers,
        "body": body.decode(),
        "redirect": "manual",
        "signal": AbortSignal.timeout(_POST_TIMEOUT_MS),
    }
    try:
        response = await fetch(
            settings.prometheus_otlp_endpoint, to_js(options, dict_converter=Object.fromEntries)
        )
        # Read to its end, so that the connection can be used again.
        text = (await response.text())[:500]
    except Exception:
        _log.warning("metrics: no answer from Prometheus", exc_info=True)
        return NO_ANSWER
    status: int = response.status
    if not response.ok:
        _log.warning("metrics: Prometheus answers %d: %s", status, text)
    return status
