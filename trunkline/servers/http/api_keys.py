"""`/api/v1/api-keys`: keys that act as a login (text 000, "API Keys")."""

from typing import Annotated, Any

from fastapi import APIRouter, Request, Response
from msgspec import UNSET, Meta, Struct, UnsetType
from msgspec.json import Decoder

from trunkline.model.identity import ApiKey
from trunkline.model.times import iso_timestamp
from trunkline.servers.http.authentication import Authenticator
from trunkline.servers.http.management import key_of, read_request
from trunkline.servers.http.messages import iso_or_none
from trunkline.servers.http.needs import Management
from trunkline.servers.http.nouns import (
    Door,
    Item,
    Items,
    Name,
    PageQuery,
    done_answer,
    item_answer,
    noun_paths,
    number_of,
    page_answer,
    paging,
    read_query,
)


class ApiKeyView(Struct):
    """An API key without its secret."""

    id: int
    name: str
    prefix: str
    owner: str
    enabled: bool
    last_used_at: str | None
    created_at: str


class NewApiKeyRequest(Struct, kw_only=True, forbid_unknown_fields=True):
    """A key to be made, for the login that asks or for another that it manages."""

    name: Name
    owner: Annotated[str, Meta(max_length=64)] | UnsetType = UNSET


class ApiKeyChange(Struct, kw_only=True, forbid_unknown_fields=True):
    """Whether a key is let in."""

    enabled: bool


class MadeApiKey(Struct):
    """A key that was made: `key` is shown this once."""

    id: int
    name: str
    owner: str
    key: str


class ApiKeyQuery(PageQuery, kw_only=True, forbid_unknown_fields=True):
    """Whose API keys; everybody's where no login is named."""

    owner: Annotated[str, Meta(max_length=64)] = ""


_new_key = Decoder(NewApiKeyRequest)
_key_change = Decoder(ApiKeyChange)


def api_key_routes(management: Management, authenticator: Authenticator) -> APIRouter:
    """The router of these routes."""
    router = APIRouter(prefix="/api/v1")
    door = Door(authenticator)
    keys = management.people.api_keys

    @router.get("/api-keys")
    async def listed(request: Request) -> Response:
        with door.asked_by(request) as actor:
            query = read_query(request, ApiKeyQuery)
            page = await keys.list(actor, paging(query, numbered=True), owner=query.owner)
            return page_answer(page, _key_view)

    @router.post("/api-keys")
    async def created(request: Request) -> Response:
        with door.asked_by(request) as actor:
            wanted = await read_request(request, _new_key)
            owner = None if wanted.owner is UNSET else key_of(wanted.owner)
            made = await keys.create(actor, wanted.name, owner=owner)
            await management.refresh()
            return item_answer(MadeApiKey(made.id, made.name, made.owner, made.key))

    @router.get("/api-keys/{key}")
    async def shown(request: Request, key: str) -> Response:
        with door.asked_by(request) as actor:
            return item_answer(_key_view(await keys.get(actor, number_of("API key", key))))

    @router.patch("/api-keys/{key}")
    async def changed(request: Request, key: str) -> Response:
        with door.asked_by(request) as actor:
            wanted = await read_request(request, _key_change)
            key_id = number_of("API key", key)
            await keys.set_enabled(actor, key_id, wanted.enabled)
            await management.refresh()
            return item_answer(_key_view(await keys.get(actor, key_id)))

    @router.delete("/api-keys/{key}")
    async def deleted(request: Request, key: str) -> Response:
        with door.asked_by(request) as actor:
            await keys.delete(actor, number_of("API key", key))
            await management.refresh()
            return done_answer()

    return router


def _key_view(key: ApiKey) -> ApiKeyView:
    return ApiKeyView(
        key.id,
        key.name,
        key.prefix,
        key.owner,
        key.enabled,
        iso_or_none(key.last_used_at),
        iso_timestamp(key.created_at),
    )


PATHS = noun_paths(
    "/api/v1/api-keys",
    "API keys",
    ApiKeyView,
    query=ApiKeyQuery,
    create=NewApiKeyRequest,
    made=MadeApiKey,
    change=ApiKeyChange,
    key="Its id.",
)
"""The entries of the OpenAPI document."""

REQUESTS = (NewApiKeyRequest, ApiKeyChange)
ANSWERS: tuple[Any, ...] = (
    Item[ApiKeyView],
    Items[ApiKeyView],
    Item[MadeApiKey],
)
