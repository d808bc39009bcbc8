"""Searching by brute force: random traces, random queries, and what plain Python finds among the spans."""

from __future__ import annotations

import re
from random import Random
from typing import NamedTuple

from otel_worker.model import (
    STATUS_ERROR,
    Attributes,
    Event,
    Link,
    Resource,
    Scope,
    Span,
    SpanExtras,
    SpanGroup,
    TracePart,
    Value,
)
from otel_worker.store.conditions import AttributeFilter, Operator, SpanConditions
from otel_worker.store.listing import MAX_UNIX_NANO, TraceQuery

MS = 1_000_000

# Few of each, so that a query meets traces that nearly match. The same keys are on resources and on spans.
KEYS = ("http.route", "user id", "k", 'a"b', "map")
SCALARS: tuple[Value, ...] = (
    "/cart", "500", "500.0", "true", "1", "", "5e2", "naïve 🦄",
    500, 1, -3, 2**63 - 1, -(2**63), 2**53 + 1,
    500.0, 0.5, 1.0, 1e23, float(2**53), float(2**63),
    True, False, None, {"double": "NaN"}, {"bytes": "AAE="},
)  # fmt: skip
# Values that hold what a search looks for, one level too deep.
NESTED: tuple[Value, ...] = (
    ["/cart", 500, True],
    {"map": {"k": "/cart", "http.route": 500, "map": {"map": {"k": 1}}}},
    [[0, 1, "GET /cart", 3, 4, 5, 2, 7, {"map": {"k": "/cart", "map": 500}}]],
)
OPERANDS = (
    "/cart", "500", "500.0", "5e2", "+500", "0500", "1", "-3", "-2.5", "0", "true", "false", "", "c", "aï",
    "9223372036854775807", "9223372036854775808", "-9223372036854775808", "9007199254740993",
    "9007199254740992", "1e23", "100000000000000000000000", "99999999999999991611392", "NaN", "null", "None",
)  # fmt: skip
NAMES = ("GET /cart", "GET /", "charge", "naïve 🦄")
SERVICES = ("shop", "till", "edge")
LINKED = ("c" * 32, "d" * 32)
_DUMMY_SERVICE = "cloudflare-workers-observability"
_UNITS_MS = (1, 7, 50, 400)
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")


class Member(NamedTuple):
    """A span with what it came with."""

    trace_number: int
    resource: Attributes
    span: Span


Export = list[Member]


class Found(NamedTuple):
    """What a list has to say of a trace that matches."""

    trace_number: int
    start_unix_nano: int
    duration_nano: int
    span_count: int
    error_count: int


def random_exports(random: Random, start_unix_nano: int, trace_count: int) -> list[Export]:
    """Return requests with spans of some traces; most traces are in several of them, in any order."""
    exports: list[Export] = []
    span_number = 0
    for _ in range(max(2, trace_count)):
        export: Export = []
        at_ms = random.randrange(400)
        of_traces = random.sample(range(trace_count), 3)
        for _ in range(random.randrange(1, 7)):
            span_number += 1
            # Many start together: the order is then that of their ids.
            start = start_unix_nano + (at_ms + random.choice((0, 0, 1, 90))) * MS + random.choice((0, 1))
            export.append(
                Member(random.choice(of_traces), _resource(random), _span(random, span_number, start))
            )
        exports.append(export)
    return exports


def _resource(random: Random) -> Attributes:
    attributes = _attributes(random) if random.random() < 0.5 else {}
    service = random.choice((*SERVICES, *SERVICES, None, "", 5, _DUMMY_SERVICE))
    if service is not None:
        attributes["service.name"] = service
    if random.random() < 0.2:
        attributes[random.choice(("faas.name", "cloudflare.script_name"))] = random.choice((*SERVICES, "", 1))
    return attributes


def _attributes(random: Random) -> Attributes:
    return {
        key: random.choice(NESTED if random.random() < 0.1 else SCALARS)
        for key in random.sample(KEYS, random.randrange(4))
    }


def _span(random: Random, number: int, start_unix_nano: int) -> Span:
    extras = None
    if random.random() < 0.3:
        extras = SpanExtras(events=[Event(start_unix_nano, "exception", _attributes(random))])
    if random.random() < 0.3:
        ids = random.choices((*LINKED, ""), k=random.randrange(1, 4))
        extras = SpanExtras(links=[Link(trace_id, f"{1:016x}", "", _attributes(random)) for trace_id in ids])
    return Span(
        f"{number:016x}",
        random.choice(("", f"{1:016x}")),
        random.choice(NAMES),
        random.randrange(6),
        start_unix_nano,
        # -1: the clock went backwards, which counts as no duration.
        random.choice((-1, 0, *_UNITS_MS)) * MS,
        random.choice((0, 1, STATUS_ERROR)),
        0,
        _attributes(random),
        extras,
    )


def parts_of(export: Export, trace_ids: list[str]) -> list[TracePart]:
    """Return an export as it is decoded; the scope carries what is nobody's attribute."""
    scope = Scope("model", "1", {"k": "/cart", "http.route": 500, "spans": NESTED[2]})
    parts: dict[int, TracePart] = {}
    for number, resource, span in export:
        part = parts.setdefault(number, TracePart(trace_ids[number], []))
        part.groups.append(SpanGroup(Resource(resource), scope, [span]))
    return list(parts.values())


