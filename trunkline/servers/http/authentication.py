"""Who is asking: API key, Basic authentication, or `user` and `password` (text 000, sections 1 and 3).

The administrator comes with a token instead (text 001).
"""

import binascii
import hashlib
import hmac
from collections.abc import Callable
from dataclasses import replace
from math import ceil

from starlette.requests import Request

from trunkline.model.identity import PERMISSIONS_OF_ROLE, Actor, Permission, Role, act_from_here
from trunkline.model.snapshot import HttpAccount, KeyHolder
from trunkline.servers.http.errors import ApiError, not_administrator, retry_later, unauthorized
from trunkline.servers.http.needs import Snapshots
from trunkline.services.credentials import CredentialChecker

# The names under which wrong API keys and tokens of an address are counted: no account can have them.
_API_KEY = "\0api-key"
_ADMIN = "\0admin"
_TOKEN_HEADERS = (b"x-api-token", b"x-api-key")

DOOR = "api"
_OF_HTTP_ACCOUNTS = frozenset({Permission.SEND_SMS, Permission.VIEW_LOGS, Permission.VIEW_REPORTS})
TOKEN_HOLDER = Actor("API token", Role.SUPER_ADMIN, PERMISSIONS_OF_ROLE[Role.SUPER_ADMIN], door=DOOR)

MISSING = "This needs the administration's API token: send it as X-API-Key or X-Api-Token"
WRONG = "The API token is wrong"
NONE_MADE = (
    "No API token has been made yet: run `trunkline api-token` or set TRUNKLINE_API_TOKEN, "
    "and send the token as X-API-Key or X-Api-Token"
)
TENANTS_KEY = "This is the API key of an HTTP API account; this needs the administration's API token"


