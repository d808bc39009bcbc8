"""The rules that hold for every signal, for POST /v1/metrics: what is taken is read from GET /metrics."""

from __future__ import annotations

import gzip
import json
import secrets
import zlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from google.protobuf import json_format
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
    ExportMetricsServiceResponse,
)
from opentelemetry.proto.metrics.v1.metrics_pb2 import AGGREGATION_TEMPORALITY_DELTA, NumberDataPoint

from tests.conformance.exchange import (
    ENCODINGS,
    INGEST_TOKEN,
    MAX_BODY_BYTES,
    READ_TOKEN,
    field,
    status_of,
    varint,
    violated_fields,
)
from tests.e2e.collector import JSON, PROTOBUF, Collector
from tests.e2e.metric_collector import scrape, total
from tests.e2e.otlp import text_attribute

PATH = "/v1/metrics"
FIRST_METRIC = "resourceMetrics[0].scopeMetrics[0].metrics[0]"


@pytest.fixture
def service() -> str:
    """Return the name of a service that no other test uses."""
    return f"conformance-{secrets.token_hex(8)}"


def request_in(media_type: str, service: str, start: int, values: Sequence[int] = (1,)) -> bytes:
    """Return a request with a delta counter that has a point of each value; what is negative is invalid."""
    request = ExportMetricsServiceRequest()
    resource_metrics = request.resource_metrics.add()
    resource_metrics.resource.attributes.append(text_attribute("service.name", service))
    metric = resource_metrics.scope_metrics.add().metrics.add(name="hits")
    metric.sum.is_monotonic = True
    metric.sum.aggregation_temporality = AGGREGATION_TEMPORALITY_DELTA
    metric.sum.data_points.extend(
        NumberDataPoint(as_int=value, start_time_unix_nano=start, time_unix_nano=start + 1)
        for value in values
    )
    if media_type == PROTOBUF:
        return bytes(request.SerializeToString())
    return json.dumps(json_format.MessageToDict(request, use_integers_for_enums=True)).encode()


def export(collector: Collector, body: bytes, media_type: str = PROTOBUF, **headers: str) -> httpx.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return collector.client.post(PATH, content=body, headers={"Content-Type": media_type, **named})


def hits(collector: Collector, service: str) -> float:
    return total(scrape(collector), "hits_total", job=service)


def partial_success_of(answer: httpx.Response) -> Any:
    assert answer.status_code == 200, answer.text
    response = ExportMetricsServiceResponse()
    if answer.headers["Content-Type"] == JSON:
        json_format.Parse(answer.content, response)
    else:
        response.ParseFromString(answer.content)
    return response.partial_success


def test_rule_1_post_takes_an_export_request_of_metrics(
    collector: Collector, service: str, start: int
) -> None:
    assert export(collector, request_in(PROTOBUF, service, start)).status_code == 200
    assert hits(collector, service) == 1


def test_rule_4_metrics_come_by_post_only(collector: Collector) -> None:
    for method in ("GET", "PUT", "PATCH", "DELETE"):
        answer = collector.client.request(method, PATH)
        assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")


def test_rule_5_both_encodings_of_metrics_come_to_one_url(
    collector: Collector, service: str, start: int
) -> None:
    for value, media_type in enumerate(ENCODINGS, 1):
        assert export(collector, request_in(media_type, service, start, [value]), media_type).is_success
    assert hits(collector, service) == 3


def test_rule_9_parallel_requests_of_metrics_are_all_counted(
    collector: Collector, service: str, start: int
) -> None:
    bodies = [request_in(PROTOBUF, service, start + number) for number in range(12)]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda body: export(collector, body), bodies * 2))
    assert {(answer.status_code, answer.content) for answer in answers} == {(200, b"")}
    assert hits(collector, service) == 12


@pytest.mark.parametrize("content_type", ["", "text/plain", "application/x-www-form-urlencoded"])
def test_rule_12_another_media_type_is_unsupported_for_metrics(
    content_type: str, collector: Collector
) -> None:
    answer = export(collector, b"{}", content_type)
    assert (answer.status_code, status_of(answer, JSON).code) == (415, 3)


@pytest.mark.parametrize("media_type", ENCODINGS)
def test_rule_16_plain_and_gzip_metrics(
    media_type: str, collector: Collector, service: str, start: int
) -> None:
    packed = gzip.compress(request_in(media_type, service, start))
    assert export(collector, packed, media_type, Content_Encoding="gzip").is_success
    assert hits(collector, service) == 1


def test_rule_18_deflate_is_zlib_for_metrics(collector: Collector, service: str, start: int) -> None:
    packed = zlib.compress(request_in(PROTOBUF, service, start))
    assert export(collector, packed, Content_Encoding="deflate").is_success
    assert hits(collector, service) == 1


def test_rule_20_bytes_that_are_no_gzip_are_refused_for_metrics(collector: Collector) -> None:
    answer = export(collector, b"1234", Content_Encoding="gzip")
    assert (answer.status_code, status_of(answer, PROTOBUF).code) == (400, 3)


