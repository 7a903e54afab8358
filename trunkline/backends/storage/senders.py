"""The names that are taken, and programs with the administration's token."""

from sqlalchemy import delete, insert, select

from trunkline.backends.storage import tables
from trunkline.backends.storage.audit import AuditTrail
from trunkline.backends.storage.database import read_setting

_http = tables.http_account
_esme = tables.esme
_setting = tables.setting


class Senders(AuditTrail):
    """What all who send have in common."""

    async def credential_names(self) -> set[str]:
        """Names that ESMEs and HTTP API accounts use already."""
        async with self._read() as connection:
            usernames = await connection.scalars(select(_http.c.username))
            system_ids = await connection.scalars(select(_esme.c.system_id))
            return {*usernames, *system_ids}

    async def api_token_hash(self) -> str | None:
        """SHA-256 of the administrator's API token; empty once revoked, None where there never was one."""
        async with self._read() as connection:
            return await read_setting(connection, tables.ADMIN_CREDENTIAL)

    async def api_token_made_at(self) -> int | None:
        """When the token was made (Unix ms); None where that is not known."""
        async with self._read() as connection:
            made_at = await read_setting(connection, tables.ADMIN_CREDENTIAL_MADE_AT)
        return None if made_at is None else int(made_at)

    async def set_api_token_hash(self, api_token_hash: str) -> None:
        """Replaces the administrator's API token; empty: there is none any more."""
        async with self._configure() as connection:
            before = await read_setting(connection, tables.ADMIN_CREDENTIAL)
            for key, value in (
                (tables.ADMIN_CREDENTIAL, api_token_hash),
                (tables.ADMIN_CREDENTIAL_MADE_AT, str(self._now_ms())),
            ):
                await connection.execute(delete(_setting).where(_setting.c.key == key))
                await connection.execute(insert(_setting).values(key=key, value=value))
            old, new = {"token": before or ""}, {"token": api_token_hash}
            await self._record(connection, "change", "api_token", "", old, new)
