"""HTTP API accounts: what is checked, that no secret is kept, and who may do what with whose."""

from pathlib import Path
from typing import Any

import pytest

from trunkline.backends.storage import SqlStore
from trunkline.model.administration import HttpAccountFilter
from trunkline.model.errors import AlreadyExists, InUse, NotFound
from trunkline.model.identity import Forbidden, Permission
from trunkline.model.people import AuditFilter, Paging
from trunkline.model.snapshot import HttpAccount
from trunkline.services.accounts import InvalidInput
from trunkline.services.credentials import hash_api_key, is_password
from trunkline.services.enterprise_users import EnterpriseUsers
from trunkline.services.http_accounts import HttpAccounts, leads_inside

from .tenants import ADMIN, OPERATOR, VIEWER, put_into_outbox, tenant


@pytest.fixture
async def accounts(store: SqlStore) -> HttpAccounts:
    await EnterpriseUsers(store).create(ADMIN, "acme", balance=5_000_000)
    await EnterpriseUsers(store).create(ADMIN, "rival")
    return HttpAccounts(store)


async def kept(store: SqlStore, username: str) -> HttpAccount:
    return (await store.snapshot()).http_by_username[username]


async def test_secrets_are_shown_once_and_not_kept(store: SqlStore, accounts: HttpAccounts) -> None:
    made = await accounts.create(ADMIN, "acme", "web", dlr_url="https://acme.example/dlr")
    row = await accounts.get(ADMIN, "web")
    assert (row.account, row.balance, row.unlimited) == ("acme", 5_000_000, False)
    assert (row.throughput, row.over_rate, row.dlr_url) == (10, "queue", "https://acme.example/dlr")
    assert made.api_key.startswith(row.api_key_prefix)
    assert len(made.password) == 20
    stored = await kept(store, "web")
    assert is_password(made.password, stored.password_hash)
    assert stored.api_key_hash == hash_api_key(made.api_key)
    everything = f"{row} {(await store.page_audit(AuditFilter(), Paging())).items}"
    for secret in (made.password, made.api_key, stored.password_hash, stored.api_key_hash):
        assert secret not in everything


async def test_secrets_of_one_s_own(store: SqlStore, accounts: HttpAccounts) -> None:
    made = await accounts.create(ADMIN, "acme", "web", password="long enough", api_key="tk_mine", dlr_url="")
    assert (made.password, made.api_key) == ("long enough", "tk_mine")
    assert (await kept(store, "web")).sender.dlr_url is None
    with pytest.raises(AlreadyExists):
        await accounts.create(ADMIN, "rival", "web")
    with pytest.raises(NotFound):
        await accounts.create(ADMIN, "nobody", "other")


BROKEN: list[tuple[dict[str, Any], str]] = [
    ({"password": "short"}, "password"),
    ({"password": "x" * 1025}, "password"),
    ({"throughput": -1}, "throughput"),
    ({"throughput": 100_001}, "throughput"),
    ({"dlr_url": "ftp://acme.example"}, "dlr_url"),
    ({"dlr_url": "https://"}, "dlr_url"),
    ({"dlr_url": "https://acme.example:99999/"}, "dlr_url"),
    ({"dlr_url": "https://acme.example/" + "x" * 2048}, "dlr_url"),
    ({"dlr_url": "https://acme.example/\r\nX: y"}, "dlr_url"),
    ({"over_rate": "explode"}, "over_rate"),
    ({"default_sender": "x" * 21}, "default_sender"),
    ({"description": "x" * 1001}, "description"),
]


