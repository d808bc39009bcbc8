"""How a demo ends early, what it does not listen to, and how it plays in real time."""

from __future__ import annotations

import itertools
import json
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
import requests
from click.testing import CliRunner
from opentelemetry.sdk.trace.export import SpanExportResult
from requests.adapters import HTTPAdapter

from otel_worker_cli.commands import send_demo
from otel_worker_cli.demo.exporting import CountingExporter, Deliveries
from otel_worker_cli.demo.player import open_player
from otel_worker_cli.demo.real_time import RealTime
from otel_worker_cli.demo.scenario import LONGEST_SECONDS, tell_traces
from otel_worker_cli.main import main
from otel_worker_cli.runtime import project
from otel_worker_cli.runtime.ports import free_port
from tests.cli.command import CommandLine, interrupt
from tests.cli.http_collector import HttpCollector

SHORT = ("send", "--demo", "--back-dated", "1m", "--seed", "1")
ALL = {"limit": "1000", "attr": "service.namespace=sample-shop"}
BEGIN_UNIX_NANO = 1_767_225_600_000_000_000

# Each would send the spans elsewhere, with something else, or not at all.
OTHERS = {
    "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9",
    "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://127.0.0.1:9",
    "OTEL_EXPORTER_OTLP_HEADERS": "authorization=Bearer%20other",
    "OTEL_EXPORTER_OTLP_CERTIFICATE": "/nowhere",
    "OTEL_EXPORTER_OTLP_TIMEOUT": "0",
    "OTEL_EXPORTER_OTLP_COMPRESSION": "none",
    "OTEL_TRACES_SAMPLER": "always_off",
    "OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT": "1",
    "OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT": "2",
    "OTEL_BSP_MAX_QUEUE_SIZE": "1",
    "OTEL_RESOURCE_ATTRIBUTES": "service.namespace=other",
    "OTEL_SERVICE_NAME": "other",
    "http_proxy": "http://127.0.0.1:9",
}


def test_variables_of_the_shell_do_not_redirect_it(
    near: HttpCollector, near_command: CommandLine, near_client: httpx.Client
) -> None:
    netrc = near_command.folder / ".netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password else\n")
    netrc.chmod(0o600)
    usual = near_command.succeed(*SHORT, "--json").document
    outcome = near_command.run(*SHORT, "--json", variables=OTHERS)
    assert (outcome.exit_code, outcome.stderr) == (0, "")
    assert outcome.document["spans"] == usual["spans"] > 0
    traces = near_client.get("/v1/traces", params=ALL).json()
    assert sum(trace["spanCount"] for trace in traces) == 2 * usual["spans"]


