"""Query parameters and ids in paths: what they mean, and refusals that name them and show what is right."""

from __future__ import annotations

import calendar
from base64 import urlsafe_b64encode
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_worker.api.parameters import (
    format_cursor,
    parse_cursor,
    parse_limit,
    parse_query,
    parse_span_id,
    parse_time,
    parse_trace_id,
)
from otel_worker.errors import InvalidParameter
from otel_worker.store.listing import MAX_UNIX_NANO, Position
from tests.samples import NOW_UNIX_NANO, span_id, trace_id

KNOWN = frozenset({"limit", "end", "attr"})
TIME_FORM = "RFC 3339 such as 2026-01-31T12:00:00Z, or Unix nanoseconds"
CURSOR_FORM = 'taken from the Link header of the page before, rel="next"'


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", {}),
        ("limit=5&end=1", {"limit": "5", "end": "1"}),
        ("limit=", {"limit": ""}),
        ("limit", {"limit": ""}),
        ("end=a%20b%2Bc+d%26e%3D", {"end": "a b+c d&e="}),
        ("end=%C3%A4%F0%9F%A6%84", {"end": "ä🦄"}),
        ("end=%FF", {"end": "\ufffd"}),
        ("&&limit=1&", {"limit": "1"}),
    ],
)
def test_a_query_is_decoded(query: str, expected: dict[str, str]) -> None:
    assert parse_query(query, KNOWN) == expected


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("limt=5", "query parameter must be one of attr, end, limit; found 'limt'"),
        ("Limit=5", "query parameter must be one of attr, end, limit; found 'Limit'"),
        ("limit=5&limit=6", "limit must be given once; found '6'"),
        ("limit=5&limit=5", "limit must be given once; found '5'"),
        ("x" * 200 + "=1", f"query parameter must be one of attr, end, limit; found '{'x' * 80}'"),
    ],
    ids=["unknown", "capitals", "twice", "twice the same", "long"],
)
def test_an_unknown_or_repeated_parameter_is_refused_by_name(query: str, message: str) -> None:
    with pytest.raises(InvalidParameter) as caught:
        parse_query(query, KNOWN)
    assert caught.value.message == message


@pytest.mark.parametrize(("text", "expected"), [("", 20), ("1", 1), ("1000", 1000), ("007", 7)])
def test_a_limit_is_read(text: str, expected: int) -> None:
    assert parse_limit(text, 20, 1000) == expected


@pytest.mark.parametrize(
    "text", ["0", "1001", "-1", "+5", "1.5", "ten", " 5", "5 ", "\u0665", "1_0", "9" * 5000]
)
def test_a_limit_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(InvalidParameter) as caught:
        parse_limit(text, 20, 1000)
    assert caught.value.message == f"limit must be 1 to 1000, such as 20; found {text[:80]!r}"


TIMES = {
    "": 42,
    "0": 0,
    "1767225600000000001": NOW_UNIX_NANO + 1,
    str(MAX_UNIX_NANO): MAX_UNIX_NANO,
    "2026-01-01T00:00:00Z": NOW_UNIX_NANO,
    "2026-01-01t00:00:00z": NOW_UNIX_NANO,
    "2026-01-01 00:00:00Z": NOW_UNIX_NANO,
    "2026-01-01T00:00:00.1Z": NOW_UNIX_NANO + 100_000_000,
    "2026-01-01T00:00:00.000000001Z": NOW_UNIX_NANO + 1,
    "2026-01-01T00:00:00.999999999Z": NOW_UNIX_NANO + 999_999_999,
    "2026-01-01T02:00:00+02:00": NOW_UNIX_NANO,
    "2026-01-01T02:00:00.5 02:00": NOW_UNIX_NANO + 500_000_000,
    "2025-12-31T18:30:00-05:30": NOW_UNIX_NANO,
    "2026-01-01T00:00:00-00:00": NOW_UNIX_NANO,
    "2024-02-29T00:00:00Z": 1_709_164_800_000_000_000,
    "1970-01-01T00:00:00Z": 0,
    "1970-01-01T01:00:00+01:00": 0,
    "2262-04-11T23:47:16.854775807Z": MAX_UNIX_NANO,
}


@pytest.mark.parametrize(("text", "expected"), TIMES.items(), ids=TIMES.keys())
def test_a_time_is_read_exactly(text: str, expected: int) -> None:
    assert parse_time("start", text, 42) == expected


