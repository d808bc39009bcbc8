"""Writes docs/conformance.md from the rules and tests in tests/conformance; `make docs` runs it."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.conformance.rule import Rule  # noqa: E402
from tests.conformance.rules import CHAPTERS, RULES  # noqa: E402

PAGE = ROOT / "docs" / "conformance.md"
TESTS = ROOT / "tests" / "conformance"

_KEY = re.compile(r"test_(rule_v?\d+|golden_[a-z]+)(?:_|$)")

_HEAD = """\
# Conformance to OTLP/HTTP

Every rule that the OTLP specification 1.11, the comments of its .proto files and HTTP have for a server that
takes traces and metrics, with what this collector does and the tests that show it. Rules V1 to V20 are about
the data model of traces. The column "OpenTelemetry Collector" is about its otlpreceiver of August 2026; a
dash says that nobody looked.

`make docs` writes this page from `tests/conformance`; `make test ARGUMENTS=tests/conformance` runs the tests,
most of them against the collector in workerd.
"""


class Test(NamedTuple):
    """A test function, the file it is in, and the key of the rule it is of (or None)."""

    name: str
    file: str
    key: str | None


def find_tests() -> list[Test]:
    """Return the tests of all rules, in the order of their files; those of this page itself are left out."""
    found: list[Test] = []
    for path in sorted(TESTS.glob("test_*.py")):
        if path.name == "test_document.py":
            continue
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                match = _KEY.match(node.name)
                found.append(Test(node.name, path.name, match[1] if match else None))
    return found


def render() -> str:
    """Return the page."""
    tests = find_tests()
    sections = [_HEAD, _summary(tests)]
    for title, rules in CHAPTERS:
        sections.append(f"## {title}\n\n{_table(rules, tests)}")
    sections.append(_differences())
    return "\n".join(sections)


def _summary(tests: Sequence[Test]) -> str:
    differing = sum(1 for rule in RULES if rule.differs)
    untested = sum(1 for rule in RULES if rule.untested)
    return (
        f"{len(RULES)} rules, {len(tests)} test functions. This collector differs from {differing} rules, "
        f"for the reasons given at the end; {untested} cannot be tested here.\n"
    )


def _table(rules: Sequence[Rule], tests: Sequence[Test]) -> str:
    lines = [
        "| Rule | Level | What it says | This collector | OpenTelemetry Collector | Tests |",
        "|---|---|---|---|---|---|",
    ]
    for rule in rules:
        names = [
            f"[`{test.name.removeprefix('test_')}`](../tests/conformance/{test.file})"
            for test in tests
            if test.key == rule.key
        ]
        cells = (
            rule.number,
            rule.level,
            rule.text,
            rule.ours + (" (differs)" if rule.differs else ""),
            rule.collector,
            "<br>".join(names) or rule.untested,
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _differences() -> str:
    lines = [f"* **{rule.number}**, {rule.text}: {rule.differs}" for rule in RULES if rule.differs]
    return "## Where this collector differs, and why\n\n" + "\n".join(lines) + "\n"


if __name__ == "__main__":
    PAGE.write_text(render(), encoding="utf-8")
