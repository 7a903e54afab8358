"""People and what they may do: roles of administrators, permissions of enterprise users, and who acts now."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What a login is. Enterprise users are tenants: they see their own account alone."""

    SUPER_ADMIN = "super_admin"  # everything, people and the gateway itself included
    ADMIN = "admin"  # everything but administrators and gateway control
    OPERATOR = "operator"  # runs the traffic: connectors, routes, messages
    VIEWER = "viewer"  # looks at everything, changes nothing
    ENTERPRISE = "enterprise"


class Permission(StrEnum):
    """What a login may do. Administrators have them by role, enterprise users by permission group."""

    VIEW_LOGS = "view_logs"
    SEND_SMS = "send_sms"
    VIEW_INBOX = "view_inbox"
    MANAGE_CAMPAIGNS = "manage_campaigns"
    MANAGE_API_KEYS = "manage_api_keys"
    MANAGE_WEBHOOKS = "manage_webhooks"
    VIEW_BILLING = "view_billing"
    VIEW_REPORTS = "view_reports"
    # Administrators only
    VIEW_PLATFORM = "view_platform"  # connectors, routes, every account
    MANAGE_TRAFFIC = "manage_traffic"  # connectors, routes, messages of others
    MANAGE_ACCOUNTS = "manage_accounts"  # enterprise users, groups, ESME and HTTP API accounts, credits
    VIEW_AUDIT = "view_audit"
    MANAGE_SETTINGS = "manage_settings"
    MANAGE_ADMINS = "manage_admins"
    CONTROL_GATEWAY = "control_gateway"


_P = Permission

TENANT_PERMISSIONS: tuple[Permission, ...] = (
    _P.VIEW_LOGS,
    _P.SEND_SMS,
    _P.VIEW_INBOX,
    _P.MANAGE_CAMPAIGNS,
    _P.MANAGE_API_KEYS,
    _P.MANAGE_WEBHOOKS,
    _P.VIEW_BILLING,
    _P.VIEW_REPORTS,
)
"""Those that a permission group may give."""

_LOOKING = frozenset(
    {_P.VIEW_LOGS, _P.VIEW_INBOX, _P.VIEW_BILLING, _P.VIEW_REPORTS, _P.VIEW_PLATFORM, _P.VIEW_AUDIT}
)
_OPERATING = _LOOKING | {_P.SEND_SMS, _P.MANAGE_CAMPAIGNS, _P.MANAGE_TRAFFIC}

PERMISSIONS_OF_ROLE: dict[Role, frozenset[Permission]] = {
    Role.SUPER_ADMIN: frozenset(Permission),
    Role.ADMIN: frozenset(Permission) - {_P.MANAGE_ADMINS, _P.CONTROL_GATEWAY},
    Role.OPERATOR: _OPERATING,
    Role.VIEWER: _LOOKING,
    Role.ENTERPRISE: frozenset(),  # see `permissions_of`
}


def permissions_of(role: Role, granted: Iterable[Permission] = ()) -> frozenset[Permission]:
    """What a login may do: by its role, or, an enterprise user, what its permission group grants."""
    if role is Role.ENTERPRISE:
        return frozenset(granted).intersection(TENANT_PERMISSIONS)
    return PERMISSIONS_OF_ROLE[role]


class Forbidden(Exception):
    """The actor may not do this; the text names the permission that is missing."""

    def __init__(self, permission: Permission) -> None:
        super().__init__(f"this needs the permission {permission.value}")
        self.permission = permission


@dataclass(slots=True, frozen=True)
class Actor:
    """Who acts, through which door. Services ask it what it may do and whose rows it may touch."""

    name: str
    role: Role
    permissions: frozenset[Permission]
    account_id: int | None = None  # an enterprise user's; None: every account
    login_id: int | None = None
    address: str = ""
    door: str = ""  # panel, api, cli, gateway

    def may(self, permission: Permission) -> bool:
        """Whether the actor has this permission."""
        return permission in self.permissions

    def require(self, *permissions: Permission) -> None:
        """Raises `Forbidden` unless the actor has one of these."""
        if not any(permission in self.permissions for permission in permissions):
            raise Forbidden(permissions[0])

    def owns(self, account_id: int | None) -> bool:
        """Whether a row of this account is the actor's to see."""
        return self.account_id is None or self.account_id == account_id


