"""What an ESME writes under each data_coding arrives at the SMSC: the same octets under the same number."""

from .bench import Bench
from .octets import Line, Switchboard, dial, octets
from .sessions import bind, bound

GSM7 = '00 "hi" 0D 1B 65 02 24'  # an at sign; at the end the euro, the dollar and the currency sign
OCTETS = "00 01 80 FE FF"
UCS2 = "00 68 20 AC D8 3D DC E6"  # the last four are one character

# SMPP 3.4 section 5.2.19.
LISTED = {
    0x00: GSM7,
    0x01: '"{hi}"',
    0x02: OCTETS,
    0x03: '"hi" E9 A3 FF',
    0x04: OCTETS,
    0x05: '"hi" 83 65 83 58 83 67',
    0x06: "BF E0 D8 D2 D5 E2",
    0x07: "F9 EC E5 ED",
    0x08: UCS2,
    0x09: OCTETS,
    0x0A: '"hi" 1B 24 42 46 7C 4B 5C 1B 28 42',
    0x0B: OCTETS,
    0x0C: OCTETS,
    0x0D: OCTETS,
    0x0E: '"hi" B0 A1',
    0x0F: OCTETS,
}


def content(data_coding: int) -> str:
    """Octets that mean something under a data_coding (3GPP TS 23.038 section 4 from 0x10 on).

    Groups C and D are message waiting in the default alphabet, 8 to B reserved and read as that.
    """
    group, alphabet = data_coding >> 4, data_coding >> 2 & 3
    if group == 0:
        return LISTED[data_coding]
    if group in {0x1, 0x4, 0x5}:
        return (GSM7, OCTETS, UCS2, GSM7)[alphabet]
    if group in {0x2, 0x3, 0x6, 0x7}:  # compressed
        return OCTETS
    if group == 0xE:
        return UCS2
    return OCTETS if group == 0xF and alphabet & 1 else GSM7


async def through(esme: Line, smsc: Line, data_coding: int) -> None:
    """Submit as the ESME, take it as the SMSC, and let the ESME have its answer."""
    text = content(data_coding)
    size = len(octets(text))
    written = f"{data_coding:02x} 00 {size:02x} {text} | data_coding to short_message"
    esme.send(f"""
        00 00 00 {0x2E + size:02x}     | command_length
        00 00 00 04             | submit_sm
        00 00 00 00             | command_status
        00 00 01 {data_coding:02x}      | sequence_number
        00                      | service_type
        05 00 "A" 00            | source_addr
        01 01 "447700900001" 00 | destination_addr
        00 00 00 00 00          | esm_class, protocol_id, priority_flag, both times
        00 00                   | registered_delivery, replace_if_present_flag
        {written}
        """)
    sequence_number, _ = await smsc.expect(f"""
        00 00 00 {0x3E + size:02x}     | command_length
        00 00 00 04             | submit_sm
        00 00 00 00             | command_status
        ..*4                    | sequence_number
        00                      | service_type
        05 00 "A" 00            | source_addr
        01 01 "447700900001" 00 | destination_addr
        00 00 00 00             | esm_class, protocol_id, priority_flag, schedule_delivery_time
        ..*16 00                | validity_period
        00 00                   | registered_delivery, replace_if_present_flag
        {written}
        """)
    smsc.send(f"""
        00 00 00 12 80 00 00 04 00 00 00 00 {sequence_number.hex(" ")} "1" 00
        """)
    await esme.expect(f"00 00 00 35 80 00 00 04 00 00 00 00 00 00 01 {data_coding:02x} ..*36 00")


async def test_every_data_coding(bench: Bench, switchboard: Switchboard):
    smsc = await bound(bench, switchboard)
    async with dial(bench.port) as esme:
        await bind(esme)
        for data_coding in range(0x100):
            await through(esme, smsc, data_coding)
