"""Signing in: password, second factor, and the session that comes of it."""

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from trunkline.model.administration import Administration
from trunkline.model.errors import NotFound
from trunkline.model.identity import Actor, Login, Permission, Role, Session, act_as
from trunkline.model.people import LoginSecrets, Page, Paging
from trunkline.services.credentials import CredentialChecker
from trunkline.services.logins import hash_token, matching_step, needed_permission

DOOR: Final = "panel"
TOUCH_MS: Final = 60_000
"""How often at most a session's use is written down."""

WRONG: Final = "Wrong user name or password"

ANYWHERE: Final = "anywhere"
"""In place of an address: whoever guesses codes knows the password, and may come from many."""


class SignInRefused(Exception):
    """Nobody was signed in; the text says why, in words for the one who tries."""


class CodeNeeded(SignInRefused):
    """The password is right; the login has a second factor, whose code is missing."""


class TooManyFailures(SignInRefused):
    """`wait_s` seconds must pass before the next attempt."""

    def __init__(self, wait_s: float) -> None:
        super().__init__(f"Too many failed attempts; try again in {int(wait_s) + 1} s")
        self.wait_s = wait_s


@dataclass(slots=True, frozen=True)
class SignedIn:
    """A session with its login, as the one who acts. `token` is only there when it was just made."""

    session_id: int
    login: Login
    actor: Actor
    token: str = ""


class SignIn:
    """Sessions of the panel. A token is random, is stored hashed, and ends by itself."""

    def __init__(
        self,
        administration: Administration,
        credentials: CredentialChecker,
        *,
        idle_s: int,
        lifetime_s: int,
        now_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
    ) -> None:
        """A session ends `idle_s` after its last use, and `lifetime_s` after it began."""
        self._administration = administration
        self._credentials = credentials
        self._idle_ms = idle_s * 1000
        self._lifetime_ms = lifetime_s * 1000
        self._now_ms = now_ms

    async def sign_in(
        self, username: str, password: str, code: str = "", *, address: str, user_agent: str = ""
    ) -> SignedIn:
        """Checks password and code and begins a session. Raises `SignInRefused` and what derives from it."""
        name = f"\0{DOOR}\0{username}"  # counted apart from HTTP API accounts and ESMEs of that name
        credentials = self._credentials
        wait = credentials.wait_s(name, address) or credentials.slow_wait_s(address)
        if wait:
            raise TooManyFailures(wait)
        known = await self._administration.login_secrets(username)
        password_hash = known.password_hash if known is not None else None
        right = await credentials.verify(name, password, password_hash, address)
        if known is None:
            raise SignInRefused(WRONG)
        login = known.login
        if not right:
            await self._record_failure(login, address, "password")
            raise SignInRefused(WRONG)
        if not login.usable:
            await self._record_failure(login, address, "disabled")
            raise SignInRefused("This login is disabled; ask an administrator")
        if known.totp_secret:
            await self._check_code(known, code, address)
        return await self._begin(login, address, user_agent)

    async def resume(self, token: str, *, address: str = "", seen: bool = True) -> SignedIn | None:
        """The session of a token; None when it has ended or its login may not come in any more.

        `seen`: the person did something, which keeps the session from ending as idle.
        """
        found = await self._administration.session_by_token(hash_token(token)) if token else None
        if found is None:
            return None
        session, login = found
        now = self._now_ms()
        if not login.usable or now >= session.expires_at or now - session.seen_at >= self._idle_ms:
            return None
        if seen and now - session.seen_at >= min(TOUCH_MS, self._idle_ms // 4):
            await self._administration.touch_session(session.id, now)
        return SignedIn(session.id, login, login.actor(door=DOOR, address=address))

    async def sign_out(self, token: str) -> None:
        """Ends the session of a token, if there is one."""
        signed_in = await self.resume(token)
        if signed_in is not None:
            with act_as(signed_in.actor):
                await self._administration.end_session(signed_in.session_id)

    async def sessions(
        self,
        actor: Actor,
        login: int | str | None = None,
        page: Paging | None = None,
        *,
        account_id: int | None = None,
    ) -> Page[Session]:
        """Sessions that hold, the newest first: of a login, else of everybody. People see their own.

        `account_id` narrows them to the logins of an account.

        Raises `Forbidden`, `NotFound`.
        """
        login_id = None
        if login is not None:
            login_id = (await self._administration.find_login(login)).id
        if login_id is None or login_id != actor.login_id:
            actor.require(Permission.MANAGE_ACCOUNTS, Permission.MANAGE_ADMINS)
        seen_since = self._now_ms() - self._idle_ms + 1
        return await self._administration.page_sessions(
            login_id, seen_since, page or Paging(), account_id=account_id
        )

    async def end(self, actor: Actor, session_id: int) -> None:
        """Signs a browser out. Raises `Forbidden`, `NotFound`."""
        session = await self._administration.find_session(session_id)
        await self._may_end(actor, session.login_id, NotFound("session", str(session_id)))
        await self._administration.end_session(session_id)

    async def end_all(self, actor: Actor, login: int | str) -> int:
        """Signs a login out everywhere; from how many browsers. Raises `Forbidden`, `NotFound`."""
        found = await self._administration.find_login(login)
        await self._may_end(actor, found.id, NotFound("login", str(login)))
        return await self._administration.end_sessions(found.id)

    async def tidy(self) -> int:
        """Deletes the sessions that hold no more; how many."""
        return await self._administration.forget_sessions(self._now_ms() - self._idle_ms + 1)

    async def _begin(self, login: Login, address: str, user_agent: str) -> SignedIn:
        token = secrets.token_urlsafe(32)
        actor = login.actor(door=DOOR, address=address)
        with act_as(actor):
            session_id = await self._administration.create_session(
                login.id,
                token_hash=hash_token(token),
                address=address,
                user_agent=user_agent,
                expires_at=self._now_ms() + self._lifetime_ms,
            )
        return SignedIn(session_id, login, actor, token)

    async def _check_code(self, known: LoginSecrets, code: str, address: str) -> None:
        if not code:
            raise CodeNeeded("Enter the code that your authenticator shows")
        login = known.login
        # Apart from the passwords' failures: each right password would clear those of the codes.
        name = f"\0{DOOR} code\0{login.username}"
        wait = self._credentials.wait_s(name, ANYWHERE)
        if wait:
            raise TooManyFailures(wait)
        step = matching_step(known.totp_secret, code, self._now_ms() // 1000)
        if step is None or not await self._administration.use_totp_step(login.id, step):
            self._credentials.failed(name, ANYWHERE)
            await self._record_failure(login, address, "code")
            raise SignInRefused("Wrong code, or one that was used before; wait for the next")
        self._credentials.succeeded(name, ANYWHERE)

    async def _record_failure(self, login: Login, address: str, why: str) -> None:
        with act_as(Actor(login.username, login.role, frozenset(), address=address, door=DOOR)):
            details: dict[str, object] = {"refused": why}
            await self._administration.record(
                "sign_in_failed", "login", login.username, details, login.account_id
            )

    async def _may_end(self, actor: Actor, login_id: int, unknown: NotFound) -> None:
        if login_id == actor.login_id:
            return
        if actor.role is Role.ENTERPRISE:
            raise unknown
        actor.require(needed_permission((await self._administration.find_login(login_id)).role))
