"""The simulated SMSC's receipts: which a message gets, and what they look like."""

import copy
import hashlib
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final

from trunkline.gsm.alphabets import display_text
from trunkline.gsm.udh import concatenation_header
from trunkline.simulator.choices import DATE_FORMATS, RECEIPT_TEMPLATES
from trunkline.simulator.fates import Fates
from trunkline.simulator.pending import PendingReceipt
from trunkline.simulator.scenario import Scenario
from trunkline.smpp.constants import ESM_UDHI, DataCoding, MessageState, Tag
from trunkline.smpp.fields import MAX_SHORT_MESSAGE
from trunkline.smpp.pdus import DataSm, DeliverSm, SubmitSm
from trunkline.smpp.receipts import MAX_RECEIPT_TEXT, format_receipt, normalise_stat
from trunkline.smpp.tlv import Tlv, c_octets, octet

DELIVERED: Final = "DELIVRD"
FAILED: Final = "UNDELIV"
DELETED: Final = "DELETED"

_STATES: Final = {
    DELIVERED: MessageState.DELIVERED,
    FAILED: MessageState.UNDELIVERABLE,
    "EXPIRED": MessageState.EXPIRED,
    DELETED: MessageState.DELETED,
    "REJECTD": MessageState.REJECTED,
    "ACCEPTD": MessageState.ACCEPTED,
    "ENROUTE": MessageState.ENROUTE,
}
_RECEIPTED_MESSAGE_ID: Final = Tag.RECEIPTED_MESSAGE_ID.value
_PAYLOAD: Final = Tag.MESSAGE_PAYLOAD.value
_READABLE_CODINGS: Final = {DataCoding.DEFAULT.value, DataCoding.ASCII.value, DataCoding.LATIN1.value}


def _uuid_of(number: int) -> str:
    digest = hashlib.blake2b(number.to_bytes(8, "big"), digest_size=16).digest()
    return str(uuid.UUID(bytes=digest, version=4))


_ID_WRITERS: Final[dict[str, Callable[[int], str]]] = {
    "hex": lambda number: f"{number:x}",
    "hex-upper": lambda number: f"{number:X}",
    "decimal": str,
    "uuid": _uuid_of,
}

ID_LIMITS_33: Final = {"hex": 16**8, "hex-upper": 16**8, "decimal": 10**8, "uuid": 0}
"""Numbers below these are written in the 8 characters of an id in SMPP 3.3; 0 where there are none."""


def id_writer(name: str, width: int) -> Callable[[int], str]:
    """Make the function that writes numbers in one of ID_FORMATS, with zeros up to `width` characters."""
    write = _ID_WRITERS[name]
    return (lambda number: write(number).zfill(width)) if width else write


