"""The terms under which a block is found: its trace ids, and a short hash of all a span can be asked for.

A term only finds blocks, and the answer is checked against the spans, so a hash may be short and simple:
of a hundred thousand distinct terms, one in forty thousand shares its 32 bits with another. Values are
hashed in their text form, without their type: whoever asks for `http.response.status_code=200` need not
know whether it was sent as a number.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple
from zlib import crc32

from otel_worker.model import STATUS_ERROR, Attributes, TracePart, Value

# A block whose attributes hardly repeat keeps its trace ids, its names and this one term instead, so that the
# index stays a fraction of the data; a search has to look into such a block. Names stay since menus ask for
# them, and of those that hardly repeat the first MAX_TERMS.
UNINDEXED_TERM = "unindexed"
MAX_TERMS = 20_000


def hash_term(text: str) -> str:
    """Return the term of a text such as "a:http.route=/cart" (a kind, then what is asked for)."""
    return f"{crc32(text.encode('utf-8', 'replace')):x}"


class Names(NamedTuple):
    """What the menus show of a block: the span names of each service, and the keys of attributes."""

    operations: dict[str, set[str]]
    keys: set[str]


class BlockTerms(NamedTuple):
    """The text that is indexed for a block, and the names that were met on the way."""

    text: str
    names: Names


def block_terms(parts: Iterable[TracePart]) -> str:
    """Return all terms of a block, as the text that is indexed."""
    return collect_terms(parts).text


def collect_terms(parts: Iterable[TracePart]) -> BlockTerms:
    """Return all terms of a block with its names."""
    trace_ids: list[str] = []
    # Collected whole dictionaries at a time: a span has ten attributes, and this is the ingest's hot path.
    operations: dict[str, set[str]] = {}
    kinds: set[int] = set()
    statuses: set[int] = set()
    keys: set[str] = set()
    pairs: set[tuple[str, Value]] = set()
    linked_trace_ids: set[str] = set()
    operations_of_resource: dict[int, set[str]] = {}
    for part in parts:
        trace_ids.append(part.trace_id)
        for group in part.groups:
            resource, spans = group.resource, group.spans
            span_names = operations_of_resource.get(id(resource))
            if span_names is None:
                span_names = operations.setdefault(resource.service_name, set())
                operations_of_resource[id(resource)] = span_names
                _collect(resource.attributes, keys, pairs)
            span_names.update([span.name for span in spans])
            kinds.update([span.kind for span in spans])
            statuses.update([span.status_code for span in spans])
            for span in spans:
                _collect(span.attributes, keys, pairs)
                if span.extras is not None and span.extras.links:
                    linked_trace_ids.update([link.trace_id for link in span.extras.links])
    names = Names(operations, keys)
    texts = _texts_of(names)  # those of menus first
    texts.extend([f"k:{kind}" for kind in kinds])
    if len(texts) + len(pairs) + len(linked_trace_ids) > MAX_TERMS:
        return BlockTerms(" ".join((*trace_ids, UNINDEXED_TERM, *map(hash_term, texts[:MAX_TERMS]))), names)
    if STATUS_ERROR in statuses:
        texts.append("e:")
    texts.extend([link_text(trace_id) for trace_id in linked_trace_ids])
    return BlockTerms(" ".join((*trace_ids, *map(hash_term, texts), *_pair_terms(pairs))), names)


def service_text(service: str) -> str:
    """Return what is hashed for a service."""
    return f"s:{service}"


def operation_text(service: str, span_name: str) -> str:
    """Return what is hashed for the spans of one name of one service."""
    return f"o:{service}\0{span_name}"


def link_text(trace_id: str) -> str:
    """Return what is hashed for a link to a span of this trace."""
    return f"l:{trace_id}"


def key_text(key: str) -> str:
    """Return what is hashed for an attribute, whatever its value."""
    return f"h:{key}"


def _texts_of(names: Names) -> list[str]:
    span_names: set[str] = set()
    texts = [service_text(service) for service in names.operations]
    texts.extend([key_text(key) for key in names.keys])
    for service, operations in names.operations.items():
        span_names |= operations
        texts.extend([operation_text(service, name) for name in operations])
    texts.extend([f"n:{name}" for name in span_names])
    return texts


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
