import struct

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from trunkline.smpp.codec import FrameDecoder, decode, describe, encode
from trunkline.smpp.constants import MAX_PDU_SIZE, RESPONSE_BIT, CommandStatus
from trunkline.smpp.errors import FramingError, PduError
from trunkline.smpp.fields import FieldError
from trunkline.smpp.layouts import HEADER
from trunkline.smpp.pdus import (
    PDU_CLASSES,
    BindReceiver,
    BindTransmitter,
    DataSm,
    DeliverSm,
    DeliverSmResp,
    EnquireLink,
    GenericNack,
    Pdu,
    QuerySmResp,
    SubmitMulti,
    SubmitSm,
    SubmitSmResp,
    Unbind,
)
from trunkline.smpp.tlv import Tlv

from .samples import EMPTY, FULL, full, pdus


def frame(command_id: int, body: bytes = b"", status: int = 0, sequence_number: int = 9) -> bytes:
    return struct.pack(">IIII", 16 + len(body), command_id, status, sequence_number) + body


def feed_one(data: bytes) -> tuple[Pdu | PduError, int]:
    decoder = FrameDecoder()
    (found,) = decoder.feed(data)
    return found, decoder.lenient


# The stream


@pytest.mark.parametrize("pdu", FULL, ids=lambda pdu: pdu.name)
def test_a_pdu_whole_byte_by_byte_and_with_the_next_one_begun(pdu: Pdu):
    data = encode(pdu)
    assert FrameDecoder().feed(data) == [pdu]

    decoder = FrameDecoder()
    found = [item for position in range(len(data)) for item in decoder.feed(data[position : position + 1])]
    assert found == [pdu]
    assert decoder.buffered == 0

    decoder = FrameDecoder()
    assert decoder.feed(data + data[:11]) == [pdu]
    assert decoder.buffered == 11
    assert decoder.feed(data[11:] + data) == [pdu, pdu]
    assert decoder.lenient == 0


@given(st.lists(pdus, max_size=6), st.lists(st.integers(1, 40), min_size=1))
def test_pieces_do_not_matter(items: list[Pdu], sizes: list[int]):
    data = b"".join(encode(item) for item in items)
    decoder = FrameDecoder()
    found = []
    turn = 0
    while data:
        size = sizes[turn % len(sizes)]
        found += decoder.feed(data[:size])
        data = data[size:]
        turn += 1
    assert found == items


@given(pdus)
def test_decode_undoes_encode(pdu: Pdu):
    data = encode(pdu)
    assert decode(data) == pdu
    assert feed_one(data) == (pdu, 0)


@given(pdus)
def test_the_compiled_decoder_and_the_patient_reader_agree(pdu: Pdu):
    data = encode(pdu)
    if len(data) == 16:
        return
    position = 16
    for name, field in pdu.layout:
        value, position, faults = field.read(name, data, position, len(data))
        assert value == getattr(pdu, name)
        assert faults == 0


@settings(max_examples=300)
@given(st.binary(max_size=200))
@example(b"\0" * 64)
@example(b"\xff" * 64)
def test_random_octets_raise_nothing_but_framing_errors(data: bytes):
    decoder = FrameDecoder()
    try:
        decoder.feed(data)
    except FramingError:
        assert decoder.failure is not None


@settings(max_examples=300)
@given(st.sampled_from(sorted(PDU_CLASSES)) | st.integers(0, 0xFFFFFFFF), st.binary(max_size=120))
def test_random_bodies_become_pdus_or_answerable_errors(command_id: int, body: bytes):
    found, _ = feed_one(frame(command_id, body))
    if isinstance(found, PduError):
        assert found.command_id == command_id
        assert found.sequence_number == 9
        assert found.status != 0
        assert found.raw == frame(command_id, body)
    elif not isinstance(found, SubmitMulti):
        # Whatever was understood can be said again, except what only the way in forgives.
        assert decode(encode(shortened(found))).command_id == command_id


def shortened(pdu: Pdu) -> Pdu:
    if len(getattr(pdu, "short_message", b"")) > 254:
        pdu.short_message = pdu.short_message[:254]
    return pdu


