"""The administration's token: one at a time, stored as a hash."""

import pytest

from trunkline.model.identity import GATEWAY, PERMISSIONS_OF_ROLE, Actor, Forbidden, Role
from trunkline.services.admin_token import AdminToken
from trunkline.services.credentials import hash_api_key

from .conftest import MemoryAdministration


async def test_a_new_token_replaces_the_one_before(administration: MemoryAdministration) -> None:
    tokens = AdminToken(administration)
    first = await tokens.renew(GATEWAY)
    assert administration.token_hash == hash_api_key(first)
    second = await tokens.renew(GATEWAY)
    assert administration.token_hash == hash_api_key(second)
    assert first != second
    assert first.startswith("tka_")
    assert len(first) >= 40


async def test_revoked_once(administration: MemoryAdministration) -> None:
    tokens = AdminToken(administration)
    assert await tokens.revoke(GATEWAY) is False
    await tokens.renew(GATEWAY)
    assert await tokens.revoke(GATEWAY) is True
    assert administration.token_hash == ""
    assert await tokens.revoke(GATEWAY) is False


async def test_adopted_where_there_never_was_one(administration: MemoryAdministration) -> None:
    tokens = AdminToken(administration)
    await tokens.adopt(GATEWAY, "first", replace=False)
    await tokens.adopt(GATEWAY, "second", replace=False)
    assert administration.token_hash == hash_api_key("first")
    await tokens.adopt(GATEWAY, "third", replace=True)
    assert administration.token_hash == hash_api_key("third")
    await tokens.revoke(GATEWAY)
    await tokens.adopt(GATEWAY, "fourth", replace=False)
    assert administration.token_hash == ""


async def test_only_a_super_administrator_makes_one(administration: MemoryAdministration) -> None:
    tokens = AdminToken(administration)
    for role in set(Role) - {Role.SUPER_ADMIN}:
        actor = Actor("ann", role, PERMISSIONS_OF_ROLE[role])
        for call in (tokens.renew(actor), tokens.revoke(actor), tokens.adopt(actor, "own", replace=True)):
            with pytest.raises(Forbidden):
                await call
    assert administration.token_hash is None


async def test_administrators_see_when_it_was_made(administration: MemoryAdministration) -> None:
    viewer = Actor("ann", Role.VIEWER, PERMISSIONS_OF_ROLE[Role.VIEWER])
    tokens = AdminToken(administration)
    assert await tokens.made_at(viewer) is None
    await tokens.renew(GATEWAY)
    assert await tokens.made_at(viewer) == administration.token_made_at
    with pytest.raises(Forbidden):
        await tokens.made_at(Actor("tenant", Role.ENTERPRISE, frozenset(), 1))