class ReceiptPlan:
    """Decides which receipts a message gets. `new_id` gives a number no message has, and its text."""

    __slots__ = (
        "_alphabet",
        "_duplicate",
        "_failed",
        "_failed_err",
        "_missing",
        "_new_id",
        "_unasked",
        "_unknown",
    )

    def __init__(self, scenario: Scenario, fates: Fates, new_id: Callable[[], tuple[int, str]]) -> None:
        self._alphabet = scenario.default_alphabet
        self._failed = fates.share("failed", scenario.failed_share)
        self._missing = fates.share("missing", scenario.missing_share)
        self._duplicate = fates.share("duplicate", scenario.duplicate_share)
        self._unasked = fates.share("unasked", scenario.unasked_share)
        self._unknown = fates.share("unknown", scenario.unknown_share)
        self._failed_err = scenario.failed_err
        self._new_id = new_id

    @property
    def gives_unasked(self) -> bool:
        """Whether messages that ask for no receipt may get one."""
        return self._unasked is not None or self._unknown is not None

    def receipts_of(
        self, pdu: SubmitSm | DataSm, number: int, message_id: str, now_ms: int
    ) -> list[PendingReceipt]:
        """The receipts of a message taken: none, one, the same twice, one for a message nobody knows."""
        # Bits 1-0 of registered_delivery: 1 always, 2 on failure only (section 5.2.17).
        wanted = pdu.registered_delivery & 3
        if wanted:
            failed = self._failed is not None and self._failed()
            asked = failed or wanted != 2
        else:
            failed = False
            asked = self._unasked is not None and self._unasked()
        receipts = []
        if asked and not (self._missing is not None and self._missing()):
            stat, err = (FAILED, self._failed_err) if failed else (DELIVERED, "000")
            receipts.append(PendingReceipt(pdu, number, message_id, stat, err, now_ms, self._text_of(pdu)))
            if self._duplicate is not None and self._duplicate():
                receipts.append(copy.copy(receipts[0]))
        if self._unknown is not None and self._unknown():
            receipts.append(
                PendingReceipt(pdu, *self._new_id(), DELIVERED, "000", now_ms, self._text_of(pdu))
            )
        return receipts

    def _text_of(self, pdu: SubmitSm | DataSm) -> str:
        """The beginning of a message's text, as the receipt repeats it."""
        if pdu.data_coding not in _READABLE_CODINGS or pdu.esm_class & ESM_UDHI:
            return ""
        return _beginning(pdu.payload[:MAX_RECEIPT_TEXT], pdu.data_coding, self._alphabet)


# Cached: many messages begin alike, and all of a measurement do.
_beginning = lru_cache(maxsize=4096)(display_text)


class ReceiptWriter:
    """Writes receipts as the scenario wants them."""

    __slots__ = (
        "_body",
        "_coding",
        "_esm_class",
        "_has_id",
        "_header",
        "_id",
        "_make",
        "_states",
        "_text",
        "_wide",
    )

    def __init__(self, scenario: Scenario) -> None:
        self._id = id_writer(scenario.receipt_id_format, scenario.id_width)
        self._text = _text_writer(scenario)
        self._has_id = scenario.receipt_tlvs and scenario.receipt_id_tlv
        self._states = _state_tlvs(scenario) if scenario.receipt_tlvs and scenario.receipt_state_tlv else None
        self._wide = scenario.receipt_body in {"ucs2", "ucs2-payload"}
        self._body = scenario.receipt_body
        coding = scenario.receipt_data_coding
        self._coding = coding if coding is not None else DataCoding.UCS2.value if self._wide else 0
        self._header = concatenation_header(1, 1, 1) if scenario.receipt_udh else b""
        self._esm_class = scenario.receipt_esm_class | (ESM_UDHI if scenario.receipt_udh else 0)
        self._make: Callable[..., DeliverSm | DataSm] = (
            in_data_sm if scenario.receipt_pdu == "data_sm" else DeliverSm
        )

    def write(self, receipt: PendingReceipt, now_ms: int) -> DeliverSm | DataSm:
        """The PDU of a receipt for a message that reached its final state at `now_ms` (epoch ms)."""
        message_id = self._id(receipt.number)
        body = self._text(receipt, message_id, now_ms)
        tlvs: tuple[Tlv, ...] = ()
        if self._has_id:
            identity = c_octets(_RECEIPTED_MESSAGE_ID, message_id)
            tlvs = (identity,) if self._states is None else (identity, self._states[receipt.stat])
        elif self._states is not None:
            tlvs = (self._states[receipt.stat],)
        if self._body != "text" or self._header or len(body) > MAX_SHORT_MESSAGE:
            body, tlvs = self._placed(body, tlvs)
        source_addr_ton, source_addr_npi, source_addr = receipt.source
        dest_addr_ton, dest_addr_npi, destination_addr = receipt.destination
        return self._make(
            source_addr_ton=source_addr_ton,
            source_addr_npi=source_addr_npi,
            source_addr=source_addr,
            dest_addr_ton=dest_addr_ton,
            dest_addr_npi=dest_addr_npi,
            destination_addr=destination_addr,
            esm_class=self._esm_class,
            data_coding=self._coding,
            short_message=body,
            tlvs=tlvs,
        )

    def _placed(self, body: bytes, tlvs: tuple[Tlv, ...]) -> tuple[bytes, tuple[Tlv, ...]]:
        """short_message and TLVs where the text is not simply in short_message."""
        place = self._body
        if self._wide:
            body = body.decode("latin-1").encode("utf-16-be")
        body = self._header + body
        if place == "empty-payload":
            return body, (*tlvs, Tlv(_PAYLOAD, b""))
        fits = len(body) <= MAX_SHORT_MESSAGE
        if fits and place in {"text", "ucs2"}:
            return body, tlvs
        return body if fits and place == "both" else b"", (*tlvs, Tlv(_PAYLOAD, body))


