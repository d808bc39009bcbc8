"""OpenTelemetry metric names and units as Prometheus ones.

The rules are those of the OpenTelemetry specification (Prometheus and OpenMetrics Compatibility). Where it
leaves a choice, the name is the one that Prometheus itself gives to pushed OTLP, so that a query works
whichever way a metric went. Its MUSTs come first: Prometheus 3 has other words for `TiBy`, `kBy` and `/min`.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from otel_worker.metric_model import EXPONENTIAL_HISTOGRAM, GAUGE, HISTOGRAM, SUM, SUMMARY, Metric

# The types of Prometheus that an OpenTelemetry metric can become.
COUNTER_TYPE, GAUGE_TYPE, HISTOGRAM_TYPE, SUMMARY_TYPE = "counter", "gauge", "histogram", "summary"

# The specification's table, and `KBy`, which is no UCUM unit and is sent all the same.
_UNIT_WORDS = {
    "d": "days", "h": "hours", "min": "minutes", "s": "seconds",
    "ms": "milliseconds", "us": "microseconds", "ns": "nanoseconds",
    "By": "bytes", "KiBy": "kibibytes", "MiBy": "mebibytes", "GiBy": "gibibytes", "TiBy": "tebibytes",
    "kBy": "kilobytes", "KBy": "kilobytes", "MBy": "megabytes", "GBy": "gigabytes", "TBy": "terabytes",
    "m": "meters", "V": "volts", "A": "amperes", "J": "joules", "W": "watts", "g": "grams",
    "Cel": "celsius", "Hz": "hertz", "%": "percent", "1": "",
}  # fmt: skip
# What follows "per" is one of it. `m` is a minute to Prometheus here, a metre in front of the slash.
_PER_WORDS = {
    "s": "second", "m": "minute", "min": "minute", "h": "hour", "d": "day", "w": "week", "mo": "month",
    "y": "year",
}  # fmt: skip

_ANNOTATION = re.compile(r"\{[^{}]*\}")
# Other characters become "_", several of them one, and none is left at either end.
_NAME_WORD = re.compile(r"[a-zA-Z0-9:]+")
_UNIT_WORD = re.compile(r"[a-zA-Z0-9]+")


class FamilyName(NamedTuple):
    """Name and unit of a metric family: `name` ends with "_" and `unit`, or `unit` is empty.

    It is OpenMetrics' name: that of a counter has no `_total` yet.
    """

    name: str
    unit: str


def prometheus_type(metric: Metric) -> str:
    """Return the type that a metric has in Prometheus; a sum that may fall is a gauge there."""
    if metric.kind == SUM:
        return COUNTER_TYPE if metric.is_monotonic else GAUGE_TYPE
    return {
        GAUGE: GAUGE_TYPE,
        HISTOGRAM: HISTOGRAM_TYPE,
        EXPONENTIAL_HISTOGRAM: HISTOGRAM_TYPE,
        SUMMARY: SUMMARY_TYPE,
    }[metric.kind]


def family_name(metric: Metric) -> FamilyName | None:
    """Return the family of a metric, or None if no character of its name is left in Prometheus' alphabet.

    `http.server.duration` in `ms` is `http_server_duration_milliseconds`; a gauge in `1` ends in `_ratio`.
    """
    is_counter = metric.kind == SUM and metric.is_monotonic
    is_ratio = metric.kind == GAUGE and metric.unit == "1"
    return _family_name(metric.name, metric.unit, is_counter, is_ratio)


# The names of an isolate's metrics are few and come again with every scrape.
@lru_cache(maxsize=4096)
def _family_name(name: str, unit: str, is_counter: bool, is_ratio: bool) -> FamilyName | None:
    words = _NAME_WORD.findall(name)
    if not words:
        return None
    if is_counter:
        # Wherever it stands: the end is its place, and `requests_total` has it there already.
        words = [word for word in words if word != "total"] or words
    main, per = _unit_words(unit)
    unit_words = main + per
    if not _contains(words, unit_words):
        if per and words[-len(per) :] == per:
            del words[-len(per) :]
        words += per if _contains(words, main) else unit_words
    if is_ratio:
        words = [*(word for word in words if word != "ratio"), "ratio"]
    joined = "_".join(words)
    unit_text = "_".join(unit_words)
    return FamilyName(
        "_" + joined if joined[0].isdigit() else joined,
        unit_text if joined.endswith("_" + unit_text) else "",
    )


def _unit_words(unit: str) -> tuple[list[str], list[str]]:
    """Return the words of a unit, and those behind its first slash with "per" in front: both may be empty.

    `By/s` is (["bytes"], ["per", "second"]), `{request}/s` is ([], ["per", "second"]).
    """
    main, _, per = _ANNOTATION.sub("", unit).partition("/")
    main, per = main.strip(), per.strip()
    per_words = _UNIT_WORD.findall(_PER_WORDS.get(per, per))
    return _UNIT_WORD.findall(_UNIT_WORDS.get(main, main)), ["per", *per_words] if per_words else []


def _contains(words: list[str], part: list[str]) -> bool:
    """Return whether `part` stands somewhere in `words`, whole and in order: a unit is not named twice."""
    length = len(part)
    return any(words[start : start + length] == part for start in range(len(words) - length + 1))
