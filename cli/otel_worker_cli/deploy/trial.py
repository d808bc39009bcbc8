"""The sample trace that shows whether a deployed collector works."""

from __future__ import annotations

import asyncio
import time

from otel_worker.otlp.protobuf_encoder import encode_traces_protobuf
from otel_worker.otlp.response import PROTOBUF
from otel_worker_cli.client import Client, ClientError, NotAllowed
from otel_worker_cli.commands.sample_trace import sample_trace

SETTLE_SECONDS = 90.0
"""How long a new address and a new secret may take until they are known everywhere."""

_PAUSE_SECONDS = 1.0


async def send_trial(client: Client, *, is_token_new: bool) -> str:
    """Send a sample trace until the collector has it, and return its id; raises a ClientError.

    A token that was set a moment ago may be refused for a while; another one is wrong.
    """
    trace = sample_trace(time.time_ns())
    body = encode_traces_protobuf(trace)
    deadline = time.monotonic() + SETTLE_SECONDS
    while True:
        try:
            # The same body again is stored once.
            await client.export(body, PROTOBUF)
            await client.get_json(f"/v1/traces/{trace.trace_id}")
            return trace.trace_id
        except ClientError as error:
            if isinstance(error, NotAllowed) and not is_token_new:
                raise
            if time.monotonic() >= deadline:
                raise
        await asyncio.sleep(_PAUSE_SECONDS)
