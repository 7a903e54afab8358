"""ESME accounts as people manage them."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from trunkline.backends.storage import SqlStore
from trunkline.model.administration import EsmeFilter, EsmeSettings
from trunkline.model.errors import AlreadyExists, InUse, NotFound
from trunkline.model.identity import GATEWAY, Forbidden, Permission
from trunkline.model.people import Paging
from trunkline.model.status import SessionStatus
from trunkline.services.accounts import InvalidInput
from trunkline.services.credentials import CredentialChecker
from trunkline.services.enterprise_users import EnterpriseUsers
from trunkline.services.esmes import GENERATED_LENGTH, Esmes

from .conftest import MemoryAdministration
from .tenants import ADMIN, OPERATOR, VIEWER, put_into_outbox, tenant


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
    made = await esmes.create(ADMIN, "acme", "shop", allowed_networks=" 192.0.2.0/24, 2001:db8::1 ,")
    kept = administration.esmes["shop"]
    assert (made.id, made.system_id) == (kept.id, "shop")
    assert len(made.password) == GENERATED_LENGTH
    assert kept.password == ""
    assert await verified(made.password, administration.esme_hashes["shop"])
    assert kept.settings == EsmeSettings(allowed_networks="192.0.2.0/24,2001:db8::1")
    with pytest.raises(AlreadyExists):
        await esmes.create(ADMIN, "acme", "shop")
    with pytest.raises(NotFound):
        await esmes.create(ADMIN, "nobody", "other")


async def test_a_readable_password(esmes: Esmes, administration: MemoryAdministration) -> None:
    await esmes.create(ADMIN, "acme", "shop", password="qwerty123", readable=True)
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
        await esmes.create(ADMIN, "acme", **({"system_id": "shop"} | fields))
    assert caught.value.field == field
    assert administration.esmes == {}
    if field == "system_id":
        return
    await esmes.create(ADMIN, "acme", "shop")
    before, revision = administration.esmes["shop"], administration.revision
    with pytest.raises(InvalidInput) as caught:
        await esmes.change(ADMIN, "shop", **fields)
    assert caught.value.field == field
    assert (administration.esmes["shop"], administration.revision) == (before, revision)


async def test_the_longest_names_of_text_001(esmes: Esmes, administration: MemoryAdministration) -> None:
    await esmes.create(ADMIN, "acme", "x" * 16, password="123456789")
    assert await verified("123456789", administration.esme_hashes["x" * 16])


async def test_what_is_not_given_stays(esmes: Esmes, administration: MemoryAdministration) -> None:
    made = await esmes.create(
        ADMIN, "acme", "shop", password="secret", readable=True, max_binds=3, throughput=60
    )
    hashed = administration.esme_hashes["shop"]
    await esmes.change(ADMIN, "shop", throughput=90)
    await esmes.change(ADMIN, made.id, enabled=False, pdu_log=True)
    row = administration.esmes["shop"]
    assert row.settings == EsmeSettings(max_binds=3, throughput=90, enabled=False, pdu_log=True)
    assert (row.password, administration.esme_hashes["shop"]) == ("secret", hashed)
    with pytest.raises(NotFound):
        await esmes.change(ADMIN, "nobody", throughput=1)


async def test_what_is_as_it_was_is_no_change(esmes: Esmes, administration: MemoryAdministration) -> None:
    await esmes.create(ADMIN, "acme", "shop", password="secret", readable=True)
    revision, hashed = administration.revision, administration.esme_hashes["shop"]
    await esmes.change(ADMIN, "shop", password="secret", readable=True, max_binds=10)
    await esmes.change(ADMIN, "shop", password="", readable=True)
    assert (administration.revision, administration.esme_hashes["shop"]) == (revision, hashed)


async def test_another_password(esmes: Esmes, administration: MemoryAdministration) -> None:
    await esmes.create(ADMIN, "acme", "shop", password="first", readable=True)
    await esmes.change(ADMIN, "shop", password="second", readable=True)
    assert administration.esmes["shop"].password == "second"
    assert await verified("second", administration.esme_hashes["shop"])
    await esmes.change(ADMIN, "shop", password="third")
    assert administration.esmes["shop"].password == "", "what is shown would be wrong"
    assert await verified("third", administration.esme_hashes["shop"])


async def test_deleted_when_nothing_waits_for_it(esmes: Esmes, administration: MemoryAdministration) -> None:
    made = await esmes.create(ADMIN, "acme", "shop")
    await esmes.create(ADMIN, "acme", "other")
    administration.lanes = {"esme:shop": 3, "esme:other": 1, "http:other": 9}
    with pytest.raises(InUse, match="3 receipts wait for ESME 'shop'"):
        await esmes.delete(ADMIN, made.id)
    assert set(administration.esmes) == {"shop", "other"}
    gone = await esmes.delete(ADMIN, "shop", give_up_receipts=True)
    assert gone.system_id == "shop"
    administration.lanes = {"http:other": 9}
    await esmes.delete(ADMIN, "other")
    assert (await esmes.list(ADMIN)).items == []
    for call in (esmes.delete(ADMIN, "shop"), esmes.get(ADMIN, made.id)):
        with pytest.raises(NotFound):
            await call


# --- on a database: lists, live sessions, tenants ---------------------------------------------------------


class Live:
    """The sessions that are bound."""

    def __init__(self) -> None:
        self.sessions: list[SessionStatus] = []

    def bind(self, esme_id: int, since: int) -> None:
        self.sessions.append(
            SessionStatus(esme_id, "x", "TRX", "", "BOUND_TRX", f"c{since}", "here:1", "there:2", 0, since)
        )


@pytest.fixture
def live() -> Live:
    return Live()


@pytest.fixture
async def kept(store: SqlStore, live: Live) -> Esmes:
    for name in ("acme", "rival"):
        await EnterpriseUsers(store).create(ADMIN, name)
    return Esmes(store, lambda: live.sessions)


async def test_lists_show_how_each_does(kept: Esmes, live: Live, tmp_path: Path) -> None:
    shop = await kept.create(ADMIN, "acme", "shop")
    await kept.create(ADMIN, "rival", "bank", enabled=False)
    live.bind(shop.id, 5)
    live.bind(shop.id, 3)
    put_into_outbox(tmp_path, "esme:bank", 2)
    found = (await kept.list(ADMIN)).items
    assert [(each.row.system_id, each.bound, each.receipts_waiting) for each in found] == [
        ("bank", 0, 2),
        ("shop", 2, 0),
    ]
    for wanted, names in (
        (EsmeFilter(text="HO"), ["shop"]),
        (EsmeFilter(account="rival"), ["bank"]),
        (EsmeFilter(enabled=True), ["shop"]),
        (EsmeFilter(text="_"), []),
    ):
        assert [each.row.system_id for each in (await kept.list(ADMIN, wanted)).items] == names
    first = await kept.list(ADMIN, page=Paging(1))
    rest = await kept.list(ADMIN, page=Paging(1, first.next or "none"))
    assert ([each.row.system_id for each in rest.items], rest.next) == (["shop"], None)
    assert [each.since for each in await kept.sessions(ADMIN, "shop")] == [3, 5]
    assert list(await kept.sessions(ADMIN, "bank")) == []


async def test_all_its_sessions_are_ended(store: SqlStore, kept: Esmes) -> None:
    await kept.create(ADMIN, "acme", "shop")
    before = (await store.snapshot()).esmes["shop"].terms
    for actor in (ADMIN, OPERATOR):
        await kept.unbind(actor, "shop")
        now = (await store.snapshot()).esmes["shop"].terms
        assert now != before, "sessions of these terms are unbound"
        before = now


async def test_a_password_is_reset(store: SqlStore, kept: Esmes) -> None:
    await kept.create(ADMIN, "acme", "shop", password="first", readable=True)
    made = await kept.reset_password(ADMIN, "shop")
    assert len(made.password) == GENERATED_LENGTH
    assert await verified(made.password, (await store.snapshot()).esmes["shop"].password_hash)
    assert (await kept.get(ADMIN, "shop")).password == made.password, "it stays readable"
    assert (await kept.reset_password(ADMIN, "shop", "chosen")).password == "chosen"
    with pytest.raises(InvalidInput):
        await kept.reset_password(ADMIN, "shop", "much too long")


async def test_a_tenant_sees_its_own_and_changes_none(kept: Esmes, live: Live) -> None:
    ours = await kept.create(ADMIN, "acme", "ours", password="hidden", readable=True)
    theirs = await kept.create(ADMIN, "rival", "theirs")
    live.bind(theirs.id, 1)
    live.bind(ours.id, 2)
    row = await kept.get(ADMIN, "ours")
    ann = tenant(row.account_id)
    assert [each.row for each in (await kept.list(ann)).items] == [replace(row, password="")]
    assert [each.row.id for each in (await kept.list(ann, EsmeFilter(account="rival"))).items] == []
    assert [each.since for each in await kept.sessions(ann, "ours")] == [2]
    for key in ("theirs", theirs.id):
        for call in (
            kept.get(ann, key),
            kept.overview(ann, key),
            kept.sessions(ann, key),
            kept.change(ann, key, enabled=False),
            kept.reset_password(ann, key),
            kept.unbind(ann, key),
            kept.delete(ann, key),
        ):
            with pytest.raises(NotFound):
                await call
    for call in (
        kept.create(ann, "acme", "more"),
        kept.change(ann, "ours", enabled=False),
        kept.reset_password(ann, "ours"),
        kept.unbind(ann, "ours"),
        kept.delete(ann, "ours"),
    ):
        with pytest.raises(Forbidden, match="manage_accounts"):
            await call
    other = tenant(row.account_id, Permission.SEND_SMS)
    for look in (kept.list(other), kept.get(other, "ours"), kept.sessions(other, "ours")):
        with pytest.raises(Forbidden, match="manage_api_keys"):
            await look


async def test_who_only_looks_sees_no_password_and_changes_nothing(kept: Esmes) -> None:
    await kept.create(ADMIN, "acme", "shop", password="hidden", readable=True)
    for actor in (VIEWER, OPERATOR):
        assert (await kept.get(actor, "shop")).password == ""
        assert [each.row.password for each in (await kept.list(actor)).items] == [""]
        for call in (
            kept.create(actor, "acme", "more"),
            kept.change(actor, "shop", enabled=False),
            kept.reset_password(actor, "shop"),
            kept.delete(actor, "shop"),
        ):
            with pytest.raises(Forbidden):
                await call
    with pytest.raises(Forbidden):
        await kept.unbind(VIEWER, "shop")
