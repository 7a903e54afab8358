"""The gateway as an ESME, to an SMSC that is nothing but octets."""

import pytest

from trunkline.model.message import Message
from trunkline.model.states import MessageState
from trunkline.model.submission import Submission

from .bench import SYSTEM_ID, Bench, eventually, free_port
from .octets import Line, Switchboard
from .sessions import CONNECTOR_BINDS, VERSIONS, bound, called_out

ENQUIRE_LINK = "00 00 00 10 00 00 00 15 00 00 00 00"
ENQUIRE_LINK_RESP = "00 00 00 10 80 00 00 15 00 00 00 00"
RECEIPT = """
    "id:A7 sub:001 dlvrd:001 submit date:2601021530 done date:2601021531 stat:DELIVRD err:000 text:hi"
"""


async def submit(bench: Bench) -> Message:
    gateway = bench.gateway
    sender = gateway.snapshots.current.esmes[SYSTEM_ID].sender
    submission = Submission(sender, "smpp", "447700900001", "hi", "Acme", registered_delivery=1)
    return await gateway.pipeline.accept(submission)


async def become(bench: Bench, message: Message, state: MessageState) -> None:
    """Wait until a message has a state."""

    async def is_there() -> bool:
        detail = await bench.gateway.store.message_detail(message.id)
        return detail is not None and detail.message.state is state

    await eventually(is_there)


async def accept_submit(line: Line) -> None:
    """Take the gateway's submit_sm and give it the id A7."""
    sequence_number, validity = await line.expect("""
        00 00 00 43             | command_length 67
        00 00 00 04             | submit_sm
        00 00 00 00             | command_status
        ..*4                    | sequence_number
        00                      | service_type
        05 00 "Acme" 00         | source_addr
        01 01 "447700900001" 00 | destination_addr
        00                      | esm_class
        00                      | protocol_id
        00                      | priority_flag
        00                      | schedule_delivery_time
        ..*15 "R" 00            | validity_period, relative
        01                      | registered_delivery
        00                      | replace_if_present_flag
        00                      | data_coding
        00                      | sm_default_msg_id
        02                      | sm_length
        "hi"                    | short_message
        """)
    assert validity.isdigit()
    line.send(f"""
        00 00 00 13             | command_length 19
        80 00 00 04             | submit_sm_resp
        00 00 00 00             | command_status
        {sequence_number.hex(" ")}
        "A7" 00                 | message_id
        """)


@pytest.mark.parametrize(
    ("kind", "smpp_version"),
    [
        (kind, version)
        for version in VERSIONS
        for kind in CONNECTOR_BINDS
        if (kind, version) != ("trx_binds", "3.3")
    ],
)
async def test_bind_and_unbind(bench: Bench, switchboard: Switchboard, kind: str, smpp_version: str):
    line = await bound(bench, switchboard, kind, smpp_version)
    line.send(f"{ENQUIRE_LINK} 00 00 00 01")
    await line.expect(f"{ENQUIRE_LINK_RESP} 00 00 00 01")
    await bench.stop_connector()
    (sequence_number,) = await line.expect("00 00 00 10 00 00 00 06 00 00 00 00 ..*4 | unbind")
    line.send(f"00 00 00 10 80 00 00 06 00 00 00 00 {sequence_number.hex(' ')} | unbind_resp")
    await line.ended()


async def test_a_transceiver_in_3_3(bench: Bench, switchboard: Switchboard):
    """3.3 has none: a transmitter and a receiver take its place."""
    await bench.attach(switchboard.port, smpp_version="3.3")
    commands = []
    for _ in range(2):
        line = await switchboard.answer()
        asked = await line.receive()
        commands.append(asked[4:8].hex())
        line.send(f'00 00 00 15 80 00 00 {asked[7]:02x} 00 00 00 00 {asked[12:16].hex(" ")} "SMSC" 00')
    assert sorted(commands) == ["00000001", "00000002"]


async def test_outbind(bench: Bench):
    async with called_out(bench, free_port()) as line:
        line.send(f"{ENQUIRE_LINK} 00 00 00 02")
        await line.expect(f"{ENQUIRE_LINK_RESP} 00 00 00 02")


async def test_unbound_by_the_smsc(bench: Bench, switchboard: Switchboard):
    """The gateway confirms, closes, and binds again."""
    line = await bound(bench, switchboard)
    line.send("00 00 00 10 00 00 00 06 00 00 00 00 00 00 00 05 | unbind")
    await line.expect("00 00 00 10 80 00 00 06 00 00 00 00 00 00 00 05 | unbind_resp")
    await line.ended()
    again = await switchboard.answer()
    assert (await again.receive())[4:8] == b"\0\0\0\x09"


