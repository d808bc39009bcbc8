"""Moments as a language model reads them."""

from __future__ import annotations

from datetime import UTC, datetime

_SECOND_NANO = 1_000_000_000


def show_time(unix_nano: int) -> str:
    """Return a moment in UTC as RFC 3339, to the microsecond; digits beyond the calendar."""
    try:
        moment = datetime.fromtimestamp(unix_nano // _SECOND_NANO, UTC)
    except (OverflowError, OSError, ValueError):
        return f"{unix_nano} ns"
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{unix_nano % _SECOND_NANO // 1_000:06}Z"
