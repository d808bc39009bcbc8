"""Faults of D1 in workerd: what the Worker repeats, what it passes on, and an SDK that meets both."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from otel_worker_cli.runtime.project import this_checkout
from otel_worker_cli.runtime.session import DevSession
from tests.conformance.faults import OVERLOADED, REPEATED
from tests.e2e.collector import Collector, http_client, new_token
from tests.e2e.otlp import one_span

WORKER = Path(__file__).parents[1] / "workerd"
CLIENT = Path(__file__).parent / "clients" / "send_many_with_sdk.py"
CLIENT_SECONDS = 90.0

LOST, OVERLOAD = REPEATED[0], OVERLOADED[0]
DAY = 86_400_000_000_000
# After all statements: stored, and only the answer is lost.
AFTER: int | None = None


@pytest.fixture(scope="module")
def faulty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Collector]:
    """Yield the collector over a database that fails on demand."""
    folder, checkout, token = tmp_path_factory.mktemp("faulty"), this_checkout(), new_token()
    ignored = shutil.ignore_patterns("__pycache__", ".*")
    shutil.copytree(checkout.root / "src", folder / "src", ignore=ignored)
    shutil.copy(WORKER / "faulty_entry.py", folder / "src")
    (folder / "src" / "tests" / "workerd").mkdir(parents=True)
    shutil.copy(WORKER / "faulty_database.py", folder / "src" / "tests" / "workerd")
    shutil.copytree(checkout.root / "migrations", folder / "migrations")
    (folder / "python_modules").symlink_to(checkout.python_modules, target_is_directory=True)
    shutil.copytree(checkout.root / "web", folder / "web")
    config = checkout.wrangler_config.read_text(encoding="utf-8")
    assert config.count('"src/entry.py"') == 1
    path = folder / "wrangler.toml"
    path.write_text(config.replace('"src/entry.py"', '"src/faulty_entry.py"'), encoding="utf-8")
    with (
        DevSession.start(path, persist_to=folder / "state", token=token, reads_dev_vars=False) as session,
        http_client(session.url, token) as client,
    ):
        yield Collector(session, token, client)


def set_faults(faulty: Collector, faults: dict[int, tuple[str, int | None]]) -> None:
    """Make these calls of the database fail, counted from now on."""
    script = [[call, *fault] for call, fault in faults.items()]
    assert faulty.client.put("/faults", content=json.dumps(script)).json() == []


def calls(faulty: Collector) -> str:
    """Return the calls since then, a letter each: B for a batch, Q for a query."""
    return "".join("Q" if count is None else "B" for count in faulty.client.get("/faults").json())


def span_count(faulty: Collector, trace_id: str) -> Any:
    """Return how many spans are stored of a trace, copies included."""
    return faulty.get(f"/v1/traces/{trace_id}")["spanCount"]


@pytest.mark.parametrize("text", REPEATED)
@pytest.mark.parametrize(("statements", "repeated"), [(0, "BB"), (1, "BB"), (AFTER, "BBQ")])
def test_a_store_that_fails_in_passing_is_repeated_and_stores_once(
    text: str,
    statements: int | None,
    repeated: str,
    faulty: Collector,
    trace_id: str,
    now_unix_nano: int,
) -> None:
    set_faults(faulty, {0: (text, statements)})
    assert faulty.export(one_span(trace_id, now_unix_nano)).status_code == 200
    # After a lost answer nothing new is stored, and it is asked whether that is for good.
    assert calls(faulty) == repeated
    assert span_count(faulty, trace_id) == 1


@pytest.mark.parametrize("text", OVERLOADED)
def test_an_overload_is_passed_on_at_once(
    text: str, faulty: Collector, trace_id: str, now_unix_nano: int
) -> None:
    set_faults(faulty, {0: (text, 0)})
    body = one_span(trace_id, now_unix_nano)
    refused = faulty.export(body)
    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "2")
    assert calls(faulty) == "B"
    assert faulty.export(body).status_code == 200
    assert span_count(faulty, trace_id) == 1


def test_a_fault_that_stays_is_passed_on_after_three_attempts(
    faulty: Collector, trace_id: str, now_unix_nano: int
) -> None:
    set_faults(faulty, dict.fromkeys(range(99), (LOST, AFTER)))
    body = one_span(trace_id, now_unix_nano)
    refused = faulty.export(body)
    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "2")
    assert calls(faulty) == "BBB"
    set_faults(faulty, {})
    assert faulty.export(body).status_code == 200
    assert span_count(faulty, trace_id) == 1


def test_reading_and_deleting_are_repeated_too(faulty: Collector, trace_id: str, now_unix_nano: int) -> None:
    path = f"/v1/traces/{trace_id}"
    assert faulty.export(one_span(trace_id, now_unix_nano)).status_code == 200
    expected = faulty.get(path)
    set_faults(faulty, {0: (LOST, 0), 1: (LOST, 0)})
    assert faulty.get(path) == expected
    assert calls(faulty) == "QQQ"
    set_faults(faulty, {0: (LOST, 0)})
    assert trace_id in {summary["traceId"] for summary in faulty.get("/v1/traces?limit=1000")}
    # The query, the batch whose answer is lost, the batch again, and the query that finds nothing left.
    set_faults(faulty, {1: (LOST, AFTER)})
    assert faulty.client.delete(path).status_code == 204
    assert calls(faulty) == "QBBQ"
    assert faulty.client.get(path).status_code == 404


def test_the_retention_repeats_too_and_its_next_run_goes_on(
    faulty: Collector, trace_id: str, now_unix_nano: int
) -> None:
    def run_retention() -> int:
        return faulty.client.get("/cdn-cgi/handler/scheduled", params={"cron": "17 * * * *"}).status_code

    body = one_span(trace_id, now_unix_nano - 30 * DAY)
    cases: list[tuple[dict[int, tuple[str, int | None]], bool]] = [
        ({0: (OVERLOAD, 0)}, False),
        ({1: (OVERLOAD, 1)}, False),
        ({0: (LOST, 0), 2: (LOST, AFTER)}, True),
    ]
    for faults, is_deleted in cases:
        assert faulty.export(body).status_code == 200
        set_faults(faulty, faults)
        assert run_retention() == 200
        assert (faulty.client.get(f"/v1/traces/{trace_id}").status_code == 404) == is_deleted
        set_faults(faulty, {})
        assert run_retention() == 200
        assert faulty.client.get(f"/v1/traces/{trace_id}").status_code == 404


def test_an_sdk_that_meets_faults_delivers_every_span_once(faulty: Collector, trace_id: str) -> None:
    set_faults(
        faulty,
        {
            # The first export: refused, then stored with no answer three times over, then recognised.
            0: (OVERLOAD, 0),
            **dict.fromkeys((1, 2, 3), (LOST, AFTER)),
            # The second: stored, and answered 503; the question for it is lost once.
            6: (OVERLOAD, AFTER),
            8: (LOST, 0),
            # The third: fails in its second statement, and the Worker repeats it.
            10: (LOST, 1),
        },
    )
    output = _send_many(faulty, trace_id, 100, spans_an_export=20)
    assert output.count("Transient error Service Unavailable") == 3
    assert "Failed to export" not in output
    assert calls(faulty) == "B" + "BBB" + "BQ" + "B" + "BQQ" + "BB" + "B" + "B"
    trace = faulty.get(f"/v1/traces/{trace_id}")
    assert trace["spanCount"] == 100
    assert sorted(span["name"] for span in trace["spans"]) == sorted(f"step {n}" for n in range(100))


def _send_many(faulty: Collector, trace_id: str, count: int, spans_an_export: int) -> str:
    """Run the client and return all that it says."""
    result = subprocess.run(
        [sys.executable, str(CLIENT), trace_id, str(count)],
        env={
            "PATH": os.environ["PATH"],
            **faulty.exporter_environment,
            "OTEL_BSP_MAX_EXPORT_BATCH_SIZE": str(spans_an_export),
            # Only full batches and the last flush: how many exports there are is then known.
            "OTEL_BSP_SCHEDULE_DELAY": "60000",
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=CLIENT_SECONDS,
        check=False,
    )
    assert result.returncode == 0, result.stdout
    return result.stdout
