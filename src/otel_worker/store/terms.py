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
    # Collected whole dictionaries at a time: a span has ten attributes, and this is the ingest's hot path.
    keys: set[str] = set()
    pairs: set[tuple[str, Value]] = set()
    known_resources: set[int] = set()
    for part in parts:
        trace_ids.append(part.trace_id)
        for group in part.groups:
            resource = group.resource
            if id(resource) not in known_resources:
                known_resources.add(id(resource))
                texts.add(f"s:{resource.service_name}")
                _collect(resource.attributes, keys, pairs)
            for span in group.spans:
                texts.add(f"n:{span.name}")
                texts.add(f"k:{span.kind}")
                if span.status_code == STATUS_ERROR:
                    texts.add("e:")
                _collect(span.attributes, keys, pairs)
    if len(texts) + len(keys) + len(pairs) > MAX_TERMS:
        return " ".join((*trace_ids, UNINDEXED_TERM))
    texts.update(f"h:{key}" for key in keys)
    texts.update(f"a:{key}={scalar_text(value)}" for key, value in pairs if value is not None)
    return " ".join((*trace_ids, *map(hash_term, texts)))


def _collect(attributes: Attributes, keys: set[str], pairs: set[tuple[str, Value]]) -> None:
    """Add the keys of all attributes and the pairs of those that are not arrays or maps."""
    keys.update(attributes)
    try:
        pairs.update(attributes.items())
    except TypeError:  # an array or a map is not hashable
        pairs.update(pair for pair in attributes.items() if not isinstance(pair[1], list | dict))


def scalar_text(value: Value) -> str:
    """Return the text under which a value is indexed: of the numbers that Python holds equal, the same.

    So 3 and 3.0 are "3", and true is "1": in a set they are one, and which of them stays is chance.
    """
    if isinstance(value, bool | float) and float(value).is_integer():
        return str(int(value))
    return str(value)
