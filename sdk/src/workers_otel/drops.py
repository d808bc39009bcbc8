"""Why something was not counted: the reasons, and the exception that carries one to the count."""

from __future__ import annotations

INVALID_NAME = "invalid_name"
INVALID_UNIT = "invalid_unit"
INVALID_VALUE = "invalid_value"
INVALID_BOUNDS = "invalid_bounds"
INVALID_RECORD = "invalid_record"
NEGATIVE_VALUE = "negative_value"
KIND_CONFLICT = "kind_conflict"
UNIT_CONFLICT = "unit_conflict"
BOUNDS_CONFLICT = "bounds_conflict"
TOO_MANY_INSTRUMENTS = "too_many_instruments"
TOO_MANY_SERIES = "too_many_series"
CALLBACK_FAILED = "callback_failed"

# Of single attributes; the record itself counts.
INVALID_ATTRIBUTE = "invalid_attribute"
TOO_MANY_KEYS = "too_many_attribute_keys"

# Of data points that were sent.
REJECTED = "rejected"
UNANSWERED = "unanswered"


class Dropped(Exception):
    """A record that will not be counted; never reaches the user's code."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
