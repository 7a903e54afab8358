"""Encoding and segments: what the connector will carry, and how many parts are charged."""

import importlib.util
import random
import sys
from itertools import count

import pytest

from trunkline.gsm.shifts import Shift, shift_in
from trunkline.gsm.tables import Language
from trunkline.gsm.udh import PORTS_16, ports_element, split
from trunkline.model.submission import Reason, Rejected
from trunkline.pipeline import content as pipeline_content
from trunkline.pipeline.content import Content, compose

from .doubles import submission_of


def content_of(
    method: str = "udh8",
    languages: tuple[Language, ...] = (),
    smart: bool = False,
    eight_bit: str = "",
    **fields: object,
) -> Content:
    return compose(submission_of(**fields), method, languages, smart=smart, eight_bit=eight_bit)


def refusal(method: str = "udh8", **fields: object) -> Reason:
    with pytest.raises(Rejected) as caught:
        content_of(method, **fields)
    assert caught.value.detail
    return caught.value.reason


@pytest.mark.parametrize(
    ("text", "coding", "encoding", "data_coding"),
    [
        ("hello", None, "gsm7", 0),
        ("price: 5 €", None, "gsm7", 0),
        ("مرحبا", None, "ucs2", 8),
        ("hi 🙂", None, "ucs2", 8),
        ("hello", 8, "ucs2", 8),
        ("hello", 1, "ascii", 1),
        ("Grüße", 3, "latin1", 3),
        ("", None, "gsm7", 0),
    ],
)
def test_encodings(text: str, coding: int | None, encoding: str, data_coding: int) -> None:
    content = content_of(text=text, coding=coding)
    assert (content.encoding, content.data_coding) == (encoding, data_coding)
    assert content.pieces == [(text, b"")]
    assert (content.parts, content.sar_reference) == (1, 0)


def test_a_data_coding_that_the_sender_chose_is_kept() -> None:
    assert content_of(coding=0, data_coding=0xF0).data_coding == 0xF0


@pytest.mark.parametrize(
    "fields",
    [
        {"text": "مرحبا", "coding": 0},
        {"text": "€", "coding": 3},
        {"text": "hello", "coding": 4},
        {"text": "Ж", "coding": 7},
        {"text": "Grüße", "coding": 3, "message_class": 0},
        {"text": "\ud83d"},
        {"text": "a\0b"},
        {"text": None},
    ],
)
def test_text_that_cannot_be_sent(fields: dict[str, object]) -> None:
    assert refusal(**fields) is Reason.INVALID_TEXT


@pytest.mark.parametrize(
    ("method", "text", "parts", "octets_of_header"),
    [
        ("udh8", "x" * 160, 1, 0),
        ("udh8", "x" * 161, 2, 6),
        ("udh8", "x" * 306, 2, 6),
        ("udh8", "x" * 307, 3, 6),
        ("udh16", "x" * 304, 2, 7),
        ("udh16", "x" * 305, 3, 7),
        ("sar", "x" * 304, 2, 0),
        ("sar", "x" * 305, 3, 0),
        ("udh8", "ä" * 0 + "я" * 70, 1, 0),
        ("udh8", "я" * 71, 2, 6),
        ("udh16", "я" * 133, 3, 7),
        ("udh8", "€" * 80, 1, 0),
        ("udh8", "€" * 81, 2, 6),
    ],
)
def test_long_texts(method: str, text: str, parts: int, octets_of_header: int) -> None:
    content = content_of(method, text=text)
    assert len(content.pieces) == content.parts == parts
    assert "".join(piece for piece, _ in content.pieces) == text
    assert {len(udh) for _, udh in content.pieces} == {octets_of_header}
    assert content.text == text
    assert bool(content.sar_reference) == (method == "sar")


def test_the_parts_of_one_message_share_a_reference_and_of_two_they_do_not() -> None:
    references = []
    for _ in range(2):
        headers = [split(udh)[0] for _, udh in content_of("udh16", text="x" * 400).pieces]
        found = {element.data[:2] for (element,) in headers}
        assert [element.data[2:] for (element,) in headers] == [b"\x03\x01", b"\x03\x02", b"\x03\x03"]
        assert len(found) == 1
        references.append(found.pop())
    assert references[0] != references[1]


def test_references_fit_their_field_and_are_never_0(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipeline_content, "_references", count(0xFFFD))
    references = [content_of("sar", text="x" * 161).sar_reference for _ in range(3)]
    assert references == [0xFFFE, 0xFFFF, 1]


def test_every_process_begins_somewhere_else(monkeypatch: pytest.MonkeyPatch) -> None:
    class Dice:
        def randrange(self, stop: int) -> int:
            assert stop == 0xFFFF
            return 4710

    monkeypatch.setattr(random, "SystemRandom", Dice)
    spec = importlib.util.find_spec(pipeline_content.__name__)
    assert spec is not None
    assert spec.loader is not None
    started = importlib.util.module_from_spec(spec)
    # A dataclass looks its module up by name.
    monkeypatch.setitem(sys.modules, pipeline_content.__name__, started)
    spec.loader.exec_module(started)
    content = started.compose(submission_of(text="x" * 161), "sar")
    assert content.sar_reference == 4711


