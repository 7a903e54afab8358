"""What real SMSCs do, row by row: how the simulated one is made to do it, what the connector is told,
and what comes of a message all the same.
"""

import tomllib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from trunkline.gsm.alphabets import gsm_encode
from trunkline.services.connector_presets import PRESETS
from trunkline.simulator.ready_made import ready_made, scenario_file
from trunkline.simulator.record import Submitted
from trunkline.simulator.scenario import Scenario
from trunkline.simulator.smsc import SmscSimulator
from trunkline.smpp.constants import CommandStatus, DataCoding, Tag
from trunkline.smpp.tlv import Tlv

MESSAGES = 3
LONG = "0123456789" * 40
EMOJI = "\U0001f642" * 100
ACCENTS = "@£ä é"
NO_RECEIPT = {"registered_delivery": 0}
STOPPED = "no further attempt until the connector is changed or restarted"


@dataclass
class Seen:
    """What there is to see of one quirk's messages when all is over."""

    rows: list[dict[str, Any]]  # of segments
    submits: list[Submitted]  # that the SMSC took
    smsc: SmscSimulator
    told: Counter[str]  # receipts to the sender, by their state
    events: Counter[str]  # in the messages' history, by their kind
    orphans: int
    log: str
    details: list[str]  # of the connector's binds

    def column(self, name: str) -> set[Any]:
        return {row[name] for row in self.rows}


Check = Callable[[Seen], object]


@dataclass(frozen=True)
class Quirk:
    """One habit. `states` are those that a message may end in; `until` is what has to happen before."""

    scenario: dict[str, Any]
    states: frozenset[str]
    connector: dict[str, Any] = field(default_factory=dict)
    profile: Sequence[str] = ()
    presets: Sequence[str] = ()
    submit: dict[str, Any] = field(default_factory=dict)  # fields of the sender's submit_sm
    text: str = "Hello"
    check: Check = lambda _seen: True
    until: Callable[[SmscSimulator], bool] = lambda _smsc: True

    def make_scenario(self, **more: Any) -> Scenario:
        return Scenario.from_mapping({"seed": 5} | self.scenario | more)


def quirk(*states: str, **fields: Any) -> Quirk:
    known = Quirk.__dataclass_fields__.keys()
    own = {name: fields.pop(name) for name in known & fields.keys()}
    return Quirk(fields, frozenset(states or ("delivered",)), **own)


def _gsm(text: str) -> dict[str, Any]:
    return {"short_message": gsm_encode(text)}


def _ucs2(text: str) -> dict[str, Any]:
    return {
        "short_message": b"",
        "data_coding": DataCoding.UCS2.value,
        "tlvs": (Tlv(Tag.MESSAGE_PAYLOAD.value, text.encode("utf-16-be")),),
    }


def _texts(*texts: str) -> Check:
    return lambda seen: {submit.text for submit in seen.submits} == set(texts)


def _tried(*, binds: int) -> dict[str, Any]:
    return {"until": lambda smsc: smsc.counters.binds >= binds}


def _receipts(**scenario: Any) -> Quirk:
    """Receipts that must be understood by their text alone."""
    return quirk(**({"receipt_tlvs": False} | scenario))


def _failed(stat: str = "UNDELIV", **fields: Any) -> Quirk:
    return quirk("undelivered", receipt_tlvs=False, failed_share=1.0, failed_stat=stat, **fields)


def _refused(status: str, times: int = 2, **fields: Any) -> Quirk:
    """Each message is refused so many times before it is taken."""
    return quirk(
        error_status=CommandStatus[status].value,
        error_attempts=times,
        check=lambda seen: seen.events["retry"] == times * MESSAGES,
        **fields,
    )


def _numbered(source: str, ton: int, wanted: str, *profile: str, state: str = "delivered") -> Quirk:
    kinds = ("alphanumeric_numbering", "international_numbering", "short_code_numbering")
    submit = {"source_addr": source, "source_addr_ton": ton}
    return quirk(state, submit=submit, profile=profile, **dict.fromkeys(kinds, wanted))


