"""The ports `Store` and `Administration`: configuration, look-ups, recovery."""

import asyncio
import gc
from dataclasses import replace
from ipaddress import ip_network

import pytest
from cryptography.fernet import Fernet

from trunkline.backends.secrets import SecretBox, SecretUnreadable
from trunkline.backends.storage import SqlStore
from trunkline.model.administration import (
    AccountFilter,
    AccountRow,
    EsmeFilter,
    EsmeSettings,
    HttpAccountFilter,
)
from trunkline.model.broadcast import Broadcast
from trunkline.model.errors import AlreadyExists, InUse, NotFound
from trunkline.model.ids import new_id
from trunkline.model.message import Message
from trunkline.model.people import Paging
from trunkline.model.profile import ErrorAction, PassTlvs, Profile, ReceiptId, TlvType, VendorTlv
from trunkline.model.snapshot import OverRate, UnknownOutcome
from trunkline.model.states import MessageState, SegmentState
from trunkline.model.status import BindStatus, ConnectorStatus

from .harness import (
    NOW,
    Gate,
    Place,
    accept,
    connector,
    make_account,
    make_event,
    make_message,
    make_notification,
    settle,
    submit,
)

HTTP = {
    "password_hash": "argon", "api_key_prefix": "tk_abc", "throughput": 25, "over_rate": "reject",
    "default_sender": "", "dlr_url": "https://x.example/dlr", "description": "shop",
}  # fmt: skip
ESME = EsmeSettings(max_binds=3, throughput=9, window=50)


# --- configuration ----------------------------------------------------------------------------------------


async def test_snapshot_shows_everything(store: SqlStore) -> None:
    account_id = await store.create_account("acme", unknown_outcome="resend", default_sender="ACME")
    await store.create_http_account(account_id, "shop", api_key_hash="k1", **HTTP)
    settings = replace(ESME, allowed_networks="10.0.0.0/8,2001:db8::/32")
    await store.create_esme(account_id, "client1", settings, password_hash="argon")
    await store.create_connector(connector("smsc-1"))
    second = {"prefix": "97150", "account_id": account_id, "connector_ids": ("smsc-1", "smsc-2"), "rate": 5}
    first = {"prefix": "", "account_id": None, "connector_ids": ("smsc-1",), "rate": 7}
    await store.create_route("all", position=None, **first)
    await store.create_route("emirates", position=None, **second)
    await store.create_route("first", position=1, **first)
    assert await store.api_token_hash() is None
    await store.set_api_token_hash("old")
    await store.set_api_token_hash("new")
    assert await store.api_token_hash() == "new"

    snapshot = await store.snapshot()

    assert snapshot.revision == await store.revision()
    account = snapshot.accounts[account_id]
    assert (account.name, account.enabled, account.unlimited) == ("acme", True, False)
    assert account.unknown_outcome is UnknownOutcome.RESEND
    http = snapshot.http_by_username["shop"]
    assert snapshot.http_by_key_hash == {"k1": http}
    assert http.sender.account is account
    assert (http.sender.credential, http.sender.throughput, http.sender.over_rate) == (
        "shop", 25, OverRate.REJECT,
    )  # fmt: skip
    assert (http.sender.default_sender, http.sender.dlr_url) == ("ACME", "https://x.example/dlr")
    esme = snapshot.esmes["client1"]
    assert (esme.max_binds, esme.window, esme.throughput, esme.sender.throughput) == (3, 50, 9, 0)
    assert esme.allowed_networks == (ip_network("10.0.0.0/8"), ip_network("2001:db8::/32"))
    assert esme.sender.default_sender == "ACME"
    assert snapshot.connectors == {"smsc-1": connector("smsc-1", number=1)}
    assert [(route.name, route.position) for route in snapshot.routes] == [
        ("first", 1), ("all", 2), ("emirates", 3),
    ]  # fmt: skip
    assert snapshot.routes[2].connector_ids == ("smsc-1", "smsc-2")
    assert (snapshot.routes[2].account_id, snapshot.routes[2].rate) == (account_id, 5)
    assert snapshot.api_token_hash == "new"
    assert snapshot.sender("http:shop") is http.sender


