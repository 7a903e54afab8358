"""What each field of a connector's profile changes on the wire, and in what is made of it."""

import asyncio
import socket
from dataclasses import replace

import pytest

from tests.unit.waiting import comes_true
from trunkline.connectors.pacing import AdaptiveRate
from trunkline.connectors.smpp_bind import timers_of
from trunkline.connectors.smpp_client import SmppSubmitter
from trunkline.model.profile import (
    DetectReceipts,
    ErrorAction,
    PassTlvs,
    Profile,
    ReceiptId,
    SplitTransceivers,
)
from trunkline.simulator.certificates import Authority
from trunkline.smpp.asyncio import connect_outbind
from trunkline.smpp.codec import FrameDecoder, encode
from trunkline.smpp.constants import CommandStatus, Tag, Version
from trunkline.smpp.pdus import BindTransceiver, DeliverSm
from trunkline.smpp.tlv import Tlv, c_octets, encode_tlvs

THROTTLED = CommandStatus.ESME_RTHROTTLED.value
SYSTEM_ERROR = CommandStatus.ESME_RSYSERR.value
BAD_DESTINATION = CommandStatus.ESME_RINVDSTADR.value


@pytest.fixture
def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


async def answer_binds_alone(reader, writer):
    decoder = FrameDecoder()
    while data := await reader.read(4096):
        for pdu in decoder.feed(data):
            if isinstance(pdu, BindTransceiver):
                writer.write(encode(pdu.response(system_id="deaf")))
    writer.close()


