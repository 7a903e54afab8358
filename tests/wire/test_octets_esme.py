"""The gateway as an SMSC, to an ESME that is nothing but octets."""

from pathlib import Path

import pytest

from .bench import Bench, open_bench
from .octets import Switchboard, dial
from .sessions import ESME_BINDS, bind, called_in, unbind


@pytest.mark.parametrize("version", ["33", "34", "50"])
@pytest.mark.parametrize("kind", ESME_BINDS)
async def test_bind_and_unbind(bench: Bench, kind: str, version: str):
    async with dial(bench.port) as line:
        await bind(line, kind, version)
        await unbind(line)


async def test_submit_sm_and_its_receipt(bench: Bench):
    await bench.start_smsc()
    async with dial(bench.port) as line:
        await bind(line)
        line.send("""
            00 00 00 36           | command_length 54
            00 00 00 04           | submit_sm
            00 00 00 00           | command_status
            00 00 00 02           | sequence_number
            "CMT" 00              | service_type
            05                    | source_addr_ton: alphanumeric
            00                    | source_addr_npi
            "Acme" 00             | source_addr
            01                    | dest_addr_ton: international
            01                    | dest_addr_npi: ISDN
            "447700900001" 00     | destination_addr
            03                    | esm_class: store and forward
            00                    | protocol_id
            00                    | priority_flag
            00                    | schedule_delivery_time
            00                    | validity_period
            01                    | registered_delivery: one receipt
            00                    | replace_if_present_flag
            00                    | data_coding
            00                    | sm_default_msg_id
            02                    | sm_length
            "hi"                  | short_message
            """)
        (message_id,) = await line.expect("""
            00 00 00 35           | command_length 53
            80 00 00 04           | submit_sm_resp
            00 00 00 00           | command_status
            00 00 00 02           | sequence_number
            ..*36 00              | message_id
            """)
        sequence_number, in_text, submitted, done, in_tlv = await line.expect("""
            00 00 00 E1           | command_length 225
            00 00 00 05           | deliver_sm
            00 00 00 00           | command_status
            ..*4                  | sequence_number
            00                    | service_type
            01 01 "447700900001" 00 | source_addr
            05 00 "Acme" 00       | destination_addr
            04                    | esm_class: a delivery receipt
            00                    | protocol_id
            00                    | priority_flag
            00                    | schedule_delivery_time
            00                    | validity_period
            00                    | registered_delivery
            00                    | replace_if_present_flag
            00                    | data_coding
            00                    | sm_default_msg_id
            82                    | sm_length 130
            "id:" ..*36 " sub:001 dlvrd:001 submit date:" ..*10 " done date:" ..*10
            " stat:DELIVRD err:000 text:hi"
            00 1E 00 25 ..*36 00  | receipted_message_id
            04 27 00 01 02        | message_state: DELIVERED
            """)
        assert [in_text, in_tlv] == [message_id, message_id]
        assert (submitted + done).isdigit()
        line.send(f"""
            00 00 00 11           | command_length 17
            80 00 00 05           | deliver_sm_resp
            00 00 00 00           | command_status
            {sequence_number.hex(" ")}
            00                    | message_id
            """)
        await unbind(line)


async def test_data_sm(bench: Bench):
    await bench.start_smsc()
    async with dial(bench.port) as line:
        await bind(line, "transmitter")
        line.send("""
            00 00 00 32             | command_length 50
            00 00 01 03             | data_sm
            00 00 00 00             | command_status
            00 00 00 02             | sequence_number
            00                      | service_type
            05 00 "Acme" 00         | source_addr
            01 01 "447700900001" 00 | destination_addr
            00                      | esm_class
            00                      | registered_delivery
            08                      | data_coding: UCS-2
            04 24 00 04 06 45 06 31 | message_payload
            """)
        await line.expect("""
            00 00 00 35             | command_length 53
            80 00 01 03             | data_sm_resp
            00 00 00 00             | command_status
            00 00 00 02             | sequence_number
            ..*36 00                | message_id
            """)
        await bench.record.until(lambda: bench.record.counters.submits == 1)
        assert bench.joined("447700900001") == "مر"
        await unbind(line)


@pytest.mark.parametrize("kind", [None, *ESME_BINDS])
async def test_enquire_link(bench: Bench, kind: str | None):
    """It is answered in every state."""
    async with dial(bench.port) as line:
        if kind is not None:
            await bind(line, kind)
        line.send("00 00 00 10 00 00 00 15 00 00 00 00 00 00 00 07 | enquire_link")
        await line.expect("00 00 00 10 80 00 00 15 00 00 00 00 00 00 00 07 | enquire_link_resp")


async def test_before_the_bind(bench: Bench):
    """A message is refused with ESME_RINVBNDSTS, and the bind may still come."""
    async with dial(bench.port) as line:
        line.send("""
            00 00 00 22 00 00 00 04 00 00 00 00 00 00 00 01 | submit_sm
            00 00 00 00 01 01 "1" 00 00 00 00 00 00 00 00 00 00 00
            """)
        await line.expect("00 00 00 10 80 00 00 04 00 00 00 04 00 00 00 01 | ESME_RINVBNDSTS")
        await bind(line)


async def test_an_unknown_command(bench: Bench):
    """generic_nack with ESME_RINVCMDID, and the session goes on."""
    async with dial(bench.port) as line:
        await bind(line)
        line.send("00 00 00 10 00 00 09 99 00 00 00 00 00 00 00 08")
        await line.expect("00 00 00 10 80 00 00 00 00 00 00 03 00 00 00 08 | generic_nack")
        await unbind(line)


async def test_a_command_length_of_nothing(bench: Bench):
    """generic_nack with ESME_RINVCMDLEN, and the end: where the next PDU begins is unknown."""
    async with dial(bench.port) as line:
        await bind(line)
        line.send_raw(bytes.fromhex("0000000f 00000015 00000000 00000009"))
        await line.expect("00 00 00 10 80 00 00 00 00 00 00 02 .. .. .. .. | generic_nack")
        await line.ended()


async def test_outbind(switchboard: Switchboard, tmp_path: Path):
    """The gateway calls an ESME that receipts wait for; on that connection it binds, and gets them."""
    async with open_bench(tmp_path / "gateway", smpp_outbind_password="knock") as bench:
        await bench.start_smsc()
        line = await called_in(bench, switchboard)
        (sequence_number, *_) = await line.expect("""
            00 00 00 E1             | command_length 225
            00 00 00 05             | deliver_sm
            00 00 00 00             | command_status
            ..*4                    | sequence_number
            00                      | service_type
            01 01 "447700900001" 00 | source_addr
            05 00 "Acme" 00         | destination_addr
            04 00 00 00 00 00 00 00 00 82 ..*130
            00 1E 00 25 ..*37       | receipted_message_id
            04 27 00 01 02          | message_state: DELIVERED
            """)
        line.send(f"00 00 00 11 80 00 00 05 00 00 00 00 {sequence_number.hex(' ')} 00 | deliver_sm_resp")
        await unbind(line)