async def test_every_change_of_the_configuration_grows_the_revision(place: Place, store: SqlStore) -> None:
    seen = [await store.revision()]

    async def grew() -> None:
        seen.append(await store.revision())
        assert seen[-1] == seen[-2] + 1

    account_id = await store.create_account("acme")
    await grew()
    await store.create_http_account(account_id, "shop", api_key_hash="k1", **HTTP)
    await grew()
    await store.create_esme(account_id, "client1", ESME, password_hash="argon")
    await grew()
    await store.create_connector(connector("smsc-1"))
    await grew()
    await store.update_connector(connector("smsc-1", host="other.example"))
    await grew()
    await store.set_connector_enabled("smsc-1", enabled=False)
    await grew()
    await store.delete_connector("smsc-1")
    await grew()
    await store.update_esme(1, replace(ESME, enabled=False))
    await grew()
    await store.delete_esme(1)
    await grew()
    await store.update_account(replace(await store.account_by_name("acme"), smart_encoding=True))
    await grew()
    await store.create_route("all", position=1, prefix="", account_id=None, connector_ids=("x",), rate=1)
    await grew()
    await store.set_api_token_hash("hash")
    await grew()
    await store.credit(account_id, 5, description="", source="t", actor="t")
    assert await store.revision() == seen[-1]  # money is not configuration
    with pytest.raises(AlreadyExists):
        await store.create_account("acme")
    assert await store.revision() == seen[-1]


async def test_changes_through_many_processes_are_all_counted(place: Place, store: SqlStore) -> None:
    other = place.store()
    await other.open()
    before = await store.revision()
    await asyncio.gather(
        *(
            each.create_account(f"{name}-{n}")
            for name, each in (("a", store), ("b", other))
            for n in range(10)
        )
    )
    await other.close()
    assert await store.revision() == before + 20


async def test_names_that_are_taken(store: SqlStore) -> None:
    account_id = await store.create_account("acme")
    await store.create_http_account(account_id, "shop", api_key_hash="k1", **HTTP)
    await store.create_esme(account_id, "client1", ESME, password_hash="argon")
    await store.create_connector(connector("smsc-1"))
    route = {"position": None, "prefix": "", "account_id": None, "connector_ids": ("x",), "rate": 1}
    await store.create_route("all", **route)
    for call, noun, name in (
        (store.create_account("acme"), "account", "acme"),
        (
            store.create_http_account(account_id, "shop", api_key_hash="k2", **HTTP),
            "HTTP API account",
            "shop",
        ),
        (store.create_esme(account_id, "client1", ESME, password_hash="argon"), "ESME", "client1"),
        (store.create_connector(connector("smsc-1")), "connector", "smsc-1"),
        (store.create_route("all", **route), "route", "all"),
    ):
        with pytest.raises(AlreadyExists, match=name) as caught:
            await call
        assert (caught.value.noun, caught.value.name) == (noun, name)
    assert await store.credential_names() == {"shop", "client1"}


async def test_things_that_do_not_exist(store: SqlStore) -> None:
    for call in (
        store.account_by_name("nobody"),
        store.create_http_account(9, "shop", api_key_hash="k1", **HTTP),
        store.create_esme(9, "client1", ESME, password_hash="argon"),
        store.create_route("r", position=None, prefix="", account_id=9, connector_ids=("x",), rate=1),
        store.update_connector(connector("smsc-9")),
        store.delete_connector("smsc-9"),
        store.find_connector("smsc-9"),
        store.find_connector(9),
        store.update_esme(9, ESME),
        store.delete_esme(9),
        store.find_esme(9),
        store.find_esme("client9"),
        store.update_account(AccountRow(9, "nobody", True, 0, False, "wait", "", 0)),
        store.set_connector_enabled("smsc-9", enabled=True),
    ):
        with pytest.raises(NotFound):
            await call
    assert await store.credential_names() == set()


