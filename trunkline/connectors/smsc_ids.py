"""Message ids of one SMSC: the key they are kept under, and under which keys a receipt may find it.

An SMSC may write an id in hex in submit_sm_resp and in decimal in the receipt, or the other way round. Where
the connector's setting does not say (``auto``), the way is learned from its first receipts.
"""

from typing import Final

from trunkline.smpp.receipts import id_keys, normalise_id

REMEMBERED: Final = 5_000
"""Ids kept while the way is not known."""

ENOUGH: Final = 20
"""Receipts that speak for one way, more than for any other, settle it."""

_COMPARED_DIGITS: Final = 7  # some SMSCs add or drop a country code


class SmscIds:
    """One connector's ids. `message_id_format` is one of auto, hex, decimal, text (see `smpp.receipts`)."""

    __slots__ = ("_first", "_format", "_given", "_votes")

    def __init__(self, message_id_format: str) -> None:
        self._format = message_id_format
        # Key to the number it was given for; None once there is nothing (more) to learn.
        self._given: dict[str, str] | None = {} if message_id_format == "auto" else None
        self._votes = [0, 0, 0]
        self._first = 0  # which of the three keys of `id_keys` is tried first

    @property
    def learned(self) -> bool:
        """Whether the way ids are written is known."""
        return self._given is None

    def given(self, raw_id: str, dest_addr: str) -> str:
        """The key for an id from a submit_sm_resp of a message to `dest_addr`."""
        key = normalise_id(raw_id, self._format)
        given = self._given
        if given is not None:
            if len(given) >= REMEMBERED:
                del given[next(iter(given))]
            given[key] = dest_addr
        return key

    def candidates(self, raw_id: str, source_addr: str) -> tuple[str, ...]:
        """The keys for an id from a receipt that came from the handset `source_addr`, most likely first."""
        keys = id_keys(raw_id, self._format)
        if self._format != "auto":
            return keys
        first = self._first
        if self._given is not None:
            first = self._learn(keys, source_addr, self._given)
        # In order and without repetitions.
        return tuple(dict.fromkeys((keys[first], *keys)))

    def _learn(self, keys: tuple[str, ...], source_addr: str, given: dict[str, str]) -> int:
        """Which of the keys is an id that was given for this very number; the likeliest where none is.

        The number has to agree: where ids are short counters, a key read in the wrong way is somebody's, too.
        """
        votes = self._votes
        end = source_addr[-_COMPARED_DIGITS:]
        found = [
            position
            for position, key in enumerate(keys)
            if key in given
            and given[key][-_COMPARED_DIGITS:] == end
            and (
                position == 0 or key != keys[0]
            )  # where a conversion makes no sense its place holds the first
        ]
        if not found:
            return self._first
        for position in found:
            votes[position] += 1
        best = self._first = votes.index(max(votes))
        if votes[best] - max(votes[:best] + votes[best + 1 :]) >= ENOUGH:
            self._given = None
        return best if best in found else found[0]
