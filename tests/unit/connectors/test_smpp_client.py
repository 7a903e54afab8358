import asyncio
import random
from dataclasses import replace

import pytest

from tests.unit.kept_pdus import KeptPdus
from trunkline.connectors.smpp_client import SmppSubmitter
from trunkline.model.pdu_log import LogOwner, LogSide
from trunkline.model.profile import ErrorAction
from trunkline.simulator.scenario import Scenario
from trunkline.simulator.smsc import SmscSimulator
from trunkline.smpp.constants import CommandStatus, Tag
from trunkline.smpp.pdus import AlertNotification, DataSm, DeliverSm, GenericNack
from trunkline.smpp.tlv import Tlv, c_octets, octet, short

THROTTLED = CommandStatus.ESME_RTHROTTLED.value
INVALID_DESTINATION = CommandStatus.ESME_RINVDSTADR.value
RECEIPT_TEXT = (
    b"id:1A2B sub:001 dlvrd:001 submit date:2604101229 done date:2604101230 stat:DELIVRD err:000 text:Hello"
)


def receipt(text=RECEIPT_TEXT, **fields):
    return DeliverSm(
        source_addr="971501234567", destination_addr="MYCOMPANY", esm_class=4, short_message=text, **fields
    )


class TestSubmit:
    async def test_an_accepted_segment_carries_what_the_smsc_said(
        self, smsc, start, listener, make_segment, clock
    ):
        submitter = await start()
        smsc.answer = lambda pdu: (0, "00Ab12")
        segment = make_segment("Hello €")

        assert submitter.submit(segment)
        assert (segment.submitted_at, segment.attempts) == (clock.ms, 1)
        await listener.until(lambda: listener.accepted)

        assert listener.accepted == [(segment, "00Ab12")]
        assert segment.smsc_key == "ab12"
        assert submitter.counters.submitted == submitter.counters.accepted == 1
        [pdu] = smsc.submits
        assert pdu.source_addr == "MYCOMPANY"
        assert pdu.destination_addr == "971501234567"
        assert pdu.short_message == b"Hello \x1be"
        assert pdu.validity_period == "000002000000000R"

    async def test_accepted_without_an_id(self, smsc, start, listener, make_segment):
        submitter = await start()
        smsc.answer = lambda pdu: (0, "")
        segment = make_segment()
        submitter.submit(segment)
        await listener.until(lambda: listener.accepted)
        assert listener.accepted == [(segment, None)]
        assert segment.smsc_key is None

    async def test_refused(self, smsc, start, listener, make_segment):
        submitter = await start()
        smsc.answer = lambda pdu: (INVALID_DESTINATION, "")
        segment = make_segment()
        submitter.submit(segment)
        await listener.until(lambda: listener.refused)
        assert listener.refused == [(segment, INVALID_DESTINATION)]
        assert submitter.counters.refused == {INVALID_DESTINATION: 1}
        assert submitter.room == 10

    @pytest.mark.parametrize(("status", "reported"), [(3, 3), (0, CommandStatus.ESME_RUNKNOWNERR.value)])
    async def test_generic_nack_is_a_refusal_whatever_its_status(
        self, smsc, start, listener, make_segment, status, reported
    ):
        submitter = await start()
        smsc.answer = smsc.hold
        submitter.submit(segment := make_segment())
        await smsc.until(lambda: smsc.unanswered)
        connection, pdu = smsc.unanswered.pop()
        connection.respond(GenericNack(command_status=status, sequence_number=pdu.sequence_number))
        await listener.until(lambda: listener.refused)
        assert listener.refused == [(segment, reported)]

    async def test_the_window_is_respected_and_its_move_reported_once(
        self, smsc, start, listener, make_segment
    ):
        submitter = await start(window=3)
        smsc.answer = smsc.hold
        assert [submitter.submit(make_segment()) for _ in range(5)] == [True, True, True, False, False]
        assert (submitter.room, submitter.capacity) == (0, 3)
        await smsc.until(lambda: len(smsc.unanswered) == 3)
        rooms = listener.rooms

        smsc.release()
        await listener.until(lambda: listener.rooms > rooms)

        # All three answers came in one piece, and the listener was told after the last.
        assert len(listener.accepted) == 3
        assert listener.rooms == rooms + 1
        assert submitter.room == 3
        assert len(smsc.submits) == 3

    async def test_a_refused_submit_leaves_no_trace(self, smsc, start, make_segment):
        submitter = await start(window=1)
        smsc.answer = smsc.hold
        assert submitter.submit(make_segment())
        segment = make_segment()
        assert not submitter.submit(segment)
        assert (segment.submitted_at, segment.attempts) == (None, 0)

    async def test_segments_go_to_the_bind_with_most_room(self, smsc, start, listener, make_segment):
        submitter = await start(window=4, trx_binds=1, tx_binds=2, rx_binds=1)
        await listener.until(lambda: submitter.capacity == 12)
        smsc.answer = smsc.hold
        for _ in range(9):
            assert submitter.submit(make_segment())
        in_flight = {each.bind_type: each.in_flight for each in submitter.status().binds}
        assert [each.in_flight for each in submitter.status().binds] == [3, 3, 3, 0]
        assert in_flight["RX"] == 0
        assert submitter.room == 3

    @pytest.mark.parametrize(
        ("changes", "content", "named"),
        [
            ({"default_alphabet": "latin1"}, {"content": "ten €"}, "U+20AC"),
            ({}, {"source_addr": "A" * 30}, "source_addr"),
            ({}, {"content": "not hex", "encoding": "binary", "data_coding": 4}, "hex"),
            ({"source_ton": 300}, {}, "does not fit"),
        ],
    )
    async def test_what_cannot_be_encoded_is_reported_later_and_takes_no_room(
        self, smsc, start, listener, make_segment, changes, content, named
    ):
        submitter = await start(**changes)
        segment = make_segment(**content)
        assert submitter.submit(segment)
        assert not listener.unencodable  # never from within the call
        await listener.until(lambda: listener.unencodable)
        assert listener.unencodable[0][0] is segment
        assert named in listener.unencodable[0][1]
        assert segment.attempts == 0
        assert submitter.room == 10
        assert submitter.counters.unencodable == 1
        assert not smsc.submits

    async def test_an_unknown_alphabet_is_refused_at_once(self, make_config, listener, clock):
        with pytest.raises(ValueError, match="klingon"):
            SmppSubmitter(make_config(default_alphabet="klingon"), listener, clock)


