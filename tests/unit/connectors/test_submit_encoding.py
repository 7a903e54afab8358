import pytest

from trunkline.connectors.passed_tlvs import TlvPassage
from trunkline.connectors.submit_encoding import SubmitEncoder
from trunkline.gsm.errors import NotInAlphabet
from trunkline.gsm.septets import fill_bits, pack
from trunkline.gsm.shifts import Shift
from trunkline.gsm.tables import Language
from trunkline.gsm.udh import join
from trunkline.model.profile import PassTlvs, Profile, TlvType, Validity, VendorTlv
from trunkline.model.tlvs import PassedTlvs
from trunkline.smpp.codec import decode, encode
from trunkline.smpp.constants import Tag
from trunkline.smpp.tlv import Tlv, encode_tlvs

NOW_MS = 1_775_824_200_000


@pytest.fixture
def submit(make_config, make_segment):
    """`submit(content, config={...}, **segment)`: the PDU as it arrives on the other side."""

    def make(content="Hello", config=None, **segment):
        pdu = SubmitEncoder(make_config(**(config or {}))).encode(make_segment(content, **segment), NOW_MS)
        pdu.sequence_number = 1
        return decode(encode(pdu))

    return make


def test_the_plain_message(submit):
    pdu = submit(protocol_id=5, priority=2)
    assert (pdu.source_addr_ton, pdu.source_addr_npi, pdu.source_addr) == (5, 0, "MYCOMPANY")
    assert (pdu.dest_addr_ton, pdu.dest_addr_npi, pdu.destination_addr) == (1, 1, "971501234567")
    assert (pdu.esm_class, pdu.protocol_id, pdu.priority_flag, pdu.data_coding) == (0, 5, 2, 0)
    assert (pdu.registered_delivery, pdu.replace_if_present_flag, pdu.sm_default_msg_id) == (1, 0, 0)
    assert (pdu.schedule_delivery_time, pdu.service_type) == ("", "")
    assert pdu.short_message == b"Hello"
    assert pdu.tlvs == ()


def test_addresses_are_overridden_one_by_one(submit):
    pdu = submit(config={"source_ton": 0, "dest_npi": 8})
    assert (pdu.source_addr_ton, pdu.source_addr_npi) == (0, 0)
    assert (pdu.dest_addr_ton, pdu.dest_addr_npi) == (1, 8)
    pdu = submit(config={"source_npi": 9, "dest_ton": 2})
    assert (pdu.source_addr_ton, pdu.source_addr_npi) == (5, 9)
    assert (pdu.dest_addr_ton, pdu.dest_addr_npi) == (2, 1)


@pytest.mark.parametrize(
    ("text", "encoding", "alphabet", "data_coding", "octets"),
    [
        ("@£€", "gsm7", "gsm7", 0, b"\x00\x01\x1be"),
        ("@£", "gsm7", "latin1", 0, b"@\xa3"),
        ("@a", "gsm7", "ascii", 0, b"@a"),
        ("hellohello", "gsm7", "gsm7-packed", 0, bytes.fromhex("E8329BFD4697D9EC37")),
        ("Привет", "ucs2", "gsm7", 8, "Привет".encode("utf-16-be")),
        ("😀", "ucs2", "latin1", 8, b"\xd8\x3d\xde\x00"),
        ("é", "latin1", "gsm7", 3, b"\xe9"),
        ("plain", "ascii", "gsm7", 1, b"plain"),
        ("カ", "jis", "gsm7", 5, "カ".encode("shift_jis")),
        ("Привет", "cyrillic", "latin1", 6, "Привет".encode("iso8859_5")),
        ("שלום", "hebrew", "gsm7", 7, "שלום".encode("iso8859_8")),
        ("漢字", "iso2022jp", "gsm7", 10, "漢字".encode("iso2022_jp")),
        ("漢字", "kanji", "gsm7", 13, "漢字".encode("euc_jp")),
        ("안녕", "korean", "gsm7", 14, "안녕".encode("euc_kr")),
    ],
)
def test_alphabets(submit, text, encoding, alphabet, data_coding, octets):
    pdu = submit(text, {"default_alphabet": alphabet}, encoding=encoding, data_coding=data_coding)
    assert (pdu.data_coding, pdu.short_message) == (data_coding, octets)


@pytest.mark.parametrize(
    ("text", "encoding", "alphabet", "char"),
    [
        ("ten €", "gsm7", "latin1", "€"),
        ("Ωmega", "gsm7", "latin1", "Ω"),
        ("é", "gsm7", "ascii", "é"),
        ("Привет", "gsm7", "gsm7", "П"),
        ("€", "latin1", "gsm7", "€"),
    ],
)
def test_what_the_alphabet_lacks(submit, text, encoding, alphabet, char):
    with pytest.raises(NotInAlphabet) as error:
        submit(text, {"default_alphabet": alphabet}, encoding=encoding)
    assert error.value.char == char


