"""What is known of the traces without the collector: one row a trace and one a span, to check answers by."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from types import TracebackType

import apsw

from otel_worker.model import STATUS_ERROR, TracePart

_SCHEMA = """
PRAGMA synchronous = OFF;
CREATE TABLE traces (
  number INTEGER PRIMARY KEY, trace_id TEXT NOT NULL, start_unix_nano INTEGER NOT NULL,
  end_unix_nano INTEGER NOT NULL, span_count INTEGER NOT NULL
) STRICT;
CREATE TABLE spans (
  trace_number INTEGER NOT NULL, service TEXT NOT NULL, name TEXT NOT NULL, is_error INTEGER NOT NULL,
  user TEXT NOT NULL, route TEXT NOT NULL, path TEXT NOT NULL, method TEXT NOT NULL,
  status_code INTEGER NOT NULL, body_bytes INTEGER NOT NULL
) STRICT;
"""
_INDEXES = """
CREATE INDEX traces_by_start ON traces (start_unix_nano);
CREATE INDEX spans_by_trace ON spans (trace_number);
CREATE INDEX spans_by_user ON spans (user, trace_number);
CREATE INDEX spans_by_service ON spans (service, trace_number);
CREATE INDEX spans_with_errors ON spans (trace_number) WHERE is_error;
"""
_ADD_TRACE = """
INSERT INTO traces VALUES (?1, ?2, ?3, ?4, ?5)
ON CONFLICT (number) DO UPDATE SET
  start_unix_nano = min(start_unix_nano, excluded.start_unix_nano),
  end_unix_nano = max(end_unix_nano, excluded.end_unix_nano), span_count = span_count + excluded.span_count
"""
_ADD_SPAN = "INSERT INTO spans VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)"


class FactsWriter:
    """Takes down what is generated; `finish` completes the file."""

    def __init__(self, path: Path) -> None:
        self._connection = apsw.Connection(str(path))
        self._connection.execute(_SCHEMA)
        self._connection.execute("BEGIN")
        self._numbers: dict[str, int] = {}

    def add(self, parts: Iterable[TracePart]) -> None:
        """Take down the traces of one request."""
        for part in parts:
            number = self._numbers.setdefault(part.trace_id, len(self._numbers))
            spans = [(group.resource.service_name, span) for group in part.groups for span in group.spans]
            start = min(span.start_unix_nano for _, span in spans)
            end = max(span.end_unix_nano for _, span in spans)
            self._connection.execute(_ADD_TRACE, (number, part.trace_id, start, end, len(spans)))
            self._connection.executemany(
                _ADD_SPAN,
                [
                    (
                        number,
                        service,
                        span.name,
                        int(span.status_code == STATUS_ERROR),
                        span.attributes["enduser.id"],
                        span.attributes["http.route"],
                        span.attributes["url.path"],
                        span.attributes["http.request.method"],
                        span.attributes["http.response.status_code"],
                        span.attributes["http.response.body.size"],
                    )
                    for service, span in spans
                ],
            )

    def finish(self) -> None:
        """Index what was taken down, and close the file."""
        self._connection.execute("COMMIT")
        self._connection.execute(_INDEXES)
        self._connection.close()


class Facts:
    """Answers what a search should; use it as a context manager."""

    def __init__(self, path: Path) -> None:
        self._connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)

    def __enter__(self) -> Facts:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()

    def newest(
        self, condition: str, values: Sequence[str | int], start: int, end: int, limit: int
    ) -> list[str]:
        """Return the ids of traces that start within [start, end] and meet a condition, newest first.

        The condition is SQL over `traces`; its values are ?1, ?2, ... .
        """
        last = len(values)
        rows = self._connection.execute(
            f"SELECT trace_id FROM traces WHERE start_unix_nano BETWEEN ?{last + 1} AND ?{last + 2} "
            f"AND ({condition}) ORDER BY start_unix_nano DESC, trace_id LIMIT ?{last + 3}",
            (*values, start, end, limit),
        )
        return [trace_id for (trace_id,) in rows]

    def trace(self, number: int) -> tuple[str, int]:
        """Return the id and the span count of the trace that was generated as number `number`."""
        ((trace_id, span_count),) = self._connection.execute(
            "SELECT trace_id, span_count FROM traces WHERE number = ?1", (number,)
        )
        return str(trace_id), int(span_count)