async def test_accounts_are_listed_with_their_balances(store: SqlStore) -> None:
    await store.create_account("b", balance=5)
    await store.create_account("a", unlimited=True, unknown_outcome="resend", default_sender="X")
    first, second = (await store.page_accounts(AccountFilter(), Paging())).items
    assert (first.name, first.balance, first.unlimited, first.unknown_outcome, first.default_sender) == (
        "a", 0, True, "resend", "X",
    )  # fmt: skip
    assert (second.name, second.balance) == ("b", 5)
    assert await store.account_by_name("b") == second


async def test_accounts_are_changed_but_not_their_names_and_balances(store: SqlStore) -> None:
    await store.create_account("acme", balance=5, receipt_policy="first")
    row = await store.account_by_name("acme")
    assert (row.receipt_policy, row.smart_encoding) == ("first", False)
    changed = replace(
        row, enabled=False, unlimited=True, unknown_outcome="resend", default_sender="X",
        receipt_policy="any", smart_encoding=True,
    )  # fmt: skip
    await store.update_account(replace(changed, name="other", balance=999))
    assert await store.account_by_name("acme") == changed
    account = (await store.snapshot()).accounts[row.id]
    assert (account.enabled, account.receipt_policy, account.smart_encoding) == (False, "any", True)


async def test_http_accounts_are_listed_without_their_secrets(store: SqlStore) -> None:
    acme, other = await store.create_account("acme"), await store.create_account("other")
    await store.create_http_account(other, "web", api_key_hash="k2", **HTTP)
    await store.create_http_account(acme, "shop", api_key_hash="k1", **HTTP)
    shop, web = (await store.page_http_accounts(HttpAccountFilter(), Paging())).items
    assert (shop.username, shop.account, web.username, web.account) == ("shop", "acme", "web", "other")
    assert {name: getattr(shop, name) for name in HTTP if name != "password_hash"} == {
        name: value for name, value in HTTP.items() if name != "password_hash"
    }
    assert (shop.enabled, shop.created_at > NOW) == (True, True)


async def test_an_http_account_is_changed_and_deleted(store: SqlStore) -> None:
    acme, other = await store.create_account("acme", balance=7), await store.create_account("other")
    await store.create_http_account(acme, "shop", api_key_hash="k1", **HTTP)
    row = await store.find_http_account("shop")
    assert (row.account_id, row.balance, row.unlimited) == (acme, 7, False)
    changed = replace(row, throughput=1, enabled=False, account="other", account_id=other, balance=0)
    await store.update_http_account(changed)
    assert await store.find_http_account(row.id) == changed
    await store.set_http_account_key(row.id, "tk_new", "k2")
    http = (await store.snapshot()).http_by_key_hash["k2"]
    assert (http.sender.account.name, http.sender.enabled, http.password_hash) == (
        "other", False, HTTP["password_hash"],
    )  # fmt: skip
    await store.update_http_account(changed, password_hash="argon2")
    assert (await store.snapshot()).http_by_username["shop"].password_hash == "argon2"
    with pytest.raises(NotFound, match="account '9'"):
        await store.update_http_account(replace(changed, account_id=9))
    await store.delete_http_account(row.id)
    for call in (
        store.find_http_account("shop"),
        store.update_http_account(changed),
        store.set_http_account_key(row.id, "tk_new", "k2"),
        store.delete_http_account(row.id),
    ):
        with pytest.raises(NotFound, match="HTTP API account"):
            await call


# --- ESMEs ------------------------------------------------------------------------------------------------