class Authenticator:
    """Finds the HTTP API account behind a request's credentials, and knows the administrator's token."""

    def __init__(
        self,
        snapshots: Snapshots,
        credentials: CredentialChecker,
        api_token_hash: str = "",
        key_used: Callable[[int], None] | None = None,
    ) -> None:
        """`api_token_hash`: of the token in the settings; empty when there is none.

        `key_used` is told the id of each API key of a login that was used.
        """
        self._snapshots = snapshots
        self._credentials = credentials
        self._api_token_hash = api_token_hash
        self._key_used = key_used

    def require_admin(self, request: Request) -> Actor:
        """The administration's token (text 001: `X-API-Key`, `X-Api-Token`), or an administrator's API key.

        Raises `ApiError` as `require_actor`, and 403 for a key that may not manage accounts.
        """
        actor = self.require_actor(request)
        if not actor.may(Permission.MANAGE_ACCOUNTS):
            raise ApiError(403, f"this needs the permission {Permission.MANAGE_ACCOUNTS.value}")
        return actor

    def require_actor(self, request: Request) -> Actor:
        """The holder of the administration's token, or the login of an API key; the rest is its doing.

        Raises `ApiError`: 401 none or a wrong one, 403 an HTTP API account's key, 429 too many failures.
        """
        address = address_of(request.scope["client"])
        actor = self._actor(dict(request.scope["headers"]), address)
        act_from_here(actor)
        return actor

    def key_holder(self, headers: dict[bytes, bytes]) -> KeyHolder | None:
        """The login whose API key a request carries, None where it is none of theirs; counts the use."""
        presented = _token(headers)
        if presented is None:
            return None
        holder = self._snapshots.current.logins_by_key_hash.get(hashlib.sha256(presented).hexdigest())
        if holder is not None and self._key_used is not None:
            self._key_used(holder.key_id)
        return holder

    def wrong_key(self, address: str) -> ApiError:
        """The answer to an API key that nobody has; counts the failure."""
        wait = self._credentials.wait_s(_API_KEY, address)
        if wait:
            return _too_many(wait)
        self._credentials.failed(_API_KEY, address)
        return unauthorized()

    def _actor(self, headers: dict[bytes, bytes], address: str) -> Actor:
        presented = _token(headers)
        known = self._admin_hashes()
        if presented is None:
            raise not_administrator(MISSING if known else NONE_MADE)
        # Whatever failed before: as with API keys, a right one is never kept waiting.
        if _is_one_of(presented, known):
            return replace(TOKEN_HOLDER, address=address)
        holder = self.key_holder(headers)
        if holder is not None:
            return replace(holder.actor, address=address)
        wait = self._credentials.wait_s(_ADMIN, address)
        if wait:
            raise _too_many(wait)
        if hashlib.sha256(presented).hexdigest() in self._snapshots.current.http_by_key_hash:
            raise ApiError(403, TENANTS_KEY)
        self._credentials.failed(_ADMIN, address)
        raise not_administrator(WRONG if known else NONE_MADE)

    async def require_anyone(self, request: Request) -> None:
        """Returns for the administrator, for every login and for every HTTP API account that is enabled.

        Raises `ApiError`: 401 no or wrong credentials, 403 disabled, 429 too many failures.
        """
        headers = dict(request.scope["headers"])
        presented = _token(headers)
        if presented is not None and _is_one_of(presented, self._admin_hashes()):
            return
        if self.key_holder(headers) is not None:
            return
        if await self.by_headers(headers, address_of(request.scope["client"])) is None:
            raise unauthorized()

    async def actor_of(self, request: Request, user: str | None = None, password: str | None = None) -> Actor:
        """Who asks: the administrator, a login, or an HTTP API account, which sees its account's messages.

        `user` and `password` are those of the query string. Raises `ApiError` as `require_anyone`.
        """
        headers = dict(request.scope["headers"])
        address = address_of(request.scope["client"])
        presented = _token(headers)
        if presented is not None and _is_one_of(presented, self._admin_hashes()):
            return replace(TOKEN_HOLDER, address=address)
        holder = self.key_holder(headers)
        if holder is not None:
            return replace(holder.actor, address=address)
        account = await self.by_headers(headers, address)
        if account is None:
            if user is None or password is None:
                raise unauthorized()
            account = await self.by_password(user, password, address)
        return Actor(
            account.username,
            Role.ENTERPRISE,
            _OF_HTTP_ACCOUNTS,
            account.sender.account.id,
            address=address,
            door=DOOR,
        )

    def _admin_hashes(self) -> list[str]:
        return [each for each in (self._snapshots.current.api_token_hash, self._api_token_hash) if each]

    async def by_headers(self, headers: dict[bytes, bytes], address: str) -> HttpAccount | None:
        """The account of `X-API-Key`, else of Basic authentication; None when there is neither header.

        Raises `ApiError`: 401 wrong credentials, 403 disabled, 429 too many failures.
        """
        key = headers.get(b"x-api-key")
        if key is not None:
            return self._by_key(key, address)
        authorization = headers.get(b"authorization")
        if authorization is None or authorization[:6].lower() != b"basic ":
            return None
        username, password = _basic(authorization[6:])
        return await self.by_password(username, password, address)

    async def by_password(self, username: str, password: str, address: str) -> HttpAccount:
        """The account with this user name and password. Raises `ApiError` as `by_headers`."""
        credentials = self._credentials
        wait = credentials.wait_s(username, address)
        if wait:
            raise _too_many(wait)
        account = self._snapshots.current.http_by_username.get(username)
        if account is not None and credentials.check_fast(username, password, account.password_hash):
            return _enabled(account)
        wait = credentials.slow_wait_s(address)
        if wait:
            raise _too_many(wait)
        stored_hash = account.password_hash if account is not None else None
        if not await credentials.verify(username, password, stored_hash, address) or account is None:
            raise unauthorized()
        return _enabled(account)

    def _by_key(self, key: bytes, address: str) -> HttpAccount:
        account = self._snapshots.current.http_by_key_hash.get(hashlib.sha256(key).hexdigest())
        if account is None:
            # Keys are random and cannot be guessed, so a good one is never kept waiting.
            raise self.wrong_key(address)
        return _enabled(account)


def address_of(client: tuple[str, int] | None) -> str:
    """The peer's address from an ASGI scope's `client`."""
    return client[0] if client else ""


def _is_one_of(token: bytes, hashes: list[str]) -> bool:
    """Whether a token has one of these SHA-256 hashes; takes as long whichever it is."""
    digest = hashlib.sha256(token).hexdigest()
    matches = [hmac.compare_digest(digest, each) for each in hashes]
    return any(matches)


def _token(headers: dict[bytes, bytes]) -> bytes | None:
    for name in _TOKEN_HEADERS:
        if name in headers:
            return headers[name]
    authorization = headers.get(b"authorization", b"")
    return authorization[7:].strip() if authorization[:7].lower() == b"bearer " else None


def _enabled(account: HttpAccount) -> HttpAccount:
    sender = account.sender
    if not (sender.enabled and sender.account.enabled):
        raise ApiError(403, "Account disabled")
    return account


def _basic(encoded: bytes) -> tuple[str, str]:
    try:
        decoded = binascii.a2b_base64(encoded.strip(), strict_mode=True)
    except binascii.Error:
        raise unauthorized() from None
    try:
        text = decoded.decode()
    except UnicodeDecodeError:
        text = decoded.decode("latin-1")
    username, separator, password = text.partition(":")
    if not separator:
        raise unauthorized()
    return username, password


def _too_many(wait_s: float) -> ApiError:
    seconds = ceil(wait_s)
    return retry_later(429, f"Too many failed logins; try again in {seconds} s", seconds)
