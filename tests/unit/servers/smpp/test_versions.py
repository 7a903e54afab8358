"""What the versions of SMPP differ in at the door."""

import pytest

from trunkline.model.ports import StorageUnavailable
from trunkline.model.submission import Reason, Rejected
from trunkline.pipeline.short_ids import ShortIds
from trunkline.smpp.constants import BindType, CommandStatus, Tag, Version
from trunkline.smpp.fields import SmeAddress
from trunkline.smpp.pdus import (
    BroadcastSm,
    CancelBroadcastSm,
    DataSm,
    GenericNack,
    Pdu,
    QueryBroadcastSm,
    SubmitMulti,
    SubmitSm,
)
from trunkline.smpp.tlv import Tlv

from .conftest import Front, StubStore


def submit() -> SubmitSm:
    return SubmitSm(destination_addr="4915112345678", source_addr="Shop", short_message=b"hello")


@pytest.mark.parametrize(
    ("announced", "spoken", "named"),
    [
        (0x00, Version.V33, None),
        (0x33, Version.V33, None),
        (0x34, Version.V34, b"\x50"),
        (0x40, Version.V34, b"\x50"),
        (0x50, Version.V50, b"\x50"),
        (0x51, Version.V50, b"\x50"),
    ],
)
async def test_the_bind_settles_the_version(
    front: Front, announced: int, spoken: Version, named: bytes | None
) -> None:
    client = await front.client(Version.V50)
    response = await client.bind(interface_version=announced)
    assert response.tlv(Tag.SC_INTERFACE_VERSION) == named
    (session,) = front.door.sessions
    assert session.connection.session.version is spoken


async def test_ids_for_peers_of_3_3_have_eight_hex_digits(front: Front) -> None:
    client = await front.bound(Version.V33, kind=BindType.TX)
    ids = [(await client.ask(submit())).message_id for _ in range(2)]  # type: ignore[attr-defined]
    assert ids == ["00010000", "00010001"]
    assert [each.reference for each in front.pipeline.submissions] == ids


async def test_a_transceiver_that_calls_itself_3_3_gets_them_too(front: Front) -> None:
    client = await front.bound(Version.V34, interface_version=0x33)
    assert (await client.ask(submit())).message_id == "00010000"  # type: ignore[attr-defined]


@pytest.mark.parametrize("version", [Version.V34, Version.V50])
async def test_others_get_the_message_s_own(front: Front, version: Version) -> None:
    client = await front.bound(version)
    assert (await client.ask(submit())).message_id == "0199-id"  # type: ignore[attr-defined]
    assert front.pipeline.submissions[0].reference is None


async def test_all_of_a_submit_multi_have_one_short_id(front: Front) -> None:
    client = await front.bound(Version.V33, kind=BindType.TX)
    pdu = SubmitMulti(
        dest_address=(SmeAddress(1, 1, "4915112345678"), SmeAddress(1, 1, "4915112345679")),
        short_message=b"hello",
    )
    assert (await client.ask(pdu)).message_id == "00010000"  # type: ignore[attr-defined]
    assert [each.reference for each in front.pipeline.submissions] == ["00010000"] * 2


async def test_without_short_ids_the_peer_is_told_to_wait(front: Front) -> None:
    front.short_ids._next = front.short_ids._end = 0
    front.short_ids._reserve = None
    client = await front.bound(Version.V33, kind=BindType.TX)
    assert (await client.ask(submit())).command_status == CommandStatus.ESME_RMSGQFUL
    assert front.pipeline.submissions == []


async def test_what_a_version_lacks_is_an_unknown_command_to_it(front: Front) -> None:
    payload = Tlv(Tag.MESSAGE_PAYLOAD.value, b"hello")
    for version, pdus in (
        (Version.V33, [DataSm(destination_addr="4915112345678", tlvs=(payload,))]),
        (Version.V34, [BroadcastSm(), QueryBroadcastSm(message_id="x"), CancelBroadcastSm(message_id="x")]),
    ):
        # The client speaks 5.0, so that it may send them at all; what it announces is what counts.
        client = await front.bound(Version.V50, interface_version=version.value)
        client.connection.session.version = Version.V50
        client.connection.session._enter(client.connection.session.state)
        for pdu in pdus:
            answer = await client.ask(pdu)
            assert isinstance(answer, GenericNack)
            assert answer.command_status == CommandStatus.ESME_RINVCMDID
        client.connection.session.version = version
        client.connection.session._enter(client.connection.session.state)
        assert (await client.ask(submit())).command_status == 0, "the session goes on"


@pytest.mark.parametrize("pdu", [BroadcastSm(), QueryBroadcastSm(message_id="x"), CancelBroadcastSm()])
async def test_broadcasts_are_answered_by_who_knows_of_them(front: Front, pdu: Pdu) -> None:
    client = await front.bound(Version.V50)
    front.broadcasting.status = CommandStatus.ESME_RBCASTFAIL.value
    answer = await client.ask(pdu)
    assert (answer.name, answer.command_status) == (f"{pdu.name}_resp", CommandStatus.ESME_RBCASTFAIL)
    assert [(asked.name, system_id) for asked, system_id in front.broadcasting.asked] == [(pdu.name, "shop")]
    front.broadcasting.status = StorageUnavailable("gone")
    assert (await client.ask(pdu)).command_status == CommandStatus.ESME_RSYSERR


async def test_peers_of_5_0_are_told_how_busy_the_gateway_is(front: Front) -> None:
    front.door.tell_congestion(7)
    old, new = await front.bound(), await front.bound(Version.V50)
    assert (await new.ask(submit())).congestion_state == 7
    front.door.tell_congestion(95)
    assert (await new.ask(submit())).congestion_state == 95
    assert (await old.ask(submit())).congestion_state is None


# --- short ids ---


async def test_blocks_follow_each_other_without_a_gap_in_time() -> None:
    store = StubStore()
    short_ids = ShortIds(store)  # type: ignore[arg-type]
    short_ids.BLOCK = 4
    await short_ids.prepare()
    given = []
    for _ in range(10):
        given.append(short_ids.next())
        if short_ids._fetching is not None:
            await short_ids._fetching
    assert given == [f"{number:08x}" for number in (4, 5, 6, 7, 8, 9, 10, 11, 12, 13)]


async def test_after_the_last_block_they_begin_anew() -> None:
    store = StubStore()
    store.blocks = 0xFFFF
    short_ids = ShortIds(store)  # type: ignore[arg-type]
    await short_ids.prepare()
    assert short_ids.next() == "00000000"


async def test_a_store_that_comes_back_gives_ids_again() -> None:
    store = StubStore()
    short_ids = ShortIds(store)  # type: ignore[arg-type]
    short_ids.BLOCK = 2
    await short_ids.prepare()
    store.fault = StorageUnavailable("gone")
    assert [short_ids.next(), short_ids.next()] == ["00000002", "00000003"]
    for _ in range(2):
        with pytest.raises(Rejected) as raised:
            short_ids.next()
        assert raised.value.reason is Reason.BUSY
        assert short_ids._fetching is not None
        await short_ids._fetching
    store.fault = None
    with pytest.raises(Rejected):
        short_ids.next()
    await short_ids._fetching
    assert short_ids.next() == "00000004"
