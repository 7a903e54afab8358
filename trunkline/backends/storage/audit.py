"""The audit log: what was changed, written by the very transaction that changes it."""

from collections.abc import Mapping
from typing import Any

import msgspec
from sqlalchemy import Select, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from trunkline.backends.storage.database import Database, cut
from trunkline.backends.storage.identity_tables import audit as _audit
from trunkline.config import mask_url_passwords
from trunkline.model.errors import NotFound
from trunkline.model.identity import AuditEntry, acting
from trunkline.model.people import AuditFilter, Page, Paging

MASK = "***"
_SECRETS = {"password", "outbind_password", "tls_key", "api_key", "token", "totp_secret"}
_LONGEST = 500  # characters of a value that are kept: certificates and the like need no more

_decode = msgspec.json.Decoder(dict[str, object]).decode


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, list[object]]:
    """Of each field that is not the same ``[before, after]``; secrets masked, objects field by field."""
    old, new = _flat(before), _flat(after)
    return {
        name: [_shown(name, old.get(name)), _shown(name, new.get(name))]
        for name in sorted(old.keys() | new.keys())
        if old.get(name) != new.get(name)
    }


def _flat(fields: Mapping[Any, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in fields.items():
        plain = msgspec.to_builtins(value, order="deterministic")
        if isinstance(plain, dict):
            flat |= _flat(plain, f"{prefix}{name}.")
        else:
            flat[f"{prefix}{name}"] = plain
    return flat


def _shown(name: str, value: object) -> object:
    if name.rpartition(".")[2] in _SECRETS:
        return MASK if value else value
    if isinstance(value, str):
        value = mask_url_passwords(value)
        return value if len(value) <= _LONGEST else value[:_LONGEST] + "..."
    return value


class AuditTrail(Database):
    """Entries of the audit log; the storage's other parts write them with `_record`."""

    async def _record(
        self,
        connection: AsyncConnection,
        action: str,
        entity: str,
        entity_id: str,
        before: Mapping[str, Any] | None = None,
        after: Mapping[str, Any] | None = None,
        *,
        account_id: int | None = None,
    ) -> None:
        """Adds the entry of a change; one that changes nothing has none.

        `account_id` says whose row it was; None: the platform's.
        """
        details = differences(before or {}, after or {})
        if action == "change" and not details:
            return
        await self._append(connection, action, entity, entity_id, details, account_id)

    async def _append(
        self,
        connection: AsyncConnection,
        action: str,
        entity: str,
        entity_id: str,
        details: Mapping[str, object],
        account_id: int | None,
    ) -> None:
        actor = acting()
        await connection.execute(
            insert(_audit).values(
                at=self._now_ms(),
                actor=actor.name[:255],
                account_id=account_id,
                action=action,
                entity=entity,
                entity_id=entity_id[:255],
                address=actor.address[:64],
                door=actor.door,
                details=msgspec.json.encode(details).decode(),
            )
        )

    async def record(
        self, action: str, entity: str, entity_id: str, details: dict[str, object], account_id: int | None
    ) -> None:
        """An entry for what changes no configuration: somebody signs in, say."""
        async with self._write() as connection:
            await self._append(connection, action, entity, entity_id, details, account_id)

    async def page_audit(self, wanted: AuditFilter, page: Paging) -> Page[AuditEntry]:
        """The newest entries first."""
        query = _narrowed(select(_audit), wanted).order_by(_audit.c.id.desc())
        if page.after:
            query = query.where(_audit.c.id < int(page.after))
        async with self._read() as connection:
            rows = await connection.execute(query.limit(page.limit + 1))
            entries = [_entry(row._mapping) for row in rows]
        return cut(entries, page.limit, lambda entry: str(entry.id))

    async def find_audit_entry(self, number: int) -> AuditEntry:
        """One entry. Raises `NotFound`."""
        async with self._read() as connection:
            row = (await connection.execute(select(_audit).where(_audit.c.id == number))).one_or_none()
        if row is None:
            raise NotFound("audit entry", str(number))
        return _entry(row._mapping)


def _narrowed(query: Select[Any], wanted: AuditFilter) -> Select[Any]:
    for name in ("actor", "action", "entity", "entity_id", "address", "door"):
        value = getattr(wanted, name)
        if value:
            query = query.where(_audit.c[name] == value)
    if wanted.account_id is not None:
        query = query.where(_audit.c.account_id == wanted.account_id)
    if wanted.since is not None:
        query = query.where(_audit.c.at >= wanted.since)
    if wanted.until is not None:
        query = query.where(_audit.c.at < wanted.until)
    return query


def _entry(row: Mapping[Any, Any]) -> AuditEntry:
    return AuditEntry(**{**row, "details": _decode(row["details"])})
