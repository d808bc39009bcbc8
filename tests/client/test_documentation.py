"""The programs that docs/live.md and the README show work against a collector."""

from __future__ import annotations

import json
import os
import re
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Status

from otel_worker_cli.runtime.project import this_checkout
from tests.client.schema import validate_client_message, validate_server_frame
from tests.e2e.collector import Collector, running_collector
from tests.e2e.otlp import export_request, make_span

ROOT = this_checkout().root
LIVE = (ROOT / "docs" / "live.md").read_text(encoding="utf-8")
WAIT_SECONDS = 60.0

_EXAMPLE = re.compile(r"^<!-- test: watch -->\n```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_SHOWN_MESSAGE = re.compile(r"^\| `(\{.*?\})` \|", re.MULTILINE)


@pytest.fixture(scope="module")
def collector(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Collector]:
    with running_collector(tmp_path_factory.mktemp("collector")) as running:
        yield running


@contextmanager
def running(arguments: Sequence[str], collector: Collector) -> Iterator[IO[str]]:
    """Run a Python program, and yield what it prints."""
    environment = {"OTEL_WORKER_URL": collector.url, "TOKEN": collector.token, "NO_PROXY": "*"}
    process = subprocess.Popen(
        [sys.executable, *arguments],
        env={"PATH": os.environ["PATH"], **environment},
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        yield process.stdout
    finally:
        process.kill()
        process.communicate(timeout=WAIT_SECONDS)


def export(collector: Collector, trace_id: str, service: str) -> None:
    span = make_span(trace_id, 1, time.time_ns(), "GET /cart")
    span.status.code = Status.STATUS_CODE_ERROR
    body = export_request([span], service).SerializeToString()
    assert collector.export(body).status_code == 200


def wait_for_watchers(collector: Collector, count: int) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while collector.get("/v1/stats")["live"]["watchers"] != count:
        assert time.monotonic() < deadline, f"there are not {count} watchers"
        time.sleep(0.1)


def test_the_client_as_the_documentation_shows_it(collector: Collector, tmp_path: Path) -> None:
    (program,) = _EXAMPLE.findall(LIVE)
    (tmp_path / "watch.py").write_text(program, encoding="utf-8")
    other_id, trace_id = secrets.token_hex(16), secrets.token_hex(16)
    with running([str(tmp_path / "watch.py")], collector) as output:
        assert output.readline() == "watching\n"
        export(collector, other_id, "another")
        export(collector, trace_id, "checkout")
        assert output.readline() == "1 new spans\n"
        assert output.readline() == f"{trace_id} GET /cart 1 1\n"
    wait_for_watchers(collector, 0)


def test_the_example_speaks_the_plain_protocol(collector: Collector) -> None:
    trace_id = secrets.token_hex(16)
    with running(["examples/watch.py", collector.url, collector.token], collector) as output:
        assert json.loads(output.readline()) == {"messageId": "1", "type": "ack"}
        export(collector, trace_id, "web")
        added, updated = json.loads(output.readline()), json.loads(output.readline())
    assert added == {"type": "spanAdded", "details": {"newSpans": [[trace_id, f"{1:016x}"]]}}
    assert (updated["type"], updated["details"]["traceId"]) == ("traceUpdated", trace_id)


def test_every_message_that_is_shown_is_one_of_the_schema() -> None:
    from_client, from_collector = LIVE.split("## From the collector")
    shown = _SHOWN_MESSAGE.findall(from_client)
    assert len(shown) == 4
    for text in shown:
        validate_client_message(text)
    shown = _SHOWN_MESSAGE.findall(from_collector)
    assert len(shown) == 7
    ids = json.dumps([secrets.token_hex(16), secrets.token_hex(8)])
    for text in shown:
        if "{...}" not in text:
            validate_server_frame(text.replace("[[traceId, spanId], ...]", f"[{ids}]"))
