"""All cases that take a Database, by name; the empty database comes first."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from otel_worker.store.database import Database
from tests.contract.catalog_contract import catalog_contract
from tests.contract.database_contract import database_contract
from tests.contract.dependencies_contract import dependencies_contract
from tests.contract.empty_contract import empty_contract
from tests.contract.index_contract import index_contract
from tests.contract.listing_contract import listing_contract
from tests.contract.retention_contract import retention_contract
from tests.contract.search_contract import search_contract
from tests.contract.span_pages_contract import span_pages_contract
from tests.contract.store_contract import store_contract

STORE_CASES: dict[str, Callable[[Database], Awaitable[None]]] = {
    **empty_contract.cases,
    **database_contract.cases,
    **store_contract.cases,
    **listing_contract.cases,
    **retention_contract.cases,
    **search_contract.cases,
    **catalog_contract.cases,
    **span_pages_contract.cases,
    **dependencies_contract.cases,
    # Last: it looks at what all others left.
    **index_contract.cases,
}

# These write blocks, or count rows, of a single database.
_OF_ONE_DATABASE = {
    "the_same_blocks_twice_in_one_call_are_stored_once",
    "many_traces_cost_two_rows_and_their_retry_none",
    "blocks_of_one_millisecond_overflow_into_the_next",
    "two_deletes_in_the_same_blocks_do_not_undo_each_other",
    "retention_deletes_what_is_older_and_costs_two_rows_a_block",
    "a_clock_that_was_never_set_is_filed_under_the_time_it_came",
    "a_retry_is_recognised_when_the_future_limit_moved_past_it",
}

# The same on several databases as one.
SHARDED_CASES = {
    name: case
    for contract in (
        empty_contract,
        store_contract,
        listing_contract,
        search_contract,
        span_pages_contract,
        dependencies_contract,
    )
    for name, case in contract.cases.items()
    if name not in _OF_ONE_DATABASE
}
