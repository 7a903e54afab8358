"""What a submit_sm and a data_sm say."""

from typing import Any

import pytest

from trunkline.gsm.septets import pack
from trunkline.gsm.shifts import Shift
from trunkline.gsm.tables import Language
from trunkline.gsm.udh import ports_element
from trunkline.model.submission import Reason, Rejected, Submission
from trunkline.servers.smpp.reading import read_data, read_submit
from trunkline.smpp.constants import ESM_UDHI, Tag
from trunkline.smpp.pdus import DataSm, SubmitSm
from trunkline.smpp.tlv import Tlv, octet, short

from .conftest import NOW, sender_of

SENDER = sender_of()
MINUTE_MS = 60_000
HEADER = bytes.fromhex("050003070201")


def submit(octets: bytes = b"hello", **fields: Any) -> Submission:
    values: dict[str, Any] = {"destination_addr": "4915112345678", "short_message": octets}
    return read_submit(SubmitSm(**(values | fields)), SENDER, NOW)


def data(octets: bytes = b"hello", tlvs: tuple[Tlv, ...] = (), **fields: Any) -> Submission:
    payload = Tlv(Tag.MESSAGE_PAYLOAD.value, octets)
    return read_data(DataSm(destination_addr="4915112345678", tlvs=(payload, *tlvs), **fields), SENDER)


def refusal(**fields: Any) -> Reason:
    with pytest.raises(Rejected) as caught:
        submit(**fields)
    assert caught.value.detail
    return caught.value.reason


def test_the_fields() -> None:
    submission = submit(
        source_addr="Shop",
        source_addr_ton=5,
        source_addr_npi=9,
        dest_addr_ton=2,
        dest_addr_npi=8,
        protocol_id=65,
        priority_flag=3,
        registered_delivery=17,
    )
    assert submission.sender is SENDER
    assert submission.door == "smpp"
    assert (submission.source, submission.source_ton, submission.source_npi) == ("Shop", 5, 9)
    assert (submission.destination, submission.dest_ton, submission.dest_npi) == ("4915112345678", 2, 8)
    assert (submission.protocol_id, submission.priority) == (65, 3)
    assert submission.registered_delivery == 17
    assert (submission.text, submission.octets, submission.udh) == ("hello", None, b"")


def test_types_that_are_not_stated_are_found_out() -> None:
    submission = submit(source_addr="Shop", source_addr_npi=1, dest_addr_npi=1)
    assert (submission.source_ton, submission.source_npi) == (None, None)
    assert (submission.dest_ton, submission.dest_npi) == (None, None)


def test_nothing_asked_is_nothing_asked() -> None:
    assert submit().registered_delivery == 0


@pytest.mark.parametrize(
    ("octets", "data_coding", "text", "coding"),
    [
        (b"hello", 0, "hello", 0),
        (b"", 0, "", 0),
        (b"\x00\x1be", 0, "@€", 0),
        (b"\x11", 0, "_", 0),
        (b"hello", 1, "hello", 1),
        (b"\x1be 5", 1, "€ 5", 0),
        (b"Gr\xfc\xdfe", 3, "Grüße", 3),
        ("мир".encode("utf-16-be"), 8, "мир", 8),
        ("🙂".encode("utf-16-be"), 8, "🙂", 8),
        ("Привет".encode("iso8859_5"), 6, "Привет", 6),
        ("שלום".encode("iso8859_8"), 7, "שלום", 7),
        ("カナ".encode("shift_jis"), 5, "カナ", 5),
        ("漢字".encode("iso2022_jp"), 10, "漢字", 10),
        ("漢字".encode("euc_jp"), 13, "漢字", 13),
        ("안녕".encode("euc_kr"), 14, "안녕", 14),
        (b"flash", 0x10, "flash", 0),
        (b"class 1", 0xF1, "class 1", 0),
    ],
)
def test_texts(octets: bytes, data_coding: int, text: str, coding: int) -> None:
    submission = submit(octets, data_coding=data_coding)
    assert (submission.text, submission.octets) == (text, None)
    assert (submission.coding, submission.data_coding) == (coding, data_coding)


@pytest.mark.parametrize(
    ("octets", "data_coding"),
    [
        (b"\x01\x02", 4),
        (b"\x01\x02", 2),
        (b"\xa1\xff", 13),  # no EUC-JP
        (b"\x80", 0),  # no septet
        (b"\x1b\x7f", 0),  # no character
        (b"\xff", 1),
        (b"\x04\x41\x04", 8),  # an odd octet
        (b"\xd8\x3d", 8),  # half a character
        (b"\x00\x00", 8),  # U+0000, which no database keeps
        (b"a\x00b", 3),
    ],
)
def test_what_is_no_text_travels_as_it_came(octets: bytes, data_coding: int) -> None:
    submission = submit(octets, data_coding=data_coding)
    assert (submission.text, submission.octets, submission.coding) == (None, octets, None)
    assert submission.data_coding == data_coding


