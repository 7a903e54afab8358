"""Logins: who may sign in to the panel and hold API keys."""

from collections.abc import Mapping
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Select, and_, delete, func, insert, or_, select, true, update
from sqlalchemy.ext.asyncio import AsyncConnection

from trunkline.backends.secrets import SecretBox
from trunkline.backends.storage import tables
from trunkline.backends.storage.audit import AuditTrail
from trunkline.backends.storage.database import containing, cut
from trunkline.backends.storage.identity_tables import (
    login as _login,
)
from trunkline.backends.storage.identity_tables import (
    login_session as _session,
)
from trunkline.backends.storage.identity_tables import (
    password_reset as _reset,
)
from trunkline.backends.storage.identity_tables import (
    permission_group as _permission_group,
)
from trunkline.model.errors import AlreadyExists, NotFound
from trunkline.model.identity import Login, Permission, Role, permissions_of
from trunkline.model.people import LoginFilter, LoginSecrets, NewLogin, Page, Paging

_account = tables.account
_decode_permissions = msgspec.json.Decoder(list[str]).decode
_KNOWN_PERMISSIONS = {each.value for each in Permission}
_AUDITED = ("username", "role", "account_id", "email", "full_name", "enabled", "locale", "timezone")

select_logins = (
    select(
        _login,
        _account.c.name.label("account"),
        _account.c.enabled.label("account_enabled"),
        _permission_group.c.permissions,
        _permission_group.c.enabled.label("group_enabled"),
    )
    .select_from(_login)
    .outerjoin(_account, _login.c.account_id == _account.c.id)
    .outerjoin(_permission_group, _account.c.permission_group_id == _permission_group.c.id)
)


def build_login(row: Mapping[Any, Any]) -> Login:
    """A login from a row of `select_logins`."""
    role = Role(row["role"])
    granted = read_permissions(row["permissions"]) if row["group_enabled"] else frozenset[Permission]()
    return Login(
        row["id"],
        row["username"],
        role,
        row["account_id"],
        row["account"] or "",
        row["email"],
        row["full_name"],
        row["enabled"],
        bool(row["totp_secret_encrypted"]),
        row["locale"],
        row["timezone"],
        row["created_at"],
        row["updated_at"],
        row["last_login_at"],
        permissions_of(role, granted),
        row["account_id"] is None or bool(row["account_enabled"]),
    )


def read_permissions(stored: str) -> frozenset[Permission]:
    """The permissions of a group as they are stored; those that a later version knew do not count."""
    return frozenset(Permission(each) for each in _decode_permissions(stored) if each in _KNOWN_PERMISSIONS)


