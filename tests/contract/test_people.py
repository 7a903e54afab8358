"""The ports `People` and `AuditLog`: logins, sessions, groups, keys, and what is written down of changes."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy.exc import DBAPIError

from trunkline.backends.storage import SqlStore
from trunkline.backends.storage.audit import MASK, differences
from trunkline.model.administration import AccountFilter, EsmeSettings
from trunkline.model.errors import AlreadyExists, InUse, NotFound
from trunkline.model.identity import Actor, Permission, Role, act_as, permissions_of
from trunkline.model.people import AuditFilter, GroupFilter, LoginFilter, NewLogin, Page, Paging
from trunkline.model.system_settings import Company, Logo, Section

from .harness import NOW, Place, connector

ANN = NewLogin("ann", "argon-1", Role.ADMIN, None, "ann@example.com", "Ann Other", "en", "Asia/Dubai")
SECRET = "s3cr3t"


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def store(place: Place, clock: Clock) -> AsyncIterator[SqlStore]:
    store = place.store(now_ms=clock)
    await store.open()
    yield store
    await store.close()


async def session(store: SqlStore, login_id: int, token: str, **fields: Any) -> int:
    values = {"address": "192.0.2.7", "user_agent": "Firefox", "expires_at": NOW + 1000} | fields
    return await store.create_session(login_id, token_hash=token, **values)


# --- logins -----------------------------------------------------------------------------------------------


async def test_a_login_is_what_was_made(store: SqlStore) -> None:
    login_id = await store.create_login(ANN)
    login = await store.find_login("ann")
    assert login == await store.find_login(login_id)
    assert (login.id, login.username, login.role, login.account_id) == (login_id, "ann", Role.ADMIN, None)
    assert (login.email, login.full_name, login.locale, login.timezone) == (
        "ann@example.com", "Ann Other", "en", "Asia/Dubai",
    )  # fmt: skip
    assert (login.enabled, login.has_totp, login.usable, login.last_login_at) == (True, False, True, None)
    assert (login.created_at, login.updated_at) == (NOW, NOW)
    assert login.permissions == permissions_of(Role.ADMIN)
    secrets = await store.login_secrets("ann")
    assert secrets is not None
    assert (secrets.login, secrets.password_hash, secrets.totp_secret) == (login, "argon-1", "")
    assert await store.login_secrets("nobody") is None
    with pytest.raises(AlreadyExists, match="login 'ann'"):
        await store.create_login(ANN)
    with pytest.raises(NotFound, match="account"):
        await store.create_login(replace(ANN, username="eve", role=Role.ENTERPRISE, account_id=77))


async def test_an_enterprise_user_has_what_its_permission_group_grants(store: SqlStore) -> None:
    granted = {Permission.SEND_SMS, Permission.VIEW_LOGS}
    group_id = await store.create_permission_group("senders", "may send", granted)
    account_id = await store.create_account("acme", permission_group="senders")
    login_id = await store.create_login(NewLogin("shop", "x", Role.ENTERPRISE, account_id))
    login = await store.find_login(login_id)
    assert (login.account, login.account_id, login.permissions) == ("acme", account_id, granted)

    await store.update_permission_group(
        group_id, name="senders", description="", enabled=False, permissions=granted
    )
    assert (await store.find_login(login_id)).permissions == frozenset()
    row = await store.account_by_name("acme")
    await store.update_account(replace(row, permission_group="", enabled=False))
    login = await store.find_login(login_id)
    assert (login.permissions, login.enabled, login.usable) == (frozenset(), True, False)


async def test_what_is_for_administrators_no_permission_group_grants(store: SqlStore) -> None:
    await store.create_permission_group("wide", "", set(Permission))
    account_id = await store.create_account("acme", permission_group="wide")
    login = await store.find_login(
        await store.create_login(NewLogin("shop", "x", Role.ENTERPRISE, account_id))
    )
    assert Permission.SEND_SMS in login.permissions
    assert Permission.VIEW_PLATFORM not in login.permissions
    assert Permission.MANAGE_ADMINS not in login.permissions


async def test_a_login_that_is_disabled_is_signed_out(store: SqlStore, clock: Clock) -> None:
    login_id = await store.create_login(ANN)
    await session(store, login_id, "t1")
    clock.now += 5
    values = {"email": "", "full_name": "", "locale": "", "timezone": ""}
    await store.update_login(login_id, role=Role.VIEWER, enabled=True, **values)
    assert await store.session_by_token("t1") is not None
    login = await store.find_login(login_id)
    assert (login.role, login.full_name, login.updated_at) == (Role.VIEWER, "", NOW + 5)
    await store.update_login(login_id, role=Role.VIEWER, enabled=False, **values)
    assert await store.session_by_token("t1") is None
    assert not (await store.find_login(login_id)).usable
    with pytest.raises(NotFound):
        await store.update_login(999, role=Role.VIEWER, enabled=True, **values)


async def test_a_new_password_signs_out_and_voids_resets(store: SqlStore) -> None:
    login_id = await store.create_login(ANN)
    await session(store, login_id, "t1")
    await store.create_password_reset(login_id, "r1", NOW + 1000)
    await store.set_login_password(login_id, "argon-2")
    secrets = await store.login_secrets("ann")
    assert secrets is not None
    assert secrets.password_hash == "argon-2"
    assert await store.session_by_token("t1") is None
    assert await store.password_reset("r1") is None


async def test_a_reset_holds_once_and_for_its_time(store: SqlStore, clock: Clock) -> None:
    login_id = await store.create_login(ANN)
    await store.create_password_reset(login_id, "r1", NOW + 1000)
    await store.create_password_reset(login_id, "r2", NOW + 1000)
    assert await store.password_reset("r1") is None, "the later one replaces it"
    assert await store.password_reset("r2") == login_id
    assert await store.take_password_reset("r2") == login_id
    assert await store.take_password_reset("r2") is None
    await store.create_password_reset(login_id, "r3", NOW + 1000)
    clock.now += 1000
    assert await store.password_reset("r3") is None
    assert await store.take_password_reset("r3") is None


async def test_the_second_factor_is_kept_encrypted_and_no_code_counts_twice(
    place: Place, store: SqlStore
) -> None:
    login_id = await store.create_login(ANN)
    await store.set_totp_secret(login_id, SECRET)
    secrets = await store.login_secrets("ann")
    assert secrets is not None
    assert (secrets.totp_secret, secrets.login.has_totp) == (SECRET, True)
    assert SECRET not in await place.value("SELECT totp_secret_encrypted FROM login")
    assert await store.use_totp_step(login_id, 100)
    assert not await store.use_totp_step(login_id, 100)
    assert not await store.use_totp_step(login_id, 99)
    assert await store.use_totp_step(login_id, 101)
    await store.set_totp_secret(login_id, "")
    assert not (await store.find_login("ann")).has_totp


async def test_two_who_use_one_code_at_once(store: SqlStore) -> None:
    login_id = await store.create_login(ANN)
    used = await asyncio.gather(*(store.use_totp_step(login_id, 7) for _ in range(4)))
    assert sorted(used) == [False, False, False, True]


async def test_logins_are_found_page_by_page(store: SqlStore) -> None:
    account_id = await store.create_account("acme")
    for name in ("bob", "ann", "dan", "cy%d"):
        await store.create_login(replace(ANN, username=name, full_name=f"{name} X", email=""))
    await store.create_login(NewLogin("eve", "x", Role.ENTERPRISE, account_id))

    async def names(page: Paging, **wanted: Any) -> tuple[list[str], str | None]:
        found = await store.page_logins(LoginFilter(**wanted), page)
        return [each.username for each in found.items], found.next

    assert await names(Paging(2)) == (["ann", "bob"], "bob")
    assert await names(Paging(2, "bob")) == (["cy%d", "dan"], "dan")
    assert await names(Paging(2, "dan")) == (["eve"], None)
    assert await names(Paging(2), administrators=False) == (["eve"], None)
    assert await names(Paging(1), administrators=True) == (["ann"], "ann")
    assert await names(Paging(9), account_id=account_id) == (["eve"], None)
    assert await names(Paging(9), text="AN") == (["ann", "dan"], None)
    assert await names(Paging(9), text="%") == (["cy%d"], None)
    assert await names(Paging(9), enabled=False) == ([], None)


async def test_super_administrators_are_counted(store: SqlStore) -> None:
    root = await store.create_login(replace(ANN, username="root", role=Role.SUPER_ADMIN))
    await store.create_login(ANN)
    assert await store.count_super_admins() == 1
    values = {"email": "", "full_name": "", "locale": "", "timezone": ""}
    await store.update_login(root, role=Role.SUPER_ADMIN, enabled=False, **values)
    assert await store.count_super_admins() == 0


# --- sessions ---------------------------------------------------------------------------------------------


async def test_a_session_is_its_login_s(store: SqlStore, clock: Clock) -> None:
    login_id = await store.create_login(ANN)
    clock.now += 9
    session_id = await session(store, login_id, "t1", user_agent="x" * 999)
    found = await store.session_by_token("t1")
    assert found is not None
    kept, login = found
    assert (kept.id, kept.login_id, kept.username, login.username) == (session_id, login_id, "ann", "ann")
    assert (kept.created_at, kept.seen_at, kept.expires_at) == (NOW + 9, NOW + 9, NOW + 1000)
    assert (kept.address, kept.user_agent) == ("192.0.2.7", "x" * 255)
    assert login.last_login_at == NOW + 9
    await store.touch_session(session_id, NOW + 50)
    assert (await store.find_session(session_id)).seen_at == NOW + 50
    assert await store.session_by_token("t2") is None
    with pytest.raises(NotFound):
        await session(store, 999, "t3")


async def test_sessions_end(store: SqlStore, clock: Clock) -> None:
    ann = await store.create_login(ANN)
    bob = await store.create_login(replace(ANN, username="bob"))
    first, second, other = [
        await session(store, who, token) for who, token in ((ann, "a1"), (ann, "a2"), (bob, "b1"))
    ]

    async def listed(login_id: int | None, seen_since: int = NOW, page: Paging | None = None) -> Page[int]:
        found = await store.page_sessions(login_id, seen_since, page or Paging())
        return Page([each.id for each in found.items], found.next)

    assert await listed(None) == Page([other, second, first], None)
    assert await listed(None, page=Paging(2)) == Page([other, second], str(second))
    assert await listed(None, page=Paging(2, str(second))) == Page([first], None)
    await store.end_session(first)
    assert await listed(ann) == Page([second], None)
    with pytest.raises(NotFound):
        await store.end_session(first)
    await store.touch_session(second, NOW + 5)
    assert await listed(None, NOW + 1) == Page([second], None)
    assert await store.forget_sessions(NOW + 1) == 1
    assert await store.session_by_token("b1") is None
    await session(store, ann, "a3")
    assert await store.end_sessions(ann) == 2
    await session(store, bob, "b2", expires_at=NOW + 10)
    clock.now += 10
    assert await listed(bob) == Page([], None)
    assert await store.forget_sessions(0) == 1


# --- groups -----------------------------------------------------------------------------------------------


async def test_permission_groups(store: SqlStore) -> None:
    first = await store.create_permission_group("b", "both", {Permission.SEND_SMS, Permission.VIEW_LOGS})
    await store.create_permission_group("a", "", set())
    await store.create_account("acme", permission_group="b")
    group = await store.find_permission_group("b")
    assert group == await store.find_permission_group(first)
    assert (group.description, group.enabled, group.users) == ("both", True, 1)
    assert group.permissions == {Permission.SEND_SMS, Permission.VIEW_LOGS}
    assert [each.name for each in (await store.page_permission_groups(GroupFilter(), Paging())).items] == [
        "a",
        "b",
    ]
    assert (await store.page_permission_groups(GroupFilter(), Paging(1))).next == "a"
    with pytest.raises(AlreadyExists):
        await store.create_permission_group("b", "", set())
    with pytest.raises(AlreadyExists):
        await store.update_permission_group(first, name="a", description="", enabled=True, permissions=set())
    with pytest.raises(InUse, match="1 accounts"):
        await store.delete_permission_group(first)
    await store.update_account(replace(await store.account_by_name("acme"), permission_group=""))
    await store.delete_permission_group(first)
    with pytest.raises(NotFound):
        await store.find_permission_group(first)


async def test_groups(store: SqlStore) -> None:
    first = await store.create_group("retail", "shops")
    account_id = await store.create_account("acme", group="retail", company="Acme 100%", throughput=5)
    assert (await store.find_group("retail")).users == 1
    await store.update_group(first, name="shops", description="", enabled=False)
    row = await store.account_by_name("acme")
    assert (row.group, row.permission_group, row.company, row.throughput) == ("shops", "", "Acme 100%", 5)
    assert (await store.snapshot()).accounts[account_id].throughput == 5
    assert [each.name for each in (await store.page_groups(GroupFilter(), Paging())).items] == ["shops"]
    with pytest.raises(InUse):
        await store.delete_group(first)
    with pytest.raises(NotFound, match="group 'nowhere'"):
        await store.update_account(replace(row, group="nowhere"))
    with pytest.raises(NotFound, match="group 'nowhere'"):
        await store.create_account("b", group="nowhere")
    for wanted, names in (
        (AccountFilter(text="100%"), ["acme"]),
        (AccountFilter(text="99%"), []),
        (AccountFilter(group="shops"), ["acme"]),
        (AccountFilter(enabled=False), []),
        (AccountFilter(account_id=account_id), ["acme"]),
        (AccountFilter(permission_group="x"), []),
    ):
        assert [each.name for each in (await store.page_accounts(wanted, Paging())).items] == names


# --- API keys ---------------------------------------------------------------------------------------------


async def test_api_keys(store: SqlStore) -> None:
    account_id = await store.create_account("acme")
    ann = await store.create_login(ANN)
    shop = await store.create_login(NewLogin("shop", "x", Role.ENTERPRISE, account_id))
    first = await store.create_api_key(ann, "laptop", prefix="tkl_abc", key_hash="h1")
    second = await store.create_api_key(shop, "web", prefix="tkl_def", key_hash="h2")
    key = await store.find_api_key(second)
    assert (key.name, key.prefix, key.owner, key.account_id) == ("web", "tkl_def", "shop", account_id)
    assert (key.enabled, key.last_used_at, key.created_at) == (True, None, NOW)

    async def ids(page: Paging | None = None, **wanted: int) -> list[int]:
        return [each.id for each in (await store.page_api_keys(page or Paging(), **wanted)).items]

    assert await ids() == [second, first]
    assert await ids(Paging(5, str(second))) == [first]
    assert await ids(login_id=ann) == [first]
    assert await ids(account_id=account_id) == [second]

    holders = (await store.snapshot()).logins_by_key_hash
    assert {key: (each.key_id, each.actor.name) for key, each in holders.items()} == {
        "h1": (first, "ann"), "h2": (second, "shop"),
    }  # fmt: skip
    assert (holders["h2"].actor.account_id, holders["h2"].actor.door) == (account_id, "api")

    revision = await store.revision()
    await store.note_key_uses({first: NOW + 3, 999: NOW})
    await store.note_key_uses({})
    assert (await store.find_api_key(first)).last_used_at == NOW + 3
    assert await store.revision() == revision, "a use is no change of the configuration"

    await store.set_api_key_enabled(first, False)
    assert set((await store.snapshot()).logins_by_key_hash) == {"h2"}
    await store.update_account(replace(await store.account_by_name("acme"), enabled=False))
    assert (await store.snapshot()).logins_by_key_hash == {}
    await store.delete_login(shop)
    assert await ids() == [first]
    await store.delete_api_key(first)
    with pytest.raises(NotFound):
        await store.find_api_key(first)


# --- the audit log ----------------------------------------------------------------------------------------

WHO = Actor("ann", Role.ADMIN, permissions_of(Role.ADMIN), None, 1, address="192.0.2.9", door="panel")
HTTP = {
    "password_hash": SECRET, "api_key_prefix": "tk_abc", "api_key_hash": SECRET, "throughput": 25,
    "over_rate": "reject", "default_sender": "", "description": "",
    "dlr_url": f"https://u:{SECRET}@x.example/",
}  # fmt: skip
PROFILE = {"email": "", "full_name": "", "locale": "", "timezone": ""}
PERMISSIONS = {"name": "p2", "description": "", "enabled": True, "permissions": {Permission.SEND_SMS}}

Change = Callable[[SqlStore], Awaitable[Any]]

# Every method that changes something, in an order in which each finds what it needs.
CHANGES: list[tuple[str, Change, tuple[str, str, str], set[str]]] = [
    ("create_group", lambda s: s.create_group("g", "d"), ("create", "group", "g"), {"name", "description"}),
    (
        "update_group",
        lambda s: s.update_group(1, name="g2", description="d", enabled=True),
        ("change", "group", "g"),
        {"name"},
    ),
    (
        "create_permission_group",
        lambda s: s.create_permission_group("p", "", {Permission.VIEW_LOGS}),
        ("create", "permission_group", "p"),
        {"permissions"},
    ),
    (
        "update_permission_group",
        lambda s: s.update_permission_group(1, **PERMISSIONS),
        ("change", "permission_group", "p"),
        {"name", "permissions"},
    ),
    (
        "create_account",
        lambda s: s.create_account("acme", group="g2", balance=7),
        ("create", "account", "acme"),
        {"name", "group", "balance"},
    ),
    (
        "update_account",
        lambda s: _with_account(s, company="Acme"),
        ("change", "account", "acme"),
        {"company"},
    ),
    (
        "credit",
        lambda s: s.credit(1, 5, description="gift", source="t", actor="t"),
        ("credit", "account", "acme"),
        {"balance", "description"},
    ),
    ("set_api_token_hash", lambda s: s.set_api_token_hash(SECRET), ("change", "api_token", ""), {"token"}),
    (
        "create_http_account",
        lambda s: s.create_http_account(1, "web", **HTTP),
        ("create", "http_account", "web"),
        {"dlr_url", "throughput"},
    ),
    (
        "update_http_account",
        lambda s: _with_http_account(s, throughput=9),
        ("change", "http_account", "web"),
        {"throughput", "password"},
    ),
    (
        "set_http_account_key",
        lambda s: s.set_http_account_key(1, "tk_new", SECRET + "3"),
        ("change", "http_account", "web"),
        {"api_key", "api_key_prefix"},
    ),
    (
        "delete_http_account",
        lambda s: s.delete_http_account(1),
        ("delete", "http_account", "web"),
        {"dlr_url", "throughput"},
    ),
    (
        "create_esme",
        lambda s: s.create_esme(1, "shop", EsmeSettings(), password_hash=SECRET, password=SECRET),
        ("create", "esme", "shop"),
        {"max_binds", "password"},
    ),
    (
        "update_esme",
        lambda s: s.update_esme(1, EsmeSettings(max_binds=3), password_hash="new"),
        ("change", "esme", "shop"),
        {"max_binds", "password"},
    ),
    (
        "update_settings",
        lambda s: s.update_settings(Section.COMPANY, Company(name="Acme")),
        ("change", "settings", "company"),
        {"name"},
    ),
    (
        "set_logo",
        lambda s: s.set_logo(Logo("image/png", "abc", b"picture")),
        ("change", "settings", "logo"),
        {"media_type", "digest"},
    ),
    ("unbind_esme", lambda s: s.unbind_esme(1), ("unbind", "esme", "shop"), set()),
    ("delete_esme", lambda s: s.delete_esme(1), ("delete", "esme", "shop"), {"max_binds"}),
    (
        "create_connector",
        lambda s: s.create_connector(connector("c", password=SECRET, tls_key=SECRET)),
        ("create", "connector", "c"),
        {"host", "password", "tls_key", "profile.outbind_port"},
    ),
    (
        "update_connector",
        lambda s: s.update_connector(connector("c", password="other", tls_key=SECRET, port=1)),
        ("change", "connector", "c"),
        {"password", "port"},
    ),
    (
        "set_connector_enabled",
        lambda s: s.set_connector_enabled("c", False),
        ("change", "connector", "c"),
        {"enabled"},
    ),
    ("delete_connector", lambda s: s.delete_connector("c"), ("delete", "connector", "c"), {"host"}),
    (
        "create_route",
        lambda s: s.create_route(
            "r", position=None, prefix="9", account_id=None, connector_ids=("c",), rate=1
        ),
        ("create", "route", "r"),
        {"prefix", "connector_ids"},
    ),
    (
        "update_route",
        lambda s: s.update_route(
            1, name="r2", prefix="9", account_id=None, connector_ids=("c",), rate=1, enabled=False
        ),
        ("change", "route", "r"),
        {"name", "enabled"},
    ),
    (
        "create_route",
        lambda s: s.create_route(
            "s", position=None, prefix="", account_id=None, connector_ids=("c",), rate=1
        ),
        ("create", "route", "s"),
        {"position"},
    ),
    ("move_route", lambda s: s.move_route(1, 2), ("change", "route", "r2"), {"position"}),
    ("delete_route", lambda s: s.delete_route(1), ("delete", "route", "r2"), {"prefix", "connector_ids"}),
    (
        "create_login",
        lambda s: s.create_login(replace(ANN, password_hash=SECRET)),
        ("create", "login", "ann"),
        {"role", "email"},
    ),
    (
        "update_login",
        lambda s: s.update_login(1, role=Role.VIEWER, enabled=True, **PROFILE),
        ("change", "login", "ann"),
        {"role", "email", "full_name", "locale", "timezone"},
    ),
    (
        "set_login_password",
        lambda s: s.set_login_password(1, SECRET + "2"),
        ("change", "login", "ann"),
        {"password"},
    ),
    ("set_totp_secret", lambda s: s.set_totp_secret(1, SECRET), ("change", "login", "ann"), {"totp_secret"}),
    (
        "create_password_reset",
        lambda s: s.create_password_reset(1, SECRET, NOW + 1),
        ("reset_password", "login", "ann"),
        set(),
    ),
    ("create_session", lambda s: session(s, 1, SECRET), ("sign_in", "login", "ann"), set()),
    ("end_session", lambda s: s.end_session(1), ("sign_out", "login", "ann"), set()),
    ("end_sessions", lambda s: s.end_sessions(1), ("end_sessions", "login", "ann"), set()),
    (
        "create_api_key",
        lambda s: s.create_api_key(1, "k", prefix="tkl_x", key_hash=SECRET),
        ("create", "api_key", "1"),
        {"name", "prefix", "owner"},
    ),
    (
        "set_api_key_enabled",
        lambda s: s.set_api_key_enabled(1, False),
        ("change", "api_key", "1"),
        {"enabled"},
    ),
    ("delete_api_key", lambda s: s.delete_api_key(1), ("delete", "api_key", "1"), {"name"}),
    ("delete_login", lambda s: s.delete_login(1), ("delete", "login", "ann"), {"role"}),
    (
        "delete_permission_group",
        lambda s: s.delete_permission_group(1),
        ("delete", "permission_group", "p2"),
        {"name"},
    ),
    ("record", lambda s: s.record("x", "y", "z", {"a": 1}, None), ("x", "y", "z"), {"a"}),
]
# What changes no configuration, or is none of a person's doing.
UNRECORDED = {"use_totp_step", "touch_session", "forget_sessions", "take_password_reset", "note_key_uses"}


async def _with_account(store: SqlStore, **fields: Any) -> None:
    await store.update_account(replace(await store.account_by_name("acme"), **fields))


async def _with_http_account(store: SqlStore, **changes: Any) -> None:
    row = await store.find_http_account("web")
    await store.update_http_account(replace(row, **changes), password_hash=SECRET + "2")


@pytest.mark.parametrize("kind", ["group", "permission_group"])
async def test_groups_are_found(store: SqlStore, kind: str) -> None:
    granted: dict[str, Any] = {"permissions": []} if kind == "permission_group" else {}
    for name, description in (("retail", "Shops"), ("bank", "50 % of all"), ("Shoppers", "")):
        await getattr(store, f"create_{kind}")(name, description, *granted.values())
    change = getattr(store, f"update_{kind}")
    await change(1, name="retail", description="Shops", enabled=False, **granted)

    async def names(**wanted: Any) -> set[str]:
        found = await getattr(store, f"page_{kind}s")(GroupFilter(**wanted), Paging())
        return {each.name for each in found.items}

    assert await names(text="SHOP") == {"retail", "Shoppers"}
    assert await names(text="%") == {"bank"}
    assert await names(enabled=False) == {"retail"}
    assert await names(enabled=True, text="shop") == {"Shoppers"}


async def test_every_change_stands_in_the_audit_log(place: Place, store: SqlStore) -> None:
    with act_as(WHO):
        for name, change, (action, entity, entity_id), fields in CHANGES:
            await change(store)
            (entry,) = (await store.page_audit(AuditFilter(), Paging(1))).items
            assert (entry.action, entity, entity_id) == (action, entry.entity, entry.entity_id), name
            assert (entry.actor, entry.address, entry.door, entry.at) == ("ann", "192.0.2.9", "panel", NOW)
            assert set(entry.details) >= fields, name
            if action == "change":
                assert set(entry.details) == fields, name
    rows = await place.rows("SELECT details FROM audit")
    assert len(rows) == len(CHANGES), "one entry for each change"
    assert SECRET not in json.dumps(rows)
    await store.delete_group(await store.create_group("gone", ""))
    (entry,) = (await store.page_audit(AuditFilter(), Paging(1))).items
    assert (entry.action, entry.entity_id, entry.actor) == ("delete", "gone", "gateway")


def test_no_method_that_changes_something_is_left_out() -> None:
    verbs = (
        "create_",
        "update_",
        "delete_",
        "set_",
        "move_",
        "end_",
        "credit",
        "record",
        "touch_",
        "use_",
        "take_",
        "note_",
        "forget_",
        "unbind_",
    )
    from trunkline.model.administration import Administration

    methods = {name for name in dir(Administration) if name.startswith(verbs)} - {"credential_names"}
    assert methods == {name for name, *_ in CHANGES} | UNRECORDED | {"delete_group"}


async def test_a_change_that_fails_leaves_no_entry(place: Place, store: SqlStore) -> None:
    await store.create_account("acme")
    with pytest.raises(AlreadyExists):
        await store.create_account("acme")
    with pytest.raises(NotFound):
        await store.set_connector_enabled("nowhere", True)
    await _with_account(store)  # nothing changes
    assert await place.value("SELECT count(*) FROM audit") == 1


async def test_entries_are_found(store: SqlStore, clock: Clock) -> None:
    account_id = await store.create_account("acme")
    clock.now += 10
    with act_as(WHO):
        await store.create_group("g", "")
        await store.create_group("h", "")

    async def numbers(page: Paging | None = None, **wanted: Any) -> list[int]:
        found = await store.page_audit(AuditFilter(**wanted), page or Paging())
        return [each.id for each in found.items]

    third, second, first = await numbers()
    assert await numbers(Paging(2)) == [third, second]
    assert (await store.page_audit(AuditFilter(), Paging(2))).next == str(second)
    assert await numbers(Paging(2, str(second))) == [first]
    assert await numbers(actor="ann") == [third, second]
    assert await numbers(entity="group", entity_id="h") == [third]
    assert await numbers(action="create", entity="account") == [first]
    assert await numbers(account_id=account_id) == [first]
    assert await numbers(door="panel", address="192.0.2.9") == [third, second]
    assert await numbers(since=NOW + 10) == [third, second]
    assert await numbers(until=NOW + 10) == [first]
    assert (await store.find_audit_entry(first)).entity_id == "acme"
    with pytest.raises(NotFound):
        await store.find_audit_entry(999)


@pytest.mark.parametrize("statement", ["UPDATE audit SET actor = 'nobody'", "DELETE FROM audit"])
async def test_what_stands_there_stays(place: Place, store: SqlStore, statement: str) -> None:
    await store.create_account("acme")
    with pytest.raises(DBAPIError, match="append-only"):
        async with store._write() as connection:
            await connection.exec_driver_sql(statement)
    assert await place.value("SELECT actor FROM audit") == "gateway"


def test_differences() -> None:
    assert differences({"a": 1, "b": 2}, {"a": 1, "b": 3, "c": "x"}) == {"b": [2, 3], "c": [None, "x"]}
    assert differences({"p": {"q": 1, "r": [1]}}, {"p": {"q": 2, "r": [1]}}) == {"p.q": [1, 2]}
    assert differences({"password": "a"}, {"password": "b"}) == {"password": [MASK, MASK]}
    assert differences({"p": {"outbind_password": ""}}, {"p": {"outbind_password": "b"}}) == {
        "p.outbind_password": ["", MASK]
    }
    (value,) = differences({}, {"tls_ca": "x" * 9999}).values()
    assert len(str(value[1])) < 600
