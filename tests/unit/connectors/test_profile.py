"""What each field of a connector's profile changes on the wire, and in what is made of it."""

import pytest

from trunkline.model.profile import DetectReceipts, ErrorAction, Profile, ReceiptId
from trunkline.smpp.constants import CommandStatus, Tag
from trunkline.smpp.pdus import DeliverSm
from trunkline.smpp.tlv import c_octets

THROTTLED = CommandStatus.ESME_RTHROTTLED.value
SYSTEM_ERROR = CommandStatus.ESME_RSYSERR.value
BAD_DESTINATION = CommandStatus.ESME_RINVDSTADR.value


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
