"""Profiles as people write them, and their page in the documentation."""

import re
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from trunkline.gsm.tables import Language
from trunkline.model.profile import (
    STANDARD,
    DetectReceipts,
    ErrorAction,
    PassTlvs,
    Profile,
    ReceiptId,
    SplitTransceivers,
    TlvType,
    Validity,
    VendorTlv,
)
from trunkline.services.accounts import InvalidInput
from trunkline.services.profiles import MAX_ENTRIES, assign, check, describe, vendor_tlv

PAGE = Path(__file__).parents[3] / "docs" / "connector-profile.md"
# Every field with another value than its own, in words and as it is stored.
WORDS: dict[str, tuple[list[str], Any]] = {
    "receipt_patterns": (["Message {id}, {stat}", "{id} {stat}"], ("Message {id}, {stat}", "{id} {stat}")),
    "status_map": (
        ["0:delivrd, a:b:UNDELIV", "KO:REJECTD"],
        {"0": "DELIVRD", "a:b": "UNDELIV", "KO": "REJECTD"},
    ),
    "detect_receipts": (["esm_class"], DetectReceipts.ESM_CLASS),
    "receipt_id": (["text"], ReceiptId.TEXT),
    "error_actions": (
        ["ESME_RINVDSTADR:retry, 0x401:slow", "esme_rthrottled:reject, 255:retry, 0x00000300:slow"],
        {
            0x0B: ErrorAction.RETRY,
            0x401: ErrorAction.SLOW,
            0x58: ErrorAction.REJECT,
            0xFF: ErrorAction.RETRY,
            0x300: ErrorAction.SLOW,
        },
    ),
    "vendor_tlvs": (
        ["route:0x1401:cstring", "count:5122:uint32"],
        (VendorTlv("route", 0x1401, TlvType.CSTRING), VendorTlv("count", 5122, TlvType.UINT32)),
    ),
    "pass_tlvs": (["all"], PassTlvs.ALL),
    "slow_at_congestion": (["70"], 70),
    "split_transceivers": (["always"], SplitTransceivers.ALWAYS),
    "wrong_credentials_retry_s": (["600"], 600.0),
    "enquire_link_timeout_s": (["2.5"], 2.5),
    "interface_version": (["0x33"], 0x33),
    "addr_ton": (["1"], 1),
    "addr_npi": (["18"], 18),
    "address_range": (["^4477.*"], "^4477.*"),
    "outbind_port": (["2776"], 2776),
    "outbind_host": (["::"], "::"),
    "outbind_system_id": (["smsc"], "smsc"),
    "outbind_password": (["a=b"], "a=b"),
    "alphanumeric_numbering": (["5/1"], "5/1"),
    "international_numbering": (["1/0"], "1/0"),
    "short_code_numbering": (["0/1"], "0/1"),
    "service_type": (["CMT"], "CMT"),
    "messaging_mode": (["3"], 3),
    "validity": (["absolute"], Validity.ABSOLUTE),
    "validity_offset": (["-22"], -22),
    "data_codings": (["ucs2:0x18, binary:245"], {"ucs2": 0x18, "binary": 0xF5}),
    "eight_bit": (["yes"], True),
    "languages": (["turkish", "spanish"], (Language.TURKISH, Language.SPANISH)),
    "forward_query": (["yes"], True),
    "forward_cancel": (["no"], False),
    "forward_replace": (["False"], False),
    "broadcast": (["true"], True),
}


def changed() -> Profile:
    return assign(STANDARD, [f"{key}={text}" for key, (texts, _) in WORDS.items() for text in texts])


def test_every_field_is_read_from_words_and_given_back_its_default() -> None:
    assert set(WORDS) == {each.name for each in fields(Profile)}
    profile = changed()
    assert {name: getattr(profile, name) for name in WORDS} == {
        name: value for name, (_, value) in WORDS.items()
    }
    check(profile)
    assert assign(profile, [f"{key}=" for key in WORDS]) == STANDARD


def test_what_is_not_named_stays_and_names_may_have_hyphens() -> None:
    profile = assign(changed(), ["pass-tlvs=none"])
    assert profile.pass_tlvs is PassTlvs.NONE
    assert profile.status_map == WORDS["status_map"][1]


def test_what_is_described_can_be_read_again() -> None:
    words = []
    shown = describe(changed())
    assert shown["outbind_password"] == "***"
    for name, value in (shown | {"outbind_password": "a=b"}).items():
        if isinstance(value, dict):
            value = [f"{key}:{entry}" for key, entry in value.items()]  # noqa: PLW2901
        words += [f"{name}={each}" for each in (value if isinstance(value, list) else [value])]
    assert assign(STANDARD, words) == changed()


