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
from typing import Any, Final, Self

from trunkline.gsm.alphabets import DEFAULT_ALPHABETS
from trunkline.smpp.constants import CommandStatus

ID_FORMATS: Final = ("hex", "hex-upper", "decimal", "uuid")
_DAY_MS: Final = 86_400_000


class ScenarioError(ValueError):
    """The scenario is unusable; the text has one sentence per fault, each naming the key."""


@dataclass(frozen=True, slots=True)
class _Rule:
    """What a value must be: its type, and its range or its choices."""

    kind: type
    low: float = 0
    high: float = 0
    choices: tuple[str, ...] = ()
    optional: bool = False

    def fault(self, value: object) -> str | None:
        """What is wrong with the value, as the end of a sentence that begins with the key."""
        if value is None and self.optional:
            return None
        if self.kind is bool:
            return None if isinstance(value, bool) else f"must be true or false, not {value!r}"
        if self.kind is dict:
            pairs = value.items() if isinstance(value, Mapping) else [(value, None)]
            if all(isinstance(name, str) and isinstance(word, str) for name, word in pairs):
                return None
            return "must be a table of system_id = password"
        if self.choices:
            return (
                None if value in self.choices else f"must be one of {', '.join(self.choices)}, not {value!r}"
            )
        if self.kind is str:
            return None if isinstance(value, str) else f"must be a text, not {value!r}"
        if isinstance(value, bool) or not isinstance(value, int if self.kind is int else (int, float)):
            return f"must be {'a whole number' if self.kind is int else 'a number'}, not {value!r}"
        if not self.low <= value <= self.high:
            return f"must be between {self.low:g} and {self.high:g}, not {value!r}"
        return None


def _option(
    default: object,
    description: str,
    *,
    low: float = 0,
    high: float = 0,
    choices: Iterable[str] = (),
    optional: int | None = None,
) -> Any:
    kind = type(optional if optional is not None else default)
    rule = _Rule(kind, low, high, tuple(choices), optional is not None)
    metadata = {"description": description, "rule": rule}
    if isinstance(default, dict):
        return dataclasses.field(default_factory=dict, metadata=metadata)
    return dataclasses.field(default=default, metadata=metadata)


def _share(description: str) -> Any:
    return _option(0.0, description + " (0 to 1)", high=1.0)


def _time(default: float, description: str) -> Any:
    return _option(float(default), description + " (ms)", high=_DAY_MS)


