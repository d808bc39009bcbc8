"""What a person does with curl: send, list, get, delete."""

from __future__ import annotations

import gzip
import json
import subprocess
from pathlib import Path
from typing import NamedTuple

from tests.e2e.collector import Collector
from tests.e2e.otlp import export_request, make_span, one_span, to_otlp_json

CURL_SECONDS = 30


class Answer(NamedTuple):
    """What curl received."""

    status: int
    headers: dict[str, str]
    body: str


def curl(collector: Collector, path: str, *options: str, body: bytes | None = None) -> Answer:
    """Run curl against the collector, with its token; a body goes in through a pipe."""
    command = ["curl", "--silent", "--show-error", "--noproxy", "*", "--max-time", str(CURL_SECONDS)]
    command += ["--dump-header", "/dev/stderr", "--header", f"Authorization: Bearer {collector.token}"]
    if body is not None:
        command += ["--data-binary", "@-"]
    result = subprocess.run(
        [*command, *options, collector.url + path],
        input=body,
        capture_output=True,
        timeout=CURL_SECONDS + 5,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    # After "100 Continue" comes a second head: the last one counts.
    head = result.stderr.decode().strip().split("\r\n\r\n")[-1].splitlines()
    headers = dict(line.split(": ", 1) for line in head[1:])
    return Answer(int(head[0].split()[1]), headers, result.stdout.decode())


def test_a_trace_is_sent_listed_read_and_deleted(
    collector: Collector, trace_id: str, now_unix_nano: int
) -> None:
    spans = [make_span(trace_id, number, now_unix_nano + number, f"step {number}") for number in (1, 2)]
    body = to_otlp_json(export_request(spans, service="by hand"))
    sent = curl(collector, "/v1/traces", "-H", "Content-Type: application/json", body=body)
    assert (sent.status, sent.headers["Content-Type"], sent.body) == (200, "application/json", "{}")

    listed = curl(collector, f"/v1/traces?limit=1&start={now_unix_nano}&end={now_unix_nano + 1}")
    summary = {
        "traceId": trace_id,
        "rootName": "step 1",
        "rootService": "by hand",
        "services": ["by hand"],
        "startTimeUnixNano": str(now_unix_nano + 1),
        "durationNano": 1_000_001,
        "spanCount": 2,
        "errorCount": 0,
    }
    assert (listed.status, json.loads(listed.body)) == (200, [summary])

    trace = json.loads(curl(collector, f"/v1/traces/{trace_id}").body)
    spans_alone = json.loads(curl(collector, f"/v1/traces/{trace_id}/spans").body)
    assert trace == {**summary, "spans": spans_alone}
    assert [span["name"] for span in spans_alone] == ["step 1", "step 2"]
    second = curl(collector, f"/v1/traces/{trace_id}/spans/0000000000000002")
    assert json.loads(second.body) == spans_alone[1]

    span_path = f"/v1/traces/{trace_id}/spans/0000000000000001"
    deleted = curl(collector, span_path, "-X", "DELETE")
    assert (deleted.status, deleted.body) == (204, "")
    assert curl(collector, span_path, "-X", "DELETE").status == 404
    assert [span["name"] for span in collector.get(f"/v1/traces/{trace_id}/spans")] == ["step 2"]
    assert curl(collector, f"/v1/traces/{trace_id}", "-X", "DELETE").status == 204
    gone = curl(collector, f"/v1/traces/{trace_id}")
    message = f"there is no trace {trace_id}"
    assert (gone.status, json.loads(gone.body)) == (
        404,
        {"error": {"code": "not_found", "message": message}},
    )


def test_a_gzipped_file_is_stored(
    collector: Collector, trace_id: str, now_unix_nano: int, tmp_path: Path
) -> None:
    path = tmp_path / "export.pb.gz"
    path.write_bytes(gzip.compress(one_span(trace_id, now_unix_nano)))
    sent = curl(
        collector,
        "/v1/traces",
        *("-H", "Content-Type: application/x-protobuf", "-H", "Content-Encoding: gzip"),
        *("--data-binary", f"@{path}"),
    )
    assert (sent.status, sent.headers["Content-Type"], sent.body) == (200, "application/x-protobuf", "")
    assert collector.get(f"/v1/traces/{trace_id}")["spanCount"] == 1


def test_a_body_of_unknown_length_is_stored(collector: Collector, trace_id: str, now_unix_nano: int) -> None:
    sent = curl(
        collector,
        "/v1/traces",
        *("-H", "Content-Type: application/x-protobuf", "-H", "Transfer-Encoding: chunked"),
        body=one_span(trace_id, now_unix_nano),
    )
    assert sent.status == 200
    assert collector.get(f"/v1/traces/{trace_id}")["spanCount"] == 1


def test_health_needs_no_token_and_says_nothing_else(collector: Collector) -> None:
    answer = curl(collector, "/health", "-H", "Authorization:")
    assert (answer.status, answer.headers["Content-Type"]) == (200, "application/json")
    assert json.loads(answer.body) == {"status": "ok"}
