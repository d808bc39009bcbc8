"""`otel-worker send --demo`: sample data, a small web shop in which three problems are hidden."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

import click

from otel_worker.otlp.response import PROTOBUF
from otel_worker_cli.client import ClientError
from otel_worker_cli.commands.client_command import with_client
from otel_worker_cli.commands.exit_codes import CommandFailure, ExitCode, failure_of
from otel_worker_cli.profile import PROFILE_VARIABLE, TOKEN_VARIABLE, URL_VARIABLE, Target
from otel_worker_cli.terminal.escape import visible
from otel_worker_cli.terminal.formats import format_count
from otel_worker_cli.terminal.progress import shown_progress
from otel_worker_cli.terminal.screen import Screen

if TYPE_CHECKING:
    from otel_worker_cli.demo.player import Played

Command = TypeVar("Command", bound=Callable[..., Any])

# `otel-worker dev` listens there unless told otherwise.
DEV_URL = "http://127.0.0.1:8787"

# The one setting of the SDK that no argument overrides.
_SDK_DISABLED = "OTEL_SDK_DISABLED"

_UNITS_SECONDS = {"s": 1, "m": 60, "h": 3600}
_MIN_SECONDS, _MAX_SECONDS = 60, 24 * 3600
_DEFAULT_SECONDS = 3600

# Parameters of `send` that go with one of its two forms only.
_OF_THE_SAMPLE = ("protocol", "wait_seconds")
_OF_THE_DEMO = ("back_dated", "live", "rate", "seed", "reveal", "dev")


class Duration(click.ParamType[int]):
    """A time of a demo, in seconds: `90s`, `5m`, `1h`."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        match = re.fullmatch(r"([0-9]{1,6})([smh])", str(value), re.ASCII)
        seconds = int(match[1]) * _UNITS_SECONDS[match[2]] if match else 0
        if not _MIN_SECONDS <= seconds <= _MAX_SECONDS:
            self.fail(f"{value!r} is no time from 1m to 24h, like 90s, 5m or 1h", param, ctx)
        return seconds


@dataclass(frozen=True, slots=True)
class DemoOptions:
    """What is to be played: how long, whether in real time, how much, and which chance."""

    seconds: int
    is_live: bool
    rate: float
    seed: int
    reveal: bool


def demo_options(command: Command) -> Command:
    """Give `send` the options of the demo."""
    decorated: Any = command
    for option in reversed(_OPTIONS):
        decorated = option(decorated)
    return decorated  # type: ignore[no-any-return] # click keeps the function


_OPTIONS = (
    click.option("--demo", is_flag=True, help="Send sample data instead: a web shop with three problems."),
    click.option(
        "--back-dated", "back_dated", type=Duration(), metavar="TIME",
        help="With --demo: the time up to now, 1m to 24h, sent at once.  [default: 1h]",
    ),
    click.option("--live", type=Duration(), metavar="TIME", help="With --demo: in real time, from now on."),
    click.option(
        "--rate", type=click.FloatRange(0.01, 100), default=1.0, show_default=True,
        help="With --demo: traces a second.",
    ),
    click.option("--seed", type=click.IntRange(0), help="With --demo: the same data, but for ids and times."),
    click.option("--reveal", is_flag=True, help="With --demo: tell what the problems are, and send nothing."),
    click.option(
        "--dev", is_flag=True,
        help="With --demo: to `otel-worker dev` with the token of .dev.vars, unless an address is given.",
    ),
)  # fmt: skip


def read_demo_options(context: click.Context) -> DemoOptions | None:
    """Return what `send` is to play, None: no demo; raises click.UsageError for options that do not fit."""
    given = context.params
    for name in _OF_THE_SAMPLE if given["demo"] else _OF_THE_DEMO:
        if context.get_parameter_source(name) is not click.core.ParameterSource.DEFAULT:
            option = next(option for option in context.command.params if option.name == name).opts[0]
            raise click.UsageError(f"{option} goes {'without' if given['demo'] else 'with'} --demo.")
    if not given["demo"]:
        return None
    if given["live"] and given["back_dated"]:
        raise click.UsageError("--back-dated and --live exclude each other.")
    seconds = given["live"] or given["back_dated"] or _DEFAULT_SECONDS
    seed = secrets.randbelow(2**31) if given["seed"] is None else given["seed"]
    return DemoOptions(seconds, bool(given["live"]), given["rate"], seed, given["reveal"])


def demo_target(context: click.Context, target: Target) -> Target:
    """Return where a demo goes: with --dev and no other address, to the collector of `otel-worker dev`."""
    given = context.params
    is_told = given["url"] or given["profile"]
    is_told = is_told or os.environ.get(URL_VARIABLE) or os.environ.get(PROFILE_VARIABLE)
    if is_told or not given["dev"]:
        return target
    from otel_worker_cli.runtime.dev_vars import read_variables
    from otel_worker_cli.runtime.project import this_checkout

    # In the order in which `otel-worker dev` looks for it.
    token = given["token"] or os.environ.get(TOKEN_VARIABLE)
    return Target(DEV_URL, token or read_variables(this_checkout().root / ".dev.vars").get("AUTH_TOKEN", ""))


