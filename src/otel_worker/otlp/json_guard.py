"""What JSON text has to be checked or mended for before the decoder may see it.

In Pyodide a C extension that recurses too deeply does not raise: it takes the whole isolate down, with every
request in it. So the depth is known before anything recurses.
"""

from __future__ import annotations

import re

from otel_worker.errors import InvalidOtlp
from otel_worker.otlp.message_count import MessageCount

# Values may be nested MAX_VALUE_DEPTH levels, of at most 4 brackets each; the messages around them take 14.
MAX_JSON_DEPTH = 200

_BRACKETS_AND_QUOTES = b'[]{}"'
_ALL_OTHERS = bytes(set(range(256)) - set(_BRACKETS_AND_QUOTES))
_OPENING = {ord("]"): ord("["), ord("}"): ord("{")}

# Every escape of a string in turn, so that the "u" behind an escaped backslash is not taken for one.
_ESCAPE = re.compile(
    rb"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"  # a pair, which is well
    rb"|(\\u[dD][89a-fA-F][0-9a-fA-F]{2})"  # half of one
    rb"|\\.",
    re.DOTALL,
)


def check_structure(body: bytes) -> None:
    """Raise InvalidOtlp when brackets are nested deeper than MAX_JSON_DEPTH, TooManyMessages for too many.

    Other errors are the decoder's to find.
    """
    brackets = _structural_brackets(body)
    _check_depth(brackets)
    MessageCount().add(brackets.count(b"{"))


def _check_depth(brackets: bytes) -> None:
    """Raise InvalidOtlp when brackets are nested deeper than MAX_JSON_DEPTH.

    Each pass over the brackets removes the innermost pairs, so a body of ordinary depth costs a few fast
    passes over a few bytes.
    """
    remaining = brackets
    # One pass may remove two levels, as in "[{}]".
    for _ in range(MAX_JSON_DEPTH // 2):
        shorter = remaining.replace(b"{}", b"").replace(b"[]", b"")
        if not shorter:
            return
        if len(shorter) == len(remaining):
            break
        remaining = shorter
    open_brackets: list[int] = []
    for bracket in brackets:
        opening = _OPENING.get(bracket)
        if opening is None:
            open_brackets.append(bracket)
            if len(open_brackets) > MAX_JSON_DEPTH:
                raise InvalidOtlp(f"the JSON is nested deeper than {MAX_JSON_DEPTH} levels")
        elif not open_brackets or open_brackets.pop() != opening:
            return  # here the decoder will stop


def _structural_brackets(body: bytes) -> bytes:
    """Return the brackets of JSON text that are not inside its strings."""
    if b"\\" in body:
        body = body.replace(rb"\\", b"").replace(rb"\"", b"")
    marks = body.translate(None, _ALL_OTHERS)
    # A string without brackets is two quotes side by side. Taking two away, even if the first ends one string
    # and the second begins another, leaves every bracket inside a string or outside of one, as it was.
    brackets = marks.replace(b'""', b"")
    return b"".join(brackets.split(b'"')[::2])


def replace_lone_surrogates(body: bytes) -> bytes:
    r"""Return JSON text with U+FFFD for each half of a surrogate pair.

    JavaScript writes "\ud83d" when a string was cut in the middle of an emoji; the rest of the batch is well.
    """
    return _ESCAPE.sub(lambda match: rb"\ufffd" if match[1] else match[0], body)