@pytest.mark.parametrize(("length", "parts"), [(160, 1), (161, 2), (307, 3)])
def test_a_payload_is_one_piece_and_charged_by_what_it_becomes(length: int, parts: int) -> None:
    content = content_of("payload", text="x" * length)
    assert content.pieces == [("x" * length, b"")]
    assert content.parts == parts


@pytest.mark.parametrize(("method", "size"), [("udh8", 153), ("udh16", 152), ("sar", 152), ("payload", 153)])
def test_255_parts_are_the_most(method: str, size: int) -> None:
    content = content_of(method, text="x" * size * 255)
    assert content.parts == 255
    assert refusal(method, text="x" * (size * 255 + 1)) is Reason.MESSAGE_TOO_LONG


# --- octets ---


def octets_of(octets: bytes, method: str = "udh8", **fields: object) -> Content:
    return content_of(method, text=None, octets=octets, **fields)


def test_octets_travel_as_hex() -> None:
    content = octets_of(b"\x00\xff\x10")
    assert (content.text, content.encoding, content.data_coding) == (None, "binary", 4)
    assert content.pieces == [("00ff10", b"")]
    assert content.parts == 1


def test_octets_under_another_coding_keep_it() -> None:
    assert octets_of(b"\x00A\x00", data_coding=8).data_coding == 8


@pytest.mark.parametrize(
    ("method", "length", "pieces", "parts"),
    [
        ("udh8", 140, 1, 1),
        ("udh8", 141, 2, 2),
        ("udh8", 268, 2, 2),
        ("udh8", 269, 3, 3),
        ("udh16", 267, 3, 3),
        ("sar", 141, 2, 2),
        ("payload", 141, 1, 2),
        ("payload", 269, 1, 3),
    ],
)
def test_long_octets(method: str, length: int, pieces: int, parts: int) -> None:
    octets = bytes(n & 0xFF for n in range(length))
    content = octets_of(octets, method)
    assert (len(content.pieces), content.parts) == (pieces, parts)
    assert bytes.fromhex("".join(piece for piece, _ in content.pieces)) == octets
    assert bool(content.sar_reference) == (method == "sar")


def test_octets_of_more_than_255_parts() -> None:
    assert octets_of(bytes(134 * 255)).parts == 255
    with pytest.raises(Rejected) as caught:
        octets_of(bytes(134 * 255 + 1))
    assert caught.value.reason is Reason.MESSAGE_TOO_LONG


# --- a header of the sender's own ---

UDH = bytes.fromhex("0605040B8423F0")  # a port address: WAP push
CONCATENATED = bytes.fromhex("050003010201")


def test_a_message_with_a_header_stays_one_piece() -> None:
    assert content_of(udh=CONCATENATED).pieces == [("hello", CONCATENATED)]
    assert octets_of(b"\x01\x06", udh=UDH).pieces == [("0106", UDH)]


@pytest.mark.parametrize(
    ("text", "header", "fits"),
    [
        ("x" * 153, CONCATENATED, True),
        ("x" * 154, CONCATENATED, False),
        ("€" * 76, CONCATENATED, True),
        ("€" * 77, CONCATENATED, False),
        ("x" * 152, UDH, True),
        ("x" * 153, UDH, False),
        ("я" * 67, CONCATENATED, True),
        ("я" * 68, CONCATENATED, False),
    ],
)
def test_with_a_header_a_text_must_fit_in_one_message(text: str, header: bytes, fits: bool) -> None:
    if fits:
        assert content_of(text=text, udh=header).parts == 1
    else:
        assert refusal(text=text, udh=header) is Reason.MESSAGE_TOO_LONG


@pytest.mark.parametrize(
    ("length", "data_coding", "fits"),
    [(134, 4, True), (135, 4, False), (134, 8, True), (135, 8, False), (153, 0, True), (154, 0, False)],
)
def test_with_a_header_octets_must_fit_in_one_message(length: int, data_coding: int, fits: bool) -> None:
    if fits:
        assert octets_of(bytes(length), udh=CONCATENATED, data_coding=data_coding).parts == 1
    else:
        reason = refusal(text=None, octets=bytes(length), udh=CONCATENATED, data_coding=data_coding)
        assert reason is Reason.MESSAGE_TOO_LONG


# --- national languages, smart encoding, character sets, classes and ports ---

TURKISH = "şaka ve ağaç, " * 9  # 126 characters: two parts in UCS-2, one in septets


def test_national_tables_where_they_save_parts() -> None:
    content = content_of(text=TURKISH, languages=(Language.TURKISH,))
    assert (content.encoding, content.data_coding, content.parts) == ("gsm7", 0, 1)
    [(text, udh)] = content.pieces
    assert text == TURKISH
    assert shift_in(udh) == Shift(locking=Language.TURKISH)
    assert content_of(text=TURKISH).encoding == "ucs2"
    assert content_of(text="şaka", languages=(Language.TURKISH,)).encoding == "ucs2"