def test_a_payload_instead_of_a_short_message() -> None:
    tlvs = (Tlv(Tag.MESSAGE_PAYLOAD.value, b"x" * 500),)
    assert submit(b"", tlvs=tlvs).text == "x" * 500
    assert submit(b"short", tlvs=tlvs).text == "short"


# --- user data headers ---


def test_a_header_is_kept_apart_from_the_text() -> None:
    submission = submit(HEADER + b"part 1", esm_class=ESM_UDHI)
    assert (submission.udh, submission.text) == (HEADER, "part 1")


def test_a_header_before_octets() -> None:
    submission = submit(
        bytes.fromhex("0605040B8423F0") + b"\x01\x06", esm_class=ESM_UDHI | 0x03, data_coding=4
    )
    assert (submission.udh.hex(), submission.octets) == ("0605040b8423f0", b"\x01\x06")


def test_a_header_in_a_payload() -> None:
    tlvs = (Tlv(Tag.MESSAGE_PAYLOAD.value, HEADER + b"part 1"),)
    submission = submit(b"", esm_class=ESM_UDHI, tlvs=tlvs)
    assert (submission.udh, submission.text) == (HEADER, "part 1")


@pytest.mark.parametrize("octets", [b"", b"\x05\x00\x03", b"\x05\x00\x04\x07\x02\x01x", b"hello"])
def test_headers_that_are_none(octets: bytes) -> None:
    assert refusal(octets=octets, esm_class=ESM_UDHI) is Reason.INVALID_TEXT


def test_other_bits_of_esm_class_change_nothing() -> None:
    assert submit(esm_class=0x83).text == "hello"


# --- SAR ---


def sar(reference: int = 0x1234, total: int = 3, number: int = 2) -> tuple[Tlv, ...]:
    return (
        short(Tag.SAR_MSG_REF_NUM, reference),
        octet(Tag.SAR_TOTAL_SEGMENTS, total),
        octet(Tag.SAR_SEGMENT_SEQNUM, number),
    )


def test_a_part_numbered_by_tlvs_gets_the_equal_header() -> None:
    submission = submit(b"part 2", tlvs=sar())
    assert (submission.udh.hex(), submission.text) == ("050003340302", "part 2")


def test_a_part_of_153_septets_still_fits() -> None:
    """A header with a 16-bit reference would leave room for 152."""
    submission = submit(b"x" * 153, tlvs=sar())
    assert len(submission.udh) * 8 / 7 + 153 <= 160


@pytest.mark.parametrize(
    "tlvs",
    [
        sar()[:2],
        sar()[1:],
        (sar()[0], sar()[2]),
        sar(total=1, number=1),
        (octet(Tag.USER_MESSAGE_REFERENCE, 1),),
    ],
)
def test_tlvs_that_number_nothing(tlvs: tuple[Tlv, ...]) -> None:
    assert submit(tlvs=tlvs).udh == b""


@pytest.mark.parametrize(
    "tlvs",
    [
        sar(number=0),
        sar(number=4),
        sar(total=0, number=0),
        (Tlv(Tag.SAR_MSG_REF_NUM.value, b"\x01"), *sar()[1:]),
        (*sar()[:2], Tlv(Tag.SAR_SEGMENT_SEQNUM.value, b"\x00\x01")),
        (sar()[0], Tlv(Tag.SAR_TOTAL_SEGMENTS.value, b""), sar()[2]),
    ],
)
def test_tlvs_that_contradict_themselves(tlvs: tuple[Tlv, ...]) -> None:
    assert refusal(tlvs=tlvs) is Reason.INVALID_FIELD


def test_a_header_of_the_sender_s_own_comes_before_tlvs() -> None:
    assert submit(HEADER + b"x", esm_class=ESM_UDHI, tlvs=sar()).udh == HEADER


# --- times ---


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", None),
        ("000000000500000R", 5 * MINUTE_MS),
        ("000001000000000R", 24 * 60 * MINUTE_MS),
        ("260410124000000+", 10 * MINUTE_MS),
        ("260410144000008+", 10 * MINUTE_MS),  # eight quarters of an hour east of UTC
        ("260410104000008-", 10 * MINUTE_MS),
        ("000000000000000R", 0),
        ("260410122000000+", -10 * MINUTE_MS),  # over: for admission to refuse
    ],
)
def test_validity_periods(text: str, expected: int | None) -> None:
    assert submit(validity_period=text).validity_ms == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", 0),
        ("000000000500000R", 5 * MINUTE_MS),
        ("260410124000000+", 10 * MINUTE_MS),
        ("260410122000000+", 0),
    ],
)
def test_schedules(text: str, expected: int) -> None:
    assert submit(schedule_delivery_time=text).deliver_after_ms == expected


