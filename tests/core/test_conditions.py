"""What a condition says, in three ways: as terms that find blocks, as a test in SQL, and in plain Python."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from otel_worker.model import STATUS_ERROR, Link, Span, SpanExtras, Value
from otel_worker.store.conditions import AttributeFilter, Operator, SpanConditions, blocks_query
from otel_worker.store.index import READY, drop_index, rebuild_index
from otel_worker.store.listing import TraceQuery, list_traces
from otel_worker.store.terms import UNINDEXED_TERM, hash_term, link_text
from otel_worker.store.write import write_blocks
from tests.contract.search_model import value_matches
from tests.core.harness import open_database
from tests.samples import NOW_UNIX_MS, blocks_of, make_part, make_span, run, trace_id

NUMBERS = st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False)
TEXTS = st.text(st.characters(codec="utf-8"), max_size=6)
VALUES: st.SearchStrategy[Value] = (
    NUMBERS | TEXTS | st.sampled_from([True, False, None, [1], {"bytes": "AA=="}])
)


def matches(span: Span, conditions: SpanConditions) -> set[bool]:
    """Return whether the only span of a database is found, through the index and without it."""
    with open_database() as database:
        run(write_blocks(database, blocks_of(make_part(1, span)), NOW_UNIX_MS))
        query = TraceQuery(1, conditions=conditions)
        with_index = bool(run(list_traces(database, query)).heads)
        run(drop_index(database))
        return {with_index, bool(run(list_traces(database, query)).heads)}


@given(VALUES, st.sampled_from(Operator), TEXTS | NUMBERS.map(str))
def test_any_value_against_any_operand(value: Value, operator: Operator, operand: str) -> None:
    wanted = AttributeFilter("k", operator, operand)
    span = make_span(attributes={"k": value})
    assert matches(span, SpanConditions(attributes=(wanted,))) == {value_matches(value, wanted)}


@st.composite
def spelled_numbers(draw: st.DrawFn) -> tuple[int | float, str]:
    """Return a number and one of the ways to write it, or one next to it."""
    number = draw(NUMBERS)
    spellings = [repr(number), f"{number:e}", f"+{number}" if number >= 0 else f"{number}"]
    if float(number).is_integer():
        spellings += [str(int(number)), f"{int(number)}.000", str(int(number) + 1)]
    return number, draw(st.sampled_from(spellings))


@given(spelled_numbers(), st.sampled_from(["=", "!=", ">", ">=", "<", "<="]))
@example((1e23, "100000000000000000000000"), "=")
@example((1e23, "99999999999999991611392"), "=")
@example((2**53 + 1, "9007199254740992"), ">")
@example((2.0**63, "9223372036854775807"), ">")
@example((2.0**63, "9223372036854775808"), "=")
@example((-0.0, "0"), "=")
@example((5e-324, "5e-324"), "=")
def test_a_number_in_any_spelling(spelled: tuple[int | float, str], operator: str) -> None:
    number, operand = spelled
    wanted = AttributeFilter("k", Operator(operator), operand)
    span = make_span(attributes={"k": number})
    assert matches(span, SpanConditions(attributes=(wanted,))) == {value_matches(number, wanted)}


@given(TEXTS, TEXTS)
def test_any_key_and_text(key: str, text: str) -> None:
    span = make_span(name=f"name {text}", attributes={key: text, "other": f"{text}+"})
    for wanted in (
        AttributeFilter(key, Operator.EQUAL, text),
        AttributeFilter(key, Operator.EXISTS),
        AttributeFilter("other", Operator.CONTAINS, text),
    ):
        assert matches(span, SpanConditions(attributes=(wanted,))) == {True}
    assert matches(span, SpanConditions(name=f"name {text}")) == {True}
    assert matches(span, SpanConditions(name=text)) == {False}


@pytest.mark.parametrize(
    ("conditions", "groups"),
    [
        (SpanConditions(service="shop"), [["s:shop"]]),
        (SpanConditions(name="GET /", error=True), [["n:GET /"], ["e:"]]),
        (SpanConditions(linked_trace_id=trace_id(7)), [[f"l:{trace_id(7)}"]]),
        (SpanConditions(attributes=(AttributeFilter("k", Operator.EXISTS),)), [["h:k"]]),
        (SpanConditions(attributes=(AttributeFilter("k", Operator.GREATER, "5"),)), [["h:k"]]),
        (SpanConditions(attributes=(AttributeFilter("k", Operator.EQUAL, "x"),)), [["a:k=x"]]),
        (SpanConditions(attributes=(AttributeFilter("k", Operator.EQUAL, "true"),)), [["a:k=true", "a:k=1"]]),
        (SpanConditions(attributes=(AttributeFilter("k", Operator.EQUAL, "5.0"),)), [["a:k=5.0", "a:k=5"]]),
        (
            SpanConditions(
                attributes=(
                    AttributeFilter("a", Operator.EQUAL, "1"),
                    AttributeFilter("b", Operator.LESS, "1"),
                )
            ),
            [["a:a=1"], ["h:b"]],
        ),
    ],
)
def test_the_terms_that_find_blocks(conditions: SpanConditions, groups: list[list[str]]) -> None:
    alternatives = [" OR ".join(f'"{hash_term(text)}"' for text in group) for group in groups]
    terms = " AND ".join(f"({alternative})" for alternative in alternatives)
    assert blocks_query(conditions) == f'({terms}) OR "{UNINDEXED_TERM}"'


def test_an_error_is_a_status_and_nothing_else() -> None:
    for status_code in range(5):
        span = make_span(status_code=status_code, kind=STATUS_ERROR, flags=STATUS_ERROR)
        assert matches(span, SpanConditions(error=True)) == {status_code == STATUS_ERROR}
        assert matches(span, SpanConditions(name="GET /", error=True)) == {status_code == STATUS_ERROR}


@given(st.lists(st.integers(0, 4), max_size=6), st.integers(0, 4), st.booleans())
def test_a_link_is_found_wherever_it_stands(numbers: list[int], wanted: int, is_named: bool) -> None:
    links = [Link(trace_id(number), f"{place:016x}") for place, number in enumerate(numbers)]
    span = make_span(extras=SpanExtras(links=links))
    for service in (None, "shop", "other"):
        conditions = SpanConditions(service, "GET /" if is_named else None, linked_trace_id=trace_id(wanted))
        assert matches(span, conditions) == {wanted in numbers and service != "other"}


def test_links_of_blocks_from_before_they_were_terms_are_found_once_the_index_is_built_again() -> None:
    span = make_span(extras=SpanExtras(links=[Link(trace_id(7), "b" * 16)]))
    (block,) = blocks_of(make_part(1, span))
    link = hash_term(link_text(trace_id(7)))
    assert link in block.terms.split()
    older = block._replace(terms=" ".join(term for term in block.terms.split() if term != link))
    query = TraceQuery(1, conditions=SpanConditions(linked_trace_id=trace_id(7)))
    with open_database() as database:
        run(write_blocks(database, [older], NOW_UNIX_MS))
        assert run(list_traces(database, query)).heads == []
        run(drop_index(database))
        assert run(rebuild_index(database)).state == READY
        assert [head.trace_id for head in run(list_traces(database, query)).heads] == [trace_id(1)]
