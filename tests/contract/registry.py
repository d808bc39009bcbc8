"""Contracts as registries of cases: plain async functions that also run inside the Workers runtime."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

Subject = TypeVar("Subject")
_SHOWN_CHARACTERS = 2_000


class Contract(Generic[Subject]):
    """The cases of one contract by name, in the order of their definition; use it as a decorator."""

    def __init__(self) -> None:
        self.cases: dict[str, Callable[[Subject], Awaitable[None]]] = {}

    def __call__(self, case: Callable[[Subject], Awaitable[None]]) -> Callable[[Subject], Awaitable[None]]:
        name = case.__name__
        assert name not in self.cases, f"two cases are called {name}"
        self.cases[name] = case
        return case


def expect(found: object, wanted: object) -> None:
    """Raise unless both are equal, and show both: no test runner rewrites assertions in the Worker."""
    if found != wanted:
        raise AssertionError(f"\n found: {_shown(found)}\nwanted: {_shown(wanted)}")


def _shown(value: object) -> str:
    text = repr(value)
    if len(text) <= _SHOWN_CHARACTERS:
        return text
    return f"{text[:_SHOWN_CHARACTERS]}... ({len(text)} characters)"
