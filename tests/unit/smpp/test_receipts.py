from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.smpp.constants import MessageState, Tag
from trunkline.smpp.pdus import DataSm, DeliverSm
from trunkline.smpp.receipts import (
    Receipt,
    ReceiptHabits,
    format_receipt,
    id_keys,
    normalise_id,
    normalise_stat,
    parse_receipt,
)
from trunkline.smpp.tlv import Tlv, c_octets, octet

SUBMITTED = int(datetime(2025, 1, 31, 12, 0, tzinfo=UTC).timestamp() * 1000)
DONE = SUBMITTED + 60_000
BOOK = (
    b"id:0a1B sub:001 dlvrd:001 submit date:2501311200 done date:2501311201"
    b" stat:DELIVRD err:000 text:hello there"
)


def read(text: bytes, esm_class: int = 0x04, **fields) -> Receipt:
    receipt = parse_receipt(DeliverSm(esm_class=esm_class, short_message=text, **fields))
    assert receipt is not None
    return receipt


def facts(receipt: Receipt) -> tuple:
    return (
        receipt.message_id,
        receipt.stat,
        receipt.raw_stat,
        receipt.err,
        receipt.submit_date,
        receipt.done_date,
        receipt.text,
    )


BOOK_FACTS = ("0a1B", "DELIVRD", "DELIVRD", "000", SUBMITTED, DONE, "hello there")


def test_a_receipt_by_the_book():
    receipt = read(BOOK)
    assert facts(receipt) == BOOK_FACTS
    assert receipt.final
    assert not receipt.intermediate
    assert receipt.network_error is None
    assert repr(receipt) == "<Receipt id='0a1B' stat=DELIVRD err=000>"


@pytest.mark.parametrize(
    "text",
    [
        BOOK.replace(b"id:", b"ID:").replace(b"stat:", b"Stat:").replace(b"err:", b"ERR:"),
        BOOK.replace(b":", b": "),
        BOOK.replace(b":", b" : ").replace(b" sub", b"   sub"),
        BOOK.replace(b"submit date", b"submit_date").replace(b"done date", b"donedate"),
        b"stat:DELIVRD err:000 done date:2501311201 submit date:2501311200 id:0a1B text:hello there",
        b"text:hello there id:0a1B stat:DELIVRD err:000 done date:2501311201 submit date:2501311200",
        BOOK.replace(b" sub:001 dlvrd:001", b""),
        BOOK.replace(b" ", b"\n", 3),
        b"\r\n " + BOOK,
        BOOK.replace(b"2501311200", b"250131120000").replace(b"2501311201", b"20250131120100"),
        BOOK.replace(b"2501311200", str(SUBMITTED).encode()).replace(b"2501311201", str(DONE).encode()),
        BOOK.replace(b"err:000", b"err:"),
        BOOK.replace(b"err:000 ", b""),
        BOOK.replace(b" sub:001 dlvrd:001 ", b", "),
    ],
)
def test_the_same_receipt_as_others_write_it(text: bytes):
    assert facts(read(text)) == BOOK_FACTS


@pytest.mark.parametrize("data_coding", [0, 1, 3, 8])
def test_ucs2_declared_or_not(data_coding: int):
    assert facts(read(BOOK.decode().encode("utf-16-be"), data_coding=data_coding)) == BOOK_FACTS


def test_ascii_declared_as_ucs2():
    assert facts(read(BOOK, data_coding=8)) == BOOK_FACTS
    assert facts(read(BOOK + b"!", data_coding=8))[:6] == BOOK_FACTS[:6]


def test_message_payload_and_data_sm():
    payload = (Tlv(Tag.MESSAGE_PAYLOAD, BOOK),)
    assert facts(read(b"", tlvs=payload)) == BOOK_FACTS
    receipt = parse_receipt(DataSm(esm_class=0x04, tlvs=payload))
    assert receipt is not None
    assert facts(receipt) == BOOK_FACTS


@pytest.mark.parametrize("esm_class", [0x04, 0x07, 0x84])
def test_other_bits_do_not_hide_a_receipt(esm_class: int):
    assert facts(read(BOOK, esm_class)) == BOOK_FACTS


def test_a_user_data_header_is_skipped():
    assert facts(read(b"\x05\x00\x03\x01\x01\x01" + BOOK, 0x44)) == BOOK_FACTS
    assert facts(read(b"\x05\x00\x03AAA" + BOOK, 0x44)) == BOOK_FACTS
    assert read(b"\xff", 0x44).message_id is None


