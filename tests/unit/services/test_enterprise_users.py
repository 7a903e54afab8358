"""Enterprise users: what is checked, and who may do it."""

from dataclasses import replace
from typing import Any

import pytest

from trunkline.model.errors import AlreadyExists, NotFound
from trunkline.model.identity import COMMAND_LINE, GATEWAY, PERMISSIONS_OF_ROLE, Actor, Forbidden, Role
from trunkline.services.accounts import InvalidInput
from trunkline.services.enterprise_users import EnterpriseUsers

from .conftest import MemoryAdministration


@pytest.fixture
async def users(administration: MemoryAdministration) -> EnterpriseUsers:
    users = EnterpriseUsers(administration)
    await users.create(GATEWAY, "acme", balance=5_000_000)
    return users


async def test_an_account(users: EnterpriseUsers) -> None:
    made = await users.create(GATEWAY, "B.est@shop_1-x", unknown_outcome="resend", default_sender="Shop")
    first, second = (await users.list(GATEWAY)).items
    assert (first.name, first.balance, first.unknown_outcome, first.unlimited) == (
        "acme",
        5_000_000,
        "wait",
        False,
    )
    assert (second, made.login) == (made.account, None)
    assert (second.unknown_outcome, second.default_sender) == ("resend", "Shop")


@pytest.mark.parametrize(
    ("name", "fields", "field"),
    [
        ("", {}, "name"),
        ("a b", {}, "name"),
        ("ä", {}, "name"),
        ("x" * 65, {}, "name"),
        ("ok", {"balance": -1}, "balance"),
        ("ok", {"unknown_outcome": "perhaps"}, "unknown_outcome"),
        ("ok", {"throughput": -1}, "throughput"),
        ("ok", {"contact_email": "nobody"}, "contact_email"),
        ("ok", {"company": "x\n"}, "company"),
        ("ok", {"default_sender": "x" * 21}, "default_sender"),
        ("ok", {"username": "a b"}, "username"),
        ("ok", {"username": "ann", "password": "short"}, "password"),
    ],
)
async def test_accounts_that_cannot_be(
    users: EnterpriseUsers, name: str, fields: dict[str, Any], field: str
) -> None:
    with pytest.raises(InvalidInput) as caught:
        await users.create(GATEWAY, name, **fields)
    assert caught.value.field == field
    assert caught.value.rule in str(caught.value)
    assert len((await users.list(GATEWAY)).items) == 1


async def test_a_name_is_taken_once(users: EnterpriseUsers) -> None:
    with pytest.raises(AlreadyExists, match="'acme' exists already"):
        await users.create(GATEWAY, "acme")


async def test_credits(users: EnterpriseUsers, administration: MemoryAdministration) -> None:
    root = replace(COMMAND_LINE, name="root")
    assert await users.credit(root, "acme", 1_000_000, description=" paid ") == 6_000_000
    assert await users.credit(GATEWAY, "acme", -2_000_000, description="undo", reference="r1") == 4_000_000
    assert administration.credits == [
        (1, 1_000_000, "paid", "cli", "root", None),
        (1, -2_000_000, "undo", "gateway", "gateway", "r1"),
    ]


async def test_credits_that_cannot_be(users: EnterpriseUsers, administration: MemoryAdministration) -> None:
    for amount, reason, field in (
        (0, "why", "amount"),
        (1, " ", "description"),
        (1, "x" * 256, "description"),
        (1, "a\nb", "description"),
    ):
        with pytest.raises(InvalidInput) as caught:
            await users.credit(GATEWAY, "acme", amount, description=reason)
        assert caught.value.field == field
    with pytest.raises(NotFound):
        await users.credit(GATEWAY, "nobody", 1, description="why")
    assert administration.credits == []


async def test_policies_are_changed(users: EnterpriseUsers, administration: MemoryAdministration) -> None:
    before = administration.accounts["acme"]
    policies = {"receipt_policy": "any", "smart_encoding": True, "unknown_outcome": "resend"}
    changed = await users.change(GATEWAY, "acme", **policies)
    assert administration.accounts["acme"] == changed
    assert {name: getattr(changed, name) for name in policies} == policies
    assert (changed.id, changed.balance, changed.enabled) == (before.id, before.balance, before.enabled)
    revision = administration.revision
    await users.change(GATEWAY, "acme", receipt_policy="any")
    assert administration.revision == revision, "nothing has changed"
    with pytest.raises(NotFound):
        await users.change(GATEWAY, "nobody", smart_encoding=True)


@pytest.mark.parametrize("field", ["receipt_policy", "unknown_outcome"])
async def test_policies_that_do_not_exist(
    users: EnterpriseUsers, administration: MemoryAdministration, field: str
) -> None:
    for call in (
        users.change(GATEWAY, "acme", **{field: "never"}),
        users.create(GATEWAY, "b", **{field: "never"}),
    ):
        with pytest.raises(InvalidInput, match="must be one of") as caught:
            await call
        assert caught.value.field == field
    assert set(administration.accounts) == {"acme"}


async def test_an_unlimited_account_is_made_once(
    users: EnterpriseUsers, administration: MemoryAdministration
) -> None:
    await users.ensure_unlimited(GATEWAY, "clients")
    await users.ensure_unlimited(GATEWAY, "clients")
    assert administration.accounts["clients"].unlimited
    await users.ensure_unlimited(GATEWAY, "acme")
    assert not administration.accounts["acme"].unlimited


async def test_the_balance_is_not_changed_by_a_change(users: EnterpriseUsers) -> None:
    for field, value in (("balance", 1), ("id", 7), ("created_at", 1)):
        with pytest.raises(InvalidInput) as caught:
            await users.change(GATEWAY, "acme", **{field: value})
        assert caught.value.field == field
    assert (await users.get(GATEWAY, "acme")).balance == 5_000_000


async def test_whoever_only_looks_changes_nothing(
    users: EnterpriseUsers, administration: MemoryAdministration
) -> None:
    before = dict(administration.accounts)
    for role in (Role.OPERATOR, Role.VIEWER):
        actor = Actor("ann", role, PERMISSIONS_OF_ROLE[role])
        assert (await users.get(actor, "acme")).name == "acme"
        for call in (
            users.create(actor, "b"),
            users.ensure_unlimited(actor, "b"),
            users.change(actor, "acme", unlimited=True),
            users.credit(actor, "acme", 1, description="why"),
        ):
            with pytest.raises(Forbidden):
                await call
    assert administration.accounts == before


async def test_a_tenant_sees_its_own_account_alone(users: EnterpriseUsers) -> None:
    other = (await users.create(GATEWAY, "rival")).account
    rival = Actor("eve", Role.ENTERPRISE, frozenset(), other.id)
    assert await users.get(rival, "rival") == other
    with pytest.raises(NotFound):
        await users.get(rival, "acme")
    for call in (users.change(rival, "acme", company="x"), users.credit(rival, "acme", 1, description="x")):
        with pytest.raises(NotFound):
            await call
    with pytest.raises(Forbidden):
        await users.list(rival)


async def test_a_login_that_cannot_be_made_leaves_no_account(
    users: EnterpriseUsers, administration: MemoryAdministration
) -> None:
    made = await users.create(GATEWAY, "b", username="ann")
    assert made.login is not None
    assert (made.login.username, len(made.login.password)) == ("ann", 16)
    with pytest.raises(AlreadyExists):
        await users.create(GATEWAY, "c", username="ann")
    assert set(administration.accounts) == {"acme", "b"}