GATEWAY = Actor("gateway", Role.SUPER_ADMIN, PERMISSIONS_OF_ROLE[Role.SUPER_ADMIN], door="gateway")
"""The process itself: what no person has asked for."""

COMMAND_LINE = Actor("command line", Role.SUPER_ADMIN, PERMISSIONS_OF_ROLE[Role.SUPER_ADMIN], door="cli")
"""Whoever can run the command line on the gateway's database may do everything."""

_acting: ContextVar[Actor] = ContextVar("acting", default=GATEWAY)


def acting() -> Actor:
    """Who acts in this task; the audit log writes it beside every change."""
    return _acting.get()


def act_from_here(actor: Actor) -> None:
    """Whatever this task does from now on is done by this actor: for doors with a task per request."""
    _acting.set(actor)


@contextmanager
def act_as(actor: Actor) -> Iterator[None]:
    """Everything inside is done by this actor."""
    token = _acting.set(actor)
    try:
        yield
    finally:
        _acting.reset(token)


@dataclass(slots=True, frozen=True)
class Login:
    """Someone who can sign in: an administrator, or an enterprise user's."""

    id: int
    username: str
    role: Role
    account_id: int | None  # an enterprise user's; None: an administrator
    account: str  # its name, empty for an administrator
    email: str
    full_name: str
    enabled: bool
    has_totp: bool
    locale: str  # empty: the browser's
    timezone: str  # empty: the browser's
    created_at: int
    updated_at: int
    last_login_at: int | None
    permissions: frozenset[Permission]  # what role and permission group give it now
    account_enabled: bool = True

    @property
    def usable(self) -> bool:
        """Whether it may come in: it and its account are enabled."""
        return self.enabled and self.account_enabled

    def actor(self, *, door: str, address: str = "") -> Actor:
        """The login as the one who acts."""
        return Actor(
            self.username, self.role, self.permissions, self.account_id, self.id, address=address, door=door
        )


@dataclass(slots=True, frozen=True)
class PermissionGroup:
    """A named set of permissions for enterprise users (text 000, "Permission Groups")."""

    id: int
    name: str
    description: str
    enabled: bool
    permissions: frozenset[Permission]
    users: int
    created_at: int


@dataclass(slots=True, frozen=True)
class Group:
    """A group of enterprise users (text 000, "Groups")."""

    id: int
    name: str
    description: str
    enabled: bool
    users: int
    created_at: int


@dataclass(slots=True, frozen=True)
class Session:
    """A signed-in browser. `id` names it to people; the token itself is not kept, only its hash."""

    id: int
    login_id: int
    username: str
    created_at: int
    seen_at: int
    expires_at: int
    address: str
    user_agent: str


@dataclass(slots=True, frozen=True)
class ApiKey:
    """A key for the REST API and the panel's send API (text 000, "API Keys")."""

    id: int
    name: str
    prefix: str  # what is shown of it
    login_id: int
    owner: str  # the login's username
    account_id: int | None
    enabled: bool
    last_used_at: int | None
    created_at: int


@dataclass(slots=True, frozen=True)
class AuditEntry:
    """One change, as it is kept for ever (text 000, "Audit Logs")."""

    id: int
    at: int
    actor: str
    account_id: int | None  # whose row it was; None: the platform's
    action: str  # create, change, delete, enable, sign_in ...
    entity: str  # connector, login, route ...
    entity_id: str
    address: str
    door: str
    details: dict[str, object]  # {"field": [before, after]} or further facts; never a secret