NO_TIMES = [
    "now", "-1", "1.5", str(MAX_UNIX_NANO + 1), "9" * 30, "2026-01-01", "2026-01-01T00:00:00",
    "2026-01-01T00:00Z", "2026-13-01T00:00:00Z", "2026-02-29T00:00:00Z", "2026-01-01T25:00:00Z",
    "2026-01-01T00:00:60Z", "2026-01-01T00:00:00.Z", "2026-01-01T00:00:00.1234567890Z",
    "2026-01-01T00:00:00+2", "2026-01-01T00:00:00+24:00", "1969-12-31T23:59:59Z",
    "1970-01-01T00:00:00+01:00", "2262-04-11T23:47:16.854775808Z", "9999-12-31T23:59:59Z",
    "0000-01-01T00:00:00Z", "\uff12026-01-01T00:00:00Z", "2026-01-01T00:00:00Z ", " 2026-01-01T00:00:00Z",
]  # fmt: skip


@pytest.mark.parametrize("text", NO_TIMES)
def test_a_time_that_is_none_is_refused_under_its_parameter(text: str) -> None:
    for name in ("start", "end", "time"):
        with pytest.raises(InvalidParameter) as caught:
            parse_time(name, text, 0)
        assert caught.value.message == f"{name} must be {TIME_FORM}; found {text!r}"


@given(st.integers(0, MAX_UNIX_NANO))
def test_a_time_in_nanoseconds_is_itself(unix_nano: int) -> None:
    assert parse_time("start", str(unix_nano), -1) == unix_nano


@given(
    st.datetimes(datetime(1970, 1, 2), datetime(2262, 4, 10)).map(
        lambda moment: moment.replace(microsecond=0)
    ),
    st.integers(-23 * 60, 23 * 60),
    st.integers(0, 10**9 - 1),
)
def test_a_time_in_rfc_3339_is_what_the_standard_library_makes_of_it(
    moment: datetime, offset_minutes: int, nano: int
) -> None:
    moment = moment.replace(tzinfo=timezone(timedelta(minutes=offset_minutes)))
    text = moment.isoformat()
    expected = calendar.timegm(moment.utctimetuple()) * 10**9 + nano
    assert parse_time("start", f"{text[:19]}.{nano:09}{text[19:]}", -1) == expected


def test_ids_are_read_in_any_case() -> None:
    assert parse_trace_id(trace_id(10).upper()) == trace_id(10)
    assert parse_span_id(span_id(10).upper()) == span_id(10)


def test_a_trace_id_in_a_parameter_is_refused_under_its_name() -> None:
    with pytest.raises(InvalidParameter, match=r"^link must be 32 hex digits"):
        parse_trace_id("1", "link")


@pytest.mark.parametrize(
    "text", ["", "a" * 31, "a" * 33, "g" * 32, "\u0663" * 32, "a" * 31 + "\n", "a" * 500]
)
def test_a_trace_id_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(InvalidParameter) as caught:
        parse_trace_id(text)
    assert caught.value.message == (
        f"trace id must be 32 hex digits such as 0af7651916cd43dd8448eb211c80319c; found {text[:80]!r}"
    )


@pytest.mark.parametrize("text", ["", "b" * 15, "b" * 17, "x" * 16, " " + "b" * 15])
def test_a_span_id_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(InvalidParameter) as caught:
        parse_span_id(text)
    assert caught.value.message == f"span id must be 16 hex digits such as 00f067aa0ba902b7; found {text!r}"


@given(st.integers(0, MAX_UNIX_NANO), st.integers(0, 2**120))
def test_a_cursor_comes_back_as_the_position_it_is_of(unix_nano: int, number: int) -> None:
    position = Position(unix_nano, trace_id(number))
    cursor = format_cursor(position)
    assert parse_cursor(cursor) == position
    assert set(cursor) & set("+/ &?#") == set()


def test_no_cursor_is_the_beginning() -> None:
    assert parse_cursor("") is None


def cursor_of(text: str) -> str:
    return urlsafe_b64encode(text.encode()).decode()


GOOD = format_cursor(Position(5, trace_id(1)))
NO_CURSORS = {
    "words": "next",
    "cut": GOOD[:-4],
    "cut within four": GOOD[:-1],
    "one character more": f"A{GOOD}",
    "another script": "é" * 8,
    "bytes that are no text": "_____w==",
    "no time": cursor_of(f":{trace_id(1)}"),
    "negative time": cursor_of(f"-1:{trace_id(1)}"),
    "late time": cursor_of(f"{MAX_UNIX_NANO + 1}:{trace_id(1)}"),
    "long time": cursor_of(f"{'9' * 30}:{trace_id(1)}"),
    "short id": cursor_of("5:abc"),
    "id in capitals": cursor_of(f"5:{trace_id(1).upper()}"),
    "SQL": cursor_of("5:' OR 1=1 --"),
    "a line more": cursor_of(f"5:{trace_id(1)}\n"),
}


@pytest.mark.parametrize("text", NO_CURSORS.values(), ids=NO_CURSORS.keys())
def test_a_cursor_that_was_tampered_with_is_refused(text: str) -> None:
    with pytest.raises(InvalidParameter) as caught:
        parse_cursor(text)
    assert caught.value.message == f"cursor must be {CURSOR_FORM}; found {text[:80]!r}"