@settings(max_examples=200)
@given(st.sampled_from(FULL), st.data())
def test_damaged_pdus_never_crash_the_decoder(pdu: Pdu, data: st.DataObject):
    octets = bytearray(encode(pdu))
    for _ in range(data.draw(st.integers(1, 4))):
        octets[data.draw(st.integers(16, max(16, len(octets) - 1)) if len(octets) > 16 else st.just(15))] = (
            data.draw(st.integers(0, 255))
        )
    (found,) = FrameDecoder().feed(bytes(octets))
    assert isinstance(found, (Pdu, PduError))


# Frames that make no sense


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"\0\0\0\x0f" + b"\0" * 12, "command_length 15 is below 16"),
        (b"\0" * 16, "command_length 0 is below 16"),
        (b"\xff" * 16, "is above 65536"),
        (b"\0\x01\0\x01" + b"\0" * 12, "command_length 65537 is above 65536"),
        (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", "this looks like HTTP$"),
        (b"POST /api HTTP/1.1\r\n", "this looks like HTTP$"),
        (b"PRI * HTTP/2.0\r\n\r\n", "this looks like HTTP/2"),
        (b"HTTP/1.1 400 Bad Request\r\n", "this looks like an HTTP response"),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 20, "this looks like a TLS client hello"),
        (b"\x15\x03\x03\x00\x02\x02\x46" + b"\0" * 9, "this looks like a TLS alert"),
        (b"SSH-2.0-OpenSSH_9.6\r\n", "this looks like SSH"),
    ],
)
def test_framing_errors_name_the_reason(data: bytes, reason: str):
    decoder = FrameDecoder()
    with pytest.raises(FramingError, match=reason) as caught:
        decoder.feed(data)
    assert caught.value.status == CommandStatus.ESME_RINVCMDLEN
    with pytest.raises(FramingError, match=reason):
        decoder.feed(encode(EnquireLink()))


def test_a_framing_error_does_not_hide_the_pdus_before_it():
    good = encode(EnquireLink(sequence_number=1)) + encode(Unbind(sequence_number=2))
    decoder = FrameDecoder()
    found = decoder.feed(good + struct.pack(">IIII", 3, 4, 0, 0x77) + b"more")
    assert found == [EnquireLink(sequence_number=1), Unbind(sequence_number=2)]
    assert decoder.failure is not None
    assert decoder.failure.sequence_number == 0x77
    with pytest.raises(FramingError):
        decoder.feed(b"")


def test_the_tap_is_shown_whole_pdus_however_they_arrive():
    data = b"".join(encode(pdu) for pdu in FULL[:4])
    for size in (1, 7, 16, 61, len(data)):
        seen: list[bytes] = []
        decoder = FrameDecoder()
        decoder.tap = seen.append
        for position in range(0, len(data), size):
            decoder.feed(data[position : position + size])
        assert b"".join(seen) == data
        for shown in seen:
            whole = FrameDecoder()
            assert whole.feed(shown)
            assert not whole.buffered


def test_the_tap_is_shown_the_beginning_of_what_ended_the_stream():
    seen: list[bytes] = []
    decoder = FrameDecoder()
    decoder.tap = seen.append
    decoder.feed(frame(0x15) + b"GET /a/long/path HTTP/1.1\r\n")
    assert seen == [frame(0x15) + b"GET /a/long/path"]


def test_the_cap_is_exact_and_nothing_is_buffered_beyond_it():
    largest = Tlv(0x0424, b"x" * (MAX_PDU_SIZE - len(encode(DataSm())) - 4))
    pdu = DataSm(tlvs=(largest,))
    data = encode(pdu)
    assert len(data) == MAX_PDU_SIZE
    decoder = FrameDecoder()
    assert decoder.feed(data[:-1]) == []
    assert decoder.buffered == MAX_PDU_SIZE - 1
    assert decoder.feed(data[-1:]) == [pdu]

    small = FrameDecoder(max_pdu_size=100)
    with pytest.raises(FramingError, match="above 100"):
        small.feed(struct.pack(">IIII", 101, 4, 0, 1))


@pytest.mark.parametrize("data", [b"", b"\0" * 15, encode(EnquireLink()) + b"\0", encode(SubmitSm())[:-1]])
def test_decode_wants_exactly_one_frame(data: bytes):
    with pytest.raises(FramingError):
        decode(data)


# PDUs that cannot be understood