@pytest.mark.parametrize(
    ("words", "field", "rule"),
    [
        (["receipt_id"], "profile", "KEY=VALUE"),
        (["colour=red"], "profile.colour", "is no field"),
        (["receipt_id=both"], "profile.receipt_id", "must be one of tlv, text, not 'both'"),
        (["forward_query=perhaps"], "profile.forward_query", "yes or no"),
        (["receipt_id=tlv", "receipt_id=text"], "profile.receipt_id", "one value only"),
        (["receipt_patterns={id}{stat}"], "profile.receipt_patterns", "between two names"),
        (["status_map=0"], "profile.status_map", "FROM:TO"),
        (["status_map=0:DELIVERED"], "profile.status_map", "0:DELIVERED: must be one of ENROUTE, DELIVRD"),
        (["error_actions=ESME_RNONE:retry"], "profile.error_actions", "'ESME_RNONE' is no command_status"),
        (["error_actions=0x14:wait"], "profile.error_actions", "must be one of reject, retry, slow"),
        (["error_actions=0:retry"], "profile.error_actions", "a refusal is 1 to 0xFFFFFFFF"),
        (["slow_at_congestion=101"], "profile.slow_at_congestion", "0 to 100"),
        (["slow_at_congestion=much"], "profile.slow_at_congestion", "must be a number, not 'much'"),
        (["wrong_credentials_retry_s=-1"], "profile.wrong_credentials_retry_s", "0 to 86400"),
        (["enquire_link_timeout_s=601"], "profile.enquire_link_timeout_s", "0 to 600"),
        (["enquire_link_timeout_s=nan"], "profile.enquire_link_timeout_s", "0 to 600"),
        (["interface_version=256"], "profile.interface_version", "0 to 255"),
        (["addr_ton=7"], "profile.addr_ton", "0 to 6"),
        (["addr_npi=19"], "profile.addr_npi", "0 to 18"),
        (["address_range=" + "1" * 41], "profile.address_range", "at most 40 ASCII characters"),
        (["address_range=ü"], "profile.address_range", "ASCII"),
        (["outbind_port=65536"], "profile.outbind_port", "0 to 65535"),
        (["outbind_port=2776"], "profile.outbind_password", "needs the system_id and the password"),
        (["outbind_password=123456789"], "profile.outbind_password", "at most 8"),
        (["alphanumeric_numbering=7/0"], "profile.alphanumeric_numbering", "TON/NPI such as 5/0"),
        (["international_numbering=1/19"], "profile.international_numbering", "TON/NPI"),
        (["short_code_numbering=3"], "profile.short_code_numbering", "TON/NPI"),
        (["service_type=123456"], "profile.service_type", "at most 5"),
        (["messaging_mode=4"], "profile.messaging_mode", "0 to 3"),
        (["validity_offset=49"], "profile.validity_offset", "-48 to 48"),
        (["data_codings=utf8:8"], "profile.data_codings", "utf8: must be one of gsm7, ucs2"),
        (["data_codings=ucs2:256"], "profile.data_codings", "ucs2:256: 0 to 255"),
        (["data_codings=ucs2:x"], "profile.data_codings", "must be a number"),
        (["status_map=:DELIVRD"], "profile.status_map", "what the SMSC writes"),
        (["vendor_tlvs=route"], "profile.vendor_tlvs", "NAME:TAG:TYPE"),
        (["vendor_tlvs=route:0x14zz:int"], "profile.vendor_tlvs", "NAME:TAG:TYPE"),
        (["vendor_tlvs=a:1:int:x"], "profile.vendor_tlvs", "NAME:TAG:TYPE"),
        (["vendor_tlvs=1st:0x1401:octets"], "profile.vendor_tlvs", "a name is a letter"),
        (["vendor_tlvs=route:0x1401:float"], "profile.vendor_tlvs", "must be one of uint8, uint16"),
        (["vendor_tlvs=route:0x10000:uint8"], "profile.vendor_tlvs", "0x0001 to 0xFFFF"),
        (["vendor_tlvs=payload:0x0424:octets"], "profile.vendor_tlvs", "none of message_payload"),
        (["vendor_tlvs=a:1:uint8", "vendor_tlvs=a:2:uint8"], "profile.vendor_tlvs", "each name"),
        (["vendor_tlvs=a:1:uint8", "vendor_tlvs=b:1:uint8"], "profile.vendor_tlvs", "each tag"),
        (["receipt_patterns={id}"] * (MAX_ENTRIES + 1), "profile.receipt_patterns", "at most 100"),
    ],
)  # fmt: skip
def test_words_that_say_nothing(words: list[str], field: str, rule: str) -> None:
    with pytest.raises(InvalidInput, match=re.escape(rule)) as caught:
        check(assign(STANDARD, words))
    assert caught.value.field == field


def test_a_vendors_tlv() -> None:
    assert vendor_tlv(" route : 0x1401 : octets ") == VendorTlv("route", 0x1401, TlvType.OCTETS)


# The documentation


def _rows() -> dict[str, list[str]]:
    rows = {}
    for line in PAGE.read_text("utf-8").split("\n## Fields\n")[1].split("\n## ")[0].splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if cells[0].startswith("`"):
            rows[cells[0].strip("`")] = cells
    return rows


def test_the_page_has_every_field_with_its_default() -> None:
    rows = _rows()
    assert list(rows) == [each.name for each in fields(Profile)]
    for name, value in describe(STANDARD).items():
        shown = "none" if value in ([], {}, None, "") else f"`{value}`"
        assert rows[name][2] == shown, name


def test_the_page_has_every_choice() -> None:
    for name, choices in (
        ("detect_receipts", DetectReceipts),
        ("split_transceivers", SplitTransceivers),
        ("validity", Validity),
        ("receipt_id", ReceiptId),
        ("pass_tlvs", PassTlvs),
    ):
        assert re.findall(r"`([a-z_]+)`", _rows()[name][1]) == list(choices)
