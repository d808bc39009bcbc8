"""Hostile JSON: valid documents changed where they have structure, and text that only looks like JSON."""

from __future__ import annotations

import json
from collections.abc import Callable
from random import Random
from typing import Any

from fuzz.corpus import Corpus
from fuzz.json_tree import Pairs, Place, Raw, places, render

_NUMBERS: tuple[Any, ...] = (
    0, -0.0, 1, -1, 1.5, -1.5, 2**31 - 1, 2**31, -(2**31), -(2**31) - 1, 2**32 - 1, 2**32, 2**53 + 1,
    2**63 - 1, 2**63, -(2**63), -(2**63) - 1, 2**64 - 1, 2**64, 10**30, -(10**30), 1e308, 5e-324,
    Raw(b"1e400"), Raw(b"-1e400"), Raw(b"1E+2"), Raw(b"1.0"), Raw(b"-0"), Raw(b"00"), Raw(b"+1"), Raw(b".5"),
    Raw(b"1."), Raw(b"1e"), Raw(b"0x10"), Raw(b"NaN"), Raw(b"Infinity"), Raw(b"9" * 400),
    Raw(b"1" + b"0" * 5000), Raw(b"0." + b"1" * 2000),
)  # fmt: skip
_NUMBER_TEXTS: tuple[Any, ...] = (
    "", "0", "-0", "00", "1", "-1", "+1", " 1", "1 ", "1.0", "1e2", "0x1", "1_000", "\u0661", "\uff11",
    str(2**63), str(-(2**63) - 1), str(2**64), "9" * 20, "9" * 21, "9" * 5000, "-" + "9" * 20, "-",
    "NaN", "nan", "Infinity", "-Infinity", "+Infinity", "inf", "1e400", "-1e400", "1e-400",
)  # fmt: skip
_TEXTS: tuple[Any, ...] = (
    "", "a", "[", "]", "{", "}", '"', "\\", '\\"', '"]}', "[[[[{{{{", "]]]]}}}}", '\\\\"[', "\0",
    "\x1f", "\u2028", "\ud7ff\ue000\uffff", "\U0010ffff", "x" * 3000,
    Raw(rb'"\ud83d"'), Raw(rb'"\ude80\ud83d"'), Raw(rb'"\ud83d\ude80"'), Raw(rb'"\\ud83d"'),
    Raw(rb'"\\\ud83d"'), Raw(rb'"\ud83d\n"'), Raw(rb'"\ud83"'), Raw(rb'"\uD83D\u0041"'), Raw(rb'"\u"'),
    Raw(rb'"\x41"'), Raw(b'"\\'), Raw(b'"\xff"'), Raw(b'"\xc0\x80"'), Raw(b'"\xed\xa0\x80"'),
    Raw(b'"\xf4\x90\x80\x80"'), Raw(b'"\xe2\x82"'), Raw(b'"\n"'), Raw(b'"\x00"'), Raw(b'"'),
    Raw(b"'a'"), Raw(b'"a" "b"'), Raw(b'"\\ud83d[[[["'), Raw(b'"\\"[[[[\\\\"'), Raw(rb'"\/\b\f\n\r\t\u0000"'),
)  # fmt: skip
_IDS: tuple[Any, ...] = (
    "", "0" * 32, "0" * 16, "A" * 32, "f" * 16, "aF" * 16, "g" * 32, "a" * 31, "a" * 33, "a" * 5000,
    "0x" + "a" * 30, "AAAAAAAAAAAAAAAAAAAAAA==", " " + "a" * 31, "\uff41" * 32, "\u0131" * 16, "\u212a" * 16,
)  # fmt: skip
_BASE64: tuple[Any, ...] = (
    "", "A", "AA", "AAA", "AAAA", "AP8=", "AP8", "_-8=", "+/8=", "A===", "====", "AP8=AP8=", "A\nP8", "A P8",
    "\u00e9A==", "AB", "A" * 4001,
)  # fmt: skip
_OTHER_TYPES: tuple[Any, ...] = (
    None, True, False, {}, [], [[]], [{}], [None], {"": None}, {"values": []}, {"values": [None]},
    {"stringValue": "a"}, {"key": "k"}, {"intValue": "1", "stringValue": None},
)  # fmt: skip
_ALL = (_NUMBERS, _NUMBER_TEXTS, _TEXTS, _IDS, _BASE64, _OTHER_TYPES)

