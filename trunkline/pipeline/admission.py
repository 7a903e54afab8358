"""Admission: may this sender send this, and in which form does it enter the gateway?"""

import re
from dataclasses import dataclass
from functools import lru_cache

from trunkline.model.snapshot import OverRate, Sender
from trunkline.model.submission import Reason, Rejected, Submission

# E.164 numbers have at most 15 digits, here perhaps after 00; short codes are accepted as destinations too.
_DESTINATION = re.compile(r"\+?(?:00)?([0-9]{3,15})").fullmatch
_PUNCTUATION = re.compile(r"[\s().\-/]+")
_NUMERIC = re.compile(r"\+?([0-9]{1,20})").fullmatch
_ALPHANUMERIC = re.compile(r"[ -~]{1,11}").fullmatch

TON_UNKNOWN, TON_INTERNATIONAL, TON_NETWORK_SPECIFIC, TON_ALPHANUMERIC = 0, 1, 3, 5
NPI_UNKNOWN, NPI_E164 = 0, 1
SHORT_CODE_DIGITS = 6
MAX_VALIDITY_MS = 30 * 24 * 3600 * 1000
_WHOLE_ACCOUNT = "account"  # in place of a door: the rate of all its senders


@dataclass(slots=True)
class Admitted:
    """A submission that may go on: normalised addresses and the times it lives by (Unix ms)."""

    source: str
    source_ton: int
    source_npi: int
    destination: str
    dest_ton: int
    dest_npi: int
    available_at: int
    expires_at: int
    deferred: bool


class Rate:
    """Generic cell rate algorithm: messages per second with a burst of one second's worth, at least one.

    `due` is the theoretical arrival time of the next message, in Unix milliseconds.
    """

    __slots__ = ("due",)

    BURST_MS = 1000.0

    def __init__(self) -> None:
        self.due = 0.0

    def wait_ms(self, per_second: float, now: int) -> float:
        """How long a message that comes now is above the rate; 0 when it fits. Takes nothing."""
        interval = 1000.0 / per_second
        return max(0.0, self.due - now - max(self.BURST_MS, interval) + interval)

    def take(self, per_second: float, now: int) -> None:
        """Counts one message."""
        self.due = max(self.due, float(now)) + 1000.0 / per_second

    def limit(self, per_second: float, now: int) -> None:
        """Where nothing is held back `due` is at most a burst ahead, unless the clock was set back."""
        self.due = min(self.due, now + max(self.BURST_MS, 1000.0 / per_second))


