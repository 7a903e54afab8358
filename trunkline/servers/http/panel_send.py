"""`POST /panel/api/v1/send` (text 000, "API Keys"): one message, with the API key of a login."""

from typing import Annotated, Final

import msgspec
from msgspec import Meta

from trunkline.model.identity import Actor, Permission
from trunkline.model.snapshot import Account, OverRate, Sender
from trunkline.servers.http.authentication import Authenticator, address_of
from trunkline.servers.http.errors import ApiError, invalid, unauthorized
from trunkline.servers.http.exchange import Answer, Receive, Scope, read_body
from trunkline.servers.http.fields import SendRequest, decode_json, submission_of
from trunkline.servers.http.idempotency import Idempotency
from trunkline.servers.http.needs import HttpServices
from trunkline.servers.http.send import MAX_BODY, SendRoute

DOOR: Final = "panel"


class PanelSendRequest(SendRequest):
    """One message, as for `/api/v1/http-send`; an administrator's key says which account pays."""

    account: (
        Annotated[
            str, Meta(max_length=64, description="The account that pays; only with administrators' keys.")
        ]
        | None
    ) = None


class PanelSendRoute(SendRoute):
    """Takes one message from a login, which its account pays; answers once it is durable."""

    path = "/panel/api/v1/send"
    methods = ("POST",)

    def __init__(
        self, services: HttpServices, authenticator: Authenticator, idempotency: Idempotency
    ) -> None:
        super().__init__(services, authenticator, idempotency)
        self._snapshots = services.snapshots
        self._read_json = msgspec.json.Decoder(PanelSendRequest)

    async def handle(self, scope: Scope, receive: Receive) -> Answer:
        headers: dict[bytes, bytes] = dict(scope["headers"])
        if b"x-api-key" not in headers:
            raise unauthorized()
        holder = self._authenticator.key_holder(headers)
        if holder is None:
            raise self._authenticator.wrong_key(address_of(scope["client"]))
        actor = holder.actor
        if not actor.may(Permission.SEND_SMS):
            raise ApiError(403, f"this needs the permission {Permission.SEND_SMS.value}")
        request = decode_json(await read_body(headers, receive, MAX_BODY), self._read_json)
        account = self._account(actor, request.account)
        sender = Sender(account, actor.name, True, 0, OverRate.QUEUE)
        return await self._accept(request, submission_of(request, sender, DOOR), headers)

    def _account(self, actor: Actor, named: str | None) -> Account:
        accounts = self._snapshots.current.accounts
        if actor.account_id is not None:
            own = accounts[actor.account_id]
            if named not in (None, own.name):
                raise ApiError(404, f"account {named!r} does not exist")
            return own
        if named is None:
            raise invalid("account is required: an administrator's key says which account pays")
        found = next((each for each in accounts.values() if each.name == named), None)
        if found is None:
            raise ApiError(404, f"account {named!r} does not exist")
        return found