def _parts(seen: Seen) -> dict[str, list[Submitted]]:
    parts: dict[str, list[Submitted]] = {}
    for submit in seen.submits:
        parts.setdefault(submit.destination, []).append(submit)
    return parts


def _cut(parts: int, **how: Any) -> Check:
    """Every message came in so many parts, each of them as `how` says, and together they are the text."""

    def check(seen: Seen) -> bool:
        messages = _parts(seen).values()
        return all(
            len(found) == parts
            and all(test(submit) for submit in found for test in how.values())
            and "".join(submit.text or "" for submit in found) in {LONG, EMOJI}
            for found in messages
        )

    return check


def _stray(name: str, why: str) -> Quirk:
    """What ends the link: it is bound again, and what was in the window is never sent twice."""
    return quirk(
        "delivered",
        "unknown",
        strays=[name],
        stray_every=1,
        connector={"window": 1},
        check=lambda seen: why in seen.log,
    )


IDS = {
    "hex in the answer, decimal in the receipt": quirk(response_id_format="hex", receipt_id_format="decimal"),
    "decimal in the answer, hex in the receipt": quirk(response_id_format="decimal", receipt_id_format="hex"),
    "leading zeros in the answer": quirk(
        response_id_width=20, response_id_format="decimal", receipt_id_format="decimal"
    ),
    "leading zeros and another case": quirk(
        response_id_format="hex-upper", receipt_id_format="hex", id_width=24, first_id=0xABCDEF
    ),
    "hex and decimal, said": quirk(
        response_id_format="hex", receipt_id_format="decimal", connector={"message_id_format": "decimal"}
    ),
    "decimal and hex, said": quirk(
        response_id_format="decimal", receipt_id_format="hex", connector={"message_id_format": "hex"}
    ),
    "ids that are no numbers": quirk(
        response_id_format="uuid", receipt_id_format="uuid", connector={"message_id_format": "text"}
    ),
}

RECEIPTS = {
    "no TLVs": _receipts(),
    "an id TLV without a state": quirk(receipt_state_tlv=False),
    "a state TLV without an id": quirk(receipt_id_tlv=False),
    "in UCS-2": _receipts(receipt_body="ucs2"),
    "in UCS-2 that is not said": _receipts(receipt_body="ucs2", receipt_data_coding=0),
    "in message_payload": _receipts(receipt_body="payload"),
    "in message_payload in UCS-2": _receipts(receipt_body="ucs2-payload"),
    "in both": _receipts(receipt_body="both"),
    "beside an empty message_payload": _receipts(receipt_body="empty-payload"),
    "in data_sm": quirk(receipt_pdu="data_sm"),
    "fields in another order": _receipts(receipt_fields="reordered"),
    "fields missing": _receipts(receipt_fields="missing"),
    "fields with spaces": _receipts(receipt_fields="spaced"),
    "a text of its own": _receipts(
        receipt_template="Message {id} to somebody was {stat} ({err})",
        delivered_stat="delivered",
        profile=["receipt_patterns=Message {id} to {} was {stat} ({err})"],
    ),
    "ids of the text and of the TLV differ": quirk(
        receipt_id_format="decimal", connector={"message_id_format": "decimal"}, profile=["receipt_id=text"]
    ),
    "stat:FAILED": _failed("FAILED", check=lambda seen: seen.column("receipt_stat") == {"UNDELIV"}),
    "lower case": _failed("undeliv"),
    "a word that is too long": _failed("UNDELIVERABLE"),
    "a word of its own": quirk(
        "undelivered",
        receipt_tlvs=False,
        delivered_stat="ZAPPED",
        check=lambda seen: (
            seen.column("receipt_stat") == {"UNKNOWN"}
            and all("ZAPPED" in row["receipt_text"] for row in seen.rows)
        ),
    ),
    "a word of its own, said": _receipts(delivered_stat="ZAPPED", profile=["status_map=ZAPPED:DELIVRD"]),
    "err with letters": _failed(failed_err="EC21", check=lambda seen: seen.column("receipt_err") == {"EC21"}),
    "err of four digits": _failed(
        failed_err="0042", check=lambda seen: seen.column("receipt_err") == {"0042"}
    ),
    **{
        f"dates: {form}": _receipts(receipt_dates=form)
        for form in (
            "YYMMDDhhmm",
            "YYMMDDhhmmss",
            "YYYYMMDDhhmm",
            "YYYYMMDDhhmmss",
            "separated",
            "ms",
            "zeros",
            "blank",
        )
    },
    "before the answer": quirk(receipts="early", response_delay_ms=300),
    "twice": quirk(duplicate_share=1.0, check=lambda seen: seen.told == {"DELIVRD": MESSAGES}),
    "nobody asked for": quirk(unasked_share=1.0, submit=NO_RECEIPT, check=lambda seen: not seen.told),
    "for ids never given": quirk(
        unknown_share=1.0,
        check=lambda seen: seen.orphans == MESSAGES and seen.smsc.counters.receipts_refused == 0,
    ),
    "esm_class 0x44 with a header": _receipts(receipt_esm_class=0x44, receipt_udh=True),
    "esm_class 0x84": quirk(receipt_esm_class=0x84),
    "esm_class 0": _receipts(receipt_esm_class=0),
}

