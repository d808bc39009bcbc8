"""What one rule of the conformance table says, and how its tests are named."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Rule:
    """One line of docs/conformance.md.

    `level` is the word of the specification: MUST, SHOULD, MAY or the default; HTTP where only HTTP says it,
    JSON for the JSON mapping, PROTO for comments of the .proto files, advice where nobody prescribes it.
    `differs` is the reason where this collector does something else; `untested` why no server can be tested.
    """

    number: str
    level: str
    text: str
    ours: str
    collector: str
    differs: str = ""
    untested: str = ""

    @property
    def key(self) -> str:
        """The beginning of the names of its tests, behind "test_"."""
        name = self.number.lower().replace(" ", "_")
        return name if name.startswith("golden") else f"rule_{name}"