def for_version_33(pdu: DeliverSm | DataSm) -> DeliverSm:
    """The same for an ESME of 3.3, which knows neither data_sm nor message_payload: the text may be cut."""
    if isinstance(pdu, DeliverSm) and pdu.short_message:
        return pdu
    shared = {name: getattr(pdu, name) for name, _ in DataSm.layout}
    return DeliverSm(short_message=pdu.payload[:MAX_SHORT_MESSAGE], **shared)


def in_data_sm(*, short_message: bytes, tlvs: tuple[Tlv, ...], **fields: Any) -> DataSm:
    """Make a data_sm of the fields of a deliver_sm; its text can only be in message_payload."""
    if short_message:
        tlvs = (*(tlv for tlv in tlvs if tlv.tag != _PAYLOAD), Tlv(_PAYLOAD, short_message))
    return DataSm(tlvs=tlvs, **fields)


def _state_tlvs(scenario: Scenario) -> dict[str, Tlv]:
    """message_state for what became of a message, agreeing with the stat that the text has for it."""
    written = {DELIVERED: scenario.delivered_stat, FAILED: scenario.failed_stat, DELETED: DELETED}
    return {
        stat: octet(Tag.MESSAGE_STATE, _STATES.get(normalise_stat(word), _STATES[stat]))
        for stat, word in written.items()
    }


def _text_writer(scenario: Scenario) -> Callable[[PendingReceipt, str, int], bytes]:
    """The function that writes a receipt's text: `write(receipt, message_id, now_ms)`."""
    case: Callable[[str], str] = getattr(str, scenario.receipt_stat_case, str)
    stats = {
        DELIVERED: case(scenario.delivered_stat),
        FAILED: case(scenario.failed_stat),
        DELETED: case(DELETED),
    }
    by_the_book = scenario.receipt_fields == "standard" and scenario.receipt_dates == "YYMMDDhhmm"
    if by_the_book and not scenario.receipt_template:
        return lambda receipt, message_id, now_ms: format_receipt(
            message_id,
            1,
            int(receipt.stat == DELIVERED),
            receipt.submitted_at_ms,
            now_ms,
            stats[receipt.stat],
            receipt.err,
            receipt.text,
        )
    template = scenario.receipt_template or RECEIPT_TEMPLATES[scenario.receipt_fields]
    date = _date_writer(scenario.receipt_dates)

    def write(receipt: PendingReceipt, message_id: str, now_ms: int) -> bytes:
        return template.format(
            id=message_id,
            sub="001",
            dlvrd="001" if receipt.stat == DELIVERED else "000",
            submit=date(receipt.submitted_at_ms),
            done=date(now_ms),
            stat=stats[receipt.stat],
            err=receipt.err,
            text=receipt.text[:MAX_RECEIPT_TEXT],
        ).encode("latin-1", "replace")

    return write


def _date_writer(name: str) -> Callable[[int], str]:
    """The function that writes epoch milliseconds in one of DATE_FORMATS, in UTC."""
    form = DATE_FORMATS[name]
    if form is None:
        return str
    return lambda at_ms: datetime.fromtimestamp(at_ms / 1000, UTC).strftime(form)
