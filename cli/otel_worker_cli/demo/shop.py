"""What people do in the sample shop, but for the checkout: each function tells one request as a trace."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from otel_worker_cli.demo.calls import Exchange, end_http_client, http_client, http_request, redis, rpc, sql
from otel_worker_cli.demo.problems import Problem
from otel_worker_cli.demo.recording import Attributes, Kind, Recorder
from otel_worker_cli.demo.services import (
    AUTH,
    CART,
    CART_NEW,
    CATALOG,
    GATEWAY,
    INVENTORY,
    RECOMMENDATIONS,
    SEARCH,
    SHIPPING,
    STOREFRONT,
)

CARRIER = "api.parcel-carrier.example"
GATEWAY_ATTEMPTS, SHIPPING_ATTEMPTS = 3, 4

_BROWSER_SHARE, _GIFT_CARD_SHARE = 0.7, 0.15
_BROWSER_AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"
_APP_AGENT = "SampleShop/8.2 (Android 16)"
_QUERIES = ("red shoes", "kettle", "rain jacket", "desk lamp", "usb-c cable", "green tea", "board game")
_GIFT_CARD_REASON = "Cannot read properties of undefined (reading 'currency')"
_CART_STACK = """\
    at priceOf (/srv/cart/src/gift-card.js:41:31)
    at addItem (/srv/cart/src/items.js:88:17)
    at process.processTicksAndRejections (node:internal/process/task_queues:105:5)"""
_CARRIER_ERROR = "Shop.Shipping.CarrierUnavailableException"
_CARRIER_REASON = f"parcel-carrier answered 503 to all of {SHIPPING_ATTEMPTS} attempts"
_CARRIER_STACK = """\
   at Shop.Shipping.Carriers.Rates(Parcel parcel) in /src/Shipping/Carriers.cs:line 112
   at Shop.Shipping.Quotes.Get(Parcel parcel) in /src/Shipping/Quotes.cs:line 57"""


@dataclass(frozen=True, slots=True)
class Visit:
    """One request of a person: where it is told, what goes wrong in it, and how badly, from 0 to 1."""

    recorder: Recorder
    problem: Problem | None = None
    severity: float = 0.0

    def number(self, limit: int) -> int:
        """Return a number below a limit."""
        return self.recorder.chance.randrange(limit)

    def happens(self, share: float) -> bool:
        """Tell whether something happens that does in this share of all cases."""
        return self.recorder.chance.random() < share

    @contextmanager
    def front_request(self, method: str, route: str, path: str = "") -> Iterator[Exchange]:
        """Tell a request to the gateway, from a browser that sends spans or from an app that sends none."""
        is_browser = self.happens(_BROWSER_SHARE)
        caller = STOREFRONT if is_browser else None
        with http_request(self.recorder, caller, GATEWAY, method, route, path=path) as exchange:
            exchange.served["user_agent.original"] = _BROWSER_AGENT if is_browser else _APP_AGENT
            exchange.served["client.address"] = f"198.51.100.{self.number(250) + 1}"
            self.recorder.work(1.2)
            yield exchange
            self.recorder.work(0.8)

    def sign_in(self) -> Attributes:
        """Let the gateway ask who this is, and return the attributes of that person."""
        with http_request(self.recorder, GATEWAY, AUTH, "POST", "/v1/introspect"):
            self.recorder.work(1.0)
            redis(self.recorder, AUTH, "GET", "session:?")
        return {"user.id": f"u-{self.number(900) + 100}"}


def browse(visit: Visit) -> None:
    """Look at a category."""
    category = ("shoes", "kitchen", "garden", "toys")[visit.number(4)]
    recorder = visit.recorder
    with (
        visit.front_request("GET", "/api/products", f"/api/products?category={category}"),
        http_request(recorder, GATEWAY, CATALOG, "GET", "/v1/products") as listed,
    ):
        listed.served["app.category"] = category
        recorder.work(2)
        redis(recorder, CATALOG, "GET", "category:?")
        if visit.happens(0.25):
            query = "SELECT id, name, price FROM products WHERE category = $1 LIMIT 48"
            sql(recorder, CATALOG, "SELECT", "products", query, 12)


def view_product(visit: Visit) -> None:
    """Look at one product: its price, what is in stock, and what else one may like."""
    product = visit.number(4000) + 1000
    recorder = visit.recorder
    with visit.front_request("GET", "/api/products/{id}", f"/api/products/{product}") as exchange:
        path = f"/v1/products/{product}"
        with http_request(recorder, GATEWAY, CATALOG, "GET", "/v1/products/{id}", path=path) as got:
            got.served["app.product.id"] = product
            recorder.work(1.5)
            sql(recorder, CATALOG, "SELECT", "products", "SELECT * FROM products WHERE id = $1", 4)
            if visit.happens(0.02):
                got.status = exchange.status = 404
        if exchange.status == 404:
            return
        with recorder.parallel() as parallel:
            with parallel.branch():
                ask_stock(visit, "GetLevel", 1)
            with parallel.branch(), http_request(recorder, GATEWAY, RECOMMENDATIONS, "GET", "/v1/similar"):
                redis(recorder, RECOMMENDATIONS, "GET", "features:?")
                with recorder.span(
                    RECOMMENDATIONS, "rank candidates", Kind.INTERNAL, {"app.candidates": 200}
                ):
                    recorder.work(18, 0.5)


def ask_stock(visit: Visit, method: str, items: int) -> None:
    """Let the gateway ask the inventory."""
    recorder = visit.recorder
    with rpc(recorder, GATEWAY, INVENTORY, f"shop.inventory.v1.Stock/{method}"):
        recorder.work(0.8)
        with recorder.span(INVENTORY, "check warehouses", Kind.INTERNAL, {"app.items": items}):
            sql(recorder, INVENTORY, "SELECT", "stock", "SELECT level FROM stock WHERE sku = ANY($1)", 3)


def search(visit: Visit) -> None:
    """Search for a product."""
    words = _QUERIES[visit.number(len(_QUERIES))]
    recorder = visit.recorder
    attributes: Attributes = {
        "db.system.name": "elasticsearch",
        "db.operation.name": "search",
        "db.collection.name": "products-v7",
        "http.request.method": "POST",
        "url.full": "http://search-index.shop.internal:9200/products-v7/_search",
        "server.address": "search-index.shop.internal",
        "server.port": 9200,
    }
    with (
        visit.front_request("GET", "/api/search", f"/api/search?q={words.replace(' ', '+')}"),
        http_request(recorder, GATEWAY, SEARCH, "GET", "/v1/search") as found,
    ):
        found.served |= {"app.search.words": words, "app.search.hits": visit.number(180)}
        recorder.work(2)
        with recorder.span(SEARCH, "search products-v7", Kind.CLIENT, attributes):
            recorder.work(26, 0.6)
        with recorder.span(SEARCH, "highlight", Kind.INTERNAL):
            recorder.work(1.5)


def log_in(visit: Visit) -> None:
    """Log in with a password."""
    recorder = visit.recorder
    with (
        visit.front_request("POST", "/api/login") as exchange,
        http_request(recorder, GATEWAY, AUTH, "POST", "/v1/sessions") as session,
    ):
        sql(recorder, AUTH, "SELECT", "users", "SELECT id, hash FROM users WHERE email = $1", 3)
        with recorder.span(AUTH, "verify password", Kind.INTERNAL, {"app.hash": "argon2id"}):
            recorder.work(62, 0.15)
        if visit.happens(0.05):
            session.status = exchange.status = 401
        else:
            redis(recorder, AUTH, "SETEX", "session:?")


def add_to_cart(visit: Visit) -> None:
    """Put a product into the cart; the new release of the cart fails for some."""
    recorder = visit.recorder
    is_new = visit.problem is Problem.FAILING_RELEASE
    has_gift_card = visit.happens(visit.severity if is_new else _GIFT_CARD_SHARE)
    with visit.front_request("POST", "/api/cart/items") as exchange:
        person = visit.sign_in()
        cart = CART_NEW if is_new else CART
        with http_request(recorder, GATEWAY, cart, "POST", "/v1/items") as added:
            added.served |= person | {"app.cart.has_gift_card": has_gift_card}
            recorder.work(2)
            redis(recorder, cart, "HGETALL", "cart:?")
            if is_new and has_gift_card:
                added.status = exchange.status = 500
                _throw(recorder, added, "TypeError", _GIFT_CARD_REASON, _CART_STACK)
            else:
                redis(recorder, cart, "HSET", "cart:?")
                added.status = exchange.status = 201


def quote_shipping(visit: Visit) -> None:
    """Ask what the delivery costs; while the carrier is down, everybody asks again and again."""
    recorder = visit.recorder
    is_down = visit.problem is Problem.RETRY_STORM
    with visit.front_request("GET", "/api/shipping/quotes") as exchange:
        for attempt in range(GATEWAY_ATTEMPTS if is_down else 1):
            with http_request(
                recorder, GATEWAY, SHIPPING, "GET", "/v1/quotes", resend_count=attempt
            ) as quote:
                recorder.work(1.5)
                _ask_carrier(visit, is_down)
                if is_down:
                    quote.status = exchange.status = 503
                    _throw(recorder, quote, _CARRIER_ERROR, _CARRIER_REASON, _CARRIER_STACK)


def _ask_carrier(visit: Visit, is_down: bool) -> None:
    """Ask the carrier until it answers or shipping gives up."""
    recorder = visit.recorder
    for attempt in range(SHIPPING_ATTEMPTS if is_down else 1):
        with http_client(
            recorder, SHIPPING, "POST /rates", "POST", CARRIER, 443, "/rates", resend_count=attempt
        ) as call:
            call.attributes |= {"url.template": "/rates", "service.peer.name": "parcel-carrier"}
            recorder.work(55, 0.3)
            end_http_client(call, 503 if is_down else 200)


def _throw(recorder: Recorder, exchange: Exchange, kind: str, reason: str, stack: str) -> None:
    """Let the server of a request fail with an exception that nobody catches."""
    recorder.exception(kind, reason, stack)
    exchange.reason = reason
    exchange.served["error.type"] = kind
