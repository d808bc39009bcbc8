"""The checkout of the sample shop, where the slow dependency is, and the mail that follows an order."""

from __future__ import annotations

from otel_worker_cli.demo.calls import (
    end_http_client,
    http_client,
    http_request,
    message_attributes,
    redis,
    rpc,
    sql,
)
from otel_worker_cli.demo.problems import Problem
from otel_worker_cli.demo.recording import Attributes, Kind, MadeUpSpan, Recorder
from otel_worker_cli.demo.services import (
    CART,
    CHECKOUT,
    EMAIL_WORKER,
    GATEWAY,
    INVENTORY,
    PAYMENTS,
    SHIPPING,
)
from otel_worker_cli.demo.shop import Visit

FRAUD_CHECK = "api.fraud-check.example"
FRAUD_TIMEOUT_MS = 8_000.0
TOPIC = "orders.placed"

# As usual, and how many times that at the worst: far beyond the time-out.
_FRAUD_MS, _FRAUD_SLOWEST = 45.0, 500.0
_DECLINED_SHARE = 0.05
_TIMEOUT_STACK = """\
\tat java.net.http/jdk.internal.net.http.HttpClientImpl.send(HttpClientImpl.java:944)
\tat shop.payments.fraud.FraudCheckClient.assess(FraudCheckClient.java:73)
\tat shop.payments.ChargeService.charge(ChargeService.java:118)
\tat shop.payments.api.ChargeResource.post(ChargeResource.java:46)"""


def check_out(visit: Visit) -> MadeUpSpan | None:
    """Buy what is in the cart; returns the span that announced the order, None: there is no order."""
    recorder = visit.recorder
    with visit.front_request("POST", "/api/checkout") as exchange:
        person = visit.sign_in()
        order: Attributes = {
            "app.order.id": f"o-{visit.number(900_000) + 100_000}",
            "app.order.total": round(recorder.chance.lognormvariate(4.0, 0.7), 2),
            "app.order.currency": "EUR",
        }
        with http_request(recorder, GATEWAY, CHECKOUT, "POST", "/v1/orders") as placed:
            placed.served |= person | order
            _prepare(recorder)
            status = _charge(visit, order)
            if status != 200:
                placed.status = exchange.status = 504 if status == 504 else 402
                return None
            announced = _place(visit, order)
            placed.status = exchange.status = 201
        return announced


def _prepare(recorder: Recorder) -> None:
    """Read the cart, and hold what is in it."""
    recorder.work(2)
    with http_request(recorder, CHECKOUT, CART, "GET", "/v1/carts/{id}", path="/v1/carts/current"):
        redis(recorder, CART, "HGETALL", "cart:?")
    with rpc(recorder, CHECKOUT, INVENTORY, "shop.inventory.v1.Stock/Reserve"):
        query = "UPDATE stock SET reserved = reserved + $2 WHERE sku = $1"
        sql(recorder, INVENTORY, "UPDATE", "stock", query, 5)


def _charge(visit: Visit, order: Attributes) -> int:
    """Let payments charge the card; returns the status of its answer."""
    recorder = visit.recorder
    with http_request(recorder, CHECKOUT, PAYMENTS, "POST", "/v1/charges") as charge:
        charge.served["app.order.id"] = order["app.order.id"]
        recorder.work(2)
        if not _assess_risk(visit):
            charge.status = 504
        elif visit.happens(_DECLINED_SHARE) and visit.problem is None:
            charge.status = 402
            charge.served["app.payment.decline_reason"] = "insufficient_funds"
        else:
            query = "INSERT INTO charges (order_id, amount) VALUES ($1, $2)"
            sql(recorder, PAYMENTS, "INSERT", "charges", query, 5)
            with http_client(
                recorder, PAYMENTS, "POST /charges", "POST", "api.sample-bank.example", 443, "/charges"
            ) as call:
                call.attributes |= {"url.template": "/charges", "service.peer.name": "sample-bank"}
                recorder.work(95, 0.3)
                end_http_client(call, 200)
    return charge.status


def _assess_risk(visit: Visit) -> bool:
    """Ask the fraud check about a charge, and tell whether it answered in time."""
    recorder = visit.recorder
    path = "/v2/assessments"
    with http_client(recorder, PAYMENTS, f"POST {path}", "POST", FRAUD_CHECK, 443, path) as call:
        call.attributes |= {"url.template": path, "service.peer.name": "fraud-check"}
        severity = visit.severity if visit.problem is Problem.SLOW_DEPENDENCY else 0.0
        latency_ms = recorder.latency_ms(_FRAUD_MS * _FRAUD_SLOWEST**severity, 0.3)
        if latency_ms < FRAUD_TIMEOUT_MS:
            recorder.wait(latency_ms)
            end_http_client(call, 200)
            return True
        recorder.wait(FRAUD_TIMEOUT_MS)
        message = "fraud-check did not answer within 8 s"
        recorder.exception("java.net.http.HttpTimeoutException", message, _TIMEOUT_STACK)
        call.fail("timeout", message)
        return False


def _place(visit: Visit, order: Attributes) -> MadeUpSpan:
    """Store the order, prepare the parcel, and announce both."""
    recorder = visit.recorder
    sql(recorder, CHECKOUT, "INSERT", "orders", "INSERT INTO orders (id, total) VALUES ($1, $2)", 6)
    with http_request(recorder, CHECKOUT, SHIPPING, "POST", "/v1/parcels") as parcel:
        recorder.work(2)
        sql(recorder, SHIPPING, "INSERT", "parcels", "INSERT INTO parcels (order_id) VALUES ($1)", 4)
        parcel.status = 201
    attributes = message_attributes("send", "send", TOPIC, f"m-{visit.number(10**9):09}")
    with recorder.span(CHECKOUT, f"send {TOPIC}", Kind.PRODUCER, attributes | order) as announced:
        recorder.work(2.5)
    return announced


def send_mail(recorder: Recorder, announced: MadeUpSpan) -> None:
    """Take an order from the queue, and send the mail: a trace of its own, linked to the order's."""
    message_id = str(announced.attributes["messaging.message.id"])
    attributes = message_attributes("process", "process", TOPIC, message_id)
    attributes |= {
        "messaging.consumer.group.name": "order-mails",
        "app.order.id": announced.attributes["app.order.id"],
    }
    with recorder.span(EMAIL_WORKER, f"process {TOPIC}", Kind.CONSUMER, attributes) as taken:
        taken.linked = announced
        with recorder.span(EMAIL_WORKER, "render mail", Kind.INTERNAL, {"app.template": "order-placed"}):
            recorder.work(9)
        with http_client(
            recorder, EMAIL_WORKER, "POST /messages", "POST", "api.sample-mail.example", 443, "/messages"
        ) as call:
            call.attributes |= {"url.template": "/messages", "service.peer.name": "sample-mail"}
            recorder.work(130, 0.4)
            end_http_client(call, 202)
