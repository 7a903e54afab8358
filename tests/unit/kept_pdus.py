"""A PDU log in memory, for tests of what is shown to it."""

from trunkline.model.pdu_log import LogOwner
from trunkline.smpp.codec import FrameDecoder
from trunkline.smpp.pdus import Pdu

Shown = tuple[str, str]  # direction and the PDU's name


class KeptPdus:
    """Implements `PduLog`."""

    def __init__(self) -> None:
        self.of: dict[str, list[Shown]] = {}  # by the owner's side and name, `esmes/1`

    def tap(self, connection_id: str, owner: LogOwner | None = None) -> "KeptTap":
        assert connection_id
        return KeptTap(self, owner)


class KeptTap:
    """Implements `PduLogTap`."""

    def __init__(self, log: KeptPdus, owner: LogOwner | None) -> None:
        self._log = log
        self._owner = owner
        self._held: list[Shown] = []

    def assign(self, owner: LogOwner) -> None:
        self._owner = owner
        self._keep([])

    def read(self, pdus: bytes) -> None:
        self._keep([("read", name) for name in _names(pdus)])

    def written(self, pdus: bytes) -> None:
        self._keep([("written", name) for name in _names(pdus)])

    def _keep(self, shown: list[Shown]) -> None:
        self._held += shown
        if self._owner is not None:
            self._log.of.setdefault(f"{self._owner.side}/{self._owner.name}", []).extend(self._held)
            self._held = []


def _names(pdus: bytes) -> list[str]:
    return [pdu.name for pdu in FrameDecoder().feed(pdus) if isinstance(pdu, Pdu)]
