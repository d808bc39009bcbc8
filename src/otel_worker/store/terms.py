"""The terms under which a block is found: its trace ids, and a short hash of all a span can be asked for.

A term only finds blocks, the answer is checked against the spans, so a hash may be short: 40 bits
collide once in a million million pairs. Values are hashed in their text form, without their type:
whoever asks for `http.response.status_code=200` need not know whether it was sent as a number.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b

from otel_worker.model import STATUS_ERROR, Attributes, TracePart, Value

# A block whose attributes hardly repeat keeps its trace ids and this one term instead, so that the index
# stays a fraction of the data; a search has to look into such a block.
UNINDEXED_TERM = "unindexed"
MAX_TERMS = 20_000

_HASH_BYTES = 5


def hash_term(text: str) -> str:
    """Return the term of a text such as "a:http.route=/cart" (a kind, then what is asked for)."""
    return blake2b(text.encode("utf-8", "replace"), digest_size=_HASH_BYTES).hexdigest()


def block_terms(parts: Iterable[TracePart]) -> str:
    """Return all terms of a block, as the text that is indexed."""
    trace_ids: list[str] = []
    texts: set[str] = set()
    seen_resources: set[int] = set()
    for part in parts:
        trace_ids.append(part.trace_id)
        for group in part.groups:
            resource = group.resource
            if id(resource) not in seen_resources:
                seen_resources.add(id(resource))
                texts.add(f"s:{resource.service_name}")
                _add_attributes(resource.attributes, texts)
            for span in group.spans:
                texts.add(f"n:{span.name}")
                texts.add(f"k:{span.kind}")
                if span.status_code == STATUS_ERROR:
                    texts.add("e:")
                _add_attributes(span.attributes, texts)
    if len(texts) > MAX_TERMS:
        return " ".join((*trace_ids, UNINDEXED_TERM))
    return " ".join((*trace_ids, *map(hash_term, texts)))


def _add_attributes(attributes: Attributes, texts: set[str]) -> None:
    """Add "a:key=value" of each attribute, and "h:key" (has the key)."""
    for key, value in attributes.items():
        texts.add(f"h:{key}")
        if isinstance(value, str):
            texts.add(f"a:{key}={value}")
        elif isinstance(value, bool | int | float):
            texts.add(f"a:{key}={scalar_text(value)}")


def scalar_text(value: Value) -> str:
    """Return the text under which a boolean or number is indexed; 3 and 3.0 share theirs."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
