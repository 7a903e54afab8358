"""Binding to the door."""

import asyncio
from dataclasses import replace

import pytest

from trunkline.model.snapshot import Account
from trunkline.model.status import SessionStatus
from trunkline.servers.smpp import door as module
from trunkline.smpp.asyncio import BindRefused
from trunkline.smpp.asyncio.connection import host_and_port
from trunkline.smpp.constants import BindType, CommandStatus, Tag
from trunkline.smpp.pdus import BindTransceiver, SubmitSm

from .conftest import ACCOUNT, NOW, Client, Front, MakeFront, esme_of, sender_of, snapshot_of

ALLOWED_ELSEWHERE = esme_of(networks=("192.0.2.0/24", "2001:db8::/32"))


async def refused(client: Client, **fields: str) -> CommandStatus:
    with pytest.raises(BindRefused) as caught:
        await client.bind(**fields)
    return CommandStatus(caught.value.status)


@pytest.mark.parametrize(
    ("kind", "receives"), [(BindType.TX, False), (BindType.RX, True), (BindType.TRX, True)]
)
async def test_binding(front: Front, kind: BindType, receives: bool) -> None:
    client = await front.client()
    answer = await client.bind(kind=kind)
    assert answer.system_id == "trunkline"  # type: ignore[attr-defined]
    assert answer.tlv(Tag.SC_INTERFACE_VERSION) == b"\x50"
    (session,) = front.door.sessions
    assert (session.system_id, session.receives) == ("shop", receives)
    assert front.notifier.woken == (["esme:shop"] if receives else [])
    assert front.passwords.asked == [("shop", "secret", "hash of secret", "127.0.0.1")]
    assert front.door.binds_refused == 0


@pytest.mark.parametrize(("system_id", "password"), [("shop", "wrong"), ("nobody", "secret"), ("", "")])
async def test_wrong_names_and_passwords(front: Front, system_id: str, password: str) -> None:
    client = await front.client()
    assert await refused(client, system_id=system_id, password=password) is CommandStatus.ESME_RINVPASWD
    assert front.door.sessions == []
    assert front.door.binds_refused == 1
    assert len(front.passwords.asked) == 1, "unknown names take as long as known ones"


async def test_after_a_refusal_the_same_connection_may_try_again(front: Front) -> None:
    client = await front.client()
    await refused(client, password="wrong")
    await client.bind()
    assert len(front.door.sessions) == 1


async def test_who_is_locked_out_is_not_even_checked(front: Front) -> None:
    front.passwords.locked_out.add("shop")
    assert await refused(await front.client()) is CommandStatus.ESME_RBINDFAIL
    assert front.passwords.asked == []


@pytest.mark.parametrize(
    ("esme", "status"),
    [
        (ALLOWED_ELSEWHERE, CommandStatus.ESME_RBINDFAIL),
        (esme_of(networks=("192.0.2.0/24", "127.0.0.0/8")), None),
        (esme_of(networks=("127.0.0.1/32",)), None),
        (esme_of(sender=sender_of(enabled=False)), CommandStatus.ESME_RBINDFAIL),
        (esme_of(sender=sender_of(account=replace(ACCOUNT, enabled=False))), CommandStatus.ESME_RBINDFAIL),
        (esme_of(max_binds=0), CommandStatus.ESME_RALYBND),
    ],
)
async def test_who_may_bind(make_front: MakeFront, esme: module.Esme, status: CommandStatus | None) -> None:
    front = await make_front(esme)
    client = await front.client()
    if status is None:
        await client.bind()
    else:
        assert await refused(client) is status


@pytest.mark.parametrize(
    "esme", [ALLOWED_ELSEWHERE, esme_of(max_binds=0), esme_of(sender=sender_of(enabled=False))]
)
async def test_a_wrong_password_learns_nothing_else(make_front: MakeFront, esme: module.Esme) -> None:
    front = await make_front(esme)
    assert await refused(await front.client(), password="wrong") is CommandStatus.ESME_RINVPASWD


@pytest.mark.parametrize(
    ("host", "allowed"),
    [
        ("192.0.2.7", True),
        ("::ffff:192.0.2.7", True),  # the same peer, on a socket that takes both families
        ("2001:db8::7", True),
        ("2001:db8::7%eth0", True),
        ("192.0.3.7", False),
        ("::1", False),
    ],
)
async def test_addresses(make_front: MakeFront, host: str, allowed: bool) -> None:
    front = await make_front(ALLOWED_ELSEWHERE)
    request = BindTransceiver(system_id="shop", password="secret")
    esme, status, why = await front.door.admit(request, host)
    assert (esme is not None) == allowed == (status == 0) == (why == "")


async def test_binds_are_counted_while_they_last(front: Front) -> None:
    first, second = await front.bound(), await front.bound(kind=BindType.TX)
    third = await front.client()
    assert await refused(third) is CommandStatus.ESME_RALYBND
    await first.connection.unbind()
    await front.until(lambda: len(front.door.sessions) == 1)
    await third.bind()
    second.connection.abort()
    await front.until(lambda: len(front.door.sessions) == 1)