async def test_an_esme_is_changed(place: Place, store: SqlStore) -> None:
    account_id = await store.create_account("acme")
    esme_id = await store.create_esme(account_id, "client1", ESME, password_hash="first")
    row = await store.find_esme(esme_id)
    assert (row.id, row.system_id, row.account, row.settings) == (esme_id, "client1", "acme", ESME)
    assert (row.password, row.created_at > NOW) == ("", True)
    assert await store.find_esme("client1") == row
    assert (await store.page_esmes(EsmeFilter(), Paging())).items == [row]
    settings = EsmeSettings(1, "192.0.2.7", 60, 5, "latin1", "milliseconds", True, False, "[::1]:2776", True)
    await store.update_esme(esme_id, settings)
    assert (await store.find_esme(esme_id)).settings == settings
    esme = (await store.snapshot()).esmes["client1"]
    assert (esme.password_hash, esme.pdu_log, esme.sender.enabled) == ("first", True, False)
    assert (esme.outbind, esme.broadcast) == ("[::1]:2776", True)
    await store.update_esme(esme_id, ESME, password_hash="second")
    assert (await store.snapshot()).esmes["client1"].password_hash == "second"


async def test_only_passwords_that_are_to_be_shown_are_kept_readable(place: Place, store: SqlStore) -> None:
    account_id = await store.create_account("acme")
    shown = await store.create_esme(account_id, "shown", ESME, password_hash="argon", password="qwerty123")
    hidden = await store.create_esme(account_id, "hidden", ESME, password_hash="argon")
    assert (await store.find_esme(shown)).password == "qwerty123"
    kept = await place.rows("SELECT system_id, password_encrypted FROM esme ORDER BY system_id")
    assert kept[0] == ("hidden", None)
    assert "qwerty123" not in kept[1][1]
    await store.update_esme(shown, replace(ESME, window=7))
    assert (await store.find_esme(shown)).password == "qwerty123"
    await store.update_esme(shown, ESME, password_hash="other")
    await store.update_esme(hidden, ESME, password_hash="other", password="open")
    assert [each.password for each in (await store.page_esmes(EsmeFilter(), Paging())).items] == ["open", ""]
    assert await place.value("SELECT password_encrypted FROM esme WHERE system_id = 'shown'") is None


async def test_an_esme_s_id_is_not_given_again(store: SqlStore) -> None:
    account_id = await store.create_account("acme")
    first = await store.create_esme(account_id, "client1", ESME, password_hash="argon")
    with pytest.raises(AlreadyExists):
        await store.create_esme(account_id, "client1", ESME, password_hash="argon")
    await store.delete_esme(first)
    assert (await store.page_esmes(EsmeFilter(), Paging())).items == []
    assert (await store.snapshot()).esmes == {}
    assert await store.create_esme(account_id, "client1", ESME, password_hash="argon") > first


# --- connectors -------------------------------------------------------------------------------------------


async def test_a_connector_is_not_deleted_while_messages_need_it(store: SqlStore, account_id: int) -> None:
    await store.create_connector(connector("smsc-1"))
    await store.create_connector(connector("smsc-2"))
    await store.save_connector_status("node-a", [ConnectorStatus("smsc-1", False, (), 0)], NOW)
    waiting = make_message(account_id, parts=2)
    under_way = make_message(account_id, state=SegmentState.SUBMITTING)
    await accept(store, waiting, under_way, make_message(account_id, connector_id="smsc-2"))
    for message, why in (
        (waiting, "2 messages in its queue and 1 under way"),
        (under_way, "0 .* and 1 under way"),
    ):
        with pytest.raises(InUse, match=why):
            await store.delete_connector("smsc-1")
        for segment in message.segments:
            store.journal.submitted(segment, submit(segment, f"id-{message.id}-{segment.number}"))
        await store.journal.flush()
    await store.delete_connector("smsc-1")
    assert [each.config.connector_id for each in await store.list_connectors()] == ["smsc-2"]
    assert set((await store.snapshot()).connectors) == {"smsc-2"}
    assert await store.connector_statuses() == {}
    with pytest.raises(NotFound):
        await store.delete_connector("smsc-1")


