"""HTTP API accounts (text 000): made by administrators, seen by the tenant whose account they charge."""

import asyncio
from dataclasses import dataclass, replace
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from trunkline.config import mask_url_passwords
from trunkline.model.administration import Administration, HttpAccountFilter, HttpAccountRow
from trunkline.model.errors import InUse, NotFound
from trunkline.model.identity import Actor, Permission
from trunkline.model.notices import http_lane
from trunkline.model.people import Page, Paging
from trunkline.model.snapshot import OverRate
from trunkline.services.accounts import InvalidInput, choice, generate_password, is_name
from trunkline.services.credentials import (
    MAX_PASSWORD_BYTES,
    hash_api_key,
    hash_password,
    new_api_key,
    shown_prefix,
)
from trunkline.services.enterprise_users import MAX_THROUGHPUT, SENDER_MAX

PASSWORD_LENGTH = 20
PASSWORD_MIN = 8
DESCRIPTION_MAX = 1000
URL_MAX = 2048
_CHANGEABLE = {"throughput", "over_rate", "default_sender", "dlr_url", "description", "enabled"}


@dataclass(slots=True, frozen=True)
class NewHttpAccount:
    """Shown once: only hashes are kept."""

    username: str
    password: str
    api_key: str


class HttpAccounts:
    """Who sends through HTTP, and at whose cost. One is named by its id or its user name.

    Enterprise users with `manage_api_keys` look at those of their account; administrators manage them.
    """

    def __init__(self, administration: Administration) -> None:
        self._administration = administration

    async def create(
        self,
        actor: Actor,
        account: str,
        username: str,
        *,
        password: str | None = None,
        api_key: str | None = None,
        throughput: int = 10,
        over_rate: str = OverRate.QUEUE,
        default_sender: str = "",
        dlr_url: str | None = None,
        description: str = "",
    ) -> NewHttpAccount:
        """Creates an HTTP API account; password and key are generated when not given.

        `throughput` is in messages per second, 0 for no limit. Raises `Forbidden`, `InvalidInput`,
        `AlreadyExists`, and `NotFound` for the account.
        """
        actor.require(Permission.MANAGE_ACCOUNTS)
        if not is_name(username):
            raise InvalidInput("username", "1 to 64 letters, digits or any of _ . @ -")
        password = password or generate_password(PASSWORD_LENGTH)
        _check_password(password)
        _check(throughput, over_rate, default_sender, dlr_url, description)
        payer = await self._administration.account_by_name(account)
        api_key = api_key or new_api_key()
        await self._administration.create_http_account(
            payer.id,
            username,
            password_hash=await asyncio.to_thread(hash_password, password),
            api_key_prefix=shown_prefix(api_key),
            api_key_hash=hash_api_key(api_key),
            throughput=throughput,
            over_rate=over_rate,
            default_sender=default_sender,
            dlr_url=dlr_url or None,
            description=description,
        )
        return NewHttpAccount(username, password, api_key)

    async def change(
        self,
        actor: Actor,
        key: int | str,
        *,
        account: str | None = None,
        password: str | None = None,
        **settings: Any,
    ) -> HttpAccountRow:
        """Changes settings, password, and who pays for what it sends from now on; what is not given stays.

        `settings` are fields of `HttpAccountRow`. Raises `Forbidden`, `InvalidInput`, and `NotFound`.
        """
        row = await self._managed(actor, key)
        unknown = settings.keys() - _CHANGEABLE
        if unknown:
            raise InvalidInput(min(unknown), "cannot be changed")
        if "dlr_url" in settings:
            settings["dlr_url"] = settings["dlr_url"] or None
        changed = replace(row, **settings)
        _check(
            changed.throughput,
            changed.over_rate,
            changed.default_sender,
            changed.dlr_url,
            changed.description,
        )
        if account is not None and account != row.account:
            payer = await self._administration.account_by_name(account)
            changed = replace(changed, account=payer.name, account_id=payer.id)
        password_hash = None
        if password:
            _check_password(password)
            password_hash = await asyncio.to_thread(hash_password, password)
        if changed == row and password_hash is None:
            return row
        await self._administration.update_http_account(changed, password_hash=password_hash)
        return await self._administration.find_http_account(row.id)

    async def renew_key(self, actor: Actor, key: int | str) -> str:
        """Replaces the API key and returns the new one, shown this once; the old one is let in no more.

        Raises `Forbidden`, `NotFound`.
        """
        row = await self._managed(actor, key)
        api_key = new_api_key()
        await self._administration.set_http_account_key(row.id, shown_prefix(api_key), hash_api_key(api_key))
        return api_key

    async def delete(
        self, actor: Actor, key: int | str, *, give_up_callbacks: bool = False
    ) -> HttpAccountRow:
        """Deletes an HTTP API account and returns what it was; its messages stay.

        Raises `Forbidden`, `NotFound`, and `InUse` while callbacks wait for its server. With
        `give_up_callbacks` the gateway gives those up, which their messages' histories show.
        """
        row = await self._managed(actor, key)
        waiting = await self.callbacks_waiting(actor, row.id)
        if waiting and not give_up_callbacks:
            raise InUse(
                f"{waiting} callbacks of HTTP API account {row.username!r} wait for its server: "
                "let it take them, or have them given up"
            )
        await self._administration.delete_http_account(row.id)
        return row

    async def callbacks_waiting(self, actor: Actor, key: int | str) -> int:
        """How many callbacks wait for its server or are on their way. Raises `Forbidden`, `NotFound`."""
        lane = http_lane((await self.get(actor, key)).username)
        return (await self._administration.outbox_lanes([lane])).get(lane, 0)

    async def get(self, actor: Actor, key: int | str) -> HttpAccountRow:
        """One HTTP API account; a password in its URL only for those who manage it.

        Raises `Forbidden`, and `NotFound`, for those of other tenants too.
        """
        _require_looking(actor)
        row = await self._administration.find_http_account(key)
        if not actor.owns(row.account_id):
            raise NotFound("HTTP API account", str(key))
        return _shown_to(actor, row)

    async def list(
        self, actor: Actor, wanted: HttpAccountFilter | None = None, page: Paging | None = None
    ) -> Page[HttpAccountRow]:
        """HTTP API accounts by user name; enterprise users see those of their account. Raises `Forbidden`."""
        _require_looking(actor)
        wanted = wanted or HttpAccountFilter()
        if actor.account_id is not None:
            wanted = replace(wanted, account_id=actor.account_id)
        found = await self._administration.page_http_accounts(wanted, page or Paging())
        return Page([_shown_to(actor, row) for row in found.items], found.next)

    async def _managed(self, actor: Actor, key: int | str) -> HttpAccountRow:
        row = await self.get(actor, key)
        actor.require(Permission.MANAGE_ACCOUNTS)
        return row


