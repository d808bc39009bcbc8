"""A client of a collector for Python programs: lists traces, and watches them live without gaps."""

from otel_worker_cli.client.client import Client
from otel_worker_cli.client.errors import (
    ClientError,
    NotAllowed,
    NotFound,
    Refused,
    UnexpectedAnswer,
    Unreachable,
    WatchEnded,
)
from otel_worker_cli.client.model import Event, Gap, SpansAdded, TraceSummary, TraceUpdated
from otel_worker_cli.client.timing import Timing
from otel_worker_cli.client.watch import Watch

__all__ = [
    "Client",
    "ClientError",
    "Event",
    "Gap",
    "NotAllowed",
    "NotFound",
    "Refused",
    "SpansAdded",
    "Timing",
    "TraceSummary",
    "TraceUpdated",
    "UnexpectedAnswer",
    "Unreachable",
    "Watch",
    "WatchEnded",
]
