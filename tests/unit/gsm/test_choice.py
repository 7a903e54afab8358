import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.gsm.choice import Choice, choose_among
from trunkline.gsm.data_coding import Charset, Encoding
from trunkline.gsm.encoding import choose
from trunkline.gsm.errors import HeaderTooLong, LoneSurrogate, NotInAlphabet, UnsupportedCoding
from trunkline.gsm.segmentation import LongMessage, count_parts
from trunkline.gsm.shifts import Shift
from trunkline.gsm.tables import Language
from trunkline.gsm.udh import Element, ports_element

TR, ES, PT, HI = Language.TURKISH, Language.SPANISH, Language.PORTUGUESE, Language.HINDI
ALL = tuple(Language)
GSM7, UCS2 = Encoding.GSM7, Encoding.UCS2


@pytest.mark.parametrize(
    ("text", "languages", "choice"),
    [
        ("plain", ALL, Choice(GSM7)),
        ("", ALL, Choice(GSM7)),
        ("ş" * 70, ALL, Choice(UCS2)),  # one part either way: every handset reads UCS-2
        ("ş" * 71, [TR], Choice(GSM7, Shift(locking=TR))),
        ("ş" * 71, [], Choice(UCS2)),
        ("ş" * 71, [ES, HI], Choice(UCS2)),
        ("ş" + "x" * 100, [TR], Choice(GSM7, Shift(locking=TR))),
        ("ş" + "x" * 153, [TR], Choice(GSM7, Shift(locking=TR))),  # 154, and 155 with the single shift
        ("è" + "x" * 100 + "ş", [TR], Choice(GSM7, Shift(single=TR))),  # the locking table has no è
        ("è" + "ş" * 80, [TR], Choice(UCS2)),  # 161 septets in parts of 149 are two as well
        ("á" * 71, [ES], Choice(GSM7, Shift(single=ES))),
        ("á" * 71, [ES, PT], Choice(GSM7, Shift(locking=PT))),  # fewer septets
        ("á" + "x" * 80, [ES, PT], Choice(GSM7, Shift(locking=PT))),
        ("ñ" + "á" * 77, [ES, PT], Choice(GSM7, Shift(single=ES))),
        ("नमस्ते " * 15, ALL, Choice(GSM7, Shift(locking=HI))),
        ("नमस्ते A" * 15, ALL, Choice(GSM7, Shift(HI, HI))),  # capitals are in the single table
        ("ş" * 71 + "क", ALL, Choice(UCS2)),  # two languages
        ("😀" * 40, ALL, Choice(UCS2)),
    ],
)
def test_the_fewest_parts(text: str, languages: list[Language], choice: Choice) -> None:
    assert choose_among(text, None, languages) == choice


def test_the_elements_of_a_choice() -> None:
    assert Choice(UCS2).elements == ()
    assert Choice(GSM7, Shift(HI, HI)).elements == (Element(0x24, b"\x06"), Element(0x25, b"\x06"))


def test_parts_are_counted_with_the_whole_header() -> None:
    extra = [ports_element(2948, 9200)]
    # 67 units fit in a message alone, but not beside ports, where 66 do.
    assert choose_among("ş" * 67, None, [TR]) == Choice(UCS2)
    assert choose_among("ş" * 67, None, [TR], extra=extra) == Choice(GSM7, Shift(locking=TR))
    # 151 septets fit beside the shift's element, but not beside ports as well, where 148 do.
    assert choose_among("è" + "ş" * 75, None, [TR]) == Choice(GSM7, Shift(single=TR))
    assert choose_among("è" + "ş" * 75, None, [TR], extra=extra) == Choice(UCS2)
    # 134 units are two parts with an 8-bit reference, three with a 16-bit one; 267 septets are two with both.
    assert choose_among("è" + "ş" * 133, None, [TR], LongMessage.UDH8) == Choice(UCS2)
    assert choose_among("è" + "ş" * 133, None, [TR], LongMessage.UDH16) == Choice(GSM7, Shift(single=TR))
    with pytest.raises(HeaderTooLong):
        choose_among("ş", None, [TR], extra=[Element(0x70, bytes(130))])


def test_the_shorter_header_goes_before_fewer_septets() -> None:
    text = "ã" * 71 + "Φ"  # 143 septets with the single shift, 73 with both, one part either way
    assert Shift(PT, PT).length(text) < Shift(single=PT).length(text)
    assert choose_among(text, None, [PT]) == Choice(GSM7, Shift(single=PT))
    assert choose_among(text * 2, None, [PT]) == Choice(GSM7, Shift(PT, PT))


def test_a_wish_for_septets_takes_what_tables_it_needs() -> None:
    assert choose_among("plain", 0, ALL) == Choice(GSM7)
    assert choose_among("ş", 0, [TR]) == Choice(GSM7, Shift(locking=TR))
    with pytest.raises(NotInAlphabet) as caught:
        choose_among("aşक", 0, ALL)
    assert (caught.value.char, caught.value.position) == ("ş", 1)


@pytest.mark.parametrize(
    ("coding", "text", "encoding"),
    [
        (1, "plain", Encoding.ASCII),
        (3, "ça", Encoding.LATIN1),
        (8, "ş" * 71, UCS2),
        (5, "日本", Charset.JIS),
        (6, "Привет", Charset.CYRILLIC),
        (7, "שלום", Charset.HEBREW),
        (10, "日本", Charset.ISO2022JP),
        (13, "日本", Charset.KANJI),
        (14, "한글", Charset.KOREAN),
    ],
)
def test_any_other_wish_is_followed(coding: int, text: str, encoding: Encoding | Charset) -> None:
    assert choose_among(text, coding, ALL) == Choice(encoding)
    if coding != 8:
        with pytest.raises(NotInAlphabet, match="U\\+1F600"):
            choose_among(text + "😀", coding, ALL)


@pytest.mark.parametrize("coding", [2, 4, 9, 11, 16, -1])
def test_a_wish_for_what_carries_no_text(coding: int) -> None:
    with pytest.raises(UnsupportedCoding):
        choose_among("plain", coding, ALL)


@pytest.mark.parametrize("coding", [None, 8])
def test_half_a_pair_has_no_encoding(coding: int | None) -> None:
    with pytest.raises(LoneSurrogate):
        choose_among("a\ud800", coding, ALL)


texts = st.text(st.sampled_from("aB1 èşáक५ش😀\n€"), max_size=300)


@given(texts, st.lists(st.sampled_from(Language), max_size=4), st.sampled_from(LongMessage))
def test_never_more_parts_than_without_languages(
    text: str, languages: list[Language], method: LongMessage
) -> None:
    choice = choose_among(text, None, languages, method)
    plain = choose(text)
    parts = count_parts(text, choice.encoding, method, choice.elements)
    if choice.shift is None:
        assert choice.encoding is plain
    else:
        assert choice.encoding is GSM7
        assert plain is UCS2
        assert parts < count_parts(text, UCS2, method)
        choice.shift.encode(text)
