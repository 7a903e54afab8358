"""`/api/v1/logins` and `/api/v1/sessions`: who may sign in, and who is (text 000, "Admin Users")."""

from typing import Annotated, Any

from fastapi import APIRouter, Request, Response
from msgspec import UNSET, Meta, Struct, UnsetType
from msgspec.json import Decoder

from trunkline.model.identity import Login, Session
from trunkline.model.people import LoginFilter
from trunkline.model.times import iso_timestamp
from trunkline.servers.http.authentication import Authenticator
from trunkline.servers.http.management import key_of, read_request
from trunkline.servers.http.messages import iso_or_none
from trunkline.servers.http.needs import Management
from trunkline.servers.http.nouns import (
    Done,
    Door,
    Item,
    Items,
    Name,
    PageQuery,
    Text,
    done_answer,
    item_answer,
    noun_paths,
    number_of,
    operation,
    page_answer,
    paging,
    read_query,
    set_fields,
)

Role = Annotated[str, Meta(max_length=20, description="super_admin, admin, operator, viewer, or enterprise.")]
Password = Annotated[str, Meta(min_length=1, max_length=1024)]
Locale = Annotated[str, Meta(max_length=16)]
Zone = Annotated[str, Meta(max_length=64)]


class LoginView(Struct):
    """A login. `account` is empty for an administrator."""

    id: int
    username: str
    role: str
    account: str
    email: str
    full_name: str
    enabled: bool
    two_factor: bool
    locale: str
    timezone: str
    permissions: list[str]
    last_login_at: str | None
    created_at: str


class NewLoginRequest(Struct, kw_only=True, forbid_unknown_fields=True):
    """A login to be made. An enterprise user has an `account`."""

    username: Name
    role: Role
    account: Annotated[str, Meta(max_length=64)] = ""
    password: Annotated[str, Meta(max_length=1024, description="Made up where none is given.")] | None = None
    email: Text = ""
    full_name: Text = ""
    locale: Locale = ""
    timezone: Zone = ""


class LoginChange(Struct, kw_only=True, forbid_unknown_fields=True):
    """What is to change of a login."""

    role: Role | UnsetType = UNSET
    enabled: bool | UnsetType = UNSET
    email: Text | UnsetType = UNSET
    full_name: Text | UnsetType = UNSET
    locale: Locale | UnsetType = UNSET
    timezone: Zone | UnsetType = UNSET


class PasswordRequest(Struct, kw_only=True, forbid_unknown_fields=True):
    """A new password."""

    password: Password


class MadeLogin(Struct):
    """A login that was made: its password is shown this once."""

    id: int
    username: str
    password: str


class ResetView(Struct):
    """A token with which a new password can be chosen, once, for a day."""

    token: str


class LoginQuery(PageQuery, kw_only=True, forbid_unknown_fields=True):
    """Which logins."""

    text: Text = ""
    administrators: bool | None = None
    enabled: bool | None = None


class SessionView(Struct):
    """A browser that is signed in."""

    id: int
    username: str
    address: str
    user_agent: str
    created_at: str
    seen_at: str
    expires_at: str


class SessionQuery(PageQuery, kw_only=True, forbid_unknown_fields=True):
    """Whose sessions; of everybody where no login is named."""

    login: Annotated[str, Meta(max_length=64)] = ""


class EndedView(Struct):
    """How many browsers were signed out."""

    sessions: int


_new = Decoder(NewLoginRequest)
_change = Decoder(LoginChange)
_password = Decoder(PasswordRequest)


def login_routes(management: Management, authenticator: Authenticator) -> APIRouter:
    """The router of these routes."""
    router = APIRouter(prefix="/api/v1")
    door = Door(authenticator)
    _login_routes(router, management, door)
    _session_routes(router, management, door)
    return router


