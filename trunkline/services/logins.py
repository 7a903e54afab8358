"""Logins as people manage them: administrators, enterprise users' logins, passwords, second factors."""

import asyncio
import hashlib
import re
import secrets
import time
from dataclasses import dataclass
from typing import Any, Final
from zoneinfo import available_timezones

import pyotp

from trunkline.model.administration import Administration
from trunkline.model.errors import InUse, NotFound
from trunkline.model.identity import Actor, Login, Permission, Role, act_as
from trunkline.model.people import LoginFilter, LoginSecrets, NewLogin, Page, Paging
from trunkline.services.accounts import InvalidInput, check_email, choice, generate_password, is_name
from trunkline.services.credentials import hash_password, is_password
from trunkline.services.passwords import check_password

RESET_S: Final = 24 * 3600
"""How long a token for a new password holds."""

ISSUER: Final = "Trunkline"
GENERATED_LENGTH: Final = 16

_LOCALE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})?").fullmatch
_PROFILE: Final = frozenset({"email", "full_name", "locale", "timezone"})
"""What people change of their own login."""


@dataclass(slots=True, frozen=True)
class MadeLogin:
    """Shown once: only the password's hash is kept."""

    id: int
    username: str
    password: str


class Logins:
    """Who may sign in. Administrators' logins need one permission to manage, enterprise users' another."""

    def __init__(self, administration: Administration) -> None:
        self._administration = administration

    async def create(
        self,
        actor: Actor,
        username: str,
        *,
        role: str,
        password: str | None = None,
        account: str = "",
        email: str = "",
        full_name: str = "",
        locale: str = "",
        timezone: str = "",
    ) -> MadeLogin:
        """Creates a login; without a password one is generated. `account`: whose enterprise user it is.

        Raises `Forbidden`, `InvalidInput`, `AlreadyExists`, and `NotFound` for the account.
        """
        wanted = Role(choice("role", role, Role))
        actor.require(needed_permission(wanted))
        if not is_name(username):
            raise InvalidInput("username", "1 to 64 letters, digits or any of _ . @ -")
        if (wanted is Role.ENTERPRISE) != bool(account):
            raise InvalidInput("account", "an enterprise user has one, an administrator none")
        _check_profile(email=email, full_name=full_name, locale=locale, timezone=timezone)
        if password is None:
            password = generate_password(GENERATED_LENGTH)
        check_password(password, username)
        account_id = (await self._administration.account_by_name(account)).id if account else None
        login_id = await self._administration.create_login(
            NewLogin(
                username,
                await asyncio.to_thread(hash_password, password),
                wanted,
                account_id,
                email,
                full_name,
                locale,
                timezone,
            )
        )
        return MadeLogin(login_id, username, password)

    async def change(self, actor: Actor, key: int | str, **fields: Any) -> Login:
        """Changes role, enabled, email, full_name, locale or timezone; what is not given stays.

        People change the last four of their own. Raises `Forbidden`, `InvalidInput`, `NotFound`, and `InUse`
        when no super administrator would be left.
        """
        before = await self._visible(actor, key)
        if before.id != actor.login_id or not fields.keys() <= _PROFILE:
            actor.require(needed_permission(before.role))
        role = Role(choice("role", fields.get("role", before.role), Role))
        if role is not before.role:
            actor.require(needed_permission(role))
            if Role.ENTERPRISE in (role, before.role):
                raise InvalidInput(
                    "role", "an enterprise user stays one, and an administrator an administrator"
                )
        values: dict[str, Any] = {
            "email": before.email,
            "full_name": before.full_name,
            "enabled": before.enabled,
            "locale": before.locale,
            "timezone": before.timezone,
        } | {name: value for name, value in fields.items() if name != "role"}
        _check_profile(**{name: values[name] for name in _PROFILE})
        if before.role is Role.SUPER_ADMIN and not (role is Role.SUPER_ADMIN and values["enabled"]):
            await self._leave_one(before)
        await self._administration.update_login(before.id, role=role, **values)
        return await self._administration.find_login(before.id)

    async def delete(self, actor: Actor, key: int | str) -> None:
        """Deletes a login with its sessions and API keys. Raises as `change`."""
        login = await self._managed(actor, key)
        if login.role is Role.SUPER_ADMIN:
            await self._leave_one(login)
        await self._administration.delete_login(login.id)

    async def get(self, actor: Actor, key: int | str) -> Login:
        """One login. Raises `NotFound`, for those of other tenants too."""
        return await self._visible(actor, key)

    async def list(
        self, actor: Actor, wanted: LoginFilter | None = None, page: Paging | None = None
    ) -> Page[Login]:
        """Logins by user name. Raises `Forbidden`."""
        actor.require(Permission.VIEW_PLATFORM)
        return await self._administration.page_logins(wanted or LoginFilter(), page or Paging())

    async def set_password(self, actor: Actor, key: int | str, password: str) -> None:
        """Gives somebody else a new password; ends the sessions. Raises as `change`."""
        login = await self._managed(actor, key)
        await self._set_password(login, password)

    async def renew_password(self, actor: Actor, key: int | str) -> MadeLogin:
        """Gives somebody else a password that is made up; ends the sessions. Raises as `change`."""
        login = await self._managed(actor, key)
        password = generate_password(GENERATED_LENGTH)
        await self._set_password(login, password)
        return MadeLogin(login.id, login.username, password)

    async def change_own_password(self, actor: Actor, current: str, password: str) -> None:
        """Raises `InvalidInput` when the current one is wrong or the new one breaks a rule."""
        own = await self._own(actor)
        if not await asyncio.to_thread(is_password, current, own.password_hash):
            raise InvalidInput("current_password", "is wrong")
        await self._set_password(own.login, password)

    async def start_reset(self, actor: Actor, key: int | str) -> str:
        """A token with which a new password can be chosen, once, for a day. Raises as `change`."""
        return await self.start_own_reset(await self._managed(actor, key), RESET_S)

    async def start_own_reset(self, login: Login, holds_s: int) -> str:
        """A token for somebody who is not signed in: it is to reach the login's owner alone."""
        token = secrets.token_urlsafe(32)
        await self._administration.create_password_reset(
            login.id, hash_token(token), _now_ms() + holds_s * 1000
        )
        return token

    async def finish_reset(self, token: str, password: str) -> Login:
        """Sets the password of the login that a token is for. Raises `InvalidInput`."""
        administration = self._administration
        token_hash = hash_token(token)
        login_id = await administration.password_reset(token_hash)
        if login_id is not None:
            login = await administration.find_login(login_id)
            check_password(password, login.username)
            if await administration.take_password_reset(token_hash) is not None:
                with act_as(login.actor(door="panel")):
                    await self._set_password(login, password)
                return login
        raise InvalidInput("token", "is unknown, used or too old; ask for another")

    async def reset_holds(self, token: str) -> bool:
        """Whether a new password can be chosen with this token."""
        return await self._administration.password_reset(hash_token(token)) is not None

    def new_totp(self, login: Login) -> tuple[str, str]:
        """A secret for a second factor and its URI, which authenticators read as a QR code; not stored."""
        secret = pyotp.random_base32()
        return secret, pyotp.TOTP(secret).provisioning_uri(name=login.username, issuer_name=ISSUER)

    async def turn_totp_on(self, actor: Actor, secret: str, code: str) -> None:
        """Has the actor's login ask for codes, once it has shown one. Raises `InvalidInput`."""
        own = await self._own(actor)
        step = matching_step(secret, code, _now_ms() // 1000)
        if step is None:
            raise InvalidInput("code", "is not the one that the authenticator shows now")
        await self._administration.set_totp_secret(own.login.id, secret)
        await self._administration.use_totp_step(own.login.id, step)

    async def turn_totp_off(self, actor: Actor, key: int | str) -> None:
        """For a login whose owner has lost the authenticator. Raises as `change`."""
        login = await self._managed(actor, key)
        await self._administration.set_totp_secret(login.id, "")

    async def turn_own_totp_off(self, actor: Actor, password: str) -> None:
        """Raises `InvalidInput` for a wrong password."""
        own = await self._own(actor)
        if not await asyncio.to_thread(is_password, password, own.password_hash):
            raise InvalidInput("password", "is wrong")
        await self._administration.set_totp_secret(own.login.id, "")

    async def ensure_super_admin(self, username: str, password: str) -> None:
        """Makes sure that there is a super administrator with this password."""
        known = await self._administration.login_secrets(username)
        if known is None:
            check_password(password, username)
            password_hash = await asyncio.to_thread(hash_password, password)
            await self._administration.create_login(NewLogin(username, password_hash, Role.SUPER_ADMIN))
        elif not await asyncio.to_thread(is_password, password, known.password_hash):
            await self._set_password(known.login, password)

    async def _set_password(self, login: Login, password: str) -> None:
        check_password(password, login.username)
        await self._administration.set_login_password(
            login.id, await asyncio.to_thread(hash_password, password)
        )

    async def _visible(self, actor: Actor, key: int | str) -> Login:
        """A login that the actor may see: its own, or any for administrators. Raises `NotFound`."""
        login = await self._administration.find_login(key)
        if login.id != actor.login_id and not actor.may(Permission.VIEW_PLATFORM):
            raise NotFound("login", str(key))
        return login

    async def _managed(self, actor: Actor, key: int | str) -> Login:
        login = await self._visible(actor, key)
        actor.require(needed_permission(login.role))
        return login

    async def _own(self, actor: Actor) -> LoginSecrets:
        found = None
        if actor.login_id is not None:
            found = await self._administration.login_secrets(actor.name)
        if found is None or found.login.id != actor.login_id:
            raise NotFound("login", actor.name)
        return found

    async def _leave_one(self, login: Login) -> None:
        if login.enabled and await self._administration.count_super_admins() == 1:
            raise InUse(f"{login.username!r} is the last super administrator: make another one first")


def hash_token(token: str) -> str:
    """What is stored in place of a random token: SHA-256 in hex."""
    return hashlib.sha256(token.encode()).hexdigest()


def matching_step(secret: str, code: str, now: int) -> int | None:
    """The time step (30 s, RFC 6238) whose code this is: the one of `now` (Unix seconds) or a neighbour."""
    totp = pyotp.TOTP(secret)
    step = now // totp.interval
    matches = [each for each in (step - 1, step, step + 1) if _is_code(totp, each, code)]
    return matches[-1] if matches else None


def _is_code(totp: pyotp.TOTP, step: int, code: str) -> bool:
    return secrets.compare_digest(totp.generate_otp(step).encode(), code.strip().encode())


def needed_permission(role: Role) -> Permission:
    """What it takes to manage logins with this role."""
    return Permission.MANAGE_ACCOUNTS if role is Role.ENTERPRISE else Permission.MANAGE_ADMINS


def _check_profile(*, email: str, full_name: str, locale: str, timezone: str) -> None:
    check_email("email", email)
    if len(full_name) > 255 or not full_name.isprintable():
        raise InvalidInput("full_name", "at most 255 printable characters")
    check_locale("locale", locale)
    check_timezone("timezone", timezone)


def check_locale(field: str, locale: str) -> None:
    """Raises `InvalidInput` for what is no language; it may be empty."""
    if locale and not _LOCALE(locale):
        raise InvalidInput(field, "a language such as en or ar-AE")


def check_timezone(field: str, timezone: str) -> None:
    """Raises `InvalidInput` for what is no time zone; it may be empty."""
    if timezone and timezone not in available_timezones():
        raise InvalidInput(field, "a time zone such as Asia/Dubai")


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