def test_rule_21_metrics_above_the_limit_are_refused(collector: Collector) -> None:
    bomb = gzip.compress(bytes(MAX_BODY_BYTES + 1))
    for body, headers in ((bytes(MAX_BODY_BYTES + 1), {}), (bomb, {"Content_Encoding": "gzip"})):
        answer = export(collector, body, **headers)
        assert (answer.status_code, status_of(answer, PROTOBUF).code) == (413, 8)


@pytest.mark.parametrize(("media_type", "expected"), [(PROTOBUF, b""), (JSON, b"{}")])
def test_rule_25_full_success_of_metrics_is_an_empty_response(
    media_type: str, expected: bytes, collector: Collector, service: str, start: int
) -> None:
    answer = export(collector, request_in(media_type, service, start), media_type)
    assert (answer.status_code, answer.headers["Content-Type"], answer.content) == (200, media_type, expected)


@pytest.mark.parametrize(
    ("media_type", "body"),
    [(PROTOBUF, b""), (PROTOBUF, b"\x0a\x00"), (JSON, b"{}"), (JSON, b'{"resourceMetrics":[{}]}')],
)
def test_rule_27_an_empty_request_of_metrics_succeeds(
    media_type: str, body: bytes, collector: Collector
) -> None:
    answer = export(collector, body, media_type)
    assert (answer.status_code, answer.content) == (200, b"" if media_type == PROTOBUF else b"{}")


@pytest.mark.parametrize("media_type", ENCODINGS)
def test_rule_28_valid_points_are_counted_and_others_rejected(
    media_type: str, collector: Collector, service: str, start: int
) -> None:
    answer = export(collector, request_in(media_type, service, start, [5, -1, 7, -1]), media_type)
    partial_success = partial_success_of(answer)
    assert partial_success.rejected_data_points == 2
    assert f"{FIRST_METRIC}.sum.dataPoints[1].value must not be negative" in partial_success.error_message
    assert hits(collector, service) == 12


def test_rule_32_the_count_of_points_is_a_decimal_string(
    collector: Collector, service: str, start: int
) -> None:
    answer = export(collector, request_in(JSON, service, start, [1, -1]), JSON)
    assert answer.json()["partialSuccess"]["rejectedDataPoints"] == "1"


@pytest.mark.parametrize("media_type", ENCODINGS)
def test_rule_33_metrics_that_are_sent_again_count_once(
    media_type: str, collector: Collector, service: str, start: int
) -> None:
    body = request_in(media_type, service, start, [3])
    answers = [export(collector, body, media_type) for _ in range(3)]
    assert len({(answer.status_code, answer.content) for answer in answers}) == 1
    assert hits(collector, service) == 3


@pytest.mark.parametrize("media_type", ENCODINGS)
@pytest.mark.parametrize("body", [b"1234", b'{"resourceMetrics":1}', b"\x0a\x05\x12\x00", b"null"])
def test_rule_36_what_cannot_be_decoded_is_no_metrics(
    body: bytes, media_type: str, collector: Collector
) -> None:
    answer = export(collector, body, media_type)
    assert (answer.status_code, status_of(answer, media_type).code) == (400, 3)


@pytest.mark.parametrize("media_type", ENCODINGS)
def test_rule_37_invalid_points_are_named(
    media_type: str, collector: Collector, service: str, start: int
) -> None:
    answer = export(collector, request_in(media_type, service, start, [-1, -2]), media_type)
    assert answer.status_code == 400
    points = f"{FIRST_METRIC}.sum.dataPoints"
    assert violated_fields(status_of(answer, media_type)) == [f"{points}[0].value", f"{points}[1].value"]


@pytest.mark.parametrize(
    ("token", "status", "code"), [("wrong", 401, 16), (READ_TOKEN, 403, 7), (INGEST_TOKEN, 200, None)]
)
def test_rule_41_metrics_need_a_token_that_may_send(
    token: str, status: int, code: int | None, collector: Collector, service: str, start: int
) -> None:
    body = request_in(PROTOBUF, service, start)
    answer = export(collector, body, Authorization=f"Bearer {token}")
    assert answer.status_code == status
    if code is not None:
        assert status_of(answer, PROTOBUF).code == code
    assert hits(collector, service) == (1 if status == 200 else 0)


def test_rule_55_later_fields_of_metrics_are_ignored(collector: Collector, service: str, start: int) -> None:
    later = varint(1000 << 3 | 0) + b"\x01" + field(1001, b"later")
    assert export(collector, request_in(PROTOBUF, service, start) + later).content == b""
    document = json.loads(request_in(JSON, service, start))
    document["later"] = document["resourceMetrics"][0]["later"] = {"a": [1]}
    assert export(collector, json.dumps(document).encode(), JSON).content == b"{}"
    assert hits(collector, service) == 2
