"""From what a probe saw to what it means, and to the connector that would suit the SMSC. Pure."""

import shlex
from dataclasses import dataclass, replace
from math import ceil
from typing import Any, Final

from trunkline.model.snapshot import ConnectorConfig
from trunkline.services.connectors import DEFAULTS
from trunkline.services.probe.observed import ALPHABET_TEXT, Observations, Received, Target
from trunkline.smpp.constants import CommandStatus, Tag, Version, status_name
from trunkline.smpp.receipts import id_keys, normalise_id

_MISSING: Final = "not learned: give a number with --to"
_TOO_FAST: Final = frozenset({CommandStatus.ESME_RTHROTTLED.value, CommandStatus.ESME_RMSGQFUL.value})
GOAL_PER_S: Final = 100
"""The submits per second that the proposed window is made for."""


@dataclass(slots=True, frozen=True)
class Finding:
    """One thing learned, and from what. `value` is empty where nothing could be learned."""

    topic: str
    value: str
    evidence: str


@dataclass(slots=True, frozen=True)
class Report:
    """The findings, the connector they lead to, and the command that creates it."""

    findings: tuple[Finding, ...]
    connector: ConnectorConfig
    command: str

    @property
    def differs(self) -> dict[str, Any]:
        """The connector's fields that are not the defaults; the password is left out."""
        return {
            name: getattr(self.connector, name)
            for name in ConnectorConfig.__slots__
            if name != "password" and getattr(self.connector, name) != getattr(DEFAULTS, name)
        }


def conclude(target: Target, observations: Observations, connector_id: str = "new-smsc") -> Report:
    """What the observations mean."""
    found = [
        _version(observations),
        _binds(observations),
        _round_trip(observations),
        _query(observations),
        _ids(observations),
        _alphabet(observations),
        _long_messages(observations),
        _receipts(observations),
        _speed(observations),
    ]
    config = replace(
        DEFAULTS,
        connector_id=connector_id,
        host=target.host,
        port=target.port,
        system_id=target.system_id,
        password=target.password,
        system_type=target.system_type,
        tls=target.tls is not None,
        tls_server_name=target.tls_server_name,
    )
    for _, changes in found:
        config = replace(config, **changes)
    findings = tuple(finding for finding, _ in found)
    report = Report(findings, config, "")
    return replace(report, command=_command(report))


_Found = tuple[Finding, dict[str, Any]]


def _version(seen: Observations) -> _Found:
    if seen.interface_version is None:
        version = "3.3" if seen.transceiver_refused is not None else "3.4"
        evidence = "no sc_interface_version in its bind response"
    else:
        known = {Version.V33: "3.3", Version.V34: "3.4", Version.V50: "5.0"}
        version = known[Version.of(seen.interface_version)]
        evidence = f"sc_interface_version 0x{seen.interface_version:02x}"
    return Finding("SMPP version", version, evidence), {"smpp_version": version}


def _binds(seen: Observations) -> _Found:
    most = seen.binds if seen.binds_refused is not None else None
    limit = f"{most} at once" if most is not None else f"at least {seen.binds} at once"
    evidence = (
        f"one more was refused: {status_name(seen.binds_refused)}"
        if seen.binds_refused is not None
        else "none was refused"
    )
    if seen.transceiver_refused is None:
        return Finding("Binds", f"transceiver, {limit}", evidence), {}
    evidence = f"bind_transceiver was refused: {status_name(seen.transceiver_refused)}; {evidence}"
    changes = {"trx_binds": 0, "tx_binds": 1, "rx_binds": 1}
    return Finding("Binds", f"transmitter and receiver, {limit}", evidence), changes


def _trip(seen: Observations) -> float | None:
    """Seconds; submits tell more than enquire_link, which many SMSCs answer from another place."""
    submits = [each.seconds for each in seen.submitted if each.status is not None and each.what != "burst"]
    return sum(submits) / len(submits) if submits else min(seen.round_trips, default=None)


def _round_trip(seen: Observations) -> _Found:
    trip = _trip(seen)
    if trip is None:
        return Finding("Round trip", "", "enquire_link was not answered"), {}
    window = min(max(ceil(GOAL_PER_S * trip), DEFAULTS.window), 1000)
    return (
        Finding("Round trip", f"{trip * 1000:.1f} ms", f"a window of {window} allows {window / trip:.0f}/s"),
        {"window": window},
    )


def _query(seen: Observations) -> _Found:
    if seen.query_status is None:
        return Finding("query_sm", "not answered", "of an id that cannot exist"), {}
    unknown = seen.query_status == CommandStatus.ESME_RINVCMDID.value
    value = "not supported" if unknown else "supported"
    return Finding("query_sm", value, f"answered {status_name(seen.query_status)}"), {}


def _pairs(seen: Observations) -> list[tuple[str, str]]:
    """(id of the response, id of its receipt) for every receipt that belongs to one of ours in some form."""
    ours = {normalise_id(each.message_id): each.message_id for each in seen.submitted if each.message_id}
    pairs = []
    for received in seen.received:
        raw = received.receipt.message_id
        for key in id_keys(raw) if raw else ():
            if key in ours:
                pairs.append((ours[key], raw or ""))
                break
    return pairs