class TestUnknownOutcome:
    async def test_no_answer_in_time(self, smsc, start, listener, make_segment):
        submitter = await start(response_timeout_s=0.05)
        smsc.answer = smsc.hold
        submitter.submit(segment := make_segment())
        await listener.until(lambda: listener.unknown)
        assert listener.unknown == [(segment, "no answer to submit_sm within 0.05 s")]
        assert submitter.room == 10
        assert (submitter.counters.timeouts, submitter.counters.unknown) == (1, 1)

    async def test_a_late_answer_is_told_and_counted_and_the_link_stays(
        self, smsc, start, listener, make_segment
    ):
        submitter = await start(response_timeout_s=0.3)
        smsc.answer = smsc.hold
        submitter.submit(late := make_segment())
        await listener.until(lambda: listener.unknown)
        number = smsc.unanswered[0][1].sequence_number
        smsc.release()
        await listener.until(lambda: listener.late)
        assert listener.late == [(late, f"late-{number}", f"late-{number}")]
        assert late.smsc_key is None  # for the listener to decide
        smsc.answer = smsc.accept
        submitter.submit(segment := make_segment())
        await listener.until(lambda: listener.accepted)
        assert [each for each, _ in listener.accepted] == [segment]
        assert submitter.counters.late_responses == 1
        assert len(smsc.binds) == 1
        smsc.links[0].abort("cut")
        await listener.until(lambda: submitter.counters.reconnects == 1 and submitter.room)
        assert submitter.counters.late_responses == 1  # kept over the end of the link

    async def test_a_late_refusal_is_told(self, smsc, start, listener, make_segment):
        submitter = await start(response_timeout_s=0.05)
        smsc.answer = smsc.hold
        submitter.submit(late := make_segment())
        await listener.until(lambda: listener.unknown)
        [(connection, pdu)] = smsc.unanswered
        connection.respond(pdu.response(THROTTLED))
        await listener.until(lambda: listener.late)
        assert listener.late == [(late, THROTTLED, ErrorAction.SLOW)]
        assert not listener.refused

    async def test_a_lost_link_leaves_the_window_unknown_and_comes_back(
        self, smsc, start, listener, make_segment
    ):
        submitter = await start()
        smsc.answer = smsc.hold
        segments = [make_segment() for _ in range(3)]
        for segment in segments:
            submitter.submit(segment)
        await smsc.until(lambda: len(smsc.unanswered) == 3)

        smsc.links[0].abort("cut")
        await listener.until(lambda: len(listener.unknown) == 3)
        assert [segment for segment, _ in listener.unknown] == segments
        assert "no answer to submit_sm: the connection was lost" in listener.unknown[0][1]
        assert (submitter.room, submitter.capacity) == (0, 0)

        await listener.until(lambda: submitter.capacity == 10)
        assert submitter.room == 10
        assert (submitter.counters.reconnects, submitter.counters.unknown) == (1, 3)
        assert len(smsc.binds) == 2

    async def test_written_in_the_moment_of_the_loss_counts_as_written(
        self, smsc, start, listener, make_segment
    ):
        submitter = await start()
        smsc.links[0].abort("cut")
        # The end has not been noticed yet: this goes to a dead socket.
        assert submitter.submit(segment := make_segment())
        await listener.until(lambda: listener.unknown)
        assert listener.unknown[0][0] is segment
        assert not listener.unsent


