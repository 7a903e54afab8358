"""ESME accounts: who may bind to the SMPP server."""

from dataclasses import asdict, fields
from typing import Any

from sqlalchemy import ColumnElement, delete, func, insert, select, update
from sqlalchemy.engine import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from trunkline.backends.secrets import SecretBox
from trunkline.backends.storage import tables
from trunkline.backends.storage.audit import AuditTrail
from trunkline.backends.storage.database import containing, count_up, cut
from trunkline.model.administration import EsmeFilter, EsmeRow, EsmeSettings
from trunkline.model.errors import AlreadyExists, NotFound
from trunkline.model.people import Page, Paging

_esme = tables.esme
_account = tables.account
_SETTINGS = tuple(field.name for field in fields(EsmeSettings))
_select = select(_esme, _account.c.name.label("account")).join_from(_esme, _account)


class Esmes(AuditTrail):
    """ESME accounts. Their passwords arrive hashed; some are kept readable besides, encrypted."""

    _secret_box: SecretBox

    async def create_esme(
        self,
        account_id: int,
        system_id: str,
        settings: EsmeSettings,
        *,
        password_hash: str,
        password: str = "",
    ) -> int:
        """Creates an ESME account and returns its id. Raises `AlreadyExists` and `NotFound`."""
        now = self._now_ms()
        async with self._configure(AlreadyExists("ESME", system_id)) as connection:
            await self._need_account(connection, account_id)
            esme_id = await count_up(connection, tables.ESME_ID)
            await connection.execute(
                insert(_esme).values(
                    id=esme_id,
                    account_id=account_id,
                    system_id=system_id,
                    password_hash=password_hash,
                    password_encrypted=self._encrypted(password),
                    created_at=now,
                    updated_at=now,
                    **asdict(settings),
                )
            )
            shown = {"password": password_hash, **asdict(settings)}
            await self._record(connection, "create", "esme", system_id, after=shown, account_id=account_id)
        return esme_id

    async def update_esme(
        self, esme_id: int, settings: EsmeSettings, *, password_hash: str | None = None, password: str = ""
    ) -> None:
        """Replaces an ESME's settings, and its password where a hash is given. Raises `NotFound`."""
        values: dict[str, Any] = {**asdict(settings), "updated_at": self._now_ms()}
        if password_hash is not None:
            values |= {"password_hash": password_hash, "password_encrypted": self._encrypted(password)}
        async with self._configure() as connection:
            before = await self._locked_esme(connection, esme_id)
            await connection.execute(update(_esme).where(_esme.c.id == esme_id).values(**values))
            await self._record(
                connection,
                "change",
                "esme",
                before["system_id"],
                {"password": before["password_hash"], **{name: before[name] for name in _SETTINGS}},
                {"password": values.get("password_hash", before["password_hash"]), **asdict(settings)},
                account_id=before["account_id"],
            )

    async def delete_esme(self, esme_id: int) -> None:
        """Deletes an ESME account; what its messages did stays. Raises `NotFound`."""
        async with self._configure() as connection:
            before = await self._locked_esme(connection, esme_id)
            await connection.execute(delete(_esme).where(_esme.c.id == esme_id))
            shown = {name: before[name] for name in _SETTINGS}
            await self._record(
                connection, "delete", "esme", before["system_id"], shown, account_id=before["account_id"]
            )

    async def unbind_esme(self, esme_id: int) -> None:
        """Begins another round: sessions of the one before are unbound. Raises `NotFound`."""
        async with self._configure() as connection:
            before = await self._locked_esme(connection, esme_id)
            await connection.execute(
                update(_esme).where(_esme.c.id == esme_id).values(bind_round=before["bind_round"] + 1)
            )
            await self._record(
                connection, "unbind", "esme", before["system_id"], account_id=before["account_id"]
            )

    async def page_esmes(self, wanted: EsmeFilter, page: Paging) -> Page[EsmeRow]:
        """ESME accounts by system_id. Raises `SecretUnreadable`."""
        query = _select.where(_esme.c.system_id > page.after, *_conditions(wanted))
        async with self._read() as connection:
            rows = await connection.execute(query.order_by(_esme.c.system_id).limit(page.limit + 1))
            found = [self._row(row._mapping) for row in rows]
        return cut(found, page.limit, lambda row: row.system_id)

    async def find_esme(self, key: int | str) -> EsmeRow:
        """An ESME account by its id or its system_id. Raises `NotFound`, `SecretUnreadable`."""
        column = _esme.c.id if isinstance(key, int) else _esme.c.system_id
        async with self._read() as connection:
            row = (await connection.execute(_select.where(column == key))).one_or_none()
        if row is None:
            raise NotFound("ESME", str(key))
        return self._row(row._mapping)

    async def _locked_esme(self, connection: AsyncConnection, esme_id: int) -> RowMapping:
        found = await connection.execute(select(_esme).where(_esme.c.id == esme_id).with_for_update())
        row = found.one_or_none()
        if row is None:
            raise NotFound("ESME", str(esme_id))
        return row._mapping

    def _encrypted(self, password: str) -> str | None:
        return self._secret_box.encrypt(password) if password else None

    def _row(self, row: RowMapping) -> EsmeRow:
        encrypted = row["password_encrypted"]
        return EsmeRow(
            row["id"],
            row["system_id"],
            row["account"],
            EsmeSettings(**{name: row[name] for name in _SETTINGS}),
            self._secret_box.decrypt(encrypted) if encrypted else "",
            row["created_at"],
            row["updated_at"],
            row["account_id"],
        )


def _conditions(wanted: EsmeFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.text:
        pattern = containing(wanted.text.lower())
        conditions.append(func.lower(_esme.c.system_id).like(pattern, escape="\\"))
    if wanted.account:
        conditions.append(_account.c.name == wanted.account)
    if wanted.enabled is not None:
        conditions.append(_esme.c.enabled == wanted.enabled)
    if wanted.account_id is not None:
        conditions.append(_esme.c.account_id == wanted.account_id)
    return conditions