class Admission:
    """Checks account, rate, addresses and validity, in this order."""

    def __init__(self, default_validity_ms: int) -> None:
        self._default_validity_ms = default_validity_ms
        self._rates: dict[tuple[str, str], Rate] = {}

    def admit(self, submission: Submission, now: int) -> Admitted:
        """Raises `Rejected` with the first rule that is broken; counts the message against the rate."""
        sender = submission.sender
        account = sender.account
        if not (sender.enabled and account.enabled):
            raise Rejected(Reason.ACCOUNT_DISABLED, f"the account of {sender.credential} is disabled")
        destination, dest_ton, dest_npi = normalise_destination(submission.destination)
        source, source_ton, source_npi = classify_source(
            submission.source or sender.default_sender or account.default_sender
        )
        expires_at = self._expiry(submission, now)
        available_at = now + submission.deliver_after_ms
        if available_at >= expires_at:
            raise Rejected(Reason.INVALID_SCHEDULE, "schedule_delivery_time lies after the validity period")
        deferred = False
        if sender.throughput or account.throughput:
            wait = self._over_rate(sender, submission.door, now, expires_at)
            if wait:
                deferred = True
                available_at = max(available_at, now + wait)
        if submission.source:  # a default sender has the type of its own
            if submission.source_ton is not None:
                source_ton = submission.source_ton
            if submission.source_npi is not None:
                source_npi = submission.source_npi
        return Admitted(
            source,
            source_ton,
            source_npi,
            destination,
            dest_ton if submission.dest_ton is None else submission.dest_ton,
            dest_npi if submission.dest_npi is None else submission.dest_npi,
            available_at,
            expires_at,
            deferred,
        )

    def _over_rate(self, sender: Sender, door: str, now: int, expires_at: int) -> int:
        """Milliseconds to hold the message back: for the sender's rate, and for its account's.

        Raises THROTTLED when the policy is to reject, or when its turn would come after its validity. What is
        refused for one rate does not count for the other.
        """
        account = sender.account
        longest = 0.0
        fitting: list[tuple[Rate, int]] = []
        for key, throughput, whose in (
            ((door, sender.credential), sender.throughput, sender.credential),
            ((_WHOLE_ACCOUNT, account.name), account.throughput, f"account {account.name}"),
        ):
            if not throughput:
                continue
            rate = self._rates.get(key)
            if rate is None:
                rate = self._rates[key] = Rate()
            if sender.over_rate is OverRate.REJECT:
                rate.limit(throughput, now)
            wait = rate.wait_ms(throughput, now)
            if wait and (sender.over_rate is OverRate.REJECT or now + wait >= expires_at):
                raise Rejected(Reason.THROTTLED, f"more than {throughput} messages per second from {whose}")
            longest = max(longest, wait)
            fitting.append((rate, throughput))
        for rate, throughput in fitting:
            rate.take(throughput, now)
        return int(longest)

    def _expiry(self, submission: Submission, now: int) -> int:
        validity = submission.validity_ms
        if submission.deliver_after_ms > MAX_VALIDITY_MS:
            raise Rejected(Reason.INVALID_SCHEDULE, "schedule_delivery_time is more than 30 days away")
        if validity is None:
            return now + submission.deliver_after_ms + self._default_validity_ms
        if validity <= 0:
            raise Rejected(Reason.INVALID_VALIDITY, "the validity period is over already")
        return now + min(validity, MAX_VALIDITY_MS)


def normalise_destination(text: str) -> tuple[str, int, int]:
    """Digits in international form, TON and NPI. Raises `Rejected` (INVALID_DESTINATION)."""
    match = _DESTINATION(text) or _DESTINATION(_PUNCTUATION.sub("", text))
    if match is None:
        raise Rejected(
            Reason.INVALID_DESTINATION,
            f"destination {text[:40]!r} is not a phone number: 3 to 15 digits, international format",
        )
    digits = match[1]
    if digits.startswith("00"):  # too short without them
        raise Rejected(Reason.INVALID_DESTINATION, f"destination {text[:40]!r} is too short")
    if len(digits) <= SHORT_CODE_DIGITS:
        return digits, TON_NETWORK_SPECIFIC, NPI_UNKNOWN
    return digits, TON_INTERNATIONAL, NPI_E164


@lru_cache(maxsize=4096)
def classify_source(text: str) -> tuple[str, int, int]:
    """The sender address with its TON and NPI: number 1/1, short code 3/0, alphanumeric 5/0, none 0/0.

    Raises `Rejected` (INVALID_SOURCE).
    """
    if not text:
        return "", TON_UNKNOWN, NPI_UNKNOWN
    match = _NUMERIC(text)
    if match:
        digits = match[1]
        if len(digits) <= SHORT_CODE_DIGITS and text[0] != "+":
            return digits, TON_NETWORK_SPECIFIC, NPI_UNKNOWN
        return digits, TON_INTERNATIONAL, NPI_E164
    if _ALPHANUMERIC(text) is None:
        raise Rejected(
            Reason.INVALID_SOURCE,
            f"sender {text[:40]!r} is neither a number of at most 20 digits nor 1 to 11 printable "
            "ASCII characters",
        )
    return text, TON_ALPHANUMERIC, NPI_UNKNOWN