class TestReceipts:
    async def test_acknowledged_when_durable(self, smsc, start, listener):
        submitter = await start()
        smsc.deliver(receipt())
        await listener.until(lambda: listener.receipts)
        connector_id, got, acknowledge = listener.receipts[0]
        assert connector_id == "upstream"
        assert got.message_id == "1A2B"
        assert got.keys == ("1a2b", "6699")
        assert (got.stat, got.raw_stat, got.err, got.intermediate) == ("DELIVRD", "DELIVRD", "000", False)
        assert (got.source_addr, got.dest_addr) == ("971501234567", "MYCOMPANY")
        assert got.done_date == 1_775_824_200_000
        assert not smsc.responses

        acknowledge(True)
        await smsc.until(lambda: smsc.responses)
        assert smsc.responses[0][1].command_status == 0
        assert submitter.counters.receipts == 1

    async def test_not_durable_asks_for_a_repetition(self, smsc, start, listener):
        await start()
        smsc.deliver(receipt())
        await listener.until(lambda: listener.receipts)
        listener.receipts[0][2](False)
        await smsc.until(lambda: smsc.responses)
        assert smsc.responses[0][1].command_status == CommandStatus.ESME_RX_T_APPN

    async def test_on_a_receiver_bind(self, smsc, start, listener):
        submitter = await start(bound=False, trx_binds=0, rx_binds=1)
        await smsc.until(lambda: smsc.links)
        smsc.deliver(receipt())
        await listener.until(lambda: listener.receipts)
        listener.receipts[0][2](True)
        await smsc.until(lambda: smsc.responses)
        assert (submitter.room, submitter.capacity) == (0, 0)
        assert not submitter.status().bound

    async def test_in_a_data_sm_by_tlvs_alone(self, smsc, start, listener):
        await start(message_id_format="text")
        tlvs = (c_octets(Tag.RECEIPTED_MESSAGE_ID, "00Ff"), octet(Tag.MESSAGE_STATE, 5))
        smsc.deliver(DataSm(source_addr="971501234567", esm_class=4, tlvs=tlvs))
        await listener.until(lambda: listener.receipts)
        got = listener.receipts[0][1]
        assert (got.message_id, got.keys, got.stat) == ("00Ff", ("00Ff",), "UNDELIV")
        listener.receipts[0][2](True)
        await smsc.until(lambda: smsc.responses)
        assert smsc.responses[0][1].name == "data_sm_resp"

    async def test_without_an_id(self, smsc, start, listener):
        await start()
        smsc.deliver(receipt(b"nothing of use"))
        await listener.until(lambda: listener.receipts)
        got = listener.receipts[0][1]
        assert (got.message_id, got.keys, got.stat) == (None, (), "UNKNOWN")

    async def test_acknowledging_after_the_link_is_gone_does_nothing(self, smsc, start, listener):
        submitter = await start()
        smsc.deliver(receipt())
        await listener.until(lambda: listener.receipts)
        smsc.links[0].abort("cut")
        await listener.until(lambda: submitter.counters.reconnects == 1 and submitter.capacity)
        listener.receipts[0][2](True)
        smsc.deliver(receipt())
        await listener.until(lambda: len(listener.receipts) == 2)
        listener.receipts[1][2](True)
        await smsc.until(lambda: smsc.responses)
        assert len(smsc.responses) == 1

    async def test_a_handsets_message_is_no_receipt(self, smsc, start, listener):
        await start()
        smsc.deliver(DeliverSm(source_addr="971501234567", destination_addr="4040", short_message=b"STOP"))
        await listener.until(lambda: listener.inbound)
        connector_id, message, acknowledge = listener.inbound[0]
        assert connector_id == "upstream"
        assert (message.source_addr, message.dest_addr, message.user_data) == (
            "971501234567",
            "4040",
            b"STOP",
        )
        assert not listener.receipts
        acknowledge(False)
        await smsc.until(lambda: smsc.responses)
        assert smsc.responses[0][1].command_status == CommandStatus.ESME_RX_T_APPN

    async def test_the_end_of_the_connection_that_a_message_came_over_is_told(self, smsc, start, listener):
        """What was answered over it may come again over the next, which has another number."""
        submitter = await start()
        message = DeliverSm(source_addr="971501234567", destination_addr="4040", short_message=b"STOP")
        smsc.deliver(message)
        await listener.until(lambda: listener.inbound)
        link = listener.inbound[0][1].link
        assert link not in listener.links_lost
        smsc.links[0].abort("cut")
        await listener.until(lambda: link in listener.links_lost)
        await listener.until(lambda: submitter.counters.reconnects == 1 and submitter.capacity)
        smsc.deliver(message)
        await listener.until(lambda: len(listener.inbound) == 2)
        assert listener.inbound[1][1].link != link

    async def test_what_a_message_brings_along_is_read(self, smsc, start, listener):
        await start()
        tlvs = (
            short(Tag.SAR_MSG_REF_NUM, 300),
            octet(Tag.SAR_TOTAL_SEGMENTS, 2),
            octet(Tag.SAR_SEGMENT_SEQNUM, 1),
            short(Tag.DESTINATION_PORT, 2948),
            short(Tag.SOURCE_PORT, 9200),
            short(Tag.USER_MESSAGE_REFERENCE, 7),
        )
        smsc.deliver(DataSm(source_addr="49170", tlvs=(*tlvs, Tlv(Tag.MESSAGE_PAYLOAD.value, b"Hi"))))
        smsc.deliver(DataSm(source_addr="49170", tlvs=(tlvs[0], tlvs[2])))
        await listener.until(lambda: len(listener.inbound) == 2)
        whole, half = (message for _, message, _ in listener.inbound)
        assert (whole.user_data, whole.sar) == (b"Hi", (300, 2, 1))
        assert (whole.dest_port, whole.source_port, whole.user_reference) == (2948, 9200, 7)
        assert half.sar is None

    async def test_alert_notification_is_counted_and_not_answered(self, smsc, start, listener):
        submitter = await start()
        smsc.links[0].send(AlertNotification(source_addr="971501234567"))
        smsc.deliver(receipt())
        await listener.until(lambda: listener.receipts)
        listener.receipts[0][2](True)
        await smsc.until(lambda: smsc.responses)
        assert [pdu.name for _, pdu in smsc.responses] == ["deliver_sm_resp"]
        assert submitter.counters.alerts == 1


