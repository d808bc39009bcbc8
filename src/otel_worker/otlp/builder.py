"""What makes a span valid, and how valid spans are grouped by trace: shared by both decoders."""

from __future__ import annotations

import re

from otel_worker.errors import FieldViolation
from otel_worker.model import Export, Resource, Scope, Span, SpanExtras, SpanGroup, TracePart
from otel_worker.otlp.message_count import MessageCount

ZERO_TRACE_ID = "0" * 32
ZERO_SPAN_ID = "0" * 16

_TRACE_ID = re.compile(r"(?!0{32})[0-9a-f]{32}")
_SPAN_ID = re.compile(r"(?!0{16})[0-9a-f]{16}")

# SQLite's and JSON readers' integers are signed; OTLP's times are unsigned (rule V7).
MAX_TIME_UNIX_NANO = 2**63 - 1

_MAX_UINT32 = 2**32 - 1

# An exporter logs the message as it is: a few reasons help, thousands do not (rule 24).
MAX_REJECTIONS = 5


class ExportBuilder:
    """Collects the spans of one export request, in the order they are decoded.

    A decoder calls `open_scope` for each ScopeSpans and `add` for each of its spans.
    """

    def __init__(self) -> None:
        self.messages = MessageCount()
        self._parts: dict[str, TracePart] = {}
        self._groups: dict[str, SpanGroup] = {}
        self._resource = Resource()
        self._scope = Scope()
        self._path = ""
        self._rejected_count = 0
        self._rejections: list[FieldViolation] = []

    def open_scope(self, resource: Resource, scope: Scope, path: str) -> None:
        """Say which resource and scope the next spans belong to; `path` names the ScopeSpans in messages."""
        self._resource, self._scope, self._path = resource, scope, path
        self._groups = {}

    def add(self, trace_id: str, span: Span, index: int) -> None:
        """Keep a span, or count it as rejected; ids are lower-case hex, `index` is its place in the scope."""
        defect = _defect(trace_id, span)
        if defect is not None:
            self.reject(index, *defect)
            return
        if span.extras is not None and span.extras.links:
            _drop_invalid_links(span.extras)
        group = self._groups.get(trace_id)
        if group is None:
            group = self._groups[trace_id] = SpanGroup(self._resource, self._scope, [])
            part = self._parts.get(trace_id)
            if part is None:
                self._parts[trace_id] = TracePart(trace_id, [group])
            else:
                part.groups.append(group)
        group.spans.append(span)

    def reject(self, index: int, field: str, description: str) -> None:
        """Count a span that cannot be kept, and say what is wrong with which of its fields."""
        self._rejected_count += 1
        if len(self._rejections) < MAX_REJECTIONS:
            self._rejections.append(FieldViolation(f"{self._path}.spans[{index}].{field}", description))

    def build(self) -> Export:
        """Return everything collected."""
        return Export(list(self._parts.values()), self._rejected_count, self._rejections)


def _drop_invalid_links(extras: SpanExtras) -> None:
    """Keep the links that point somewhere; the others are counted as dropped (rule V13)."""
    valid = [
        link
        for link in extras.links
        if _TRACE_ID.fullmatch(link.trace_id) and _SPAN_ID.fullmatch(link.span_id)
    ]
    dropped_count = extras.dropped_links_count + len(extras.links) - len(valid)
    extras.dropped_links_count = min(dropped_count, _MAX_UINT32)
    extras.links = valid


def _defect(trace_id: str, span: Span) -> tuple[str, str] | None:
    """Return the field that makes a span invalid and how, or None (trace.proto, rules V1 to V3 and V7)."""
    if len(trace_id) != 32 or trace_id == ZERO_TRACE_ID:
        return "traceId", f"must be 16 bytes, not all zero; found {trace_id[:40]!r}"
    span_id = span.span_id
    if len(span_id) != 16 or span_id == ZERO_SPAN_ID:
        return "spanId", f"must be 8 bytes, not all zero; found {span_id[:40]!r}"
    parent = span.parent_span_id
    if parent and len(parent) != 16:
        return "parentSpanId", f"must be empty or 8 bytes; found {parent[:40]!r}"
    if parent == ZERO_SPAN_ID:
        span.parent_span_id = ""
    start, end = span.start_unix_nano, span.end_unix_nano
    if not 0 <= start <= MAX_TIME_UNIX_NANO:
        return "startTimeUnixNano", f"must be 0 to {MAX_TIME_UNIX_NANO}; found {start}"
    if not 0 <= end <= MAX_TIME_UNIX_NANO:
        return "endTimeUnixNano", f"must be 0 to {MAX_TIME_UNIX_NANO}; found {end}"
    return None
