"""The way out of metrics by push: all series to PROMETHEUS_OTLP_ENDPOINT, as the Worker's aggregators do."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable

import httpx

from otel_worker.errors import OtelWorkerError
from otel_worker.metrics.otlp_push import NO_ANSWER, retry_seconds
from otel_worker.settings import Settings
from otel_worker_cli.local.metric_gateway import LocalGateway

_log = logging.getLogger(__name__)

_POST_TIMEOUT_SECONDS = 10.0


async def push_metrics(metrics: LocalGateway, settings: Settings) -> None:
    """Send all series, again and again, until it is cancelled."""
    headers = {"Content-Type": "application/json"}
    if settings.prometheus_token:
        headers["Authorization"] = f"Bearer {settings.prometheus_token}"
    failures = 0
    wait_seconds = float(settings.metrics_flush_seconds)
    async with httpx.AsyncClient(headers=headers, timeout=_POST_TIMEOUT_SECONDS) as client:

        async def post(body: bytes) -> int:
            return await _post(client, settings.prometheus_otlp_endpoint, body)

        while True:
            await asyncio.sleep(wait_seconds)
            failures = 0 if await _flush(metrics, post) else failures + 1
            wait_seconds = float(settings.metrics_flush_seconds)
            if failures:
                wait_seconds = max(wait_seconds, retry_seconds(failures, random.random()))  # noqa: S311


async def _flush(metrics: LocalGateway, post: Callable[[bytes], Awaitable[int]]) -> bool:
    """Pass everything on once; return whether all of it was taken, or refused for good."""
    try:
        outcomes = await metrics.flush(post)
    except OtelWorkerError:
        _log.exception("metrics could not be passed on; the next time makes up for it")
        return False
    for outcome in outcomes:
        if outcome.refused_points:
            _log.warning("metrics: %d points were refused with %d", outcome.refused_points, outcome.status)
        if not outcome.is_complete:
            _log.warning("metrics: Prometheus does not take them (%d); nothing is lost", outcome.status)
    return all(outcome.is_complete for outcome in outcomes)


async def _post(client: httpx.AsyncClient, url: str, body: bytes) -> int:
    """Send OTLP JSON to Prometheus, and return the status, or NO_ANSWER."""
    try:
        response = await client.post(url, content=body)
    except httpx.HTTPError:
        _log.warning("metrics: no answer from Prometheus", exc_info=True)
        return NO_ANSWER
    if not response.is_success:
        _log.warning("metrics: Prometheus answers %d: %s", response.status_code, response.text[:500])
    return response.status_code
