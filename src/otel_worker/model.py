"""The model that both OTLP encodings are decoded to, and that is stored as JSON.

One attribute value is plain JSON wherever JSON can hold it without loss: a string, a boolean, an
integer (exact, 64 bits), a double (always written with a point or exponent, so that 3 and 3.0 stay
apart), an array, and null for a value that was left unset. What JSON has no form for is an object
with one key: {"bytes": "<base64>"}, {"map": {...}}, {"double": "NaN" | "Infinity" | "-Infinity"}.

A span is stored as a JSON array, since its field names would be an eighth of what is kept; the order
of the fields of `Span` is therefore the storage format: new ones go to the end, with a default.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

from otel_worker.errors import FieldViolation

if TYPE_CHECKING:
    Value = str | bool | int | float | None | list["Value"] | dict[str, str | dict[str, "Value"]]
else:
    # msgspec resolves annotations at run time and knows no recursive alias.
    Value = Any
Attributes = dict[str, Value]

# What the semantic conventions call a service that did not name itself.
UNKNOWN_SERVICE = "unknown_service"
_CLOUDFLARE_DUMMY_SERVICE = "cloudflare-workers-observability"
_SERVICE_NAME_FALLBACKS = ("faas.name", "cloudflare.script_name", "service.name")

STATUS_ERROR = 2


class Event(Struct, omit_defaults=True, rename="camel", gc=False):
    """A point in time within a span (trace.proto, Span.Event)."""

    time_unix_nano: int = 0
    name: str = ""
    attributes: Attributes = field(default_factory=dict)
    dropped_attributes_count: int = 0


class Link(Struct, omit_defaults=True, rename="camel", gc=False):
    """A pointer to another span (trace.proto, Span.Link); ids are lower-case hex."""

    trace_id: str = ""
    span_id: str = ""
    trace_state: str = ""
    attributes: Attributes = field(default_factory=dict)
    dropped_attributes_count: int = 0
    flags: int = 0


class SpanExtras(Struct, omit_defaults=True, rename="camel", gc=False):
    """What most spans do not have."""

    status_message: str = ""
    trace_state: str = ""
    events: list[Event] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    dropped_attributes_count: int = 0
    dropped_events_count: int = 0
    dropped_links_count: int = 0


class Span(Struct, array_like=True, gc=False):
    """One span without its trace id (trace.proto, Span); ids are lower-case hex.

    `duration_nano` is end minus start as sent: negative when the clocks said so, and minus the start
    for a span that was sent without an end.
    """

    span_id: str
    parent_span_id: str
    name: str
    kind: int
    start_unix_nano: int
    duration_nano: int
    status_code: int
    flags: int
    attributes: Attributes
    extras: SpanExtras | None = None

    @property
    def end_unix_nano(self) -> int:
        return self.start_unix_nano + self.duration_nano


class Resource(Struct, omit_defaults=True, rename="camel", gc=False):
    """Who sent the spans (resource.proto), with the schema URL of its ResourceSpans."""

    attributes: Attributes = field(default_factory=dict)
    dropped_attributes_count: int = 0
    schema_url: str = ""

    @property
    def service_name(self) -> str:
        """`service.name`; for Cloudflare's own exports, which may say a dummy there, the Worker's name."""
        attributes = self.attributes
        name = attributes.get("service.name")
        if isinstance(name, str) and name and name != _CLOUDFLARE_DUMMY_SERVICE:
            return name
        for key in _SERVICE_NAME_FALLBACKS:
            fallback = attributes.get(key)
            if isinstance(fallback, str) and fallback:
                return fallback
        return UNKNOWN_SERVICE


class Scope(Struct, omit_defaults=True, rename="camel", gc=False):
    """The instrumentation scope (common.proto), with the schema URL of its ScopeSpans."""

    name: str = ""
    version: str = ""
    attributes: Attributes = field(default_factory=dict)
    dropped_attributes_count: int = 0
    schema_url: str = ""


class SpanGroup(Struct, gc=False):
    """Spans of one trace that share a resource and a scope."""

    resource: Resource
    scope: Scope
    spans: list[Span]


class TracePart(Struct, rename="camel", gc=False):
    """What one export request brought of one trace: the unit that is stored and read."""

    trace_id: str
    groups: list[SpanGroup]


class Export(Struct, gc=False):
    """A decoded export request: its valid spans by trace, and what was wrong with the others.

    `rejections` holds the first few reasons; `rejected_count` counts all rejected spans.
    """

    parts: list[TracePart]
    rejected_count: int = 0
    rejections: list[FieldViolation] = field(default_factory=list)


class Head(Struct, array_like=True, gc=False):
    """What lists need to know of one trace in one block; the order is the storage format (see store.sql)."""

    trace_id: str
    start_unix_nano: int
    duration_nano: int
    span_count: int
    error_count: int
    # Whether the root fields are of a span without a parent; else of the earliest span.
    has_root: bool
    root_start_unix_nano: int
    root_name: str
    root_service: str
    # Where the part is in the block's `spans`, in characters.
    offset: int
    length: int
    services: list[str]

    @property
    def end_unix_nano(self) -> int:
        return self.start_unix_nano + self.duration_nano
