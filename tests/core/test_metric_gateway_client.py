"""The Worker's side of the aggregators: which object a service has, and what becomes of calls that fail."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from otel_worker.cloudflare import metric_client
from otel_worker.cloudflare.metric_client import DurableObjectGateway, decode_groups, encode_groups
from otel_worker.errors import FieldViolation, StorageFailure, StorageUnavailable
from otel_worker.metrics.aggregation import PushResult
from otel_worker.otlp.metric_protobuf_decoder import decode_metrics_protobuf
from otel_worker.store.metric_services import (
    add_metric_service,
    list_metric_services,
    remove_metric_service,
)
from otel_worker_cli.sqlite import SqliteDatabase
from tests.core.harness import WatchedDatabase
from tests.core.metric_runtime import counted, values_of
from tests.core.metric_samples import rich_metrics_request
from tests.samples import run


class Namespace:
    """The binding; `answer` is called with the name of an object and the arguments of a call."""

    def __init__(self, answer: Callable[..., Any]) -> None:
        self.answer = answer
        self.names: list[str] = []
        self.getByName = self._find

    def _find(self, name: str) -> Any:
        self.names.append(name)
        return Stub(lambda *arguments: self.answer(name, *arguments))


class Stub:
    def __init__(self, answer: Callable[..., Any]) -> None:
        self._answer = answer

    async def push(self, *arguments: Any) -> Any:
        return self._answer(*arguments)

    async def collect(self) -> Any:
        return self._answer()


def fail(*arguments: Any) -> Any:
    raise RuntimeError("the object was reset")


def test_a_push_is_one_call_that_loses_nothing(database: SqliteDatabase) -> None:
    groups = decode_metrics_protobuf(rich_metrics_request().SerializeToString()).groups
    result = PushResult(3, 1, 2, [FieldViolation("metric 'a'", "is bad")])
    calls: list[Any] = []

    def answer(*call: Any) -> Any:
        calls.append(call)
        # Bytes come as a view.
        return memoryview(metric_client.encode_result(result))

    gateway = DurableObjectGateway(Namespace(answer), database)
    assert asyncio.run(gateway.push("shop", "digest", groups)) == result
    ((name, service, digest, sent),) = calls
    assert (name, service, digest) == ("shop", "shop", "digest")
    assert decode_groups(bytes(sent)) == groups


def test_the_name_of_an_object_is_bounded_and_its_own(database: SqliteDatabase) -> None:
    namespace = Namespace(lambda *call: metric_client.encode_result(PushResult()))
    gateway = DurableObjectGateway(namespace, database)
    services = ["shop", "x" * 200, "x" * 201, "x" * 10_000, "x" * 10_000 + "y", "\ud800" * 201, "ü" * 201]
    for service in services:
        asyncio.run(gateway.push(service, "digest", []))
    assert namespace.names[:2] == services[:2]
    assert len(set(namespace.names)) == len(services)
    assert max(map(len, namespace.names)) == 200


def test_a_push_that_fails_in_any_way_may_be_sent_again(database: SqliteDatabase) -> None:
    with pytest.raises(StorageUnavailable, match="send the request again later"):
        asyncio.run(DurableObjectGateway(Namespace(fail), database).push("shop", "digest", []))


def test_a_push_without_an_answer_ends(database: SqliteDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metric_client, "PUSH_TIMEOUT_SECONDS", 0.01)
    monkeypatch.setattr(Stub, "push", lambda *_: asyncio.Event().wait())
    with pytest.raises(StorageUnavailable):
        asyncio.run(DurableObjectGateway(Namespace(fail), database).push("shop", "digest", []))


def test_all_services_are_collected_in_order(database: SqliteDatabase) -> None:
    for service in ("shop", "cart", "shop"):
        run(add_metric_service(database, service))
    values = {"cart": 1, "shop": 2}
    namespace = Namespace(lambda name: memoryview(encode_groups(counted(values[name]))))
    gateway = DurableObjectGateway(namespace, database)
    assert values_of(asyncio.run(gateway.collect())) == [1, 2]
    run(remove_metric_service(database, "cart"))
    assert values_of(asyncio.run(gateway.collect())) == [2]
    assert run(list_metric_services(database)) == ["shop"]


def test_a_collection_that_fails_may_be_asked_again(database: SqliteDatabase) -> None:
    run(add_metric_service(database, "shop"))
    with pytest.raises(StorageUnavailable):
        asyncio.run(DurableObjectGateway(Namespace(fail), database).collect())


def test_a_database_that_fails_for_good_says_so(database: SqliteDatabase) -> None:
    watched = WatchedDatabase(database)

    def refuse() -> None:
        raise StorageFailure("no such table")

    watched.before_query = refuse
    with pytest.raises(StorageFailure):
        asyncio.run(DurableObjectGateway(Namespace(fail), watched).collect())
