"""Delivery receipts: read as SMSCs really write them, written as customers' parsers expect (SMPP 3.4 appendix
B).

The specification leaves the text to the vendor, so reading is patient: fields in any order or case, missing
or blank, in any alphabet, in short_message or message_payload; TLVs, where there are any, come first.
"""

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Final

from trunkline.smpp.constants import (
    ESM_DELIVERY_RECEIPT,
    ESM_INTERMEDIATE,
    ESM_TYPE_MASK,
    ESM_UDHI,
    DataCoding,
    MessageState,
    Tag,
)
from trunkline.smpp.pdus import DataSm, DeliverSm
from trunkline.smpp.receipt_pattern import AROUND, ONE_WORD, ReceiptPattern
from trunkline.smpp.times import format_receipt_date, parse_receipt_date

MAX_RECEIPT_TEXT: Final = 20
"""Characters of the message that a receipt repeats (appendix B)."""

FINAL_STATS: Final = frozenset({"DELIVRD", "UNDELIV", "EXPIRED", "DELETED", "REJECTD"})
"""After these nothing more comes. Not ACCEPTD: many SMSCs send it first and DELIVRD later."""

_STAT_OF_STATE: Final = {
    MessageState.ENROUTE.value: "ENROUTE",
    MessageState.DELIVERED.value: "DELIVRD",
    MessageState.EXPIRED.value: "EXPIRED",
    MessageState.DELETED.value: "DELETED",
    MessageState.UNDELIVERABLE.value: "UNDELIV",
    MessageState.ACCEPTED.value: "ACCEPTD",
    MessageState.UNKNOWN.value: "UNKNOWN",
    MessageState.REJECTED.value: "REJECTD",
}
STATS: Final = tuple(_STAT_OF_STATE.values())
"""The words that appendix B has for a message's state."""

# What SMSCs write, by its beginning in lower case: they cut the words at different lengths. Longer ones
# first.
_STAT_BEGINNINGS: Final = (
    ("undel", "UNDELIV"),
    ("deliv", "DELIVRD"),
    ("dlvrd", "DELIVRD"),
    ("expir", "EXPIRED"),
    ("delet", "DELETED"),
    ("rejec", "REJECTD"),
    ("accep", "ACCEPTD"),
    ("acked", "ACCEPTD"),
    ("enrou", "ENROUTE"),
    ("en_ro", "ENROUTE"),
    ("buffe", "ENROUTE"),
    ("queue", "ENROUTE"),
    ("pendi", "ENROUTE"),
    ("fail", "UNDELIV"),
)

_RECEIPTED_MESSAGE_ID: Final = Tag.RECEIPTED_MESSAGE_ID.value
_MESSAGE_STATE: Final = Tag.MESSAGE_STATE.value
_NETWORK_ERROR_CODE: Final = Tag.NETWORK_ERROR_CODE.value
_UCS2: Final = DataCoding.UCS2.value

# Appendix B to the letter: what most receipts look like.
_BY_THE_BOOK: Final = re.compile(
    r"id:(?P<id>\S+) sub:(?P<sub>\d+) dlvrd:(?P<dlvrd>\d+)"
    r" submit date:(?P<submit>\d+) done date:(?P<done>\d+)"
    r" stat:(?P<stat>\w+) err:(?P<err>\w+) text:(?P<text>.*)",
    re.IGNORECASE | re.DOTALL,
).fullmatch
_FIELD: Final = re.compile(
    r"\b(id|sub|dlvrd|submit[ _]?date|done[ _]?date|stat|err|text)\s*:\s*", re.IGNORECASE
)
# What the fields are called where a pattern found them, and where the receipt itself names them.
_DATES: Final = {"submit_date": "submit", "done_date": "done"}


class Receipt:
    """What a receipt says.

    `message_id` as it came, None where there is none. `stat` one of the seven-letter words of appendix B,
    UNKNOWN for anything else; `raw_stat` as it came. `err` as it came, "000" where there is none. The dates
    are epoch milliseconds, or None. `intermediate` is the SMSC's word for "more will follow" (esm_class),
    `final` says that nothing will. `network_error` is the network_error_code TLV: a network type and a 16-bit
    code.
    """

    __slots__ = (
        "done_date",
        "err",
        "final",
        "intermediate",
        "message_id",
        "network_error",
        "raw_stat",
        "stat",
        "submit_date",
        "text",
    )

    def __init__(
        self,
        message_id: str | None,
        stat: str,
        raw_stat: str = "",
        err: str = "000",
        submit_date: int | None = None,
        done_date: int | None = None,
        text: str = "",
        intermediate: bool = False,
        network_error: bytes | None = None,
    ) -> None:
        self.message_id = message_id
        self.stat = stat
        self.raw_stat = raw_stat
        self.err = err
        self.submit_date = submit_date
        self.done_date = done_date
        self.text = text
        self.intermediate = intermediate
        self.final = stat in FINAL_STATS and not intermediate
        self.network_error = network_error

    def __repr__(self) -> str:
        kind = "intermediate " if self.intermediate else ""
        return f"<{kind}Receipt id={self.message_id!r} stat={self.stat} err={self.err}>"


