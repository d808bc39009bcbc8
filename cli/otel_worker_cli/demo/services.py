"""The services of the sample shop, as data: what each one is, and what its resource says."""

from __future__ import annotations

from typing import NamedTuple

from otel_worker_cli.demo.recording import Attributes

NAMESPACE = "sample-shop"


class Service(NamedTuple):
    """A service: its release, its language, and where others reach it."""

    name: str
    version: str
    language: str
    port: int = 8080

    @property
    def address(self) -> str:
        return f"{self.name}.shop.internal"


STOREFRONT = Service("storefront", "2026.47.2", "webjs")
GATEWAY = Service("gateway", "1.31.0", "go")
AUTH = Service("auth", "4.2.1", "go")
CATALOG = Service("catalog", "5.12.0", "python")
SEARCH = Service("search", "2.7.3", "java")
RECOMMENDATIONS = Service("recommendations", "0.19.4", "python")
CART = Service("cart", "3.8.1", "nodejs")
CART_NEW = Service("cart", "3.9.0", "nodejs")
CHECKOUT = Service("checkout", "6.4.0", "java")
PAYMENTS = Service("payments", "3.3.2", "java")
INVENTORY = Service("inventory", "2.0.8", "go", 9090)
SHIPPING = Service("shipping", "1.15.6", "dotnet")
EMAIL_WORKER = Service("email-worker", "1.4.0", "nodejs")

SERVICES = (
    STOREFRONT, GATEWAY, AUTH, CATALOG, SEARCH, RECOMMENDATIONS, CART, CART_NEW, CHECKOUT, PAYMENTS,
    INVENTORY, SHIPPING, EMAIL_WORKER,
)  # fmt: skip


def resource_attributes(service: Service) -> Attributes:
    """Return the attributes of a service's resource, as its SDK would give them."""
    number = SERVICES.index(service)
    attributes: Attributes = {
        "service.name": service.name,
        "service.namespace": NAMESPACE,
        "service.version": service.version,
        "service.instance.id": f"{service.name}-{number:02}",
        "deployment.environment.name": "demo",
        "telemetry.sdk.name": "opentelemetry",
        "telemetry.sdk.language": service.language,
    }
    if service is STOREFRONT:
        return attributes | {"browser.platform": "Linux", "browser.mobile": False, "browser.language": "en"}
    return attributes | {
        "k8s.namespace.name": NAMESPACE,
        "k8s.pod.name": f"{service.name}-{service.version.replace('.', '-')}-{number:02}",
    }
