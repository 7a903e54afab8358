"""The words that keys of a scenario choose from, and what stands behind them."""

from typing import Final

from trunkline.smpp.constants import Version

ID_FORMATS: Final = ("hex", "hex-upper", "decimal", "uuid")

# Receipt texts to choose from; the fields are those of appendix B.
RECEIPT_TEMPLATES: Final = {
    "standard": (
        "id:{id} sub:{sub} dlvrd:{dlvrd} submit date:{submit} done date:{done}"
        " stat:{stat} err:{err} text:{text}"
    ),
    "reordered": (
        "stat:{stat} err:{err} done date:{done} submit date:{submit} dlvrd:{dlvrd} sub:{sub}"
        " id:{id} text:{text}"
    ),
    "missing": "id:{id} stat:{stat}",
    "spaced": (
        " id: {id}  sub: {sub}  dlvrd: {dlvrd}  submit date: {submit}  done date: {done} "
        " stat: {stat}  err: {err}  text: {text}"
    ),
}
RECEIPT_FIELDS: Final = frozenset({"id", "sub", "dlvrd", "submit", "done", "stat", "err", "text"})
DATE_FORMATS: Final = {
    "YYMMDDhhmm": "%y%m%d%H%M",
    "YYMMDDhhmmss": "%y%m%d%H%M%S",
    "YYYYMMDDhhmm": "%Y%m%d%H%M",
    "YYYYMMDDhhmmss": "%Y%m%d%H%M%S",
    "separated": "%Y-%m-%d %H:%M:%S",
    "ms": None,
    "zeros": "0000000000",
    "blank": "",
}


VERSIONS: Final = {"3.3": Version.V33, "3.4": Version.V34, "5.0": Version.V50}
OPERATIONS: Final = (
    "data_sm",
    "submit_multi",
    "query_sm",
    "cancel_sm",
    "replace_sm",
    "broadcast_sm",
    "query_broadcast_sm",
    "cancel_broadcast_sm",
)
SEQUENCE_NUMBERS: Final = ("normal", "from-zero", "high", "wrap", "wrap-32")
STRAYS: Final = (
    "response",
    "nack",
    "enquire_link",
    "alert_notification",
    "unknown",
    "unparsable",
    "short",
    "long",
    "http",
    "tls",
)
