"""The public API on one screen."""

from __future__ import annotations

from otel_worker.api.auth import Access
from otel_worker.api.handlers.catalog import list_attributes, list_operations, list_services, list_values
from otel_worker.api.handlers.dependencies import get_dependencies
from otel_worker.api.handlers.export import export_traces
from otel_worker.api.handlers.health import check_health
from otel_worker.api.handlers.index import drop_index, get_index, rebuild_index
from otel_worker.api.handlers.live import watch
from otel_worker.api.handlers.metrics import export_metrics, scrape_metrics
from otel_worker.api.handlers.spans import delete_span, get_span
from otel_worker.api.handlers.stats import get_stats
from otel_worker.api.handlers.trace import get_trace, list_spans
from otel_worker.api.handlers.traces import delete_trace, list_traces
from otel_worker.api.router import Route

ROUTES = (
    Route("POST", "/v1/traces", export_traces, Access.INGEST),
    Route("POST", "/v1/metrics", export_metrics, Access.INGEST),
    Route("GET", "/v1/traces", list_traces, Access.READ),
    Route("GET", "/v1/traces/{}", get_trace, Access.READ),
    Route("DELETE", "/v1/traces/{}", delete_trace, Access.ADMIN),
    Route("GET", "/v1/traces/{}/spans", list_spans, Access.READ),
    Route("GET", "/v1/traces/{}/spans/{}", get_span, Access.READ),
    Route("DELETE", "/v1/traces/{}/spans/{}", delete_span, Access.ADMIN),
    Route("GET", "/v1/services", list_services, Access.READ),
    Route("GET", "/v1/services/{}/operations", list_operations, Access.READ),
    Route("GET", "/v1/attributes", list_attributes, Access.READ),
    Route("GET", "/v1/attributes/{}/values", list_values, Access.READ),
    Route("GET", "/v1/dependencies", get_dependencies, Access.READ),
    Route("GET", "/v1/stats", get_stats, Access.READ),
    Route("GET", "/v1/index", get_index, Access.READ),
    Route("PUT", "/v1/index", rebuild_index, Access.ADMIN),
    Route("DELETE", "/v1/index", drop_index, Access.ADMIN),
    Route("GET", "/metrics", scrape_metrics, Access.SCRAPE),
    Route("GET", "/api/ws", watch, Access.READ),
    Route("GET", "/health", check_health, Access.OPEN),
)
