"""What each field of a connector's profile changes on the wire, and in what is made of it."""

import pytest

from trunkline.model.profile import DetectReceipts, Profile, ReceiptId
from trunkline.smpp.constants import Tag
from trunkline.smpp.pdus import DeliverSm
from trunkline.smpp.tlv import c_octets


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
