"""Commands are imported when they are used, and the help says of them what they say of themselves."""

from __future__ import annotations

import subprocess
import sys

import click
import pytest

from otel_worker_cli.commands.lazy import LazyCommand, subcommands
from otel_worker_cli.main import main

IMPORTED = """
import sys
from otel_worker_cli.main import main
try:
    main(sys.argv[1:], standalone_mode=False)
except SystemExit:
    pass
print(sorted(name for name in sys.modules if name.startswith("otel_worker_cli.commands.")), file=sys.stderr)
print(sorted({"apsw", "asyncio", "grpc", "httpx", "rich", "uvicorn"} & set(sys.modules)), file=sys.stderr)
"""


def groups() -> list[tuple[click.Group, dict[str, click.Command]]]:
    """Return all groups of the command, and what is in each, imported."""
    found: list[tuple[click.Group, dict[str, click.Command]]] = [(main, subcommands(main))]
    for _, children in found:
        found += [
            (child, subcommands(child)) for child in children.values() if isinstance(child, click.Group)
        ]
    return found


def summary_of(command: click.Command) -> str:
    """Return what a list of commands says of this one, uncut."""
    return command.get_short_help_str(limit=1_000)


def test_the_table_says_what_the_commands_say_of_themselves() -> None:
    written = {
        (group.name, name): (summary_of(command), command.hidden)
        for group, children in groups()
        for name, command in children.items()
    }
    table = {
        (group.name, name): (summary_of(command), command.hidden)
        for group, _ in groups()
        for name, command in group.commands.items()
    }
    assert table == written
    assert {name for group, name in table if group == "traces"} == {
        "list",
        "get",
        "delete",
        "export",
        "import",
    }
    assert all(isinstance(command, LazyCommand) for command in main.commands.values())


def imported(*arguments: str) -> list[str]:
    """Return what a command has imported: its own modules, and of what is slow to import."""
    result = subprocess.run(
        [sys.executable, "-c", IMPORTED, *arguments], capture_output=True, text=True, timeout=60, check=True
    )
    return result.stderr.splitlines()


@pytest.mark.parametrize("arguments", [("--help",), ("--version",)])
def test_help_imports_no_command(arguments: tuple[str, ...]) -> None:
    assert imported(*arguments) == ["['otel_worker_cli.commands.lazy']", "[]"]


def test_a_command_imports_no_other() -> None:
    own = ["otel_worker_cli.commands.lazy", "otel_worker_cli.commands.serve"]
    assert imported("serve", "--help") == [str(own), "[]"]
    assert imported("traces", "list", "--help")[0].count("traces_") == 0


def test_an_unknown_command_is_told_from_those_that_there_are() -> None:
    result = subprocess.run(
        [sys.executable, "-m", "otel_worker_cli", "trace"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (result.returncode, result.stdout) == (2, "")
    assert "traces" in result.stderr
