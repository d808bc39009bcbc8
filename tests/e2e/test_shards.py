"""A collector with two databases, DB and DB_1, in Cloudflare's runtime."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest

from otel_worker_cli.runtime.project import this_checkout
from otel_worker_cli.runtime.session import DevSession
from tests.e2e.collector import Collector, http_client, new_token
from tests.e2e.otlp import export_request, make_span

SECOND_DATABASE = """
[[d1_databases]]
binding = "DB_1"
database_name = "otel-worker-1"
database_id = "00000000-0000-0000-0000-000000000001"
migrations_dir = "migrations"
"""
TRACE_COUNT = 40
DAY = 86_400_000_000_000


def _project(folder: Path) -> Path:
    """Copy the collector, with one more binding in its wrangler.toml."""
    checkout = this_checkout()
    shutil.copytree(checkout.root / "src", folder / "src", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(checkout.root / "migrations", folder / "migrations")
    (folder / "python_modules").symlink_to(checkout.python_modules)
    shutil.copytree(checkout.root / "web", folder / "web")
    config = folder / "wrangler.toml"
    config.write_text(checkout.wrangler_config.read_text() + SECOND_DATABASE)
    return config


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("shards") / "state"


@pytest.fixture(scope="module")
def sharded_collector(state: Path) -> Iterator[Collector]:
    token = new_token()
    config = _project(state.parent / "project")
    with (
        DevSession.start(config, persist_to=state, token=token, reads_dev_vars=False) as session,
        http_client(session.url, token) as client,
    ):
        yield Collector(session, token, client)


def _stored_spans(state: Path) -> list[int]:
    """Return how many spans each of the local databases holds."""
    files = [path for path in (state / "v3" / "d1").rglob("*.sqlite") if path.name != "metadata.sqlite"]
    counts = []
    for path in files:
        connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
        try:
            ((spans,),) = connection.execute("SELECT coalesce(sum(span_count), 0) FROM span_blocks")
        finally:
            connection.close()
        counts.append(int(spans))
    return sorted(counts)


def test_traces_are_spread_found_and_expire(
    sharded_collector: Collector, state: Path, now_unix_nano: int
) -> None:
    new = [secrets.token_hex(16) for _ in range(TRACE_COUNT)]
    old = [secrets.token_hex(16) for _ in range(TRACE_COUNT)]
    for trace_ids, start in ((new, now_unix_nano), (old, now_unix_nano - 30 * DAY)):
        spans = [
            make_span(trace_id, number, start + n)
            for n, trace_id in enumerate(trace_ids)
            for number in (1, 2)
        ]
        body = export_request(spans, service="sharded").SerializeToString()
        for _ in range(2):  # the second is a retry
            assert sharded_collector.export(body).status_code == 200
    counts = _stored_spans(state)
    assert (len(counts), sum(counts)) == (2, 4 * TRACE_COUNT)
    assert counts[0] > TRACE_COUNT // 2
    listed = sharded_collector.get(f"/v1/traces?service=sharded&limit={4 * TRACE_COUNT}")
    assert [each["traceId"] for each in listed] == [*reversed(new), *reversed(old)]
    assert {each["spanCount"] for each in listed} == {2}
    for trace_id in new[:5]:
        assert len(sharded_collector.get(f"/v1/traces/{trace_id}/spans")) == 2
    answer = sharded_collector.client.get("/cdn-cgi/handler/scheduled", params={"cron": "17 * * * *"})
    assert (answer.status_code, answer.text) == (200, "ok")
    assert sum(_stored_spans(state)) == 2 * TRACE_COUNT
    statistics = sharded_collector.get("/v1/stats")
    assert (statistics["spans"], statistics["traces"]) == (2 * TRACE_COUNT, TRACE_COUNT)
