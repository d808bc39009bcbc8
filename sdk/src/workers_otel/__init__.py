"""OpenTelemetry metrics from inside a Python Worker, pushed over OTLP.

`create_metrics` and `shared_metrics` make a collector of metrics, `Metrics`. What is ready made:
`instrument_fetch` for requests, `instrument_alarm` for Durable Objects, `llm_call` for language models, and
`workers_otel.opentelemetry_bridge` where `opentelemetry-api` is installed.
"""

from workers_otel.attributes import Attributes
from workers_otel.client import Metrics, create_metrics, shared_metrics
from workers_otel.durable_objects import instrument_alarm
from workers_otel.gen_ai import LlmCall, llm_call
from workers_otel.http_server import instrument_fetch
from workers_otel.result import FlushResult
from workers_otel.transport import Answer, Transport, service_transport
from workers_otel.version import __version__

__all__ = [
    "Answer",
    "Attributes",
    "FlushResult",
    "LlmCall",
    "Metrics",
    "Transport",
    "__version__",
    "create_metrics",
    "instrument_alarm",
    "instrument_fetch",
    "llm_call",
    "service_transport",
    "shared_metrics",
]
