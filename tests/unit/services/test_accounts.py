"""HTTP API accounts: what is checked, and that no password is kept."""

from typing import Any

import pytest

from trunkline.model.errors import NotFound
from trunkline.model.identity import GATEWAY
from trunkline.services.accounts import Accounts, InvalidInput, generate_password
from trunkline.services.credentials import CredentialChecker, hash_api_key
from trunkline.services.enterprise_users import EnterpriseUsers

from .conftest import MemoryAdministration


@pytest.fixture
async def accounts(administration: MemoryAdministration) -> Accounts:
    await EnterpriseUsers(administration).create(GATEWAY, "acme")
    return Accounts(administration)


async def verified(password: str, stored_hash: str) -> bool:
    checker = CredentialChecker()
    try:
        return await checker.verify("anyone", password, stored_hash, "192.0.2.1")
    finally:
        checker.close()


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


async def test_credentials_of_an_account_that_does_not_exist(accounts: Accounts) -> None:
    with pytest.raises(NotFound):
        await accounts.create_http_account("nobody", "web")


def test_generated_passwords_can_be_read_aloud() -> None:
    made = {generate_password(8) for _ in range(200)}
    assert len(made) == 200
    assert set("".join(made)).isdisjoint("0O1lI")
    assert all(len(each) == 8 and each.isalnum() for each in made)