class Logins(AuditTrail):
    """Logins. Passwords arrive hashed; the secret of a second factor is stored encrypted."""

    _secret_box: SecretBox

    async def create_login(self, new: NewLogin) -> int:
        """Creates a login and returns its id. Raises `AlreadyExists`, and `NotFound` for its account."""
        now = self._now_ms()
        async with self._configure(AlreadyExists("login", new.username)) as connection:
            if new.account_id is not None:
                await self._need_account(connection, new.account_id)
            values = {
                "username": new.username,
                "role": new.role.value,
                "account_id": new.account_id,
                "email": new.email,
                "full_name": new.full_name,
                "enabled": True,
                "locale": new.locale,
                "timezone": new.timezone,
            }
            created = await connection.scalar(
                insert(_login)
                .values(
                    **values,
                    password_hash=new.password_hash,
                    totp_secret_encrypted="",
                    totp_last_step=0,
                    created_at=now,
                    updated_at=now,
                )
                .returning(_login.c.id)
            )
            await self._record(
                connection, "create", "login", new.username, after=values, account_id=new.account_id
            )
        return int(created)

    async def update_login(
        self,
        login_id: int,
        *,
        role: Role,
        email: str,
        full_name: str,
        enabled: bool,
        locale: str,
        timezone: str,
    ) -> None:
        """Changes a login; one that is disabled by it loses its sessions. Raises `NotFound`."""
        values = {
            "role": role.value,
            "email": email,
            "full_name": full_name,
            "enabled": enabled,
            "locale": locale,
            "timezone": timezone,
        }
        async with self._configure() as connection:
            before = await self._locked(connection, login_id)
            await self._change(connection, login_id, **values)
            if not enabled:
                await connection.execute(delete(_session).where(_session.c.login_id == login_id))
            await self._record_change(connection, before, {name: before[name] for name in values}, values)

    async def delete_login(self, login_id: int) -> None:
        """Deletes a login with its sessions and keys. Raises `NotFound`."""
        async with self._configure() as connection:
            before = await self._locked(connection, login_id)
            await connection.execute(delete(_login).where(_login.c.id == login_id))
            shown = {name: before[name] for name in _AUDITED}
            await self._record(
                connection, "delete", "login", before["username"], shown, account_id=before["account_id"]
            )

    async def set_login_password(self, login_id: int, password_hash: str) -> None:
        """Replaces a password; whoever is signed in with the one before is signed out. Raises `NotFound`."""
        async with self._configure() as connection:
            before = await self._locked(connection, login_id)
            await self._change(connection, login_id, password_hash=password_hash)
            await connection.execute(delete(_session).where(_session.c.login_id == login_id))
            await connection.execute(delete(_reset).where(_reset.c.login_id == login_id))
            old, new = {"password": before["password_hash"]}, {"password": password_hash}
            await self._record_change(connection, before, old, new)

    async def set_totp_secret(self, login_id: int, secret: str) -> None:
        """Sets the secret of the second factor; empty: there is none any more. Raises `NotFound`."""
        encrypted = self._secret_box.encrypt(secret) if secret else ""
        async with self._configure() as connection:
            before = await self._locked(connection, login_id)
            await self._change(connection, login_id, totp_secret_encrypted=encrypted, totp_last_step=0)
            old = {"totp_secret": before["totp_secret_encrypted"]}
            await self._record_change(connection, before, old, {"totp_secret": encrypted})

    async def use_totp_step(self, login_id: int, step: int) -> bool:
        """Notes the time step of a right code; false when it, or a later one, was used before."""
        async with self._write() as connection:
            noted = await connection.execute(
                update(_login)
                .where(_login.c.id == login_id, _login.c.totp_last_step < step)
                .values(totp_last_step=step)
            )
            return bool(noted.rowcount)

    async def find_login(self, key: int | str) -> Login:
        """One login by its id or its user name. Raises `NotFound`."""
        column = _login.c.id if isinstance(key, int) else _login.c.username
        async with self._read() as connection:
            row = (await connection.execute(select_logins.where(column == key))).one_or_none()
        if row is None:
            raise NotFound("login", str(key))
        return build_login(row._mapping)

    async def login_secrets(self, username: str) -> LoginSecrets | None:
        """A login with what its password and code are checked against; None when there is none."""
        async with self._read() as connection:
            found = await connection.execute(select_logins.where(_login.c.username == username))
            row = found.one_or_none()
        if row is None:
            return None
        secret = row.totp_secret_encrypted
        return LoginSecrets(
            build_login(row._mapping), row.password_hash, self._secret_box.decrypt(secret) if secret else ""
        )

    async def page_logins(self, wanted: LoginFilter, page: Paging) -> Page[Login]:
        """Logins by user name."""
        query: Select[Any] = select_logins.where(_wanted(wanted), _login.c.username > page.after)
        async with self._read() as connection:
            rows = await connection.execute(query.order_by(_login.c.username).limit(page.limit + 1))
            logins = [build_login(row._mapping) for row in rows]
        return cut(logins, page.limit, lambda login: login.username)

    async def count_super_admins(self) -> int:
        """How many super administrators are enabled."""
        async with self._read() as connection:
            count = await connection.scalar(
                select(func.count())
                .select_from(_login)
                .where(_login.c.role == Role.SUPER_ADMIN.value, _login.c.enabled)
            )
        return int(count or 0)

    async def create_password_reset(self, login_id: int, token_hash: str, expires_at: int) -> None:
        """Lets a token choose a new password until then (Unix ms); an earlier one is void."""
        async with self._write() as connection:
            login = await self._locked(connection, login_id)
            await connection.execute(delete(_reset).where(_reset.c.login_id == login_id))
            await connection.execute(
                insert(_reset).values(token_hash=token_hash, login_id=login_id, expires_at=expires_at)
            )
            await self._record(
                connection, "reset_password", "login", login["username"], account_id=login["account_id"]
            )

    async def password_reset(self, token_hash: str) -> int | None:
        """The login that a token is for; None when it is unknown, used or too old."""
        async with self._read() as connection:
            login_id = await connection.scalar(
                select(_reset.c.login_id).where(
                    _reset.c.token_hash == token_hash, _reset.c.expires_at > self._now_ms()
                )
            )
        return None if login_id is None else int(login_id)

    async def take_password_reset(self, token_hash: str) -> int | None:
        """As `password_reset`; the token is used by it."""
        async with self._write() as connection:
            login_id = await connection.scalar(
                delete(_reset)
                .where(_reset.c.token_hash == token_hash, _reset.c.expires_at > self._now_ms())
                .returning(_reset.c.login_id)
            )
        return None if login_id is None else int(login_id)

    async def _locked(self, connection: AsyncConnection, login_id: int) -> dict[str, Any]:
        """The row of a login that is about to change. Raises `NotFound`."""
        found = await connection.execute(select(_login).where(_login.c.id == login_id).with_for_update())
        row = found.one_or_none()
        if row is None:
            raise NotFound("login", str(login_id))
        return dict(row._mapping)

    async def _change(self, connection: AsyncConnection, login_id: int, **values: Any) -> None:
        await connection.execute(
            update(_login).where(_login.c.id == login_id).values(**values, updated_at=self._now_ms())
        )

    async def _record_change(
        self,
        connection: AsyncConnection,
        login: Mapping[str, Any],
        before: Mapping[str, Any],
        after: Mapping[str, Any],
    ) -> None:
        await self._record(
            connection, "change", "login", login["username"], before, after, account_id=login["account_id"]
        )


def _wanted(wanted: LoginFilter) -> ColumnElement[bool]:
    conditions: list[ColumnElement[bool]] = [true()]
    if wanted.text:
        pattern = containing(wanted.text.lower())
        conditions.append(
            or_(
                *(
                    func.lower(column).like(pattern, escape="\\")
                    for column in (_login.c.username, _login.c.full_name, _login.c.email)
                )
            )
        )
    if wanted.administrators is not None:
        conditions.append((_login.c.account_id.is_(None)) == wanted.administrators)
    if wanted.enabled is not None:
        conditions.append(_login.c.enabled == wanted.enabled)
    if wanted.account_id is not None:
        conditions.append(_login.c.account_id == wanted.account_id)
    return and_(*conditions)
