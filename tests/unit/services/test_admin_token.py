"""The administration's token: one at a time, stored as a hash."""

from trunkline.services.admin_token import AdminToken
from trunkline.services.credentials import hash_api_key

from .conftest import MemoryAdministration


async def test_a_new_token_replaces_the_one_before(administration: MemoryAdministration) -> None:
    tokens = AdminToken(administration)
    first = await tokens.renew()
    assert administration.token_hash == hash_api_key(first)
    second = await tokens.renew()
    assert administration.token_hash == hash_api_key(second)
    assert first != second
    assert first.startswith("tka_")
    assert len(first) >= 40


async def test_revoked_once(administration: MemoryAdministration) -> None:
    tokens = AdminToken(administration)
    assert await tokens.revoke() is False
    await tokens.renew()
    assert await tokens.revoke() is True
    assert administration.token_hash == ""
    assert await tokens.revoke() is False


async def test_adopted_where_there_never_was_one(administration: MemoryAdministration) -> None:
    tokens = AdminToken(administration)
    await tokens.adopt("first", replace=False)
    await tokens.adopt("second", replace=False)
    assert administration.token_hash == hash_api_key("first")
    await tokens.adopt("third", replace=True)
    assert administration.token_hash == hash_api_key("third")
    await tokens.revoke()
    await tokens.adopt("fourth", replace=False)
    assert administration.token_hash == ""
