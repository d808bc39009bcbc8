"""What the Worker does with a request and with its cron trigger."""

from __future__ import annotations

import logging
import time
from typing import Any

from workers import python_to_rpc

from otel_worker.api.app import error_response, handle
from otel_worker.api.message import WebSocketUpgrade
from otel_worker.api.router import Collector
from otel_worker.cloudflare.d1 import D1Database
from otel_worker.cloudflare.http import discard_body, to_js_response, to_request
from otel_worker.cloudflare.live_hub import DurableObjectHub
from otel_worker.errors import OtelWorkerError
from otel_worker.settings import Settings, read_settings
from otel_worker.store.retention import delete_expired

# Standard error is the Worker's log; the default would hide what the retention did.
logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
_log = logging.getLogger(__name__)

_FIRST_ERROR_STATUS = 400


async def answer(env: Any, js_request: Any) -> Any:
    """Return the js.Response to a js.Request."""
    request = to_request(js_request)
    try:
        settings = _settings_of(env)
    except OtelWorkerError as error:
        return to_js_response(error_response(request, error))
    hub = DurableObjectHub(env.LIVE)
    collector = Collector(settings, D1Database(python_to_rpc(env.DB)), hub, _now_unix_ms)
    response = await handle(collector, request)
    if isinstance(response, WebSocketUpgrade):
        return await hub.accept(response.subprotocol)
    if response.status >= _FIRST_ERROR_STATUS:
        await discard_body(js_request)
    return to_js_response(response)


async def run_retention(env: Any) -> None:
    """Delete what is older than RETENTION_DAYS."""
    settings = _settings_of(env)
    database = D1Database(python_to_rpc(env.DB))
    deleted = await delete_expired(database, settings.retention_days, _now_unix_ms())
    _log.info("retention: %d blocks deleted", deleted)


def _settings_of(env: Any) -> Settings:
    def variable(name: str) -> str | None:
        value = getattr(env, name, None)
        return value if isinstance(value, str) else None

    return read_settings(variable)


def _now_unix_ms() -> int:
    return time.time_ns() // 1_000_000
