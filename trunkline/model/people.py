"""The ports that keep people: logins, groups, sessions, API keys, and the audit log of what they changed.

Lists come in pages that are found by key, never by number: see `Paging`.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from trunkline.model.identity import (
    ApiKey,
    AuditEntry,
    Group,
    Login,
    Permission,
    PermissionGroup,
    Role,
    Session,
)

R = TypeVar("R")


@dataclass(slots=True, frozen=True)
class Paging:
    """Which page of a list: at most `limit` rows after the one whose key is `after` (empty: the first)."""

    limit: int = 50
    after: str = ""


@dataclass(slots=True, frozen=True)
class Page(Generic[R]):
    """Some rows of a list; `next` is the `after` of the page that follows, None where this is the last."""

    items: list[R]
    next: str | None


@dataclass(slots=True, frozen=True)
class NewLogin:
    """A login to be made."""

    username: str
    password_hash: str
    role: Role
    account_id: int | None = None
    email: str = ""
    full_name: str = ""
    locale: str = ""
    timezone: str = ""


@dataclass(slots=True, frozen=True)
class LoginFilter:
    """Which logins: every field that is given narrows them."""

    text: str = ""  # in user name, full name or e-mail address
    administrators: bool | None = None  # False: enterprise users
    enabled: bool | None = None
    account_id: int | None = None


@dataclass(slots=True, frozen=True)
class LoginSecrets:
    """A login with what its password and its second factor are checked against."""

    login: Login
    password_hash: str
    totp_secret: str  # base 32, empty: no second factor


@dataclass(slots=True, frozen=True)
class GroupFilter:
    """Which groups, or permission groups: every field that is given narrows them."""

    text: str = ""  # in name or description
    enabled: bool | None = None


@dataclass(slots=True, frozen=True)
class AuditFilter:
    """Which entries: every field that is given narrows them. Times are Unix ms, `until` not included."""

    actor: str = ""
    action: str = ""
    entity: str = ""
    entity_id: str = ""
    address: str = ""
    door: str = ""
    account_id: int | None = None
    since: int | None = None
    until: int | None = None


class People(Protocol):
    """Who may sign in, and with which rights. Raises `AlreadyExists`, `NotFound`, `InUse`."""

    async def create_login(self, new: NewLogin) -> int: ...

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
        """One that is disabled by it loses its sessions."""
        ...

    async def delete_login(self, login_id: int) -> None:
        """With its sessions and its API keys."""
        ...

    async def set_login_password(self, login_id: int, password_hash: str) -> None:
        """Ends all its sessions."""
        ...

    async def set_totp_secret(self, login_id: int, secret: str) -> None:
        """Turns the second factor on, or, with an empty secret, off."""
        ...

    async def use_totp_step(self, login_id: int, step: int) -> bool:
        """Notes the time step of a code that was right; false when it, or a later one, was used before."""
        ...

    async def find_login(self, key: int | str) -> Login:
        """By its id or its user name."""
        ...

    async def login_secrets(self, username: str) -> LoginSecrets | None: ...

    async def page_logins(self, wanted: LoginFilter, page: Paging) -> Page[Login]:
        """By user name."""
        ...

    async def count_super_admins(self) -> int:
        """Those that are enabled."""
        ...

    async def create_session(
        self, login_id: int, *, token_hash: str, address: str, user_agent: str, expires_at: int
    ) -> int:
        """Signs a login in; returns the session's id."""
        ...

    async def session_by_token(self, token_hash: str) -> tuple[Session, Login] | None: ...

    async def touch_session(self, session_id: int, seen_at: int) -> None: ...

    async def find_session(self, session_id: int) -> Session: ...

    async def page_sessions(
        self, login_id: int | None, seen_since: int, page: Paging, *, account_id: int | None = None
    ) -> Page[Session]:
        """The newest first: those of a login, an account, or of all, seen since then and not expired."""
        ...

    async def end_session(self, session_id: int) -> None: ...

    async def end_sessions(self, login_id: int) -> int:
        """Ends all of a login's sessions; how many there were."""
        ...

    async def forget_sessions(self, seen_before: int) -> int:
        """Deletes what expired or was not seen since then; how many."""
        ...

    async def create_password_reset(self, login_id: int, token_hash: str, expires_at: int) -> None:
        """Replaces an earlier one of this login."""
        ...

    async def password_reset(self, token_hash: str) -> int | None:
        """The login that a token is for; None when it is unknown, used or too old."""
        ...

    async def take_password_reset(self, token_hash: str) -> int | None:
        """As `password_reset`; the token is used by it."""
        ...

    async def create_permission_group(
        self, name: str, description: str, permissions: Collection[Permission]
    ) -> int: ...

    async def update_permission_group(
        self,
        group_id: int,
        *,
        name: str,
        description: str,
        enabled: bool,
        permissions: Collection[Permission],
    ) -> None: ...

    async def delete_permission_group(self, group_id: int) -> None:
        """Raises `InUse` while accounts have it."""
        ...

    async def find_permission_group(self, key: int | str) -> PermissionGroup:
        """By its id or its name."""
        ...

    async def page_permission_groups(self, wanted: GroupFilter, page: Paging) -> Page[PermissionGroup]:
        """By name."""
        ...

    async def create_group(self, name: str, description: str) -> int: ...

    async def update_group(self, group_id: int, *, name: str, description: str, enabled: bool) -> None: ...

    async def delete_group(self, group_id: int) -> None:
        """Raises `InUse` while accounts are in it."""
        ...

    async def find_group(self, key: int | str) -> Group:
        """By its id or its name."""
        ...

    async def page_groups(self, wanted: GroupFilter, page: Paging) -> Page[Group]:
        """By name."""
        ...

    async def create_api_key(self, login_id: int, name: str, *, prefix: str, key_hash: str) -> int: ...

    async def set_api_key_enabled(self, key_id: int, enabled: bool) -> None: ...

    async def delete_api_key(self, key_id: int) -> None: ...

    async def find_api_key(self, key_id: int) -> ApiKey: ...

    async def page_api_keys(
        self, page: Paging, *, login_id: int | None = None, account_id: int | None = None
    ) -> Page[ApiKey]:
        """The newest first."""
        ...

    async def note_key_uses(self, used_at: dict[int, int]) -> None:
        """When keys were used last (Unix ms), by their ids."""
        ...


class AuditLog(Protocol):
    """What was changed, by whom, through which door. It only grows."""

    async def record(
        self, action: str, entity: str, entity_id: str, details: dict[str, object], account_id: int | None
    ) -> None:
        """An entry for what changes no configuration: somebody signs in. The actor is the one `acting`."""
        ...

    async def page_audit(self, wanted: AuditFilter, page: Paging) -> Page[AuditEntry]:
        """The newest first."""
        ...

    async def find_audit_entry(self, number: int) -> AuditEntry: ...
