"""The failures that set-up and development runs report to a person."""

from __future__ import annotations


class ToolingError(Exception):
    """Something a person has to act on: what went wrong, the tool's own words, and what to do."""

    def __init__(self, problem: str, *, remedy: str = "", detail: str = "") -> None:
        super().__init__(problem)
        self.problem = problem
        self.remedy = remedy
        self.detail = detail

    def __str__(self) -> str:
        indented = "\n".join(f"    {line}" for line in self.detail.splitlines())
        return "\n".join(part for part in (self.problem, indented, self.remedy) if part)
