"""Who is asking: API key, Basic authentication, or `user` and `password` (text 000, sections 1 and 3)."""

import binascii
import hashlib
from math import ceil

from trunkline.model.snapshot import HttpAccount
from trunkline.servers.http.errors import ApiError, retry_later, unauthorized
from trunkline.servers.http.needs import Snapshots
from trunkline.services.credentials import CredentialChecker

# The name under which wrong API keys of an address are counted: no account can have it.
_API_KEY = "\0api-key"


class Authenticator:
    """Finds the HTTP API account behind a request's credentials."""

    def __init__(self, snapshots: Snapshots, credentials: CredentialChecker) -> None:
        self._snapshots = snapshots
        self._credentials = credentials

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
            wait = self._credentials.wait_s(_API_KEY, address)
            if wait:
                raise _too_many(wait)
            self._credentials.failed(_API_KEY, address)
            raise unauthorized()
        return _enabled(account)


def address_of(client: tuple[str, int] | None) -> str:
    """The peer's address from an ASGI scope's `client`."""
    return client[0] if client else ""


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
