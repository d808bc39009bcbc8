"""Hostile text for language models: nothing hidden, nothing that ends a line or passes a bound."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_worker_cli.mcp.bounds import Budget
from otel_worker_cli.mcp.untrusted import CUT, Texts, harmless


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("GET /cart", "GET /cart"),
        ("naïve 🦄 日本語", "naïve 🦄 日本語"),
        ("one\ntwo\r\x1b[2J", "one\\ntwo\\r\\x1b[2J"),
        ("abc\u202edef\u200b", "abc\\u202edef\\u200b"),
        pytest.param("\U000e0069\U000e0067", "\\U000e0069\\U000e0067", id="tags"),
        pytest.param(
            "a\ufe01\U000e0100\U000e01ef", "a\\ufe01\\U000e0100\\U000e01ef", id="variation selectors"
        ),
        pytest.param("\u3164\u115f\u2800\u034f", "\\u3164\\u115f\\u2800\\u034f", id="blank letters"),
    ],
)
def test_harmless(text: str, shown: str) -> None:
    assert harmless(text) == shown


@given(st.text(st.characters()))
def test_nothing_unseen_is_left(text: str) -> None:
    for character in harmless(text):
        assert unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp"), repr(character)


@given(st.text(st.characters(), max_size=40), st.integers(3, 50))
def test_a_text_keeps_to_its_bound(text: str, limit_bytes: int) -> None:
    texts = Texts()
    shown = texts.show(text, limit_bytes)
    assert len(shown.encode()) <= limit_bytes
    whole = harmless(text)
    if texts.cut_count:
        assert shown.endswith(CUT)
        assert whole.startswith(shown.removesuffix(CUT))
        assert len(whole.encode()) > limit_bytes
    else:
        assert shown == whole


def test_a_long_text_is_cut_without_reading_all_of_it() -> None:
    assert Texts().show("x" * 10_000_000, 10) == "xxxxxxx…"


def test_a_budget_is_filled_and_not_passed() -> None:
    budget = Budget(20)
    assert budget.takes("12345")
    assert not budget.takes("1234567890")
    assert budget.takes('"')
    assert budget.left_bytes == 20 - len('"12345",') - len('"\\"",')