async def test_connectors_are_changed_and_their_passwords_hidden(place: Place, store: SqlStore) -> None:
    profile = Profile(
        receipt_patterns=("{id} {stat}",),
        status_map={"GONE": "UNDELIV"},
        receipt_id=ReceiptId.TEXT,
        vendor_tlvs=(VendorTlv("colour", 0x1401, TlvType.CSTRING),),
        pass_tlvs=PassTlvs.ALL,
        error_actions={0x0B: ErrorAction.RETRY},
        interface_version=0x33,
        outbind_password="kn0ck",
    )
    config = connector(
        "smsc-1", source_ton=None, dest_npi=None, enquire_link_s=0.125, tls_key="pr1vate", profile=profile
    )
    await store.create_connector(config)
    config = replace(config, number=1)
    [stored_config] = await store.list_connectors()
    assert stored_config.config == config
    assert stored_config.created_at == stored_config.updated_at > NOW
    assert await store.find_connector(1) == await store.find_connector("smsc-1") == stored_config
    [stored] = await place.rows("SELECT password_encrypted, tls_key_encrypted, profile FROM connector")
    assert "s3cret" not in stored[0]
    assert "pr1vate" not in stored[1]
    assert "kn0ck" not in stored[2]
    changed = replace(config, host="new.example", password="n3w", max_attempts=9)
    await store.update_connector(changed)
    await store.set_connector_enabled("smsc-1", enabled=False)
    assert (await store.snapshot()).connectors == {"smsc-1": replace(changed, enabled=False)}
    later = await store.find_connector(1)
    assert (later.config, later.created_at) == (replace(changed, enabled=False), stored_config.created_at)
    assert later.updated_at >= stored_config.updated_at


async def test_connectors_are_numbered_once_and_for_all(place: Place, store: SqlStore) -> None:
    for name in ("b", "a", "c"):
        await store.create_connector(connector(name))
    with pytest.raises(AlreadyExists):
        await store.create_connector(connector("a"))
    await store.delete_connector("c")
    await store.create_connector(connector("d"))
    numbers = {each.config.connector_id: each.config.number for each in await store.list_connectors()}
    assert numbers == {"b": 1, "a": 2, "d": 4}


async def test_the_wrong_key_is_said_clearly(place: Place, store: SqlStore) -> None:
    await store.create_connector(connector("smsc-1"))
    other = place.store(secret_box=SecretBox(Fernet.generate_key()))
    await other.open()
    with pytest.raises(SecretUnreadable):
        await other.snapshot()
    await other.close()


async def test_connector_statuses(store: SqlStore) -> None:
    bind = BindStatus("TRX", "BOUND_TRX", 3, "10.0.0.1:4000", "10.0.0.2:2775", NOW, "")
    running = ConnectorStatus("smsc-1", True, (bind,), 4)
    await store.save_connector_status("node-a", [running, ConnectorStatus("smsc-2", False, (), 0)], NOW)
    await store.save_connector_status("node-b", [ConnectorStatus("smsc-1", False, (), 0)], NOW + 1)
    statuses = await store.connector_statuses()
    assert set(statuses) == {"smsc-1", "smsc-2"}
    assert statuses["smsc-1"] == replace(running, as_of=NOW)
    await store.save_connector_status("node-a", [], NOW + 2)
    assert await store.connector_statuses() == {"smsc-1": ConnectorStatus("smsc-1", False, (), 0, NOW + 1)}


# --- messages ---------------------------------------------------------------------------------------------


async def test_message_detail(store: SqlStore, account_id: int) -> None:
    message = make_message(account_id, parts=2, deferred=True)
    await accept(store, message, make_message(account_id))
    for segment in message.segments:
        store.journal.submitted(segment, submit(segment, f"id-{segment.number}"))
    told, waiting = make_notification(message), make_notification(message)
    store.journal.noted(make_event(message, "retry", "one"), told)
    store.journal.noted(make_event(message, "intermediate", "two"), waiting)
    store.journal.notified(told, NOW + 60)
    await store.journal.flush()
    for identifier in (message.id, f"queued_{message.id}"):
        detail = await store.message_detail(identifier)
        assert detail is not None
        assert detail.message is not message  # a copy: the pipeline's object stays its own
        assert detail.message.id == message.id
        assert detail.message.state is MessageState.SENT
        assert [segment.smsc_message_id for segment in detail.message.segments] == ["id-1", "id-2"]
        assert detail.notified_at == NOW + 60
        assert detail.pending_notifications == 1
        assert [(event.kind, event.detail) for event in detail.events] == [
            ("retry", "one"), ("intermediate", "two"),
        ]  # fmt: skip


