"""`otel-worker traces export|import`: what goes out comes in again, also after an interruption."""

from __future__ import annotations

import json
import struct

import httpx
import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import TracesData

from otel_worker_cli.transfer.exporting import PAGE_TRACES
from tests.cli.command import CommandLine
from tests.cli.http_collector import HttpCollector, http_collector
from tests.cli.shop import Shop
from tests.e2e.collector import Collector
from tests.e2e.otlp import parse_otlp_json, to_otlp_json
from tests.samples import NOW_UNIX_NANO


def stored(client: httpx.Client, trace_id: str) -> TracesData:
    """Return a trace as it is stored."""
    response = client.get(f"/v1/traces/{trace_id}?format=otlp")
    assert response.status_code == 200, response.text
    return parse_otlp_json(response.content)


def fill(client: httpx.Client, count: int) -> list[Shop]:
    """Store traces, each a second before the one before: so they are listed in this order."""
    return [
        Shop(service="shop", start_unix_nano=NOW_UNIX_NANO - number * 1_000_000_000).store(client)
        for number in range(count)
    ]


@pytest.mark.parametrize("encoding", ["json", "protobuf"])
def test_from_one_collector_to_another(
    collector: Collector, command: CommandLine, near: HttpCollector, near_client: httpx.Client, encoding: str
) -> None:
    shops = [Shop(service="transferred").store(collector.client) for _ in range(2)]
    ids = sorted(shop.trace_id for shop in shops)
    before = [stored(collector.client, trace_id) for trace_id in ids]
    file = command.folder / "traces"
    outcome = command.succeed("traces", "export", "--format", encoding, "-o", str(file), "--json", *ids)
    assert outcome.document == {"file": str(file), "traces": 2, "bytes": file.stat().st_size}
    outcome = command.succeed(
        "traces", "import", str(file), "--json", "--url", near.url, "--token", near.token
    )
    assert outcome.document == {
        "file": str(file),
        "spans": 6,
        "rejectedSpans": 0,
        "requests": 1,
        "recordsWithoutSpans": 0,
        "messages": [],
    }
    assert [stored(near_client, trace_id) for trace_id in ids] == before


def test_the_files_are_those_of_the_file_exporter(
    near_client: httpx.Client, near_command: CommandLine
) -> None:
    shops = fill(near_client, 3)
    lines = near_command.run_bytes("traces", "export").stdout.splitlines()
    assert [parse_otlp_json(line) for line in lines] == [stored(near_client, shop.trace_id) for shop in shops]
    content = near_command.run_bytes("traces", "export", "--format", "protobuf").stdout
    place, messages = 0, []
    while place < len(content):
        (length,) = struct.unpack_from(">I", content, place)
        messages.append(TracesData.FromString(content[place + 4 : place + 4 + length]))
        place += 4 + length
    assert messages == [parse_otlp_json(line) for line in lines]


def test_a_pipe_from_collector_to_collector(
    near: HttpCollector, near_client: httpx.Client, near_command: CommandLine
) -> None:
    shops = fill(near_client, 5)
    with http_collector() as other:
        for encoding in ("json", "protobuf"):
            exported = near_command.run_bytes("traces", "export", "--format", encoding, "--limit", "4")
            assert exported.returncode == 0
            imported = near_command.run_bytes(
                "traces", "import", "-", "--url", other.url, stdin=exported.stdout
            )
            assert imported.returncode == 0, imported.stderr
            assert imported.stdout == b"Imported 12 spans from -, in 1 request.\n"
        listed = other.api.get("/v1/traces")
        # What came in twice, in two encodings, is there once.
        assert [(trace["traceId"], trace["spanCount"]) for trace in listed] == [
            (shop.trace_id, 3) for shop in shops[:4]
        ]


def test_export_has_the_filters_of_list_and_ids_of_stdin(
    near_client: httpx.Client, near_command: CommandLine
) -> None:
    shops = fill(near_client, 3)
    found = near_command.run_bytes("traces", "export", "--start", str(shops[1].start_unix_nano)).stdout
    assert len(found.splitlines()) == 2
    ids = "\n".join(shop.trace_id for shop in shops[1:])
    assert len(near_command.succeed("traces", "export", "-", stdin=ids).stdout.splitlines()) == 2
    outcome = near_command.run("traces", "export", "a" * 32, shops[0].trace_id)
    assert (outcome.exit_code, len(outcome.stdout.splitlines())) == (1, 1)
    assert "there is no trace aaaa" in outcome.stderr


