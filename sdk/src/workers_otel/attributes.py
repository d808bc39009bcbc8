"""Attributes: checked, typed as OTLP has them, and kept from having endlessly many values."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import isfinite
from typing import Any

from workers_otel.drops import INVALID_ATTRIBUTE, TOO_MANY_KEYS

AttributeValue = str | bool | int | float | Sequence[str] | Sequence[bool] | Sequence[int] | Sequence[float]
Attributes = Mapping[str, AttributeValue]

# (key, field of OTLP's AnyValue, value): unlike 1, 1.0 and True themselves, these are different.
Attribute = tuple[str, str, Any]
AttributeSet = tuple[Attribute, ...]

STRING, BOOL, INT, DOUBLE, ARRAY = "stringValue", "boolValue", "intValue", "doubleValue", "arrayValue"

OTHER = "other"

# A record has a handful of keys. This many of all records bound the memory of the guard.
MAX_KEYS = 64
MAX_ELEMENTS = 32

INT64_MIN, INT64_MAX = -(2**63), 2**63 - 1

_SCALARS = frozenset((str, bool, int, float))


class AttributeGuard:
    """Turns a user's attributes into an AttributeSet, and counts what it had to change.

    A key has at most `max_values` different values, from the first on, for the life of the guard; any other
    becomes the string "other". `overflows` has for each key how often that happened. What is no attribute
    is left out, and `on_drop` hears the reason; the record counts without it.
    """

    def __init__(self, max_values: int, max_length: int, on_drop: Callable[[str], None]) -> None:
        self.overflows: dict[str, int] = {}
        self._max_values = max_values
        self._max_length = max_length
        self._on_drop = on_drop
        self._known: dict[str, dict[tuple[type, Any], Attribute]] = {}

    def admit(self, attributes: Attributes) -> AttributeSet:
        """Return the attributes in the order of their keys: equal ones make equal sets."""
        admitted = []
        for key, value in attributes.items():
            kind = value.__class__
            known = self._known.get(key) if kind in _SCALARS else None
            attribute = known.get((kind, value)) if known is not None else None
            attribute = attribute or self._meet(key, value)
            if attribute is not None:
                admitted.append(attribute)
        # Keys are unique, so values are never compared.
        admitted.sort()
        return tuple(admitted)

    def take_overflows(self) -> dict[str, int]:
        """Return them, and begin to count anew."""
        overflows, self.overflows = self.overflows, {}
        return overflows

    def _meet(self, key: str, value: AttributeValue) -> Attribute | None:
        """Return an attribute that may be new, None if it is left out."""
        attribute = typed_attribute(key, value, self._max_length)
        if attribute is None:
            self._on_drop(INVALID_ATTRIBUTE)
            return None
        key, _, value = attribute
        known = self._known.get(key)
        if known is None:
            if len(self._known) >= MAX_KEYS:
                self._on_drop(TOO_MANY_KEYS)
                return None
            known = self._known[key] = {}
        identity = (value.__class__, value)
        if identity not in known and len(known) >= self._max_values:
            self.overflows[key] = self.overflows.get(key, 0) + 1
            return (key, STRING, OTHER)
        return known.setdefault(identity, attribute)


def typed_attribute(key: object, value: object, max_length: int) -> Attribute | None:
    """Return an attribute with its type and its strings cut to `max_length`; None if OTLP has no such thing.

    Taken are strings, booleans, 64-bit integers, finite floats, and lists or tuples of one of these types.
    """
    if not isinstance(key, str) or not 0 < len(key) <= max_length:
        return None
    if isinstance(value, list | tuple):
        elements = tuple(_typed_scalar(element, max_length) for element in value[: MAX_ELEMENTS + 1])
        is_typed = len(elements) <= MAX_ELEMENTS and None not in elements
        if not is_typed or len({element[0] for element in elements if element}) > 1:
            return None
        return (clean_text(key, max_length), ARRAY, elements)
    scalar = _typed_scalar(value, max_length)
    return scalar and (clean_text(key, max_length), *scalar)


def _typed_scalar(value: object, max_length: int) -> tuple[str, Any] | None:
    if isinstance(value, str):
        return (STRING, clean_text(value, max_length))
    if isinstance(value, bool):
        return (BOOL, value)
    if isinstance(value, int):
        return (INT, int(value)) if INT64_MIN <= value <= INT64_MAX else None
    if isinstance(value, float) and isfinite(value):
        return (DOUBLE, float(value))
    return None


def clean_text(text: str, max_length: int) -> str:
    """Return a plain string that any JSON parser takes: half a surrogate pair would spoil the request."""
    text = str.__str__(text)[:max_length]
    return text if text.isascii() else text.encode("utf-8", "replace").decode()