class TestRate:
    async def test_throughput_is_kept(self, smsc, start, listener, make_segment):
        await start(throughput=200, window=100)
        loop = asyncio.get_running_loop()
        listener.to_send = [make_segment() for _ in range(60)]
        began = loop.time()
        listener.pump()
        await listener.until(lambda: len(listener.accepted) == 60)
        # A burst of 20 ms is 4; the other 56 take 280 ms.
        assert loop.time() - began >= 0.25
        assert len(smsc.submits) == 60

    async def test_no_tokens_is_no_room(self, smsc, start, listener, make_segment):
        submitter = await start(throughput=50)
        rooms = listener.rooms
        assert submitter.room == 1
        assert submitter.submit(make_segment())
        assert submitter.room == 0
        assert not submitter.submit(make_segment())
        # Nothing but the timer can give room: the answer is not there when the rate allows the next.
        await listener.until(lambda: listener.rooms > rooms and submitter.room)

    async def test_a_throttling_smsc_is_not_hammered(self, smsc, start, listener, make_segment):
        submitter = await start(window=20)
        smsc.answer = lambda pdu: (THROTTLED, "")
        listener.to_send = [make_segment() for _ in range(200)]
        listener.pump()
        await listener.until(lambda: len(listener.refused) >= 20)
        assert submitter.room == 0
        assert submitter.capacity == 20  # it is bound all the same
        # Later probes are few: the limit allows a burst of two after each pause.
        await listener.until(lambda: len(listener.refused) > 20)
        assert len(listener.refused) <= 25

        smsc.answer = smsc.accept
        await listener.until(lambda: len(listener.accepted) >= 20)

    async def test_a_single_temporary_error_does_not_slow_down(self, smsc, start, listener, make_segment):
        submitter = await start(window=20)
        answers = iter([(CommandStatus.ESME_RSYSERR.value, "")])
        smsc.answer = lambda pdu: next(answers, (0, "1")) if len(smsc.submits) > 10 else (0, "1")
        listener.to_send = [make_segment() for _ in range(20)]
        listener.pump()
        await listener.until(lambda: len(listener.accepted) == 19 and listener.refused)
        assert submitter.room == 20

    async def test_a_congested_transport_is_no_room(self, smsc, start, listener, make_segment):
        submitter = await start(window=1000, long_message="payload")
        smsc.links[0].pause_reading()
        text = "я" * 30_000
        sent = 0
        while submitter.room:
            assert submitter.submit(make_segment(text, encoding="ucs2", data_coding=8))
            sent += 1
            await asyncio.sleep(0)  # lets the batch be written
        assert sent < 1000
        assert submitter.capacity == 1000
        rooms = listener.rooms
        smsc.links[0].resume_reading()
        await listener.until(lambda: listener.rooms > rooms and submitter.room)
        await listener.until(lambda: len(listener.accepted) == sent)
        assert smsc.submits[0].tlvs == (Tlv(Tag.MESSAGE_PAYLOAD, text.encode("utf-16-be")),)