@pytest.mark.parametrize("token", ["mine", ""])
def test_headers_for_another_collector_are_not_sent(monkeypatch: pytest.MonkeyPatch, token: str) -> None:
    sent: list[requests.PreparedRequest] = []

    def answer(_: HTTPAdapter, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        sent.append(request)
        response = requests.Response()
        response.status_code, response.request = 403, request
        return response

    monkeypatch.setattr(HTTPAdapter, "send", answer)
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", "x-secret=1,authorization=Bearer%20other")
    exporter = CountingExporter("http://127.0.0.1:9", token, Deliveries())
    assert exporter.export([]) is SpanExportResult.FAILURE
    exporter.shutdown()
    (request,) = sent
    assert request.url == "http://127.0.0.1:9/v1/traces"
    assert "x-secret" not in request.headers
    assert request.headers.get("authorization") == (f"Bearer {token}" if token else None)


def test_a_switched_off_sdk_is_told(near: HttpCollector, near_command: CommandLine) -> None:
    outcome = near_command.run(*SHORT, variables={"OTEL_SDK_DISABLED": "true"})
    assert (outcome.exit_code, outcome.stdout) == (2, "")
    assert "OTEL_SDK_DISABLED is set" in outcome.stderr
    assert near.requests == []


@pytest.mark.parametrize(
    ("status", "body", "exit_code", "words"),
    [
        (403, b'{"error": {"code": "x", "message": "not you"}}', 3, "refuses this: not you"),
        (413, b'{"error": {"code": "x", "message": "too much"}}', 5, "too much"),
        (307, b"", 5, "is the address right?"),
        (200, b"<html>", 5, "Is http://127.0.0.1"),
        (200, b'{"partialSuccess": {"rejectedSpans": "1", "errorMessage": "odd"}}', 5, "rejected"),
    ],
)
def test_an_export_that_fails_is_told(
    near: HttpCollector, near_command: CommandLine, status: int, body: bytes, exit_code: int, words: str
) -> None:
    # The first request only asks whether there is a collector.
    near.answers_left, near.refusal = 1, (status, body)
    outcome = near_command.run(*SHORT)
    assert outcome.exit_code == exit_code, outcome
    assert words in outcome.stderr
    assert "Traceback" not in outcome.stderr


def test_a_wrong_token_is_told_before_anything_is_sent(
    near: HttpCollector, near_command: CommandLine
) -> None:
    outcome = near_command.run(*SHORT, "--token", "wrong")
    assert (outcome.exit_code, outcome.stdout) == (3, "")
    assert near.requests == [("POST", "/v1/traces")]


def test_nobody_there_is_4(tmp_path: Path) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    outcome = CommandLine(tmp_path, url).run(*SHORT)
    assert (outcome.exit_code, outcome.stdout) == (4, "")
    assert f"Is a collector running at {url}?" in outcome.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--seed", "1"), "--seed goes with --demo"),
        (("--live", "5m"), "--live goes with --demo"),
        (("--reveal",), "--reveal goes with --demo"),
        (("--demo", "--wait", "1"), "--wait goes without --demo"),
        (("--demo", "--protocol", "http/json"), "--protocol goes without --demo"),
        (("--demo", "--live", "5m", "--back-dated", "1h"), "exclude each other"),
        (("--demo", "--live", "59s"), "no time from 1m to 24h"),
        (("--demo", "--back-dated", "25h"), "no time from 1m to 24h"),
        (("--demo", "--back-dated", "1 h"), "no time from 1m to 24h"),
        (("--demo", "--rate", "0"), "--rate"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_options_that_do_not_fit_are_2(
    near: HttpCollector, near_command: CommandLine, arguments: tuple[str, ...], words: str
) -> None:
    outcome = near_command.run("send", *arguments)
    assert (outcome.exit_code, outcome.stdout) == (2, "")
    assert words in outcome.stderr
    assert near.requests == []


def test_the_answers_are_told_without_a_collector(tmp_path: Path) -> None:
    command = CommandLine(tmp_path, f"http://127.0.0.1:{free_port()}")
    text = command.succeed("send", "--demo", "--reveal").stdout
    problems = command.succeed("send", "--demo", "--reveal", "--json").document["problems"]
    assert [problem["problem"] for problem in problems] == [
        "slow dependency", "failing release", "retry storm",
    ]  # fmt: skip
    for problem in problems:
        assert problem["question"] in text
        assert problem["answer"] in text


def run_here(arguments: tuple[str, ...], **variables: str) -> Any:
    """Run the command in this process, with no collector named by the environment."""
    clean = {"OTEL_WORKER_URL": None, "OTEL_WORKER_TOKEN": None, "OTEL_WORKER_PROFILE": None}
    return CliRunner(env={**clean, **variables}).invoke(main, arguments)


@pytest.fixture
def checkout_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Return a folder that the command takes for the checkout."""
    monkeypatch.setattr(project, "this_checkout", lambda: SimpleNamespace(root=tmp_path))
    monkeypatch.setenv("OTEL_WORKER_CONFIG", str(tmp_path / "none.toml"))
    return tmp_path


def test_dev_takes_the_token_of_its_file(
    near: HttpCollector, checkout_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(send_demo, "DEV_URL", near.url)
    (checkout_folder / ".dev.vars").write_text(f"AUTH_TOKEN={near.token}\n")
    outcome = run_here((*SHORT, "--dev", "--json"))
    assert outcome.exit_code == 0, outcome.output
    document = json.loads(outcome.stdout)
    assert (document["url"], document["rejectedSpans"]) == (near.url, 0)
    # So does one that the shell has, as `otel-worker dev` takes it; and an address counts more than --dev.
    assert run_here((*SHORT, "--dev"), OTEL_WORKER_TOKEN="other").exit_code == 3
    elsewhere = f"http://127.0.0.1:{free_port()}"
    outcome = run_here((*SHORT, "--dev", "--url", elsewhere))
    assert outcome.exit_code == 4
    assert elsewhere in outcome.stderr


def test_dev_says_how_to_start_a_collector(checkout_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(send_demo, "DEV_URL", f"http://127.0.0.1:{free_port()}")
    outcome = run_here((*SHORT, "--dev"))
    assert outcome.exit_code == 4
    assert "no collector answers at" in outcome.stderr
    assert "`make dev` starts one" in outcome.stderr


def test_live_begins_now_and_lasts_as_long_as_it_is_told(
    near: HttpCollector, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[int] = []
    monkeypatch.setattr(RealTime, "wait_until", lambda self, unix_nano: waits.append(unix_nano))
    before = time.time_ns()
    arguments = ("--live", "2m", "--rate", "1", "--seed", "1", "--json")
    outcome = run_here(("send", "--demo", *arguments, "--url", near.url, "--token", near.token))
    after = time.time_ns()
    assert outcome.exit_code == 0, outcome.output
    traces = list(tell_traces(120 + LONGEST_SECONDS, 1, 1))
    assert json.loads(outcome.stdout)["traces"] == len(traces)
    assert before <= waits[0] - traces[0].at_nano <= after


def test_waiting_for_a_time_ends_when_it_has_come(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr(time, "time_ns", lambda: BEGIN_UNIX_NANO)
    monkeypatch.setattr(time, "sleep", slept.append)
    for seconds in (2.5, 0, -1):
        RealTime().wait_until(BEGIN_UNIX_NANO + round(seconds * 1e9))
    assert slept == [2.5, 0, 0]


def test_an_interrupt_waits_for_the_next_wait_and_a_second_one_does_not() -> None:
    former = signal.getsignal(signal.SIGINT)
    with RealTime() as real_time:
        signal.raise_signal(signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            real_time.wait_until(0)
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is former


def play_by(near: HttpCollector, wait_until: Callable[[int], None]) -> None:
    """Play two minutes by a clock that is told when to go on."""
    with open_player(near.url, near.token, BEGIN_UNIX_NANO) as opened:
        opened.play(tell_traces(120, 1, 1), wait_until, lambda at_nano: None)


def test_real_time_goes_on_only_forward_and_to_every_start_and_end(near: HttpCollector) -> None:
    waits: list[int] = []
    play_by(near, waits.append)
    assert waits == sorted(waits)
    traces = list(tell_traces(120, 1, 1))
    starts = [BEGIN_UNIX_NANO + trace.at_nano for trace in traces]
    ends = [BEGIN_UNIX_NANO + trace.at_nano + span.end_nano for trace in traces for span in trace.root.walk()]
    assert waits == sorted(starts + ends)


def test_what_has_begun_is_whole_after_an_interrupt(near: HttpCollector, near_client: httpx.Client) -> None:
    waits: list[int] = []

    def interrupt_later(unix_nano: int) -> None:
        waits.append(unix_nano)
        if len(waits) == 200:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        play_by(near, interrupt_later)
    stored = near_client.get("/v1/traces", params=ALL).json()
    traces = list(tell_traces(120, 1, 1))
    assert 0 < len(stored) < len(traces)
    told = [(trace.root.name, len(list(trace.root.walk()))) for trace in traces[: len(stored)]]
    assert [(trace["rootName"], trace["spanCount"]) for trace in reversed(stored)] == told


def test_ctrl_c_is_quiet_and_leaves_whole_traces(
    near: HttpCollector, near_command: CommandLine, near_client: httpx.Client
) -> None:
    arguments = ("--live", "1m", "--rate", "20", "--seed", "1")
    with near_command.started("send", "--demo", *arguments) as process:
        # The first request asks whether there is a collector; spans follow a second later.
        while process.poll() is None and len(near.requests) < 2:
            time.sleep(0.05)
        outcome = interrupt(process)
    assert (outcome.exit_code, outcome.stdout, outcome.stderr) == (130, "", "")
    stored = near_client.get("/v1/traces", params=ALL).json()
    traces = itertools.islice(tell_traces(60 + LONGEST_SECONDS, 20, 1), len(stored))
    told = Counter((trace.root.name, len(list(trace.root.walk()))) for trace in traces)
    assert stored
    assert Counter((trace["rootName"], trace["spanCount"]) for trace in stored) == told


def test_the_sdk_is_loaded_by_who_plays_only() -> None:
    source = "import sys, otel_worker_cli.commands.send, otel_worker_cli.demo.scenario; "
    source += "print([name for name in ('opentelemetry', 'requests') if name in sys.modules])"
    result = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"
