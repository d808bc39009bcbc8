"""Query parameters and path segments to typed values, each refused by name with a valid example."""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, datetime
from urllib.parse import parse_qsl

from otel_worker.errors import InvalidParameter
from otel_worker.store.conditions import AttributeFilter, Operator
from otel_worker.store.listing import MAX_UNIX_NANO, Position

_TRACE_ID = re.compile(r"[0-9a-f]{32}", re.ASCII)
_SPAN_ID = re.compile(r"[0-9a-f]{16}", re.ASCII)
_DIGITS = re.compile(r"[0-9]{1,19}", re.ASCII)
_RFC3339 = re.compile(
    r"(\d{4}-\d{2}-\d{2})[Tt ](\d{2}:\d{2}:\d{2})(?:\.(\d{1,9}))?([Zz]|[+-]\d{2}:\d{2})", re.ASCII
)
_CURSOR = re.compile(r"(\d{1,19}):([0-9a-f]{32}|)", re.ASCII)
_DURATION = re.compile(r"(\d{1,12}(?:\.\d{1,9})?)(ns|us|µs|μs|ms|s|m|h)", re.ASCII)
_UNITS_NANO = {
    "ns": 1,
    "us": 1_000,
    "µs": 1_000,
    "μs": 1_000,
    "ms": 1_000_000,
    "s": 1_000_000_000,
    "m": 60_000_000_000,
    "h": 3_600_000_000_000,
}
_OPERATOR = re.compile("!=|>=|<=|[=<>~]")


def parse_query(query: str, known: frozenset[str]) -> dict[str, str]:
    """Return the parameters of a query string; raises InvalidParameter for an unknown or repeated one."""
    return {name: values[0] for name, values in parse_repeatable_query(query, known, frozenset()).items()}


def parse_repeatable_query(
    query: str, known: frozenset[str], repeatable: frozenset[str]
) -> dict[str, list[str]]:
    """Return the parameters of a query string, of which some may be given several times."""
    parameters: dict[str, list[str]] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        if name not in known:
            raise InvalidParameter("query parameter", name, f"one of {', '.join(sorted(known))}")
        if name in parameters and name not in repeatable:
            raise InvalidParameter(name, value, "given once")
        parameters.setdefault(name, []).append(value)
    return parameters


def parse_trace_id(text: str, name: str = "trace id") -> str:
    """Return a trace id from a path or a parameter as lower-case hex."""
    if not _TRACE_ID.fullmatch(text.lower()):
        raise InvalidParameter(name, text, "32 hex digits such as 0af7651916cd43dd8448eb211c80319c")
    return text.lower()


def parse_span_id(text: str) -> str:
    """Return a span id from a path as lower-case hex."""
    if not _SPAN_ID.fullmatch(text.lower()):
        raise InvalidParameter("span id", text, "16 hex digits such as 00f067aa0ba902b7")
    return text.lower()


def parse_limit(text: str, default: int, maximum: int) -> int:
    """Return a page size; "" is the default."""
    if not text:
        return default
    if not _DIGITS.fullmatch(text) or not 1 <= int(text) <= maximum:
        raise InvalidParameter("limit", text, f"1 to {maximum}, such as 20")
    return int(text)


def parse_time(name: str, text: str, default: int) -> int:
    """Return a time in Unix nanoseconds, from RFC 3339 or Unix nanoseconds; "" is the default."""
    if not text:
        return default
    if _DIGITS.fullmatch(text) and int(text) <= MAX_UNIX_NANO:
        return int(text)
    # In a query string "+02:00" arrives as " 02:00" unless the client encodes it.
    match = _RFC3339.fullmatch(re.sub(r" (\d{2}:\d{2})$", r"+\1", text))
    if match:
        date, time, fraction, zone = match.groups()
        try:
            moment = datetime.fromisoformat(f"{date}T{time}{'+00:00' if zone in 'Zz' else zone}")
        except ValueError:
            pass
        else:
            seconds = int((moment - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds())
            unix_nano = seconds * 1_000_000_000 + int((fraction or "").ljust(9, "0"))
            if 0 <= unix_nano <= MAX_UNIX_NANO:
                return unix_nano
    raise InvalidParameter(name, text, "RFC 3339 such as 2026-01-31T12:00:00Z, or Unix nanoseconds")


def parse_duration(name: str, text: str, default: int) -> int:
    """Return a duration in nanoseconds, from a number with a unit; "" is the default."""
    if not text:
        return default
    match = _DURATION.fullmatch(text)
    if match:
        whole, _, fraction = match[1].partition(".")
        # Exact, unlike a float: the digits behind the point are a whole number of 10^-9 units.
        nano = (int(whole) * 10**9 + int(fraction.ljust(9, "0") or 0)) * _UNITS_NANO[match[2]] // 10**9
        if nano <= MAX_UNIX_NANO:
            return nano
    raise InvalidParameter(name, text, "a number with the unit ns, us, ms, s, m or h, such as 250ms or 1.5s")


def parse_attribute(text: str) -> AttributeFilter:
    """Return a condition on an attribute: a key, an operator and a value, or a key and "exists".

    With a space before the operator, those behind it do not belong to the value.
    """
    match = _OPERATOR.search(text)
    if match is None:
        key, _, word = text.rpartition(" ")
        if word == "exists" and key.strip():
            return AttributeFilter(key.strip(), Operator.EXISTS)
    else:
        key, operand = text[: match.start()], text[match.end() :]
        # "!~" and "!>" are operators elsewhere.
        if key.strip() and not key.endswith("!"):
            operand = operand.lstrip() if key[-1].isspace() else operand
            return AttributeFilter(key.strip(), Operator(match[0]), operand)
    wanted = "a key, one of = != > >= < <= ~ and a value, such as http.route=/cart, or http.route exists"
    raise InvalidParameter("attr", text, wanted)


def parse_cursor(text: str) -> Position | None:
    """Return the position of a cursor made by `format_cursor`; "" is the beginning."""
    if not text:
        return None
    try:
        match = _CURSOR.fullmatch(urlsafe_b64decode(text).decode("ascii"))
    except ValueError:
        match = None
    if match is None or int(match[1]) > MAX_UNIX_NANO:
        raise InvalidParameter("cursor", text, 'taken from the Link header of the page before, rel="next"')
    return Position(int(match[1]), match[2])


def format_cursor(position: Position) -> str:
    """Return a position as text for a URL; clients take it as it is."""
    return urlsafe_b64encode(f"{position.start_unix_nano}:{position.trace_id}".encode()).decode("ascii")