def test_every_part_says_which_tables_it_is_in() -> None:
    content = content_of(text=TURKISH * 3, languages=(Language.TURKISH,))
    assert content.parts == len(content.pieces) > 1
    assert "".join(piece for piece, _ in content.pieces) == TURKISH * 3
    assert {shift_in(udh) for _, udh in content.pieces} == {Shift(locking=Language.TURKISH)}


@pytest.mark.parametrize(
    ("text", "coding", "sent", "encoding"),
    [
        ("“Żółw” 5 €", None, '"Zolw" 5 €', "gsm7"),
        ("Żółw", 8, "Żółw", "ucs2"),  # the sender insists
        ("Ж“", None, "Ж“", "ucs2"),  # it would not become GSM anyway
        ("`plain` café", None, "'plain' cafe", "gsm7"),
    ],
)
def test_smart_encoding(text: str, coding: int | None, sent: str, encoding: str) -> None:
    content = content_of(text=text, coding=coding, smart=True)
    assert (content.encoding, content.pieces) == (encoding, [(content.text, b"")])
    if text.startswith("`"):  # é is in the alphabet, the backquote is not
        assert content.text is not None
        assert content.text.endswith("café")
    else:
        assert content.text == sent
    assert content_of(text=text, coding=coding).text == text


def test_smart_encoding_changes_nothing_that_national_tables_hold_in_as_many_parts() -> None:
    content = content_of(text=TURKISH, languages=(Language.TURKISH,), smart=True)
    assert (content.text, content.parts) == (TURKISH, 1)
    assert content_of(text="şaka", languages=(Language.TURKISH,), smart=True).text == "saka"


@pytest.mark.parametrize(
    ("coding", "text", "encoding"),
    [(5, "カ", "jis"), (6, "Привет", "cyrillic"), (7, "שלום", "hebrew"), (14, "안녕", "korean")],
)
def test_character_sets_that_a_sender_asks_for(coding: int, text: str, encoding: str) -> None:
    content = content_of(text=text, coding=coding)
    assert (content.encoding, content.data_coding) == (encoding, coding)
    long = content_of(text=text * 141, coding=coding)
    assert "".join(piece for piece, _ in long.pieces) == text * 141
    assert long.parts == len(long.pieces) > 1


@pytest.mark.parametrize(("text", "data_coding"), [("hi", 0x10), ("مرحبا", 0x18)])
def test_flash(text: str, data_coding: int) -> None:
    assert content_of(text=text, message_class=0).data_coding == data_coding


def test_ports_stand_in_every_header() -> None:
    push = ports_element(2948, 9200)
    [(octets, udh)] = content_of(text=None, octets=b"\x01" * 133, elements=(push,)).pieces
    assert octets == "01" * 133
    assert split(udh + b"x")[0] == (push,)
    pieces = content_of(text=None, octets=b"\x01" * 134, elements=(push,)).pieces
    assert len(pieces) == 2
    for _, udh in pieces:
        assert PORTS_16 in {element.identifier for element in split(udh + b"x")[0]}
    assert content_of(text="hi", elements=(push,)).pieces == [("hi", bytes.fromhex("0605040b8423f0"))]


def test_a_header_of_the_senders_says_which_tables() -> None:
    udh = b"\x03\x25\x01\x01"  # Turkish locking shift
    content = content_of(text="şaka", coding=0, udh=udh)
    assert (content.encoding, content.pieces) == ("gsm7", [("şaka", udh)])
    assert refusal(text="ş" * 156, coding=0, udh=udh) is Reason.MESSAGE_TOO_LONG


@pytest.mark.parametrize(
    ("eight_bit", "text", "encoding", "lengths"),
    [
        ("", "a" * 160, "gsm7", [160]),
        ("latin1", "a" * 140, "gsm7", [140]),
        ("latin1", "ü" * 141, "gsm7", [134, 7]),
        ("latin1", "^" * 140, "gsm7", [140]),
        ("ascii", "a" * 141, "gsm7", [134, 7]),
        ("latin1", "5 €", "ucs2", [3]),
        ("ascii", "Grüße", "ucs2", [5]),
        ("latin1", "ğ" * 70, "ucs2", [70]),
        ("gsm7", "a" * 160, "gsm7", [160]),
    ],
)
def test_a_default_alphabet_in_octets(eight_bit: str, text: str, encoding: str, lengths: list[int]) -> None:
    content = content_of(text=text, eight_bit=eight_bit, languages=(Language.TURKISH,))
    assert (content.encoding, content.data_coding) == (encoding, 8 if encoding == "ucs2" else 0)
    assert [len(piece) for piece, _ in content.pieces] == lengths
    assert "".join(piece for piece, _ in content.pieces) == text


def test_a_sender_that_insists_on_an_alphabet_in_octets() -> None:
    assert content_of(text="hello", coding=0, eight_bit="latin1").encoding == "gsm7"
    assert refusal(text="5 €", coding=0, eight_bit="latin1") is Reason.INVALID_TEXT
