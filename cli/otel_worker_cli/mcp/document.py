"""What all answers have in common: their JSON, and the members that every one of them has."""

from __future__ import annotations

from typing import Any

import msgspec
from mcp_types import CallToolResult, TextContent
from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from otel_worker_cli.mcp.untrusted import NOTE


class Document(BaseModel):
    """A JSON object with the API's way of writing names; members that are None are left out."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="forbid")


class Answer(Document):
    """The members of every answer. A subclass MUST define `untrusted_telemetry` as its last member."""

    truncated: bool = Field(default=False, description="Whether something was left out to keep this short.")
    how_to_get_more: str | None = Field(default=None, description="The next call for what was left out.")
    cut_texts: int | None = Field(default=None, description="So many texts were cut; they end with ….")
    note: str = NOTE

    def leave_out(self, how_to_get_more: str) -> None:
        """Say that something is missing, and how to get it."""
        self.truncated = True
        self.how_to_get_more = " ".join(part for part in (self.how_to_get_more, how_to_get_more) if part)


def to_json_object(document: BaseModel) -> dict[str, Any]:
    """Return a document as the JSON object that is sent."""
    return document.model_dump(mode="json", by_alias=True, exclude_none=True)


def to_json_text(document: BaseModel | str) -> str:
    """Return the compact JSON of a document or of a text."""
    return msgspec.json.encode(document if isinstance(document, str) else to_json_object(document)).decode()


def to_result(answer: Answer) -> CallToolResult:
    """Return what a tool answers: the same as text for models, and as JSON for programs."""
    return CallToolResult(
        content=[TextContent(type="text", text=to_json_text(answer))],
        structured_content=to_json_object(answer),
    )