def leads_inside(url: str) -> bool:
    """Whether a URL's host is written as an address, or a name, that is not on the public Internet.

    Callbacks to it are refused unless the setting `callback_allow_private` is on.
    """
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return False
    try:
        return not ip_address(host).is_global
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _require_looking(actor: Actor) -> None:
    actor.require(Permission.MANAGE_API_KEYS, Permission.VIEW_PLATFORM)


def _shown_to(actor: Actor, row: HttpAccountRow) -> HttpAccountRow:
    if row.dlr_url is None or actor.may(Permission.MANAGE_ACCOUNTS):
        return row
    return replace(row, dlr_url=mask_url_passwords(row.dlr_url))


def _check_password(password: str) -> None:
    if len(password) < PASSWORD_MIN:
        raise InvalidInput("password", f"at least {PASSWORD_MIN} characters")
    if len(password.encode()) > MAX_PASSWORD_BYTES:
        raise InvalidInput("password", f"at most {MAX_PASSWORD_BYTES} bytes")


def _check(
    throughput: int, over_rate: str, default_sender: str, dlr_url: str | None, description: str
) -> None:
    if not 0 <= throughput <= MAX_THROUGHPUT:
        raise InvalidInput("throughput", f"messages per second, at most {MAX_THROUGHPUT}, 0 for no limit")
    choice("over_rate", over_rate, OverRate)
    if len(default_sender) > SENDER_MAX or not default_sender.isprintable():
        raise InvalidInput("default_sender", f"at most {SENDER_MAX} printable characters")
    if len(description) > DESCRIPTION_MAX or "\0" in description:
        raise InvalidInput("description", f"at most {DESCRIPTION_MAX} characters")
    if dlr_url:
        _check_url(dlr_url)


def _check_url(url: str) -> None:
    """Only the form: where a name leads is found out, and refused, with every delivery."""
    if not url.startswith(("http://", "https://")):
        raise InvalidInput("dlr_url", "must start with http:// or https://")
    try:
        parts = urlsplit(url)
        usable = bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable or not url.isprintable() or len(url) > URL_MAX:
        raise InvalidInput("dlr_url", f"must name a host, and have at most {URL_MAX} characters")
