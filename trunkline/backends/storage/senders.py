"""Who may come in through HTTP: HTTP API accounts, and programs with the administration's token."""

from dataclasses import fields

from sqlalchemy import delete, insert, select

from trunkline.backends.storage import tables
from trunkline.backends.storage.audit import AuditTrail
from trunkline.backends.storage.database import read_setting
from trunkline.model.administration import HttpAccountRow
from trunkline.model.errors import AlreadyExists

_account = tables.account
_http = tables.http_account
_esme = tables.esme
_setting = tables.setting
_shown_http = [
    _account.c.name if field.name == "account" else _http.c[field.name] for field in fields(HttpAccountRow)
]


class Senders(AuditTrail):
    """Credentials. Passwords and keys arrive hashed."""

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

    async def list_http_accounts(self) -> list[HttpAccountRow]:
        """All HTTP API accounts, by user name."""
        async with self._read() as connection:
            rows = await connection.execute(
                select(*_shown_http).join_from(_http, _account).order_by(_http.c.username)
            )
            return [HttpAccountRow(*row) for row in rows]

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

    async def set_api_token_hash(self, api_token_hash: str) -> None:
        """Replaces the administrator's API token; empty: there is none any more."""
        async with self._configure() as connection:
            before = await read_setting(connection, tables.ADMIN_CREDENTIAL)
            await connection.execute(delete(_setting).where(_setting.c.key == tables.ADMIN_CREDENTIAL))
            await connection.execute(
                insert(_setting).values(key=tables.ADMIN_CREDENTIAL, value=api_token_hash)
            )
            old, new = {"token": before or ""}, {"token": api_token_hash}
            await self._record(connection, "change", "api_token", "", old, new)
