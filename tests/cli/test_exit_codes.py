"""What ends a command early: each cause has its code, and a word on what to do."""

from __future__ import annotations

import errno
import fcntl
import os
import subprocess
import termios
import time
from pathlib import Path

import pytest

from otel_worker_cli.runtime.ports import free_port
from tests.cli.command import COMMAND, WAIT_SECONDS, CommandLine, interrupt
from tests.cli.conftest import INGEST_TOKEN, READ_TOKEN
from tests.cli.http_collector import HttpCollector
from tests.cli.shop import Shop
from tests.e2e.collector import Collector, http_client

EVERY_READER = [
    ("traces", "list"),
    ("traces", "get", "a" * 32),
    ("traces", "delete", "a" * 32),
    ("traces", "export"),
    ("spans", "list", "a" * 32),
    ("spans", "get", "a" * 32, "b" * 16),
    ("spans", "delete", "a" * 32, "b" * 16),
    ("services",),
    ("stats",),
    ("dependencies",),
    ("tail",),
    ("send",),
    ("ws",),
    ("system", "index", "check"),
    ("system", "index", "drop"),
]


@pytest.mark.parametrize("arguments", EVERY_READER, ids=" ".join)
def test_a_wrong_token_is_3(collector: Collector, command: CommandLine, arguments: tuple[str, ...]) -> None:
    outcome = command.run(*arguments, "--token", "wrong")
    assert (outcome.exit_code, outcome.stdout) == (3, "")
    assert outcome.stderr.startswith(f"Error: {collector.url} refuses this: ")
    assert "OTEL_WORKER_TOKEN" in outcome.stderr
    assert "wrong" not in outcome.stderr


def test_a_token_that_may_not_do_this_is_3(collector: Collector, command: CommandLine) -> None:
    shop = Shop().store(collector.client)
    assert command.run("traces", "get", shop.trace_id, "--token", READ_TOKEN).exit_code == 0
    outcome = command.run("traces", "delete", shop.trace_id, "--token", READ_TOKEN)
    assert outcome.exit_code == 3
    assert "does not allow admin" in outcome.stderr
    outcome = command.run("send", "--token", INGEST_TOKEN)
    assert outcome.exit_code == 3
    assert "accepted the sample, but this token may not list it" in outcome.stderr
    assert command.run("send", "--token", READ_TOKEN).exit_code == 3