class TestStop:
    async def test_waits_for_answers_then_unbinds(self, smsc, start, listener, make_segment):
        submitter = await start()
        smsc.answer = smsc.hold
        submitter.submit(segment := make_segment())
        await smsc.until(lambda: smsc.unanswered)
        stopping = asyncio.create_task(submitter.stop(10))
        await asyncio.sleep(0)
        assert (submitter.room, submitter.capacity) == (0, 0)
        assert not submitter.submit(make_segment())
        assert not submitter.status().running
        # There and back again, and still no unbind: it waits for the answer.
        smsc.deliver(receipt())
        await listener.until(lambda: listener.receipts)
        listener.receipts[0][2](True)
        await smsc.until(lambda: smsc.responses)
        assert smsc.unbinds == 0
        smsc.release()
        await stopping
        assert [each for each, _ in listener.accepted] == [segment]
        assert smsc.unbinds == 1
        assert not listener.unknown
        [bind] = submitter.status().binds
        assert (bind.state, bind.detail) == ("CLOSED", "stopped")

    async def test_waits_for_receipts_to_be_acknowledged(self, smsc, start, listener):
        submitter = await start()
        smsc.deliver(receipt())
        await listener.until(lambda: listener.receipts)
        stopping = asyncio.create_task(submitter.stop(10))
        await asyncio.sleep(0)
        listener.receipts[0][2](True)
        await stopping
        assert smsc.responses[0][1].command_status == 0

    async def test_what_is_left_is_unknown(self, smsc, start, listener, make_segment):
        submitter = await start()
        smsc.answer = smsc.hold
        submitter.submit(segment := make_segment())
        await smsc.until(lambda: smsc.unanswered)
        await submitter.stop(0.01)
        assert [each for each, _ in listener.unknown] == [segment]
        assert smsc.unbinds == 1

    async def test_a_link_lost_while_draining_is_not_bound_again(self, smsc, start, listener, make_segment):
        submitter = await start(trx_binds=2, response_timeout_s=0.3)
        await listener.until(lambda: submitter.capacity == 20)
        smsc.answer = smsc.hold
        segments = [make_segment(), make_segment()]
        for segment in segments:
            submitter.submit(segment)
        await smsc.until(lambda: len(smsc.unanswered) == 2)
        stopping = asyncio.create_task(submitter.stop(10))
        await asyncio.sleep(0)
        smsc.links[0].abort("cut")
        # The other one drains until its answer is given up: many times as long as a new bind would take.
        await stopping
        assert {id(each) for each, _ in listener.unknown} == {id(each) for each in segments}
        assert submitter.counters.timeouts == 1
        assert len(smsc.binds) == 2

    async def test_twice_and_unstarted(self, smsc, start, make_config, listener, clock):
        submitter = await start()
        await submitter.start()
        await submitter.stop(1)
        await submitter.stop(1)
        assert len(smsc.binds) == 1
        unstarted = SmppSubmitter(make_config(), listener, clock, rng=random.Random(1))
        await unstarted.stop(1)
        assert not unstarted.status().running