ANSWERS = {
    "a body on an error": _refused("ESME_RSYSERR", error_body="id"),
    "a NUL on an error": _refused("ESME_RTHROTTLED", error_body="nul"),
    "no body on success": quirk(
        "sent",
        no_id_share=1.0,
        check=lambda seen: seen.events["no_smsc_id"] == MESSAGES and seen.orphans == MESSAGES,
    ),
    "ESME_RMSGQFUL": _refused("ESME_RMSGQFUL"),
    "ESME_RSYSERR": _refused("ESME_RSYSERR"),
    "ESME_RX_T_APPN": _refused("ESME_RX_T_APPN"),
    "ESME_RX_P_APPN": _refused("ESME_RX_P_APPN"),
    "ESME_RX_R_APPN": _refused("ESME_RX_R_APPN"),
    "0x67": _refused("ESME_RQUERYFAIL"),
    "ESME_RTHROTTLED more often than attempts": _refused("ESME_RTHROTTLED", 3, connector={"max_attempts": 1}),
    "throughput": quirk(throughput=0.5, check=lambda seen: seen.smsc.counters.throttled > 0),
    "an error for good": quirk(
        "rejected",
        error_share=1.0,
        error_status=0x0B,
        check=lambda seen: (
            seen.column("error") == {"ESME_RINVDSTADR"} and seen.smsc.counters.errors == MESSAGES
        ),
    ),
    "an error that only looks so": _refused(
        "ESME_RINVDSTADR", profile=["error_actions=ESME_RINVDSTADR:retry"]
    ),
    "throttling in other words": _refused(
        "ESME_RSUBMITFAIL", 3, connector={"max_attempts": 1}, profile=["error_actions=ESME_RSUBMITFAIL:slow"]
    ),
    "an error that is worse than it looks": quirk(
        "rejected", error_share=1.0, error_status=0x14, profile=["error_actions=ESME_RMSGQFUL:reject"]
    ),
    "none": quirk("unknown", no_answer_share=1.0, missing_share=1.0, connector={"response_timeout_s": 1.0}),
    "none, and the receipt proves the submit": quirk(
        no_answer_share=1.0,
        connector={"response_timeout_s": 1.0},
        check=lambda seen: seen.events["recovered"] == MESSAGES and len(seen.submits) == MESSAGES,
    ),
    "late": quirk(late_answer_share=1.0, late_answer_ms=1500, connector={"response_timeout_s": 1.0}),
    "twice": quirk(duplicate_answer_share=1.0, check=lambda seen: seen.smsc.counters.binds == 1),
    "generic_nack with sequence number 0": _refused("ESME_RSYSERR", nack_share=1.0, connector={"window": 1}),
    "the link dies with PDUs in the window": quirk("delivered", "unknown", drop_link_every=2),
}