_VALUE_KEYS = (
    "stringValue", "boolValue", "intValue", "doubleValue", "arrayValue", "kvlistValue", "bytesValue",
    "stringValueStrindex",
)  # fmt: skip
_TO_ATTRIBUTES = (
    b'{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"' + b"a" * 32 + b'","spanId":"' + b"b" * 16
    + b'","attributes":[{"key":"a","value":'
)  # fmt: skip


def value_replaced(number: int, random: Random, corpus: Corpus) -> bytes:
    """One to three values replaced: by another type, by a number out of range, by text hard to read."""
    tree, found = _tree(random, corpus)
    for _ in range(random.choice((1, 1, 1, 2, 3))):
        random.choice(found).put(random.choice(random.choice(_ALL)))
    return render(tree)


def value_replaced_in_kind(number: int, random: Random, corpus: Corpus) -> bytes:
    """One value replaced by one of its own kind: ids by ids, times by numbers and their texts."""
    tree, found = _tree(random, corpus)
    for _ in range(random.randint(1, 3)):
        place = random.choice(found)
        place.put(random.choice(_alike(place)))
    return render(tree, random)


def structure_changed(number: int, random: Random, corpus: Corpus) -> bytes:
    """Objects and lists rearranged: things swapped, repeated, left out, moved where they do not belong."""
    tree, found = _tree(random, corpus)
    for _ in range(random.randint(1, 3)):
        place, other = random.choice(found), random.choice(found)
        change = random.randrange(6)
        if change == 0:
            place.put([place.value] * random.randint(0, 3))
        elif change == 1:
            # A copy: a tree that contains itself has no end.
            place.put(json.loads(render_plain(other.value)))
        elif change == 2:
            place.put({random.choice(_VALUE_KEYS): place.value})
        elif change == 3:
            place.put(
                list(place.value.values()) if isinstance(place.value, dict) else {"values": place.value}
            )
        elif change == 4 and isinstance(place.container, list):
            place.put(Raw(b""))
        else:
            place.put(None)
    return render(tree, random)


def render_plain(value: Any) -> bytes:
    """Return a value as JSON, with null for raw bytes in it."""
    return json.dumps(value, default=lambda _: None).encode()


def keys_changed(number: int, random: Random, corpus: Corpus) -> bytes:
    """Keys that occur twice, are unknown, empty, escaped, in another case, or no text at all."""
    tree, found = _tree(random, corpus)
    for _ in range(random.randint(1, 3)):
        objects = [place for place in found if isinstance(place.value, dict) and place.value]
        if not objects:
            break
        place = random.choice(objects)
        entries = list(place.value.items())
        key, value = random.choice(entries)
        twin = random.choice(random.choice(_ALL))
        entries.insert(
            random.randrange(len(entries) + 1),
            random.choice(
                ((key, twin), (key, value), (_snake_case(key), value), (random.choice(_TEXTS), value))
            ),
        )
        place.put(Pairs(tuple(entries)))
        found = places(tree)
    return render(tree, random)


def damaged_text(number: int, random: Random, corpus: Corpus) -> bytes:
    """The text cut, spliced, or with a few bytes replaced by those that JSON is made of."""
    text = random.choice(corpus.json_messages())
    change = random.randrange(4)
    if change == 0:
        return text[: random.randrange(len(text) + 1)]
    if change == 1:
        other = random.choice(corpus.json_messages())
        return text[: random.randrange(len(text) + 1)] + other[random.randrange(len(other) + 1) :]
    damaged = bytearray(text)
    for _ in range(random.randint(1, 5)):
        position = random.randrange(len(damaged) + 1)
        inserted = random.choice(
            (b'"', b"\\", b"[", b"]", b"{", b"}", b",", b":", b"0", b"-", b"e", b"\xff", b"", b" ")
        )
        damaged[position : position + random.choice((0, 1))] = inserted
    return bytes(damaged)


def every_byte_replaced(number: int, random: Random, corpus: Corpus) -> bytes:
    """Every byte of every document: taken out, and six bytes put in its place."""
    position, kind = divmod(number, 7)
    texts = corpus.json_messages()
    position %= sum(map(len, texts))
    for text in texts:
        if position < len(text):
            return (
                text[:position] + (b"", b'"', b"\\", b"[", b"}", b"0", b"\x80")[kind] + text[position + 1 :]
            )
        position -= len(text)
    raise AssertionError("the sum of all lengths was wrong")


