"""All rules of the conformance table, in its order."""

from __future__ import annotations

from tests.conformance.rule import Rule
from tests.conformance.rules_answers import ANSWERS
from tests.conformance.rules_json import GOLDEN, JSON_AND_REST
from tests.conformance.rules_model import MODEL
from tests.conformance.rules_transport import TRANSPORT

CHAPTERS: tuple[tuple[str, tuple[Rule, ...]], ...] = (
    ("Transport, content type, compression and size", TRANSPORT),
    ("Success, partial success and errors", ANSWERS),
    ("JSON encoding, CORS and the rest", JSON_AND_REST),
    ("Exact bytes of answers", GOLDEN),
    ("The data model", MODEL),
)

RULES: tuple[Rule, ...] = tuple(rule for _, rules in CHAPTERS for rule in rules)
