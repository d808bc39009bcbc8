"""What every source file of the project keeps to."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted(path for folder in ("src", "cli") for path in (ROOT / folder).rglob("*.py"))
MAX_LINES = 320


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_there_are_source_files() -> None:
    assert {"src/entry.py", "src/otel_worker/model.py", "cli/otel_worker_cli/main.py"} <= set(
        map(name_of, FILES)
    )


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_a_file_is_short_enough_to_read(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= MAX_LINES


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_a_file_starts_with_one_sentence_about_itself(path: Path) -> None:
    docstring = ast.get_docstring(ast.parse(path.read_text()))
    assert docstring, "no docstring"
    first_paragraph = docstring.split("\n\n")[0].replace("\n", " ")
    assert re.fullmatch(r"[A-Z`].*[.:]", first_paragraph)
