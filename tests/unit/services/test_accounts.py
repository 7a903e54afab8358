"""Accounts and credentials: what is checked, and that no password is kept."""

from typing import Any

import pytest

from trunkline.model.errors import AlreadyExists, NotFound
from trunkline.services.accounts import Accounts, InvalidInput, generate_password
from trunkline.services.credentials import CredentialChecker, hash_api_key

from .conftest import MemoryAdministration


@pytest.fixture
async def accounts(administration: MemoryAdministration) -> Accounts:
    accounts = Accounts(administration)
    await accounts.create("acme", balance=5_000_000)
    return accounts


async def verified(password: str, stored_hash: str) -> bool:
    checker = CredentialChecker()
    try:
        return await checker.verify("anyone", password, stored_hash, "192.0.2.1")
    finally:
        checker.close()


async def test_an_account(accounts: Accounts) -> None:
    number = await accounts.create("B.est@shop_1-x", unknown_outcome="resend", default_sender="Shop")
    first, second = await accounts.list()
    assert (first.name, first.balance, first.unknown_outcome, first.unlimited) == (
        "acme",
        5_000_000,
        "wait",
        False,
    )
    assert (second.id, second.unknown_outcome, second.default_sender) == (number, "resend", "Shop")


@pytest.mark.parametrize(
    ("name", "fields", "field"),
    [
        ("", {}, "name"),
        ("a b", {}, "name"),
        ("ä", {}, "name"),
        ("x" * 65, {}, "name"),
        ("ok", {"balance": -1}, "balance"),
        ("ok", {"unknown_outcome": "perhaps"}, "unknown_outcome"),
    ],
)
async def test_accounts_that_cannot_be(
    accounts: Accounts, name: str, fields: dict[str, Any], field: str
) -> None:
    with pytest.raises(InvalidInput) as caught:
        await accounts.create(name, **fields)
    assert caught.value.field == field
    assert caught.value.rule in str(caught.value)
    assert len(await accounts.list()) == 1


async def test_a_name_is_taken_once(accounts: Accounts) -> None:
    with pytest.raises(AlreadyExists, match="'acme' exists already"):
        await accounts.create("acme")


async def test_credits(accounts: Accounts, administration: MemoryAdministration) -> None:
    assert await accounts.credit("acme", 1_000_000, description="paid", actor="root") == 6_000_000
    assert (
        await accounts.credit("acme", -2_000_000, description="undo", actor="root", reference="r1")
        == 4_000_000
    )
    assert administration.credits == [
        (1, 1_000_000, "paid", "cli", "root", None),
        (1, -2_000_000, "undo", "cli", "root", "r1"),
    ]


async def test_credits_that_cannot_be(accounts: Accounts, administration: MemoryAdministration) -> None:
    with pytest.raises(InvalidInput):
        await accounts.credit("acme", 0, description="", actor="root")
    with pytest.raises(NotFound):
        await accounts.credit("nobody", 1, description="", actor="root")
    assert administration.credits == []


async def test_an_http_account_s_secrets_are_shown_once_and_not_kept(
    accounts: Accounts, administration: MemoryAdministration
) -> None:
    made = await accounts.create_http_account("acme", "web", dlr_url="https://acme.example/dlr")
    kept = administration.http_accounts["web"]
    assert kept["account_id"] == 1
    assert (kept["throughput"], kept["over_rate"]) == (10, "queue")
    assert kept["dlr_url"] == "https://acme.example/dlr"
    assert made.password not in str(kept)
    assert made.api_key not in str(kept)
    assert await verified(made.password, kept["password_hash"])
    assert not await verified(made.password + "x", kept["password_hash"])
    assert kept["api_key_hash"] == hash_api_key(made.api_key)
    assert made.api_key.startswith(kept["api_key_prefix"])
    assert len(made.password) == 20


async def test_an_http_account_with_secrets_of_one_s_own(
    accounts: Accounts, administration: MemoryAdministration
) -> None:
    made = await accounts.create_http_account(
        "acme", "web", password="long enough", api_key="tk_mine", dlr_url=""
    )
    assert (made.password, made.api_key) == ("long enough", "tk_mine")
    assert administration.http_accounts["web"]["dlr_url"] is None


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"username": "a b"}, "username"),
        ({"password": "short"}, "password"),
        ({"throughput": -1}, "rate"),
        ({"dlr_url": "ftp://acme.example"}, "dlr_url"),
        ({"over_rate": "explode"}, "over_rate"),
    ],
)
async def test_http_accounts_that_cannot_be(
    accounts: Accounts, administration: MemoryAdministration, fields: dict[str, Any], field: str
) -> None:
    with pytest.raises(InvalidInput) as caught:
        await accounts.create_http_account("acme", **({"username": "web"} | fields))
    assert caught.value.field == field
    assert administration.http_accounts == {}


async def test_policies_are_changed(accounts: Accounts, administration: MemoryAdministration) -> None:
    before = administration.accounts["acme"]
    policies = {"receipt_policy": "any", "smart_encoding": True, "unknown_outcome": "resend"}
    changed = await accounts.change("acme", **policies)
    assert administration.accounts["acme"] == changed
    assert {name: getattr(changed, name) for name in policies} == policies
    assert (changed.id, changed.balance, changed.enabled) == (before.id, before.balance, before.enabled)
    revision = administration.revision
    await accounts.change("acme", receipt_policy="any")
    assert administration.revision == revision, "nothing has changed"
    with pytest.raises(NotFound):
        await accounts.change("nobody", smart_encoding=True)


@pytest.mark.parametrize("field", ["receipt_policy", "unknown_outcome"])
async def test_policies_that_do_not_exist(
    accounts: Accounts, administration: MemoryAdministration, field: str
) -> None:
    for call in (accounts.change("acme", **{field: "never"}), accounts.create("b", **{field: "never"})):
        with pytest.raises(InvalidInput, match="must be one of") as caught:
            await call
        assert caught.value.field == field
    assert set(administration.accounts) == {"acme"}


async def test_an_unlimited_account_is_made_once(
    accounts: Accounts, administration: MemoryAdministration
) -> None:
    await accounts.ensure_unlimited("clients")
    await accounts.ensure_unlimited("clients")
    assert administration.accounts["clients"].unlimited
    await accounts.ensure_unlimited("acme")
    assert not administration.accounts["acme"].unlimited


async def test_credentials_of_an_account_that_does_not_exist(accounts: Accounts) -> None:
    with pytest.raises(NotFound):
        await accounts.create_http_account("nobody", "web")


def test_generated_passwords_can_be_read_aloud() -> None:
    made = {generate_password(8) for _ in range(200)}
    assert len(made) == 200
    assert set("".join(made)).isdisjoint("0O1lI")
    assert all(len(each) == 8 and each.isalnum() for each in made)
