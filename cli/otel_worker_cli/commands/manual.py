"""`otel-worker manual`: docs/cli.md, written from the help of all commands."""

from __future__ import annotations

from collections.abc import Iterator

import click

from otel_worker_cli.commands.exit_codes import MEANINGS
from otel_worker_cli.commands.lazy import subcommands

HEAD = """\
# The command

`otel-worker` runs a collector on this machine, and talks to any collector. `otel-worker manual > docs/cli.md`
writes this page from the help.

## Which collector

The client commands take the address and the token from the first of these that is there:

1. `--url`, with `--token` or `OTEL_WORKER_TOKEN`
2. `--profile`, with the profile's token or `--token`
3. `OTEL_WORKER_URL`, with `--token` or `OTEL_WORKER_TOKEN`
4. `OTEL_WORKER_PROFILE`, or the default of the config file: as with `--profile`
5. http://127.0.0.1:4318, with `--token` or `OTEL_WORKER_TOKEN`, or without a token

So the token of a profile goes to its own address only. Other users of a machine can see options, but not
variables. The config file is `otel-worker/config.toml` in the folder that the system has for it (on Linux
`~/.config`, on macOS `~/Library/Application Support`), or the one that `OTEL_WORKER_CONFIG` names:

```toml
default = "production"

[profiles.production]
url = "https://otel-worker.example.workers.dev"
token = "<the token>"
```

## Output

Results are on stdout, and what happens on stderr. On a terminal there are colours, unless `NO_COLOR` is set,
and lines are cut at its width; in a pipe neither. `--json` writes one document and `--jsonl` a line for each
trace, span or event, in the shapes of the HTTP API. Control characters and bidi marks in names are spelled
out, as `\\x1b` and `\\u202e`: what somebody sends cannot steer your terminal. JSON escapes them, which means
the same.

## Exit codes
"""


@click.command(hidden=True)
@click.pass_context
def manual(context: click.Context) -> None:
    """Write docs/cli.md to stdout."""
    click.echo(render_manual(context.find_root().command), nl=False)


def render_manual(root: click.Command) -> str:
    """Return the page of a command and all below it."""
    rows = [f"| {int(code)} | {meaning} |" for code, meaning in MEANINGS.items()]
    parts = [HEAD, "\n".join(["| | |", "|---|---|", *rows])]
    for name, command in _commands("otel-worker", root):
        context = click.Context(
            command, info_name=name, terminal_width=100, help_option_names=["-h", "--help"]
        )
        parts.append(f"\n## {name}\n\n```\n{command.get_help(context)}\n```")
    return "\n".join(parts) + "\n"


def _commands(name: str, command: click.Command) -> Iterator[tuple[str, click.Command]]:
    """Yield all commands that help shows, each behind the group it is in."""
    if command.hidden:
        return
    yield name, command
    for child_name, child in sorted(subcommands(command).items()):
        yield from _commands(f"{name} {child_name}", child)
