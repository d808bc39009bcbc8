"""Hostile protobuf: valid messages cut, flipped and spliced, and structures that no encoder writes."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from fuzz.corpus import Corpus
from fuzz.protobuf_tree import Replace, encode_varint, length_field, with_one_field

# A tag by field number and wire type; 3 and 4 are groups, 6 and 7 do not exist.
_FIELDS = (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 13, 14, 15, 16, 17, 1000, 2**29 - 1, 2**61)
_LENGTHS = (0, 1, 127, 128, 2**14, 2**21, 2**31 - 1, 2**31, 2**32, 2**63 - 1, 2**63, 2**64 - 1)
_REPLACEMENTS = (0x00, 0x01, 0x7F, 0x80, 0xFF)


def truncated(number: int, random: Random, corpus: Corpus) -> bytes:
    """Every message of the corpus cut at every byte, one after the other."""
    message, position = _at_every_byte(number, corpus)
    return message[:position]


def byte_replaced(number: int, random: Random, corpus: Corpus) -> bytes:
    """Every byte of every message: each of its bits flipped, and five values put in its place."""
    message, position = _at_every_byte(number // 13, corpus)
    kind = number % 13
    byte = message[position] ^ (1 << kind) if kind < 8 else _REPLACEMENTS[kind - 8]
    return message[:position] + bytes([byte]) + message[position + 1 :]


def bytes_replaced(number: int, random: Random, corpus: Corpus) -> bytes:
    """Several random bytes replaced, inserted or taken out."""
    body = bytearray(random.choice(corpus.protobuf_messages()))
    for _ in range(random.randint(1, 8)):
        position = random.randrange(len(body) + 1)
        body[position : position + random.choice((0, 1, 1, 2))] = random.randbytes(
            random.choice((0, 1, 1, 2))
        )
    return bytes(body)


def spliced(number: int, random: Random, corpus: Corpus) -> bytes:
    """The beginning of one message and the end of another, or a piece repeated."""
    first, second = random.choice(corpus.protobuf_messages()), random.choice(corpus.protobuf_messages())
    start, stop = random.randrange(len(first) + 1), random.randrange(len(second) + 1)
    if random.random() < 0.5:
        return first[:start] + second[stop:]
    low, high = sorted((start, random.randrange(len(first) + 1)))
    return first[:high] + first[low:high] * random.randint(1, 5) + first[high:]


def length_blown_up(number: int, random: Random, corpus: Corpus) -> bytes:
    """One length of one field replaced by another number, the rest as it was."""
    return _with_field(
        random, corpus, lambda tag, value: tag + encode_varint(random.choice(_LENGTHS)) + value
    )


def length_off_by_some(number: int, random: Random, corpus: Corpus) -> bytes:
    """One length a little longer or shorter than its value: the fields behind it shift."""
    return _with_field(
        random,
        corpus,
        lambda tag, value: tag + encode_varint(max(0, len(value) + random.randint(-9, 9))) + value,
    )


def varint_stretched(number: int, random: Random, corpus: Corpus) -> bytes:
    """A tag or a length written with more bytes than it needs, up to more than a varint may have."""

    def stretch(tag: bytes, value: bytes) -> bytes:
        length = encode_varint(len(value))
        if random.random() < 0.5:
            return _stretched(tag, random.randint(1, 11)) + length + value
        return tag + _stretched(length, random.randint(1, 11)) + value

    return _with_field(random, corpus, stretch)


def field_replaced(number: int, random: Random, corpus: Corpus) -> bytes:
    """One field's value, or its tag, replaced: wrong wire types, groups, numbers that do not exist."""

    def replace(tag: bytes, value: bytes) -> bytes:
        if random.random() < 0.5:
            return random_field(random) + length_field(1, value)
        return (
            encode_varint(random.choice(_FIELDS) << 3 | random.randrange(8))
            + encode_varint(len(value))
            + value
        )

    return _with_field(random, corpus, replace)


def random_structure(number: int, random: Random, corpus: Corpus) -> bytes:
    """Fields in fields from a small alphabet, without a corpus."""
    return _random_message(random, random.randint(1, 7))