def deep_nesting(number: int, random: Random, corpus: Corpus) -> bytes:
    """Brackets in each other, matched or not, in strings or not, where values are and where they are not."""
    depth = random.choice(
        (10, 31, 32, 33, 34, 49, 50, 51, 98, 99, 100, 101, 199, 200, 201, 202, 500, 3000, 100_000)
    )
    opening, closing = random.choice(
        (
            (b"[", b"]"),
            (b'{"a":', b"}"),
            (b'[{"]":', b"}]"),
            (b'{"arrayValue":{"values":[', b"]}}"),
            (b'{"kvlistValue":{"values":[{"key":"k","value":', b"}]}}"),
            (b'{"arrayValue":{"unknown":[', b"]}}"),
            (b'["]",', b"]"),
            (b'["\\"]",', b"]"),
            (b"[[],", b"]"),
            (b'[{},"{",', b"]"),
        )
    )
    depth = min(depth, 60_000 // len(opening))
    core = random.choice((b"", b"1", b"{}", b"null", b'"a"'))
    nested = opening * depth + core + closing * random.choice((depth, depth, depth, depth - 1, depth + 1, 0))
    before, behind = random.choice(
        (
            (b"", b""),
            (b'{"resourceSpans":', b"}"),
            (b'{"unknown":', b"}"),
            (b'{"s":"[[[[\\"","unknown":', b"}"),
            (_TO_ATTRIBUTES, b"}]}]}]}]}"),
            (_TO_ATTRIBUTES, b"}]}]}]}]}"),
            (_TO_ATTRIBUTES, b""),
        )
    )
    return before + nested + behind


def tokens(number: int, random: Random, corpus: Corpus) -> bytes:
    """JSON's own tokens in random order."""
    alphabet = (
        b"{", b"}", b"[", b"]", b":", b",", b'"', b"\\", b'"a"', b"0", b"-1", b"1e9", b"true", b"null", b" ",
        b'"resourceSpans":', b'"scopeSpans":', b'"spans":', b'"attributes":',
        b"\\u0041", b"\\ud800", b"\xef\xbb\xbf",
    )  # fmt: skip
    return b"".join(random.choices(alphabet, k=random.choice((1, 3, 10, 30, 200))))


def other_encodings(number: int, random: Random, corpus: Corpus) -> bytes:
    """A document in UTF-16, UTF-32 or Latin-1, with a byte order mark, or between other text."""
    text = random.choice(corpus.json_messages())
    around = random.choice((b"", b" ", b"\n", b"\0", b"\xef\xbb\xbf", b"x", text, b"//", b"\x1e"))
    encoding = random.choice(("utf-8", "utf-16", "utf-16-le", "utf-32", "utf-7", "cp500"))
    encoded = text.decode().encode(encoding, "replace")
    return around + encoded if random.random() < 0.5 else encoded + around


def _tree(random: Random, corpus: Corpus) -> tuple[Any, list[Place]]:
    """Return a document of the corpus that nobody else holds, and all its places."""
    tree = json.loads(random.choice(corpus.json_messages()))
    found = places(tree)
    while not found:
        tree = json.loads(random.choice(corpus.json_messages()))
        found = places(tree)
    return tree, found


def _alike(place: Place) -> tuple[Any, ...]:
    key = place.key if isinstance(place.key, str) else ""
    if key.endswith("Id"):
        return _IDS
    if key == "bytesValue":
        return _BASE64
    if key in ("name", "key", "stringValue", "schemaUrl", "traceState", "message", "version"):
        return _TEXTS
    if isinstance(place.value, int | float | str):
        return _NUMBERS + _NUMBER_TEXTS
    return _OTHER_TYPES


def _snake_case(key: str) -> str:
    return "".join(f"_{character.lower()}" if character.isupper() else character for character in key)


GENERATORS: dict[str, tuple[int, Callable[[int, Random, Corpus], bytes]]] = {
    "value replaced": (8, value_replaced),
    "value replaced in kind": (8, value_replaced_in_kind),
    "structure changed": (5, structure_changed),
    "keys changed": (4, keys_changed),
    "damaged text": (4, damaged_text),
    "every byte replaced": (5, every_byte_replaced),
    "deep nesting": (1, deep_nesting),
    "tokens": (2, tokens),
    "other encodings": (1, other_encodings),
}
