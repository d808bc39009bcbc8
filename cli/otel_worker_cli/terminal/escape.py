"""Telemetry as text that a terminal only shows: whatever could move, hide or colour something is spelled out.

A span's name comes from whoever sends spans. An escape sequence in it could retitle or clear the terminal of
the person who reads it, a bidi mark could show another text than there is, and a newline a row of its own.
"""

from __future__ import annotations

import unicodedata
from typing import Any

import msgspec


def visible(text: str) -> str:
    """Return one line where control, format and private characters are spelled: `\\x1b`, `\\u202e`."""
    if text.isprintable():
        return text
    return "".join(character if _is_harmless(character) else _spell(character) for character in text)


def visible_lines(text: str) -> str:
    """Return a text of several lines, each of them visible."""
    return "\n".join(map(visible, text.split("\n")))


def to_json(document: Any) -> str:
    """Return compact JSON on one line; what a terminal would obey in it is escaped, which means the same."""
    text = msgspec.json.encode(document).decode()
    return escape_json(text)


def escape_json(text: str) -> str:
    """Return JSON on one line in which only harmless characters stand as they are."""
    if text.isprintable():
        return text
    # Outside of strings JSON has only these.
    text = text.replace("\r", " ").replace("\n", " ").replace("\t", " ")
    return "".join(character if _is_harmless(character) else _spell_json(character) for character in text)


def _is_harmless(character: str) -> bool:
    # Other spaces than " " count as not printable in Python, and do no harm.
    return character.isprintable() or unicodedata.category(character) == "Zs"


def _spell(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")


def _spell_json(character: str) -> str:
    units = character.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[place : place + 2].hex()}" for place in range(0, len(units), 2))