def body_of(pdu: Pdu) -> bytes:
    return encode(pdu)[16:]


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (frame(0x00000999), CommandStatus.ESME_RINVCMDID),
        (frame(0x80000999), CommandStatus.ESME_RINVCMDID),
        (frame(0x00000004), CommandStatus.ESME_RINVCMDLEN),
        (frame(0x00000004, body_of(SubmitSm())[:-4]), CommandStatus.ESME_RINVCMDLEN),
        (frame(0x00000009, b"user\0pass"), CommandStatus.ESME_RINVCMDLEN),
        (frame(0x00000004, body_of(SubmitSm())[:-1] + b"\x09abc"), CommandStatus.ESME_RINVMSGLEN),
        (
            frame(0x00000004, b"\0\0\0" + b"1" * 21 + b"\0" + body_of(SubmitSm())[4:]),
            CommandStatus.ESME_RINVSRCADR,
        ),
        (
            frame(0x00000005, b"\0\0\0\0\0\0" + b"1" * 21 + b"\0" + body_of(DeliverSm())[7:]),
            CommandStatus.ESME_RINVDSTADR,
        ),
        (frame(0x00000004, b"ABCDEF\0" + body_of(SubmitSm())[1:]), CommandStatus.ESME_RINVSERTYP),
        (frame(0x00000021, b"\0\0\0\0" + b"\x00" + b"\0" * 11), CommandStatus.ESME_RINVNUMDESTS),
        (frame(0x00000021, b"\0\0\0\0" + b"\x01\x03" + b"\0" * 11), CommandStatus.ESME_RINVDESTFLAG),
        (frame(0x00000021, b"\0\0\0\0" + b"\x09\x01\x01\x01" + b"1\0"), CommandStatus.ESME_RINVCMDLEN),
    ],
)
def test_errors_tell_the_status_to_answer(data: bytes, status: int):
    found, _ = feed_one(data)
    assert isinstance(found, PduError)
    assert found.status == status
    assert found.sequence_number == 9
    assert found.raw == data
    assert found.reason
    with pytest.raises(PduError):
        decode(data)


def test_the_stream_goes_on_after_a_bad_pdu():
    decoder = FrameDecoder()
    found = decoder.feed(frame(0x999) + encode(EnquireLink(sequence_number=3)))
    assert isinstance(found[0], PduError)
    assert found[1] == EnquireLink(sequence_number=3)


def test_a_body_may_not_borrow_from_the_next_pdu():
    # The compiled decoder sees the whole chunk: a field must not be read across the PDU's end.
    cut = frame(0x00000004, body_of(SubmitSm())[:-6])
    decoder = FrameDecoder()
    found = decoder.feed(cut + encode(EnquireLink(sequence_number=3)))
    assert isinstance(found[0], PduError)
    assert found[1] == EnquireLink(sequence_number=3)


# What is forgiven


def test_a_missing_trailing_nul_is_counted():
    found, lenient = feed_one(frame(0x80000004, b"abc"))
    assert found == SubmitSmResp(sequence_number=9, message_id="abc")
    assert lenient == 1


def test_a_missing_trailing_nul_of_a_bind_is_counted():
    pdu = BindTransmitter(sequence_number=9, system_id="u", password="p", address_range="^44")
    found, lenient = feed_one(frame(0x00000002, body_of(pdu)[:-1]))
    assert (found, lenient) == (pdu, 1)


@pytest.mark.parametrize("pdu", [*FULL, *EMPTY], ids=lambda pdu: pdu.name)
def test_one_spare_nul_is_ignored_and_counted(pdu: Pdu):
    data = encode(pdu) + b"\0"
    if len(data) == 17 and pdu.layout:
        return  # a response without a body: the NUL is its first, empty string
    found, lenient = feed_one(struct.pack(">I", len(data)) + data[4:])
    assert (found, lenient) == (pdu, 1)


@pytest.mark.parametrize("tlvs", [(), (Tlv(0x0204, b"\0\x01"),), (Tlv(0x1501, b"v"), Tlv(0x0427, b"\x02"))])
@pytest.mark.parametrize("error", [-1, 1])
def test_sm_length_off_by_one(tlvs: tuple[Tlv, ...], error: int):
    pdu = SubmitSm(sequence_number=9, short_message=b"hello", tlvs=tlvs)
    data = encode(pdu).replace(b"\x05hello", bytes((5 + error,)) + b"hello")
    found, lenient = feed_one(data)
    assert (found, lenient) == (pdu, 1)