@pytest.mark.parametrize(
    ("field", "reason"),
    [
        ("validity_period", Reason.INVALID_VALIDITY),
        ("schedule_delivery_time", Reason.INVALID_SCHEDULE),
    ],
)
@pytest.mark.parametrize(
    "text", ["tomorrow", "0000000005000", "261310124000000+", "260410124000049+", "260410124000000Z"]
)
def test_times_that_are_none(field: str, reason: Reason, text: str) -> None:
    with pytest.raises(Rejected, match=field) as caught:
        submit(**{field: text})
    assert caught.value.reason is reason


# --- data_sm ---


def test_data_sm() -> None:
    submission = data(b"x" * 500, source_addr="Shop", registered_delivery=1)
    assert (submission.text, submission.source, submission.registered_delivery) == ("x" * 500, "Shop", 1)
    assert (submission.validity_ms, submission.deliver_after_ms) == (None, 0)


def test_data_sm_with_header_and_numbers() -> None:
    assert data(HEADER + b"x", esm_class=ESM_UDHI).udh == HEADER
    assert data(tlvs=sar()).udh.hex() == "050003340302"


@pytest.mark.parametrize(
    ("value", "expected"),
    [(b"\x00\x00\x00\x3c", 60_000), (b"\xff\xff\xff\xff", 0xFFFFFFFF * 1000), (b"\x3c", None), (b"", None)],
)
def test_the_time_to_live_of_data_sm(value: bytes, expected: int | None) -> None:
    assert data(tlvs=(Tlv(Tag.QOS_TIME_TO_LIVE.value, value),)).validity_ms == expected


# --- the ESME's own alphabet, national tables, ports and other TLVs ---


@pytest.mark.parametrize(
    ("alphabet", "octets", "text"),
    [
        ("latin1", b"Gr\xfc\xdfe @", "Grüße @"),
        ("ascii", b"a@_$", "a@_$"),
        ("gsm7-packed", pack(b"hello\x00 you"), "hello@ you"),
    ],
)
def test_data_coding_0_is_the_alphabet_of_the_esme(alphabet: str, octets: bytes, text: str) -> None:
    pdu = SubmitSm(destination_addr="4915112345678", short_message=octets)
    submission = read_submit(pdu, SENDER, NOW, alphabet)
    assert (submission.text, submission.coding, submission.data_coding) == (text, None, None)
    pdu = SubmitSm(destination_addr="4915112345678", short_message="я".encode("utf-16-be"), data_coding=8)
    assert read_submit(pdu, SENDER, NOW, alphabet).text == "я"


def test_octets_that_the_esmes_alphabet_lacks() -> None:
    pdu = SubmitSm(destination_addr="4915112345678", short_message=b"\xff")
    with pytest.raises(Rejected) as caught:
        read_submit(pdu, SENDER, NOW, "ascii")
    assert caught.value.reason is Reason.INVALID_TEXT


def test_packed_septets_after_a_header_begin_on_a_septet() -> None:
    packed = pack(b"part 1", 1)
    pdu = SubmitSm(destination_addr="4915112345678", short_message=HEADER + packed, esm_class=ESM_UDHI)
    submission = read_submit(pdu, SENDER, NOW, "gsm7-packed")
    assert (submission.text, submission.udh, submission.coding) == ("part 1", HEADER, 0)


def test_a_national_table_in_the_header() -> None:
    udh = b"\x03\x25\x01\x01"
    submission = submit(udh + Shift(locking=Language.TURKISH).encode("şaka"), esm_class=ESM_UDHI)
    assert (submission.text, submission.udh, submission.coding) == ("şaka", udh, 0)


def test_ports_in_tlvs_become_a_header_element() -> None:
    tlvs = (short(Tag.DESTINATION_PORT, 2948), short(Tag.SOURCE_PORT, 9200))
    submission = submit(b"\x01\x06", data_coding=4, tlvs=tlvs)
    assert (submission.elements, submission.tlvs) == ((ports_element(2948, 9200),), b"")
    sar = (
        short(Tag.SAR_MSG_REF_NUM, 7),
        octet(Tag.SAR_TOTAL_SEGMENTS, 2),
        octet(Tag.SAR_SEGMENT_SEQNUM, 1),
    )
    submission = submit(b"\x01\x06", data_coding=4, tlvs=(*tlvs, *sar))
    assert submission.elements == ()
    assert submission.udh.hex() == "0b0003070201" + "05040b8423f0"


def test_other_tlvs_travel() -> None:
    vendor = Tlv(0x1401, b"abc")
    tlvs = (vendor, short(Tag.USER_MESSAGE_REFERENCE, 9), Tlv(Tag.MESSAGE_PAYLOAD.value, b"text"))
    assert submit(b"", tlvs=tlvs).tlvs.hex() == "14010003616263" + "020400020009"
    assert refusal(tlvs=(Tlv(0x1401, b"x" * 1021),)) is Reason.INVALID_FIELD
    assert submit(tlvs=(Tlv(0x1401, b"x" * 1020),)).tlvs
