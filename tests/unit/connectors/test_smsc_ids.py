import pytest

from trunkline.connectors.smsc_ids import ENOUGH, REMEMBERED, SmscIds

NUMBER = "971501234567"


@pytest.mark.parametrize(
    ("fmt", "raw", "key"),
    [
        ("auto", "00Ab12", "ab12"),
        ("auto", "0000", "0"),
        ("hex", "00AB", "ab"),
        ("decimal", "0012", "12"),
        ("text", "00Ab", "00Ab"),
    ],
)
def test_the_key_of_an_answer(fmt, raw, key):
    assert SmscIds(fmt).given(raw, NUMBER) == key


@pytest.mark.parametrize(
    ("fmt", "raw", "keys"),
    [
        ("text", "00Ab", ("00Ab",)),
        ("hex", "FF", ("255", "ff")),
        ("decimal", "255", ("ff", "255")),
        ("auto", "255", ("255", "597", "ff")),
        ("auto", "FF", ("ff", "255")),
        ("auto", "7c9e6679-7425", ("7c9e6679-7425",)),
    ],
)
def test_the_keys_of_a_receipt(fmt, raw, keys):
    assert SmscIds(fmt).candidates(raw, NUMBER) == keys


# What submit_sm_resp and the receipt make of the same number.
WAYS = {
    "alike": (lambda n: f"{n:08X}", lambda n: f"{n:08x}"),
    "hex then decimal": (lambda n: f"{n:x}", lambda n: f"{n:010d}"),
    "decimal then hex": (str, lambda n: f"{n:X}"),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("first", [10, 100_000, 0xDEADBEEF00])
def test_auto_learns_the_way_even_of_short_counters(way, first):
    """The right key comes first from the first receipt on, though other keys are somebody's, too."""
    answer, receipt = WAYS[way]
    ids = SmscIds("auto")
    messages = [(first + n, f"97150{n:07d}") for n in range(500)]
    keys = [ids.given(answer(number), handset) for number, handset in messages]
    assert not ids.learned
    for (number, handset), key in zip(messages, keys, strict=True):
        assert ids.candidates(receipt(number), handset)[0] == key
    assert ids.learned


def test_what_was_learned_is_used_for_ids_never_seen():
    ids = SmscIds("auto")
    for number in range(100_000, 100_000 + ENOUGH):
        ids.given(f"{number:x}", NUMBER)
        ids.candidates(str(number), NUMBER)
    assert ids.learned
    assert ids.candidates("255", "1") == ("ff", "255", "597")


def test_the_handset_has_to_agree():
    ids = SmscIds("auto")
    ids.given("ff", "49170000001")
    ids.given("255", "49170000002")
    # Both keys exist; only one was given for this handset. A country code more or less is no matter.
    assert ids.candidates("255", "+49170000001")[0] == "ff"
    assert ids.candidates("255", "0170000002")[0] == "255"
    assert ids.candidates("255", "49170000003")[0] == "255"


def test_mixed_ways_are_never_settled():
    ids = SmscIds("auto")
    for number in range(100_000, 101_000):
        ids.given(f"{number:x}", NUMBER)
        ids.candidates(str(number) if number % 2 else f"{number:x}", NUMBER)
    assert not ids.learned
    ids.given("abcde", NUMBER)
    assert ids.candidates(str(0xABCDE), NUMBER)[0] == "abcde"
    assert ids.candidates("abcde", NUMBER)[0] == "abcde"


def test_memory_is_bounded():
    ids = SmscIds("auto")
    for number in range(3 * REMEMBERED):
        ids.given(str(10**9 + number), NUMBER)
    assert len(ids._given) == REMEMBERED
