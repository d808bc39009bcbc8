"""Metric names and units in Prometheus, by the table and sentences of the OpenTelemetry specification.

"Spec" is Prometheus and OpenMetrics Compatibility.
"""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_worker.metric_model import (
    EXPONENTIAL_HISTOGRAM,
    GAUGE,
    HISTOGRAM,
    SUM,
    SUMMARY,
    Metric,
)
from otel_worker.metrics.naming import FamilyName, family_name, prometheus_type

KINDS = (GAUGE, SUM, HISTOGRAM, EXPONENTIAL_HISTOGRAM, SUMMARY)


def make_metric(name: str, unit: str = "", kind: str = GAUGE, is_monotonic: bool = False) -> Metric:
    return Metric(name, "", unit, kind, 0, is_monotonic, [])


def named(name: str, unit: str = "", kind: str = GAUGE, is_monotonic: bool = False) -> FamilyName | None:
    return family_name(make_metric(name, unit, kind, is_monotonic))


@pytest.mark.parametrize(
    ("unit", "word"),
    [
        ("d", "days"), ("h", "hours"), ("min", "minutes"), ("s", "seconds"), ("ms", "milliseconds"),
        ("us", "microseconds"), ("ns", "nanoseconds"), ("By", "bytes"), ("KiBy", "kibibytes"),
        ("MiBy", "mebibytes"), ("GiBy", "gibibytes"), ("TiBy", "tebibytes"), ("kBy", "kilobytes"),
        ("MBy", "megabytes"), ("GBy", "gigabytes"), ("TBy", "terabytes"), ("m", "meters"), ("V", "volts"),
        ("A", "amperes"), ("J", "joules"), ("W", "watts"), ("g", "grams"), ("Cel", "celsius"),
        ("Hz", "hertz"), ("%", "percent"),
    ],
)  # fmt: skip
def test_every_unit_of_the_specification_has_its_word(unit: str, word: str) -> None:
    assert named("x", unit) == (f"x_{word}", word)


@pytest.mark.parametrize(
    ("unit", "word"),
    [
        # Spec: "Units defined as rates over time (e.g. m/s) MUST be converted to words".
        ("m/s", "meters_per_second"),
        ("By/s", "bytes_per_second"),
        ("By/min", "bytes_per_minute"),
        ("1/h", "per_hour"),
        ("1/d", "per_day"),
        ("km/h", "km_per_hour"),
        # Spec: "Portions of the Unit within brackets (e.g. {packet}) MUST be dropped".
        ("{packet}", ""),
        ("{packet}/s", "per_second"),
        ("By{payload}", "bytes"),
        ("By/{request}", "bytes"),
        ("{a}/{b}", ""),
        # Others stay as they are, in Prometheus' alphabet.
        ("requests", "requests"),
        ("custom_unit", "custom_unit"),
        ("10*3.m", "10_3_m"),
        (" s ", "seconds"),
        ("°", ""),
        ("/", ""),
        ("", ""),
    ],
)
def test_a_unit_becomes_words(unit: str, word: str) -> None:
    assert named("x", unit) == (f"x_{word}" if word else "x", word)