class ReceiptHabits:
    """How one SMSC writes receipts, where reading them as most are written is not enough.

    `patterns` are tried in their order before the common forms; raises ValueError for one that is wrong.
    `stats` gives the word of appendix B for what this SMSC writes (in either case), and overrules the TLV
    message_state. With `by_text` off only esm_class tells a receipt. `id_of_text`: where text and TLV have an
    id each, the text's is that of submit_sm_resp.
    """

    __slots__ = ("by_text", "id_of_text", "patterns", "stats")

    def __init__(
        self,
        patterns: Iterable[str] = (),
        stats: Mapping[str, str] | None = None,
        *,
        by_text: bool = True,
        id_of_text: bool = False,
    ) -> None:
        self.patterns = tuple(ReceiptPattern(source) for source in patterns)
        self.stats = {raw.strip().lower(): stat for raw, stat in (stats or {}).items()}
        self.by_text = by_text
        self.id_of_text = id_of_text


_USUAL: Final = ReceiptHabits()


def parse_receipt(pdu: DeliverSm | DataSm, habits: ReceiptHabits = _USUAL) -> Receipt | None:
    """Read a receipt; None when the PDU is a handset's message instead.

    The type bits of esm_class decide. Where they say receipt, there is a Receipt even if nothing in it can be
    read: it must never be taken for a message. Where they say nothing, a text with both `id:` and `stat:`
    counts as a receipt all the same, and so do the two receipt TLVs together, and a text of one of the
    patterns whose state is known. Never raises.
    """
    kind = pdu.esm_class & ESM_TYPE_MASK
    declared = kind in {ESM_DELIVERY_RECEIPT, ESM_INTERMEDIATE}
    if not declared and (kind or not habits.by_text):
        return None
    message_id: str | None = None
    stat: str | None = None
    raw_state = ""
    network_error = None
    for tlv in pdu.tlvs:
        tag = tlv.tag
        if tag == _RECEIPTED_MESSAGE_ID:
            message_id = tlv.text.strip() or None
        elif tag == _MESSAGE_STATE:
            stat = _STAT_OF_STATE.get(tlv.number)
            raw_state = stat or f"message_state={tlv.number}"
        elif tag == _NETWORK_ERROR_CODE:
            network_error = tlv.value
    payload = pdu.payload
    # Most of what is not declared is a handset's message, and most of those have no colon.
    worth_reading = declared or habits.patterns or b":" in payload
    fields = _read_fields(payload, pdu, habits, declared) if worth_reading else {}
    if not declared and not ("id" in fields and "stat" in fields) and (message_id is None or stat is None):
        return None
    raw_stat = fields.get("stat") or raw_state
    if habits.stats:
        stat = habits.stats.get(raw_stat.lower(), stat)
    text_id = fields.get("id")
    return Receipt(
        (text_id or message_id if habits.id_of_text else message_id or text_id) or None,
        stat or normalise_stat(raw_stat),
        raw_stat,
        fields.get("err") or "000",
        parse_receipt_date(fields.get("submit", "")),
        parse_receipt_date(fields.get("done", "")),
        fields.get("text", ""),
        kind == ESM_INTERMEDIATE,
        network_error,
    )


@lru_cache(maxsize=512)
def normalise_stat(raw: str) -> str:
    """Return the seven-letter word of appendix B for what an SMSC wrote; UNKNOWN for what is not known."""
    word = raw.strip().lower()
    for beginning, stat in _STAT_BEGINNINGS:
        if word.startswith(beginning):
            return stat
    return "UNKNOWN"


def _read_fields(
    payload: bytes, pdu: DeliverSm | DataSm, habits: ReceiptHabits, declared: bool
) -> dict[str, str]:
    if pdu.esm_class & ESM_UDHI and payload:
        payload = payload[1 + payload[0] :]
    if not payload:
        return {}
    latin = payload.decode("latin-1")
    # Some SMSCs write UCS-2 without saying so, others say so and write ASCII: what can be read decides.
    wide = payload.decode("utf-16-be", "replace") if pdu.data_coding == _UCS2 or payload[0] == 0 else None
    for text in (latin,) if wide is None else (wide, latin):
        if habits.patterns:
            fields = _read_by_pattern(text, habits, declared)
            if fields:
                return fields
        exact = _BY_THE_BOOK(text)
        if exact is not None:
            return exact.groupdict()
        fields = _read_loosely(text)
        if fields:
            return fields
    return {}


