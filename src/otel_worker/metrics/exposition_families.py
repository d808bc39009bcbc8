"""The families of an exposition: metrics of many services under one name, and whose a name is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from msgspec import Struct, field

from otel_worker.metric_model import (
    CUMULATIVE,
    GAUGE,
    NO_RECORDED_VALUE,
    SUMMARY,
    Metric,
    MetricGroup,
    NumberPoint,
    Point,
)
from otel_worker.metrics.exposition_lines import label_text
from otel_worker.metrics.naming import (
    COUNTER_TYPE,
    GAUGE_TYPE,
    HISTOGRAM_TYPE,
    SUMMARY_TYPE,
    family_name,
    prometheus_type,
)
from otel_worker.metrics.naming_labels import (
    KeyedLabel,
    Labels,
    attribute_labels,
    group_labels,
    merge_labels,
    target_info_labels,
    target_labels,
)

# A label of this name would be taken for the format's own.
_RESERVED_LABEL = {HISTOGRAM_TYPE: "le", SUMMARY_TYPE: "quantile"}
# What the samples of a family are called, behind its name.
_SUFFIXES: dict[str, tuple[str, ...]] = {
    COUNTER_TYPE: ("_total",),
    GAUGE_TYPE: ("",),
    HISTOGRAM_TYPE: ("", "_bucket", "_sum", "_count"),
    SUMMARY_TYPE: ("", "_sum", "_count"),
}
# In OpenMetrics a counter's family has the name without `_total`, and all but gauges say when they began.
_OPENMETRICS_SUFFIXES = {
    type_name: suffixes if type_name == GAUGE_TYPE else ("", *suffixes, "_created")
    for type_name, suffixes in _SUFFIXES.items()
}


class Family(Struct):
    """Series of one name and type, by the text of their labels, with all points that map to it.

    `name` is OpenMetrics' name. `is_additive` says that such points are parts of a whole.
    """

    name: str
    type_name: str
    is_additive: bool = True
    series: dict[str, list[Point]] = field(default_factory=dict)
    units: Counter[str] = field(default_factory=Counter)
    descriptions: Counter[str] = field(default_factory=Counter)

    @property
    def sample_name(self) -> str:
        """The name in the Prometheus text format."""
        return f"{self.name}_total" if self.type_name == COUNTER_TYPE else self.name

    @property
    def unit(self) -> str:
        """The unit of most metrics, empty if none has one."""
        return _most_common(self.units)

    @property
    def description(self) -> str:
        """The description of most metrics, empty if none has one."""
        return _most_common(self.descriptions)


class Dropped(NamedTuple):
    """Why series are left out, and the family they belong to."""

    family: str
    reason: str


class Collection(Struct):
    """Everything that could be on a page: families, attributes of each target, and what is left out."""

    families: dict[tuple[str, str], Family] = field(default_factory=dict)
    # The newest time of a target's points, and the labels of the resource it is from.
    targets: dict[tuple[str, str], tuple[int, Labels]] = field(default_factory=dict)
    dropped: Counter[Dropped] = field(default_factory=Counter)


def collect(groups: Iterable[MetricGroup]) -> Collection:
    """Return the families of cumulative metrics, without series that have ended (NO_RECORDED_VALUE)."""
    collection = Collection()
    for group in groups:
        labels = group_labels(group.resource, group.scope)
        times = [0]
        for metric in group.metrics:
            points = [point for point in metric.points if not point.flags & NO_RECORDED_VALUE]
            if points:
                times.extend(point.time_unix_nano for point in points)
                _add_points(collection, metric, points, labels)
        info = target_info_labels(group.resource)
        if info and len(times) > 1:
            target = target_labels(group.resource)
            collection.targets[target] = max((max(times), info), collection.targets.get(target, (0, ())))
    return collection


def resolve_conflicts(collection: Collection, openmetrics: bool, claimed: Iterable[str]) -> list[Family]:
    """Return the families that no other stands in the way of, in the order of their names.

    A name belongs to the family with most series, so that one service with a mistake does not hide a metric
    of all others; `claimed` names belong to nobody. The others are counted in `collection.dropped`.
    """
    suffixes = _OPENMETRICS_SUFFIXES if openmetrics else _SUFFIXES
    taken = set(claimed)
    winners: list[Family] = []
    families = [family for family in collection.families.values() if family.series]
    for family in sorted(families, key=lambda family: (-len(family.series), family.name, family.type_name)):
        names = {family.name + suffix for suffix in suffixes[family.type_name]}
        if names & taken:
            collection.dropped[Dropped(family.sample_name, "name_conflict")] += len(family.series)
        else:
            taken |= names
            winners.append(family)
    return sorted(winners, key=lambda family: (family.name, family.type_name))


def _add_points(
    collection: Collection, metric: Metric, points: list[Point], labels: list[KeyedLabel]
) -> None:
    name, type_name = family_name(metric), prometheus_type(metric)
    if name is None:
        collection.dropped[Dropped(metric.name, "invalid_name")] += len(points)
        return
    family = Family(name.name, type_name)
    if metric.temporality != CUMULATIVE and metric.kind not in (GAUGE, SUMMARY):
        collection.dropped[Dropped(family.sample_name, "not_cumulative")] += len(points)
        return
    family = collection.families.setdefault((name.name, type_name), family)
    family.is_additive &= metric.kind != GAUGE
    if name.unit:
        family.units[name.unit] += 1
    if description := metric.description.strip():
        family.descriptions[description] += 1
    reserved = _RESERVED_LABEL.get(type_name, "")
    for point in points:
        if type_name == COUNTER_TYPE and isinstance(point, NumberPoint) and not point.value >= 0:
            # Neither a negative number nor NaN is a count.
            collection.dropped[Dropped(family.sample_name, "invalid_value")] += 1
            continue
        text = label_text(merge_labels([*labels, *attribute_labels(point.attributes, reserved)]))
        family.series.setdefault(text, []).append(point)


def _most_common(texts: Counter[str]) -> str:
    return max(texts, key=lambda text: (texts[text], text), default="")
