"""The terms under which a block is found: its trace ids, and a short hash of all a span can be asked for.

A term only finds blocks, and the answer is checked against the spans, so a hash may be short and simple:
of a hundred thousand distinct terms, one in forty thousand shares its 32 bits with another. Values are
hashed in their text form, without their type: whoever asks for `http.response.status_code=200` need not
know whether it was sent as a number.
"""

from __future__ import annotations

from collections.abc import Iterable
from zlib import crc32

from otel_worker.model import STATUS_ERROR, Attributes, TracePart, Value

# A block whose attributes hardly repeat keeps its trace ids and this one term instead, so that the index
# stays a fraction of the data; a search has to look into such a block.
UNINDEXED_TERM = "unindexed"
MAX_TERMS = 20_000


def hash_term(text: str) -> str:
    """Return the term of a text such as "a:http.route=/cart" (a kind, then what is asked for)."""
    return f"{crc32(text.encode('utf-8', 'replace')):x}"


def block_terms(parts: Iterable[TracePart]) -> str:
    """Return all terms of a block, as the text that is indexed."""
    trace_ids: list[str] = []
    # Collected whole dictionaries at a time: a span has ten attributes, and this is the ingest's hot path.
    services: set[str] = set()
    names: set[str] = set()
    kinds: set[int] = set()
    statuses: set[int] = set()
    keys: set[str] = set()
    pairs: set[tuple[str, Value]] = set()
    known_resources: set[int] = set()
    for part in parts:
        trace_ids.append(part.trace_id)
        for group in part.groups:
            resource = group.resource
            if id(resource) not in known_resources:
                known_resources.add(id(resource))
                services.add(resource.service_name)
                _collect(resource.attributes, keys, pairs)
            spans = group.spans
            names.update([span.name for span in spans])
            kinds.update([span.kind for span in spans])
            statuses.update([span.status_code for span in spans])
            for span in spans:
                _collect(span.attributes, keys, pairs)
    if len(services) + len(names) + len(kinds) + len(keys) + len(pairs) > MAX_TERMS:
        return " ".join((*trace_ids, UNINDEXED_TERM))
    texts = [
        *(f"s:{service}" for service in services),
        *(f"n:{name}" for name in names),
        *(f"k:{kind}" for kind in kinds),
        *(f"h:{key}" for key in keys),
    ]
    if STATUS_ERROR in statuses:
        texts.append("e:")
    return " ".join((*trace_ids, *map(hash_term, texts), *_pair_terms(pairs)))


# Most pairs come with every request of a service. Long values rarely repeat; both bounds together keep the
# memory to a few megabytes.
_known_terms: dict[tuple[str, Value], str] = {}
_MAX_KNOWN_TERMS = 8192
_MAX_KNOWN_CHARACTERS = 128


def _pair_terms(pairs: Iterable[tuple[str, Value]]) -> list[str]:
    """Return the terms of "a:key=value" for all pairs that have a value."""
    terms: list[str] = []
    for pair in pairs:
        term = _known_terms.get(pair)
        if term is None:
            key, value = pair
            if value is None:
                continue
            text = f"a:{key}={value if isinstance(value, str) else scalar_text(value)}"
            term = hash_term(text)
            if len(text) <= _MAX_KNOWN_CHARACTERS:
                if len(_known_terms) >= _MAX_KNOWN_TERMS:
                    _known_terms.clear()
                _known_terms[pair] = term
        terms.append(term)
    return terms


def _collect(attributes: Attributes, keys: set[str], pairs: set[tuple[str, Value]]) -> None:
    """Add the keys of all attributes and the pairs of those that are not arrays or maps."""
    keys.update(attributes)
    try:
        pairs.update(attributes.items())
    except TypeError:  # an array or a map is not hashable
        pairs.update(pair for pair in attributes.items() if not isinstance(pair[1], list | dict))


# A name of its own: writing `bool | float` builds a union at every call.
_ROUNDABLE = (bool, float)


def scalar_text(value: Value) -> str:
    """Return the text under which a value is indexed: of the numbers that Python holds equal, the same.

    So 3 and 3.0 are "3", and true is "1": in a set they are one, and which of them stays is chance.
    """
    if isinstance(value, _ROUNDABLE) and float(value).is_integer():
        return str(int(value))
    return str(value)
