"""What memory knows of the orphan receipts that the store keeps: ids, addresses, and which were joined.

All of it is bounded. What is forgotten here stays in the store, and is found again when the gateway starts.
"""

from collections import OrderedDict

from trunkline.model.message import OrphanReceipt

Key = tuple[str, str]  # connector_id, smsc_key
Between = tuple[str, str, str]  # connector_id, the sender's address, the handset's


class Orphans:
    """Finds the orphans that an answer, or an answer that never came, is about."""

    KEYS_MAX = 100_000  # the newest orphans' keys are remembered; an answer is seldom that late
    PAIRS_MAX = 10_000  # pairs of addresses between which there are orphans of this run
    OF_PAIR_MAX = 20
    JOINED_MAX = 10_000  # many more than are under way between a look into the store and the commit of a join

    def __init__(self) -> None:
        self.keys: dict[Key, str] = {}  # every form of the id -> the one it is kept under
        # When orphans of this run came between two addresses, and the keys that they are kept under.
        self._between: OrderedDict[Between, dict[str, int]] = OrderedDict()
        self._joined: dict[str, None] = {}

    def remember(self, connector_id: str, keys: tuple[str, ...], kept_under: str) -> None:
        """An orphan is kept: whichever form of its id an answer brings, it is found."""
        known = self.keys
        for key in keys:
            # The newest go last.
            known.pop((connector_id, key), None)
            known[connector_id, key] = kept_under
        while len(known) > self.KEYS_MAX:
            del known[next(iter(known))]

    def remember_between(self, orphan: OrphanReceipt) -> None:
        """An orphan is kept: should a submit between its addresses turn out to be lost, it is found."""
        if not orphan.smsc_key:
            return
        between = _between(orphan)
        known = self._between
        orphans = known.setdefault(between, {})
        known.move_to_end(between)
        orphans[orphan.smsc_key] = orphan.received_at
        if len(orphans) > self.OF_PAIR_MAX:
            del orphans[next(iter(orphans))]
        if len(known) > self.PAIRS_MAX:
            known.popitem(last=False)

    def between(self, connector_id: str, source_addr: str, dest_addr: str, since: int) -> list[Key]:
        """Those that came between a sender and a handset since then (Unix ms)."""
        orphans = self._between.get((connector_id, source_addr, dest_addr), {})
        return [(connector_id, key) for key, received_at in orphans.items() if received_at >= since]

    def take(self, orphan: OrphanReceipt) -> bool:
        """It has found its segment; false when it has found one before, and was read meanwhile."""
        joined = self._joined
        if orphan.id in joined:
            return False
        joined[orphan.id] = None
        if len(joined) > self.JOINED_MAX:
            del joined[next(iter(joined))]
        between = _between(orphan)
        orphans = self._between.get(between)
        if orphans is not None:
            orphans.pop(orphan.smsc_key, None)
            if not orphans:
                del self._between[between]
        return True


def _between(orphan: OrphanReceipt) -> Between:
    return orphan.connector_id, orphan.dest_addr, orphan.source_addr