@pytest.mark.parametrize(
    ("encoding", "asked", "sent"),
    [
        ("gsm7", 0, 0),
        ("gsm7", 0xF0, 0xF0),  # class 0: flash
        ("gsm7", 0x10, 0x10),
        ("gsm7", 3, 0),  # the sender said Latin-1, the gateway chose GSM
        ("gsm7", 8, 0),
        ("ucs2", 8, 8),
        ("ucs2", 0x18, 0x18),
        ("ucs2", 0, 8),
        ("latin1", 3, 3),
        ("latin1", 0, 3),
        ("ascii", 1, 1),
    ],
)
def test_data_coding_follows_the_encoding(submit, encoding, asked, sent):
    assert submit("Hello", encoding=encoding, data_coding=asked).data_coding == sent


@pytest.mark.parametrize("data_coding", [2, 4, 0xF5])
def test_binary(submit, data_coding):
    pdu = submit("00ff1b", encoding="binary", data_coding=data_coding)
    assert (pdu.data_coding, pdu.short_message) == (data_coding, b"\x00\xff\x1b")


UDH = bytes.fromhex("050003420201")


def test_user_data_header(submit):
    pdu = submit("part one", udh=UDH)
    assert pdu.esm_class == 0x40
    assert pdu.short_message == UDH + b"part one"


def test_a_header_before_packed_septets_is_filled_up(submit):
    pdu = submit("hellohello", {"default_alphabet": "gsm7-packed"}, udh=UDH)
    assert pdu.short_message == UDH + pack(b"hellohello", 1)


def test_sar(submit):
    pdu = submit("part", sar_reference=0x1234, parts=3, number=2)
    assert pdu.esm_class == 0
    assert pdu.tlvs == (
        Tlv(Tag.SAR_MSG_REF_NUM, b"\x12\x34"),
        Tlv(Tag.SAR_TOTAL_SEGMENTS, b"\x03"),
        Tlv(Tag.SAR_SEGMENT_SEQNUM, b"\x02"),
    )


@pytest.mark.parametrize(
    ("text", "encoding", "in_payload"),
    [
        ("x" * 160, "gsm7", False),
        ("x" * 161, "gsm7", True),
        ("я" * 70, "ucs2", False),
        ("я" * 71, "ucs2", True),
        ("ff" * 140, "binary", False),
        ("ff" * 141, "binary", True),
        ("€" * 80, "gsm7", False),
        ("€" * 81, "gsm7", True),
    ],
)
def test_message_payload_where_it_is_the_method(submit, text, encoding, in_payload):
    pdu = submit(text, {"long_message": "payload"}, encoding=encoding, data_coding=4)
    if in_payload:
        assert pdu.short_message == b""
        assert pdu.tlv(Tag.MESSAGE_PAYLOAD) == pdu.payload != b""
    else:
        assert pdu.tlvs == ()
        assert pdu.short_message


@pytest.mark.parametrize(("length", "in_payload"), [(254, False), (255, True)])
@pytest.mark.parametrize("udh", [b"", UDH])
def test_message_payload_where_short_message_is_too_small(submit, length, in_payload, udh):
    pdu = submit("x" * (length - len(udh)), udh=udh)
    assert (pdu.tlv(Tag.MESSAGE_PAYLOAD) is not None) is in_payload
    assert pdu.payload == udh + b"x" * (length - len(udh))
    assert pdu.esm_class == (0x40 if udh else 0)


@pytest.mark.parametrize(
    ("asked", "sent"), [(0, 0), (1, 1), (2, 2), (3, 3), (0x11, 0x11), (0x0D, 0x01), (0x10, 0x10)]
)
def test_registered_delivery(submit, asked, sent):
    """SMSC receipts and intermediate notification are asked for; acknowledgements by the handset are not."""
    assert submit(registered_delivery=asked).registered_delivery == sent


@pytest.mark.parametrize(
    ("remaining_ms", "period"),
    [
        (48 * 3_600_000, "000002000000000R"),
        (90_999, "000000000130000R"),
        (500, "000000000001000R"),
        (-5_000, "000000000001000R"),
    ],
)
def test_validity_is_what_is_left_of_it(submit, remaining_ms, period):
    assert submit(expires_at=NOW_MS + remaining_ms).validity_period == period


def test_an_unknown_alphabet(make_config):
    with pytest.raises(ValueError, match="'ebcdic' is none of gsm7"):
        SubmitEncoder(make_config(default_alphabet="ebcdic"))


def test_a_national_table_in_the_header(submit):
    shift = Shift(locking=Language.TURKISH)
    udh = join(shift.elements())
    assert submit("şaka", udh=udh).short_message == udh + shift.encode("şaka")
    packed = submit("şaka", {"default_alphabet": "gsm7-packed"}, udh=udh).short_message
    assert packed == udh + pack(shift.encode("şaka"), fill_bits(len(udh)))


COLOUR = VendorTlv("colour", 0x1401, TlvType.CSTRING)
SENT = Tlv(0x1401, b"red\0"), Tlv(0x1402, b"\1"), Tlv(Tag.USER_MESSAGE_REFERENCE.value, b"\0\7")


