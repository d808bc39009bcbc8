"""What the client gives out: summaries of traces, and the events of a watch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from otel_worker_cli.client.errors import UnexpectedAnswer


@dataclass(frozen=True, slots=True)
class TraceSummary:
    """One trace as the list shows it."""

    trace_id: str
    root_name: str
    root_service: str
    services: tuple[str, ...]
    start_unix_nano: int
    duration_nano: int
    span_count: int
    error_count: int


@dataclass(frozen=True, slots=True)
class TraceUpdated:
    """A trace has come, or has got more spans: its summary as it is now."""

    summary: TraceSummary


@dataclass(frozen=True, slots=True)
class SpansAdded:
    """Spans that were stored: trace id and span id of each. Only what came while the connection was up."""

    span_ids: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Gap:
    """Updates of traces that started in this time may be missing, for a reason that a person understands."""

    reason: str
    from_unix_nano: int
    to_unix_nano: int


Event: TypeAlias = TraceUpdated | SpansAdded | Gap


@dataclass(frozen=True, slots=True)
class WatchFilter:
    """What is watched: a list with the same conditions has exactly these traces."""

    service: str = ""
    name: str = ""
    errors_only: bool = False
    min_duration: str = ""

    @property
    def parameters(self) -> dict[str, str]:
        """The conditions as the list and a subscription take them."""
        status = "error" if self.errors_only else ""
        asked = {"service": self.service, "name": self.name, "status": status}
        return {name: value for name, value in {**asked, "minDuration": self.min_duration}.items() if value}


def read_summary(document: Any) -> TraceSummary:
    """Return a summary from its JSON; raises UnexpectedAnswer."""
    try:
        return TraceSummary(
            trace_id=str(document["traceId"]),
            root_name=str(document["rootName"]),
            root_service=str(document["rootService"]),
            services=tuple(map(str, document["services"])),
            start_unix_nano=int(document["startTimeUnixNano"]),
            duration_nano=int(document["durationNano"]),
            span_count=int(document["spanCount"]),
            error_count=int(document["errorCount"]),
        )
    except (LookupError, TypeError, ValueError) as error:
        raise UnexpectedAnswer(f"not the summary of a trace: {str(document)[:200]}") from error


def read_summaries(documents: Any) -> list[TraceSummary]:
    """Return the summaries of a list from its JSON; raises UnexpectedAnswer."""
    if not isinstance(documents, list):
        raise UnexpectedAnswer(f"not a list of traces: {str(documents)[:200]}")
    return [read_summary(document) for document in documents]


def read_span_ids(details: Mapping[str, Any]) -> SpansAdded:
    """Return the event of a spanAdded message; raises UnexpectedAnswer."""
    try:
        pairs: Iterable[Any] = details["newSpans"]
        return SpansAdded(tuple((str(trace_id), str(span_id)) for trace_id, span_id in pairs))
    except (LookupError, TypeError, ValueError) as error:
        raise UnexpectedAnswer(f"not new spans: {str(details)[:200]}") from error
