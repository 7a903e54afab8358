"""Entries for the tests, at moments of 29 July 2024."""

from trunkline.backends.pdu_log.records import Entry, Head, Kind
from trunkline.smpp.codec import encode
from trunkline.smpp.pdus import EnquireLink

SECOND_NS = 1_000_000_000
EVENING = 1_722_286_925 * SECOND_NS  # 2024-07-29 21:02:05 UTC
DAY_NS = 86_400 * SECOND_NS
CONNECTION = "1beb339d-24dd-4abc-a1c3-9e77d88856ab"


def head(name: str = "smsc", folder: str = "connectors") -> bytes:
    return Head(folder, name, CONNECTION, "gsm7").packed()


def entry(number: int = 1, at_ns: int = EVENING, name: str = "smsc", folder: str = "connectors") -> Entry:
    """An enquire_link that was read."""
    return head(name, folder), at_ns, Kind.READ, encode(EnquireLink(sequence_number=number))


def remark(text: str, at_ns: int = EVENING) -> Entry:
    """What the log says of itself in the connector's file."""
    return head(), at_ns, Kind.REMARK, text.encode()
