"""`otel-worker traces` and `spans` against the collector in workerd."""

from __future__ import annotations

import secrets

import pytest

from tests.cli.command import CommandLine, in_order
from tests.cli.shop import Shop
from tests.e2e.collector import Collector


def test_list_has_every_filter_of_the_api(collector: Collector, command: CommandLine) -> None:
    old = Shop("old").store(collector.client)
    old_start = old.start_unix_nano
    new = Shop("new", service=old.service, start_unix_nano=old_start + 1_000_000_000).store(collector.client)

    def listed(*filters: str) -> list[str]:
        outcome = command.succeed("traces", "list", "--jsonl", "--service", old.service, *filters)
        return [trace["traceId"] for trace in outcome.documents]

    assert listed() == [new.trace_id, old.trace_id]
    assert listed("--limit", "1") == [new.trace_id]
    assert listed("--name", "old") == [old.trace_id]
    assert listed("--name", "ol") == []
    assert listed("--errors") == listed("--all") == [new.trace_id, old.trace_id]
    assert listed("--attr", "http.route=/cart", "--attr", "n >= 42", "--name", "new") == [new.trace_id]
    assert listed("--attr", "n > 42") == []
    assert listed("--min-duration", "201ms") == listed("--max-duration", "199ms") == []
    assert listed("--min-duration", "200ms", "--max-duration", "200ms") == listed()
    assert listed("--start", str(old_start + 1)) == [new.trace_id]
    assert listed("--end", str(old_start)) == [old.trace_id]


def test_list_for_people_and_as_json(collector: Collector, command: CommandLine) -> None:
    shop = Shop().store(collector.client)
    arguments = ("traces", "list", "--service", shop.service)
    (trace,) = command.succeed(*arguments, "--json").document
    assert trace == collector.get(f"/v1/traces?service={shop.service}")[0]
    outcome = command.succeed(*arguments)
    heading, line = outcome.stdout.splitlines()
    assert heading.split() == ["STARTED", "TRACE", "DURATION", "SPANS", "ERRORS", "SERVICE", "AND", "NAME"]
    assert in_order(
        line, [" s ago", shop.trace_id, "200 ms", "3", "1", f"{shop.service} checkout +1 service"]
    )
    assert outcome.stderr == ""
    assert "\x1b" not in outcome.stdout


def test_an_empty_list_is_a_word_for_people_and_an_empty_list_for_programs(command: CommandLine) -> None:
    arguments = ("traces", "list", "--service", "nobody")
    outcome = command.succeed(*arguments)
    assert (outcome.stdout, outcome.stderr) == ("", "No traces match.\n")
    assert command.succeed(*arguments, "--json").document == []
    assert command.succeed(*arguments, "--jsonl").stdout == ""


def test_get_draws_a_trace(collector: Collector, command: CommandLine) -> None:
    shop = Shop().store(collector.client)
    outcome = command.succeed("traces", "get", shop.trace_id.upper())
    lines = outcome.stdout.splitlines()
    assert lines[0] == f"Trace {shop.trace_id}"
    assert in_order(
        outcome.stdout, ["Started", "Duration", "200 ms", "Spans", "3, 1 with an error", "Services"]
    )
    rows = lines[lines.index("") + 2 :]
    assert len(rows) == 3
    for row, parts in zip(
        rows,
        (
            (f"{shop.service} checkout", "█", "200 ms"),
            ("└╴✗ POST /pay", "█", "120 ms"),
            (f"  └╴{shop.payments} charge", "█", "60 ms"),
        ),
        strict=True,
    ):
        assert row.startswith(parts[0])
        assert in_order(row, parts)


def test_get_for_programs_has_all_that_the_api_has(collector: Collector, command: CommandLine) -> None:
    shop = Shop().store(collector.client)
    whole = collector.get(f"/v1/traces/{shop.trace_id}")
    assert command.succeed("traces", "get", shop.trace_id, "--json").document == whole
    assert command.succeed("traces", "get", shop.trace_id, "--jsonl").documents == whole["spans"]
    limited = command.succeed("traces", "get", shop.trace_id, "--json", "--limit", "2").document
    assert limited == {**whole, "spans": whole["spans"][:2]}
    shown = command.succeed("traces", "get", shop.trace_id, "--limit", "2")
    assert "charge" not in shown.stdout
    assert "2 of 3 spans; --limit or --all shows more." in shown.stderr


def test_delete(collector: Collector, command: CommandLine) -> None:
    first, second, third = (Shop().store(collector.client).trace_id for _ in range(3))
    missing = secrets.token_hex(16)
    outcome = command.run("traces", "delete", first, missing)
    assert (outcome.exit_code, outcome.stdout) == (1, f"Deleted {first}\n")
    assert outcome.stderr == f"Error: there is no trace {missing}\n"
    outcome = command.succeed("traces", "delete", "-", "--jsonl", stdin=f"{second}\n\n{third}\n")
    assert outcome.documents == [{"traceId": second, "deleted": True}, {"traceId": third, "deleted": True}]
    for trace_id in (first, second, third):
        assert collector.client.get(f"/v1/traces/{trace_id}").status_code == 404


def test_spans(collector: Collector, command: CommandLine) -> None:
    shop = Shop().store(collector.client)
    spans = collector.get(f"/v1/traces/{shop.trace_id}/spans")
    assert command.succeed("spans", "list", shop.trace_id, "--json").document == spans
    assert command.succeed("spans", "list", shop.trace_id, "--jsonl", "--limit", "2").documents == spans[:2]
    heading, *lines = command.succeed("spans", "list", shop.trace_id, "--all").stdout.splitlines()
    assert heading.split() == ["SPAN", "PARENT", "AT", "DURATION", "KIND", "SERVICE", "AND", "NAME"]
    assert [line.split()[0] for line in lines] == [shop.span_id(number) for number in (1, 2, 3)]
    assert in_order(lines[1], [shop.span_id(1), "+20 ms", "120 ms", "client", f"{shop.service} ✗ POST /pay"])

    arguments = ("spans", "get", shop.trace_id, shop.span_id(2))
    assert command.succeed(*arguments, "--json").document == spans[1]
    details = command.succeed(*arguments).stdout
    for part in ("POST /pay", "ERROR no answer", "Event exception after 80 ms", "timed out", shop.service):
        assert part in details

    arguments = ("spans", "delete", shop.trace_id, shop.span_id(3))
    assert command.succeed(*arguments, "--json").document["deleted"] is True
    assert command.run(*arguments).exit_code == 1
    assert len(collector.get(f"/v1/traces/{shop.trace_id}/spans")) == 2


@pytest.mark.parametrize(
    "arguments",
    [("traces", "get", "a" * 32), ("spans", "list", "a" * 32), ("spans", "get", "a" * 32, "b" * 16)],
)
def test_what_is_not_there(command: CommandLine, arguments: tuple[str, ...]) -> None:
    for form in ((), ("--json",), ("--jsonl",)):
        outcome = command.run(*arguments, *form)
        assert (outcome.exit_code, outcome.stdout) == (1, "")
        assert outcome.stderr.startswith("Error: there is no trace aaaa")
