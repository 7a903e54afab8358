"""ESME accounts as people manage them."""

from typing import Any

import pytest

from trunkline.model.administration import EsmeSettings
from trunkline.model.errors import AlreadyExists, InUse, NotFound
from trunkline.model.identity import GATEWAY
from trunkline.services.accounts import InvalidInput
from trunkline.services.credentials import CredentialChecker
from trunkline.services.enterprise_users import EnterpriseUsers
from trunkline.services.esmes import GENERATED_LENGTH, Esmes

from .conftest import MemoryAdministration


@pytest.fixture
async def esmes(administration: MemoryAdministration) -> Esmes:
    await EnterpriseUsers(administration).create(GATEWAY, "acme")
    return Esmes(administration)


async def verified(password: str, stored_hash: str) -> bool:
    checker = CredentialChecker()
    try:
        return await checker.verify("anyone", password, stored_hash, "192.0.2.1")
    finally:
        checker.close()


async def test_made_with_a_password_that_only_its_maker_knows(
    esmes: Esmes, administration: MemoryAdministration
) -> None:
    made = await esmes.create("acme", "shop", allowed_networks=" 192.0.2.0/24, 2001:db8::1 ,")
    kept = administration.esmes["shop"]
    assert (made.id, made.system_id) == (kept.id, "shop")
    assert len(made.password) == GENERATED_LENGTH
    assert kept.password == ""
    assert await verified(made.password, administration.esme_hashes["shop"])
    assert kept.settings == EsmeSettings(allowed_networks="192.0.2.0/24,2001:db8::1")
    with pytest.raises(AlreadyExists):
        await esmes.create("acme", "shop")
    with pytest.raises(NotFound):
        await esmes.create("nobody", "other")


async def test_a_readable_password(esmes: Esmes, administration: MemoryAdministration) -> None:
    await esmes.create("acme", "shop", password="qwerty123", readable=True)
    assert administration.esmes["shop"].password == "qwerty123"
    assert await verified("qwerty123", administration.esme_hashes["shop"])


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"system_id": ""}, "system_id"),
        ({"system_id": "x" * 17}, "system_id"),
        ({"system_id": "a b"}, "system_id"),
        ({"password": "1234567890"}, "password"),
        ({"password": "gehe1m€"}, "password"),
        ({"password": "tab\tbed"}, "password"),
        ({"max_binds": 0}, "max_binds"),
        ({"max_binds": 1001}, "max_binds"),
        ({"throughput": -1}, "throughput"),
        ({"window": 0}, "window"),
        ({"window": 10_001}, "window"),
        ({"allowed_networks": "192.0.2.1/24"}, "allowed_networks"),
        ({"allowed_networks": "everywhere"}, "allowed_networks"),
        ({"default_alphabet": "ebcdic"}, "default_alphabet"),
        ({"receipt_format": "verse"}, "receipt_format"),
        ({"outbind": "192.0.2.7"}, "outbind"),
        ({"outbind": ":2776"}, "outbind"),
        ({"outbind": "esme.example:x"}, "outbind"),
        ({"outbind": "esme.example:65536"}, "outbind"),
        ({"outbind": "x" * 252 + ":2776"}, "outbind"),
    ],
)
async def test_what_breaks_a_rule(
    esmes: Esmes, administration: MemoryAdministration, fields: dict[str, Any], field: str
) -> None:
    with pytest.raises(InvalidInput) as caught:
        await esmes.create("acme", **({"system_id": "shop"} | fields))
    assert caught.value.field == field
    assert administration.esmes == {}
    if field == "system_id":
        return
    await esmes.create("acme", "shop")
    before, revision = administration.esmes["shop"], administration.revision
    with pytest.raises(InvalidInput) as caught:
        await esmes.change("shop", **fields)
    assert caught.value.field == field
    assert (administration.esmes["shop"], administration.revision) == (before, revision)


async def test_the_longest_names_of_text_001(esmes: Esmes, administration: MemoryAdministration) -> None:
    await esmes.create("acme", "x" * 16, password="123456789")
    assert await verified("123456789", administration.esme_hashes["x" * 16])


async def test_what_is_not_given_stays(esmes: Esmes, administration: MemoryAdministration) -> None:
    made = await esmes.create("acme", "shop", password="secret", readable=True, max_binds=3, throughput=60)
    hashed = administration.esme_hashes["shop"]
    await esmes.change("shop", throughput=90)
    await esmes.change(made.id, enabled=False, pdu_log=True)
    row = administration.esmes["shop"]
    assert row.settings == EsmeSettings(max_binds=3, throughput=90, enabled=False, pdu_log=True)
    assert (row.password, administration.esme_hashes["shop"]) == ("secret", hashed)
    with pytest.raises(NotFound):
        await esmes.change("nobody", throughput=1)


async def test_what_is_as_it_was_is_no_change(esmes: Esmes, administration: MemoryAdministration) -> None:
    await esmes.create("acme", "shop", password="secret", readable=True)
    revision, hashed = administration.revision, administration.esme_hashes["shop"]
    await esmes.change("shop", password="secret", readable=True, max_binds=10)
    await esmes.change("shop", password="", readable=True)
    assert (administration.revision, administration.esme_hashes["shop"]) == (revision, hashed)


async def test_another_password(esmes: Esmes, administration: MemoryAdministration) -> None:
    await esmes.create("acme", "shop", password="first", readable=True)
    await esmes.change("shop", password="second", readable=True)
    assert administration.esmes["shop"].password == "second"
    assert await verified("second", administration.esme_hashes["shop"])
    await esmes.change("shop", password="third")
    assert administration.esmes["shop"].password == "", "what is shown would be wrong"
    assert await verified("third", administration.esme_hashes["shop"])


async def test_deleted_when_nothing_waits_for_it(esmes: Esmes, administration: MemoryAdministration) -> None:
    made = await esmes.create("acme", "shop")
    await esmes.create("acme", "other")
    administration.lanes = {"esme:shop": 3, "esme:other": 1, "http:other": 9}
    with pytest.raises(InUse, match="3 receipts wait for ESME 'shop'"):
        await esmes.delete(made.id)
    assert set(administration.esmes) == {"shop", "other"}
    gone = await esmes.delete("shop", give_up_receipts=True)
    assert gone.system_id == "shop"
    administration.lanes = {"http:other": 9}
    await esmes.delete("other")
    assert await esmes.list() == []
    for call in (esmes.delete("shop"), esmes.find(made.id)):
        with pytest.raises(NotFound):
            await call
