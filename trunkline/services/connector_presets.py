"""Named beginnings for connectors: what to set for an SMSC of a certain habit.

They are named by the habit, not by vendors: the same product behaves differently from one operator to the
next. Several can be put together; a connector keeps no memory of the presets it was made from.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from trunkline.services.accounts import InvalidInput


@dataclass(slots=True, frozen=True)
class Preset:
    """Settings of a connector, and ``key=value`` words for its profile."""

    name: str
    about: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    profile_words: tuple[str, ...] = ()


PRESETS: Final = {
    preset.name: preset
    for preset in (
        Preset("standard", "SMPP 3.4 by the book, and whatever can be forgiven without being told"),
        # Versions
        Preset("smpp33", "SMPP 3.3: two binds for a transceiver, no TLVs", {"smpp_version": "3.3"}),
        Preset("smpp50", "SMPP 5.0: the SMSC tells its load", {"smpp_version": "5.0"}),
        # Message ids
        Preset(
            "hex-ids",
            "ids in hex in submit_sm_resp, the same in decimal in receipts",
            {"message_id_format": "decimal"},
        ),
        Preset(
            "decimal-ids",
            "ids in decimal in submit_sm_resp, the same in hex in receipts",
            {"message_id_format": "hex"},
        ),
        Preset(
            "exact-ids",
            "ids that are no numbers, such as UUIDs: compared letter by letter",
            {"message_id_format": "text"},
        ),
        Preset(
            "two-ids",
            "the receipt's TLV has an id of its own, its text has that of submit_sm_resp",
            profile_words=("receipt_id=text",),
        ),
        # Texts
        Preset("latin1", "data_coding 0 is Latin-1", {"default_alphabet": "latin1"}),
        Preset("ascii", "data_coding 0 is ASCII", {"default_alphabet": "ascii"}),
        Preset("packed-gsm7", "septets packed into octets", {"default_alphabet": "gsm7-packed"}),
        Preset("udh16", "long messages with a 16 bit reference in the header", {"long_message": "udh16"}),
        Preset("sar-tlvs", "long messages numbered by the SAR TLVs", {"long_message": "sar"}),
        Preset("payload", "long messages whole, in message_payload", {"long_message": "payload"}),
        # Binds
        Preset(
            "two-binds",
            "a transmitter and a receiver for each transceiver",
            profile_words=("split_transceivers=always",),
        ),
        Preset(
            "slow-rebind",
            "half a minute between attempts to bind, two minutes to answer enquire_link",
            {"reconnect_min_s": 30.0, "reconnect_max_s": 300.0},
            ("enquire_link_timeout_s=120",),
        ),
        # submit_sm
        Preset(
            "absolute-times",
            "validity_period as a date, in UTC",
            profile_words=("validity=absolute",),
        ),
        Preset("no-validity", "no validity_period at all", profile_words=("validity=none",)),
        Preset(
            "plain-addresses",
            "TON and NPI 0 for all addresses",
            dict.fromkeys(("source_ton", "source_npi", "dest_ton", "dest_npi"), 0),
        ),
        Preset(
            "store-and-forward",
            "messages are kept by the SMSC only when esm_class says so",
            profile_words=("messaging_mode=3",),
        ),
        # Receipts
        Preset(
            "declared-receipts",
            "handsets' texts may look like receipts: esm_class alone tells which is which",
            profile_words=("detect_receipts=esm_class",),
        ),
        Preset(
            "numeric-states",
            "stat: with the numbers of message_state in place of words",
            profile_words=(
                "status_map=1:ENROUTE,2:DELIVRD,3:EXPIRED,4:DELETED,5:UNDELIV,6:ACCEPTD,7:UNKNOWN,8:REJECTD",
            ),
        ),
        Preset(
            "busy-as-failure",
            "congestion is reported as ESME_RSUBMITFAIL or ESME_RUNKNOWNERR",
            profile_words=("error_actions=ESME_RSUBMITFAIL:slow,ESME_RUNKNOWNERR:slow",),
        ),
    )
}


def combine(names: Iterable[str]) -> tuple[dict[str, Any], list[str]]:
    """Settings and words of several presets, the later above the earlier. Raises `InvalidInput`."""
    settings: dict[str, Any] = {}
    words: dict[str, str] = {}
    for name in names:
        preset = PRESETS.get(name)
        if preset is None:
            raise InvalidInput("preset", f"there is no {name!r}; `trunkline connector presets` lists them")
        settings |= preset.settings
        words |= {word.partition("=")[0]: word for word in preset.profile_words}
    return settings, list(words.values())
