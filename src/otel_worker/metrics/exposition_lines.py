"""The lines of one series in the Prometheus text format and in OpenMetrics."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from math import isfinite, isnan

from otel_worker.metric_model import NumberPoint, SummaryPoint
from otel_worker.metrics.exposition_buckets import ClassicHistogram

_LABEL_ESCAPES = str.maketrans({"\\": r"\\", "\n": r"\n", '"': r"\""})
_TEXT_HELP_ESCAPES = str.maketrans({"\\": r"\\", "\n": r"\n"})


def label_text(labels: Sequence[tuple[str, str]]) -> str:
    """Return labels as they stand between braces."""
    return ",".join([f'{name}="{value.translate(_LABEL_ESCAPES)}"' for name, value in labels])


def help_text(description: str, openmetrics: bool) -> str:
    """Return a description as it stands in a HELP line; OpenMetrics escapes quotes there, too."""
    return description.translate(_LABEL_ESCAPES if openmetrics else _TEXT_HELP_ESCAPES)


def counter_lines(family: str, labels: str, point: NumberPoint, openmetrics: bool) -> Iterator[str]:
    """Yield the lines of a counter; `family` has no `_total` yet."""
    yield f"{family}_total{{{labels}}} {number_text(point.value)}\n"
    if openmetrics:
        yield from _created_line(family, labels, point.start_unix_nano)


def gauge_lines(family: str, labels: str, point: NumberPoint) -> Iterator[str]:
    """Yield the line of a gauge."""
    yield f"{family}{{{labels}}} {number_text(point.value)}\n"


def histogram_lines(
    family: str, labels: str, histogram: ClassicHistogram, openmetrics: bool
) -> Iterator[str]:
    """Yield the lines of a histogram.

    OpenMetrics allows a sum, and a count with it, only where the sum cannot fall: so not where a bound or the
    sum itself is negative. The infinite bucket is the count all the same.
    """
    for bound, count in histogram.cumulative_counts.items():
        yield f'{family}_bucket{{{labels},le="{bound_text(bound)}"}} {count}\n'
    yield f'{family}_bucket{{{labels},le="+Inf"}} {histogram.count}\n'
    total = histogram.sum
    has_negative_bound = any(bound < 0 for bound in histogram.cumulative_counts)
    has_sum = total is not None and not (openmetrics and (has_negative_bound or not total >= 0))
    if total is not None and has_sum:
        yield f"{family}_sum{{{labels}}} {number_text(total)}\n"
    if has_sum or not openmetrics:
        yield f"{family}_count{{{labels}}} {histogram.count}\n"
    if openmetrics:
        yield from _created_line(family, labels, histogram.start_unix_nano)


def summary_lines(family: str, labels: str, point: SummaryPoint, openmetrics: bool) -> Iterator[str]:
    """Yield the lines of a summary: its quantiles from 0 to 1 that have no negative value, sum and count."""
    for quantile, value in sorted(dict(point.quantiles).items()):
        if 0 <= quantile <= 1 and not value < 0:
            yield f'{family}{{{labels},quantile="{bound_text(quantile)}"}} {number_text(value)}\n'
    # To OpenMetrics it is a counter.
    if not openmetrics or point.sum >= 0:
        yield f"{family}_sum{{{labels}}} {number_text(point.sum)}\n"
    yield f"{family}_count{{{labels}}} {point.count}\n"
    if openmetrics:
        yield from _created_line(family, labels, point.start_unix_nano)


def number_text(number: float) -> str:
    """Return a sample's value: integers are exact, and doubles read back as the same double."""
    if isinstance(number, int) or isfinite(number):
        return repr(number)
    return "NaN" if isnan(number) else "+Inf" if number > 0 else "-Inf"


# The same bounds come again in every series.
@lru_cache(maxsize=1024)
def bound_text(bound: float) -> str:
    """Return the value of an `le` or `quantile` label as in OpenMetrics, "Canonical Numbers".

    It is text to Prometheus, so both formats write the same: 1.0, 0.005, 100000.0, 1e+06, 2.5e+06, 1e-05.
    """
    text = repr(float(bound))
    whole, _, fraction = text.removeprefix("-").partition(".")
    # What has an exponent already is no longer than that, either.
    if len(whole) <= 6:
        return number_text(float(bound))
    digits = (whole + fraction).rstrip("0")
    mantissa = f"{digits[0]}.{digits[1:]}" if len(digits) > 1 else digits
    return f"{'-' if bound < 0 else ''}{mantissa}e+{len(whole) - 1:02d}"


def _created_line(family: str, labels: str, start_unix_nano: int) -> Iterator[str]:
    """Yield when a series began, in seconds: where it is later than before, Prometheus knows of the reset."""
    if start_unix_nano > 0:
        seconds, nanoseconds = divmod(start_unix_nano, 1_000_000_000)
        fraction = f"{nanoseconds:09d}".rstrip("0") or "0"
        yield f"{family}_created{{{labels}}} {seconds}.{fraction}\n"