def random_query(random: Random, start_unix_nano: int) -> TraceQuery:
    """Return a query for traces of `random_exports` with the same start."""
    shortest, longest = 0, MAX_UNIX_NANO
    if random.random() < 0.3:
        shortest = random.choice((0, 1, *_UNITS_MS, 90, 91)) * MS
        longest = random.choice((MAX_UNIX_NANO, shortest, shortest + 100 * MS))
    earliest, latest = start_unix_nano, start_unix_nano + 86_399_999 * MS
    if random.random() < 0.5:
        earliest += random.randrange(400) * MS
    if random.random() < 0.5:
        latest = earliest + random.randrange(400) * MS
    return TraceQuery(
        limit=random.choice((1, 2, 3, 5, 1000)),
        start_unix_nano=earliest,
        end_unix_nano=latest,
        conditions=_random_conditions(random),
        shortest_nano=shortest,
        longest_nano=longest,
    )


def _random_conditions(random: Random) -> SpanConditions:
    if random.random() < 0.1:
        return SpanConditions(service=random.choice(SERVICES), error=True)
    attributes = [
        AttributeFilter(random.choice(KEYS), random.choice(tuple(Operator)), random.choice(OPERANDS))
        for _ in range(random.choice((0, 0, 1, 1, 1, 2, 3)))
    ]
    return SpanConditions(
        service=random.choice((*SERVICES, "unknown_service", _DUMMY_SERVICE))
        if random.random() < 0.35
        else None,
        name=random.choice(NAMES) if random.random() < 0.3 else None,
        error=random.random() < 0.25,
        attributes=tuple(attributes),
        linked_trace_id=random.choice(LINKED) if random.random() < 0.2 else None,
    )


def find(exports: list[Export], trace_ids: list[str], query: TraceQuery) -> list[Found]:
    """Return all traces that a query asks for, on however many pages, by looking at every span."""
    members: dict[int, list[Member]] = {}
    for export in exports:
        for member in export:
            members.setdefault(member.trace_number, []).append(member)
    found = []
    for number, of_trace in members.items():
        start = min(member.span.start_unix_nano for member in of_trace)
        end = max(max(member.span.start_unix_nano, member.span.end_unix_nano) for member in of_trace)
        if (
            query.start_unix_nano <= start <= query.end_unix_nano
            and query.shortest_nano <= end - start <= query.longest_nano
            and any(_span_matches(member, query.conditions) for member in of_trace)
        ):
            errors = sum(member.span.status_code == STATUS_ERROR for member in of_trace)
            found.append(Found(number, start, end - start, len(of_trace), errors))
    return sorted(found, key=lambda trace: (-trace.start_unix_nano, trace_ids[trace.trace_number]))


def _span_matches(member: Member, conditions: SpanConditions) -> bool:
    _, resource, span = member
    return (
        conditions.service in (None, service_of(resource))
        and conditions.name in (None, span.name)
        and (not conditions.error or span.status_code == STATUS_ERROR)
        and conditions.linked_trace_id in (None, *_links_of(span))
        and all(
            any(
                wanted.key in attributes and value_matches(attributes[wanted.key], wanted)
                for attributes in (span.attributes, resource)
            )
            for wanted in conditions.attributes
        )
    )


def _links_of(span: Span) -> list[str]:
    return [] if span.extras is None else [link.trace_id for link in span.extras.links]


def service_of(resource: Attributes) -> str:
    """Return the first name that is there, a dummy last of all."""
    names = [
        value
        for key in ("service.name", "faas.name", "cloudflare.script_name")
        if isinstance(value := resource.get(key), str) and value
    ]
    names.sort(key=lambda name: name == _DUMMY_SERVICE and resource.get("service.name") == name)
    return names[0] if names else "unknown_service"


def value_matches(value: Value, wanted: AttributeFilter) -> bool:
    """Tell whether a value is what a condition asks for."""
    _, operator, operand = wanted
    match operator:
        case Operator.EXISTS:
            return True
        case Operator.CONTAINS:
            return isinstance(value, str) and operand in value
        case Operator.EQUAL:
            return _is_equal(value, operand)
        case Operator.NOT_EQUAL:
            return not _is_equal(value, operand)
    number = _number(operand)
    if number is None:
        return isinstance(value, str) and _is_ordered(value.encode(), operand.encode(), operator)
    return (
        isinstance(value, int | float)
        and not isinstance(value, bool)
        and _is_ordered(value, number, operator)
    )


def _is_equal(value: Value, operand: str) -> bool:
    if isinstance(value, bool):
        return operand == ("true" if value else "false")
    if isinstance(value, int | float):
        return value == _number(operand)
    return value == operand


def _is_ordered(left: float | bytes, right: float | bytes, operator: Operator) -> bool:
    order = (left > right) - (left < right)  # type: ignore[operator]
    return {
        Operator.GREATER: order > 0,
        Operator.GREATER_OR_EQUAL: order >= 0,
        Operator.LESS: order < 0,
        Operator.LESS_OR_EQUAL: order <= 0,
    }[operator]


def _number(operand: str) -> int | float | None:
    """Return the number that a text is; beyond 64 bits, as a double like all numbers of OTLP."""
    if not _NUMBER.fullmatch(operand):
        return None
    try:
        number = int(operand)
    except ValueError:
        return float(operand)
    return number if -(2**63) <= number < 2**63 else float(number)
