"""Attributes, resources and scopes as labels, by the sentences of the OpenTelemetry specification.

"Spec" is Prometheus and OpenMetrics Compatibility, "AnyValue" the representation for non-OTLP protocols.
"""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_worker.metrics.naming_labels import (
    attribute_labels,
    group_labels,
    label_name,
    label_value,
    merge_labels,
    target_info_labels,
    target_labels,
)
from otel_worker.model import Attributes, Resource, Scope, Value


@pytest.mark.parametrize(
    ("key", "label"),
    [
        ("http.request.method", "http_request_method"),
        ("http:method", "http_method"),
        ("CamelCase", "CamelCase"),
        ("a!!b__c", "a_b_c"),
        ("trailing_", "trailing_"),
        ("2xx", "key_2xx"),
        # Underscores in front belong to OpenMetrics and Prometheus.
        (".hidden", "key_hidden"),
        ("__name__", "key_name_"),
        ("ようこそ", "key_"),
        ("", "key_"),
    ],
)
def test_an_attribute_key_has_its_label(key: str, label: str) -> None:
    assert label_name(key) == label


@given(st.text())
def test_every_label_name_is_one_for_prometheus(key: str) -> None:
    assert re.fullmatch("[a-zA-Z][a-zA-Z0-9_]*", label_name(key))
    assert "__" not in label_name(key)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        # AnyValue: the examples of its sections.
        ("hello world", "hello world"), ("", ""), (True, "true"), (False, "false"), (42, "42"),
        (-123, "-123"), (3.14159, "3.14159"), (1.23e10, "12300000000"), (1.5e300, "1.5e+300"),
        ({"double": "NaN"}, "NaN"), ({"double": "-Infinity"}, "-Infinity"),
        ({"bytes": "aGVsbG8gd29ybGQ="}, "aGVsbG8gd29ybGQ="), (None, ""), ([], "[]"),
        (
            [1, {"double": "-Infinity"}, "a", True, {"map": {"nested": {"bytes": "aGVsbG8gd29ybGQ="}}}],
            '[1,"-Infinity","a",true,{"nested":"aGVsbG8gd29ybGQ="}]',
        ),
        ({"map": {}}, "{}"),
        ({"map": {"c": [3, None], "a": {"double": "NaN"}, "b": 2}}, '{"a":"NaN","b":2,"c":[3,null]}'),
        # 64 bits are exact, and a double without a fraction is written as Prometheus does it.
        (2**63 - 1, "9223372036854775807"), (3.0, "3"), (1e17, "100000000000000000"), (1e21, "1e+21"),
        (-0.5, "-0.5"), ('say "hi"\n', 'say "hi"\n'),
    ],
)  # fmt: skip
def test_an_attribute_value_has_its_text(value: Value, text: str) -> None:
    assert label_value(value) == text


@pytest.mark.parametrize(
    ("attributes", "job", "instance"),
    [
        ({"service.name": "cart"}, "cart", ""),
        # Spec: "combined as <service.namespace>/<service.name>, or <service.name> if namespace is empty".
        ({"service.name": "cart", "service.namespace": "shop"}, "shop/cart", ""),
        ({"service.name": "cart", "service.namespace": ""}, "cart", ""),
        ({"service.name": "cart", "service.instance.id": "i-1"}, "cart", "i-1"),
        ({"service.name": "cart", "service.instance.id": 7}, "cart", "7"),
        ({}, "unknown_service", ""),
    ],
)
def test_a_resource_is_a_job_and_an_instance(attributes: Attributes, job: str, instance: str) -> None:
    assert target_labels(Resource(attributes)) == (job, instance)


def test_target_info_has_the_other_attributes_of_the_resource() -> None:
    attributes: Attributes = {
        "service.name": "cart", "service.namespace": "shop", "service.instance.id": "i-1",
        "cloud.region": "eu", "process.pid": 7, "job": "nightly",
    }  # fmt: skip
    assert target_info_labels(Resource(attributes)) == (
        ("cloud_region", "eu"), ("instance", "i-1"), ("job", "nightly;shop/cart"), ("process_pid", "7"),
    )  # fmt: skip


def test_a_resource_that_only_says_who_it_is_has_no_target_info() -> None:
    assert target_info_labels(Resource({"service.name": "cart", "service.instance.id": "i-1"})) is None


def labels_of(resource: Resource, scope: Scope, attributes: Attributes) -> dict[str, str]:
    return dict(merge_labels([*group_labels(resource, scope), *attribute_labels(attributes)]))


def test_a_scope_is_labels_of_every_point() -> None:
    scope = Scope("io.lib", "1.2", {"a.b": True}, schema_url="https://example.com/1")
    assert labels_of(Resource({"service.name": "cart"}), scope, {"k": "v"}) == {
        "instance": "",
        "job": "cart",
        "k": "v",
        "otel_scope_a_b": "true",
        "otel_scope_name": "io.lib",
        "otel_scope_schema_url": "https://example.com/1",
        "otel_scope_version": "1.2",
    }


def test_what_a_scope_does_not_say_is_no_label() -> None:
    assert labels_of(Resource({"service.name": "cart"}), Scope(), {}) == {"instance": "", "job": "cart"}


@pytest.mark.parametrize("key", ["name", "version", "schema_url", "schema.url", ".name"])
def test_a_scope_attribute_with_the_label_of_the_scope_itself_is_dropped(key: str) -> None:
    scope = Scope("io.lib", "1.2", {key: "x"}, schema_url="u")
    assert labels_of(Resource(), scope, {}) == labels_of(
        Resource(), Scope("io.lib", "1.2", schema_url="u"), {}
    )


@pytest.mark.parametrize(
    ("attributes", "label", "value"),
    [
        # Spec: "values MUST be concatenated together, separated by ;, and ordered by the lexicographical
        # order of the original keys".
        ({"a_b": "2", "a.b": "1"}, "a_b", "1;2"),
        ({"a.b": "1", "a_b": "2", "a-b": "3"}, "a_b", "3;1;2"),
        ({"foo!": 1, "foo.": 2.5}, "foo_", "1;2.5"),
        # "or other labels (e.g. otel_scope_name) added by this specification".
        ({"otel.scope.name": "mine"}, "otel_scope_name", "mine;io.lib"),
        ({"job": "nightly"}, "job", "nightly;unknown_service"),
    ],
)
def test_values_of_one_label_are_joined_in_the_order_of_their_keys(
    attributes: Attributes, label: str, value: str
) -> None:
    assert labels_of(Resource(), Scope("io.lib"), attributes)[label] == value


def test_the_label_that_a_format_needs_itself_is_renamed() -> None:
    assert attribute_labels({"le": "x", "a": 1}, reserved="le") == [
        ("le", "exported_le", "x"), ("a", "a", "1"),
    ]  # fmt: skip
    assert attribute_labels({"le": "x"}) == [("le", "le", "x")]


def test_the_order_of_attributes_makes_no_difference() -> None:
    pairs = [("b", "1"), ("a.x", "2"), ("a_x", "3")]
    forward: Attributes = dict(pairs)
    backward: Attributes = dict(reversed(pairs))
    assert merge_labels(attribute_labels(forward)) == merge_labels(attribute_labels(backward))