@pytest.mark.parametrize(
    ("name", "unit", "family", "family_unit"),
    [
        ("http.server.duration", "ms", "http_server_duration_milliseconds", "milliseconds"),
        # Spec: "Discouraged characters [...] SHOULD be replaced with _", several by a single one.
        ("a.b-c/d e", "", "a_b_c_d_e", ""),
        ("a..b__c._d", "", "a_b_c_d", ""),
        ("größe", "", "gr_e", ""),
        ("rule:sum", "", "rule:sum", ""),
        ("_a_", "", "a", ""),
        ("2xx", "", "_2xx", ""),
        # Spec: a suffix is added "unless the metric name already ends with the unit".
        ("process_cpu_seconds", "s", "process_cpu_seconds", "seconds"),
        ("queue_custom_unit", "custom_unit", "queue_custom_unit", "custom_unit"),
        ("traffic_bytes_per_second", "By/s", "traffic_bytes_per_second", "bytes_per_second"),
        ("traffic_per_second", "By/s", "traffic_bytes_per_second", "bytes_per_second"),
        ("requests_per_second", "1/s", "requests_per_second", "per_second"),
        ("seconds", "s", "seconds", ""),
        # As Prometheus does it: a unit inside the name is not said again, and is no suffix then.
        ("bytes_read", "By/s", "bytes_read_per_second", ""),
        ("seconds_since_start", "s", "seconds_since_start", ""),
        ("nanoseconds_spent", "s", "nanoseconds_spent_seconds", "seconds"),
        # A gauge without dimension is a ratio.
        ("memory.usage", "1", "memory_usage_ratio", ""),
        ("cpu_ratio", "1", "cpu_ratio", ""),
        ("ratio.of.hits", "1", "of_hits_ratio", ""),
    ],
)
def test_a_gauge_has_its_name(name: str, unit: str, family: str, family_unit: str) -> None:
    assert named(name, unit) == (family, family_unit)


@pytest.mark.parametrize(
    ("name", "unit", "family", "family_unit"),
    [
        ("http.requests", "{request}", "http_requests", ""),
        # Spec: "The unit suffix comes before any type-specific suffixes".
        ("cpu_total", "s", "cpu_seconds", "seconds"),
        ("cpu_seconds_total", "s", "cpu_seconds", "seconds"),
        # Its `_total` is added when it is written: twice nowhere.
        ("requests_total", "", "requests", ""),
        ("requests.total.count", "", "requests_count", ""),
        ("total", "", "total", ""),
        # Only of a gauge is 1 a ratio.
        ("items", "1", "items", ""),
    ],
)
def test_a_counter_has_its_name_without_total(name: str, unit: str, family: str, family_unit: str) -> None:
    assert named(name, unit, SUM, is_monotonic=True) == (family, family_unit)


def test_total_is_a_word_like_others_in_what_is_no_counter() -> None:
    assert named("requests_total", "", SUM) == ("requests_total", "")
    assert named("requests_total", "s", HISTOGRAM) == ("requests_total_seconds", "seconds")
    assert named("share", "1", SUM) == ("share", "")


@pytest.mark.parametrize("name", ["", "...", "__", "ようこそ"])
def test_a_name_without_a_character_of_prometheus_is_none(name: str) -> None:
    assert named(name, "s") is None


@given(st.text(), st.text(max_size=8), st.sampled_from(KINDS), st.booleans())
def test_every_name_is_one_for_prometheus(name: str, unit: str, kind: str, is_monotonic: bool) -> None:
    family = named(name, unit, kind, is_monotonic)
    if family is None:
        assert not re.search("[a-zA-Z0-9:]", name)
    else:
        assert re.fullmatch("[a-zA-Z_:][a-zA-Z0-9_:]*", family.name)
        assert "__" not in family.name
        assert family.name.endswith(f"_{family.unit}" if family.unit else "")
        # What was named once is not changed by naming it again.
        assert named(family.name, unit, kind, is_monotonic) == family


@pytest.mark.parametrize(
    ("kind", "is_monotonic", "type_name"),
    [
        (GAUGE, False, "gauge"),
        (SUM, True, "counter"),
        # Spec: a non-monotonic sum "should follow the same rules as described for Gauge".
        (SUM, False, "gauge"),
        (HISTOGRAM, False, "histogram"),
        (EXPONENTIAL_HISTOGRAM, False, "histogram"),
        (SUMMARY, False, "summary"),
    ],
)
def test_a_kind_has_its_type(kind: str, is_monotonic: bool, type_name: str) -> None:
    assert prometheus_type(make_metric("x", "", kind, is_monotonic)) == type_name