BINDS = {
    "refused for a while": quirk(bind_refuse=0x08, bind_refuse_first=2, **_tried(binds=1)),
    "ESME_RALYBND": quirk(bind_refuse=0x05, bind_refuse_first=2),
    "left over at the SMSC": quirk(
        "delivered", "unknown", max_binds=1, bind_left_over_ms=500, drop_link_every=2, **_tried(binds=2)
    ),
    "wrong credentials": quirk(
        "queued",
        bind_refuse=0x0E,
        check=lambda seen: STOPPED in seen.details[0] and seen.smsc.counters.binds_refused == 1,
        until=lambda smsc: smsc.counters.binds_refused > 0,
    ),
    "wrong credentials, tried again": quirk(
        bind_refuse=0x0E, bind_refuse_first=1, profile=["wrong_credentials_retry_s=0.2"]
    ),
    "enquire_link before the bind": quirk(enquire_link_first=True),
    "enquire_link all the time": quirk(enquire_link_ms=20, receipt_delay_ms=200),
    "enquire_link is never answered": quirk(
        enquire_link_answered=False,
        connector={"enquire_link_s": 1.0},
        profile=["enquire_link_timeout_s=0.3"],
        check=lambda seen: "does not answer enquire_link" in seen.log,
        **_tried(binds=2),
    ),
    "a transceiver is refused": quirk(
        transceiver_refuse=0x03,
        check=lambda seen: (seen.smsc.counters.binds, seen.smsc.counters.binds_refused) == (2, 1),
    ),
    "two binds, said": quirk(
        transceiver_refuse=0x0D,
        profile=["split_transceivers=always"],
        check=lambda seen: seen.smsc.counters.binds_refused == 0,
    ),
    "sc_interface_version is not said": quirk(bind_version_tlv=False),
}

VERSIONS = {
    "3.3": quirk(
        version="3.3",
        connector={"smpp_version": "3.3"},
        check=lambda seen: all(len(submit.message_id) <= 8 for submit in seen.submits),
    ),
    "3.3 at the other end": quirk(version="3.3", check=lambda seen: seen.smsc.counters.binds == 2),
    "3.3, a long message": quirk(
        version="3.3", connector={"smpp_version": "3.3"}, text=LONG, check=_cut(3, udh=lambda s: s.udh)
    ),
    "5.0": quirk(version="5.0", connector={"smpp_version": "5.0"}),
    "5.0 at the other end": quirk(version="5.0"),
    "5.0 and congested": quirk(version="5.0", congestion_state=100, connector={"smpp_version": "5.0"}),
}

TEXTS = {
    "an 8 bit reference": quirk(text=LONG, check=_cut(3, udh=lambda s: s.udh and s.udh.startswith("050003"))),
    "a 16 bit reference": quirk(
        text=LONG,
        connector={"long_message": "udh16"},
        check=_cut(3, udh=lambda s: s.udh and s.udh.startswith("060804")),
    ),
    "SAR TLVs": quirk(
        text=LONG,
        connector={"long_message": "sar"},
        check=_cut(3, sar=lambda s: s.sar and s.sar[1] == 3 and not s.udh),
    ),
    "message_payload": quirk(
        text=LONG,
        connector={"long_message": "payload"},
        check=_cut(1, whole=lambda s: not s.udh and not s.sar),
    ),
    "surrogate pairs": quirk(
        submit=_ucs2(EMOJI), check=_cut(4, whole=lambda s: s.text == "\U0001f642" * len(s.text))
    ),
    "GSM 03.38": quirk(submit=_gsm(ACCENTS), check=_texts(ACCENTS)),
    **{
        f"data_coding 0 is {alphabet}": quirk(
            default_alphabet=alphabet,
            connector={"default_alphabet": alphabet},
            submit=_gsm(text),
            check=_texts(text),
        )
        for alphabet, text in (("latin1", ACCENTS), ("gsm7-packed", ACCENTS), ("ascii", "a@b_c$"))
    },
    "a data_coding of its own": quirk(
        submit=_ucs2("Привет"),
        profile=["data_codings=ucs2:0x19"],
        check=lambda seen: (
            {submit.data_coding for submit in seen.submits} == {0x19} and _texts("Привет")(seen)
        ),
    ),
}

