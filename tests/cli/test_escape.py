"""Hostile text in telemetry: a terminal shows it and obeys none of it."""

from __future__ import annotations

import json
import unicodedata

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_worker_cli.terminal.escape import escape_json, to_json, visible, visible_lines


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("GET /cart", "GET /cart"),
        ("naïve 🦄 日本語", "naïve 🦄 日本語"),
        ("\x1b[2Jgone", "\\x1b[2Jgone"),
        ("\x1b]0;title\x07", "\\x1b]0;title\\x07"),
        ("\x9b31m", "\\x9b31m"),
        ("two\nlines\r", "two\\nlines\\r"),
        ("a\u202eb", "a\\u202eb"),
        ("\u2066x\u2069", "\\u2066x\\u2069"),
        ("a\u2028b", "a\\u2028b"),
        ("\U000e0041", "\\U000e0041"),
        ("\x00\x7f", "\\x00\\x7f"),
        ("no\u00a0break\u3000space", "no\u00a0break\u3000space"),
    ],
)
def test_visible(text: str, shown: str) -> None:
    assert visible(text) == shown


@given(st.text(st.characters()))
def test_nothing_that_a_terminal_obeys_is_left(text: str) -> None:
    for character in visible(text):
        assert unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp"), repr(character)
    assert "\n" not in visible(text)


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_json_is_harmless_and_means_the_same(text: str) -> None:
    written = to_json({"name": text})
    assert all(unicodedata.category(character) not in ("Cc", "Cf", "Co") for character in written)
    assert json.loads(written) == {"name": text}


def test_json_of_several_lines_becomes_one() -> None:
    text = '{\n\t"a": "\x9b\U000e0041"\r\n}'
    escaped = escape_json(text)
    assert "\n" not in escaped
    assert "\x9b" not in escaped
    assert msgspec.json.decode(escaped) == {"a": "\x9b\U000e0041"}


def test_lines_stay_lines() -> None:
    assert visible_lines("one\x1b\ntwo") == "one\\x1b\ntwo"
