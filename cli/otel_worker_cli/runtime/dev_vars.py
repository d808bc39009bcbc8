"""The secrets of local runs: `.dev.vars`, which wrangler reads and git ignores."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from pathlib import Path

from otel_worker_cli.runtime.failures import ToolingError
from otel_worker_cli.runtime.steps import write_atomically

PRIVATE = 0o600

FIRST_LINE = "# Secrets of local runs, see .dev.vars.example\n"

ASSIGNMENT = re.compile(r"^\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*?)\s*$")


def read_variables(path: Path) -> dict[str, str]:
    """Return the variables of a file in dotenv form; a missing file has none."""
    if not path.is_file():
        return {}
    variables = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        match = ASSIGNMENT.match(line)
        if match:
            name, value = match.groups()
            variables[name] = _unquoted(value)
    return variables


def format_variables(variables: Mapping[str, str]) -> str:
    """Return variables in dotenv form, so that wrangler reads every value as it is."""
    return "".join(f"{name}={_quoted(name, value)}\n" for name, value in variables.items())


def write_private(path: Path, text: str) -> None:
    """Write a file that nobody but its owner can read, at no moment."""
    write_atomically(path, text.encode("utf-8"), mode=PRIVATE)


def ensure_token(path: Path) -> tuple[str, bool]:
    """Return AUTH_TOKEN of the file, written there first if there is none, and whether it was written."""
    token = read_variables(path).get("AUTH_TOKEN")
    if token:
        return token, False
    token = secrets.token_urlsafe(24)
    text = (
        path.read_text(encoding="utf-8")
        if path.is_file()
        else "# Secrets of local runs, see .dev.vars.example\n"
    )
    if text and not text.endswith("\n"):
        text += "\n"
    write_private(path, text + f"AUTH_TOKEN={token}\n")
    return token, True


def _quoted(name: str, value: str) -> str:
    for quote in "'`":
        if quote not in value:
            # wrangler replaces $NAME in such files, whatever the quotes.
            return quote + value.replace("$", "\\$") + quote
    raise ToolingError(f"The value of {name} holds both ' and `, which a file of variables cannot hold.")


def _unquoted(value: str) -> str:
    if len(value) >= 2 and value[0] == value[-1] and value[0] in "\"'`":
        return value[1:-1]
    return value.split(" #", 1)[0].rstrip()