@pytest.mark.parametrize(("fields", "field"), [({"username": "a b"}, "username"), *BROKEN])
async def test_what_cannot_be_made(accounts: HttpAccounts, fields: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        await accounts.create(ADMIN, "acme", **({"username": "web"} | fields))
    assert caught.value.field == field
    assert (await accounts.list(ADMIN)).items == []


@pytest.mark.parametrize(("fields", "field"), [({"username": "other"}, "username"), *BROKEN])
async def test_what_it_cannot_be_changed_to(
    accounts: HttpAccounts, fields: dict[str, Any], field: str
) -> None:
    await accounts.create(ADMIN, "acme", "web")
    before = await accounts.get(ADMIN, "web")
    with pytest.raises(InvalidInput) as caught:
        await accounts.change(ADMIN, "web", **fields)
    assert caught.value.field == field
    assert await accounts.get(ADMIN, "web") == before


async def test_what_is_not_given_stays(store: SqlStore, accounts: HttpAccounts) -> None:
    made = await accounts.create(ADMIN, "acme", "web", description="shop", dlr_url="https://a.example/")
    row = await accounts.change(ADMIN, "web", throughput=3, enabled=False)
    assert (row.throughput, row.enabled, row.description, row.dlr_url) == (
        3, False, "shop", "https://a.example/",
    )  # fmt: skip
    stored = await kept(store, "web")
    assert not stored.sender.enabled
    assert is_password(made.password, stored.password_hash)
    assert (await accounts.change(ADMIN, row.id, dlr_url="")).dlr_url is None
    revision = (await store.snapshot()).revision
    assert (await accounts.change(ADMIN, "web", throughput=3)).throughput == 3
    assert (await store.snapshot()).revision == revision, "nothing has changed"


async def test_another_password(store: SqlStore, accounts: HttpAccounts) -> None:
    await accounts.create(ADMIN, "acme", "web")
    await accounts.change(ADMIN, "web", password="another one")
    assert is_password("another one", (await kept(store, "web")).password_hash)


async def test_another_account_pays(store: SqlStore, accounts: HttpAccounts) -> None:
    await accounts.create(ADMIN, "acme", "web")
    changed = await accounts.change(ADMIN, "web", account="rival")
    assert (changed.account, changed.balance) == ("rival", 0)
    assert (await kept(store, "web")).sender.account.name == "rival"
    with pytest.raises(NotFound, match="account 'nobody'"):
        await accounts.change(ADMIN, "web", account="nobody")


async def test_a_new_key_ends_the_old_one(store: SqlStore, accounts: HttpAccounts) -> None:
    made = await accounts.create(ADMIN, "acme", "web")
    renewed = await accounts.renew_key(ADMIN, "web")
    by_key = (await store.snapshot()).http_by_key_hash
    assert hash_api_key(made.api_key) not in by_key
    assert by_key[hash_api_key(renewed)].username == "web"
    assert renewed.startswith((await accounts.get(ADMIN, "web")).api_key_prefix)


async def test_deleted_when_no_callback_waits(
    store: SqlStore, accounts: HttpAccounts, tmp_path: Path
) -> None:
    await accounts.create(ADMIN, "acme", "web")
    await accounts.create(ADMIN, "acme", "other")
    for lane, count in (("http:web", 3), ("esme:other", 2), ("login:other", 2)):
        put_into_outbox(tmp_path, lane, count)
    with pytest.raises(InUse, match="3 callbacks of HTTP API account 'web' wait"):
        await accounts.delete(ADMIN, "web")
    await accounts.delete(ADMIN, "other")
    assert [each.username for each in (await accounts.list(ADMIN)).items] == ["web"]
    gone = await accounts.delete(ADMIN, "web", give_up_callbacks=True)
    assert gone.username == "web"
    assert not (await store.snapshot()).has_sender("http:web"), "the gateway gives its callbacks up"
    with pytest.raises(NotFound):
        await accounts.delete(ADMIN, "web")


async def test_lists_are_paged_and_filtered(accounts: HttpAccounts) -> None:
    for name, account in (("a1", "acme"), ("B2", "rival"), ("c3", "acme"), ("d_4", "rival")):
        await accounts.create(ADMIN, account, name, description=f"for {account}")
    await accounts.change(ADMIN, "c3", enabled=False)

    async def found(page: Paging | None = None, **wanted: Any) -> list[str]:
        return [
            each.username for each in (await accounts.list(ADMIN, HttpAccountFilter(**wanted), page)).items
        ]

    assert await found(account="acme") == ["a1", "c3"]
    assert await found(text="RIVAL") == ["B2", "d_4"]
    assert await found(text="_") == ["d_4"]
    assert await found(enabled=False) == ["c3"]
    first = await accounts.list(ADMIN, page=Paging(3))
    assert first.next is not None
    rest = await accounts.list(ADMIN, page=Paging(3, first.next))
    assert (len(first.items), len(rest.items), rest.next) == (3, 1, None)
    assert {each.username for each in (*first.items, *rest.items)} == {"a1", "B2", "c3", "d_4"}


async def test_a_tenant_sees_its_own_and_changes_none(accounts: HttpAccounts) -> None:
    await accounts.create(ADMIN, "acme", "ours")
    await accounts.create(ADMIN, "rival", "theirs")
    ours = await accounts.get(ADMIN, "ours")
    theirs = await accounts.get(ADMIN, "theirs")
    ann = tenant(ours.account_id)
    assert (await accounts.list(ann)).items == [ours]
    assert (await accounts.list(ann, HttpAccountFilter(account_id=theirs.account_id))).items == [ours]
    assert (await accounts.list(ann, HttpAccountFilter(account="rival"))).items == []
    assert await accounts.get(ann, ours.id) == ours
    assert await accounts.callbacks_waiting(ann, "ours") == 0
    for key in ("theirs", theirs.id):
        for call in (
            accounts.get(ann, key),
            accounts.callbacks_waiting(ann, key),
            accounts.change(ann, key, enabled=False),
            accounts.renew_key(ann, key),
            accounts.delete(ann, key),
        ):
            with pytest.raises(NotFound):
                await call
    for call in (
        accounts.create(ann, "acme", "more"),
        accounts.change(ann, "ours", enabled=False),
        accounts.renew_key(ann, "ours"),
        accounts.delete(ann, "ours"),
    ):
        with pytest.raises(Forbidden, match="manage_accounts"):
            await call
    other = tenant(ours.account_id, Permission.SEND_SMS)
    for look in (accounts.list(other), accounts.get(other, "ours")):
        with pytest.raises(Forbidden, match="manage_api_keys"):
            await look


async def test_who_only_looks_or_runs_the_traffic_changes_none(accounts: HttpAccounts) -> None:
    await accounts.create(ADMIN, "acme", "web")
    await accounts.change(ADMIN, "web", dlr_url="https://me:hush@a.example/")
    for actor in (VIEWER, OPERATOR):
        assert (await accounts.get(actor, "web")).dlr_url == "https://me:***@a.example/"
        assert "hush" not in str(await accounts.list(actor))
        for call in (
            accounts.create(actor, "acme", "more"),
            accounts.change(actor, "web", enabled=False),
            accounts.renew_key(actor, "web"),
            accounts.delete(actor, "web"),
        ):
            with pytest.raises(Forbidden):
                await call


@pytest.mark.parametrize(
    ("url", "inside"),
    [
        ("http://127.0.0.1:8000/dlr", True),
        ("https://user:x@10.1.2.3/", True),
        ("http://[::1]/", True),
        ("http://169.254.169.254/latest", True),
        ("http://localhost/dlr", True),
        ("https://acme.example/dlr", False),
        ("https://8.8.8.8/dlr", False),
        ("http://[broken", False),
        ("", False),
    ],
)
def test_urls_that_lead_inside(url: str, inside: bool) -> None:
    assert leads_inside(url) is inside
