"""The port of the PDU log: whose PDUs are kept, and how they get there."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from trunkline.model.snapshot import ConnectorConfig, Esme
from trunkline.smpp.tap import Tap


class LogSide(StrEnum):
    """Whose PDUs a log file has; also the name of the folder it is in."""

    CONNECTORS = "connectors"
    ESMES = "esmes"


@dataclass(slots=True, frozen=True)
class LogOwner:
    """Whose log a connection's PDUs go to; `name` is the file's name without its ending."""

    side: LogSide
    name: str
    default_alphabet: str  # what data_coding 0 means to the peer

    @classmethod
    def of_connector(cls, config: ConnectorConfig) -> LogOwner:
        """A connector's file has its id for a name."""
        return cls(LogSide.CONNECTORS, config.connector_id, config.default_alphabet)

    @classmethod
    def of_esme(cls, esme: Esme) -> LogOwner:
        """An ESME's file has its number for a name: a system_id may hold characters that no file name has."""
        return cls(LogSide.ESMES, str(esme.id), esme.default_alphabet)


class PduLogTap(Tap, Protocol):
    """One connection's way into the log."""

    def assign(self, owner: LogOwner) -> None:
        """Says whose connection it is. What was shown before, the bind above all, is logged now."""
        ...


class PduLog(Protocol):
    """Keeps the PDUs of connections for people. Never blocks and never raises on the message path.

    All calls are made on the event loop's thread.
    """

    def tap(self, connection_id: str, owner: LogOwner | None = None) -> PduLogTap:
        """A tap for a connection; without an owner it keeps the first PDUs until there is one."""
        ...


class PduWatcher(Protocol):
    """Looks on while a connector's PDUs pass, for as long as somebody wants to see them."""

    def tap(self, connection_id: str, /) -> Tap:
        """A tap for one of its connections."""
        ...