async def test_the_gateway_asks(bench: Bench, switchboard: Switchboard):
    line = await bound(bench, switchboard, enquire_link_s=1)
    for _ in range(2):
        (sequence_number,) = await line.expect(f"{ENQUIRE_LINK} ..*4")
        line.send(f"{ENQUIRE_LINK_RESP} {sequence_number.hex(' ')}")


async def test_submit_sm_and_a_receipt_by_deliver_sm(bench: Bench, switchboard: Switchboard):
    line = await bound(bench, switchboard)
    message = await submit(bench)
    await accept_submit(line)
    await become(bench, message, MessageState.SENT)
    line.send(f"""
        00 00 00 9D             | command_length 157
        00 00 00 05             | deliver_sm
        00 00 00 00             | command_status
        00 00 00 09             | sequence_number
        00                      | service_type
        01 01 "447700900001" 00 | source_addr
        05 00 "Acme" 00         | destination_addr
        04                      | esm_class: a delivery receipt
        00                      | protocol_id
        00                      | priority_flag
        00                      | schedule_delivery_time
        00                      | validity_period
        00                      | registered_delivery
        00                      | replace_if_present_flag
        00                      | data_coding
        00                      | sm_default_msg_id
        60                      | sm_length
        {RECEIPT.strip()}
        00 1E 00 03 "A7" 00     | receipted_message_id
        04 27 00 01 02          | message_state: DELIVERED
        """)
    await line.expect("""
        00 00 00 11             | command_length 17
        80 00 00 05             | deliver_sm_resp
        00 00 00 00             | command_status
        00 00 00 09             | sequence_number
        00                      | message_id
        """)
    await become(bench, message, MessageState.DELIVERED)


async def test_submit_sm_and_a_receipt_by_data_sm(bench: Bench, switchboard: Switchboard):
    line = await bound(bench, switchboard)
    message = await submit(bench)
    await accept_submit(line)
    await become(bench, message, MessageState.SENT)
    line.send("""
        00 00 00 36             | command_length 54
        00 00 01 03             | data_sm
        00 00 00 00             | command_status
        00 00 00 09             | sequence_number
        00                      | service_type
        01 01 "447700900001" 00 | source_addr
        05 00 "Acme" 00         | destination_addr
        04                      | esm_class: a delivery receipt
        00                      | registered_delivery
        00                      | data_coding
        00 1E 00 03 "A7" 00     | receipted_message_id
        04 27 00 01 02          | message_state: DELIVERED
        """)
    await line.expect("00 00 00 11 80 00 01 03 00 00 00 00 00 00 00 09 00 | data_sm_resp")
    await become(bench, message, MessageState.DELIVERED)


async def test_a_refused_submit(bench: Bench, switchboard: Switchboard):
    """submit_sm_resp has no body where the status is an error."""
    line = await bound(bench, switchboard)
    message = await submit(bench)
    submitted = await line.receive()
    line.send(f"00 00 00 10 80 00 00 04 00 00 00 0B {submitted[12:16].hex(' ')} | ESME_RINVDSTADR")
    await become(bench, message, MessageState.REJECTED)


async def test_alert_notification(bench: Bench, switchboard: Switchboard):
    """Nobody answers it, and the session goes on."""
    line = await bound(bench, switchboard)
    line.send("""
        00 00 00 2B             | command_length 43
        00 00 01 02             | alert_notification
        00 00 00 00             | command_status
        00 00 00 09             | sequence_number
        01 01 "447700900001" 00 | source_addr
        05 00 "Acme" 00         | esme_addr
        04 22 00 01 00          | ms_availability_status: available
        """)
    line.send(f"{ENQUIRE_LINK} 00 00 00 0A")
    await line.expect(f"{ENQUIRE_LINK_RESP} 00 00 00 0A")


async def test_generic_nack(bench: Bench, switchboard: Switchboard):
    """An answer like any other: the SMSC did not take the message."""
    line = await bound(bench, switchboard)
    message = await submit(bench)
    submitted = await line.receive()
    line.send(f"00 00 00 10 80 00 00 00 00 00 00 03 {submitted[12:16].hex(' ')} | ESME_RINVCMDID")
    await become(bench, message, MessageState.REJECTED)
    line.send(f"{ENQUIRE_LINK} 00 00 00 0A")
    await line.expect(f"{ENQUIRE_LINK_RESP} 00 00 00 0A")


@pytest.mark.parametrize("kind", CONNECTOR_BINDS)
async def test_a_refused_bind(bench: Bench, switchboard: Switchboard, kind: str):
    """The gateway hangs up and tries again."""
    await bench.attach(switchboard.port, **({"trx_binds": 0} | {kind: 1}))
    for _ in range(2):
        line = await switchboard.answer()
        asked = await line.receive()
        line.send(
            f"00 00 00 10 80 00 00 {CONNECTOR_BINDS[kind]} 00 00 00 05 {asked[12:16].hex(' ')} | ESME_RALYBND"
        )
        await line.ended()
