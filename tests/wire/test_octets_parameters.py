"""The optional parameters of an ESME's message reach the SMSC, and those of the SMSC's receipt the ESME."""

import pytest

from trunkline.model.profile import PassTlvs, Profile
from trunkline.smpp.constants import Version

from .bench import Bench
from .octets import Line, Switchboard, dial
from .parameters import CARRIED, PARAMETERS_50
from .sessions import bind, bound

# What these say is in the message itself: its text, the header of its parts, its validity.
USED = {
    *("message_payload", "sar_msg_ref_num", "sar_total_segments", "sar_segment_seqnum"),
    *("source_port", "destination_port", "qos_time_to_live"),
}
# What these say is in the receipt that the ESME gets.
READ = {"message_payload", "receipted_message_id", "message_state", "network_error_code"}

RECEIPT = '"id:A7 sub:001 dlvrd:001 submit date:2601021530 done date:2601021531 stat:DELIVRD err:000 text:hi"'


def every(pdu: str, but: set[str]) -> dict[str, str]:
    """The parameters a PDU may carry since 5.0, as layouts, but for some."""
    names = [name for name in CARRIED[Version.V50][pdu] if name not in but]
    return {name: PARAMETERS_50[name].hex(" ") for name in names}


async def submit(esme: Line, pdu: str = "submit_sm", parameter: str = "", octets: int = 0) -> None:
    addresses = '00 05 00 "A" 00 01 01 "447700900001" 00'
    if pdu == "submit_sm":
        esme.send(f"""
            00 00 00 {0x30 + octets:02x} 00 00 00 04 00 00 00 00 00 00 00 02
            {addresses} 00 00 00 00 00 01 00 00 00 02 "hi"
            {parameter}
            """)
    else:
        esme.send(f"""
            00 00 00 {0x2D + octets:02x} 00 00 01 03 00 00 00 00 00 00 00 02
            {addresses} 00 01 00
            {parameter}
            04 24 00 02 "hi"
            """)


async def take(smsc: Line, parameter: str = "", octets: int = 0) -> None:
    """The SMSC gets the message with the parameter behind its text, and gives it the id A7."""
    sequence_number, _ = await smsc.expect(f"""
        00 00 00 {0x40 + octets:02x} 00 00 00 04 00 00 00 00 ..*4
        00 05 00 "A" 00 01 01 "447700900001" 00
        00 00 00 00 ..*16 00 01 00 00 00 02 "hi"
        {parameter}
        """)
    smsc.send(f'00 00 00 13 80 00 00 04 00 00 00 00 {sequence_number.hex(" ")} "A7" 00')


async def give_receipt(smsc: Line, pdu: str, parameter: str, octets: int) -> None:
    """The SMSC says that the message was delivered, and hears that this is known."""
    addresses = '00 01 01 "447700900001" 00 05 00 "A" 00'
    if pdu == "deliver_sm":
        smsc.send(f"""
            00 00 00 {0x8E + octets:02x} 00 00 00 05 00 00 00 00 00 00 00 09
            {addresses} 04 00 00 00 00 00 00 00 00 60 {RECEIPT}
            {parameter}
            """)
    else:
        smsc.send(f"""
            00 00 00 {0x8B + octets:02x} 00 00 01 03 00 00 00 00 00 00 00 09
            {addresses} 04 00 00
            {parameter}
            04 24 00 60 {RECEIPT}
            """)
    command = {"deliver_sm": "80 00 00 05", "data_sm": "80 00 01 03"}[pdu]
    await smsc.expect(f"00 00 00 11 {command} 00 00 00 00 00 00 00 09 00")


@pytest.mark.parametrize("pdu", ["submit_sm", "data_sm"])
async def test_from_the_esme_to_the_smsc(bench: Bench, switchboard: Switchboard, pdu: str):
    smsc = await bound(bench, switchboard, profile=Profile(pass_tlvs=PassTlvs.ALL))
    async with dial(bench.port) as esme:
        await bind(esme, "transmitter")
        for parameter in every(pdu, USED).values():
            size = len(bytes.fromhex(parameter))
            await submit(esme, pdu, parameter, size)
            await take(smsc, parameter, size)
            await esme.receive()


@pytest.mark.parametrize("pdu", ["deliver_sm", "data_sm"])
async def test_from_the_smsc_to_the_esme(bench: Bench, switchboard: Switchboard, pdu: str):
    smsc = await bound(bench, switchboard, profile=Profile(pass_tlvs=PassTlvs.ALL))
    async with dial(bench.port) as esme:
        await bind(esme)
        for parameter in every(pdu, READ).values():
            await submit(esme)
            await take(smsc)
            await esme.receive()
            await give_receipt(smsc, pdu, parameter, len(bytes.fromhex(parameter)))
            (_, sequence_number, *_) = await esme.expect(f"""
                00 00 00 .. 00 00 00 05 00 00 00 00 ..*4
                00 01 01 "447700900001" 00 05 00 "A" 00
                04 00 00 00 00 00 00 00 00 82 "id:" ..*127
                00 1E 00 25 ..*37 04 27 00 01 02
                {parameter}
                """)
            esme.send(f"00 00 00 11 80 00 00 05 00 00 00 00 {sequence_number.hex(' ')} 00")
