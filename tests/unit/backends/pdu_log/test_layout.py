import json

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.unit.smpp.samples import EMPTY, FULL, pdus
from trunkline.backends.pdu_log import fast_layout
from trunkline.backends.pdu_log.fast_layout import FAST_LAYOUTS
from trunkline.backends.pdu_log.layout import READ, WRITTEN, entry_of, entry_start, log_entries, masked
from trunkline.smpp.codec import encode
from trunkline.smpp.constants import ESM_DELIVERY_RECEIPT, ESM_UDHI
from trunkline.smpp.fields import DistributionList, SmeAddress
from trunkline.smpp.pdus import (
    BindTransceiver,
    DataSm,
    DeliverSm,
    DeliverSmResp,
    EnquireLink,
    Outbind,
    Pdu,
    ReplaceSm,
    SubmitMulti,
    SubmitSm,
    SubmitSmResp,
)
from trunkline.smpp.tlv import Tlv

CONNECTION = "1beb339d-24dd-4abc-a1c3-9e77d88856ab"

# The log that text 001 shows, with the message_id that its octets have.
SUBMIT_SM = (
    "000000450000000400000000000000080005004d7953656e6465720001013338303939313233343536370000000000000100"
    "000110486176652061206e6963652064617921"
)
SUBMIT_SM_RESP = (
    "000000518000000400000000000000083635356131623936613663393062353238643632333937636165633363313564356437"
    "646464636361636166396161653666656564323263306239663962313500"
)
SUBMIT_SM_SHOWN = """SUBMIT_SM:
{
"Header": {
"command_length": 69,
"command_id": 4,
"command_status": 0,
"sequence_number": 8
},
"service_type": "",
"source_addr_ton": 5,
"source_addr_npi": 0,
"source_addr": "MySender",
"dest_addr_ton": 1,
"dest_addr_npi": 1,
"destination_addr": "380991234567",
"esm_class": 0,
"protocol_id": 0,
"priority_flag": 0,
"schedule_delivery_time": "",
"validity_period": "",
"registered_delivery": 1,
"replace_if_present_flag": false,
"message": {
"data_coding": 0,
"sm_default_msg_id": 1,
"short_message": "Have a nice day!"
}
}
"""
SUBMIT_SM_RESP_SHOWN = """SUBMIT_SM_RESP:
{
"Header": {
"command_length": 81,
"command_id": 2147483652,
"command_status": 0,
"sequence_number": 8
},
"message_id": "655a1b96a6c90b528d62397caec3c15d5d7dddccacaf9aae6feed22c0b9f9b15"
}
"""


def shown(pdu: Pdu, alphabet: str = "gsm7") -> dict[str, object]:
    """What the log says about a PDU, read back from its JSON."""
    _, _, body = entry_of(encode(pdu), alphabet).partition(":\n")
    read: dict[str, object] = json.loads(body)
    return read


def test_the_sample_of_the_text() -> None:
    start = entry_start("2024-07-29 21:02:05", CONNECTION, READ)
    answer = entry_start("2024-07-29 21:02:06", CONNECTION, WRITTEN)
    entries = [
        *log_entries(bytes.fromhex(SUBMIT_SM), start, "gsm7"),
        *log_entries(bytes.fromhex(SUBMIT_SM_RESP), answer, "gsm7"),
    ]
    assert "".join(entries) == (
        f"INFO[2024-07-29 21:02:05][{CONNECTION}]: <<<<< {SUBMIT_SM}\n{SUBMIT_SM_SHOWN}"
        f"INFO[2024-07-29 21:02:06][{CONNECTION}]: >>>>> {SUBMIT_SM_RESP}\n{SUBMIT_SM_RESP_SHOWN}"
    )


