"""What a search asks of a trace's spans: the terms that find its blocks, and the test of a span in SQL.

All conditions have to hold for one span of the trace, together with its resource.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import NamedTuple

from otel_worker.model import STATUS_ERROR
from otel_worker.store import sql_search as sql
from otel_worker.store.database import Parameter
from otel_worker.store.terms import UNINDEXED_TERM, hash_term, link_text, scalar_text

_INTEGER = re.compile(r"[+-]?[0-9]+", re.ASCII)
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,3})?", re.ASCII)
# Longer than any number an attribute can hold, and far below what int() refuses.
_MAX_NUMBER_CHARACTERS = 400


class Operator(StrEnum):
    """How an attribute's value is compared."""

    EQUAL = "="
    NOT_EQUAL = "!="
    GREATER = ">"
    GREATER_OR_EQUAL = ">="
    LESS = "<"
    LESS_OR_EQUAL = "<="
    CONTAINS = "~"
    EXISTS = "exists"


class AttributeFilter(NamedTuple):
    """A condition on an attribute of the span or of its resource.

    Types count: an operand that reads as a number is compared with numbers, "true" and "false" with
    booleans; any operand is compared with strings, except by order when it is a number.
    "!=" holds for an attribute that is there and not equal.
    """

    key: str
    operator: Operator
    operand: str = ""


class SpanConditions(NamedTuple):
    """What one span of a trace has to be; what is None, False or empty is not asked."""

    service: str | None = None
    name: str | None = None
    error: bool = False
    attributes: tuple[AttributeFilter, ...] = ()
    # The span has a link to a span of this trace.
    linked_trace_id: str | None = None

    @property
    def is_empty(self) -> bool:
        return self == SpanConditions()

    @property
    def is_told_by_heads(self) -> bool:
        """Whether the summaries in a block say all that is asked."""
        return self.is_of_service_and_error and (self.service is None or not self.error)

    @property
    def is_of_service_and_error(self) -> bool:
        """Whether heads tell nearly all: both are in the trace, though perhaps not in one span."""
        return self.name is None and not self.attributes and self.linked_trace_id is None

    @property
    def is_told_by_nodes(self) -> bool:
        """Whether the nodes of a block's JSON that `node_tests` finds are the whole proof."""
        return self.service is None


class Parameters:
    """Collects the values of a statement and hands out their names, ?1, ?2, ..."""

    def __init__(self) -> None:
        self.values: list[Parameter] = []

    def add(self, value: Parameter) -> str:
        """Return the name under which SQL finds a value."""
        self.values.append(value)
        return f"?{len(self.values)}"


def blocks_query(conditions: SpanConditions) -> str:
    """Return the FTS5 query for the blocks that may hold such a span."""
    alternatives: list[tuple[str, ...]] = []
    if conditions.service is not None:
        alternatives.append((hash_term(f"s:{conditions.service}"),))
    if conditions.name is not None:
        alternatives.append((hash_term(f"n:{conditions.name}"),))
    if conditions.error:
        alternatives.append((hash_term("e:"),))
    if conditions.linked_trace_id is not None:
        alternatives.append((hash_term(link_text(conditions.linked_trace_id)),))
    alternatives.extend(_terms_of(attribute) for attribute in conditions.attributes)
    groups = (" OR ".join(f'"{term}"' for term in terms) for terms in alternatives)
    return f'({" AND ".join(f"({group})" for group in groups)}) OR "{UNINDEXED_TERM}"'


def _terms_of(attribute: AttributeFilter) -> tuple[str, ...]:
    """Return the terms of which a block has one at least if it holds such an attribute."""
    key, operator, operand = attribute
    if operator is not Operator.EQUAL:
        return (hash_term(f"h:{key}"),)
    texts = [operand]
    if _is_number(operand):
        if _INTEGER.fullmatch(operand):
            texts.append(scalar_text(int(operand)))
        # Of a large whole number as it is as a double: 10^23 is 99999999999999991611392.
        texts.append(scalar_text(float(operand)))
    elif operand in ("true", "false"):
        texts.append("1" if operand == "true" else "0")
    return tuple(dict.fromkeys(hash_term(f"a:{key}={text}") for text in texts))


