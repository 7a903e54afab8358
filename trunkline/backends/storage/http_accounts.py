"""HTTP API accounts: who may send through HTTP, and at whose cost."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from sqlalchemy import ColumnElement, Select, delete, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from trunkline.backends.storage import tables
from trunkline.backends.storage.audit import AuditTrail
from trunkline.backends.storage.database import containing, cut
from trunkline.model.administration import HttpAccountFilter, HttpAccountRow
from trunkline.model.errors import AlreadyExists, NotFound
from trunkline.model.people import Page, Paging

_account = tables.account
_http = tables.http_account
_OF_THE_ACCOUNT: dict[str, ColumnElement[Any]] = {
    "account": _account.c.name.label("account"),
    "balance": _account.c.balance,
    "unlimited": _account.c.unlimited,
}
_select: Select[Any] = select(
    *(
        _OF_THE_ACCOUNT[each.name] if each.name in _OF_THE_ACCOUNT else _http.c[each.name]
        for each in fields(HttpAccountRow)
    )
).join_from(_http, _account)
_SETTINGS = ("throughput", "over_rate", "default_sender", "dlr_url", "description", "enabled")


class HttpAccounts(AuditTrail):
    """HTTP API accounts. Passwords and keys arrive hashed."""

    async def create_http_account(
        self,
        account_id: int,
        username: str,
        *,
        password_hash: str,
        api_key_prefix: str,
        api_key_hash: str,
        throughput: int = 10,
        over_rate: str = "queue",
        default_sender: str = "",
        dlr_url: str | None = None,
        description: str = "",
    ) -> int:
        """Creates an HTTP API account and returns its id. Raises `AlreadyExists` and `NotFound`."""
        async with self._configure(AlreadyExists("HTTP API account", username)) as connection:
            await self._need_account(connection, account_id)
            values = {
                "username": username,
                "throughput": throughput,
                "over_rate": over_rate,
                "default_sender": default_sender,
                "dlr_url": dlr_url,
                "description": description,
                "enabled": True,
                "api_key_prefix": api_key_prefix,
            }
            created = await connection.scalar(
                insert(_http)
                .values(
                    **values,
                    account_id=account_id,
                    password_hash=password_hash,
                    api_key_hash=api_key_hash,
                    created_at=self._now_ms(),
                )
                .returning(_http.c.id)
            )
            await self._record(
                connection, "create", "http_account", username, after=values, account_id=account_id
            )
        return int(created)

    async def update_http_account(self, row: HttpAccountRow, *, password_hash: str | None = None) -> None:
        """Changes the one with this id: settings, account, and password where a hash is given.

        Raises `NotFound`.
        """
        settings = {name: getattr(row, name) for name in _SETTINGS}
        async with self._configure() as connection:
            before = await self._locked_http_account(connection, row.id)
            if row.account_id != before["account_id"]:
                await self._need_account(connection, row.account_id)
            password = password_hash or before["password_hash"]
            await connection.execute(
                update(_http)
                .where(_http.c.id == row.id)
                .values(**settings, account_id=row.account_id, password_hash=password)
            )
            await self._record(
                connection,
                "change",
                "http_account",
                before["username"],
                _shown(before),
                _shown({**settings, "account_id": row.account_id, "password_hash": password}),
                account_id=row.account_id,
            )

    async def set_http_account_key(self, http_account_id: int, prefix: str, key_hash: str) -> None:
        """Replaces the API key: the one before is let in no more. Raises `NotFound`."""
        async with self._configure() as connection:
            before = await self._locked_http_account(connection, http_account_id)
            await connection.execute(
                update(_http)
                .where(_http.c.id == http_account_id)
                .values(api_key_prefix=prefix, api_key_hash=key_hash)
            )
            await self._record(
                connection,
                "change",
                "http_account",
                before["username"],
                {"api_key": before["api_key_hash"], "api_key_prefix": before["api_key_prefix"]},
                {"api_key": key_hash, "api_key_prefix": prefix},
                account_id=before["account_id"],
            )

    async def delete_http_account(self, http_account_id: int) -> None:
        """Deletes an HTTP API account; what its messages did stays. Raises `NotFound`."""
        async with self._configure() as connection:
            before = await self._locked_http_account(connection, http_account_id)
            await connection.execute(delete(_http).where(_http.c.id == http_account_id))
            shown = {name: before[name] for name in _SETTINGS}
            await self._record(
                connection,
                "delete",
                "http_account",
                before["username"],
                shown,
                account_id=before["account_id"],
            )

    async def find_http_account(self, key: int | str) -> HttpAccountRow:
        """One by its id or its user name. Raises `NotFound`."""
        column = _http.c.id if isinstance(key, int) else _http.c.username
        async with self._read() as connection:
            row = (await connection.execute(_select.where(column == key))).one_or_none()
        if row is None:
            raise NotFound("HTTP API account", str(key))
        return HttpAccountRow(*row)

    async def page_http_accounts(self, wanted: HttpAccountFilter, page: Paging) -> Page[HttpAccountRow]:
        """By user name."""
        query = _select.where(_http.c.username > page.after, *_conditions(wanted))
        async with self._read() as connection:
            rows = await connection.execute(query.order_by(_http.c.username).limit(page.limit + 1))
            found = [HttpAccountRow(*row) for row in rows]
        return cut(found, page.limit, lambda row: row.username)

    async def _locked_http_account(
        self, connection: AsyncConnection, http_account_id: int
    ) -> Mapping[str, Any]:
        found = await connection.execute(select(_http).where(_http.c.id == http_account_id).with_for_update())
        row = found.one_or_none()
        if row is None:
            raise NotFound("HTTP API account", str(http_account_id))
        return {**row._mapping}


def _shown(values: Mapping[str, Any]) -> dict[str, Any]:
    """What the audit log says of it."""
    shown = {name: values[name] for name in (*_SETTINGS, "account_id")}
    return {**shown, "password": values["password_hash"]}


def _conditions(wanted: HttpAccountFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.text:
        pattern = containing(wanted.text.lower())
        columns = (_http.c.username, _http.c.description)
        conditions.append(or_(*(func.lower(each).like(pattern, escape="\\") for each in columns)))
    if wanted.account:
        conditions.append(_account.c.name == wanted.account)
    if wanted.enabled is not None:
        conditions.append(_http.c.enabled == wanted.enabled)
    if wanted.account_id is not None:
        conditions.append(_http.c.account_id == wanted.account_id)
    return conditions
