"""Durations, times, counts and sizes as people read them."""

from __future__ import annotations

from datetime import datetime

_SECOND_NANO = 1_000_000_000
_SMALL_UNITS = (("ns", 1), ("µs", 1_000), ("ms", 1_000_000), ("s", _SECOND_NANO))
_MINUTE, _HOUR, _DAY = 60, 3_600, 86_400
_SIZES = ("bytes", "kB", "MB", "GB", "TB")


def format_duration(nano: int) -> str:
    """Return a duration with three digits and a unit up to a minute, and with two units above."""
    if nano < 0:
        return f"-{format_duration(-nano)}"
    seconds = (nano + _SECOND_NANO // 2) // _SECOND_NANO
    if seconds >= _DAY:
        return f"{seconds // _DAY} d {seconds % _DAY // _HOUR:02} h"
    if seconds >= _HOUR:
        return f"{seconds // _HOUR} h {seconds % _HOUR // _MINUTE:02} m"
    if seconds >= _MINUTE:
        return f"{seconds // _MINUTE} m {seconds % _MINUTE:02} s"
    for unit, unit_nano in _SMALL_UNITS:
        digits = _three_digits(nano, unit_nano)
        if unit == "s" or (nano < 1000 * unit_nano and digits != "1000"):
            return f"{digits} {unit}"
    raise AssertionError("the last unit takes everything")


def format_age(unix_nano: int, now_unix_nano: int) -> str:
    """Return how long ago a moment was, in its largest unit."""
    seconds = (now_unix_nano - unix_nano) // _SECOND_NANO
    if seconds < 0:
        return f"in {_largest_unit(-seconds)}"
    return "just now" if seconds == 0 else f"{_largest_unit(seconds)} ago"


def format_time(unix_nano: int) -> str:
    """Return a moment in the zone of this machine, to the millisecond; digits beyond the calendar."""
    try:
        moment = datetime.fromtimestamp(unix_nano // _SECOND_NANO).astimezone()
    except (OverflowError, OSError, ValueError):
        return f"{unix_nano} ns"
    zone = moment.strftime("%z")
    milliseconds = unix_nano % _SECOND_NANO // 1_000_000
    return f"{moment:%Y-%m-%d %H:%M:%S}.{milliseconds:03} {zone[:3]}:{zone[3:5]}"


def format_clock(unix_nano: int) -> str:
    """Return the time of the day in the zone of this machine."""
    try:
        return f"{datetime.fromtimestamp(unix_nano // _SECOND_NANO):%H:%M:%S}"
    except (OverflowError, OSError, ValueError):
        return "--:--:--"


def format_count(count: int, noun: str) -> str:
    """Return a count with its noun: "1 span", "12,000 spans"."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def format_size(size_bytes: int) -> str:
    """Return a size in decimal units, as Cloudflare counts."""
    size = float(size_bytes)
    for unit in _SIZES:
        if size < 1000 or unit == _SIZES[-1]:
            break
        size /= 1000
    return f"{size:,.0f} {unit}" if unit == "bytes" or size >= 100 else f"{size:.1f} {unit}"


def _three_digits(nano: int, unit_nano: int) -> str:
    whole = nano // unit_nano
    places = 0 if unit_nano == 1 or whole >= 100 else 1 if whole >= 10 else 2
    text = f"{nano / unit_nano:.{places}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _largest_unit(seconds: int) -> str:
    for unit, size in (("d", _DAY), ("h", _HOUR), ("min", _MINUTE)):
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"
