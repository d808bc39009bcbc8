"""The metrics routes: POST /v1/metrics and GET /metrics, with everything that HTTP says about them."""

from __future__ import annotations

import gzip
import zlib
from functools import partial
from typing import Any

import msgspec
import pytest
from google.rpc.status_pb2 import Status
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceResponse
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text

from otel_worker.api.message import Response
from otel_worker.api.router import Collector
from otel_worker.errors import NotConfigured, StorageUnavailable
from otel_worker.settings import DEFAULT_METRICS_FLUSH_SECONDS, Settings, read_settings
from tests.core import harness
from tests.core.harness import AUTH_TOKEN, JSON, PROTOBUF, Api
from tests.core.metric_runtime import FakeGateway
from tests.core.metric_samples import rich_metrics_request
from tests.core.test_metric_gateway import body, delta, oversized, values

ONE = body(("shop", [delta(5, asInt="5")]))


@pytest.fixture
def gateway(monkeypatch: pytest.MonkeyPatch) -> FakeGateway:
    """A gateway that the application has from now on."""
    gateway = FakeGateway()
    monkeypatch.setattr(harness, "Collector", partial(Collector, metrics=gateway))
    return gateway


def export(api: Api, request: bytes, content_type: str = JSON, **headers: str) -> Response:
    return api.respond("POST", "/v1/metrics", request, Content_Type=content_type, **headers)


def test_an_export_is_answered_in_its_own_encoding(api: Api, gateway: FakeGateway) -> None:
    assert export(api, body(("shop", [delta(5)]))) == Response(200, b"{}", JSON)
    assert export(api, rich_metrics_request().SerializeToString(), PROTOBUF) == Response(200, b"", PROTOBUF)
    assert values(gateway)["shop"][0] == 5


def test_a_partial_success_counts_data_points(api: Api, gateway: FakeGateway) -> None:
    response = export(api, body(("shop", [delta(5), oversized("bad")])))
    message = "1 data points rejected: metric 'bad' the attributes are larger than 4096 bytes"
    assert (response.status, msgspec.json.decode(response.body)) == (
        200,
        {"partialSuccess": {"rejectedDataPoints": "1", "errorMessage": message}},
    )
    rich = rich_metrics_request()
    counter = rich.resource_metrics[0].scope_metrics[0].metrics[1]
    counter.name = "bad"
    counter.sum.data_points[0].attributes[0].value.string_value = "x" * 5000
    response = export(api, rich.SerializeToString(), PROTOBUF)
    partial_success = ExportMetricsServiceResponse.FromString(response.body).partial_success
    assert (partial_success.rejected_data_points, partial_success.error_message) == (1, message)


def test_a_request_that_is_refused_whole_says_why_as_a_status(api: Api, gateway: FakeGateway) -> None:
    rich = rich_metrics_request()
    del rich.resource_metrics[0].scope_metrics[0].metrics[2:]
    del rich.resource_metrics[0].scope_metrics[0].metrics[0]
    rich.resource_metrics[0].scope_metrics[0].metrics[0].sum.data_points[0].as_int = -7
    response = export(api, rich.SerializeToString(), PROTOBUF)
    assert (response.status, response.content_type) == (400, PROTOBUF)
    status = Status.FromString(response.body)
    assert (status.code, len(status.details)) == (3, 1)


@pytest.mark.parametrize(
    ("coding", "pack"),
    [("gzip", gzip.compress), ("deflate", zlib.compress), ("identity", bytes), ("", bytes)],
)
def test_content_codings(coding: str, pack: type[bytes], api: Api, gateway: FakeGateway) -> None:
    assert export(api, pack(ONE), Content_Encoding=coding).status == 200
    assert values(gateway) == {"shop": [5]}


def test_the_same_request_in_another_coding_is_the_same_request(api: Api, gateway: FakeGateway) -> None:
    for level in (1, 9):
        assert export(api, gzip.compress(ONE, level, mtime=level), Content_Encoding="gzip").status == 200
    assert export(api, ONE).status == 200
    assert values(gateway) == {"shop": [5]}


@pytest.mark.parametrize(
    "content_type", ["", "text/plain", "application/openmetrics-text", "application/grpc"]
)
def test_another_media_type_is_refused(content_type: str, api: Api, gateway: FakeGateway) -> None:
    response = export(api, ONE, content_type)
    assert (response.status, gateway.pushed, api.bodies_read) == (415, [], 0)


