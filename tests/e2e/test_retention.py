"""The cron trigger: what is older than RETENTION_DAYS goes, what is newer stays."""

from __future__ import annotations

import secrets

from tests.e2e.collector import Collector
from tests.e2e.conftest import RETENTION_DAYS
from tests.e2e.otlp import one_span

DAY = 86_400_000_000_000
MINUTE = 60_000_000_000


def test_the_scheduled_handler_deletes_old_traces_only(collector: Collector, now_unix_nano: int) -> None:
    limit = now_unix_nano - RETENTION_DAYS * DAY
    old = {secrets.token_hex(16): start for start in (limit - MINUTE, limit - 30 * DAY, limit - 999 * DAY)}
    new = {secrets.token_hex(16): start for start in (limit + 5 * MINUTE, limit + DAY, now_unix_nano)}
    for trace_id, start in (old | new).items():
        assert collector.export(one_span(trace_id, start)).status_code == 200
        assert collector.get(f"/v1/traces/{trace_id}")["spanCount"] == 1
    for _ in range(2):
        answer = collector.client.get("/cdn-cgi/handler/scheduled", params={"cron": "17 * * * *"})
        assert (answer.status_code, answer.text) == (200, "ok")
        for trace_id in old:
            assert collector.client.get(f"/v1/traces/{trace_id}").status_code == 404
        for trace_id in new:
            assert collector.get(f"/v1/traces/{trace_id}")["spanCount"] == 1
    assert collector.get(f"/v1/traces?start={limit - 999 * DAY}&end={limit}") == []
