"""What every Database does, whatever is behind it: the words of the port in otel_worker.store.database."""

from __future__ import annotations

from otel_worker.errors import StorageFailure
from otel_worker.store.database import MAX_INTEGER, Database, Statement
from tests.contract.registry import Contract, expect

database_contract = Contract[Database]()

_CREATE = Statement("CREATE TABLE IF NOT EXISTS contract_cells (id INTEGER PRIMARY KEY, cell TEXT) STRICT")
_INSERT = "INSERT INTO contract_cells (id, cell) VALUES (?1, ?2)"
_LARGE_BYTES = 1_900_000


async def _cells(database: Database, first: int, last: int) -> list[tuple[int, str]]:
    statement = "SELECT id, cell FROM contract_cells WHERE id >= ?1 AND id <= ?2 ORDER BY id"
    return [(row[0], row[1]) for row in await database.query(Statement(statement, (first, last)))]


async def _refused(database: Database, *statements: Statement) -> str:
    """Return the message with which the database refuses a batch."""
    try:
        await database.batch(statements)
    except StorageFailure as error:
        return str(error)
    raise AssertionError("the database took the batch")


@database_contract
async def a_query_returns_its_rows_in_order(database: Database) -> None:
    rows = await database.query(
        Statement("SELECT * FROM (VALUES (1, 'one', 0.5, NULL), (2, 'two', -1e300, NULL))")
    )
    expect([tuple(row) for row in rows], [(1, "one", 0.5, None), (2, "two", -1e300, None)])


@database_contract
async def a_query_without_rows_returns_an_empty_list(database: Database) -> None:
    expect(await database.query(Statement("SELECT 1 WHERE 0")), [])


@database_contract
async def columns_come_in_the_order_of_the_statement(database: Database) -> None:
    (row,) = await database.query(Statement("SELECT 1 AS z, 2 AS a, 3 AS [0a], 4 AS __proto__x, 5 + 0"))
    expect(tuple(row), (1, 2, 3, 4, 5))


@database_contract
async def parameters_are_bound_by_their_number(database: Database) -> None:
    (row,) = await database.query(Statement("SELECT ?2, ?1, ?2 AS again", ("first", 2)))
    expect(tuple(row), (2, "first", 2))


@database_contract
async def parameters_keep_their_type(database: Database) -> None:
    (row,) = await database.query(Statement("SELECT typeof(?1), typeof(?2), typeof(?3), ?2", ("7", 0.25, "")))
    expect(tuple(row), ("text", "real", "text", 0.25))


@database_contract
async def a_hundred_parameters_are_bound(database: Database) -> None:
    marks = ", ".join(f"?{number}" for number in range(1, 101))
    (row,) = await database.query(Statement(f"SELECT {marks}", tuple(range(100))))
    expect(list(row), list(range(100)))


@database_contract
async def integers_are_exact_up_to_the_largest(database: Database) -> None:
    parameters = (MAX_INTEGER, -MAX_INTEGER, 0)
    (row,) = await database.query(Statement("SELECT ?1, ?2, ?3, ?1 - 1 < ?1", parameters))
    expect(tuple(row), (MAX_INTEGER, -MAX_INTEGER, 0, 1))


@database_contract
async def every_text_comes_back_as_it_was_stored(database: Database) -> None:
    texts = [
        "",
        "naïve 日本語 עברית",
        "astral \U0001f680\U0010ffff",
        "NUL \0 within, and at the end \0",
        "quotes ' \" ` \\ and ?1 :x @y $z",
        "lines\r\n\t\u2028\u2029\x7f\x85",
        "\ufeffbyte order mark \ufffd\ufffe\uffff",
        "combining e\u0301 is not \u00e9",
    ]
    await database.batch(
        [_CREATE, *(Statement(_INSERT, (100 + number, text)) for number, text in enumerate(texts))]
    )
    expect(await _cells(database, 100, 199), list(enumerate(texts, 100)))
    hexadecimal = await database.query(
        Statement("SELECT hex(cell) FROM contract_cells WHERE id >= 100 AND id <= 199 ORDER BY id")
    )
    expect([row[0] for row in hexadecimal], [text.encode().hex().upper() for text in texts])


