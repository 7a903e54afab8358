"""Every hot statement and query finds its rows by an index, however large the tables are."""

import re
import sqlite3
from uuid import UUID

import asyncpg
import pytest

from trunkline.backends.storage import postgres_writer, queries, sqlite_writer, statements
from trunkline.backends.storage.statements import STATEMENTS, Action, Statement

from .harness import Place

EXTRA = {
    "REMEMBER_REFUSED": statements.REMEMBER_REFUSED,
    "FORGET": statements.FORGET,
    "DEBIT": statements.DEBIT,
    "CLAIMED": statements.CLAIMED,
}
CHANGES = [
    (statement, number)
    for number, statement in enumerate(STATEMENTS)
    if statement.action is not Action.INSERT
]
SQLITE_QUERIES = sorted(name for name in vars(queries) if name.startswith("SQLITE_"))


def plan(place: Place, sql: str) -> list[str]:
    connection = sqlite3.connect(place.path)
    try:
        numbers = {int(number) for number in re.findall(r"\?(\d)", sql)}
        return [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}", ["[]"] * max(numbers))]
    finally:
        connection.close()


def check_sqlite(steps: list[str], statement: Statement) -> None:
    [search] = [step for step in steps if re.search(rf"\b{statement.table}\b", step)]
    found = re.search(r"USING (INTEGER )?PRIMARY KEY \((.*)\)", search)
    assert found, search
    assert len(found.group(2).split(" AND ")) == len(statement.keys), search
    assert "SCAN j" in steps


@pytest.mark.parametrize(("statement", "number"), CHANGES)
def test_sqlite_changes_go_from_the_rows_to_the_primary_key(
    sqlite_place: Place, statement: Statement, number: int
) -> None:
    check_sqlite(plan(sqlite_place, sqlite_writer._SQL[number]), statement)


@pytest.mark.parametrize("name", sorted(EXTRA))
def test_sqlite_changes_outside_the_rank_too(sqlite_place: Place, name: str) -> None:
    check_sqlite(plan(sqlite_place, getattr(sqlite_writer, f"_{name}")), EXTRA[name])


@pytest.mark.parametrize("name", SQLITE_QUERIES)
def test_sqlite_queries_search(sqlite_place: Place, name: str) -> None:
    steps = plan(sqlite_place, getattr(queries, name))
    tables = [
        step for step in steps if re.search(r"\b(segment|message|outbox|orphan_receipt|account)\b", step)
    ]
    assert tables
    for step in tables:
        # The only scan is one of an index that holds nothing but what is looked for.
        assert step.startswith("SEARCH") or step == "SCAN segment USING INDEX ix_segment_open", steps


def test_claiming_sorts_nothing(sqlite_place: Place) -> None:
    steps = plan(sqlite_place, queries.SQLITE_CLAIM)
    assert not [step for step in steps if "TEMP B-TREE" in step]
    assert any("ix_segment_queue" in step for step in steps)


@pytest.mark.services
async def test_postgres_never_reads_a_whole_table(postgres_place: Place) -> None:
    connection = await asyncpg.connect(postgres_place.url, server_settings=postgres_writer._SETTINGS)
    try:
        changes = [postgres_writer._SQL[number] for _, number in CHANGES]
        changes += [getattr(postgres_writer, f"_{name}") for name in EXTRA]
        reads = [getattr(queries, name) for name in vars(queries) if name.startswith("POSTGRES_")]
        for sql in changes + reads:
            prepared = await connection.prepare(sql)
            values: list[object] = [
                {"json": "[]", "text": "x", "int8": 1, "int4": 1, "uuid": UUID(int=1)}.get(kind.name, [])
                for kind in prepared.get_parameters()
            ]
            text = str(await prepared.explain(*values))
            assert "Seq Scan" not in text, sql
    finally:
        await connection.close()