def _login_routes(router: APIRouter, management: Management, door: Door) -> None:
    logins = management.people.logins

    @router.get("/logins")
    async def listed(request: Request) -> Response:
        with door.asked_by(request) as actor:
            query = read_query(request, LoginQuery)
            wanted = LoginFilter(query.text, query.administrators, query.enabled)
            return page_answer(await logins.list(actor, wanted, paging(query)), _view)

    @router.post("/logins")
    async def created(request: Request) -> Response:
        with door.asked_by(request) as actor:
            wanted = await read_request(request, _new)
            fields = set_fields(wanted)
            made = await logins.create(actor, fields.pop("username"), **fields)
            return item_answer(MadeLogin(made.id, made.username, made.password))

    @router.get("/logins/{key}")
    async def shown(request: Request, key: str) -> Response:
        with door.asked_by(request) as actor:
            return item_answer(_view(await logins.get(actor, key_of(key))))

    @router.patch("/logins/{key}")
    async def changed(request: Request, key: str) -> Response:
        with door.asked_by(request) as actor:
            wanted = await read_request(request, _change)
            fields = set_fields(wanted)
            login = await logins.change(actor, key_of(key), **fields)
            await management.refresh()
            return item_answer(_view(login))

    @router.delete("/logins/{key}")
    async def deleted(request: Request, key: str) -> Response:
        with door.asked_by(request) as actor:
            await logins.delete(actor, key_of(key))
            await management.refresh()
            return done_answer()

    @router.put("/logins/{key}/password")
    async def password_set(request: Request, key: str) -> Response:
        with door.asked_by(request) as actor:
            wanted = await read_request(request, _password)
            await logins.set_password(actor, key_of(key), wanted.password)
            return done_answer()

    @router.post("/logins/{key}/reset")
    async def reset(request: Request, key: str) -> Response:
        with door.asked_by(request) as actor:
            return item_answer(ResetView(await logins.start_reset(actor, key_of(key))))

    @router.delete("/logins/{key}/two-factor")
    async def two_factor_off(request: Request, key: str) -> Response:
        with door.asked_by(request) as actor:
            await logins.turn_totp_off(actor, key_of(key))
            return done_answer()


def _session_routes(router: APIRouter, management: Management, door: Door) -> None:
    sign_in = management.people.sign_in

    @router.get("/sessions")
    async def listed(request: Request) -> Response:
        with door.asked_by(request) as actor:
            query = read_query(request, SessionQuery)
            login = key_of(query.login) if query.login else None
            page = await sign_in.sessions(actor, login, paging(query, numbered=True))
            return page_answer(page, _session_view)

    @router.delete("/sessions/{key}")
    async def ended(request: Request, key: str) -> Response:
        with door.asked_by(request) as actor:
            await sign_in.end(actor, number_of("session", key))
            return done_answer()

    @router.delete("/logins/{key}/sessions")
    async def all_ended(request: Request, key: str) -> Response:
        with door.asked_by(request) as actor:
            return item_answer(EndedView(await sign_in.end_all(actor, key_of(key))))


def _view(login: Login) -> LoginView:
    return LoginView(
        login.id,
        login.username,
        login.role.value,
        login.account,
        login.email,
        login.full_name,
        login.enabled,
        login.has_totp,
        login.locale,
        login.timezone,
        sorted(each.value for each in login.permissions),
        iso_or_none(login.last_login_at),
        iso_timestamp(login.created_at),
    )


def _session_view(session: Session) -> SessionView:
    return SessionView(
        session.id,
        session.username,
        session.address,
        session.user_agent,
        iso_timestamp(session.created_at),
        iso_timestamp(session.seen_at),
        iso_timestamp(session.expires_at),
    )


_KEY = "Its id, or its user name."

PATHS = {
    **noun_paths(
        "/api/v1/logins",
        "logins",
        LoginView,
        query=LoginQuery,
        create=NewLoginRequest,
        made=MadeLogin,
        change=LoginChange,
        key=_KEY,
    ),
    "/api/v1/logins/{key}/password": {
        "put": operation("Give it a new password", Done, body=PasswordRequest, path=_KEY)
    },
    "/api/v1/logins/{key}/reset": {
        "post": operation("Make a token for a new password", Item[ResetView], path=_KEY)
    },
    "/api/v1/logins/{key}/two-factor": {"delete": operation("Turn its second factor off", Done, path=_KEY)},
    "/api/v1/logins/{key}/sessions": {
        "delete": operation("Sign it out everywhere", Item[EndedView], path=_KEY)
    },
    "/api/v1/sessions": {
        "get": operation("List sessions", Items[SessionView], query=SessionQuery, reads=True)
    },
    "/api/v1/sessions/{key}": {"delete": operation("Sign a browser out", Done, path="Its id.")},
}
"""The entries of the OpenAPI document."""

REQUESTS = (NewLoginRequest, LoginChange, PasswordRequest)
ANSWERS: tuple[Any, ...] = (
    Item[LoginView],
    Items[LoginView],
    Item[MadeLogin],
    Item[ResetView],
    Items[SessionView],
    Item[EndedView],
)
