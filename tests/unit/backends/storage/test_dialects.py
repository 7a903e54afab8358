import pytest

from trunkline.backends.storage.dialects import PostgresDialect, SqliteDialect
from trunkline.backends.storage.statements import Action, Statement

MOVE = Statement("outbox", Action.UPDATE, ("lane", "next_at", "id"), ("next_at",))
ADD = Statement("ledger", Action.INSERT, (), ("account_id", "amount"), (("kind", "charge"),))
GONE = Statement("outbox", Action.DELETE, ("lane", "next_at"))
ONCE = Statement("idempotency", Action.INSERT_NEW, ("account_id", "key"), ("response",))


def test_sqlite() -> None:
    sql = SqliteDialect().sql
    rows = "WITH j(v) AS MATERIALIZED (SELECT value FROM json_each(?1))"
    assert sql(MOVE) == (
        f"{rows} UPDATE outbox SET \"next_at\" = json_extract(j.v, '$[3]') FROM j WHERE"
        " outbox.\"lane\" = json_extract(j.v, '$[0]') AND outbox.\"next_at\" = json_extract(j.v, '$[1]')"
        " AND outbox.\"id\" = json_extract(j.v, '$[2]')"
    )
    assert sql(ADD) == (
        f'{rows} INSERT INTO ledger ("account_id", "amount", "kind")'
        " SELECT json_extract(j.v, '$[0]'), json_extract(j.v, '$[1]'), 'charge' FROM j"
    )
    assert sql(GONE) == (
        f'{rows} DELETE FROM outbox WHERE ("lane", "next_at") IN'
        " (SELECT CAST(json_extract(j.v, '$[0]') AS TEXT), CAST(json_extract(j.v, '$[1]') AS INTEGER) FROM j)"
    )
    assert sql(ONCE).endswith(
        'WHERE true ON CONFLICT ("account_id", "key") DO NOTHING RETURNING "account_id", "key"'
    )


def test_postgres() -> None:
    sql = PostgresDialect().sql
    rows = "WITH j(v) AS (SELECT value FROM json_array_elements($1::json))"
    assert sql(MOVE) == (
        f'{rows} UPDATE outbox SET "next_at" = (j.v->>3)::BIGINT FROM j WHERE outbox."lane" = (j.v->>0)'
        ' AND outbox."next_at" = (j.v->>1)::BIGINT AND outbox."id" = (j.v->>2)::UUID'
    )
    assert sql(GONE) == (
        f'{rows} DELETE FROM outbox WHERE ("lane", "next_at") IN (SELECT (j.v->>0), (j.v->>1)::BIGINT FROM j)'
    )


@pytest.mark.parametrize("columns", [("lane",), ("lane", "nonsense")])
def test_a_column_that_does_not_exist_is_found_when_the_statement_is_written(
    columns: tuple[str, ...],
) -> None:
    if "nonsense" in columns:
        with pytest.raises(ValueError, match="nonsense"):
            Statement("outbox", Action.UPDATE, ("id",), columns)
    else:
        assert Statement("outbox", Action.UPDATE, ("id",), columns).columns == columns
