"""The public API on one screen."""

from __future__ import annotations

from otel_worker.api.auth import Access
from otel_worker.api.handlers.export import export_traces
from otel_worker.api.handlers.health import check_health
from otel_worker.api.handlers.live import watch
from otel_worker.api.handlers.spans import delete_span, get_span, list_spans
from otel_worker.api.handlers.traces import delete_trace, get_trace, list_traces
from otel_worker.api.router import Route

ROUTES = (
    Route("POST", "/v1/traces", export_traces, Access.INGEST),
    Route("GET", "/v1/traces", list_traces, Access.READ),
    Route("GET", "/v1/traces/{}", get_trace, Access.READ),
    Route("DELETE", "/v1/traces/{}", delete_trace, Access.ADMIN),
    Route("GET", "/v1/traces/{}/spans", list_spans, Access.READ),
    Route("GET", "/v1/traces/{}/spans/{}", get_span, Access.READ),
    Route("DELETE", "/v1/traces/{}/spans/{}", delete_span, Access.ADMIN),
    Route("GET", "/api/ws", watch, Access.READ),
    Route("GET", "/health", check_health, Access.OPEN),
)
