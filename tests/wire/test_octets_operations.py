"""submit_multi, query_sm, cancel_sm, replace_sm and broadcasts of an ESME that is nothing but octets."""

import pytest

from trunkline.model.profile import Profile

from .bench import Bench, eventually, free_port
from .octets import Line, Switchboard, dial
from .sessions import bind, bound

VERSIONS = ["33", "34", "50"]
ID_SIZE = {"33": 8, "34": 36, "50": 36}
TOLD = {"33": "", "34": "", "50": "04 28 00 01 .."}  # congestion_state, in every answer since 5.0
SOURCE = '05 00 "Acme" 00'
KIND = {"33": "transmitter", "34": "transceiver", "50": "transceiver"}


def length(version: str, octets: int) -> str:
    """A command_length, with room for what the version adds to an answer."""
    return (octets + (5 if version == "50" else 0)).to_bytes(4, "big").hex(" ")


async def submit(line: Line, version: str) -> str:
    """Submit a message; its id, as hex."""
    line.send(f"""
        00 00 00 33 00 00 00 04 00 00 00 00 00 00 00 02 | submit_sm
        00 {SOURCE} 01 01 "447700900001" 00
        00 00 00 00 00 00 00 00 00 02 "hi"
        """)
    message_id, *_ = await line.expect(f"""
        {length(version, 17 + ID_SIZE[version])} 80 00 00 04 00 00 00 00 00 00 00 02
        ..*{ID_SIZE[version]} 00        | message_id
        {TOLD[version]}
        """)
    return message_id.hex(" ")


async def query(line: Line, version: str, message_id: str, state: str, *, final: bool = False) -> None:
    """query_sm, which tells a state, and the date of a final one."""
    size = ID_SIZE[version]
    line.send(f"""
        00 00 00 {24 + size:02x}        | command_length
        00 00 00 03             | query_sm
        00 00 00 00             | command_status
        00 00 00 03             | sequence_number
        {message_id} 00         | message_id
        {SOURCE}                 | source_addr
        """)
    await line.expect(f"""
        {length(version, 20 + size + 16 * final)}
        80 00 00 03             | query_sm_resp
        00 00 00 00             | command_status
        00 00 00 03             | sequence_number
        {message_id} 00         | message_id
        {'..*15 "+"' * final} 00 | final_date
        {state}                 | message_state
        00                      | error_code
        {TOLD[version]}
        """)