def _status(default: int | None, description: str) -> Any:
    return _option(
        default,
        description + " (a name such as ESME_RSYSERR, or a number)",
        low=1,
        high=0xFFFFFFFF,
        optional=0 if default is None else None,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """The behaviour of one simulated SMSC. Raises ScenarioError when a value is out of its range."""

    seed: int = _option(0, "Seed of every random decision", high=2**63 - 1)

    # Binds
    credentials: Mapping[str, str] = _option(
        {}, "system_id = password pairs that may bind; none: anybody may"
    )
    bind_refuse: int | None = _status(None, "Refuse every bind with this command_status")
    max_binds: int = _option(
        0, "Binds per system_id, more are answered ESME_RALYBND; 0: no limit", high=1_000_000
    )

    # Answers
    response_delay_ms: float = _time(0, "Time until a submit is answered")
    response_jitter_ms: float = _time(0, "Random time added to response_delay_ms, at most this")
    throughput: float = _option(
        0.0, "Submits per second over all binds, more get ESME_RTHROTTLED; 0: no limit", high=10_000_000
    )
    error_share: float = _share("Share of submits refused with error_status")
    error_status: int = _status(CommandStatus.ESME_RSYSERR.value, "command_status of error_share")
    no_answer_share: float = _share("Share of submits that are taken and never answered")
    drop_link_every: int = _option(
        0,
        "Cut the TCP link at every n-th submit, half the time after taking it unanswered; 0: never",
        high=1_000_000_000,
    )

    # Message ids
    response_id_format: str = _option("hex", "How submit_sm_resp writes the message id", choices=ID_FORMATS)
    receipt_id_format: str = _option("hex", "How the receipt writes the message id", choices=ID_FORMATS)
    id_width: int = _option(0, "Fill the receipt's id with leading zeros to this length; 0: none", high=64)
    first_id: int | None = _option(
        None,
        "Number of the first message id; none: from the clock, so that ids stay unique over restarts",
        low=1,
        high=2**63,
        optional=0,
    )
    default_alphabet: str = _option(
        "gsm7", "What data_coding 0 means here, for reading the texts", choices=DEFAULT_ALPHABETS
    )

    # Receipts
    receipts: str = _option(
        "normal", "When: after the answer, or before it (early)", choices=("normal", "early")
    )
    receipt_delay_ms: float = _time(0, "Time from the answer to the receipt")
    receipt_jitter_ms: float = _time(0, "Random time added to receipt_delay_ms, at most this")
    failed_share: float = _share("Share of messages whose receipt says UNDELIV")
    failed_err: str = _option("001", "err field of a receipt that says UNDELIV")
    missing_share: float = _share("Share of receipts never sent")
    late_share: float = _share("Share of receipts sent late_ms later than the others")
    late_ms: float = _time(5000, "How much later the late receipts come")
    duplicate_share: float = _share("Share of receipts sent twice")
    receipt_tlvs: bool = _option(True, "Send receipted_message_id and message_state with the receipt's text")
    receipt_stat_case: str = _option(
        "upper", "Letters of the stat field", choices=("upper", "lower", "title")
    )
    receipt_body: str = _option(
        "text",
        "Receipt's text in short_message, the same in UCS-2, or in message_payload",
        choices=("text", "ucs2", "payload"),
    )
    receipt_window: int = _option(100, "Unacknowledged receipts per bind", low=1, high=100_000)
    receipt_retry_ms: float = _time(1000, "Time until a receipt that was refused for now is sent again")

    def __post_init__(self) -> None:
        faults = []
        for key, rule in _RULES.items():
            fault = rule.fault(getattr(self, key))
            if fault is not None:
                faults.append(f"{key} {fault}")
        if not faults and (self.response_id_format == "uuid") != (self.receipt_id_format == "uuid"):
            faults.append("receipt_id_format and response_id_format must both be uuid, or neither")
        if not faults and not (self.failed_err.isascii() and self.failed_err.isalnum()):
            faults.append(f"failed_err must be letters and digits, not {self.failed_err!r}")
        if faults:
            raise ScenarioError("; ".join(faults))

    @classmethod
    def from_mapping(cls, values: Mapping[str, object]) -> Self:
        """Make a scenario from named values. Raises ScenarioError for unknown keys and bad values."""
        _refuse_unknown(values)
        converted = dict(values)
        for key in _STATUS_KEYS & values.keys():
            converted[key] = _to_status(key, values[key])
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


_RULES: Final[dict[str, _Rule]] = {
    field.name: field.metadata["rule"] for field in dataclasses.fields(Scenario)
}
_STATUS_KEYS: Final = {"bind_refuse", "error_status"}

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
    return {key: _from_text(key, str(text)) for key, text in values.items()}


def _from_text(key: str, text: str) -> object:
    rule = _RULES[key]
    if rule.optional and text.lower() in {"", "none"}:
        return None
    if rule.kind is bool:
        return {"true": True, "false": False}.get(text.lower(), text)
    if rule.kind is dict:
        pairs = [pair.partition(":") for pair in text.split(",") if pair]
        if not all(colon for _, colon, _ in pairs):
            raise ScenarioError(f"{key} must have the form system_id:password,...")
        return {name: word for name, _, word in pairs}
    if key in _STATUS_KEYS or rule.kind is str:
        return text
    try:
        return int(text) if rule.kind is int else float(text)
    except ValueError:
        return text  # the rule says what it should have been


def _to_status(key: str, value: object) -> object:
    """Turn a status name, or a number written as text, into the number. Raises ScenarioError."""
    if not isinstance(value, str):
        return value
    try:
        return CommandStatus[value.upper()].value
    except KeyError:
        pass
    try:
        return int(value, 0)
    except ValueError:
        raise ScenarioError(
            f"{key} must be a command_status such as ESME_RSYSERR or 0x08, not {value!r}"
        ) from None


def _refuse_unknown(values: Mapping[str, object]) -> None:
    unknown = [key for key in values if key not in _RULES]
    if unknown:
        raise ScenarioError(f"unknown key {', '.join(unknown)}; known are {', '.join(_RULES)}")