def test_intermediate_notifications():
    receipt = read(BOOK.replace(b"DELIVRD", b"ENROUTE"), 0x20)
    assert receipt.intermediate
    assert not receipt.final
    assert receipt.stat == "ENROUTE"
    assert not read(BOOK, 0x20).final
    assert "intermediate" in repr(receipt)


# TLVs first, then the text


def test_tlvs_come_first():
    tlvs = (
        c_octets(Tag.RECEIPTED_MESSAGE_ID, "from-tlv"),
        octet(Tag.MESSAGE_STATE, MessageState.UNDELIVERABLE),
        Tlv(Tag.NETWORK_ERROR_CODE, b"\x03\x00\x21"),
    )
    receipt = read(BOOK, tlvs=tlvs)
    assert (receipt.message_id, receipt.stat, receipt.raw_stat) == ("from-tlv", "UNDELIV", "DELIVRD")
    assert receipt.network_error == b"\x03\x00\x21"
    assert receipt.done_date == DONE


def test_an_id_without_a_state_and_a_state_without_an_id():
    receipt = read(BOOK, tlvs=(Tlv(Tag.RECEIPTED_MESSAGE_ID, b"from-tlv"),))
    assert (receipt.message_id, receipt.stat) == ("from-tlv", "DELIVRD")
    receipt = read(BOOK, tlvs=(octet(Tag.MESSAGE_STATE, 8),))
    assert (receipt.message_id, receipt.stat) == ("0a1B", "REJECTD")


@pytest.mark.parametrize(
    ("state", "stat", "final"),
    [
        (1, "ENROUTE", False),
        (2, "DELIVRD", True),
        (3, "EXPIRED", True),
        (4, "DELETED", True),
        (5, "UNDELIV", True),
        (6, "ACCEPTD", False),
        (7, "UNKNOWN", False),
        (8, "REJECTD", True),
    ],
)
def test_states_without_any_text(state: int, stat: str, final: bool):
    receipt = read(b"", tlvs=(c_octets(Tag.RECEIPTED_MESSAGE_ID, "a"), octet(Tag.MESSAGE_STATE, state)))
    assert (receipt.message_id, receipt.stat, receipt.raw_stat, receipt.final) == ("a", stat, stat, final)
    assert (receipt.err, receipt.text, receipt.submit_date) == ("000", "", None)


@pytest.mark.parametrize("state", [0, 9, 255])
def test_a_state_nobody_knows_gives_way_to_the_text(state: int):
    assert read(BOOK, tlvs=(octet(Tag.MESSAGE_STATE, state),)).stat == "DELIVRD"


def test_an_empty_id_in_the_tlv_gives_way_to_the_text():
    assert read(BOOK, tlvs=(Tlv(Tag.RECEIPTED_MESSAGE_ID, b"\0"),)).message_id == "0a1B"


# The odd ones


@pytest.mark.parametrize(
    ("raw", "stat"),
    [
        ("DELIVRD", "DELIVRD"),
        ("delivrd", "DELIVRD"),
        ("DELIVERED", "DELIVRD"),
        ("DELIV", "DELIVRD"),
        ("UNDELIV", "UNDELIV"),
        ("UNDELIVERED", "UNDELIV"),
        ("Undeliverable", "UNDELIV"),
        ("FAILED", "UNDELIV"),
        ("failure", "UNDELIV"),
        ("EXPIRED", "EXPIRED"),
        ("DELETED", "DELETED"),
        ("REJECTD", "REJECTD"),
        ("REJECTED", "REJECTD"),
        ("ACCEPTD", "ACCEPTD"),
        ("ACCEPTED", "ACCEPTD"),
        ("ENROUTE", "ENROUTE"),
        ("BUFFERED", "ENROUTE"),
        ("UNKNOWN", "UNKNOWN"),
        ("SOMETHING", "UNKNOWN"),
        ("", "UNKNOWN"),
    ],
)
def test_stats(raw: str, stat: str):
    assert normalise_stat(raw) == stat
    receipt = read(f"id:1 stat:{raw} err:000".encode())
    assert (receipt.stat, receipt.raw_stat) == (stat, raw)


@pytest.mark.parametrize("err", ["000", "1", "0042", "EC21", "4294967295"])
def test_err_is_kept_as_it_came(err: str):
    assert read(BOOK.replace(b"err:000", f"err:{err}".encode())).err == err


