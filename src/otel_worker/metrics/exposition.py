"""Cumulative metrics of all services as one page for Prometheus to scrape.

Metrics of many services and scopes become families, each written once. What cannot be written is left out and
counted by a metric of its own, `otel_worker_dropped_series`, which is there whenever something is missing:

* Two families that claim one name (a gauge and a histogram of one name, or a gauge `x_count` beside a
  histogram `x`): the one with more series stays, and the other is left out whole, as the specification wants.
* Descriptions or units that differ: that of most metrics is shown, and no point is lost.
* Points that have the same labels in Prometheus, since resource attributes are no labels: counts and sums are
  added; of gauges and quantiles the newest is shown.
* What is beyond the limit of characters, in the order of the names.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from otel_worker.metric_model import MetricGroup
from otel_worker.metrics.exposition_families import Collection, Dropped, Family, collect, resolve_conflicts
from otel_worker.metrics.exposition_lines import help_text, label_text
from otel_worker.metrics.exposition_series import family_rows

# As large as the largest answer of the store, for the same reason: it takes several times that in memory.
LIMIT_CHARACTERS = 8_000_000

TARGET_FAMILY = "target"
DROPPED_FAMILY = "otel_worker_dropped_series"
# Descriptions are for tooltips; the labels of what was dropped are for finding it.
_LIMIT_HELP_CHARACTERS = 1_000
_LIMIT_LABEL_CHARACTERS = 200
_LIMIT_DROPPED_LINES = 50


class _Page:
    """The text so far, up to a limit: the first row that is beyond it is the end."""

    def __init__(self, limit_characters: int) -> None:
        self.parts: list[str] = []
        self._remaining_characters = limit_characters

    def add_family(self, header: str, rows: Iterable[str]) -> int:
        """Add a family whose header is written with its first row, and return how many rows are written."""
        count = 0
        for row in rows:
            text = row if count else header + row
            self._remaining_characters -= len(text)
            if self._remaining_characters < 0:
                break
            self.parts.append(text)
            count += 1
        return count


def render(groups: Iterable[MetricGroup], openmetrics: bool, limit_characters: int = LIMIT_CHARACTERS) -> str:
    """Return cumulative metrics in OpenMetrics 1.0.0 or else in the Prometheus text format 0.0.4.

    The same metrics in any order give the same text. It is whole, with its end, also where metrics were left
    out; what says so may come on top of the limit.
    """
    collection = collect(groups)
    claimed = (TARGET_FAMILY, f"{TARGET_FAMILY}_info", DROPPED_FAMILY)
    families = resolve_conflicts(collection, openmetrics, claimed)
    page = _Page(limit_characters)
    # First, as OpenMetrics wants it.
    _add_targets(page, collection, openmetrics)
    for family in families:
        rows = family_rows(family, openmetrics)
        missing = len(family.series) - page.add_family(_header(family, openmetrics), rows)
        if missing:
            collection.dropped[Dropped(family.sample_name, "page_limit")] += missing
    return "".join([*page.parts, *_dropped_lines(collection), "# EOF\n" if openmetrics else ""])


def _add_targets(page: _Page, collection: Collection, openmetrics: bool) -> None:
    # The text format knows no infos: there it is a gauge that is always 1.
    name, type_name = (TARGET_FAMILY, "info") if openmetrics else (f"{TARGET_FAMILY}_info", "gauge")
    header = f"# TYPE {name} {type_name}\n# HELP {name} Resource attributes of a service.\n"
    texts = sorted({label_text(labels) for _, labels in collection.targets.values()})
    missing = len(texts) - page.add_family(header, (f"{TARGET_FAMILY}_info{{{text}}} 1\n" for text in texts))
    if missing:
        collection.dropped[Dropped(f"{TARGET_FAMILY}_info", "page_limit")] += missing


def _header(family: Family, openmetrics: bool) -> str:
    name = family.name if openmetrics else family.sample_name
    lines = [f"# TYPE {name} {family.type_name}\n"]
    if openmetrics and family.unit:
        lines.append(f"# UNIT {name} {family.unit}\n")
    # Spaces at its end would be lost, and a carriage return would look like the end of a line.
    if description := family.description[:_LIMIT_HELP_CHARACTERS].rstrip():
        lines.append(f"# HELP {name} {help_text(description, openmetrics)}\n")
    return "".join(lines)


def _dropped_lines(collection: Collection) -> list[str]:
    """Return the family that says what is missing: the worst first, and the rest in one line."""
    worst = sorted(collection.dropped.items(), key=lambda item: (-item[1], item[0]))
    if not worst:
        return []
    lines = [
        f"# TYPE {DROPPED_FAMILY} gauge\n",
        f"# HELP {DROPPED_FAMILY} Series that this page leaves out, by their family and the reason.\n",
    ]
    counts: Counter[str] = Counter()
    for dropped, count in worst[:_LIMIT_DROPPED_LINES]:
        family = dropped.family[:_LIMIT_LABEL_CHARACTERS]
        counts[label_text((("family", family), ("reason", dropped.reason)))] += count
    if rest := sum(count for _, count in worst[_LIMIT_DROPPED_LINES:]):
        counts[label_text((("reason", "others"),))] = rest
    return lines + [f"{DROPPED_FAMILY}{{{text}}} {count}\n" for text, count in counts.items()]