async def ask_the_smsc(line: Line, smsc: Line, version: str) -> None:
    """Query, replace and cancel a message that the SMSC has: it is asked, by its id, and its answer told."""
    size = ID_SIZE[version]
    message_id = await submit(line, version)
    submitted = await smsc.receive()
    smsc.send(f'00 00 00 13 80 00 00 04 00 00 00 00 {submitted[12:16].hex(" ")} "A7" 00')

    line.send(f"00 00 00 {24 + size:02x} 00 00 00 03 00 00 00 00 00 00 00 03 {message_id} 00 {SOURCE}")
    (asked,) = await smsc.expect(f"""
        00 00 00 1A             | command_length 26
        00 00 00 03             | query_sm
        00 00 00 00             | command_status
        ..*4                    | sequence_number
        "A7" 00                 | message_id
        {SOURCE}                | source_addr
        """)
    smsc.send(f"""
        00 00 00 16             | command_length 22
        80 00 00 03             | query_sm_resp
        00 00 00 00             | command_status
        {asked.hex(" ")}
        "A7" 00                 | message_id
        00                      | final_date
        06                      | message_state: ACCEPTED
        00                      | error_code
        """)
    await line.expect(f"""
        {length(version, 20 + size)} 80 00 00 03 00 00 00 00 00 00 00 03
        {message_id} 00 00 06 00 {TOLD[version]}
        """)

    line.send(f"""
        00 00 00 {31 + size:02x} 00 00 00 07 00 00 00 00 00 00 00 04
        {message_id} 00 {SOURCE} 00 00 00 00 02 "ho"
        """)
    (asked,) = await smsc.expect(f"""
        00 00 00 21             | command_length 33
        00 00 00 07             | replace_sm
        00 00 00 00             | command_status
        ..*4                    | sequence_number
        "A7" 00                 | message_id
        {SOURCE}                | source_addr
        00                      | schedule_delivery_time
        00                      | validity_period
        00                      | registered_delivery
        00                      | sm_default_msg_id
        02                      | sm_length
        "ho"                    | short_message
        """)
    smsc.send(f"00 00 00 10 80 00 00 07 00 00 00 00 {asked.hex(' ')} | replace_sm_resp")
    await line.expect(f"{length(version, 16)} 80 00 00 07 00 00 00 00 00 00 00 04 {TOLD[version]}")

    line.send(f"""
        00 00 00 {40 + size:02x} 00 00 00 08 00 00 00 00 00 00 00 05
        00 {message_id} 00 {SOURCE} 01 01 "447700900001" 00
        """)
    (asked,) = await smsc.expect(f"""
        00 00 00 2A             | command_length 42
        00 00 00 08             | cancel_sm
        00 00 00 00             | command_status
        ..*4                    | sequence_number
        00                      | service_type
        "A7" 00                 | message_id
        {SOURCE}                | source_addr
        01 01 "447700900001" 00 | destination_addr
        """)
    smsc.send(f"00 00 00 10 80 00 00 08 00 00 00 11 {asked.hex(' ')} | ESME_RCANCELFAIL")
    await line.expect(f"{length(version, 16)} 80 00 00 08 00 00 00 11 00 00 00 05 {TOLD[version]}")


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_message_in_the_queue(bench: Bench, version: str):
    """It is queried, replaced, cancelled, and queried again."""
    await bench.attach(free_port())
    async with dial(bench.port) as line:
        await bind(line, KIND[version], version)
        message_id = await submit(line, version)
        size = ID_SIZE[version]
        await query(line, version, message_id, "01 | ENROUTE")
        line.send(f"""
            00 00 00 {31 + size:02x}    | command_length
            00 00 00 07         | replace_sm
            00 00 00 00         | command_status
            00 00 00 04         | sequence_number
            {message_id} 00     | message_id
            {SOURCE}             | source_addr
            00                  | schedule_delivery_time
            00                  | validity_period
            00                  | registered_delivery
            00                  | sm_default_msg_id
            02                  | sm_length
            "ho"                | short_message
            """)
        await line.expect(f"""
            {length(version, 16)}
            80 00 00 07         | replace_sm_resp
            00 00 00 00         | command_status
            00 00 00 04         | sequence_number
            {TOLD[version]}
            """)
        line.send(f"""
            00 00 00 {40 + size:02x}    | command_length
            00 00 00 08         | cancel_sm
            00 00 00 00         | command_status
            00 00 00 05         | sequence_number
            00                  | service_type
            {message_id} 00     | message_id
            {SOURCE}             | source_addr
            01 01 "447700900001" 00 | destination_addr
            """)
        await line.expect(f"""
            {length(version, 16)}
            80 00 00 08         | cancel_sm_resp
            00 00 00 00         | command_status
            00 00 00 05         | sequence_number
            {TOLD[version]}
            """)
        await query(line, version, message_id, "04 | DELETED", final=True)


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_message_at_the_smsc(bench: Bench, switchboard: Switchboard, version: str):
    smsc = await bound(bench, switchboard, profile=Profile(forward_query=True))
    async with dial(bench.port) as line:
        await bind(line, KIND[version], version)
        await ask_the_smsc(line, smsc, version)


@pytest.mark.parametrize("version", VERSIONS)
async def test_submit_multi(bench: Bench, version: str):
    """Two numbers, one of them none, and a list, which there is not."""
    await bench.start_smsc()
    size = ID_SIZE[version]
    async with dial(bench.port) as line:
        await bind(line, KIND[version], version)
        line.send(f"""
            00 00 00 44             | command_length 68
            00 00 00 21             | submit_multi
            00 00 00 00             | command_status
            00 00 00 02             | sequence_number
            00                      | service_type
            {SOURCE}                | source_addr
            03                      | number_of_dests
            01 01 01 "447700900001" 00 | an SME
            01 01 01 "12" 00        | an SME
            02 "friends" 00         | a distribution list
            00                      | esm_class
            00                      | protocol_id
            00                      | priority_flag
            00                      | schedule_delivery_time
            00                      | validity_period
            00                      | registered_delivery
            00                      | replace_if_present_flag
            00                      | data_coding
            00                      | sm_default_msg_id
            02                      | sm_length
            "hi"                    | short_message
            """)
        await line.expect(f"""
            {length(version, 41 + size)}
            80 00 00 21             | submit_multi_resp
            00 00 00 00             | command_status
            00 00 00 02             | sequence_number
            ..*{size} 00            | message_id
            02                      | no_unsuccess
            00 00 "friends" 00      | address
            00 00 00 34             | ESME_RINVDLNAME
            01 01 "12" 00           | address
            00 00 00 0B             | ESME_RINVDSTADR
            {TOLD[version]}
            """)
        await bench.record.until(lambda: bench.record.counters.submits == 1)
        assert bench.joined("447700900001") == "hi"


