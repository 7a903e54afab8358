"""Entries for the tests, at moments of 29 July 2024."""

from trunkline.backends.pdu_log.records import Entry, Gap
from trunkline.smpp.codec import encode
from trunkline.smpp.pdus import EnquireLink

EVENING = 1_722_286_925_000  # 2024-07-29 21:02:05 UTC
DAY_MS = 86_400_000
CONNECTION = "1beb339d-24dd-4abc-a1c3-9e77d88856ab"


def entry(number: int = 1, at_ms: int = EVENING, name: str = "smsc", folder: str = "connectors") -> Entry:
    """An enquire_link read by a connector."""
    return Entry(folder, name, CONNECTION, "gsm7", at_ms, False, encode(EnquireLink(sequence_number=number)))


def gap(pdus: int, at_ms: int = EVENING, name: str = "smsc") -> Gap:
    """PDUs that are missing in the file of the connector."""
    return Gap("connectors", name, at_ms, pdus, "the log could not keep up")
