"""Completion in the shells, and the page of the manual."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import click
import pytest

from otel_worker_cli.commands.exit_codes import MEANINGS, ExitCode
from otel_worker_cli.commands.lazy import subcommands
from otel_worker_cli.commands.manual import render_manual
from otel_worker_cli.main import main
from tests.cli.command import CommandLine

COLLECTOR_OPTIONS = {"url", "token", "profile"}
OUTPUT_OPTIONS = {"as_json", "as_json_lines", "color"}

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_every_shell_has_a_script(tmp_path: Path, shell: str) -> None:
    outcome = CommandLine(tmp_path).succeed("completion", shell)
    assert "_OTEL_WORKER_COMPLETE" in outcome.stdout
    assert outcome.stderr == ""


def test_bash_completes_commands_and_options(tmp_path: Path) -> None:
    bash = shutil.which("bash")
    assert bash is not None
    command = CommandLine(tmp_path)
    folder = Path(sys.executable).parent
    script = tmp_path / "complete.sh"
    script.write_text(command.succeed("completion", "bash").stdout)
    program = f"""
    source {script}
    COMP_WORDS=(otel-worker "$@"); COMP_CWORD=$#
    _otel_worker_completion otel-worker
    printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    for words, wanted in (
        (("tra",), {"traces"}),
        (("traces", ""), {"list", "get", "delete", "export", "import"}),
        (("traces", "list", "--min"), {"--min-duration"}),
        (("send", "--protocol", "http/j"), {"http/json"}),
    ):
        result = subprocess.run(
            [bash, "-c", program, "bash", *words],
            env={**command.environment, "PATH": f"{folder}:{command.environment['PATH']}"},
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        assert set(result.stdout.split()) == wanted, result


def test_the_page_is_that_of_the_help() -> None:
    written = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
    assert written == render_manual(main), "write it again: otel-worker manual > docs/cli.md"


def test_every_exit_code_is_documented() -> None:
    assert set(MEANINGS) == set(ExitCode)


def test_every_client_command_has_the_machine_forms() -> None:
    assert with_options(COLLECTOR_OPTIONS | OUTPUT_OPTIONS) >= {
        "traces list", "traces get", "traces delete", "traces export", "traces import",
        "spans list", "spans get", "spans delete",
        "services", "stats", "dependencies", "tail", "send", "ws",
        "system index check", "system index drop", "system index rebuild",
    }  # fmt: skip


def test_what_needs_no_collector_has_them_too() -> None:
    found = with_options(OUTPUT_OPTIONS) - with_options(COLLECTOR_OPTIONS)
    assert found == {"deploy", "system database path", "system database migrate", "system database delete"}


def with_options(names: set[str]) -> set[str]:
    """Return the commands that have all of these options."""
    return {
        name
        for name, command in leaves(main).items()
        if names <= {parameter.name for parameter in command.params}
    }


def leaves(command: click.Command, name: str = "") -> dict[str, click.Command]:
    """Return a command, or all below a group, by their names."""
    children = {
        leaf_name: leaf
        for child_name, child in subcommands(command).items()
        for leaf_name, leaf in leaves(child, f"{name} {child_name}".strip()).items()
    }
    return children or {name: command}
