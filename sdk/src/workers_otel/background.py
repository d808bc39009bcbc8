"""Flushing after the response."""

from __future__ import annotations

from typing import Any

from workers_otel.client import Metrics


def flush_in_background(ctx: Any, metrics: Metrics) -> None:
    """Have `ctx.waitUntil` of a WorkerEntrypoint run a flush; without one, the records wait for the next."""
    if not metrics.is_on:
        return
    flushing = metrics.flush()
    try:
        ctx.waitUntil(flushing)
    except Exception:  # no context of the runtime: the user's response goes on all the same
        flushing.close()