def test_sm_length_one_short_at_a_spare_nul_means_the_nul():
    # A NUL is a legal octet of the message ('@' in GSM 7-bit) and a spare octet in practice: the spare wins.
    data = encode(SubmitSm(sequence_number=9, short_message=b"hello"))
    data = struct.pack(">I", len(data) + 1) + data[4:] + b"\0"
    found, lenient = feed_one(data)
    assert isinstance(found, SubmitSm)
    assert (found.short_message, lenient) == (b"hello", 1)


def test_a_bad_tlv_is_dropped_not_the_pdu():
    body = body_of(DeliverSm(short_message=b"hi"))
    found, lenient = feed_one(
        frame(0x05, body + bytes.fromhex("0427 0002 0000  001e 0003 613100  0424 00ff 41"))
    )
    assert isinstance(found, DeliverSm)
    assert found.tlvs == (Tlv(0x001E, b"a1\0"),)
    assert lenient == 2


@pytest.mark.parametrize("status", [0, 8])
@pytest.mark.parametrize(
    "cls", [cls for cls in PDU_CLASSES.values() if cls.command_id & RESPONSE_BIT], ids=lambda cls: cls.name
)
def test_responses_may_come_without_a_body_whatever_their_status(cls: type[Pdu], status: int):
    found, lenient = feed_one(frame(cls.command_id, status=status))
    assert found == cls(command_status=status, sequence_number=9)
    assert lenient == 0


def test_a_response_with_a_body_on_error_is_parsed():
    found, lenient = feed_one(frame(0x80000004, b"id1\0", status=0x58))
    assert found == SubmitSmResp(command_status=0x58, sequence_number=9, message_id="id1")
    assert lenient == 0


def test_a_broken_body_of_a_response_leaves_its_header():
    found, lenient = feed_one(frame(0x80000003, b"id1\0", status=0))
    assert found == QuerySmResp(sequence_number=9, message_id="id1")
    assert lenient == 1


def test_generic_nack_with_a_body_keeps_its_status():
    found, _ = feed_one(frame(0x80000000, b"\0\0\0\0\0\0", status=3))
    assert isinstance(found, GenericNack)
    assert found.command_status == 3


def test_all_32_bits_of_sequence_numbers_are_accepted():
    for number in (0, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF):
        found, _ = feed_one(frame(0x15, sequence_number=number))
        assert isinstance(found, EnquireLink)
        assert found.sequence_number == number


def test_sm_length_255_is_read():
    body = body_of(SubmitSm())[:-1] + b"\xff" + b"x" * 255
    found, lenient = feed_one(frame(4, body))
    assert isinstance(found, SubmitSm)
    assert (len(found.short_message), lenient) == (255, 0)


def test_255_destinations_are_read():
    body = b"\0\0\0\0\xff" + b"\x01\x01\x014477\0" * 255 + b"\0" * 10
    found, lenient = feed_one(frame(0x21, body))
    assert isinstance(found, SubmitMulti)
    assert (len(found.dest_address), lenient) == (255, 0)


def test_the_header_struct_is_the_specifications():
    assert HEADER.size == 16
    assert issubclass(FieldError, Exception)


# For people


def test_describe_names_everything_and_masks_the_password():
    shown = describe(full(BindReceiver))
    assert shown["command"] == "bind_receiver"
    assert shown["status"] == "ESME_ROK"
    assert shown["password"] == "***"
    assert shown["sequence_number"] == 0x01020304
    assert list(shown)[3:6] == ["system_id", "password", "system_type"]
    assert describe(BindReceiver())["password"] == ""


def test_describe_shows_octets_as_hex_and_tlvs_in_order():
    pdu = SubmitSm(
        command_status=0x58,
        short_message=b"\0\xff",
        tlvs=(Tlv(0x0424, b"ab"), Tlv(0x1500, b"c"), Tlv(0x1500, b"")),
    )
    shown = describe(pdu)
    assert shown["status"] == "ESME_RTHROTTLED"
    assert shown["short_message"] == "00ff"
    assert shown["tlvs"] == [
        {"tag": "message_payload", "value": "6162"},
        {"tag": "0x1500", "value": "63"},
        {"tag": "0x1500", "value": ""},
    ]
    assert "tlvs" not in describe(DeliverSmResp())
    assert "destination_addr='447700900123'" in str(describe(full(SubmitMulti))["dest_address"])