@pytest.mark.parametrize("date", [b"", b"0000000000", b"junk", b"9999999999", b"-"])
def test_a_date_never_fails_a_receipt(date: bytes):
    receipt = read(BOOK.replace(b"2501311201", date))
    assert receipt.done_date is None
    assert receipt.submit_date == SUBMITTED
    assert receipt.stat == "DELIVRD"


def test_the_text_may_look_like_fields():
    assert read(BOOK + b" id:99 stat:FAILED").text == "hello there id:99 stat:FAILED"
    assert read(BOOK.replace(b"err:", b"Err: ") + b" id:99 stat:FAILED").message_id == "0a1B"


@pytest.mark.parametrize("text", [b"", b"Your message was delivered", b"\xff\xfe\xfd", b"id", b"id: stat:"])
def test_a_declared_receipt_is_a_receipt_even_when_nothing_can_be_read(text: bytes):
    receipt = read(text)
    assert receipt.message_id is None
    assert receipt.stat == "UNKNOWN"
    assert not receipt.final


# The habits of one SMSC


def test_a_map_of_states_overrules_text_and_tlv():
    habits = ReceiptHabits(stats={" Gone ": "UNDELIV", "DELIVRD": "ENROUTE", "message_state=9": "DELETED"})

    def stats(text: bytes, *tlvs: Tlv) -> tuple[str, str]:
        receipt = parse_receipt(DeliverSm(esm_class=4, short_message=text, tlvs=tlvs), habits)
        assert receipt is not None
        return receipt.stat, receipt.raw_stat

    assert stats(b"id:1 stat:gONE") == ("UNDELIV", "gONE")
    assert stats(b"id:1 stat:DELIVRD", octet(Tag.MESSAGE_STATE, 2)) == ("ENROUTE", "DELIVRD")
    assert stats(b"id:1 stat:other", octet(Tag.MESSAGE_STATE, 2)) == ("DELIVRD", "other")
    assert stats(b"id:1", octet(Tag.MESSAGE_STATE, 9)) == ("DELETED", "message_state=9")
    assert stats(b"id:1", octet(Tag.MESSAGE_STATE, 10)) == ("UNKNOWN", "message_state=10")


def test_the_id_of_the_text_where_the_tlv_has_another():
    pdu = DeliverSm(esm_class=4, short_message=BOOK, tlvs=(c_octets(Tag.RECEIPTED_MESSAGE_ID, "other"),))
    for habits, message_id in ((ReceiptHabits(), "other"), (ReceiptHabits(id_of_text=True), "0a1B")):
        receipt = parse_receipt(pdu, habits)
        assert receipt is not None
        assert receipt.message_id == message_id
    bare = parse_receipt(DeliverSm(esm_class=4, tlvs=pdu.tlvs), ReceiptHabits(id_of_text=True))
    assert bare is not None
    assert bare.message_id == "other"


def test_esm_class_alone_tells_a_receipt_where_texts_must_not():
    habits = ReceiptHabits(by_text=False)
    tlvs = (c_octets(Tag.RECEIPTED_MESSAGE_ID, "a"), octet(Tag.MESSAGE_STATE, 2))
    assert parse_receipt(DeliverSm(esm_class=0, short_message=BOOK, tlvs=tlvs), habits) is None
    assert parse_receipt(DeliverSm(esm_class=0x44, short_message=b"\0" + BOOK), habits) is not None


# What is no receipt


def test_a_receipt_that_is_not_declared():
    assert facts(read(BOOK, 0x00)) == BOOK_FACTS
    tlvs = (c_octets(Tag.RECEIPTED_MESSAGE_ID, "a"), octet(Tag.MESSAGE_STATE, 2))
    assert read(b"", 0x00, tlvs=tlvs).stat == "DELIVRD"


@pytest.mark.parametrize(
    ("esm_class", "text"),
    [
        (0x00, b"hello"),
        (0x00, b""),
        (0x00, b"my id: 5"),
        (0x00, b"stat: fine"),
        (0x40, b"\x05\x00\x03\x01\x02\x01hello"),
        (0x08, BOOK),  # an acknowledgement of the handset's user is no receipt
        (0x10, BOOK),
    ],
)
def test_messages_are_not_taken_for_receipts(esm_class: int, text: bytes):
    assert parse_receipt(DeliverSm(esm_class=esm_class, short_message=text)) is None