@pytest.mark.parametrize(
    ("profile", "passed"),
    [
        (Profile(), ()),
        (Profile((COLOUR,), PassTlvs.NONE), ()),
        (Profile((COLOUR,)), SENT[:1]),
        (Profile((), PassTlvs.ALL), SENT),
    ],
)
def test_the_senders_tlvs(submit, profile, passed):
    assert submit(config={"profile": profile}, tlvs=encode_tlvs(SENT)).tlvs == passed


def test_what_of_a_receipt_goes_back():
    receipt = (*SENT, Tlv(Tag.RECEIPTED_MESSAGE_ID.value, b"1\0"), Tlv(Tag.MESSAGE_STATE.value, b"\2"))
    passage = TlvPassage(Profile((COLOUR,)))
    assert passage.open
    assert passage.from_receipt(receipt) == PassedTlvs(encode_tlvs(SENT[:1]), {"colour": "red"})
    assert passage.from_receipt(receipt[1:]) is None
    every = TlvPassage(Profile((COLOUR,), PassTlvs.ALL)).from_receipt(receipt)
    assert every.values == {"colour": "red", "0x1402": "01", "user_message_reference": "0007"}
    assert not TlvPassage(Profile()).open


# What the profile says of a submit_sm


def test_the_profile_fills_fields(submit):
    profile = Profile(service_type="CMT", messaging_mode=3)
    pdu = submit(config={"profile": profile}, udh=b"\x05\x00\x03\x07\x02\x01")
    assert (pdu.service_type, pdu.esm_class) == ("CMT", 0x43)


@pytest.mark.parametrize(
    ("source", "ton", "npi", "sent"),
    [
        ("MYCOMPANY", 5, 0, (5, 1)),
        ("A1", 5, 0, (5, 1)),
        ("447700900123", 1, 1, (1, 0)),
        ("4477009", 0, 0, (1, 0)),
        ("447700", 1, 1, (1, 0)),  # called international by its sender
        ("4477", 3, 0, (0, 1)),
        ("", 0, 0, (4, 4)),
    ],
)
def test_numberings_by_the_kind_of_sender(submit, source, ton, npi, sent):
    profile = Profile(alphanumeric_numbering="5/1", international_numbering="1/0", short_code_numbering="0/1")
    config = {"profile": profile, "source_ton": 4, "source_npi": 4}
    pdu = submit(config=config, source_addr=source, source_ton=ton, source_npi=npi)
    assert (pdu.source_addr_ton, pdu.source_addr_npi) == sent
    assert (pdu.dest_addr_ton, pdu.dest_addr_npi) == (1, 1)


@pytest.mark.parametrize(
    ("profile", "source", "sent"),
    [
        (Profile(short_code_numbering="6/0"), "4477", (6, 0)),
        (Profile(short_code_numbering="6/0"), "MYCOMPANY", (5, 0)),
        (Profile(alphanumeric_numbering="0/0"), "4477", (5, 0)),
        (Profile(alphanumeric_numbering="0/0"), "MYCOMPANY", (0, 0)),
    ],
)
def test_kinds_that_are_not_named_stay_as_they_are(submit, profile, source, sent):
    pdu = submit(config={"profile": profile}, source_addr=source)
    assert (pdu.source_addr_ton, pdu.source_addr_npi) == sent


@pytest.mark.parametrize(
    ("validity", "offset", "period"),
    [
        (Validity.RELATIVE, 22, "000000010000000R"),
        (Validity.ABSOLUTE, 0, "260410133000000+"),
        (Validity.ABSOLUTE, 22, "260410190000022+"),
        (Validity.ABSOLUTE, -20, "260410083000020-"),
        (Validity.NONE, 0, ""),
    ],
)
def test_forms_of_the_validity(submit, validity, offset, period):
    profile = Profile(validity=validity, validity_offset=offset)
    pdu = submit(config={"profile": profile}, expires_at=NOW_MS + 3_600_000)
    assert pdu.validity_period == period


@pytest.mark.parametrize(
    ("encoding", "content", "asked", "sent"),
    [
        ("ucs2", "я", 8, 0x19),
        ("ucs2", "я", 0, 0x19),  # chosen by the gateway
        ("ucs2", "я", 0x18, 0x18),  # flash stays flash
        ("gsm7", "a", 0, 0xF1),
        ("gsm7", "a", 0xF0, 0xF0),
        ("latin1", "a", 3, 3),
        ("binary", "00ff", 4, 0xF5),
        ("binary", "00ff", 2, 2),
        ("hebrew", "ש", 7, 0x77),
    ],
)
def test_data_codings_of_the_smscs_own(submit, encoding, content, asked, sent):
    codings = {"ucs2": 0x19, "gsm7": 0xF1, "binary": 0xF5, "hebrew": 0x77}
    pdu = submit(content, {"profile": Profile(data_codings=codings)}, encoding=encoding, data_coding=asked)
    assert pdu.data_coding == sent