@database_contract
async def a_text_of_almost_two_megabytes_survives(database: Database) -> None:
    ascii_text = "a" * _LARGE_BYTES
    astral_text = "\U0001f680" * (_LARGE_BYTES // 4)
    await database.batch(
        [_CREATE, Statement(_INSERT, (200, ascii_text)), Statement(_INSERT, (201, astral_text))]
    )
    expect(await _cells(database, 200, 200), [(200, ascii_text)])
    expect(await _cells(database, 201, 201), [(201, astral_text)])


@database_contract
async def a_batch_says_how_many_rows_each_statement_reports(database: Database) -> None:
    await database.batch([_CREATE])
    changes = await database.batch(
        [
            Statement("INSERT INTO contract_cells VALUES (300, 'x'), (301, 'x'), (302, 'x') RETURNING id"),
            Statement("UPDATE contract_cells SET cell = 'y' WHERE id >= 301 AND id <= 302 RETURNING id"),
            Statement("UPDATE contract_cells SET cell = 'z' WHERE id = 399 RETURNING id"),
            Statement("INSERT INTO contract_cells SELECT 303, 'x' WHERE 0 RETURNING id"),
            Statement("DELETE FROM contract_cells WHERE id = 300 RETURNING id"),
            Statement("UPDATE contract_cells SET cell = 'y' WHERE id >= 301 AND id <= 302"),
        ]
    )
    expect(changes, [3, 2, 0, 0, 1, 0])
    expect(await _cells(database, 300, 399), [(301, "y"), (302, "y")])


@database_contract
async def what_the_index_writes_beside_is_not_reported(database: Database) -> None:
    """FTS5 writes tables of its own, and it does so during a later statement of the batch."""
    await database.batch([_CREATE])
    index = [
        Statement("INSERT INTO span_terms (rowid, terms) VALUES (?1, 'beside')", (rowid,))
        for rowid in (1, 2, 3)
    ]
    nothing = Statement("INSERT INTO contract_cells SELECT 350, 'never' WHERE 0 RETURNING id")
    one = Statement("INSERT INTO contract_cells VALUES (351, 'one') RETURNING id")
    changes = await database.batch([index[0], nothing, index[1], one, index[2], nothing])
    expect([changes[1], changes[3], changes[5]], [0, 1, 0])
    await database.batch([Statement("DELETE FROM span_terms WHERE rowid < 4")])


@database_contract
async def a_statement_sees_what_the_one_before_it_changed(database: Database) -> None:
    await database.batch([_CREATE])
    seen = (
        "INSERT INTO contract_cells SELECT last_insert_rowid() + 1, changes() WHERE changes() > 0 "
        "RETURNING id"
    )
    changes = await database.batch(
        [
            Statement("INSERT INTO contract_cells VALUES (400, 'first'), (401, 'second') RETURNING id"),
            Statement(seen),
            Statement("UPDATE contract_cells SET cell = 'never' WHERE id = 499 RETURNING id"),
            Statement(seen),
        ]
    )
    expect(changes, [2, 1, 0, 0])
    expect(await _cells(database, 400, 499), [(400, "first"), (401, "second"), (402, "2")])


@database_contract
async def nothing_of_a_batch_stays_when_its_second_statement_fails(database: Database) -> None:
    first = Statement(_INSERT, (500, "first"))
    await database.batch([_CREATE])
    await _refused(database, first, first)
    await _refused(database, first, Statement("INSERT INTO no_such_table VALUES (1)"))
    await _refused(database, first, Statement("this is not SQL"))
    await _refused(database, first, Statement("INSERT INTO contract_cells VALUES ('no integer', '')"))
    expect(await _cells(database, 500, 599), [])


@database_contract
async def nothing_of_a_batch_stays_when_its_last_of_many_fails(database: Database) -> None:
    await database.batch([_CREATE, Statement(_INSERT, (600, "before"))])
    inserts = [Statement(_INSERT, (number, "batch")) for number in range(601, 650)]
    message = await _refused(database, *inserts, Statement(_INSERT, (600, "again")))
    assert "UNIQUE constraint failed: contract_cells.id" in message, message
    expect(await _cells(database, 600, 699), [(600, "before")])


@database_contract
async def the_database_serves_on_after_a_refusal(database: Database) -> None:
    await database.batch([_CREATE])
    await _refused(database, Statement("this is not SQL"))
    expect(await database.batch([Statement(f"{_INSERT} RETURNING id", (700, "served"))]), [1])
    expect(await _cells(database, 700, 799), [(700, "served")])


@database_contract
async def a_query_that_is_no_sql_is_a_storage_failure(database: Database) -> None:
    for text in ("this is not SQL", "SELECT no_such_column FROM span_blocks", "SELECT * FROM no_such_table"):
        try:
            await database.query(Statement(text))
        except StorageFailure:
            continue
        raise AssertionError(f"the database answered {text}")
