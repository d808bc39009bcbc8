"""The `otel-worker` command: what it says, and that pinned tools get their arguments untouched."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import pytest
from click.testing import CliRunner

from otel_worker_cli.commands import toolchain
from otel_worker_cli.main import main
from otel_worker_cli.runtime.failures import ToolingError
from otel_worker_cli.runtime.project import Checkout


def test_help_lists_the_commands() -> None:
    result = CliRunner().invoke(main, ["--help"])
    assert result.exit_code == 0
    for name in ("setup", "dev", "wrangler"):
        assert f"\n  {name} " in result.output


def test_a_failure_is_a_message_and_not_a_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_checkout: Checkout) -> list[str]:
        raise ToolingError("npm failed.", detail="its words", remedy="Do this.")

    monkeypatch.setattr(toolchain, "set_up", fail)
    result = CliRunner().invoke(main, ["setup"])
    assert result.exit_code == 1
    assert result.output == "Error: npm failed.\n    its words\nDo this.\n"


def test_wrangler_gets_every_argument_as_it_is_and_no_telemetry(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[tuple[list[str], Mapping[str, str]]] = []
    monkeypatch.setattr(toolchain, "set_up", lambda _checkout: [])
    monkeypatch.setattr(
        os, "execve", lambda _path, command, environment: started.append((command, environment))
    )
    arguments = ["d1", "execute", "DB", "--help", "--", "-x", "--command", "SELECT 1"]
    assert CliRunner().invoke(main, ["wrangler", *arguments]).exit_code == 0
    ((command, environment),) = started
    assert command[-len(arguments) :] == arguments
    assert Path(command[0]).name == "node"
    assert environment["WRANGLER_SEND_METRICS"] == "false"
