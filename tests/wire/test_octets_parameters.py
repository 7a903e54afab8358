"""The optional parameters of an ESME's message reach the SMSC, and those of the SMSC's receipt the ESME."""

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


async def submit(esme: Line, parameter: str = "", octets: int = 0) -> None:
    esme.send(f"""
        00 00 00 {0x30 + octets:02x} 00 00 00 04 00 00 00 00 00 00 00 02
        00 05 00 "A" 00 01 01 "447700900001" 00
        00 00 00 00 00 01 00 00 00 02 "hi"
        {parameter}
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


async def test_from_the_esme_to_the_smsc(bench: Bench, switchboard: Switchboard):
    smsc = await bound(bench, switchboard, profile=Profile(pass_tlvs=PassTlvs.ALL))
    async with dial(bench.port) as esme:
        await bind(esme, "transmitter")
        for parameter in every("submit_sm", USED).values():
            size = len(bytes.fromhex(parameter))
            await submit(esme, parameter, size)
            await take(smsc, parameter, size)
            await esme.receive()


async def test_from_the_smsc_to_the_esme(bench: Bench, switchboard: Switchboard):
    smsc = await bound(bench, switchboard, profile=Profile(pass_tlvs=PassTlvs.ALL))
    async with dial(bench.port) as esme:
        await bind(esme)
        for parameter in every("deliver_sm", READ).values():
            size = len(bytes.fromhex(parameter))
            await submit(esme)
            await take(smsc)
            await esme.receive()
            smsc.send(f"""
                00 00 00 {0x8E + size:02x} 00 00 00 05 00 00 00 00 00 00 00 09
                00 01 01 "447700900001" 00 05 00 "A" 00
                04 00 00 00 00 00 00 00 00 60 {RECEIPT}
                {parameter}
                """)
            (_, sequence_number, *_) = await esme.expect(f"""
                00 00 00 .. 00 00 00 05 00 00 00 00 ..*4
                00 01 01 "447700900001" 00 05 00 "A" 00
                04 00 00 00 00 00 00 00 00 82 "id:" ..*127
                00 1E 00 25 ..*37 04 27 00 01 02
                {parameter}
                """)
            esme.send(f"00 00 00 11 80 00 00 05 00 00 00 00 {sequence_number.hex(' ')} 00")
            await smsc.expect("00 00 00 11 80 00 00 05 00 00 00 00 00 00 00 09 00")