def _ids(seen: Observations) -> _Found:
    pairs = _pairs(seen)
    if not pairs:
        return Finding("Message ids", "", _reason(seen, "no receipt names an id of the responses")), {}
    given, raw = pairs[0]
    evidence = f"{given} in submit_sm_resp, {raw} in the receipt"
    same, as_decimal, as_hex = id_keys(raw)
    key = normalise_id(given)
    if all(normalise_id(ours) == normalise_id(theirs) for ours, theirs in pairs):
        return Finding("Message ids", "alike in responses and receipts", evidence), {
            "message_id_format": "text"
        }
    if key == as_hex != same:
        return Finding("Message ids", "decimal in receipts, hex in responses", evidence), {
            "message_id_format": "decimal"
        }
    if key == as_decimal != same:
        return Finding("Message ids", "hex in receipts, decimal in responses", evidence), {
            "message_id_format": "hex"
        }
    return Finding("Message ids", "now alike, now not", evidence), {"message_id_format": "auto"}


def _alphabet(seen: Observations) -> _Found:
    """The receipt repeats the beginning of the text, read by the SMSC as it reads data_coding 0."""
    texts = [received.receipt.text for received in seen.received if "probe alph" in received.receipt.text]
    if not texts:
        return Finding("Default alphabet", "", _reason(seen, "no receipt repeats the text")), {}
    text = texts[0]
    if text.startswith(ALPHABET_TEXT[:2]):
        return Finding("Default alphabet", "gsm7", f"the receipt repeats {text!r}"), {}
    # A Latin-1 SMSC does that, and one that knows GSM but repeats octets as they came: a person can tell.
    evidence = (
        f"the receipt repeats {text!r}; look at the handset: does the message begin with "
        f"{ALPHABET_TEXT[:3]!r}? If not, --default-alphabet latin1"
    )
    return Finding("Default alphabet", "gsm7 or latin1", evidence), {}


def _long_messages(seen: Observations) -> _Found:
    statuses = {
        what: [each.status for each in seen.submitted if each.what == what]
        for what in ("udh", "sar", "payload")
    }
    tried = {what: found for what, found in statuses.items() if found}
    if not tried:
        return Finding("Long messages", "", _MISSING), {}
    accepted = [what for what, found in tried.items() if all(status == 0 for status in found)]
    evidence = "; ".join(
        f"{what}: {', '.join('no answer' if each is None else status_name(each) for each in found)}"
        for what, found in tried.items()
    )
    if not accepted:
        return Finding("Long messages", "none accepted", evidence), {}
    method = {"udh": "udh8", "sar": "sar", "payload": "payload"}[accepted[0]]
    return Finding("Long messages", f"{', '.join(accepted)} accepted", evidence), {"long_message": method}


def _receipts(seen: Observations) -> _Found:
    if not seen.received:
        return Finding("Receipts", "", _reason(seen, "none came in time")), {}
    first = seen.received[0]
    parts = [f"{len(seen.received)} came", *_traits(first)]
    raw = first.pdu.payload.decode("latin-1")
    return Finding("Receipts", ", ".join(parts), f"the first one: {raw[:160]!r}"), {}


def _traits(received: Received) -> list[str]:
    pdu = received.pdu
    traits = [pdu.name]
    if not pdu.esm_class & 0x3C:
        traits.append("without the receipt bit in esm_class")
    if pdu.tlv(Tag.RECEIPTED_MESSAGE_ID) is not None:
        traits.append("with receipted_message_id")
    if pdu.tlv(Tag.MESSAGE_PAYLOAD) is not None:
        traits.append("in message_payload")
    if pdu.data_coding == 8:
        traits.append("in UCS-2")
    return traits


def _speed(seen: Observations) -> _Found:
    burst = [each for each in seen.submitted if each.what == "burst"]
    if not burst:
        return Finding("Throughput", "", _MISSING), {}
    refused = [each for each in burst if each.status in _TOO_FAST]
    if refused:
        accepted = len(burst) - len(refused)
        return (
            Finding(
                "Throughput",
                f"{accepted} of {len(burst)} at once were accepted",
                f"the others were refused: {status_name(refused[0].status or 0)}",
            ),
            {"throughput": max(1, accepted)},
        )
    return Finding("Throughput", f"{len(burst)} at once are accepted", "none was refused as too fast"), {}


def _reason(seen: Observations, otherwise: str) -> str:
    return otherwise if seen.submitted else _MISSING


def _command(report: Report) -> str:
    words = ["trunkline", "connector", "create", report.connector.connector_id]
    for name, value in report.differs.items():
        if name == "connector_id":
            continue
        option = name.replace("_", "-")
        if isinstance(value, bool):
            words.append(f"--{option}" if value else f"--no-{option}")
        else:
            words += [f"--{option}", str(value)]
    return shlex.join([*words, "--password", "-"])
