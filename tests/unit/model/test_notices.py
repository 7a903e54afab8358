"""Which segment's end brings the receipt, by the account's policy."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.model.message import Message, Segment
from trunkline.model.notices import final_notification
from trunkline.model.snapshot import ReceiptPolicy
from trunkline.model.states import FINAL, SegmentState
from trunkline.model.tlvs import PassedTlvs

NOW = 1_775_824_200_000
S = SegmentState


def make(parts: int, policy: ReceiptPolicy, **fields: Any) -> Message:
    values: dict[str, Any] = {
        "id": "019aa2f4-5a10-7000-8a3c-2f60c1b4d9e7", "account_id": 1, "door": "smpp", "credential": "c",
        "source_addr": "S", "source_ton": 5, "source_npi": 0, "dest_addr": "97150", "dest_ton": 1,
        "dest_npi": 1, "text": "text", "encoding": "gsm7", "data_coding": 0, "protocol_id": 0, "priority": 0,
        "registered_delivery": 1, "dlr_url": None, "expires_at": NOW, "accepted_at": NOW, "route_id": None,
        "connector_id": "x", "rate": 0, "charged": 0, "receipt_policy": policy,
    }  # fmt: skip
    message = Message(**(values | fields))
    message.segments = [
        Segment(message, number, "part", b"", "x", S.SUBMITTED) for number in range(1, parts + 1)
    ]
    return message


def told(message: Message, *ends: tuple[int, SegmentState]) -> list[tuple[int, str]]:
    """After which end the sender was told what."""
    found = []
    for at, (number, state) in enumerate(ends):
        segment = message.segments[number - 1]
        segment.receipt_err = f"{number:03d}"
        segment.become(state, NOW)
        notification = final_notification(segment, segment.receipt_err, NOW)
        if notification is not None:
            found.append((at, notification.payload.stat))
    return found


ENDS = ((2, S.DELIVERED), (1, S.UNDELIVERED), (3, S.EXPIRED))


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        (ReceiptPolicy.ALL, [(2, "UNDELIV")]),
        (ReceiptPolicy.ANY, [(0, "DELIVRD")]),
        (ReceiptPolicy.FIRST, [(1, "UNDELIV")]),
        (ReceiptPolicy.LAST, [(2, "EXPIRED")]),
    ],
)
def test_the_policy_decides(policy: ReceiptPolicy, expected: list[tuple[int, str]]) -> None:
    assert told(make(3, policy), *ENDS) == expected


def test_any_without_a_delivery_waits_for_the_last_end() -> None:
    message = make(3, ReceiptPolicy.ANY)
    assert told(message, (3, S.EXPIRED), (1, S.REJECTED), (2, S.EXPIRED)) == [(2, "REJECTD")]


def test_any_is_told_of_a_delivery_that_comes_last() -> None:
    assert told(make(2, ReceiptPolicy.ANY), (1, S.REJECTED), (2, S.DELIVERED)) == [(1, "DELIVRD")]


def test_the_error_is_that_of_a_segment_that_decided() -> None:
    message = make(2, ReceiptPolicy.ALL)
    message.segments[0].receipt_err = "042"
    message.segments[0].become(S.UNDELIVERED, NOW)
    message.segments[1].become(S.DELIVERED, NOW)
    notification = final_notification(message.segments[1], "000", NOW)
    assert notification is not None
    assert (notification.payload.stat, notification.payload.err) == ("UNDELIV", "042")


@pytest.mark.parametrize("policy", ReceiptPolicy)
@given(data=st.data())
def test_one_receipt_whatever_the_order(policy: ReceiptPolicy, data: st.DataObject) -> None:
    parts = data.draw(st.integers(1, 6))
    order = data.draw(st.permutations(range(1, parts + 1)))
    states = st.sampled_from(sorted(FINAL))
    ends = [(number, data.draw(states)) for number in order]
    found = told(make(parts, policy), *ends)
    assert len(found) == 1
    any_delivered = any(state is S.DELIVERED for _, state in ends)
    all_delivered = all(state is S.DELIVERED for _, state in ends)
    by_number = dict(ends)
    delivered = {
        ReceiptPolicy.ALL: all_delivered,
        ReceiptPolicy.ANY: any_delivered,
        ReceiptPolicy.FIRST: by_number[1] is S.DELIVERED,
        ReceiptPolicy.LAST: by_number[parts] is S.DELIVERED,
    }[policy]
    assert (found[0][1] == "DELIVRD") is delivered


BROUGHT = PassedTlvs(b"\x14\x01\0\1\x05", {"hops": 5})


def test_tlvs_for_an_esme_and_for_a_callback() -> None:
    mine = bytes.fromhex("020400020009" + "14020000")
    message = make(1, ReceiptPolicy.ALL, tlvs=mine)
    message.segments[0].become(S.DELIVERED, NOW)
    notification = final_notification(message.segments[0], "000", NOW, BROUGHT)
    assert notification is not None
    assert notification.payload.tlvs == "1401000105" + "020400020009"
    assert notification.payload.tlv_values is None
    message = make(1, ReceiptPolicy.ALL, tlvs=mine, door="http", dlr_url="https://x.example")
    message.segments[0].become(S.DELIVERED, NOW)
    notification = final_notification(message.segments[0], "000", NOW, BROUGHT)
    assert notification is not None
    assert (notification.payload.tlvs, notification.payload.tlv_values) == ("", {"hops": 5})
