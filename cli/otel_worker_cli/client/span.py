"""One span as the API shows it, as far as this command has to understand it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from otel_worker.model import Resource
from otel_worker_cli.client.errors import UnexpectedAnswer


@dataclass(frozen=True, slots=True)
class ReadSpan:
    """A span; `has_end` is false for one that was sent without an end. `document` is all of it."""

    span_id: str
    parent_span_id: str
    name: str
    service: str
    kind: str
    start_unix_nano: int
    end_unix_nano: int
    is_error: bool
    document: dict[str, Any]

    @property
    def has_end(self) -> bool:
        return self.end_unix_nano != 0

    @property
    def duration_nano(self) -> int:
        """0 for a span that ends before it starts, as the collector counts it."""
        return max(0, self.end_unix_nano - self.start_unix_nano)

    @property
    def last_unix_nano(self) -> int:
        """The latest moment of the span, whatever its clock said."""
        return max(self.start_unix_nano, self.end_unix_nano)


def read_span(document: Any) -> ReadSpan:
    """Return a span from its JSON; raises UnexpectedAnswer."""
    try:
        return ReadSpan(
            span_id=str(document["spanId"]),
            parent_span_id=str(document["parentSpanId"]),
            name=str(document["name"]),
            service=Resource(dict(document["resource"]["attributes"])).service_name,
            kind=str(document["kind"]),
            start_unix_nano=int(document["startTimeUnixNano"]),
            end_unix_nano=int(document["endTimeUnixNano"]),
            is_error=document["status"]["code"] == "ERROR",
            document=document,
        )
    except (LookupError, TypeError, ValueError) as error:
        raise UnexpectedAnswer(f"not a span: {str(document)[:200]}") from error
