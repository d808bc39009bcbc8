"""The table of conformance is complete and current: every rule has a test, every test a rule."""

from __future__ import annotations

from collections import Counter

from tests.conformance.rules import RULES
from tools.conformance import PAGE, find_tests, render

NUMBERS = [
    *(str(number) for number in range(1, 58)),
    *(f"golden {name}" for name in ("success", "partial", "error", "details", "retry")),
    *(f"V{number}" for number in range(1, 21)),
]


def test_every_rule_is_in_the_table_once() -> None:
    assert [rule.number for rule in RULES] == NUMBERS


def test_every_rule_has_a_test_or_the_reason_why_not() -> None:
    tested = Counter(test.key for test in find_tests())
    assert [rule.number for rule in RULES if (tested[rule.key] == 0) != bool(rule.untested)] == []


def test_every_test_has_a_rule() -> None:
    keys = {rule.key for rule in RULES}
    assert [test.name for test in find_tests() if test.key not in keys] == []


def test_every_test_has_a_name_of_its_own() -> None:
    assert [name for name, count in Counter(test.name for test in find_tests()).items() if count > 1] == []


def test_every_cell_fits_a_table() -> None:
    for rule in RULES:
        cells = (rule.number, rule.level, rule.text, rule.ours, rule.collector)
        assert all(cells), rule
        assert not any("|" in cell or "\n" in cell for cell in (*cells, rule.untested)), rule


def test_the_page_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == render(), "run `make docs`"
