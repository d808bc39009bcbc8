"""`otel-worker dependencies`, against both collectors."""

from __future__ import annotations

import secrets
import time

import pytest

from tests.cli.command import CommandLine
from tests.cli.http_collector import HttpCollector
from tests.cli.shop import MILLISECOND, Shop
from tests.e2e.collector import Collector

DAY_NANO = 86_400_000_000_000


@pytest.fixture
def window() -> tuple[int, int]:
    """Return a second of yesterday that no other test uses."""
    start = time.time_ns() - DAY_NANO - secrets.randbelow(3_600_000) * MILLISECOND
    return start, start + 1_000 * MILLISECOND


def test_who_calls_whom(collector: Collector, command: CommandLine, window: tuple[int, int]) -> None:
    start, end = window
    shop = Shop(start_unix_nano=start + MILLISECOND)
    Shop(service=shop.service, start_unix_nano=start + 2 * MILLISECOND).store(collector.client)
    shop.store(collector.client)
    arguments = ("dependencies", "--start", str(start), "--end", str(end))
    document = command.succeed(*arguments, "--json").document
    edge = {
        "parent": shop.service,
        "child": shop.payments,
        "callCount": 2,
        "errorCount": 0,
        "p50DurationNano": 60 * MILLISECOND,
        "p95DurationNano": 60 * MILLISECOND,
    }
    assert document["edges"] == [edge]
    assert document["isComplete"] is True
    assert command.succeed(*arguments, "--jsonl").documents == [edge]
    lines = command.succeed(*arguments).stdout.splitlines()
    assert lines[0].split() == ["CALLS", "ERRORS", "MEDIAN", "95", "%", "FROM", "AND", "TO"]
    assert lines[1].split() == ["2", "-", "60", "ms", "60", "ms", shop.service, ">", shop.payments]
    assert len(lines) == 2


def test_nobody_calls_nobody(collector: Collector, command: CommandLine, window: tuple[int, int]) -> None:
    start, end = window
    arguments = ("dependencies", "--start", str(start - DAY_NANO), "--end", str(end - DAY_NANO))
    outcome = command.succeed(*arguments)
    assert outcome.stdout == ""
    assert outcome.stderr.startswith("No service has called another since ")
    assert command.succeed(*arguments, "--jsonl").stdout == ""
    outcome = command.run("dependencies", "--start", str(end), "--end", str(start))
    assert (outcome.exit_code, outcome.stdout) == (2, "")


def test_names_cannot_steer_the_terminal(near: HttpCollector, near_command: CommandLine) -> None:
    near.listed = (
        b'{"edges":[{"parent":"evil\\u001b[2J","child":"b","callCount":1,"errorCount":1,"p50DurationNano":1,'
        b'"p95DurationNano":1}],"services":[],"startTimeUnixNano":"0","endTimeUnixNano":"1","spanCount":1,'
        b'"isComplete":false}'
    )
    outcome = near_command.succeed("dependencies")
    assert "evil\\x1b[2J > b" in outcome.stdout
    assert "these are the newest" in outcome.stderr
    near.listed = b'{"edges": 1}'
    outcome = near_command.run("dependencies")
    assert (outcome.exit_code, outcome.stdout) == (5, "")
    assert "no dependencies" in outcome.stderr
