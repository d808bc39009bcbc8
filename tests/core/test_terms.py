"""The terms of a block: part of the storage format, so what is written here must not change."""

from __future__ import annotations

import pytest

from otel_worker.model import Attributes, Link, Resource, Scope, SpanExtras, SpanGroup, TracePart, Value
from otel_worker.store import terms
from otel_worker.store.terms import UNINDEXED_TERM, block_terms, collect_terms, hash_term, scalar_text
from tests.samples import make_group, make_part, make_span, trace_id


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("123456789", "cbf43926"),
        ("a:http.route=/cart", "6891569"),
        ("s:naïve 🦄", "4c1571b0"),
        ("", "0"),
    ],
)
def test_a_term_is_the_same_for_ever(text: str, expected: str) -> None:
    assert hash_term(text) == expected


def test_half_of_a_surrogate_pair_has_a_term_too() -> None:
    assert hash_term("a:k=\ud800") == hash_term("a:k=?")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (True, "1"),
        (False, "0"),
        (0, "0"),
        (-7, "-7"),
        (2**63 - 1, "9223372036854775807"),
        (3.0, "3"),
        (-0.0, "0"),
        (0.5, "0.5"),
        (1e22, "10000000000000000000000"),
        (1e-7, "1e-07"),
        ("text", "text"),
    ],
)
def test_a_scalar_is_indexed_under_its_text(value: Value, expected: str) -> None:
    assert scalar_text(value) == expected


def terms_of(resource: Attributes, *spans: Attributes) -> set[str]:
    """Return the terms of a block with one trace, of server spans named GET /."""
    group = SpanGroup(Resource(resource), Scope(), [make_span(attributes=attributes) for attributes in spans])
    first, *others = block_terms([TracePart(trace_id(1), [group])]).split(" ")
    assert first == trace_id(1)
    return set(others)


def hashes(*texts: str) -> set[str]:
    return set(map(hash_term, texts))


def test_a_block_is_found_by_service_name_kind_and_attributes_of_span_and_resource() -> None:
    found = terms_of({"service.name": "shop", "host": "h1"}, {"code": 200, "ok": True}, {"code": 200.0})
    assert found == hashes(
        "s:shop", "h:service.name", "a:service.name=shop", "h:host", "a:host=h1",
        "n:GET /", "o:shop\0GET /", "k:2", "h:code", "a:code=200", "h:ok", "a:ok=1",
    )  # fmt: skip


def test_a_failed_span_adds_one_term() -> None:
    failed = set(block_terms([make_part(1, make_span(status_code=2))]).split())
    well = set(block_terms([make_part(1, make_span(status_code=1))]).split())
    assert failed - well == hashes("e:")


@pytest.mark.parametrize(
    "value", [None, [], ["a"], {"map": {"a": 1}}, {"bytes": "AP8="}, {"double": "NaN"}], ids=repr
)
def test_a_value_that_is_no_scalar_is_found_by_its_key_alone(value: Value) -> None:
    name = ("n:GET /", "o:unknown_service\0GET /")
    assert terms_of({}, {"k": value}) == hashes("s:unknown_service", *name, "k:2", "h:k")


def test_trace_ids_are_terms_of_their_own_first_and_in_order() -> None:
    found = block_terms([make_part(2), make_part(1)]).split(" ")
    assert found[:2] == [trace_id(2), trace_id(1)]
    service = ("s:shop", "h:service.name", "a:service.name=shop")
    assert set(found[2:]) == hashes(*service, "n:GET /", "o:shop\0GET /", "k:2")


def test_equal_parts_share_their_terms() -> None:
    assert len(block_terms([make_part(n) for n in range(50)]).split(" ")) == 50 + 6


def test_the_spans_of_a_service_are_found_by_service_and_name_together() -> None:
    both = make_part(1, make_span(name="read"))
    both.groups.append(make_group([make_span(2, name="write")], "till"))
    found = set(block_terms([both, make_part(2, make_span(name="write"))]).split())
    assert found >= hashes("o:shop\0read", "o:till\0write", "o:shop\0write")
    assert not found & hashes("o:till\0read")


def test_the_names_of_a_block_are_collected_with_its_terms() -> None:
    both = make_part(1, make_span(name="read", attributes={"a": 1}))
    both.groups.append(make_group([make_span(2, name="write", attributes={"b": [1]})], "till"))
    text, names = collect_terms([both, make_part(2, make_span(name="list"))])
    assert text == block_terms([both, make_part(2, make_span(name="list"))])
    assert names.operations == {"shop": {"read", "list"}, "till": {"write"}}
    assert names.keys == {"service.name", "a", "b"}


def test_a_block_with_too_many_terms_keeps_its_trace_ids_and_names_and_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    parts = [make_part(1), make_part(2)]
    count = len(block_terms(parts).split(" ")) - len(parts)
    monkeypatch.setattr(terms, "MAX_TERMS", count)
    assert len(block_terms(parts).split(" ")) == count + len(parts)
    monkeypatch.setattr(terms, "MAX_TERMS", count - 1)
    first, second, term, *names = block_terms(parts).split(" ")
    assert (first, second, term, UNINDEXED_TERM) == (trace_id(1), trace_id(2), "unindexed", "unindexed")
    assert set(names) == hashes("s:shop", "h:service.name", "o:shop\0GET /", "n:GET /", "k:2")
    # Of names that hardly repeat only so many, those of menus first.
    monkeypatch.setattr(terms, "MAX_TERMS", 3)
    assert set(block_terms(parts).split(" ")[3:]) == hashes("s:shop", "h:service.name", "o:shop\0GET /")


def test_a_trace_that_is_linked_to_adds_one_term_however_often(monkeypatch: pytest.MonkeyPatch) -> None:
    def linked(*numbers: int) -> TracePart:
        links = [Link(trace_id(number), "b" * 16) for number in numbers]
        return make_part(1, make_span(extras=SpanExtras(links=links)), make_span(2, extras=SpanExtras("bad")))

    plain = block_terms([make_part(1)])
    assert block_terms([linked()]) == plain
    found = block_terms([linked(7, 8, 7), linked(8)])
    assert set(found.split()) - set(plain.split()) == hashes(f"l:{trace_id(7)}", f"l:{trace_id(8)}")
    # They count among the terms that a block may have.
    monkeypatch.setattr(terms, "MAX_TERMS", 8)
    assert UNINDEXED_TERM not in block_terms([linked(7, 8)])
    assert UNINDEXED_TERM in block_terms([linked(7, 8, 9)])


def test_numbers_that_are_equal_share_one_term_however_they_were_sent() -> None:
    assert terms_of({}, {"k": 1}, {"k": 1.0}, {"k": True}, {"k": "1"}) == terms_of({}, {"k": True})


def test_attributes_beside_an_array_are_indexed_with_their_values() -> None:
    attributes: Attributes = {"a": 1, "list": [1], "b": 2}
    assert terms_of({}, attributes) - terms_of({}, {}) == hashes("h:a", "a:a=1", "h:list", "h:b", "a:b=2")


def test_a_term_that_was_asked_for_before_is_the_same_again_however_many_there_were() -> None:
    attributes: Attributes = {f"key {number}": number for number in range(9000)}
    long: Attributes = {"long": "x" * 500}
    expected = {hash_term(f"a:{key}={value}") for key, value in {**attributes, **long}.items()}
    for _ in range(2):
        assert terms_of({}, attributes, long) >= expected
    assert 0 < len(terms._known_terms) <= 8192
