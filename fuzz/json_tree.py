"""JSON as a tree that can also hold what is not JSON: raw bytes, keys that occur twice."""

from __future__ import annotations

import json
from collections.abc import MutableMapping, MutableSequence
from random import Random
from typing import Any, NamedTuple


class Raw(NamedTuple):
    """Bytes that are written as they are."""

    content: bytes


class Pairs(NamedTuple):
    """An object whose keys may occur more than once, or be raw bytes."""

    entries: tuple[tuple[Any, Any], ...]


class Place(NamedTuple):
    """Where a value of a tree is: its container, and its key or index."""

    container: Any
    key: Any

    @property
    def value(self) -> Any:
        return self.container[self.key]

    def put(self, value: Any) -> None:
        """Replace the value."""
        self.container[self.key] = value


def places(tree: Any) -> list[Place]:
    """Return every value inside of a tree of dictionaries and lists."""
    found: list[Place] = []
    waiting = [tree]
    while waiting:
        container = waiting.pop()
        if isinstance(container, MutableMapping):
            here = [Place(container, key) for key in container]
        elif isinstance(container, MutableSequence):
            here = [Place(container, index) for index in range(len(container))]
        else:
            continue
        found += here
        waiting += [place.value for place in here]
    return found


def render(tree: Any, random: Random | None = None) -> bytes:
    """Return a tree as JSON text; with `random`, also with white space and escapes that nobody needs."""
    pieces: list[bytes] = []
    _render(tree, random, pieces)
    return b"".join(pieces)


def _render(tree: Any, random: Random | None, pieces: list[bytes]) -> None:
    if random is not None and random.random() < 0.1:
        pieces.append(random.choice((b" ", b"\n", b"\t\r", b"   ")))
    if isinstance(tree, Raw):
        pieces.append(tree.content)
    elif isinstance(tree, dict):
        _render_object(tuple(tree.items()), random, pieces)
    elif isinstance(tree, Pairs):
        _render_object(tree.entries, random, pieces)
    elif isinstance(tree, list):
        pieces.append(b"[")
        for index, item in enumerate(tree):
            if index:
                pieces.append(b",")
            _render(item, random, pieces)
        pieces.append(b"]")
    elif isinstance(tree, str) and random is not None and random.random() < 0.2:
        pieces.append(_escaped(tree, random))
    else:
        pieces.append(json.dumps(tree, ensure_ascii=False).encode("utf-8", "surrogatepass"))


def _render_object(entries: tuple[tuple[Any, Any], ...], random: Random | None, pieces: list[bytes]) -> None:
    pieces.append(b"{")
    for index, (key, value) in enumerate(entries):
        if index:
            pieces.append(b",")
        _render(key, random, pieces)
        pieces.append(b":")
        _render(value, random, pieces)
    pieces.append(b"}")


def _escaped(text: str, random: Random) -> bytes:
    """Return a string with some or all characters as \\u escapes, surrogate pairs among them."""
    if random.random() < 0.5:
        return json.dumps(text, ensure_ascii=True).encode()
    units = text.encode("utf-16-be", "surrogatepass")
    escapes = (f"\\u{units[index]:02x}{units[index + 1]:02X}" for index in range(0, len(units), 2))
    return b'"' + "".join(escapes).encode() + b'"'
