"""`otel-worker send`: a sample trace that shows whether a collector works."""

from __future__ import annotations

import asyncio
import shlex
import time
from typing import NamedTuple

import click

from otel_worker.otlp.json_encoder import encode_traces_json
from otel_worker.otlp.protobuf_encoder import encode_traces_protobuf
from otel_worker.otlp.response import JSON, PROTOBUF
from otel_worker_cli.client import Client, NotAllowed
from otel_worker_cli.commands.client_command import client_command, with_client
from otel_worker_cli.commands.exit_codes import CommandFailure, ExitCode
from otel_worker_cli.commands.sample_trace import PAYMENTS, SHOP, sample_trace
from otel_worker_cli.commands.send_demo import demo_options, demo_target, read_demo_options, run_demo
from otel_worker_cli.profile import Target
from otel_worker_cli.terminal.formats import format_count, format_duration, format_size
from otel_worker_cli.terminal.screen import Screen

POLL_SECONDS = 0.1


class Sent(NamedTuple):
    """A trace that a collector accepted and lists, and how long both took."""

    trace_id: str
    spans: int
    size_bytes: int
    accepted_nano: int
    listed_nano: int


@click.command()
@click.option(
    "--protocol",
    type=click.Choice(["http/protobuf", "http/json"]),
    default="http/protobuf",
    show_default=True,
    help="Encoding of the request.",
)
@click.option(
    "--wait",
    "wait_seconds",
    type=click.FloatRange(min=0),
    default=10.0,
    show_default=True,
    help="Seconds until the collector has to list it.",
)
@demo_options
@client_command
@click.pass_context
def send(
    context: click.Context,
    /,
    target: Target,
    screen: Screen,
    protocol: str,
    wait_seconds: float,
    **_of_the_demo: object,
) -> None:
    """Send a sample trace as an exporter does, and wait until the collector lists it.

    With --demo, play a small web shop instead: some thousand traces of twelve services, in which three
    problems are hidden. docs/demo.md says more.
    """
    demo = read_demo_options(context)
    if demo is not None:
        run_demo(demo_target(context, target), screen, demo)
        return
    sent = with_client(target, lambda client: _send(client, protocol, wait_seconds))
    command = shlex.join(["otel-worker", "traces", "get", sent.trace_id, *_options(context)])
    if not screen.for_people:
        screen.write_document(
            {
                "traceId": sent.trace_id,
                "url": target.url,
                "spans": sent.spans,
                "services": [SHOP, PAYMENTS],
                "bytes": sent.size_bytes,
                "acceptedNano": sent.accepted_nano,
                "listedNano": sent.listed_nano,
                "command": command,
            }
        )
        return
    spans, size = format_count(sent.spans, "span"), format_size(sent.size_bytes)
    screen.show(f"Sent      {spans} of {SHOP} and {PAYMENTS}, {size} of OTLP {protocol}, to {target.url}")
    screen.show(f"Accepted  after {format_duration(sent.accepted_nano)}")
    screen.show(f"Listed    {format_duration(sent.listed_nano)} later")
    screen.show("\nYour collector works. See the trace with")
    screen.show(f"  {command}")


async def _send(client: Client, protocol: str, wait_seconds: float) -> Sent:
    trace = sample_trace(time.time_ns())
    is_protobuf = protocol == "http/protobuf"
    body = encode_traces_protobuf(trace) if is_protobuf else encode_traces_json(trace)
    started = time.monotonic_ns()
    result = await client.export(body, PROTOBUF if is_protobuf else JSON)
    accepted = time.monotonic_ns()
    if result.rejected_spans:
        raise CommandFailure(ExitCode.REFUSED, f"the collector rejected the sample: {result.message}")
    try:
        is_listed = await _is_listed(client, trace.trace_id, wait_seconds)
    except NotAllowed as error:
        remedy = "To see it, use a token that may read: READ_TOKEN or AUTH_TOKEN."
        raise CommandFailure(
            ExitCode.NOT_ALLOWED,
            f"{client.url} accepted the sample, but this token may not list it: {error}",
            remedy,
        ) from error
    if not is_listed:
        raise CommandFailure(
            ExitCode.NOT_FOUND,
            f"{client.url} accepted the sample, trace {trace.trace_id}, and does not list it "
            f"after {wait_seconds:g} seconds",
            "Its log may say why; --wait gives it more time.",
        )
    spans = sum(len(group.spans) for group in trace.groups)
    return Sent(trace.trace_id, spans, len(body), accepted - started, time.monotonic_ns() - accepted)


async def _is_listed(client: Client, trace_id: str, wait_seconds: float) -> bool:
    """Tell whether a trace appears in the list within a time."""
    deadline = time.monotonic() + wait_seconds
    while True:
        async for listed in client.list_traces(service=SHOP, limit=100):
            if listed.trace_id == trace_id:
                return True
        if time.monotonic() >= deadline:
            return False
        await asyncio.sleep(POLL_SECONDS)


def _options(context: click.Context) -> list[str]:
    """Return the options that lead to the same collector; not the token, which is a secret."""
    options: list[str] = []
    for name in ("url", "profile"):
        if context.params.get(name):
            options += [f"--{name}", context.params[name]]
    return options