class TestRoughWeather:
    @pytest.mark.parametrize("seed", range(3))
    async def test_every_segment_is_reported_exactly_once(
        self, listener, clock, make_config, make_segment, seed
    ):
        scenario = Scenario(
            seed=seed,
            response_jitter_ms=2,
            error_share=0.1,
            no_answer_share=0.01,
            drop_link_every=211,
            receipt_jitter_ms=5,
            duplicate_share=0.1,
            response_id_format="hex",
            receipt_id_format="decimal",
        )
        smsc = SmscSimulator("127.0.0.1", 0, scenario)
        await smsc.start()
        config = make_config(port=smsc.port, trx_binds=2, rx_binds=1, window=20, response_timeout_s=0.2)
        submitter = SmppSubmitter(config, listener, clock)
        listener.submitter = submitter
        segments = [make_segment(dest_addr=f"97150{n:07d}") for n in range(2000)]
        listener.to_send = list(segments)
        listener.acknowledging = True

        def reported():
            return len(listener.accepted) + len(listener.refused) + len(listener.unknown)

        await submitter.start()
        await listener.until(lambda: reported() >= len(segments))
        await submitter.stop(5)
        await smsc.stop()

        outcomes = [each for each, _ in (*listener.accepted, *listener.refused, *listener.unknown)]
        assert sorted(map(id, outcomes)) == sorted(map(id, segments))
        counters = submitter.counters
        assert counters.submitted == len(segments)
        assert counters.accepted == len(listener.accepted) > 1000
        assert sum(counters.refused.values()) == len(listener.refused) > 100
        assert counters.unknown == len(listener.unknown) > counters.timeouts
        # Nine links dropped; the last may be away still when the last outcome is there.
        assert counters.reconnects >= 8
        # What a receipt tells of was submitted, and its first key is the one that was given.
        keys = {segment.smsc_key: segment.message.dest_addr for segment, _ in listener.accepted}
        matched = [got for _, got, _ in listener.receipts if got.keys[0] in keys]
        assert len(matched) > 100
        assert all(keys[got.keys[0]] == got.source_addr for got in matched)


LOGGED_BIND = [("written", "bind_transceiver"), ("read", "bind_transceiver_resp")]
LOGGED_SUBMIT = [("written", "submit_sm"), ("read", "submit_sm_resp")]


class TestStatus:
    async def test_when_it_was_answered_and_had_a_receipt_last(
        self, smsc, start, listener, make_segment, clock
    ):
        submitter = await start()
        status = submitter.status()
        assert (status.last_submit_at, status.last_receipt_at) == (0, 0)
        submitter.submit(make_segment())
        await listener.until(lambda: listener.accepted)
        assert submitter.status().last_submit_at == clock.ms
        clock.ms += 1000
        smsc.deliver(receipt())
        await listener.until(lambda: listener.receipts)
        status = submitter.status()
        assert (status.last_submit_at, status.last_receipt_at) == (clock.ms - 1000, clock.ms)
        listener.receipts[0][2](True)