SENDERS = {
    "a name": _numbered("Acme", 5, "5/0"),
    "a name, another way": _numbered("Acme", 5, "5/1", "alphanumeric_numbering=5/1"),
    "a number": _numbered("447700900123", 1, "2/8", "international_numbering=2/8"),
    "a short code as 0/1": _numbered("4477", 3, "0/1", "short_code_numbering=0/1"),
    "a short code as 6/0": _numbered("4477", 3, "6/0", "short_code_numbering=6/0"),
    "not as wanted": _numbered("4477", 3, "6/0", state="rejected"),
}

TIMES = {
    "relative": quirk(time_format="relative"),
    "absolute": quirk(time_format="absolute", profile=["validity=absolute", "validity_offset=22"]),
    "none": quirk(time_format="none", profile=["validity=none"]),
    "not as wanted": quirk("rejected", time_format="absolute"),
}

OCTETS = {
    "a NUL is missing": quirk(trailing_nul="missing"),
    "a NUL too many": quirk(trailing_nul="extra"),
    "sm_length too short": _receipts(sm_length_error=-1, receipt_fields="missing"),
    "sm_length too long": _receipts(sm_length_error=1),
    "an unknown TLV": quirk(unknown_tlv=True),
    "a TLV of the wrong size": quirk(bad_tlv="size"),
    "a TLV beyond the PDU's end": quirk(bad_tlv="overrun"),
    **{
        f"sequence numbers: {way}": quirk(sequence_numbers=way)
        for way in ("from-zero", "high", "wrap", "wrap-32")
    },
    **{
        # Behind the last answer: where one request waits, a generic_nack is taken for its answer.
        f"a stray {stray}": quirk(
            strays=[stray], stray_every=MESSAGES, check=lambda seen: seen.smsc.counters.binds == 1
        )
        for stray in ("response", "nack", "enquire_link", "alert_notification", "unknown", "unparsable")
    },
    "command_length below 16": _stray("short", "is below 16"),
    "command_length above the cap": _stray("long", "is above 65536"),
    "HTTP": _stray("http", "looks like an HTTP response"),
    "TLS": _stray("tls", "looks like a TLS"),
}

QUIRKS = {
    f"{kind}: {name}": row
    for kind, rows in (
        ("ids", IDS),
        ("receipts", RECEIPTS),
        ("answers", ANSWERS),
        ("binds", BINDS),
        ("versions", VERSIONS),
        ("texts", TEXTS),
        ("senders", SENDERS),
        ("times", TIMES),
        ("octets", OCTETS),
    )
    for name, row in rows.items()
}

# The scenarios that ship with the simulator, and the presets that ship for their like.
READY_MADE = {
    f"ready-made: {name}": quirk(
        *{"flaky": ("delivered", "unknown", "sent"), "odd-receipts": ("delivered", "undelivered")}.get(
            name, ()
        ),
        presets=[{"strict": "absolute-times"}.get(name, name if name in PRESETS else "standard")],
        **tomllib.loads(scenario_file(name).read_text("utf-8")),
    )
    for name in ready_made()
}
