"""The MetricGateway port over the METRICS_AGGREGATOR binding: a Durable Object for each service."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from hashlib import blake2b
from typing import Any

import msgspec

from otel_worker.errors import OtelWorkerError, StorageUnavailable
from otel_worker.metric_model import MetricGroup
from otel_worker.metrics.aggregation import PushResult
from otel_worker.store.database import Database
from otel_worker.store.metric_services import list_metric_services

# An answer takes half a second at most while all is well.
PUSH_TIMEOUT_SECONDS = 10.0
# The aggregators are asked one after another.
COLLECT_TIMEOUT_SECONDS = 20.0

# Bytes, since JSON has no NaN and no infinity; and Python's own over RPC, since the runtime's SDK looks at a
# Uint8Array byte by byte: a millisecond a KB.
encode_groups = msgspec.msgpack.Encoder().encode
decode_groups = msgspec.msgpack.Decoder(list[MetricGroup]).decode
encode_result = msgspec.msgpack.Encoder().encode
decode_result = msgspec.msgpack.Decoder(PushResult).decode

_MAX_NAME_CHARACTERS = 200


class DurableObjectGateway:
    """The MetricGateway port for one request."""

    def __init__(self, namespace: Any, database: Database) -> None:
        """`database` has the names of the services."""
        self._namespace = namespace
        self._database = database

    async def push(self, service: str, digest: str, groups: Sequence[MetricGroup]) -> PushResult:
        """See MetricGateway.push; one RPC call."""
        try:
            async with asyncio.timeout(PUSH_TIMEOUT_SECONDS):
                answer = await self._aggregator(service).push(service, digest, encode_groups(groups))
        except Exception as error:
            raise StorageUnavailable(
                "the metrics could not be added up at the moment; send the request again later"
            ) from error
        return decode_result(bytes(answer))

    async def collect(self) -> list[MetricGroup]:
        """See MetricGateway.collect; one RPC call a service."""
        groups: list[MetricGroup] = []
        try:
            async with asyncio.timeout(COLLECT_TIMEOUT_SECONDS):
                for service in await list_metric_services(self._database):
                    answer = await self._aggregator(service).collect()
                    groups += decode_groups(bytes(answer))
        except OtelWorkerError:
            raise
        except Exception as error:
            raise StorageUnavailable("the metrics could not be collected at the moment") from error
        return groups

    def _aggregator(self, service: str) -> Any:
        name = service
        if len(service) > _MAX_NAME_CHARACTERS:
            name = f"{service[:64]} {blake2b(service.encode(errors='replace')).hexdigest()[:32]}"
        return self._namespace.getByName(name)