async def test_binds_that_arrive_together_do_not_exceed_the_limit(front: Front) -> None:
    front.passwords.gate = asyncio.Event()
    clients = [await front.client() for _ in range(5)]
    binding = [asyncio.ensure_future(client.bind()) for client in clients]
    await front.until(lambda: len(front.passwords.asked) == 5)
    front.passwords.gate.set()
    outcomes = await asyncio.gather(*binding, return_exceptions=True)
    assert sum(isinstance(each, BindRefused) for each in outcomes) == 3
    assert len(front.door.sessions) == 2


async def test_each_esme_has_its_own_limit(make_front: MakeFront) -> None:
    front = await make_front(esme_of(max_binds=1), esme_of("other", max_binds=1))
    await front.bound()
    await front.bound(system_id="other")
    assert await refused(await front.client()) is CommandStatus.ESME_RALYBND


@pytest.mark.parametrize(
    "now",
    [
        snapshot_of(),
        snapshot_of(esme_of(password_hash="hash of another")),
        snapshot_of(esme_of(sender=sender_of(enabled=False))),
    ],
)
async def test_what_changes_while_the_password_is_checked_counts(front: Front, now: module.Snapshot) -> None:
    front.passwords.gate = asyncio.Event()
    client = await front.client()
    binding = asyncio.ensure_future(client.bind())
    await front.passwords.waiting.wait()
    front.snapshots.publish(now)
    front.passwords.gate.set()
    with pytest.raises(BindRefused):
        await binding
    assert front.door.sessions == []


async def test_who_hangs_up_while_the_password_is_checked_is_not_bound(front: Front) -> None:
    front.passwords.gate = asyncio.Event()
    client = await front.client()
    binding = asyncio.ensure_future(client.bind())
    await front.passwords.waiting.wait()
    client.connection.abort()
    await front.until(lambda: not front.server.connections)
    front.passwords.gate.set()
    await asyncio.gather(binding, return_exceptions=True)
    assert front.door.sessions == []
    assert front.notifier.woken == []


DISABLED = Account(1, "acme", False, False, ACCOUNT.unknown_outcome, "")


@pytest.mark.parametrize(
    "now",
    [
        snapshot_of(),
        snapshot_of(esme_of(sender=sender_of(enabled=False))),
        snapshot_of(esme_of(sender=sender_of(account=DISABLED))),
        snapshot_of(esme_of(password_hash="hash of another")),
        snapshot_of(esme_of(networks=("127.0.0.1",))),
        snapshot_of(esme_of(max_binds=9)),
        snapshot_of(esme_of(bind_round=1)),
    ],
)
async def test_sessions_end_when_their_right_does(front: Front, now: module.Snapshot) -> None:
    clients = [await front.bound(), await front.bound()]
    front.snapshots.publish(now)
    for client in clients:
        await client.closed()
    await front.until(lambda: not front.door.sessions)


async def test_who_is_on_the_way_out_takes_nobody_s_place(make_front: MakeFront) -> None:
    front = await make_front(esme_of(max_binds=1))
    first = await front.bound()
    first.connection.pause_reading()  # it does not see that it is to go
    front.snapshots.publish(snapshot_of(esme_of(max_binds=1, networks=("127.0.0.1",))))
    (leaving,) = front.door.sessions
    assert leaving.status().state == "UNBINDING"
    await front.bound()
    assert [each.status().state for each in front.door.sessions] == ["UNBINDING", "BOUND_TRX"]
    first.connection.resume_reading()
    await first.closed()


@pytest.mark.parametrize("kind", list(BindType))
async def test_what_a_session_says_of_itself(front: Front, kind: BindType) -> None:
    client = await front.client()
    await client.bind(kind=kind, system_type="VMA")
    (session,) = front.door.sessions
    session.submitted = 9
    assert session.status() == SessionStatus(
        1,
        "shop",
        kind.value,
        "VMA",
        f"BOUND_{kind.value}",
        session.connection.connection_id,
        host_and_port(client.connection.peer),
        host_and_port(client.connection.local),
        0,
        NOW,
        account_id=front.snapshots.current.esmes["shop"].sender.account.id,
        submitted=9,
        submitted_per_s=10.0,
    )


async def test_receipts_of_an_esme_that_was_deleted_are_given_up(front: Front) -> None:
    assert front.door.room("esme:shop") == 0
    front.snapshots.publish(snapshot_of())
    assert front.door.room("esme:shop") > 0
    young = await front.deliver().result()
    assert (young.ok, young.permanent, young.gone) == (False, False, False), "it may be new here"
    old = await front.deliver(created_at=NOW - 10_000).result()
    assert (old.ok, old.permanent, old.gone) == (False, True, False)
    assert old.detail == "there is no such ESME"


async def test_other_changes_leave_sessions_alone(front: Front) -> None:
    client = await front.bound()
    front.snapshots.publish(snapshot_of(esme_of(throughput=6000, window=50), esme_of("other")))
    answer = await client.ask(SubmitSm(destination_addr="4915112345678", short_message=b"hello"))
    assert answer.command_status == 0
    assert len(front.door.sessions) == 1
