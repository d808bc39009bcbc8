"""All cases that take a Database, by name; the empty database comes first."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from otel_worker.store.database import Database
from tests.contract.catalog_contract import catalog_contract
from tests.contract.database_contract import database_contract
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
    # Last: it looks at what all others left.
    **index_contract.cases,
}