def test_parameters_and_case_of_the_media_type_do_not_matter(api: Api, gateway: FakeGateway) -> None:
    assert export(api, ONE, "Application/JSON; charset=utf-8").status == 200


def test_another_coding_is_refused(api: Api, gateway: FakeGateway) -> None:
    assert export(api, ONE, Content_Encoding="br").status == 415
    assert gateway.pushed == []


def test_a_body_above_the_limit_is_refused_before_and_after_inflating(
    api: Api, gateway: FakeGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api, "settings", Settings(AUTH_TOKEN, max_body_bytes=len(ONE)))
    assert export(api, ONE).status == 200
    assert export(api, ONE + b" ").status == 413
    assert export(api, gzip.compress(ONE + b" " * 1000), Content_Encoding="gzip").status == 413
    assert len(gateway.pushed) == 1


def test_what_may_succeed_later_is_a_503_with_when(api: Api, gateway: FakeGateway) -> None:
    gateway.failures["shop"] = StorageUnavailable("busy")
    response = export(api, ONE)
    assert (response.status, response.headers) == (503, (("Retry-After", "2"),))
    assert msgspec.json.decode(response.body)["code"] == 14


def test_without_a_gateway_there_is_nothing(api: Api) -> None:
    response = export(api, ONE)
    assert (response.status, msgspec.json.decode(response.body)["message"]) == (
        404,
        "this collector takes no metrics",
    )
    assert api.refusal("GET", "/metrics") == (404, "not_found", "this collector takes no metrics")


TEXT = "text/plain; version=0.0.4; charset=utf-8"
OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [
        (None, TEXT),
        ("*/*", TEXT),
        ("text/html", TEXT),
        ("application/openmetrics-text", OPENMETRICS),
        ("application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.4", OPENMETRICS),
    ],
)
def test_the_page_is_in_the_format_that_is_asked_for(
    accept: str | None, content_type: str, api: Api, gateway: FakeGateway
) -> None:
    export(api, body(("shop", [delta(5)]), ("cart", [delta(2)])))
    headers: dict[str, Any] = {} if accept is None else {"Accept": accept}
    response = api.respond("GET", "/metrics", **headers)
    assert (response.status, response.content_type) == (200, content_type)
    parse = parse_openmetrics if content_type == OPENMETRICS else parse_text
    samples = {
        sample.labels["job"]: sample.value
        for family in parse(response.body.decode())
        for sample in family.samples
        if sample.name == "requests_total"
    }
    assert samples == {"cart": 2, "shop": 5}


def test_a_page_of_nothing_is_one(api: Api, gateway: FakeGateway) -> None:
    response = api.respond("GET", "/metrics")
    assert (response.status, list(parse_text(response.body.decode()))) == (200, [])


def test_the_settings_of_the_gateway_are_read() -> None:
    variables = {
        "PROMETHEUS_OTLP_ENDPOINT": " https://prometheus.example.com/api/v1/otlp/v1/metrics\n",
        "PROMETHEUS_TOKEN": " secret-p ",
        "METRICS_TOKEN": "secret-m",
        "METRICS_FLUSH_SECONDS": "60",
    }
    settings = read_settings(variables.get)
    assert settings == Settings(
        prometheus_otlp_endpoint="https://prometheus.example.com/api/v1/otlp/v1/metrics",
        prometheus_token="secret-p",
        metrics_token="secret-m",
        metrics_flush_seconds=60,
    )
    assert "secret" not in repr(settings)


def test_without_settings_nothing_is_pushed() -> None:
    settings = read_settings(lambda name: None)
    assert (settings.prometheus_otlp_endpoint, settings.metrics_flush_seconds) == (
        "",
        DEFAULT_METRICS_FLUSH_SECONDS,
    )


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("PROMETHEUS_OTLP_ENDPOINT", "prometheus.example.com/api/v1/otlp"),
        ("PROMETHEUS_OTLP_ENDPOINT", "ftp://prometheus.example.com"),
        ("METRICS_FLUSH_SECONDS", "0"),
        ("METRICS_FLUSH_SECONDS", "15s"),
        ("METRICS_FLUSH_SECONDS", "0.5"),
    ],
)
def test_a_setting_that_cannot_be_is_refused_by_the_name_of_its_variable(name: str, text: str) -> None:
    with pytest.raises(NotConfigured, match=f"{name} must be .* found '{text}'"):
        read_settings({name: text}.get)
