"""Durations, times and sizes as people read them."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_worker_cli.terminal.formats import (
    format_age,
    format_count,
    format_duration,
    format_size,
    format_time,
)

SECOND = 1_000_000_000
NOW = 1_767_225_600 * SECOND


@pytest.mark.parametrize(
    ("nano", "text"),
    [
        (0, "0 ns"),
        (999, "999 ns"),
        (1_000, "1 µs"),
        (1_234, "1.23 µs"),
        (12_345, "12.3 µs"),
        (123_456, "123 µs"),
        (999_499, "999 µs"),
        (999_999, "1 ms"),
        (1_500_000, "1.5 ms"),
        (250_000_000, "250 ms"),
        (999_999_999, "1 s"),
        (1_230_000_000, "1.23 s"),
        (59_400_000_000, "59.4 s"),
        (59_999_999_999, "1 m 00 s"),
        (125 * SECOND, "2 m 05 s"),
        (3_600 * SECOND, "1 h 00 m"),
        (100_000 * SECOND, "1 d 03 h"),
        (-1_500_000, "-1.5 ms"),
    ],
)
def test_duration(nano: int, text: str) -> None:
    assert format_duration(nano) == text


@given(st.integers(0, 2**63))
def test_a_duration_is_short(nano: int) -> None:
    assert re.fullmatch(r"[0-9.]+ (ns|µs|ms|s)|[0-9]+ [mhd] [0-9]{2} [smh]", format_duration(nano))
    assert nano > 10**16 or len(format_duration(nano)) <= 10


@pytest.mark.parametrize(
    ("seconds_ago", "text"),
    [
        (0, "just now"),
        (1, "1 s ago"),
        (59, "59 s ago"),
        (60, "1 min ago"),
        (7_199, "1 h ago"),
        (200_000, "2 d ago"),
        (-5, "in 5 s"),
    ],
)
def test_age(seconds_ago: int, text: str) -> None:
    assert format_age(NOW - seconds_ago * SECOND, NOW) == text


def test_a_time_has_its_zone_and_no_time_is_too_strange() -> None:
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.007 [+-]\d\d:\d\d", format_time(NOW + 7_000_000))
    assert format_time(2**64 * SECOND) == f"{2**64 * SECOND} ns"


def test_counts_and_sizes() -> None:
    assert (format_count(1, "span"), format_count(12_000, "span")) == ("1 span", "12,000 spans")
    sizes = [0, 999, 1_000, 12_340, 999_999, 123_456_789, 5 * 10**12]
    assert [format_size(size) for size in sizes] == [
        "0 bytes",
        "999 bytes",
        "1.0 kB",
        "12.3 kB",
        "1,000 kB",
        "123 MB",
        "5.0 TB",
    ]