@given(
    st.sampled_from([0x00, 0x04, 0x20, 0x44]),
    st.sampled_from([0, 1, 3, 8, 0xF1]),
    st.binary(max_size=200) | st.text().map(lambda text: f"id:{text} stat:{text} done date:{text}".encode()),
    st.lists(st.builds(Tlv, st.sampled_from([0x001E, 0x0427, 0x0423, 0x0424]), st.binary(max_size=9))),
)
def test_nothing_makes_the_parser_raise(esm_class: int, data_coding: int, text: bytes, tlvs: list[Tlv]):
    receipt = parse_receipt(
        DeliverSm(esm_class=esm_class, data_coding=data_coding, short_message=text, tlvs=tuple(tlvs))
    )
    assert receipt is not None or not esm_class & 0x24


# Writing


def test_format_receipt_is_what_customers_parsers_expect():
    assert format_receipt("0a1B", 1, 1, SUBMITTED, DONE, "DELIVRD", "000", "hello there") == BOOK


def test_format_receipt_cuts_and_cleans_the_text():
    text = format_receipt("1", 3, 0, SUBMITTED, DONE, "UNDELIV", "069", "Grüße\n€ and twenty characters more")
    assert text.startswith(b"id:1 sub:003 dlvrd:000 submit date:2501311200 ")
    assert text.endswith(b" stat:UNDELIV err:069 text:Gr??e?? and twenty c")


@given(st.text(max_size=40), st.sampled_from(["DELIVRD", "UNDELIV", "EXPIRED"]))
def test_what_we_write_we_read(text: str, stat: str):
    receipt = read(format_receipt("0199-ab", 1, 1, SUBMITTED, DONE, stat, "012", text))
    assert (receipt.message_id, receipt.stat, receipt.err) == ("0199-ab", stat, "012")
    assert (receipt.submit_date, receipt.done_date) == (SUBMITTED, DONE)
    assert receipt.text.isascii()
    assert len(receipt.text) == min(20, len(text))


# Ids


@pytest.mark.parametrize(
    ("raw", "fmt", "key"),
    [
        ("00A1b", "auto", "a1b"),
        (" 123 ", "auto", "123"),
        ("000", "auto", "0"),
        ("", "auto", ""),
        ("00A1b", "hex", "a1b"),
        ("00A1b", "text", "00A1b"),
        ("019A-0B", "auto", "19a-0b"),
    ],
)
def test_normalise_id(raw: str, fmt: str, key: str):
    assert normalise_id(raw, fmt) == key


@pytest.mark.parametrize(
    ("submitted", "receipted", "fmt", "position"),
    [
        ("a1b2", "a1b2", "auto", 0),
        ("A1B2", "00a1b2", "auto", 0),
        ("41394", "A1B2", "auto", 1),  # decimal at first, hex in the receipt
        ("A1B2", "41394", "auto", 2),  # hex at first, decimal in the receipt
        ("0000A1B2", "0000041394", "auto", 2),
        ("a1b2", "41394", "decimal", 0),
        ("41394", "a1b2", "hex", 0),
        ("a1b2", "a1b2", "hex", 1),
        ("41394", "41394", "decimal", 1),
        ("00Ab", "00Ab", "text", 0),
        ("0198c1d2-aa", "0198C1D2-AA", "auto", 0),
    ],
)
def test_a_receipt_finds_its_message(submitted: str, receipted: str, fmt: str, position: int):
    assert id_keys(receipted, fmt)[position] == normalise_id(submitted, fmt)


def test_text_ids_are_compared_exactly():
    assert id_keys("00Ab", "text") == ("00Ab",)
    assert normalise_id("00ab", "text") not in id_keys("00Ab", "text")


def test_auto_has_three_fixed_places():
    assert id_keys("123") == ("123", "291", "7b")
    assert id_keys("ff") == ("ff", "255", "ff")
    assert id_keys("not-a-number") == ("not-a-number",) * 3
    assert id_keys("9" * 5000) == ("9" * 5000,) * 3
    assert id_keys("") == ("", "", "")


@given(st.integers(0, 1 << 128), st.sampled_from(["{:x}", "{:X}", "{:d}", "{:040x}", "{:039d}"]))
def test_every_way_of_writing_a_number_is_found(number: int, written: str):
    raw = written.format(number)
    keys = id_keys(raw)
    assert normalise_id(f"{number:x}") in keys or normalise_id(f"{number:d}") in keys