class TestBinds:
    @pytest.mark.parametrize(("word", "version"), [("3.3", 0x33), ("3.4", 0x34), ("5.0", 0x50)])
    async def test_the_version_is_said(self, smsc, start, listener, word, version):
        await start(bound=False, smpp_version=word)
        await smsc.until(lambda: smsc.links)
        assert {pdu.interface_version for pdu in smsc.binds} == {version}

    async def test_another_interface_version_and_an_address_range(self, smsc, start, listener):
        await start(profile=Profile(interface_version=0, addr_ton=1, addr_npi=1, address_range="^4477"))
        [pdu] = smsc.binds
        assert pdu.interface_version == 0
        assert (pdu.addr_ton, pdu.addr_npi, pdu.address_range) == (1, 1, "^4477")

    @pytest.mark.parametrize(
        "changes",
        [{"smpp_version": "3.3"}, {"profile": Profile(split_transceivers=SplitTransceivers.ALWAYS)}],
    )
    async def test_two_binds_in_place_of_a_transceiver(self, smsc, start, listener, changes):
        submitter = await start(trx_binds=2, rx_binds=1, **changes)
        await smsc.until(lambda: len(smsc.links) == 5)
        assert sorted(pdu.name for pdu in smsc.binds) == ["bind_receiver"] * 3 + ["bind_transmitter"] * 2
        assert [each.bind_type for each in submitter.status().binds] == ["TX", "TX", "RX", "RX", "RX"]

    async def test_an_smsc_that_knows_no_transceiver(self, make_smsc, start, listener, make_segment):
        old = await make_smsc(Version.V33)
        submitter = await start(port=old.port)
        await old.until(lambda: len(old.links) == 2)
        assert sorted(pdu.name for pdu in old.binds) == ["bind_receiver", "bind_transmitter"]
        submitter.submit(make_segment())
        await listener.until(lambda: listener.accepted)
        receiver = next(link for link in old.links if link.session.state.value == "BOUND_RX")
        receiver.send(DeliverSm(esm_class=4, short_message=b"id:id-1 stat:DELIVRD"))
        await listener.until(lambda: listener.receipts)
        listener.receipts[0][2](True)
        await submitter.stop(20)
        assert [each.state for each in submitter.status().binds] == ["CLOSED", "CLOSED"]
        assert old.unbinds == 2

    async def test_a_transceiver_and_nothing_else(self, smsc, start, listener):
        smsc.bind_statuses = [CommandStatus.ESME_RINVCMDID.value]
        await start(profile=Profile(split_transceivers=SplitTransceivers.NEVER))
        assert [pdu.name for pdu in smsc.binds] == ["bind_transceiver"] * 2

    @pytest.mark.parametrize(("ours", "theirs"), [("3.3", None), ("3.4", 0x33), ("5.0", 0x33)])
    async def test_an_smsc_of_3_3_gets_no_tlvs(self, smsc, start, listener, make_segment, ours, theirs):
        smsc.sc_interface_version = theirs
        submitter = await start(smpp_version=ours, profile=Profile((), PassTlvs.ALL))
        # What cannot do without them is not sent in loose parts, or without its text.
        for loose in (
            make_segment("part", sar_reference=7, parts=2),
            make_segment("x" * 300, encoding="latin1", data_coding=3),
        ):
            submitter.submit(loose)
        submitter.submit(make_segment(tlvs=encode_tlvs([Tlv(0x1401, b"red")])))
        await listener.until(lambda: listener.accepted)
        assert [why.split("3.3 ")[1] for _, why in listener.unencodable] == [
            "has no SAR TLVs, and without them its part is not known",
            "has no message_payload, and without it no text is left",
        ]
        assert [pdu.tlvs for pdu in smsc.submits] == [()]

    def test_the_time_to_answer_enquire_link(self, make_config):
        assert timers_of(make_config(response_timeout_s=7)).enquire_link_response == 7
        profile = Profile(enquire_link_timeout_s=2.5)
        timers = timers_of(make_config(response_timeout_s=7, enquire_link_s=40, profile=profile))
        assert (timers.enquire_link, timers.enquire_link_response, timers.response) == (40, 2.5, 7)

    async def test_a_peer_that_does_not_answer_enquire_link_is_bound_anew(self, make_config, listener, clock):
        def deaf(reader, writer):
            return asyncio.create_task(answer_binds_alone(reader, writer))

        server = await asyncio.start_server(deaf, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        profile = Profile(enquire_link_timeout_s=0.05)
        submitter = SmppSubmitter(
            make_config(port=port, enquire_link_s=0.05, profile=profile), listener, clock
        )
        await submitter.start()
        await listener.until(lambda: submitter.counters.reconnects >= 2)
        await submitter.stop(0)
        server.close()


class TestCongestion:
    @pytest.mark.parametrize(
        ("limit", "state", "slower"), [(90, 89, False), (90, 90, True), (60, 70, True), (0, 100, False)]
    )
    async def test_an_smsc_that_can_hardly_take_more(
        self, make_smsc, start, listener, make_segment, limit, state, slower
    ):
        busy = await make_smsc(Version.V50)
        submitter = await start(
            port=busy.port, smpp_version="5.0", profile=Profile(slow_at_congestion=limit), window=100
        )
        link = submitter._binds[0].link
        link.pace = AdaptiveRate(link._time() - 2)  # two seconds have gone by
        listener.to_send = [make_segment() for _ in range(50)]
        listener.pump()
        await listener.until(lambda: len(listener.accepted) == 50)
        assert not link.pace.limited
        link.pace._slot_at -= 2  # and two more, with 50 accepted in them
        link.pace.settle(link._time(), 1)
        busy.congestion_state = state
        submitter.submit(make_segment())
        await listener.until(lambda: len(listener.accepted) == 51)
        assert link.pace.limited == slower

    async def test_before_5_0_nothing_is_read_of_it(self, smsc, start, listener, make_segment):
        smsc.congestion_state = 100
        submitter = await start(smpp_version="5.0")  # the SMSC speaks 3.4
        assert not submitter._binds[0].link._heeds_congestion


class TestOutbind:
    PROFILE = Profile(outbind_system_id="smsc", outbind_password="knock", outbind_host="127.0.0.1")

    async def ask(self, smsc, port, **words):
        credentials = {"system_id": "smsc", "password": "knock"} | words
        return await connect_outbind("127.0.0.1", port, smsc.handle, **credentials)

    async def listening(self, start, port, **changes):
        submitter = await start(bound=False, profile=replace(self.PROFILE, outbind_port=port), **changes)
        await comes_true(lambda: submitter.status().binds[-1].state == "OPEN")
        return submitter

    async def test_the_receiver_binds_back_and_takes_receipts(self, smsc, start, listener, free_port):
        submitter = await self.listening(start, free_port, trx_binds=0, system_type="VMA")
        await self.ask(smsc, free_port)
        await smsc.until(lambda: smsc.links)
        [pdu] = smsc.binds
        assert (pdu.name, pdu.system_id, pdu.password) == ("bind_receiver", "trunkline", "secret")
        assert pdu.system_type == "VMA"
        smsc.deliver(DeliverSm(esm_class=4, short_message=b"id:1 stat:DELIVRD"))
        await listener.until(lambda: listener.receipts)
        listener.receipts[0][2](True)
        await smsc.until(lambda: smsc.responses)
        waiting, bind = submitter.status().binds
        assert (waiting.state, waiting.local, waiting.remote) == ("OPEN", f"127.0.0.1:{free_port}", "")
        assert (bind.bind_type, bind.state) == ("RX", "BOUND_RX")
        await submitter.stop(5)
        assert smsc.unbinds == 1
        [waiting] = submitter.status().binds
        assert (waiting.state, waiting.detail) == ("CLOSED", "stopped")

    async def test_with_tls_there_is_no_outbind_without(self, smsc, start, free_port):
        authority = Authority()
        pair = authority.issue("localhost")
        ours = {"tls": True, "tls_certificate": pair.certificate, "tls_key": pair.key}
        await self.listening(start, free_port, trx_binds=0, **ours)
        plain = await self.ask(smsc, free_port)
        await plain.wait_closed()
        assert not smsc.binds
        trusting = authority.client_context()
        await self.ask(smsc, free_port, ssl=trusting, server_hostname="localhost")
        await smsc.until(lambda: smsc.links)
        assert [pdu.name for pdu in smsc.binds] == ["bind_receiver"]

    @pytest.mark.parametrize("words", [{"password": "other"}, {"system_id": "other"}, {"password": ""}])
    async def test_a_stranger_is_turned_away(self, smsc, start, listener, free_port, words):
        await self.listening(start, free_port)
        connection = await self.ask(smsc, free_port, **words)
        await connection.wait_closed()
        assert [pdu.name for pdu in smsc.binds] == ["bind_transceiver"]

    async def test_the_bind_may_be_refused_and_asked_for_again(self, smsc, start, listener, free_port):
        submitter = await self.listening(start, free_port, trx_binds=0)
        smsc.bind_statuses = [CommandStatus.ESME_RBINDFAIL.value]
        connection = await self.ask(smsc, free_port)
        await connection.wait_closed()
        connection = await self.ask(smsc, free_port)
        await smsc.until(lambda: smsc.links)
        connection.abort("cut")
        await comes_true(lambda: len(submitter.status().binds) == 1 and submitter.counters.reconnects)

    async def test_a_host_that_does_not_exist_is_said(self, start):
        profile = replace(self.PROFILE, outbind_port=2776, outbind_host="a..b")
        submitter = await start(bound=False, trx_binds=0, profile=profile)
        await comes_true(lambda: "cannot listen on a..b:2776" in submitter.status().binds[0].detail)

    async def test_a_port_that_is_taken_is_said_and_tried_again(self, start, listener, free_port):
        with socket.socket() as other:
            other.bind(("127.0.0.1", free_port))
            other.listen()
            profile = replace(self.PROFILE, outbind_port=free_port)
            submitter = await start(bound=False, trx_binds=0, profile=profile)
            await comes_true(lambda: "cannot listen on" in submitter.status().binds[0].detail)
            assert submitter.status().binds[0].state == "CLOSED"
        await comes_true(lambda: submitter.status().binds[0].state == "OPEN")


class TestRefusals:
    @pytest.mark.parametrize(
        ("profile", "status", "action", "slowed"),
        [
            (Profile(), THROTTLED, ErrorAction.SLOW, True),
            (Profile(), SYSTEM_ERROR, ErrorAction.RETRY, True),  # the only answer there is: most of them
            (Profile(), BAD_DESTINATION, ErrorAction.REJECT, False),
            (Profile(), 0x401, ErrorAction.REJECT, False),
            (Profile(error_actions={THROTTLED: ErrorAction.REJECT}), THROTTLED, ErrorAction.REJECT, False),
            (Profile(error_actions={0x401: ErrorAction.SLOW}), 0x401, ErrorAction.SLOW, True),
            (Profile(error_actions={0x401: ErrorAction.RETRY}), 0x401, ErrorAction.RETRY, True),
        ],
    )
    async def test_what_is_done_about_them(
        self, smsc, start, listener, make_segment, profile, status, action, slowed
    ):
        submitter = await start(profile=profile)
        smsc.answer = lambda pdu: (status, "")
        submitter.submit(make_segment())
        await listener.until(lambda: listener.refused)
        assert (listener.refused[0][1], listener.actions) == (status, [action])
        assert submitter._binds[0].link.pace.limited == slowed

    async def test_each_bind_has_a_pace_of_its_own(self, smsc, start, listener, make_segment):
        submitter = await start(trx_binds=2)
        await listener.until(lambda: submitter.capacity == 20)
        smsc.answer = lambda pdu: (THROTTLED, "")
        submitter.submit(make_segment())
        await listener.until(lambda: listener.refused)
        assert sorted(bind.link.pace.limited for bind in submitter._binds) == [False, True]
        assert submitter.room == 10

    async def test_a_retry_has_a_new_sequence_number(self, smsc, start, listener, make_segment):
        submitter = await start()
        smsc.answer = lambda pdu: (THROTTLED, "") if len(smsc.submits) == 1 else (0, "1")
        segment = make_segment()
        submitter.submit(segment)
        await listener.until(lambda: listener.refused)
        listener.to_send = [segment]
        await listener.until(lambda: listener.accepted)
        first, second = smsc.submits
        assert second.sequence_number > first.sequence_number
        assert second.destination_addr == first.destination_addr


class TestReceipts:
    @pytest.mark.parametrize(
        ("profile", "text", "message_id", "stat", "raw_stat"),
        [
            (Profile(), b"id:1A stat:FAILED", "tlv", "UNDELIV", "FAILED"),
            (Profile(receipt_id=ReceiptId.TEXT), b"id:1A stat:FAILED", "1A", "UNDELIV", "FAILED"),
            (Profile(status_map={"3": "EXPIRED"}), b"id:1A stat:3", "tlv", "EXPIRED", "3"),
            (
                Profile(receipt_patterns=("{id} is {stat}",)),
                b"1A is delivered",
                "tlv",
                "DELIVRD",
                "delivered",
            ),
        ],
    )
    async def test_reading(self, smsc, start, listener, profile, text, message_id, stat, raw_stat):
        await start(profile=profile, message_id_format="text")
        tlvs = (c_octets(Tag.RECEIPTED_MESSAGE_ID, "tlv"),)
        smsc.deliver(DeliverSm(source_addr="971501234567", esm_class=4, short_message=text, tlvs=tlvs))
        await listener.until(lambda: listener.receipts)
        got = listener.receipts[0][1]
        assert (got.message_id, got.stat, got.raw_stat) == (message_id, stat, raw_stat)
        assert got.keys == (message_id,)

    @pytest.mark.parametrize(
        ("detect", "receipts"), [(DetectReceipts.TEXT, 1), (DetectReceipts.ESM_CLASS, 0)]
    )
    async def test_what_tells_a_receipt(self, smsc, start, listener, detect, receipts):
        await start(profile=Profile(detect_receipts=detect))
        smsc.deliver(DeliverSm(source_addr="971501234567", short_message=b"id:1 stat:DELIVRD"))
        await listener.until(lambda: listener.receipts or listener.inbound)
        assert (len(listener.receipts), len(listener.inbound)) == (receipts, 1 - receipts)
