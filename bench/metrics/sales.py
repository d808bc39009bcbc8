"""What request number n of the shop counts: the Worker records it, and the measurement knows the sums by it.

Copied beside the Worker. All numbers are multiples of 1/4, so that their sums are exact in any order.
"""

from __future__ import annotations

from typing import NamedTuple

BOUNDS = (5.0, 10.0, 25.0, 50.0, 100.0, 250.0)

_PAYMENT_METHODS = ("card", "invoice", "cash")
_CATEGORIES = ("tea", "cups", "kettles", "books", "gifts")
_CURRENCIES = ("EUR", "USD")
_ROUTES = ("/basket", "/checkout", "/checkout/{step}", "/orders/{id}")


class Sale(NamedTuple):
    """Three counters and a histogram, each with an attribute."""

    payment_method: str
    category: str
    item_count: int
    currency: str
    revenue: float
    route: str
    duration_ms: float


def sale_of(number: int) -> Sale:
    """Return what a request counts; the same number is always the same sale."""
    # Odd factors that share nothing with the lengths: all combinations come up.
    mixed = number * 7919
    return Sale(
        _PAYMENT_METHODS[mixed % len(_PAYMENT_METHODS)],
        _CATEGORIES[mixed % len(_CATEGORIES)],
        1 + mixed % 7,
        _CURRENCIES[mixed % len(_CURRENCIES)],
        (mixed % 400) / 4,
        _ROUTES[mixed // 2 % len(_ROUTES)],
        (mixed % 1201) / 4,
    )