def _read_by_pattern(text: str, habits: ReceiptHabits, declared: bool) -> dict[str, str]:
    for pattern in habits.patterns:
        found = pattern.read(text)
        if not found:
            continue
        stat = found.get("stat", "")
        # A pattern may be as short as two words: a handset's message is not to be mistaken for a receipt.
        if declared or stat.lower() in habits.stats or normalise_stat(stat) != "UNKNOWN":
            return {_DATES.get(name, name): value for name, value in found.items()}
    return {}


def _read_loosely(text: str) -> dict[str, str]:
    """Find `name: value` pairs wherever they stand; a value reaches up to the next name."""
    found: dict[str, str] = {}
    heads = list(_FIELD.finditer(text))
    for index, head in enumerate(heads):
        name = head[1].lower()
        last = index + 1 == len(heads)
        # The text may hold anything, even "id:": once the rest is known, all that follows belongs to it.
        if name == "text" and (last or ("id" in found and "stat" in found)):
            found.setdefault(name, text[head.end() :])
            break
        value = text[head.end() : len(text) if last else heads[index + 1].start()].strip(AROUND)
        if name in ONE_WORD:
            value = value.split(maxsplit=1)[0] if value else ""
        elif name.startswith("submit"):
            name = "submit"
        elif name.startswith("done"):
            name = "done"
        found.setdefault(name, value)
    return found


def format_receipt(
    message_id: str,
    sub: int,
    dlvrd: int,
    submit_at_ms: int,
    done_at_ms: int,
    stat: str,
    err: str,
    text: str,
) -> bytes:
    """Write the text of a receipt as appendix B has it; times are epoch milliseconds and written in UTC.

    `id:… sub:001 dlvrd:001 submit date:YYMMDDhhmm done date:YYMMDDhhmm stat:DELIVRD err:000 text:…` The text
    is cut to 20 characters, and what is not printable ASCII becomes "?", so that any data_coding can carry
    it.
    """
    text = text[:MAX_RECEIPT_TEXT]
    if not (text.isascii() and text.isprintable()):
        text = "".join(char if " " <= char <= "~" else "?" for char in text)
    submitted = format_receipt_date(submit_at_ms)
    done = format_receipt_date(done_at_ms)
    return (
        f"id:{message_id} sub:{sub:03d} dlvrd:{dlvrd:03d} submit date:{submitted} done date:{done}"
        f" stat:{stat} err:{err} text:{text}"
    ).encode("latin-1", "replace")


# Matching ids. An SMSC may write an id in hex in submit_sm_resp and in decimal in the receipt, or the other
# way round, with leading zeros or in another case. A store keeps one string per message, `normalise_id` of
# what submit_sm_resp said, and looks a receipt up by the strings of `id_keys`, the first that is found
# counting.

_DECIMAL: Final = re.compile(r"[0-9]{1,40}").fullmatch
_HEX: Final = re.compile(r"[0-9a-f]{1,40}").fullmatch


def normalise_id(raw: str, fmt: str = "auto") -> str:
    """Return the key under which the id of a submit_sm_resp is kept.

    Lower case without leading zeros; `fmt` "text" keeps case and zeros. `fmt` is the same as for `id_keys`.
    """
    text = raw.strip()
    if fmt == "text":
        return text
    return text.lower().lstrip("0") or text[:1]


def id_keys(message_id: str, fmt: str = "auto") -> tuple[str, ...]:
    """Return the keys under which the message of a receipt may be kept, in the order to try them.

    `fmt` says how the *receipts* of this SMSC write an id, as compared with its submit_sm_resp:

    - "text": exactly alike; one key.
    - "hex": in hex where submit_sm_resp has decimal; the converted key, then the id as it is.
    - "decimal": in decimal where submit_sm_resp has hex; likewise.
    - "auto": not known; three keys in fixed positions, so that a caller can learn which one matches: 0 as it
    is,
      1 read as hex and written as decimal, 2 read as decimal and written as hex. Where a conversion makes no
      sense its place holds the id as it is.

    Only "auto" can take one message for another, when ids are short counters and both forms are in use.
    """
    plain = normalise_id(message_id, fmt)
    if fmt == "text":
        return (plain,)
    if fmt == "hex":
        return _distinct((_hex_to_decimal(plain), plain))
    if fmt == "decimal":
        return _distinct((_decimal_to_hex(plain), plain))
    return plain, _hex_to_decimal(plain), _decimal_to_hex(plain)


def _hex_to_decimal(text: str) -> str:
    return str(int(text, 16)) if _HEX(text) else text


def _decimal_to_hex(text: str) -> str:
    return f"{int(text):x}" if _DECIMAL(text) else text


def _distinct(keys: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(keys))
