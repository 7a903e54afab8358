"""SQL for the hot statements, one dialect per database.

Every statement has one parameter: a JSON array with one array per row. Each dialect knows how its database
unfolds that (`json_each`, `json_array_elements`; MariaDB's would be `JSON_TABLE`, whose column list is the
reason why a dialect gets the whole statement) and how one value of it gets the column's type.
"""

from abc import ABC, abstractmethod

from sqlalchemy import Integer
from sqlalchemy.dialects import postgresql

from trunkline.backends.storage import tables
from trunkline.backends.storage.statements import Action, Statement


class Dialect(ABC):
    """Turns statements into SQL."""

    @abstractmethod
    def rows(self, statement: Statement) -> str:
        """Declares `j`, the rows of the JSON parameter: the WITH clause that starts the statement."""

    @abstractmethod
    def value(self, table: str, column: str, position: int) -> str:
        """The value at this position of a row of `j`, with the type of the column."""

    def key(self, table: str, column: str, position: int) -> str:
        """The same for a column of a key that is compared in a set of rows."""
        return self.value(table, column, position)

    def sql(self, statement: Statement) -> str:
        """The text of a statement."""
        table, keys = statement.table, statement.keys
        names = (*keys, *statement.columns)
        values = [self.value(table, name, position) for position, name in enumerate(names)]
        with_rows = self.rows(statement)
        if statement.action is Action.UPDATE:
            assignments = ", ".join(
                f'"{name}" = {value}'
                for name, value in zip(statement.columns, values[len(keys) :], strict=True)
            )
            where = " AND ".join(
                f'{table}."{name}" = {value}' for name, value in zip(keys, values, strict=False)
            )
            return f"{with_rows} UPDATE {table} SET {assignments} FROM j WHERE {where}"  # noqa: S608  (names from tables.py)
        if statement.action is Action.DELETE:
            columns = ", ".join(f'"{name}"' for name in keys)
            values = [self.key(table, name, position) for position, name in enumerate(keys)]
            wanted = f"SELECT {', '.join(values)} FROM j"  # noqa: S608  (names from tables.py)
            return f"{with_rows} DELETE FROM {table} WHERE ({columns}) IN ({wanted})"  # noqa: S608  (the same)
        columns = ", ".join(f'"{name}"' for name in (*names, *(name for name, _ in statement.constants)))
        selected = ", ".join((*values, *(f"'{text}'" for _, text in statement.constants)))
        insert = f"{with_rows} INSERT INTO {table} ({columns}) SELECT {selected} FROM j"  # noqa: S608  (the same)
        if statement.action is Action.INSERT_NEW:
            # WHERE true: without it SQLite takes ON CONFLICT for a join condition.
            returned = ", ".join(f'"{name}"' for name in keys)
            return f"{insert} WHERE true ON CONFLICT ({returned}) DO NOTHING RETURNING {returned}"
        return insert


class SqliteDialect(Dialect):
    """SQLite 3.35 or newer."""

    def rows(self, statement: Statement) -> str:  # noqa: ARG002  (the base's signature)
        """`j` is MATERIALIZED: else each column of a row renders its JSON anew (three times slower)."""
        return "WITH j(v) AS MATERIALIZED (SELECT value FROM json_each(?1))"

    def value(self, table: str, column: str, position: int) -> str:  # noqa: ARG002  (the base's signature)
        """Columns have affinities, no cast is needed; `->>` would need SQLite 3.38."""
        return f"json_extract(j.v, '$[{position}]')"

    def key(self, table: str, column: str, position: int) -> str:
        """With the column's affinity: else SQLite uses only the first column of a key's index."""
        affinity = "INTEGER" if isinstance(tables.metadata.tables[table].c[column].type, Integer) else "TEXT"
        return f"CAST({self.value(table, column, position)} AS {affinity})"


class PostgresDialect(Dialect):
    """PostgreSQL 12 or newer."""

    def rows(self, statement: Statement) -> str:  # noqa: ARG002  (the base's signature)
        return "WITH j(v) AS (SELECT value FROM json_array_elements($1::json))"

    def value(self, table: str, column: str, position: int) -> str:
        kind = tables.metadata.tables[table].c[column].type
        type_name = kind.compile(dialect=postgresql.dialect())  # type: ignore[no-untyped-call]
        if type_name.startswith("VARCHAR"):
            return f"(j.v->>{position})"  # a cast would cut long texts in silence
        return f"(j.v->>{position})::{type_name}"
