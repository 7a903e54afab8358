"""How the simulated SMSC behaves: one flat table of settings, from a TOML file, from flags or from code.

Every setting has a neutral default, so `Scenario()` is a well-behaved SMSC: it answers at once, accepts
everything and sends one DELIVRD receipt per message that asks for one. Decisions are drawn per submit from
generators seeded by `seed`, one generator per setting: the n-th submit meets the same fate in every run, and
switching one setting on does not change what another one decides.
"""

import dataclasses
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from string import Formatter
from typing import Final, Self

from trunkline.gsm.alphabets import DEFAULT_ALPHABETS
from trunkline.gsm.segmentation import LongMessage
from trunkline.simulator.choices import (
    DATE_FORMATS,
    ID_FORMATS,
    OPERATIONS,
    RECEIPT_FIELDS,
    RECEIPT_TEMPLATES,
    SEQUENCE_NUMBERS,
    STRAYS,
    VERSIONS,
)
from trunkline.simulator.numbering import parse_numbering
from trunkline.simulator.rules import (
    Rule,
    ScenarioError,
    milliseconds,
    number,
    setting,
    share,
    status,
    table,
    words,
)
from trunkline.smpp.constants import ESM_DELIVERY_RECEIPT, CommandStatus

_NUMBERINGS: Final = (
    "alphanumeric_numbering",
    "international_numbering",
    "short_code_numbering",
    "destination_numbering",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """The behaviour of one simulated SMSC. Raises ScenarioError when a value is out of its range."""

    seed: int = number(0, "Seed of every random decision", high=2**63 - 1)

    # Versions and operations
    version: str = setting("3.4", "The highest version spoken", choices=VERSIONS)
    congestion_state: int | None = number(
        None, "What answers of version 5.0 say of the SMSC's load, in per cent; none: nothing", high=100
    )
    supports: tuple[str, ...] = words(
        ("data_sm",), "Operations this SMSC has beside submit_sm and deliver_sm", OPERATIONS
    )
    unsupported_status: int | None = status(
        None, "command_status of operations it does not have; none: the failure of each"
    )
    alert_every: int = number(
        0, "Send an alert_notification behind every n-th message taken; 0: never", high=1_000_000
    )
    outbind: str = setting("", "host:port of an ESME to connect to and ask for a bind; empty: nobody")
    outbind_password: str = setting("", "Password said in outbind, where the system_id is `simulator`")

    # Binds
    credentials: Mapping[str, str] = table(
        "system_id = password pairs that may bind; none: anybody may", "system_id", "password"
    )
    bind_refuse: int | None = status(None, "Refuse binds with this command_status")
    bind_refuse_first: int = number(0, "Refuse only so many binds that way; 0: all", high=1_000_000)
    transceiver_refuse: int | None = status(None, "Refuse bind_transceiver with this command_status")
    bind_delay_ms: float = milliseconds(0, "Time until a bind is answered")
    max_binds: int = number(
        0, "Binds per system_id, more are answered ESME_RALYBND; 0: no limit", high=1_000_000
    )
    bind_left_over_ms: float = milliseconds(
        0, "How long a bind whose link ended without unbind still counts for max_binds"
    )

    # Answers
    response_delay_ms: float = milliseconds(0, "Time until a submit is answered")
    response_jitter_ms: float = milliseconds(0, "Random time added to response_delay_ms, at most this")
    throughput: float = number(
        0.0, "Submits per second over all binds, more are refused; 0: no limit", high=10_000_000
    )
    throughput_status: int = status(
        CommandStatus.ESME_RTHROTTLED.value, "command_status of what goes beyond throughput"
    )
    error_status: int = status(
        CommandStatus.ESME_RSYSERR.value, "command_status of error_share, error_first and error_attempts"
    )
    error_share: float = share("Share of submits refused")
    error_first: int = number(0, "Refuse so many submits, and take those that follow", high=1_000_000_000)
    error_attempts: int = number(0, "Refuse every message so many times before taking it", high=1000)
    error_numbers: Mapping[str, int] = table(
        "Refuse submits to destinations that begin so", "prefix", "command_status", statuses=True
    )
    error_body: str = setting(
        "none",
        "What a refusal has behind its header: nothing, a lone NUL, or an id",
        choices=("none", "nul", "id"),
    )
    nack_share: float = share("Share of refusals that are a generic_nack with sequence number 0")
    no_id_share: float = share("Share of messages taken and answered without a body, so without an id")
    no_answer_share: float = share("Share of submits that are taken and never answered")
    late_answer_share: float = share("Share of answers that come late_answer_ms later than the others")
    late_answer_ms: float = milliseconds(60_000, "How much later the late answers come")
    duplicate_answer_share: float = share("Share of answers sent twice")
    drop_link_every: int = number(
        0,
        "Cut the TCP link at every n-th submit, half the time after taking it unanswered; 0: never",
        high=1_000_000_000,
    )

    # What a submit must be like
    alphanumeric_numbering: str = setting(
        "", "TON/NPI an alphanumeric sender must have, such as 5/0, or several: 5/0,5/1; empty: any"
    )
    international_numbering: str = setting("", "The same for senders of more than six digits")
    short_code_numbering: str = setting("", "The same for senders of up to six digits")
    destination_numbering: str = setting("", "The same for destinations")
    time_format: str = setting(
        "any",
        "validity_period and schedule_delivery_time taken: anything, what is valid, of one form, or none",
        choices=("any", "valid", "absolute", "relative", "none"),
    )

    # Message ids
    response_id_format: str = setting("hex", "How submit_sm_resp writes the message id", choices=ID_FORMATS)
    receipt_id_format: str = setting("hex", "How the receipt writes the message id", choices=ID_FORMATS)
    response_id_width: int = number(
        0, "Fill the id of submit_sm_resp with leading zeros to this length; 0: none", high=64
    )
    id_width: int = number(0, "Fill the receipt's id with leading zeros to this length; 0: none", high=64)
    first_id: int | None = number(
        None,
        "Number of the first message id; none: from the clock, so that ids stay unique over restarts",
        low=1,
        high=2**63,
    )
    default_alphabet: str = setting("gsm7", "What data_coding 0 means here", choices=DEFAULT_ALPHABETS)

    # Receipts: when, and whether
    receipts: str = setting(
        "normal", "When: after the answer, or before it (early)", choices=("normal", "early")
    )
    receipt_delay_ms: float = milliseconds(0, "Time from the answer to the receipt")
    receipt_jitter_ms: float = milliseconds(0, "Random time added to receipt_delay_ms, at most this")
    failed_share: float = share("Share of messages whose receipt says failed_stat")
    missing_share: float = share("Share of receipts never sent")
    late_share: float = share("Share of receipts sent late_ms later than the others")
    late_ms: float = milliseconds(5000, "How much later the late receipts come")
    duplicate_share: float = share("Share of receipts sent twice")
    unasked_share: float = share("Share of the messages asking for no receipt that get one")
    unknown_share: float = share("Share of messages followed by a receipt for an id never given")
    receipt_window: int = number(100, "Unacknowledged receipts per bind", low=1, high=100_000)
    receipt_retry_ms: float = milliseconds(
        1000, "Time until a receipt that was refused for now is sent again"
    )

    # Receipts: what they look like
    receipt_pdu: str = setting("deliver_sm", "The PDU a receipt comes in", choices=("deliver_sm", "data_sm"))
    receipt_esm_class: int = number(
        ESM_DELIVERY_RECEIPT, "esm_class of receipts; 0 does not say that it is one", high=255
    )
    receipt_udh: bool = setting(False, "Put a user data header in front of the receipt's text")
    receipt_tlvs: bool = setting(True, "Send receipted_message_id and message_state with the receipt's text")
    receipt_id_tlv: bool = setting(True, "Of these, send receipted_message_id")
    receipt_state_tlv: bool = setting(True, "Of these, send message_state")
    receipt_body: str = setting(
        "text",
        "Receipt's text in short_message, the same in UCS-2, in message_payload, UCS-2 there, in both, or in "
        "short_message beside an empty message_payload",
        choices=("text", "ucs2", "payload", "ucs2-payload", "both", "empty-payload"),
    )
    receipt_data_coding: int | None = number(
        None, "data_coding a receipt claims, whatever its text is in; none: the right one", high=255
    )
    receipt_fields: str = setting(
        "standard",
        "Fields of the receipt's text: as in appendix B, in another order, id and stat alone, or with spaces",
        choices=RECEIPT_TEMPLATES,
    )
    receipt_template: str = setting(
        "",
        "The receipt's text, its fields in braces as in `id:{id} stat:{stat}`; empty: see receipt_fields",
    )
    receipt_dates: str = setting(
        "YYMMDDhhmm", "How submit date and done date are written", choices=DATE_FORMATS
    )
    delivered_stat: str = setting("DELIVRD", "stat of a receipt for a delivered message")
    failed_stat: str = setting("UNDELIV", "stat of a receipt for a message that failed")
    receipt_stat_case: str = setting(
        "as-given", "Letters of the stat field", choices=("as-given", "upper", "lower", "title")
    )
    failed_err: str = setting("001", "err field of a receipt for a message that failed")

    # Messages from handsets
    mo_share: float = share("Share of the messages taken that the handset replies to with mo_text")
    mo_rate: float = number(
        0.0, "Messages a second that handsets send to each system_id bound to receive; 0: none", high=1000
    )
    mo_count: int = number(0, "So many of these, and no more; 0: no end", high=1_000_000_000)
    mo_text: str = setting("Hello from a handset", "What they say; {number} in it counts the messages")
    mo_from: str = setting("491700000001", "Who says it; in a reply it is who the message was for")
    mo_to: str = setting("12345", "Whom it is for; in a reply it is who sent the message")
    mo_pdu: str = setting("deliver_sm", "The PDU it comes in", choices=("deliver_sm", "data_sm"))
    mo_esm_class: int = number(0, "esm_class, besides the bit for a header", high=255)
    mo_encoding: str = setting(
        "auto",
        "Its encoding: as data_coding 0 where that has all characters, else UCS-2; or always the one given",
        choices=("auto", "gsm7", "latin1", "ascii", "ucs2"),
    )
    mo_data_coding: int | None = number(
        None, "data_coding it claims, whatever it is in; none: the right one", high=255
    )
    mo_body: str = setting(
        "text",
        "Text in short_message where it fits, in message_payload, in both, or in short_message beside an "
        "empty message_payload",
        choices=("text", "payload", "both", "empty-payload"),
    )
    mo_long: str = setting(
        "udh8",
        "Long texts come in parts with a header of 8-bit or 16-bit reference, with sar TLVs, or whole in "
        "message_payload",
        choices=LongMessage,
    )
    mo_split_pairs: bool = setting(False, "Cut them inside surrogate and escape pairs, where a part is full")
    mo_parts_reversed: bool = setting(False, "Send the last part first")
    mo_last_part_missing: bool = setting(False, "Never send the last part")

    # Octets
    trailing_nul: str = setting(
        "normal",
        "NUL at the end of answers that is left out, or one too many there and in what is delivered",
        choices=("normal", "missing", "extra"),
    )
    sm_length_error: int = number(0, "Added to the sm_length of every deliver_sm", low=-1, high=1)
    unknown_tlv: bool = setting(False, "Add a TLV nobody knows to answers and to what is delivered")
    bad_tlv: str = setting(
        "none",
        "Add a TLV there whose size contradicts its tag, or one that says it is longer than its PDU",
        choices=("none", "size", "overrun"),
    )
    bind_version_tlv: bool = setting(True, "Send sc_interface_version in the answer to a bind")
    sequence_numbers: str = setting(
        "normal",
        "Sequence numbers of the SMSC's own requests: from 1, from 0, from 0x80000000, or beginning just "
        "before they wrap, at 0x7FFFFFFF or at 32 bits",
        choices=SEQUENCE_NUMBERS,
    )
    enquire_link_ms: float = milliseconds(
        30_000, "Silence of the ESME after which the SMSC asks whether it is there; 0: never"
    )
    enquire_link_answered: bool = setting(True, "Answer the ESME's enquire_link")
    enquire_link_first: bool = setting(False, "Ask for a sign of life at once, before the ESME binds")
    strays: tuple[str, ...] = words(
        (),
        "What is thrown in, each in turn: a response to nothing, a generic_nack of sequence number 0, good, "
        "unknown and unreadable requests; and what can only end the link: a command_length below 16 or "
        "beyond all measure, HTTP, TLS",
        STRAYS,
    )
    stray_every: int = number(10, "Throw one in behind every n-th answer", low=1, high=1_000_000)

    def __post_init__(self) -> None:
        faults = []
        for key, rule in _RULES.items():
            fault = rule.fault(getattr(self, key))
            if fault is not None:
                faults.append(f"{key} {fault}")
        faults = faults or self._further_faults()
        if faults:
            raise ScenarioError("; ".join(faults))

    def _further_faults(self) -> list[str]:
        """What is wrong beyond the single values, once each of them has the right type."""
        faults = []
        if (self.response_id_format == "uuid") != (self.receipt_id_format == "uuid"):
            faults.append("receipt_id_format and response_id_format must both be uuid, or neither")
        for key in ("failed_err", "delivered_stat", "failed_stat"):
            word = getattr(self, key)
            if not (word.isascii() and word.isalnum()):
                faults.append(f"{key} must be letters and digits, not {word!r}")
        if self.version == "3.3" and self.response_id_format == "uuid":
            faults.append("response_id_format cannot be uuid in version 3.3: its ids have 8 characters")
        host, _, port = self.outbind.rpartition(":")
        if self.outbind and not (host and port.isdigit() and int(port) < 65536):
            faults.append(f"outbind must be host:port, not {self.outbind!r}")
        for key in _NUMBERINGS:
            try:
                parse_numbering(getattr(self, key))
            except ValueError:
                faults.append(f"{key} must be pairs such as 5/0,1/1, not {getattr(self, key)!r}")
        try:
            used = {name for _, name, _, _ in Formatter().parse(self.receipt_template) if name is not None}
        except ValueError as error:
            faults.append(f"receipt_template cannot be read: {error}")
        else:
            if not used <= RECEIPT_FIELDS:
                wrong = ", ".join(sorted(used - RECEIPT_FIELDS))
                faults.append(
                    f"receipt_template has no field {wrong}, only {', '.join(sorted(RECEIPT_FIELDS))}"
                )
        return faults

    @classmethod
    def from_mapping(cls, values: Mapping[str, object]) -> Self:
        """Make a scenario from named values. Raises ScenarioError for unknown keys and bad values."""
        _refuse_unknown(values)
        converted = {key: _RULES[key].convert(key, value) for key, value in values.items()}
        return cls(**converted)  # type: ignore[arg-type]  # __post_init__ checks what mypy cannot

    @classmethod
    def load(cls, path: Path | None = None, flags: Iterable[str] = ()) -> Self:
        """Read a scenario from a TOML file of `key = value` lines, then apply flags of the form `key=value`.

        Raises ScenarioError, naming the file or flag at fault.
        """
        values: dict[str, object] = {}
        if path is not None:
            try:
                values = tomllib.loads(path.read_text("utf-8"))
            except OSError as error:
                raise ScenarioError(f"{path}: {error.strerror}") from error
            except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
                raise ScenarioError(f"{path} is no TOML file: {error}") from error
            try:
                cls.from_mapping(values)
            except ScenarioError as error:
                raise ScenarioError(f"{path}: {error}") from error
        return cls.from_mapping(values | parse_flags(flags))


_RULES: Final[dict[str, Rule]] = {
    field.name: field.metadata["rule"] for field in dataclasses.fields(Scenario)
}

DESCRIPTIONS: Final[dict[str, str]] = {
    field.name: field.metadata["description"] for field in dataclasses.fields(Scenario)
}
"""One sentence per key of a scenario, for help texts and documentation."""


def parse_flags(flags: Iterable[str]) -> dict[str, object]:
    """Read `key=value` words as typed values; credentials are written `credentials=alice:secret,bob:word`.

    Raises ScenarioError for a word without `=`, an unknown key or a value of the wrong type.
    """
    values: dict[str, object] = {}
    for flag in flags:
        key, equals, text = flag.partition("=")
        if not equals:
            raise ScenarioError(f"{flag!r} must have the form key=value")
        values[key.strip().replace("-", "_")] = text.strip()
    _refuse_unknown(values)
    return {key: _RULES[key].from_text(key, str(text)) for key, text in values.items()}


def _refuse_unknown(values: Mapping[str, object]) -> None:
    unknown = [key for key in values if key not in _RULES]
    if unknown:
        raise ScenarioError(f"unknown key {', '.join(unknown)}; known are {', '.join(_RULES)}")
