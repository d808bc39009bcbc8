"""OpenTelemetry attributes, resources and scopes as Prometheus labels.

The rules are those of the OpenTelemetry specification (Prometheus and OpenMetrics Compatibility). Labels
travel as (key, label, value): attributes whose keys differ may have one label, and then their values are
joined in the order of the keys.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

import msgspec

from otel_worker.model import Attributes, Resource, Scope, Value
from otel_worker.render import render_value

KeyedLabel = tuple[str, str, str]
# Pairs of name and value, each name once, in the order of the names.
Labels = tuple[tuple[str, str], ...]

# Together they say who it is: `job` and `instance`.
_IDENTIFYING = ("service.namespace", "service.name", "service.instance.id")
_SCOPE_NAME, _SCOPE_VERSION, _SCOPE_SCHEMA_URL = (
    "otel_scope_name", "otel_scope_version", "otel_scope_schema_url",
)  # fmt: skip
_OWN_SCOPE_LABELS = frozenset((_SCOPE_NAME, _SCOPE_VERSION, _SCOPE_SCHEMA_URL))

_NOT_IN_LABELS = re.compile(r"[^a-zA-Z0-9]+")
# Maps are equal whatever their order, so their text has to be.
_encode_sorted = msgspec.json.Encoder(order="sorted").encode


# Attribute keys are few and come again with every point.
@lru_cache(maxsize=4096)
def label_name(key: str) -> str:
    """Return the label of an attribute key: `http.method` is `http_method`, `2xx` is `key_2xx`.

    It never starts with an underscore, which OpenMetrics and Prometheus keep to themselves: `__name__` would
    rename the metric.
    """
    name = _NOT_IN_LABELS.sub("_", key)
    if not name or name[0] == "_":
        return f"key{name or '_'}"
    return f"key_{name}" if name[0].isdigit() else name


def label_value(value: Value) -> str:
    """Return an attribute value as text ("AnyValue representation for non-OTLP protocols")."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        # As Prometheus writes the doubles of pushed OTLP; beyond that, both have exponents.
        return str(int(value)) if abs(value) < 1e21 else repr(value)
    rendered = render_value(value)
    return rendered if isinstance(rendered, str) else _encode_sorted(rendered).decode()


def target_labels(resource: Resource) -> tuple[str, str]:
    """Return the values of `job` and `instance`; the second is empty where the resource names none.

    Empty and yet written, it keeps Prometheus with `honor_labels` from putting the collector's address there.
    """
    attributes = resource.attributes
    namespace = label_value(attributes.get("service.namespace"))
    name = resource.service_name
    return (
        f"{namespace}/{name}" if namespace else name,
        label_value(attributes.get("service.instance.id")),
    )


def target_info_labels(resource: Resource) -> Labels | None:
    """Return the labels of `target_info`, or None if the resource says nothing but who it is."""
    others = {key: value for key, value in resource.attributes.items() if key not in _IDENTIFYING}
    return merge_labels([*_target_pairs(resource), *attribute_labels(others)]) if others else None


def group_labels(resource: Resource, scope: Scope) -> list[KeyedLabel]:
    """Return the labels that all points of a resource and scope have."""
    own = ((_SCOPE_NAME, scope.name), (_SCOPE_VERSION, scope.version), (_SCOPE_SCHEMA_URL, scope.schema_url))
    # A label without a value is no label to Prometheus.
    labels = [(name, name, value) for name, value in own if value]
    for key, value in scope.attributes.items():
        prefixed = f"otel_scope_{key}"
        name = label_name(prefixed)
        if name not in _OWN_SCOPE_LABELS:
            labels.append((prefixed, name, label_value(value)))
    return [*_target_pairs(resource), *labels]


def attribute_labels(attributes: Attributes, reserved: str = "") -> list[KeyedLabel]:
    """Return the labels of a point's attributes; `reserved` is the one that its format needs for itself.

    That one (`le` of a histogram, `quantile` of a summary) gets the prefix that Prometheus gives to labels
    in the way of its own.
    """
    labels: list[KeyedLabel] = []
    for key, value in attributes.items():
        name = label_name(key)
        labels.append((key, f"exported_{name}" if name == reserved else name, label_value(value)))
    return labels


def merge_labels(labels: Iterable[KeyedLabel]) -> Labels:
    """Return labels in the order of their names, values of one name joined by ";" in the keys' order."""
    merged: dict[str, str] = {}
    for _, name, value in sorted(labels):
        merged[name] = f"{merged[name]};{value}" if name in merged else value
    return tuple(sorted(merged.items()))


def _target_pairs(resource: Resource) -> list[KeyedLabel]:
    job, instance = target_labels(resource)
    return [("job", "job", job), ("instance", "instance", instance)]
