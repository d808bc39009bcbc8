"""What is seen in a terminal: its width, its colours, and nothing that steers it."""

from __future__ import annotations

from collections.abc import Mapping

import httpx
import pytest
from rich.cells import cell_len

from tests.cli.command import CommandLine, in_order, without_colour
from tests.cli.shop import HOSTILE, Shop

RED = "\x1b[1;31m"


def seen(
    command: CommandLine, *arguments: str, columns: int, variables: Mapping[str, str] | None = None
) -> list[str]:
    """Return the lines as they are seen; fails for one that is too wide or holds a control character."""
    exit_code, output = command.in_terminal(*arguments, columns=columns, variables=variables)
    assert exit_code == 0, output
    lines = without_colour(output).split("\n")
    for line in lines:
        assert line.isprintable(), repr(line)
        assert cell_len(line) <= columns, line
    return lines


@pytest.mark.parametrize("columns", [50, 80, 120])
def test_everything_fits_and_hostile_names_are_spelled_out(
    near_client: httpx.Client, near_command: CommandLine, columns: int
) -> None:
    shop = Shop(HOSTILE, service=f"{HOSTILE}-service").store(near_client)
    for arguments in (
        ("traces", "list"),
        ("traces", "get", shop.trace_id),
        ("spans", "list", shop.trace_id),
    ):
        lines = seen(near_command, *arguments, columns=columns)
        assert "evil\\x1b[2J" in "\n".join(lines), lines
    lines = seen(near_command, "traces", "list", columns=columns)
    # The id is whole, to be copied.
    assert any(shop.trace_id in line for line in lines)


@pytest.mark.parametrize("columns", [50, 80, 120])
def test_details_and_machine_forms_are_harmless_too(
    near_client: httpx.Client, near_command: CommandLine, columns: int
) -> None:
    shop = Shop(HOSTILE, service=f"{HOSTILE}-service").store(near_client)
    for arguments in (
        ("spans", "get", shop.trace_id, shop.span_id(1)),
        ("services",),
        ("services", f"{HOSTILE}-service"),
        ("traces", "get", shop.trace_id, "--jsonl"),
        ("traces", "list", "--json"),
        ("traces", "export", shop.trace_id),
    ):
        exit_code, output = near_command.in_terminal(*arguments, columns=columns)
        assert exit_code == 0
        assert "evil" in output
        assert all(line.isprintable() for line in without_colour(output).split("\n")), output


def test_colours_are_for_terminals_and_for_those_who_ask(
    near_client: httpx.Client, near_command: CommandLine
) -> None:
    shop = Shop().store(near_client)
    arguments = ("traces", "get", shop.trace_id)
    assert RED in near_command.in_terminal(*arguments)[1]
    assert RED in near_command.succeed(*arguments, "--color", "always").stdout
    for options, variables in (
        (("--color", "never"), {}),
        ((), {"NO_COLOR": "1"}),
        ((), {"TERM": "dumb"}),
    ):
        assert "\x1b[" not in near_command.in_terminal(*arguments, *options, variables=variables)[1]
    assert "\x1b" not in near_command.succeed(*arguments).stdout
    assert RED in near_command.in_terminal(*arguments, "--color", "always", variables={"NO_COLOR": "1"})[1]


def test_a_pipe_cuts_nothing(near_client: httpx.Client, near_command: CommandLine) -> None:
    shop = Shop("name " * 60).store(near_client)
    assert "name " * 59 in near_command.succeed("traces", "list").stdout
    assert "name " * 59 in near_command.succeed("spans", "list", shop.trace_id).stdout
    assert "…" in "\n".join(seen(near_command, "traces", "list", columns=120))


def test_a_progress_bar_is_for_terminals(near_client: httpx.Client, near_command: CommandLine) -> None:
    Shop().store(near_client)
    file = str(near_command.folder / "file")
    _, output = near_command.in_terminal("traces", "export", "-o", file)
    assert "Exporting" in output
    assert "Exporting" not in near_command.succeed("traces", "export", "-o", file, "--overwrite").stderr
    assert "Importing" in near_command.in_terminal("traces", "import", file)[1]
    assert "Importing" not in near_command.succeed("traces", "import", file).stderr


def test_protobuf_is_not_written_to_a_terminal(near_command: CommandLine) -> None:
    exit_code, output = near_command.in_terminal("traces", "export", "--format", "protobuf")
    assert exit_code == 2
    assert "Protobuf is no text" in output


def test_a_list_in_a_narrow_terminal_has_lines_for_each_trace(
    near_client: httpx.Client, near_command: CommandLine
) -> None:
    shop = Shop().store(near_client)
    lines = seen(near_command, "traces", "list", columns=80)
    text = "\n".join(lines)
    assert in_order(text, [f"{shop.service} checkout +1 service", "200 ms, 3 spans, 1 error", shop.trace_id])