@pytest.mark.parametrize("arguments", [("traces", "list"), ("tail",), ("ws",), ("send",)], ids=" ".join)
def test_nobody_there_is_4(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    outcome = CommandLine(tmp_path, url).run(*arguments)
    assert (outcome.exit_code, outcome.stdout) == (4, "")
    assert f"Is a collector running at {url}?" in outcome.stderr


def test_a_fault_that_passes_is_4_and_something_else_is_5(
    near: HttpCollector, near_command: CommandLine
) -> None:
    near.answers_left = 0
    for status, body, exit_code, word in (
        (503, b'{"error": {"code": "x", "message": "busy"}}', 4, "busy"),
        (418, b"tea", 5, "the collector answered 418"),
        (200, b"<html>", 5, "Is http://127.0.0.1"),
        (200, b'{"a": 1}', 5, "not a list"),
        (307, b"", 5, "is the address right?"),
    ):
        near.refusal = (status, body)
        outcome = near_command.run("traces", "list")
        assert (outcome.exit_code, outcome.stdout) == (exit_code, ""), outcome
        assert word in outcome.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("traces", "get", "abc"), "32 hex digits"),
        (("traces", "get", ".."), "32 hex digits"),
        (("spans", "get", "a" * 32, "b" * 32), "16 hex digits"),
        (("traces", "list", "--json", "--jsonl"), "exclude each other"),
        (("traces", "list", "--limit", "0"), "--limit"),
        (("traces", "list", "--profile", "none"), "there is no profile 'none'"),
        (("traces", "list", "--url", "collector"), "https://collector.example"),
        (("traces", "list", "--token", "a b"), "a space"),
        (("traces", "list", "--color", "green"), "--color"),
        (("traces", "list", "--min-duration", "5"), "minDuration must be a number with the unit"),
        (("traces", "list", "--attr", "x"), "attr must be a key"),
        (("tail", "--min-duration", "5"), "minDuration must be a number with the unit"),
        (("traces", "export", "a" * 32, "--service", "x"), "Ids go without filters"),
        (("traces", "export", "--json"), "need an --output FILE"),
        (("traces", "import", "-", "--resume"), "cannot be resumed"),
        (("completion", "tcsh"), "tcsh"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_a_wrong_option_or_value_is_2(
    near_command: CommandLine, arguments: tuple[str, ...], words: str
) -> None:
    outcome = near_command.run(*arguments)
    assert (outcome.exit_code, outcome.stdout) == (2, ""), outcome
    assert words in outcome.stderr


def test_words_of_the_collector_cannot_steer_the_terminal(
    near: HttpCollector, near_command: CommandLine
) -> None:
    near.answers_left = 0
    near.refusal = (403, b'{"error": {"code": "x", "message": "no \\u001b[2J\\u202e\\nError: all is well"}}')
    outcome = near_command.run("traces", "list")
    assert "no \\x1b[2J\\u202e\\nError: all is well" in outcome.stderr


def test_a_closed_pipe_is_quiet(near: HttpCollector, near_command: CommandLine) -> None:
    with http_client(near.url, near.token) as client:
        for _ in range(40):
            Shop(start_unix_nano=1_767_225_600_000_000_000 + near.api.now_unix_ms).store(client)
    for form in ((), ("--jsonl",), ("--json",)):
        with subprocess.Popen(
            [*COMMAND, "traces", "list", "--all", *form],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=near_command.environment,
        ) as process:
            assert process.stdout is not None
            assert process.stderr is not None
            process.stdout.close()
            assert process.stderr.read() == b""
            assert process.wait(WAIT_SECONDS) == 141


def test_a_profile_leads_to_its_collector(near: HttpCollector, near_command: CommandLine) -> None:
    for name in ("OTEL_WORKER_URL", "OTEL_WORKER_TOKEN"):
        del near_command.environment[name]
    config = near_command.folder / "config" / "otel-worker" / "config.toml"
    config.parent.mkdir(parents=True)
    config.write_text(f'[profiles.near]\nurl = "{near.url}"\ntoken = "{near.token}"\n')
    assert near_command.run("traces", "list").exit_code == 4
    assert near_command.succeed("traces", "list", "--profile", "near", "--json").document == []
    sent = near_command.succeed("send", "--profile", "near", "--json").document
    assert sent["command"] == f"otel-worker traces get {sent['traceId']} --profile near"
    assert near_command.run("traces", "list", "--profile", "near", "--token", "other").exit_code == 3


def test_ctrl_c_is_quiet(near: HttpCollector, near_command: CommandLine) -> None:
    pipe = near_command.folder / "pipe"
    os.mkfifo(pipe)
    with near_command.started("traces", "import", str(pipe)) as process:
        descriptor = _opened_for_writing(pipe, process)
        os.write(descriptor, b'{"resourceSpans": [')
        while process.poll() is None and _is_unread(descriptor):
            time.sleep(0.05)
        outcome = interrupt(process)
        os.close(descriptor)
    assert (outcome.exit_code, outcome.stdout, outcome.stderr) == (130, "", "")
    assert near.requests == []


def _is_unread(descriptor: int) -> bool:
    """Tell whether something is still in a pipe."""
    return fcntl.ioctl(descriptor, termios.FIONREAD, bytes(4)) != bytes(4)


def _opened_for_writing(pipe: Path, process: subprocess.Popen[str]) -> int:
    while process.poll() is None:
        try:
            return os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
        except OSError as error:
            if error.errno != errno.ENXIO:
                raise
            time.sleep(0.05)
    raise AssertionError(process.communicate())