BROADCAST_SM = """
    00 00 00 40                    | command_length 64
    00 00 01 11                    | broadcast_sm
    00 00 00 00 00 00 00 06        | command_status, sequence_number
    00 00 00 00 00 00 00 00 00 00 00 | the mandatory fields
    06 06 00 05 00 43 69 74 79     | broadcast_area_identifier
    06 01 00 03 00 00 01           | broadcast_content_type
    06 04 00 02 00 0A              | broadcast_rep_num
    06 05 00 03 09 00 1F           | broadcast_frequency_interval
    04 24 00 04 "Rain"             | message_payload
"""
QUERY_BROADCAST_SM = '00 00 00 16 00 00 01 12 00 00 00 00 00 00 00 06 "b1" 00 00 00 00'
CANCEL_BROADCAST_SM = '00 00 00 17 00 00 01 13 00 00 00 00 00 00 00 06 00 "b1" 00 00 00 00'


@pytest.mark.parametrize(
    ("request_pdu", "command"),
    [(BROADCAST_SM, "11"), (QUERY_BROADCAST_SM, "12"), (CANCEL_BROADCAST_SM, "13")],
)
async def test_broadcasts_are_for_those_who_may(bench: Bench, request_pdu: str, command: str):
    """5.0 has a status that says so; to older versions the operation is an unknown one."""
    async with dial(bench.port) as line:
        await bind(line, version="50")
        line.send(request_pdu)
        await line.expect(f"""
            00 00 00 .. 80 00 01 {command}
            00 00 01 01             | ESME_RPROHIBITED
            00 00 00 06 {"00" if command != "13" else ""} {TOLD["50"]}
            """)
    async with dial(bench.port) as line:
        await bind(line, version="34")
        line.send(request_pdu)
        await line.expect("00 00 00 10 80 00 00 00 00 00 00 03 00 00 00 06 | generic_nack, ESME_RINVCMDID")


async def test_a_broadcast(bench: Bench):
    """It goes on to an SMSC that does it, and is queried and cancelled there."""
    smsc = await bench.start_smsc(
        attached=False, version="5.0", supports=("broadcast_sm", "query_broadcast_sm", "cancel_broadcast_sm")
    )
    await bench.attach(smsc.port, smpp_version="5.0", profile=Profile(broadcast=True))
    await bench.change_esme(broadcast=True)
    await eventually(lambda: any(each.bound for each in bench.gateway.connectors.statuses()))
    async with dial(bench.port) as line:
        await bind(line, version="50")
        line.send(BROADCAST_SM)
        message_id, _ = await line.expect(f"""
            00 00 00 3A             | command_length 58
            80 00 01 11             | broadcast_sm_resp
            00 00 00 00 00 00 00 06 | command_status, sequence_number
            ..*36 00                | message_id
            {TOLD["50"]}
            """)
        line.send(f"""
            00 00 00 38             | command_length 56
            00 00 01 12             | query_broadcast_sm
            00 00 00 00 00 00 00 07 | command_status, sequence_number
            {message_id.hex(" ")} 00 00 00 00
            """)
        queried, _ = await line.expect(f"""
            00 00 00 4D             | command_length 77
            80 00 01 12             | query_broadcast_sm_resp
            00 00 00 00 00 00 00 07 | command_status, sequence_number
            ..*36 00                | message_id
            04 27 00 01 01          | message_state: ENROUTE
            06 06 00 05 00 43 69 74 79 | broadcast_area_identifier
            06 08 00 01 FF          | broadcast_area_success: not known
            {TOLD["50"]}
            """)
        assert queried == message_id
        line.send(f"""
            00 00 00 39             | command_length 57
            00 00 01 13             | cancel_broadcast_sm
            00 00 00 00 00 00 00 08 | command_status, sequence_number
            00 {message_id.hex(" ")} 00 00 00 00
            """)
        await line.expect(f"""
            00 00 00 15 80 00 01 13 00 00 00 00 00 00 00 08 {TOLD["50"]} | cancel_broadcast_sm_resp
            """)
    operations = bench.record.read().operations
    assert [each.command for each in operations] == [
        "broadcast_sm",
        "query_broadcast_sm",
        "cancel_broadcast_sm",
    ]
    assert operations[0].text == "Rain"
