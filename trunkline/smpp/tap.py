"""What may look at a connection's octets beside the session, such as a log of PDUs."""

from collections.abc import Sequence
from typing import Protocol


class Tap(Protocol):
    """Is shown every whole PDU of a connection, in order: what is read before it is acted on.

    Each call brings one PDU or several in a row. What is read may end in the first octets, at most a header's
    worth, of what is no PDU and ended the connection. It is called on the hot path: it must return at once
    and must not raise.
    """

    def read(self, pdus: bytes) -> None:
        """These octets came from the peer."""
        ...

    def written(self, pdus: bytes) -> None:
        """These octets go to the peer."""
        ...


class Taps:
    """Several taps on one connection."""

    __slots__ = ("_taps",)

    def __init__(self, taps: Sequence[Tap]) -> None:
        self._taps = taps

    def read(self, pdus: bytes) -> None:
        """See `Tap`."""
        for each in self._taps:
            each.read(pdus)

    def written(self, pdus: bytes) -> None:
        """See `Tap`."""
        for each in self._taps:
            each.written(pdus)