@pytest.mark.parametrize(
    "identifier", ["", "queued_", "nonsense", "019aa2f4-5a10-7000-8a3c-2f60c1b4d9e7", "' OR 1"]
)
async def test_message_detail_of_what_is_not_there(store: SqlStore, identifier: str) -> None:
    assert await store.message_detail(identifier) is None


async def test_other_tenants_messages_are_not_there(store: SqlStore) -> None:
    mine, theirs = await make_account(store), await make_account(store)
    message = make_message(mine)
    await accept(store, message)
    assert await store.message_detail(message.id, mine) is not None
    assert await store.message_detail(message.id, theirs) is None


async def test_queue_depths(store: SqlStore, account_id: int) -> None:
    assert await store.queue_depths() == {}
    await accept(store, make_message(account_id, parts=2), make_message(account_id, connector_id="smsc-2"))
    await accept(store, make_message(account_id, state=SegmentState.SUBMITTING))
    assert await store.queue_depths() == {"smsc-1": 2, "smsc-2": 1}


# --- matching receipts ------------------------------------------------------------------------------------


async def sent(store: SqlStore, message: Message, smsc_message_id: str) -> str:
    """Accepts and submits a message and lets go of it."""
    await accept(store, message)
    for segment in message.segments:
        store.journal.submitted(segment, submit(segment, smsc_message_id))
    await store.journal.flush()
    return message.id


async def test_find_by_smsc_keys(store: SqlStore, account_id: int) -> None:
    old = await sent(store, make_message(account_id), "abc")
    new = await sent(store, make_message(account_id), "abc")
    newest = await sent(store, make_message(account_id, connector_id="smsc-2"), "abc")
    gc.collect()
    found = await store.find_by_smsc_keys(["smsc-1"], ["nothing", "abc"])
    assert found is not None
    assert found.message.id == new != old
    assert found.state is SegmentState.SUBMITTED
    assert await store.find_by_smsc_keys(["smsc-1"], ["abc"]) is found
    assert await store.find_by_smsc_keys(["smsc-1"], ["nothing"]) is None
    assert await store.find_by_smsc_keys(["smsc-1"], []) is None
    of_both = await store.find_by_smsc_keys(["smsc-1", "smsc-2"], ["abc"])
    assert of_both is not None
    assert of_both.message.id == newest, "the newest of both connectors"


async def test_what_is_found_is_the_one_object(store: SqlStore, account_id: int) -> None:
    message = make_message(account_id, state=SegmentState.SUBMITTING)
    await sent(store, message, "abc")
    assert await store.find_by_smsc_keys(["smsc-1"], ["abc"]) is message.segments[0]


