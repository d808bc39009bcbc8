"""What is done before the JSON decoder sees a body: no depth that could end the process, no half pairs."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_worker.errors import InvalidOtlp
from otel_worker.otlp.json_decoder import decode_export_json
from otel_worker.otlp.json_guard import MAX_JSON_DEPTH, check_structure, replace_lone_surrogates

VALUE = b'{"resourceSpans":[{"resource":{"attributes":[{"value":'
DEEP = 100_000


def nested(depth: int) -> bytes:
    """Return JSON with objects and arrays in turn, `depth` of them."""
    opening = [b'{"a":' if level % 2 else b"[" for level in range(depth)]
    closing = [b"}" if level % 2 else b"]" for level in range(depth)]
    return b"".join(opening) + b"1" + b"".join(reversed(closing))


BODIES = {
    "arrays": b"[" * DEEP,
    "arrays, closed": b"[" * DEEP + b"]" * DEEP,
    "objects": b'{"a":' * DEEP,
    "objects, closed": b'{"a":' * DEEP + b"1" + b"}" * DEEP,
    "arrays and objects": nested(DEEP),
    "array values": VALUE + b'{"arrayValue":{"values":[' * DEEP,
    "map values": VALUE + b'{"kvlistValue":{"values":[{"value":' * DEEP,
    "behind an ignored key": b'{"unknown":' + b"[" * DEEP,
    "behind brackets in a string": b'{"]}": 1, "unknown":' + b"[" * DEEP,
    "behind a string that ends with a backslash": b'{"a": "\\\\", "unknown":' + b"[" * DEEP,
    "with strings that look like closing brackets": b'{"}":' + b'["]",' * DEEP,
    "with strings that look like closing braces": b'{"}":' * DEEP,
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES.keys())
def test_a_body_nested_100000_deep_is_refused_before_it_is_decoded(body: bytes) -> None:
    with pytest.raises(InvalidOtlp, match=f"^the JSON is nested deeper than {MAX_JSON_DEPTH} levels$"):
        check_structure(body)
    with pytest.raises(InvalidOtlp):
        decode_export_json(body)


def test_the_depth_limit_is_exact() -> None:
    check_structure(nested(MAX_JSON_DEPTH))
    with pytest.raises(InvalidOtlp):
        check_structure(nested(MAX_JSON_DEPTH + 1))


@pytest.mark.parametrize(
    "body",
    [
        json.dumps({"a": "[" * 1000}).encode(),
        json.dumps({"a": '"' + "{[" * 1000}).encode(),
        json.dumps(["\\", "[" * 1000, '\\"', "]" * 1000]).encode(),
        b"[" * 150 + b"]" * 150 + b"{" * 150 + b"}" * 150,
        b"[]" * 1000,
        b"]" * 1000,
        b'"' + b"[" * 1000,
        b"",
    ],
    ids=[
        "brackets in a string", "behind an escaped quote", "backslashes", "two deep values",
        "many shallow values", "closing ones only", "a string without an end", "nothing",
    ],
)  # fmt: skip
def test_what_is_not_nested_deeply_is_left_to_the_decoder(body: bytes) -> None:
    check_structure(body)


LEAVES = st.text(st.sampled_from('[]{}"\\a'), max_size=6) | st.integers()
DOCUMENTS = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(st.sampled_from('[]{}"\\'), max_size=3), inner)
    ),
    max_leaves=10,
)


@given(DOCUMENTS, st.integers(0, 300))
def test_the_depth_is_that_of_the_document_whatever_its_strings_hold(document: object, around: int) -> None:
    def depth(value: object) -> int:
        if isinstance(value, dict):
            return 1 + max(map(depth, value.values()), default=0)
        return 1 + max(map(depth, value), default=0) if isinstance(value, list) else 0

    body = b'["]",' * around + json.dumps(document).encode() + b',"["]' * around
    if around + depth(document) <= MAX_JSON_DEPTH:
        check_structure(body)
    else:
        with pytest.raises(InvalidOtlp):
            check_structure(body)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (rb'"\ud83d\ude00"', rb'"\ud83d\ude00"'),
        (rb'"\ud83d"', rb'"\ufffd"'),
        (rb'"\uDE00 x"', rb'"\ufffd x"'),
        (rb'"\ud83d\ud83d\ude00"', rb'"\ufffd\ud83d\ude00"'),
        (rb'"\\ud83d"', rb'"\\ud83d"'),
        (rb'"\\\ud83d"', rb'"\\\ufffd"'),
        (rb'"\u00e4\n\""', rb'"\u00e4\n\""'),
    ],
    ids=[
        "pair",
        "first half",
        "second half",
        "half and pair",
        "escaped",
        "behind a backslash",
        "other escapes",
    ],
)
def test_half_of_a_surrogate_pair_is_replaced_and_nothing_else(text: bytes, expected: bytes) -> None:
    assert replace_lone_surrogates(text) == expected


def test_a_cut_emoji_costs_one_character_and_no_span() -> None:
    body = (
        rb'{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"%s","spanId":"%s","name":"a\ud83d"}]}]}]}'
        % (b"1" * 32, b"1" * 16)
    )
    assert decode_export_json(body).parts[0].groups[0].spans[0].name == "a\ufffd"
