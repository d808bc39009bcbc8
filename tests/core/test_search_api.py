"""Searching over HTTP: what parameters mean, what a client is told, and refusals that show what is right."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qsl, quote

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.trace.v1.trace_pb2 import Status

from otel_worker.api.parameters import parse_attribute, parse_duration
from otel_worker.errors import InvalidParameter
from otel_worker.store import listing
from otel_worker.store.conditions import AttributeFilter, Operator
from otel_worker.store.listing import MAX_UNIX_NANO
from tests.core.harness import Api
from tests.samples import NOW_UNIX_NANO, key_values, rich_request, small_request, trace_id

ATTRIBUTES = {
    "http.route=/cart": ("http.route", "=", "/cart"),
    "k=": ("k", "=", ""),
    "k!=": ("k", "!=", ""),
    "k!=v": ("k", "!=", "v"),
    "k>5": ("k", ">", "5"),
    "k>=5": ("k", ">=", "5"),
    "k<5": ("k", "<", "5"),
    "k<=5": ("k", "<=", "5"),
    "k~a b": ("k", "~", "a b"),
    "k==v": ("k", "=", "=v"),
    "k=>5": ("k", "=", ">5"),
    "k=~v": ("k", "=", "~v"),
    "k><5": ("k", ">", "<5"),
    "k=a=b!=c": ("k", "=", "a=b!=c"),
    "k=v exists": ("k", "=", "v exists"),
    "k=two\nlines": ("k", "=", "two\nlines"),
    "two words=v": ("two words", "=", "v"),
    "k = v": ("k", "=", "v"),
    "k  >=  5 ": ("k", ">=", "5 "),
    "k= v": ("k", "=", " v"),
    " k=v": ("k", "=", "v"),
    "a!b=c": ("a!b", "=", "c"),
    "k exists": ("k", "exists", ""),
    "two words exists": ("two words", "exists", ""),
    "exists exists": ("exists", "exists", ""),
    " k  exists": ("k", "exists", ""),
    "ключ=🦄": ("ключ", "=", "🦄"),
}


@pytest.mark.parametrize(("text", "expected"), ATTRIBUTES.items(), ids=ATTRIBUTES.keys())
def test_a_condition_on_an_attribute_is_read(text: str, expected: tuple[str, str, str]) -> None:
    key, operator, operand = expected
    assert parse_attribute(text) == AttributeFilter(key, Operator(operator), operand)


WANTED_ATTRIBUTE = (
    "a key, one of = != > >= < <= ~ and a value, such as http.route=/cart, or http.route exists"
)


@pytest.mark.parametrize(
    "text",
    [
        "http.route",
        "=v",
        "~v",
        " = v",
        "exists",
        " exists",
        "k Exists",
        "k exist",
        "k exists ",
        "k!v",
        "k!~v",
        "!=v",
        " ",
    ],
)
def test_a_condition_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(InvalidParameter) as caught:
        parse_attribute(text)
    assert caught.value.message == f"attr must be {WANTED_ATTRIBUTE}; found {text!r}"


@given(
    st.text(st.characters(exclude_characters="=!<>~", exclude_categories=("Z", "C")), min_size=1), st.text()
)
def test_any_key_and_value_with_any_operator_are_read_as_they_are(key: str, value: str) -> None:
    for operator in set(Operator) - {Operator.EXISTS}:
        # "k>" and "=v" together are "k>=" and "v".
        if not (operator in ("<", ">") and value.startswith("=")):
            assert parse_attribute(f"{key}{operator}{value}") == AttributeFilter(key, operator, value)
    assert parse_attribute(f"{key} exists") == AttributeFilter(key, Operator.EXISTS)


DURATIONS = {
    "": -1,
    "0s": 0,
    "250ms": 250_000_000,
    "1.5s": 1_500_000_000,
    "1ns": 1,
    "0.000000001s": 1,
    "1.9ns": 1,
    "7us": 7_000,
    "7µs": 7_000,
    "7μs": 7_000,
    "2m": 120_000_000_000,
    "1.5h": 5_400_000_000_000,
    "0.1ms": 100_000,
    "9223372036.854775807s": MAX_UNIX_NANO,
}


@pytest.mark.parametrize(("text", "expected"), DURATIONS.items(), ids=DURATIONS.keys())
def test_a_duration_is_read_exactly(text: str, expected: int) -> None:
    assert parse_duration("minDuration", text, -1) == expected


NO_DURATIONS = [
    "250", "ms", "-1s", "+1s", "1 s", " 1s", "1s ", "1S", "1.s", ".5s", "1,5s", "1e3s", "1s500ms", "1d",
    "0.0000000001s", "9223372036.854775808s", "1000000000000h", "9" * 500 + "s", "\u0661s", "1ms\n", "inf",
]  # fmt: skip


@pytest.mark.parametrize("text", NO_DURATIONS)
def test_a_duration_that_is_none_is_refused_under_its_parameter(text: str) -> None:
    for name in ("minDuration", "maxDuration"):
        with pytest.raises(InvalidParameter) as caught:
            parse_duration(name, text, 0)
        assert caught.value.message == (
            f"{name} must be a number with the unit ns, us, ms, s, m or h, such as 250ms or 1.5s; "
            f"found {text[:80]!r}"
        )


KNOWN = "attr, cursor, end, limit, link, maxDuration, minDuration, name, service, start, status, time"
REFUSALS = {
    "attr without operator": ("attr=http.route", f"attr must be {WANTED_ATTRIBUTE}; found 'http.route'"),
    "attr without key": ("attr=%3D500", f"attr must be {WANTED_ATTRIBUTE}; found '=500'"),
    "one attr of several": ("attr=a=1&attr=b", f"attr must be {WANTED_ATTRIBUTE}; found 'b'"),
    "many attr": (
        "&".join(f"attr=k{n}=v" for n in range(9)),
        "attr must be given at most 8 times; found 'k8=v'",
    ),
    "no unit": (
        "minDuration=250",
        "minDuration must be a number with the unit ns, us, ms, s, m or h, such as 250ms or 1.5s; "
        "found '250'",
    ),
    "durations crossed": (
        "minDuration=2s&maxDuration=1s",
        "maxDuration must be at least minDuration, which is 2s; found '1s'",
    ),
    "status": ("status=ok", "status must be error, or left out; found 'ok'"),
    "status in capitals": ("status=ERROR", "status must be error, or left out; found 'ERROR'"),
    "link": (
        "link=0af7",
        "link must be 32 hex digits such as 0af7651916cd43dd8448eb211c80319c; found '0af7'",
    ),
    "two links": (
        f"link={trace_id(1)}&link={trace_id(2)}",
        f"link must be given once; found '{trace_id(2)}'",
    ),
    "two services": ("service=a&service=b", "service must be given once; found 'b'"),
    "two names": ("name=a&name=a", "name must be given once; found 'a'"),
    "unknown": ("operation=x", f"query parameter must be one of {KNOWN}; found 'operation'"),
    "in capitals": ("Service=x", f"query parameter must be one of {KNOWN}; found 'Service'"),
    "operator outside of attr": ("attr>5", f"query parameter must be one of {KNOWN}; found 'attr>5'"),
}  # fmt: skip


@pytest.mark.parametrize(("query", "message"), REFUSALS.values(), ids=REFUSALS.keys())
def test_a_wrong_parameter_is_refused_by_name_with_what_is_right(query: str, message: str, api: Api) -> None:
    assert api.refusal("GET", f"/v1/traces?{query}") == (400, "invalid_parameter", message)


def test_empty_parameters_ask_for_nothing(api: Api) -> None:
    api.export(small_request((1, 1), (2, 2)))
    empty = "service=&name=&status=&attr=&link=&minDuration=&maxDuration=&start=&end=&limit=&cursor="
    assert api.get(f"/v1/traces?{empty}") == api.get("/v1/traces") != []


@pytest.mark.parametrize(
    "query",
    [
        "attr=text=na%C3%AFve%20%F0%9F%A6%84",
        "attr=text=na%C3%AFve+%F0%9F%A6%84",
        "attr=empty=",
        "attr=yes=true",
        "attr=zero=0.0",
        "attr=int=-9223372036854775808",
        "attr=double=2",
        "attr=nan+exists",
        "attr=bytes!=AP8%3D",
        "attr=unset%20exists",
        "attr=array exists",
        "attr=map!=1",
        "attr=double>1&attr=double<3&attr=int<=-1",
        "attr=double%3E%3D2&attr=double%3C%3D2",
        f"link={trace_id(2)}",
        f"link={trace_id(2).upper()}&name=GET%20/cart&attr=yes=true",
        "service=shop&name=GET%20/cart&status=error&attr=service.name=shop&minDuration=7ns&maxDuration=7ns",
    ],
)
def test_what_an_exporter_sent_is_found(query: str, api: Api) -> None:
    api.export(small_request((2, 2), (3, 3)))
    api.export(rich_request())
    assert [summary["traceId"] for summary in api.get(f"/v1/traces?{query}")] == [trace_id(1)]


@pytest.mark.parametrize(
    "query",
    [
        "attr=array=a", "attr=array~a", "attr=bytes=AP8%3D", "attr=nan=NaN", "attr=unset=", "attr=unset=null",
        "attr=a=1.5", "attr=b exists", "attr=yes=1", "attr=zero=false", "attr=int>-9223372036854775808",
        "service=library", "name=exception", "attr=exception exists", "minDuration=8ns", "maxDuration=6ns",
        f"link={trace_id(1)}", f"link={trace_id(3)}",
    ],
)  # fmt: skip
def test_what_is_said_elsewhere_or_otherwise_is_not(query: str, api: Api) -> None:
    api.export(rich_request())
    assert api.get(f"/v1/traces?{query}") == []


FILTERS = [
    ("service", "caf\u00e9 & bar"),
    ("name", "GET /?a=b&c=d#e"),
    ("status", "error"),
    ("attr", 'k "1"=a+b%20c'),
    ("attr", "n>=5"),
    ("attr", "n exists"),
    ("link", trace_id(1000)),
    ("minDuration", "1ns"),
    ("maxDuration", "1.5h"),
    ("start", str(NOW_UNIX_NANO)),
    ("end", "2026-01-01T00:00:00.000000009+00:00"),
    ("limit", "2"),
]


def _matching_export(api: Api, count: int) -> None:
    """Store traces 1 to `count` that pass FILTERS, and one that does not."""
    request = small_request(*((number, number) for number in range(1, count + 1)), service=FILTERS[0][1])
    for span in request.resource_spans[0].scope_spans[0].spans:
        span.name = FILTERS[1][1]
        span.status.code = Status.STATUS_CODE_ERROR
        span.attributes.extend(key_values({'k "1"': "a+b%20c", "n": 5}))
        span.links.add(trace_id=bytes.fromhex(trace_id(1000)), span_id=b"linked 1")
    other = request.resource_spans[0].scope_spans[0].spans.add()
    other.CopyFrom(request.resource_spans[0].scope_spans[0].spans[0])
    other.trace_id = bytes.fromhex(trace_id(count + 1))
    other.attributes[1].CopyFrom(key_values({"n": 4})[0])
    assert api.export(request).status == 200


def test_the_link_to_the_next_page_carries_all_filters(api: Api) -> None:
    _matching_export(api, 5)
    query = "&".join(f"{name}={quote(value)}" for name, value in FILTERS)
    seen: list[str] = []
    pages = 0
    target: str | None = f"/v1/traces?{query}"
    while target is not None:
        response = api.respond("GET", target)
        assert response.status == 200
        seen += [summary["traceId"] for summary in msgspec.json.decode(response.body)]
        pages += 1
        target = None
        if response.headers:
            ((name, link),) = response.headers
            match = re.fullmatch(r'<(/v1/traces\?[!-~]+)>; rel="next"', link)
            assert (name, match is not None) == ("Link", True)
            assert match
            target = match[1]
            pairs = parse_qsl(target.partition("?")[2])
            assert sorted(pair for pair in pairs if pair[0] != "cursor") == sorted(FILTERS)
            assert [name for name, _ in pairs].count("cursor") == 1
    assert (seen, pages) == ([trace_id(number) for number in range(5, 0, -1)], 3)


def test_a_search_that_stops_says_how_far_it_got(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "MAX_SEARCHED_BLOCKS", 2)
    monkeypatch.setattr(listing, "_SEARCHED_CHUNKS", (2,))
    for number in range(1, 6):
        request = small_request((number, number))
        span = request.resource_spans[0].scope_spans[0].spans[0]
        span.attributes.extend(key_values({"n": number}))
        span.start_time_unix_nano += number * 1_000_000
        span.end_time_unix_nano += number * 1_000_000
        api.export(request)
    response = api.respond("GET", "/v1/traces?attr=n<2&limit=3")
    headers: dict[str, Any] = dict(response.headers)
    # The newest two blocks are searched: all that starts in the fourth millisecond or later.
    expected = f"searched back to {NOW_UNIX_NANO + 5_000_000}; the next page goes on from there"
    assert (response.body, set(headers), headers["Search-Incomplete"]) == (
        b"[]",
        {"Link", "Search-Incomplete"},
        expected,
    )
    seen: list[str] = []
    for _ in range(5):
        match = re.fullmatch(r'<([^>]+)>; rel="next"', dict(response.headers)["Link"])
        assert match
        response = api.respond("GET", match[1])
        seen += [summary["traceId"] for summary in msgspec.json.decode(response.body)]
        if not response.headers:
            break
    assert (seen, response.headers) == ([trace_id(1)], ())