async def test_what_is_found_has_what_is_recorded_but_not_written(
    store: SqlStore, account_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A segment that is built anew must not be older than the changes that a former object has recorded."""
    message = make_message(account_id, state=SegmentState.SUBMITTING)
    identifier = await sent(store, message, "abc")
    journal = store.journal
    gate = Gate(journal, monkeypatch)
    looking = asyncio.ensure_future(store.find_by_smsc_keys(["smsc-1"], ["abc"]))
    await gate.reached.wait()  # the batch that looks is under way
    gate.opened.set()
    journal.settled(message.segments[0], settle(message.segments[0]), make_notification(message))
    del message
    gc.collect()
    assert journal.live.get(identifier) is None
    found = await looking
    assert found is not None
    assert found.state is SegmentState.DELIVERED
    assert found.receipt_stat == "DELIVRD"
    assert found.message.state is MessageState.DELIVERED


async def test_a_message_is_shown_by_the_id_its_sender_has(store: SqlStore, account_id: int) -> None:
    group = new_id()
    named = [make_message(account_id, reference=each) for each in ("0000002a", group, group)]
    await accept(store, *named)
    other = await make_account(store)
    for asked, message in (("0000002a", named[0]), (named[0].id, named[0]), (group, named[2])):
        detail = await store.message_detail(asked)
        assert detail is not None
        assert (detail.message.id, detail.message.reference) == (message.id, message.reference)
        assert await store.message_detail(asked, account_id) is not None
        assert await store.message_detail(asked, other) is None
    assert await store.message_detail("0000002b") is None


async def test_messages_that_wait_between_two_addresses(store: SqlStore, account_id: int) -> None:
    async def waits(**fields: object) -> Message:
        message = make_message(account_id, **fields)
        await accept(store, message)
        return message

    queued = await waits()
    claimed = await waits(state=SegmentState.SUBMITTING, parts=2)
    await sent(store, make_message(account_id, state=SegmentState.SUBMITTING), "abc")
    await waits(dest_addr="971500000000")
    await waits(source_addr="OTHER")
    await waits(credential="client2")
    other = await make_account(store)
    await accept(store, make_message(other))

    async def find(limit: int = 10) -> list[str]:
        return await store.waiting_between(account_id, "client1", "INFO", "971501234567", limit)

    assert await find() == [queued.id, claimed.id]
    assert await find(limit=1) == [queued.id]


async def test_broadcasts_are_found_by_their_sender(store: SqlStore) -> None:
    def broadcast(credential: str = "client1", reference: int | None = 7) -> Broadcast:
        return Broadcast(new_id(), 1, credential, "smsc-1", "A1", reference, NOW)

    first, second, other, none = broadcast(), broadcast(), broadcast("client2"), broadcast(reference=None)
    for each in (first, second, other, none):
        await store.add_broadcast(each)
    assert await store.find_broadcast(1, "client1", first.id, None) == first
    assert await store.find_broadcast(1, "client1", none.id, None) == none
    assert await store.find_broadcast(1, "client1", None, 7) == second, "the latest"
    assert await store.find_broadcast(1, "client1", None, 8) is None
    for account_id, credential in ((1, "client2"), (2, "client1")):
        assert await store.find_broadcast(account_id, credential, first.id, None) is None


async def test_blocks_of_short_ids_are_given_out_once(place: Place, store: SqlStore) -> None:
    first = await store.next_short_id_block()
    another = place.store()
    await another.open()
    given = await asyncio.gather(*(each.next_short_id_block() for each in (store, another) * 3))
    await another.close()
    assert sorted(given) == list(range(first + 1, first + 7))


async def test_find_unknown_outcome(store: SqlStore, account_id: int) -> None:
    async def unknown(**fields: object) -> Message:
        message = make_message(account_id, state=SegmentState.SUBMITTING, **fields)
        await accept(store, message)
        [segment] = message.segments
        store.journal.changed(segment, segment.become(SegmentState.UNKNOWN, NOW))
        return message

    first = await unknown()
    await unknown(dest_addr="97150999")
    await unknown(connector_id="smsc-2")
    ask = (["smsc-1"], "INFO", "971501234567")
    assert await store.find_unknown_outcome(*ask) is first.segments[0]
    assert await store.find_unknown_outcome(["smsc-1"], "OTHER", "971501234567") is None
    both = (["smsc-2", "smsc-1"], *ask[1:])
    assert await store.find_unknown_outcome(*both) is None  # one of each: it cannot be told which
    assert await store.find_unknown_outcome(["smsc-3", "smsc-1"], *ask[1:]) is first.segments[0]
    second = await unknown()
    assert await store.find_unknown_outcome(*ask) is None  # two of them
    [segment] = second.segments
    store.journal.changed(segment, segment.become(SegmentState.SUBMITTED, NOW))
    assert await store.find_unknown_outcome(*ask) is first.segments[0]


async def test_parts_of_one_message_with_unknown_outcomes(store: SqlStore, account_id: int) -> None:
    message = make_message(account_id, parts=3, state=SegmentState.SUBMITTING)
    await accept(store, message)
    ask = (["smsc-1"], "INFO", "971501234567")
    for segment in message.segments:
        store.journal.changed(segment, segment.become(SegmentState.UNKNOWN, NOW))
    for segment in message.segments:
        assert await store.find_unknown_outcome(*ask) is segment
        store.journal.changed(segment, segment.become(SegmentState.SUBMITTED, NOW))
    assert await store.find_unknown_outcome(*ask) is None


async def test_where_outcomes_are_unknown_and_since_when(store: SqlStore, account_id: int) -> None:
    async def unknown(accepted_at: int, submitted_at: int | None, **fields: object) -> None:
        message = make_message(account_id, state=SegmentState.SUBMITTING, accepted_at=accepted_at, **fields)
        await accept(store, message)
        [segment] = message.segments
        segment.submitted_at = submitted_at
        store.journal.changed(segment, segment.become(SegmentState.UNKNOWN, NOW))
        await store.journal.flush()

    assert await store.unknown_outcomes(10) == {}
    await accept(store, make_message(account_id, state=SegmentState.SUBMITTING))
    await unknown(NOW + 1, NOW + 5)
    await unknown(NOW + 2, None)
    await unknown(NOW + 3, NOW + 9, dest_addr="97150999")
    await unknown(NOW + 4, NOW + 8, connector_id="smsc-2", source_addr="Shop")
    assert await store.unknown_outcomes(10) == {
        ("smsc-1", "INFO", "971501234567"): NOW + 2,
        ("smsc-1", "INFO", "97150999"): NOW + 9,
        ("smsc-2", "Shop", "971501234567"): NOW + 8,
    }
    assert await store.unknown_outcomes(1) == {("smsc-2", "Shop", "971501234567"): NOW + 8}


# --- recovery ---------------------------------------------------------------------------------------------


async def test_recover_settles_what_a_stop_left_half_done(place: Place) -> None:
    before = place.store()
    await before.open()
    account_id = await make_account(before)
    submitting = SegmentState.SUBMITTING
    waits = make_message(account_id, parts=2, state=submitting)
    resends = make_message(account_id, state=submitting, resend_unknown=True)
    queued, done = make_message(account_id), make_message(account_id, state=submitting)
    await accept(before, waits, resends, queued, done)
    submit(waits.segments[0])
    before.journal.submitted(waits.segments[0], False)
    before.journal.submitted(done.segments[0], submit(done.segments[0]))
    await before.close()

    store = place.store()
    await store.open()
    assert await store.recover(NOW + 500) == {"unknown": 1, "requeued": 1}
    assert (await place.segment(waits.id, 1))["state"] == "submitted"
    assert (await place.segment(waits.id, 2))["state"] == "unknown"
    assert (await place.message(waits.id))["state"] == "unknown"
    again = await place.segment(resends.id)
    assert (again["state"], again["available_at"]) == ("queued", NOW + 500)
    assert (await place.segment(done.id))["state"] == "submitted"
    events = await place.rows(
        "SELECT message_id, segment_number, kind FROM message_event ORDER BY message_id"
    )
    assert events == sorted([(waits.id, 2, "recovered"), (resends.id, 1, "recovered")])
    assert await store.recover(NOW + 600) == {"unknown": 0, "requeued": 0}
    claimed = await store.journal.claim("smsc-1", 10, NOW + 500)
    assert {segment.message.id for segment in claimed} == {resends.id, queued.id}
    await store.close()


async def test_recover_takes_any_number(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trunkline.backends.storage.store.RECOVER_CHUNK", 3)
    store = place.store()
    await store.open()
    account_id = await make_account(store)
    messages = [make_message(account_id, state=SegmentState.SUBMITTING) for _ in range(10)]
    await accept(store, *messages)
    del messages
    gc.collect()
    assert await store.recover(NOW) == {"unknown": 10, "requeued": 0}
    await store.close()