@pytest.mark.parametrize("pdu", [*FULL, *EMPTY], ids=lambda pdu: pdu.name)
def test_every_pdu_has_an_entry_with_all_its_fields(pdu: Pdu) -> None:
    (entry,) = log_entries(encode(pdu), "", "gsm7")
    _, name, body = entry.split("\n", 2)
    assert name == f"{pdu.name.upper()}:"
    fields = json.loads(body)
    inside = fields | fields.get("message", {})
    assert {field for field, _ in pdu.layout} <= inside.keys()
    assert len(fields.get("tlvs", ())) == len(pdu.tlvs)


@settings(max_examples=300)
@given(pdus, st.sampled_from(["gsm7", "latin1", "ascii", "gsm7-packed"]))
def test_the_fast_layout_keeps_to_the_definition(pdu: Pdu, alphabet: str) -> None:
    raw = encode(pdu)
    assert list(log_entries(raw, "", alphabet)) == [entry_of(raw, alphabet)]


def test_the_traffic_has_fast_layouts() -> None:
    for pdu in (SubmitSm(), SubmitSmResp(), DeliverSm(), DeliverSmResp()):
        assert pdu.command_id in FAST_LAYOUTS


@given(st.integers(0, 0x200) | st.integers(0x80000000, 0x80000200), st.binary(max_size=80))
@example(4, b"")
@example(0x80000004, b"no end")
def test_whatever_the_body_is_there_is_an_entry(command_id: int, body: bytes) -> None:
    raw = (16 + len(body)).to_bytes(4, "big") + command_id.to_bytes(4, "big") + bytes(8) + body
    (entry,) = log_entries(raw, "", "gsm7")
    assert json.loads(entry.partition(":\n")[2])["Header"]["command_length"] == len(raw)


def test_pdus_in_a_row_and_what_is_none() -> None:
    row = encode(EnquireLink(sequence_number=1)) + encode(SubmitSm(sequence_number=2)) + b"GET / HTTP/1.1\r\n"
    entries = list(log_entries(row, "start ", "gsm7"))
    assert [entry.split("\n")[1] for entry in entries] == [
        "ENQUIRE_LINK:",
        "SUBMIT_SM:",
        "UNREADABLE: this is no PDU",
    ]
    assert all(entry.startswith("start ") for entry in entries)
    assert b"GET / HTTP".hex() in entries[2]


def test_an_unreadable_pdu_says_why() -> None:
    raw = bytes.fromhex("00000014 00000004 00000000 00000007 00000000")
    (entry,) = log_entries(raw, "", "gsm7")
    assert entry.startswith(f"{raw.hex()}\nSUBMIT_SM:\n")
    assert "the PDU ends before" in json.loads(entry.partition(":\n")[2])["error"]


def test_an_unknown_command() -> None:
    raw = bytes.fromhex("00000010 00000022 00000000 00000007")
    (entry,) = log_entries(raw, "", "gsm7")
    assert "PARAM_RETRIEVE:" in entry
    assert "unknown command_id" in entry


# Passwords


@pytest.mark.parametrize(
    "pdu",
    [
        BindTransceiver(system_id="smppclient1", password="S3cret!"),
        Outbind(system_id="smsc", password="S3cret!"),
    ],
    ids=lambda pdu: pdu.name,
)
def test_passwords_are_masked_in_both_forms(pdu: Pdu) -> None:
    (entry,) = log_entries(encode(pdu), "", "gsm7")
    assert "S3cret!" not in entry
    assert b"S3cret!".hex() not in entry
    assert json.loads(entry.partition(":\n")[2])["password"] == "***"
    assert bytes.fromhex(entry.partition("\n")[0]) == encode(pdu).replace(b"S3cret!", b"*******")


def test_an_empty_password_is_shown_as_empty() -> None:
    assert shown(BindTransceiver(system_id="x"))["password"] == ""


@pytest.mark.parametrize("body", [b"user\0S3cret!", b"S3cret!", b"user\0S3cret!\0"])
def test_passwords_of_broken_binds_are_masked(body: bytes) -> None:
    raw = (16 + len(body)).to_bytes(4, "big") + b"\0\0\0\x09" + bytes(8) + body
    assert b"S3cret!" not in masked(raw)
    assert len(masked(raw)) == len(raw)
    (entry,) = log_entries(raw, "", "gsm7")
    assert b"S3cret!".hex() not in entry


