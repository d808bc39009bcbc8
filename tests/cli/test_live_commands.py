"""`otel-worker tail`, `ws` and `send` against the collector in workerd."""

from __future__ import annotations

import json

import pytest

from tests.cli.command import CommandLine, in_order, interrupt, wait_for_line
from tests.cli.http_collector import HttpCollector
from tests.cli.shop import HOSTILE, Shop
from tests.e2e.collector import Collector


@pytest.mark.parametrize("form", ["people", "--json", "--jsonl"])
def test_tail_shows_what_matches_and_ends_cleanly(
    collector: Collector, command: CommandLine, form: str
) -> None:
    shop = Shop()
    arguments = ["tail", "--service", shop.service, "--errors", "--min-duration", "100ms"]
    with command.started(*arguments, *(() if form == "people" else (form,))) as process:
        assert process.stderr is not None
        assert process.stdout is not None
        wait_for_line(process.stderr, f"Watching {collector.url}; Ctrl-C ends it.")
        Shop().store(collector.client)
        shop.store(collector.client)
        first = wait_for_line(process.stdout, shop.trace_id)
        rest = interrupt(process)
    assert (rest.exit_code, rest.stderr) == (0, "")
    if form == "people":
        assert in_order(first, ["200 ms", "3", "1", f"{shop.service} checkout +1 service"])
        return
    message = json.loads(first + rest.stdout)
    (message,) = message if form == "--json" else [message]
    (summary,) = collector.get(f"/v1/traces?service={shop.service}")
    assert message == {"type": "traceUpdated", "details": summary}


def test_tail_ends_after_a_limit(collector: Collector, command: CommandLine) -> None:
    shops = [Shop(service="limited") for _ in range(3)]
    with command.started("tail", "--service", "limited", "--limit", "2", "--jsonl") as process:
        assert process.stderr is not None
        wait_for_line(process.stderr, "Watching")
        for shop in shops:
            shop.store(collector.client)
        stdout, stderr = process.communicate(timeout=60)
        assert (process.returncode, stderr, len(stdout.splitlines())) == (0, "", 2)


def test_ws_sends_lines_and_writes_frames(collector: Collector, command: CommandLine) -> None:
    shop = Shop()
    with command.started("ws") as process:
        assert process.stdin is not None
        assert process.stdout is not None
        subscription = {"messageId": "s", "type": "subscribe", "details": {"service": shop.service}}
        process.stdin.write(json.dumps(subscription) + "\n")
        process.stdin.flush()
        assert json.loads(process.stdout.readline()) == {"messageId": "s", "type": "ack"}
        shop.store(collector.client)
        frames = [json.loads(process.stdout.readline()) for _ in range(2)]
        outcome = interrupt(process)
    assert [frame["type"] for frame in frames] == ["spanAdded", "traceUpdated"]
    assert (outcome.exit_code, outcome.stdout) == (0, "")


def test_ws_ends_after_its_input_and_after_frames(command: CommandLine) -> None:
    ping = '{"type":"ping"}\n'
    outcome = command.succeed("ws", "--jsonl", stdin=ping)
    assert outcome.documents == [{"type": "pong"}]
    outcome = command.succeed("ws", "--frames", "2", "--json", stdin=ping * 2)
    assert outcome.document == [{"type": "pong"}] * 2
    outcome = command.succeed("ws", "--wait", "0.5", stdin="nonsense\n")
    assert json.loads(outcome.stdout)["type"] == "error"


@pytest.mark.parametrize("protocol", ["http/protobuf", "http/json"])
def test_send_says_what_it_did_and_how_to_see_it(
    collector: Collector, command: CommandLine, protocol: str
) -> None:
    outcome = command.succeed("send", "--protocol", protocol)
    assert outcome.stderr == ""
    assert in_order(
        outcome.stdout,
        ["Sent", "6 spans of sample-shop and sample-payments", protocol, collector.url, "Accepted", "Listed"],
    )
    shown = outcome.stdout.splitlines()[-1].split()
    assert shown[:3] == ["otel-worker", "traces", "get"]
    trace = command.succeed(*shown[1:], "--json").document
    assert (trace["spanCount"], trace["errorCount"], trace["rootName"]) == (6, 1, "POST /orders")
    assert in_order(
        command.succeed(*shown[1:]).stdout,
        ["sample-shop POST /orders", "✗ sample-payments charge card", "└╴sample-payments charge card"],
    )


def test_send_for_programs_names_the_same_collector(collector: Collector, command: CommandLine) -> None:
    del command.environment["OTEL_WORKER_URL"]
    sent = command.succeed("send", "--json", "--url", collector.url).document
    assert sent["command"] == f"otel-worker traces get {sent['traceId']} --url {collector.url}"
    assert command.run(*sent["command"].split()[1:]).exit_code == 0


def test_send_fails_when_the_trace_is_not_listed(near: HttpCollector, near_command: CommandLine) -> None:
    near.listed = b"[]"
    outcome = near_command.run("send", "--wait", "0.2")
    assert (outcome.exit_code, outcome.stdout) == (1, "")
    assert "and does not list it after 0.2 seconds" in outcome.stderr
    assert [method for method, _ in near.requests[:2]] == ["POST", "GET"]


def test_services_and_stats(collector: Collector, command: CommandLine) -> None:
    shop = Shop("first").store(collector.client)
    Shop(HOSTILE, service=shop.service).store(collector.client)
    assert shop.service in command.succeed("services").stdout.splitlines()
    assert {"name": shop.payments} in command.succeed("services", "--json").document
    names = command.succeed("services", shop.service, "--jsonl").documents
    assert [name["name"] for name in names] == sorted(["POST /pay", "first", HOSTILE])
    assert "evil\\x1b[2J" in command.succeed("services", shop.service).stdout
    assert "There are no spans of 'a/b'" in command.succeed("services", "a/b").stderr

    stats = command.succeed("stats", "--json").document
    assert set(stats) == set(collector.get("/v1/stats"))
    assert stats["spans"] >= 6
    shown = command.succeed("stats").stdout
    assert in_order(shown, ["Stored", "Traces", "Spans", "Size", "Oldest", "Live", "Watchers"])
    # Only D1 says how many rows a request took.
    assert ("Rows of the database" in shown) == (stats["usage"] is not None)


def test_the_index(collector: Collector, command: CommandLine) -> None:
    shop = Shop().store(collector.client)
    ready = command.succeed("system", "index", "check", "--json").document
    assert ready["state"] == "ready"
    assert "The index is dropped: it has 0 of" in command.succeed("system", "index", "drop").stdout
    outcome = command.run("system", "index", "check")
    assert (outcome.exit_code, "system index rebuild" in outcome.stderr) == (1, True)
    assert command.run("system", "index", "check", "--jsonl").exit_code == 1
    assert command.succeed("system", "index", "rebuild", "--json").document == ready
    assert "The index is ready" in command.succeed("system", "index", "check").stdout
    assert command.succeed("traces", "get", shop.trace_id).exit_code == 0