class TestPduLog:
    async def test_everything_from_the_bind_to_the_unbind(self, start, listener, make_segment, pdu_log):
        submitter = await start(pdu_log=True)
        submitter.submit(make_segment())
        await listener.until(lambda: listener.accepted)
        await submitter.stop(1)
        assert pdu_log.of["connectors/upstream"][:4] == LOGGED_BIND + LOGGED_SUBMIT
        assert ("written", "unbind") in pdu_log.of["connectors/upstream"]

    async def test_nothing_where_it_is_switched_off(self, start, listener, make_segment, pdu_log):
        submitter = await start()
        submitter.submit(make_segment())
        await listener.until(lambda: listener.accepted)
        assert pdu_log.of == {}

    async def test_switched_on_and_off_without_a_new_bind(self, smsc, start, listener, make_segment, pdu_log):
        submitter = await start()
        config = submitter.config
        assert submitter.adopt(replace(config, provider="Example Telecom"))
        assert submitter.adopt(replace(config, pdu_log=True))
        assert submitter.config.pdu_log
        submitter.submit(make_segment())
        await listener.until(lambda: listener.accepted)
        assert submitter.adopt(config)
        submitter.submit(make_segment())
        await listener.until(lambda: len(listener.accepted) == 2)
        assert pdu_log.of == {"connectors/upstream": LOGGED_SUBMIT}
        assert len(smsc.binds) == 1

    async def test_a_bind_made_after_the_switch_is_logged_too(self, smsc, start, listener, pdu_log):
        submitter = await start()
        assert submitter.adopt(replace(submitter.config, pdu_log=True))
        rooms = listener.rooms
        smsc.links[0].abort("the test")
        await listener.until(lambda: listener.rooms > rooms)
        assert pdu_log.of == {"connectors/upstream": LOGGED_BIND}

    async def test_nothing_else_is_taken_over(self, start):
        submitter = await start()
        config = submitter.config
        assert not submitter.adopt(replace(config, pdu_log=True, window=config.window + 1))
        assert submitter.config is config


class Onlooker:
    """Implements PduWatcher: keeps the names of what passes."""

    def __init__(self):
        self.kept = KeptPdus()

    def tap(self, connection_id):
        return self.kept.tap(connection_id, LogOwner(LogSide.CONNECTORS, "seen", "gsm7"))

    @property
    def seen(self):
        return self.kept.of.get("connectors/seen", [])


class TestWatching:
    async def test_beside_the_log_and_no_longer_than_wanted(self, start, listener, make_segment, pdu_log):
        submitter = await start(pdu_log=True)
        logged_before = len(pdu_log.of["connectors/upstream"])
        one, other = Onlooker(), Onlooker()
        submitter.watch([one, other])
        submitter.submit(make_segment())
        await listener.until(lambda: listener.accepted)
        assert one.seen == other.seen == LOGGED_SUBMIT
        submitter.watch([])
        submitter.submit(make_segment())
        await listener.until(lambda: len(listener.accepted) == 2)
        assert one.seen == LOGGED_SUBMIT
        assert pdu_log.of["connectors/upstream"][logged_before:] == LOGGED_SUBMIT * 2

    async def test_nobody_looks_nothing_is_tapped(self, start):
        submitter = await start()
        [link] = submitter._all_links()
        assert link.connection.tap is None
        submitter.watch([Onlooker()])
        assert link.connection.tap is not None
        submitter.watch([])
        assert link.connection.tap is None

    async def test_a_bind_made_meanwhile_is_seen_from_its_first_octet(self, smsc, start, listener):
        submitter = await start()
        onlooker = Onlooker()
        submitter.watch([onlooker])
        rooms = listener.rooms
        smsc.links[0].abort("the test")
        await listener.until(lambda: listener.rooms > rooms)
        assert onlooker.seen == LOGGED_BIND