def test_an_interrupted_export_goes_on(
    near: HttpCollector, near_client: httpx.Client, near_command: CommandLine
) -> None:
    fill(near_client, 2 * PAGE_TRACES + 20)
    whole, file = near_command.folder / "whole", near_command.folder / "file"
    near_command.succeed("traces", "export", "-o", str(whole), "--overwrite")
    # A page of the list, all its traces, and some of the next page's.
    near.answers_left = PAGE_TRACES + 30
    outcome = near_command.run("traces", "export", "-o", str(file))
    assert (outcome.exit_code, outcome.stdout) == (3, "")
    assert "--resume goes on" in outcome.stderr
    near.answers_left = None
    outcome = near_command.run("traces", "export", "-o", str(file))
    assert outcome.exit_code == 6
    assert "--resume goes on, --overwrite begins anew." in outcome.stderr
    assert near_command.run("traces", "export", "-o", str(file), "--resume", "--errors").exit_code == 2
    near.requests.clear()
    outcome = near_command.succeed("traces", "export", "-o", str(file), "--resume")
    assert f"Exported {2 * PAGE_TRACES + 20} traces" in outcome.stderr
    # A first look, two pages, and each of their traces.
    assert len(near.requests) == 1 + 2 + PAGE_TRACES + 20
    assert file.read_bytes() == whole.read_bytes()
    assert sorted(path.name for path in near_command.folder.iterdir() if path.is_file()) == ["file", "whole"]
    outcome = near_command.run("traces", "export", "-o", str(file), "--resume")
    assert (outcome.exit_code, "no export" in outcome.stderr) == (6, True)
    outcome = near_command.run("traces", "export", "-o", str(file))
    assert (outcome.exit_code, "exists" in outcome.stderr) == (6, True)


def test_an_interrupted_import_goes_on(near: HttpCollector, near_command: CommandLine) -> None:
    requests = [Shop(name="x" * 400_000).request() for _ in range(6)]
    file = near_command.folder / "traces.jsonl"
    file.write_bytes(b"".join(to_otlp_json(request) + b"\n" for request in requests))
    near.answers_left = 2
    outcome = near_command.run("traces", "import", str(file))
    assert outcome.exit_code == 3
    assert "Interrupted after 12 spans; --resume goes on." in outcome.stderr
    near.answers_left = None
    near.requests.clear()
    outcome = near_command.succeed("traces", "import", str(file), "--resume")
    assert outcome.stdout == f"Imported 18 spans from {file}, in 1 request.\n"
    assert [method for method, _ in near.requests] == ["POST"]
    assert sorted(trace["spanCount"] for trace in near.api.get("/v1/traces")) == [3] * 6
    assert near_command.run("traces", "import", str(file), "--resume").exit_code == 6


def test_a_changed_file_is_not_resumed(near: HttpCollector, near_command: CommandLine) -> None:
    file = near_command.folder / "traces.jsonl"
    line = to_otlp_json(Shop(name="x" * 600_000).request()) + b"\n"
    file.write_bytes(line * 3)
    near.answers_left = 1
    assert near_command.run("traces", "import", str(file)).exit_code == 3
    near.answers_left = None
    file.write_bytes(line * 4)
    outcome = near_command.run("traces", "import", str(file), "--resume")
    assert (outcome.exit_code, "has changed since" in outcome.stderr) == (6, True)


def test_rejected_spans_are_told(near_command: CommandLine) -> None:
    request = Shop().request()
    request.resource_spans[0].scope_spans[0].spans[0].trace_id = b"short"
    outcome = near_command.run("traces", "import", "-", stdin=to_otlp_json(request).decode())
    assert outcome.exit_code == 1
    assert outcome.stdout == "Imported 2 spans from -, in 1 request.\n"
    assert "the collector rejected 1 span" in outcome.stderr


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\x1f\x8b\x08\x00", "gzip -dc"),
        (b"not traces at all", "is no record"),
        (b'{"resourceSpans": 3}\n', "not a TracesData"),
        (b'{"resourceSpans": [{"scopeSpans": [{"spans": [{"traceId": 5}]}]}]}\n', "refused behind byte 0"),
    ],
)
def test_a_file_that_is_none_of_traces_is_6(near_command: CommandLine, content: bytes, words: str) -> None:
    file = near_command.folder / "file"
    file.write_bytes(content)
    outcome = near_command.run("traces", "import", str(file))
    assert (outcome.exit_code, words in outcome.stderr) == (6, True), outcome
    assert near_command.run("traces", "import", str(file / "none")).exit_code == 6


def test_metrics_in_a_file_are_passed_over(near_command: CommandLine) -> None:
    line = to_otlp_json(Shop().request()).decode()
    outcome = near_command.succeed("traces", "import", "-", stdin='{"resourceMetrics": []}\n' + line)
    assert "Imported 3 spans" in outcome.stdout
    assert outcome.stderr == "1 record without spans: passed over.\n"


def test_what_is_refused_at_once_leaves_no_file(near_client: httpx.Client, near_command: CommandLine) -> None:
    fill(near_client, 1)
    file = near_command.folder / "file"
    assert near_command.run("traces", "export", "-o", str(file), "--token", "other").exit_code == 3
    assert near_command.run("traces", "export", "-o", str(file), "--attr", "x").exit_code == 2
    assert list(near_command.folder.iterdir()) == []


def test_a_file_that_cannot_be_written_is_6(near_client: httpx.Client, near_command: CommandLine) -> None:
    fill(near_client, 1)
    outcome = near_command.run("traces", "export", "-o", str(near_command.folder / "none" / "file"))
    assert (outcome.exit_code, "No such file" in outcome.stderr) == (6, True)


def test_json_of_curl_is_imported(near_client: httpx.Client, near_command: CommandLine) -> None:
    (shop,) = fill(near_client, 1)
    answer = near_client.get(f"/v1/traces/{shop.trace_id}?format=otlp").json()
    with http_collector() as other:
        text = json.dumps(answer, indent=2)
        near_command.succeed("traces", "import", "-", "--url", other.url, stdin=text)
        assert other.api.get("/v1/traces")[0]["traceId"] == shop.trace_id