def deep_nesting(number: int, random: Random, corpus: Corpus) -> bytes:
    """Arrays and maps in each other, as deep as allowed, a little deeper, and hundreds of times so."""
    depth = random.choice((1, 30, 31, 32, 33, 34, 64, 100, 300, 900))
    value = b"" if random.random() < 0.5 else b"\x0a\x01x"
    for _ in range(depth):
        if random.random() < 0.5:
            value = length_field(5, length_field(1, value))
        else:
            value = length_field(6, length_field(1, b"\x0a\x01k" + length_field(2, value)))
    attribute = b"\x0a\x01a" + length_field(2, value)
    span = b"\x0a\x10" + b"t" * 16 + b"\x12\x08" + b"s" * 8 + length_field(9, attribute)
    resource = length_field(1, attribute) if random.random() < 0.2 else b""
    return length_field(1, length_field(1, resource) + length_field(2, length_field(2, span)))


def groups(number: int, random: Random, corpus: Corpus) -> bytes:
    """Groups, which proto3 does not have: opened, closed, unclosed, and in each other."""
    opening = encode_varint(random.choice(_FIELDS[1:]) << 3 | 3)
    closing = encode_varint(random.choice(_FIELDS[1:]) << 3 | 4)
    group = opening * random.choice((0, 1, 1, 2, 500)) + closing * random.choice((0, 1, 1, 2, 500))
    message = random.choice(corpus.protobuf_messages())
    return random.choice(
        (message + group, group + message, length_field(1, group), length_field(1, message) + group)
    )


def many_tiny_fields(number: int, random: Random, corpus: Corpus) -> bytes:
    """The smallest fields there are, as many as fit: what costs most for each byte that is sent."""
    count = random.choice((100, 1000, 5000))
    tiny = random.choice(
        (b"\x0a\x00", b"\x12\x00", b"\x0a\x02\x12\x00", b"\x0a\x04\x12\x02\x12\x00", b"\x98\x06\x00")
    )
    span = b"\x0a\x10" + b"t" * 16 + b"\x12\x08" + b"s" * 8
    return random.choice(
        (
            tiny * count,
            length_field(1, tiny * count),
            length_field(1, length_field(2, tiny * count)),
            length_field(1, length_field(2, length_field(2, span + b"\x4a\x00" * count))),
            length_field(1, length_field(2, length_field(2, span + b"\x5a\x00" * count))),
            length_field(1, length_field(2, length_field(2, span + b"\x6a\x00" * count))),
        )
    )


def random_field(random: Random) -> bytes:
    """Return a field of any number and wire type, mostly well formed."""
    wire_type = random.choice((0, 1, 2, 2, 2, 3, 4, 5, 6, 7))
    tag = encode_varint(random.choice(_FIELDS) << 3 | wire_type)
    if wire_type == 0:
        return tag + encode_varint(random.getrandbits(random.choice((1, 7, 32, 64))))
    if wire_type in (1, 5):
        return tag + random.randbytes(8 if wire_type == 1 else 4)
    if wire_type == 2:
        value = random.randbytes(random.choice((0, 1, 8, 16, 40)))
        return tag + encode_varint(len(value)) + value
    return tag


def _random_message(random: Random, depth: int) -> bytes:
    pieces = []
    for _ in range(random.randint(1, 4)):
        if depth and random.random() < 0.7:
            # Mostly the fields on the way to a span and to a value.
            pieces.append(
                length_field(random.choice((1, 2, 2, 2, 5, 6, 9, 11, 13)), _random_message(random, depth - 1))
            )
        else:
            pieces.append(random_field(random))
    return b"".join(pieces)


def _at_every_byte(number: int, corpus: Corpus) -> tuple[bytes, int]:
    """Return the message and the position that a running number stands for."""
    messages = corpus.protobuf_messages()
    number %= sum(map(len, messages))
    for message in messages:
        if number < len(message):
            return message, number
        number -= len(message)
    raise AssertionError("the sum of all lengths was wrong")


def _stretched(varint: bytes, extra: int) -> bytes:
    return varint[:-1] + bytes([varint[-1] | 0x80]) + b"\x80" * (extra - 1) + b"\x00"


def _with_field(random: Random, corpus: Corpus, replace: Replace) -> bytes:
    return with_one_field(random.choice(corpus.protobuf_messages()), corpus.signal, random, replace)


GENERATORS: dict[str, tuple[int, Callable[[int, Random, Corpus], bytes]]] = {
    "truncated": (2, truncated),
    "byte replaced": (12, byte_replaced),
    "bytes replaced": (6, bytes_replaced),
    "spliced": (4, spliced),
    "length blown up": (3, length_blown_up),
    "length off by some": (3, length_off_by_some),
    "varint stretched": (3, varint_stretched),
    "field replaced": (6, field_replaced),
    "random structure": (6, random_structure),
    "deep nesting": (1, deep_nesting),
    "groups": (1, groups),
    "many tiny fields": (1, many_tiny_fields),
}
