"""`/api/v1/permission-groups` and `/api/v1/groups` (text 000, "Permission Groups", "Groups")."""

from typing import Annotated, Any

from fastapi import APIRouter, Request, Response
from msgspec import UNSET, Meta, Struct, UnsetType
from msgspec.json import Decoder

from trunkline.model.identity import Group, PermissionGroup
from trunkline.model.people import GroupFilter
from trunkline.model.times import iso_timestamp
from trunkline.servers.http.authentication import Authenticator
from trunkline.servers.http.management import key_of, read_request
from trunkline.servers.http.needs import Management
from trunkline.servers.http.nouns import (
    Door,
    Item,
    Items,
    Name,
    PageQuery,
    Text,
    done_answer,
    item_answer,
    noun_paths,
    page_answer,
    paging,
    read_query,
    set_fields,
)

Description = Annotated[str, Meta(max_length=1000)]
Permissions = Annotated[list[str], Meta(max_length=50, description="Names such as send_sms and view_logs.")]


class PermissionGroupView(Struct):
    """A permission group; `users` counts the accounts that have it."""

    id: int
    name: str
    description: str
    enabled: bool
    permissions: list[str]
    users: int
    created_at: str


class NewPermissionGroup(Struct, kw_only=True, forbid_unknown_fields=True):
    """A permission group to be made."""

    name: Name
    permissions: Permissions
    description: Description = ""


class PermissionGroupChange(Struct, kw_only=True, forbid_unknown_fields=True):
    """What is to change of a permission group."""

    name: Name | UnsetType = UNSET
    description: Description | UnsetType = UNSET
    enabled: bool | UnsetType = UNSET
    permissions: Permissions | UnsetType = UNSET


class GroupView(Struct):
    """A group of enterprise users; `users` counts the accounts in it."""

    id: int
    name: str
    description: str
    enabled: bool
    users: int
    created_at: str


class NewGroup(Struct, kw_only=True, forbid_unknown_fields=True):
    """A group to be made."""

    name: Name
    description: Description = ""


class GroupChange(Struct, kw_only=True, forbid_unknown_fields=True):
    """What is to change of a group."""

    name: Name | UnsetType = UNSET
    description: Description | UnsetType = UNSET
    enabled: bool | UnsetType = UNSET


class GroupQuery(PageQuery, kw_only=True, forbid_unknown_fields=True):
    """Which groups: `text` is in name or description."""

    text: Text = ""
    enabled: bool | None = None


_new_permission_group = Decoder(NewPermissionGroup)
_permission_group_change = Decoder(PermissionGroupChange)
_new_group = Decoder(NewGroup)
_group_change = Decoder(GroupChange)


def group_routes(management: Management, authenticator: Authenticator) -> APIRouter:
    """The router of these routes."""
    router = APIRouter(prefix="/api/v1")
    door = Door(authenticator)
    _permission_group_routes(router, management, door)
    _group_routes(router, management, door)
    return router


def _permission_group_routes(router: APIRouter, management: Management, door: Door) -> None:
    groups = management.people.permission_groups

    @router.get("/permission-groups")
    async def listed(request: Request) -> Response:
        with door.asked_by(request) as actor:
            query = read_query(request, GroupQuery)
            page = await groups.list(actor, GroupFilter(query.text, query.enabled), paging(query))
            return page_answer(page, _permission_group_view)

    @router.post("/permission-groups")
    async def created(request: Request) -> Response:
        with door.asked_by(request) as actor:
            wanted = await read_request(request, _new_permission_group)
            made = await groups.create(
                actor, wanted.name, permissions=wanted.permissions, description=wanted.description
            )
            await management.refresh()
            return item_answer(_permission_group_view(made))

    @router.get("/permission-groups/{key}")
    async def shown(request: Request, key: str) -> Response:
        with door.asked_by(request) as actor:
            return item_answer(_permission_group_view(await groups.get(actor, key_of(key))))

    @router.patch("/permission-groups/{key}")
    async def changed(request: Request, key: str) -> Response:
        with door.asked_by(request) as actor:
            wanted = await read_request(request, _permission_group_change)
            fields = set_fields(wanted)
            group = await groups.change(actor, key_of(key), **fields)
            await management.refresh()
            return item_answer(_permission_group_view(group))

    @router.delete("/permission-groups/{key}")
    async def deleted(request: Request, key: str) -> Response:
        with door.asked_by(request) as actor:
            await groups.delete(actor, key_of(key))
            return done_answer()


def _group_routes(router: APIRouter, management: Management, door: Door) -> None:
    groups = management.people.groups

    @router.get("/groups")
    async def listed(request: Request) -> Response:
        with door.asked_by(request) as actor:
            query = read_query(request, GroupQuery)
            page = await groups.list(actor, GroupFilter(query.text, query.enabled), paging(query))
            return page_answer(page, _group_view)

    @router.post("/groups")
    async def created(request: Request) -> Response:
        with door.asked_by(request) as actor:
            wanted = await read_request(request, _new_group)
            made = await groups.create(actor, wanted.name, description=wanted.description)
            return item_answer(_group_view(made))

    @router.get("/groups/{key}")
    async def shown(request: Request, key: str) -> Response:
        with door.asked_by(request) as actor:
            return item_answer(_group_view(await groups.get(actor, key_of(key))))

    @router.patch("/groups/{key}")
    async def changed(request: Request, key: str) -> Response:
        with door.asked_by(request) as actor:
            wanted = await read_request(request, _group_change)
            fields = set_fields(wanted)
            return item_answer(_group_view(await groups.change(actor, key_of(key), **fields)))

    @router.delete("/groups/{key}")
    async def deleted(request: Request, key: str) -> Response:
        with door.asked_by(request) as actor:
            await groups.delete(actor, key_of(key))
            return done_answer()


def _permission_group_view(group: PermissionGroup) -> PermissionGroupView:
    return PermissionGroupView(
        group.id,
        group.name,
        group.description,
        group.enabled,
        sorted(each.value for each in group.permissions),
        group.users,
        iso_timestamp(group.created_at),
    )


def _group_view(group: Group) -> GroupView:
    return GroupView(
        group.id, group.name, group.description, group.enabled, group.users, iso_timestamp(group.created_at)
    )


_KEY = "Its id, or its name."

PATHS = {
    **noun_paths(
        "/api/v1/permission-groups",
        "permission groups",
        PermissionGroupView,
        query=GroupQuery,
        create=NewPermissionGroup,
        change=PermissionGroupChange,
        key=_KEY,
    ),
    **noun_paths(
        "/api/v1/groups",
        "groups",
        GroupView,
        query=GroupQuery,
        create=NewGroup,
        change=GroupChange,
        key=_KEY,
    ),
}
"""The entries of the OpenAPI document."""

REQUESTS = (NewPermissionGroup, PermissionGroupChange, NewGroup, GroupChange)
ANSWERS: tuple[Any, ...] = (
    Item[PermissionGroupView],
    Items[PermissionGroupView],
    Item[GroupView],
    Items[GroupView],
)