def _is_number(operand: str) -> bool:
    return len(operand) <= _MAX_NUMBER_CHARACTERS and _NUMBER.fullmatch(operand) is not None


def head_test(conditions: SpanConditions, parameters: Parameters) -> str:
    """Return the SQL test that a head passes if its part may hold such a span, and surely if heads tell."""
    tests = ["TRUE"]
    if conditions.service is not None:
        tests.append(sql.HEAD_HAS_SERVICE.format(service=parameters.add(conditions.service)))
    if conditions.error:
        tests.append(sql.HEAD_HAS_ERROR)
    return " AND ".join(tests)


def span_test(conditions: SpanConditions, parameters: Parameters) -> str:
    """Return the SQL test that a span passes, given `span` and its group `grp` as json_each names them."""
    tests: list[str] = []
    if conditions.name is not None:
        tests.append(sql.SPAN_HAS_FIELD.format(key=2, value=parameters.add(conditions.name)))
    if conditions.error:
        tests.append(sql.SPAN_HAS_FIELD.format(key=6, value=STATUS_ERROR))
    if conditions.linked_trace_id is not None:
        tests.append(sql.SPAN_HAS_LINK.format(trace_id=parameters.add(conditions.linked_trace_id)))
    for attribute in conditions.attributes:
        key, test = parameters.add(attribute.key), _value_test(attribute, parameters)
        tests.append(sql.HAS_ATTRIBUTE.format(key=key, test=test))
    # The dearest comes last: SQLite tests from left to right.
    if conditions.service is not None:
        tests.append(f"{sql.SERVICE_OF_GROUP} = {parameters.add(conditions.service)}")
    return " AND ".join(tests)


class NodeTests(NamedTuple):
    """SQL tests of a node of a block's JSON, by where such a node has to be."""

    attributes: list[str]
    fields: list[str]
    links: list[str]


def node_tests(conditions: SpanConditions, parameters: Parameters) -> NodeTests:
    """Return a test for each condition on an attribute, the name, the status or a link, all for one pass."""
    attributes: list[str] = []
    for attribute in conditions.attributes:
        key = parameters.add(attribute.key)
        attributes.append(f"node.key = {key} AND {_value_test(attribute, parameters)}")
    fields: list[str] = []
    if conditions.name is not None:
        fields.append(f"node.key = 2 AND node.atom = {parameters.add(conditions.name)}")
    if conditions.error:
        fields.append(f"node.key = 6 AND node.atom = {STATUS_ERROR}")
    links: list[str] = []
    if conditions.linked_trace_id is not None:
        links.append(f"node.key = 'traceId' AND node.atom = {parameters.add(conditions.linked_trace_id)}")
    return NodeTests(attributes, fields, links)


def _value_test(attribute: AttributeFilter, parameters: Parameters) -> str:
    """Return the SQL test of an attribute's value, a `node` as json_each and json_tree name it."""
    _, operator, operand = attribute
    if operator is Operator.EXISTS:
        return "TRUE"
    text = f"node.type = 'text' AND node.atom {{}} {parameters.add(operand)}"
    if operator is Operator.CONTAINS:
        return f"node.type = 'text' AND instr(node.atom, {parameters.add(operand)}) > 0"
    number = (
        f"node.type IN ('integer', 'real') AND node.atom {{}} CAST({parameters.add(operand)} AS NUMERIC)"
        if _is_number(operand)
        else None
    )
    if operator not in (Operator.EQUAL, Operator.NOT_EQUAL):
        return (number or text).format(operator)
    equal = [f"({text.format('=')})"]
    if number is not None:
        equal.append(f"({number.format('=')})")
    elif operand in ("true", "false"):
        equal.append(f"(node.type = '{operand}')")
    negation = "NOT " if operator is Operator.NOT_EQUAL else ""
    return f"{negation}({' OR '.join(equal)})"
