"""Sessions: browsers that are signed in. Of a session's token only the hash is kept."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import delete, insert, or_, select, update

from trunkline.backends.storage.database import cut
from trunkline.backends.storage.identity_tables import login as _login
from trunkline.backends.storage.identity_tables import login_session as _session
from trunkline.backends.storage.people import Logins, build_login, select_logins
from trunkline.model.errors import NotFound
from trunkline.model.identity import Login, Session, acting
from trunkline.model.people import Page, Paging

_select = select(_session, _login.c.username).join_from(_session, _login)


class Sessions(Logins):
    """Sessions of logins."""

    async def create_session(
        self, login_id: int, *, token_hash: str, address: str, user_agent: str, expires_at: int
    ) -> int:
        """Signs a login in and returns the session's id. Raises `NotFound`."""
        now = self._now_ms()
        async with self._write() as connection:
            login = await self._locked(connection, login_id)
            created = await connection.scalar(
                insert(_session)
                .values(
                    token_hash=token_hash,
                    login_id=login_id,
                    created_at=now,
                    seen_at=now,
                    expires_at=expires_at,
                    address=address[:64],
                    user_agent=user_agent[:255],
                )
                .returning(_session.c.id)
            )
            await connection.execute(update(_login).where(_login.c.id == login_id).values(last_login_at=now))
            await self._record(
                connection, "sign_in", "login", login["username"], account_id=login["account_id"]
            )
        return int(created)

    async def session_by_token(self, token_hash: str) -> tuple[Session, Login] | None:
        """The session of a token and its login, whatever their state; None when there is none."""
        async with self._read() as connection:
            found = await connection.execute(_select.where(_session.c.token_hash == token_hash))
            row = found.one_or_none()
            if row is None:
                return None
            login = await connection.execute(select_logins.where(_login.c.id == row.login_id))
            return _build(row._mapping), build_login(login.one()._mapping)

    async def touch_session(self, session_id: int, seen_at: int) -> None:
        """Notes that a session is used."""
        async with self._write() as connection:
            await connection.execute(
                update(_session).where(_session.c.id == session_id).values(seen_at=seen_at)
            )

    async def find_session(self, session_id: int) -> Session:
        """One session. Raises `NotFound`."""
        async with self._read() as connection:
            row = (await connection.execute(_select.where(_session.c.id == session_id))).one_or_none()
        if row is None:
            raise NotFound("session", str(session_id))
        return _build(row._mapping)

    async def page_sessions(
        self, login_id: int | None, seen_since: int, page: Paging, *, account_id: int | None = None
    ) -> Page[Session]:
        """Sessions that hold, of a login, of an account's logins, or of all, the newest first."""
        query = _select.where(_session.c.expires_at > self._now_ms(), _session.c.seen_at >= seen_since)
        if login_id is not None:
            query = query.where(_session.c.login_id == login_id)
        if account_id is not None:
            query = query.where(_login.c.account_id == account_id)
        if page.after:
            query = query.where(_session.c.id < int(page.after))
        async with self._read() as connection:
            rows = await connection.execute(query.order_by(_session.c.id.desc()).limit(page.limit + 1))
            sessions = [_build(row._mapping) for row in rows]
        return cut(sessions, page.limit, lambda session: str(session.id))

    async def end_session(self, session_id: int) -> None:
        """Signs a browser out. Raises `NotFound`."""
        async with self._write() as connection:
            row = (await connection.execute(_select.where(_session.c.id == session_id))).one_or_none()
            if row is None:
                raise NotFound("session", str(session_id))
            await connection.execute(delete(_session).where(_session.c.id == session_id))
            login = await self._locked(connection, row.login_id)
            action = "sign_out" if acting().login_id == row.login_id else "end_session"
            await self._record(connection, action, "login", row.username, account_id=login["account_id"])

    async def end_sessions(self, login_id: int) -> int:
        """Signs a login out everywhere; from how many browsers. Raises `NotFound`."""
        async with self._write() as connection:
            login = await self._locked(connection, login_id)
            ended = await connection.execute(delete(_session).where(_session.c.login_id == login_id))
            await self._record(
                connection, "end_sessions", "login", login["username"], account_id=login["account_id"]
            )
            return int(ended.rowcount)

    async def end_all_sessions(self) -> int:
        """Signs everybody out; from how many browsers."""
        async with self._write() as connection:
            return int((await connection.execute(delete(_session))).rowcount)

    async def forget_sessions(self, seen_before: int) -> int:
        """Deletes the sessions that hold no more: expired, or not seen since `seen_before`; how many."""
        async with self._write() as connection:
            gone = await connection.execute(
                delete(_session).where(
                    or_(_session.c.expires_at <= self._now_ms(), _session.c.seen_at < seen_before)
                )
            )
            return int(gone.rowcount)


def _build(row: Mapping[Any, Any]) -> Session:
    return Session(
        row["id"],
        row["login_id"],
        row["username"],
        row["created_at"],
        row["seen_at"],
        row["expires_at"],
        row["address"],
        row["user_agent"],
    )
