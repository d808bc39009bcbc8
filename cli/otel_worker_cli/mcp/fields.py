"""The arguments that several tools take, with their bounds and what a model is told of them."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from pydantic import Field

TRACE_ID_PATTERN = r"^[0-9a-fA-F]{32}$"
_SPAN_ID_PATTERN = r"^[0-9a-fA-F]{16}$"

TraceId: TypeAlias = Annotated[
    str, Field(pattern=TRACE_ID_PATTERN, description="32 hex digits, as search_traces shows them.")
]
SpanId: TypeAlias = Annotated[str, Field(pattern=_SPAN_ID_PATTERN)]
Offset: TypeAlias = Annotated[
    int, Field(ge=0, le=1_000_000, description="Skip so many: for what an answer before left out.")
]
Root: TypeAlias = Annotated[
    str | None,
    Field(pattern=_SPAN_ID_PATTERN, description="Look only at this span and what is below it: its spanId."),
]
Moment: TypeAlias = Annotated[
    str | None,
    Field(
        max_length=40,
        description='RFC 3339 ("2026-01-31T12:00:00Z"), Unix nanoseconds, or how long ago: "-15m", "-2h".',
    ),
]
Name: TypeAlias = Annotated[str, Field(min_length=1, max_length=1_000)]