# Messages


def test_text_is_decoded_by_data_coding_and_default_alphabet() -> None:
    cyrillic = SubmitSm(data_coding=8, short_message="Привет".encode("utf-16-be"))
    assert shown(cyrillic)["message"] == {
        "data_coding": 8,
        "sm_default_msg_id": 0,
        "short_message": "Привет",
    }
    latin = SubmitSm(short_message=b"na\xefve")
    assert shown(latin, "latin1")["message"]["short_message"] == "naïve"  # type: ignore[index]


def test_the_user_data_header_stands_apart() -> None:
    part = SubmitSm(esm_class=ESM_UDHI, short_message=bytes.fromhex("050003550201") + b"Hello")
    assert shown(part)["message"] == {
        "data_coding": 0,
        "sm_default_msg_id": 0,
        "udh": "050003550201",
        "short_message": "Hello",
    }


def test_quotes_and_control_characters_stay_in_their_string() -> None:
    nasty = SubmitSm(source_addr='a"b\\c\x1b', data_coding=3, short_message=b'"\n}\x1b[2J')
    (entry,) = log_entries(encode(nasty), "", "gsm7")
    assert "\x1b" not in entry
    read = json.loads(entry.partition(":\n")[2])
    assert read["source_addr"] == 'a"b\\c\x1b'
    assert read["message"]["short_message"] == '"\n}\x1b[2J'


def test_tlvs_are_read_as_what_they_are() -> None:
    receipt = DeliverSm(
        esm_class=ESM_DELIVERY_RECEIPT,
        tlvs=(
            Tlv(0x001E, b"3E5A11\0"),
            Tlv(0x0427, b"\x02"),
            Tlv(0x0423, b"\x03\x00\x01"),
            Tlv(0x1400, b"\xff"),
        ),
    )
    assert shown(receipt)["tlvs"] == [
        {"tag": 0x001E, "name": "receipted_message_id", "value": "3E5A11"},
        {"tag": 0x0427, "name": "message_state", "value": 2},
        {"tag": 0x0423, "name": "network_error_code", "value": "030001"},
        {"tag": 0x1400, "name": "0x1400", "value": "ff"},
    ]


def test_message_payload_is_shown_as_text() -> None:
    data = DataSm(data_coding=8, tlvs=(Tlv(0x0424, "да".encode("utf-16-be")),))
    assert shown(data)["tlvs"] == [{"tag": 0x0424, "name": "message_payload", "value": "да"}]


def test_destinations_and_a_replacement() -> None:
    multi = SubmitMulti(dest_address=(SmeAddress(1, 1, "4477"), DistributionList("friends")))
    assert shown(multi)["dest_address"] == [
        {"dest_flag": 1, "dest_addr_ton": 1, "dest_addr_npi": 1, "destination_addr": "4477"},
        {"dest_flag": 2, "dl_name": "friends"},
    ]
    replacement = ReplaceSm(message_id="1", short_message=b"new")
    assert shown(replacement)["message"] == {"sm_default_msg_id": 0, "short_message": "new"}


def test_the_texts_that_are_kept_are_few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fast_layout, "KEPT_RUNS", 2)
    for number in range(5):
        raw = encode(SubmitSm(source_addr_ton=number, esm_class=number, data_coding=3))
        assert list(log_entries(raw, "", "gsm7")) == [entry_of(raw, "gsm7")]


@pytest.mark.parametrize("cut", range(1, 30))
def test_a_pdu_does_not_borrow_from_the_next(cut: int) -> None:
    whole = encode(SubmitSm(short_message=b"Hi", tlvs=(Tlv(0x0427, b"\x02"), Tlv(0x001E, b"ab\0"))))
    short = (len(whole) - cut).to_bytes(4, "big") + whole[4:-cut]
    first, second = log_entries(short + whole, "", "gsm7")
    assert [first, second] == [entry_of(short, "gsm7"), entry_of(whole, "gsm7")]