def run_demo(target: Target, screen: Screen, options: DemoOptions) -> None:
    """Play the demo, or tell its answers."""
    if options.reveal:
        _reveal(screen)
        return
    _check(target)
    begin_unix_nano = time.time_ns() - (0 if options.is_live else options.seconds * 1_000_000_000)
    played = _play(target, screen, options, begin_unix_nano)
    end_unix_nano = time.time_ns() if options.is_live else begin_unix_nano + options.seconds * 1_000_000_000
    if screen.for_people:
        _tell(screen, target, options, played)
    else:
        screen.write_document(
            {
                "url": target.url,
                "page": _page(target),
                "seed": options.seed,
                "start": _rfc3339(begin_unix_nano),
                "end": _rfc3339(end_unix_nano),
                "traces": played.traces,
                "spans": played.spans,
                "rejectedSpans": played.rejected_spans,
            }
        )
    if played.rejected_spans:
        spans = format_count(played.rejected_spans, "span")
        raise CommandFailure(ExitCode.REFUSED, f"the collector rejected {spans}: {played.reason}")


def _check(target: Target) -> None:
    """Raise CommandFailure for what would end a demo that has only just begun."""
    if os.environ.get(_SDK_DISABLED, "").strip().lower() == "true":
        raise CommandFailure(
            ExitCode.USAGE,
            f"{_SDK_DISABLED} is set, so OpenTelemetry's SDK sends nothing",
            f"Run it without: env -u {_SDK_DISABLED} otel-worker send --demo",
        )
    try:
        # Empty, and refused as any other.
        with_client(target, lambda client: client.export(b"", PROTOBUF))
    except CommandFailure as failure:
        if failure.exit_code != ExitCode.UNREACHABLE or target.url != DEV_URL:
            raise
        raise CommandFailure(
            ExitCode.UNREACHABLE,
            f"no collector answers at {DEV_URL}",
            f"`make dev` starts one there, and {URL_VARIABLE} names another one.",
        ) from failure


def _play(target: Target, screen: Screen, options: DemoOptions, begin_unix_nano: int) -> Played:
    # The SDK takes a while to load, which the other commands need not wait for.
    from otel_worker_cli.demo.player import open_player, wait_for_nothing
    from otel_worker_cli.demo.real_time import RealTime
    from otel_worker_cli.demo.scenario import LONGEST_SECONDS, tell_traces

    # In real time, the last traces may end a little later.
    seconds = options.seconds + LONGEST_SECONDS if options.is_live else options.seconds
    traces = tell_traces(seconds, options.rate, options.seed)
    real_time = RealTime()
    wait = real_time.wait_until if options.is_live else wait_for_nothing
    try:
        with (
            real_time if options.is_live else contextlib.nullcontext(),
            shown_progress(screen, "Playing the sample shop", options.seconds) as report,
            open_player(target.url, target.token, begin_unix_nano) as player,
        ):
            player.play(
                traces,
                wait,
                lambda at_nano: report(at_nano / 1e9, format_count(player.played.traces, "trace")),
            )
            return player.played
    except ClientError as error:
        raise failure_of(error, target.url) from error


def _tell(screen: Screen, target: Target, options: DemoOptions, played: Played) -> None:
    from otel_worker_cli.demo.problems import STORIES

    amount = f"{format_count(played.traces, 'trace')} with {format_count(played.spans, 'span')}"
    screen.show(f"Sent {amount} of a sample shop to {visible(target.url)} (seed {options.seed})")
    screen.show(f"\nSee them at {visible(_page(target))}\n\nThree problems are hidden in them:")
    for number, story in enumerate(STORIES.values(), 1):
        screen.show(f"  {number}. {story.question}")
    screen.show("\nThe answers: otel-worker send --demo --reveal")


def _reveal(screen: Screen) -> None:
    from otel_worker_cli.demo.problems import STORIES

    if not screen.for_people:
        problems = [
            {"problem": problem.value, "question": story.question, "answer": story.answer}
            for problem, story in STORIES.items()
        ]
        screen.write_document({"problems": problems})
        return
    for number, (problem, story) in enumerate(STORIES.items(), 1):
        screen.show(f"{number}. {story.question}\n   A {problem.value}. {story.answer}\n")


def _page(target: Target) -> str:
    return f"{target.url.rstrip('/')}/"


def _rfc3339(unix_nano: int) -> str:
    return datetime.fromtimestamp(unix_nano // 1_000_000_000, UTC).isoformat().replace("+00:00", "Z")
