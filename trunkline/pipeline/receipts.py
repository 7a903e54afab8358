"""Receipts: each finds its segment, before or after the submit's answer, or waits as an orphan.

Fresh submits are expected in memory (bounded); older ones are found in the store. A receipt that comes
before the submit_sm_resp is kept as an orphan, durably, and joined when the answer brings the id, or after a
restart that came between the two. Where no answer comes, the outcome is unknown, and a receipt between the
same addresses proves the submit, whether it comes later or has come before, even before a restart.

A receipt may come over another connector than its segment went out by, where both bind to one SMSC with one
system_id.
"""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from math import inf

import structlog

from trunkline.model.ids import new_id
from trunkline.model.message import MessageEvent, OrphanReceipt, Segment
from trunkline.model.notices import final_notification, intermediate_notification
from trunkline.model.ports import Clock, IncomingReceipt, Store
from trunkline.model.snapshot import Snapshot
from trunkline.model.states import SEGMENT_TRANSITIONS, STATE_OF_RECEIPT, SegmentState
from trunkline.pipeline.notification import Notifier
from trunkline.pipeline.orphans import Key, Orphans
from trunkline.pipeline.snapshots import Snapshots

log = structlog.get_logger()

Acknowledge = Callable[[bool], None]


@dataclass(slots=True)
class _Lookup:
    """A receipt that memory could not place, and the connector it came over.

    `receipt` is None when it is among the orphans; `orphan_key` is the one that it is kept under there.
    `keys` are those of the segment that is looked for, none where its outcome is unknown.
    """

    connector_id: str
    keys: tuple[str, ...]
    receipt: IncomingReceipt | None = None
    acknowledge: Acknowledge | None = None
    orphan_key: str = ""


class Receipts:
    """Matches delivery receipts to segments and settles them."""

    EXPECTED_MAX = 20_000  # segments kept in memory while their receipts are awaited
    LOOKUPS_MAX = 5_000  # receipts waiting for a look into the store; above, the SMSC is told to wait
    LOOKUP_PAUSE_S = 0.1  # after a fault of the store
    LOOKUPS_AT_ONCE = 500  # looked up together: they share the journal's transactions

    def __init__(self, store: Store, clock: Clock, notifier: Notifier, snapshots: Snapshots) -> None:
        self._store = store
        self._journal = store.journal
        self._clock = clock
        self._notifier = notifier
        self._expected: OrderedDict[Key, Segment] = OrderedDict()
        self._orphans = Orphans()
        self._rejoins: list[Key] = []  # orphans of an earlier run, which may have ended before it joined them
        self._proofs: list[Key] = []  # those between whose addresses it left an outcome unknown
        self._lookups: deque[_Lookup] = deque()
        self._wanted = asyncio.Event()
        self._sharing: dict[str, tuple[str, ...]] = {}
        self._on_snapshot(snapshots.current)
        snapshots.subscribe(self._on_snapshot)
        self.matched = 0
        self.intermediate = 0
        self.duplicates = 0
        self.orphans = 0
        self.joined = 0

    async def load_orphans(self) -> None:
        """Remembers which orphans the store keeps; called once at start, after `recover`.

        `run` looks for their segments once: by the id, as the last run may have ended between answer and
        join, then by the addresses, as it may have ended before the answer.
        """
        unknown = await self._store.unknown_outcomes(Orphans.PAIRS_MAX)
        newest_first = await self._store.orphan_keys(Orphans.KEYS_MAX)
        for orphan in reversed(newest_first):
            self._orphans.remember(orphan.connector_id, (orphan.smsc_key,), orphan.smsc_key)
        kept = [each for each in newest_first if each.smsc_key]
        self._rejoins = list(dict.fromkeys((each.connector_id, each.smsc_key) for each in kept))
        self._proofs = list(
            dict.fromkeys(
                (each.connector_id, each.smsc_key)
                for each in kept
                for connector_id in self._peers(each.connector_id)
                if each.received_at >= unknown.get((connector_id, each.dest_addr, each.source_addr), inf)
            )
        )

    def expect(self, segment: Segment) -> None:
        """The SMSC gave the segment an id: its receipt may come now, or be here already."""
        smsc_key = segment.smsc_key
        if not smsc_key:
            return  # an id of blanks alone
        key = (segment.connector_id, smsc_key)
        if (
            segment.message.registered_delivery
        ):  # else none was asked for: the store knows it, should one come
            expected = self._expected
            expected[key] = segment
            if len(expected) > self.EXPECTED_MAX:
                expected.popitem(last=False)
        orphan_keys = self._orphans.keys
        if orphan_keys:
            for connector_id in self._peers(key[0]):
                orphan_key = orphan_keys.pop((connector_id, smsc_key), None)
                if orphan_key is not None:
                    self._look_up(_Lookup(connector_id, (smsc_key,), orphan_key=orphan_key))

    def lost(self, segment: Segment) -> None:
        """No answer came, the outcome is unknown: its receipt may be among the orphans."""
        message = segment.message
        since = segment.submitted_at or message.accepted_at
        for each in self._peers(segment.connector_id):
            orphans = self._orphans.between(each, message.source_addr, message.dest_addr, since)
            for connector_id, key in orphans:
                self._look_up(_Lookup(connector_id, (), orphan_key=key))

    def on_receipt(self, connector_id: str, receipt: IncomingReceipt, acknowledge: Acknowledge) -> None:
        """Settles the segment the receipt belongs to; acknowledges when that is durable."""
        segment = self._in_memory(connector_id, receipt.keys)
        if segment is not None:
            self._settle(segment, receipt, acknowledge)
        elif len(self._lookups) >= self.LOOKUPS_MAX or not self._journal.available:
            acknowledge(False)
        else:
            self._look_up(_Lookup(connector_id, tuple(map(_storable, receipt.keys)), receipt, acknowledge))

    async def run(self) -> None:
        """Places receipts that memory did not know, many at a time, until cancelled."""
        while True:
            while not (self._lookups or self._rejoins):
                self._wanted.clear()
                await self._wanted.wait()
            lookups = self._lookups
            batch = [lookups.popleft() for _ in range(min(len(lookups), self.LOOKUPS_AT_ONCE))]
            while self._rejoins and len(batch) < self.LOOKUPS_AT_ONCE:
                connector_id, key = self._rejoins.pop()
                batch.append(_Lookup(connector_id, (key,), orphan_key=key))
            placed = await asyncio.gather(*map(self._place, batch), return_exceptions=True)
            # The store's faults differ by backend.
            failures = [(lookup, fault) for lookup, fault in zip(batch, placed, strict=True) if fault]
            if failures:
                log.error(
                    "Receipts could not be looked up.",
                    action="receipt.lookup_failed",
                    receipts=len(failures),
                    exc_info=failures[0][1],
                )
                for lookup, _ in failures:
                    if lookup.acknowledge is not None:
                        lookup.acknowledge(False)  # the SMSC sends it again
                    else:
                        self._look_up(lookup)  # the orphan stays in the store
                await asyncio.sleep(self.LOOKUP_PAUSE_S)
            if self._proofs and not self._rejoins:
                # Only now: an id says more than addresses.
                for connector_id, key in self._proofs:
                    self._look_up(_Lookup(connector_id, (), orphan_key=key))
                self._proofs.clear()

    def _on_snapshot(self, snapshot: Snapshot) -> None:
        self._sharing = snapshot.sharing()

    def _peers(self, connector_id: str) -> tuple[str, ...]:
        """A connector and those that share its system_id: receipts may come over any of them."""
        return self._sharing.get(connector_id) or (connector_id,)

    def _look_up(self, lookup: _Lookup) -> None:
        self._lookups.append(lookup)
        self._wanted.set()

    def _in_memory(self, connector_id: str, keys: tuple[str, ...]) -> Segment | None:
        for each in self._peers(connector_id):
            for key in keys:
                segment = self._expected.get((each, key))
                if segment is not None:
                    return segment
        return None

    async def _place(self, lookup: _Lookup) -> None:
        if lookup.receipt is None:
            await self._join(lookup)
            return
        connector_id, receipt = lookup.connector_id, lookup.receipt
        segment = None
        if lookup.keys:
            segment = await self._store.find_by_smsc_keys(self._peers(connector_id), lookup.keys)
            # The submit's answer may have come while the store was asked.
            segment = segment or self._in_memory(connector_id, lookup.keys)
        if segment is None:
            segment = await self._store.find_unknown_outcome(
                self._peers(connector_id), receipt.dest_addr, receipt.source_addr
            )
            known = self._in_memory(connector_id, lookup.keys)
            if known is None and segment is not None:
                if segment.state is not SegmentState.UNKNOWN:
                    segment = None  # another receipt was faster
                elif lookup.keys:
                    self._recover(segment, receipt, lookup.keys[0])
            segment = known or segment
        if segment is not None:
            self._settle(segment, receipt, lookup.acknowledge)
        else:
            self._keep(connector_id, lookup.keys, receipt, lookup.acknowledge)

    async def _join(self, lookup: _Lookup) -> None:
        """The answer to a submit brought an id for which receipts are kept."""
        connector_id = lookup.connector_id
        if not lookup.keys:
            await self._join_lost(connector_id, lookup.orphan_key)
            return
        while True:
            segment = self._in_memory(connector_id, lookup.keys)
            if segment is None:
                segment = await self._store.find_by_smsc_keys(self._peers(connector_id), lookup.keys)
            if segment is None:
                return
            orphan = await self._store.orphan(connector_id, lookup.orphan_key)
            if orphan is None or not self._orphans.take(orphan):
                return
            self.joined += 1
            # The store answers in order: the next look no longer finds this orphan.
            self._settle(segment, _receipt_of(orphan), None, orphan.id)

    async def _join_lost(self, connector_id: str, orphan_key: str) -> None:
        """An outcome became unknown after this orphan had come."""
        orphan = await self._store.orphan(connector_id, orphan_key)
        if orphan is None:
            return
        segment = await self._store.find_unknown_outcome(
            self._peers(connector_id), orphan.dest_addr, orphan.source_addr
        )
        if segment is None or not self._orphans.take(orphan):
            return  # nothing of the kind, or another look was faster
        receipt = _receipt_of(orphan)
        self.joined += 1
        self._recover(segment, receipt, orphan_key)
        self._settle(segment, receipt, None, orphan.id)

    def _recover(self, segment: Segment, receipt: IncomingReceipt, key: str) -> None:
        """A receipt proves that a submit whose outcome was unknown has arrived, and brings its id."""
        now = self._clock.now_ms()
        segment.smsc_message_id = _storable(receipt.message_id or "")
        segment.smsc_key = key
        changed = segment.become(SegmentState.SUBMITTED, now)
        event = MessageEvent(
            segment.message.id, segment.number, now, "recovered", "a receipt proves that it was submitted"
        )
        self._journal.changed(segment, changed, event)
        self.expect(segment)

    def _keep(
        self,
        connector_id: str,
        keys: tuple[str, ...],
        receipt: IncomingReceipt,
        acknowledge: Acknowledge | None,
    ) -> None:
        key = keys[0] if keys else ""
        orphan = OrphanReceipt(
            new_id(),
            connector_id,
            key,
            _storable(receipt.message_id or ""),
            receipt.source_addr,
            receipt.dest_addr,
            receipt.stat,
            _storable(receipt.err),
            receipt.done_date,
            _shown_text(receipt),
            self._clock.now_ms(),
        )
        self.orphans += 1
        self._orphans.remember(connector_id, keys, key)
        self._orphans.remember_between(orphan)
        self._journal.orphaned(orphan, partial(acknowledge, True) if acknowledge else None)

    def _settle(
        self,
        segment: Segment,
        receipt: IncomingReceipt,
        acknowledge: Acknowledge | None,
        orphan_id: str | None = None,
    ) -> None:
        now = self._clock.now_ms()
        message = segment.message
        state = None if receipt.intermediate else STATE_OF_RECEIPT.get(receipt.stat)
        # A final segment stays as it is, whatever comes; the others change by the table.
        if segment.is_final or (state is not None and state not in SEGMENT_TRANSITIONS[segment.state]):
            self._repeated(segment, receipt, acknowledge, orphan_id)
            return
        segment.receipt_stat = receipt.stat
        segment.receipt_err = err = _storable(receipt.err)
        segment.receipt_at = now
        segment.receipt_text = _shown_text(receipt)
        event = None
        if state is None:
            self.intermediate += 1
            changed = False
            event = MessageEvent(message.id, segment.number, now, "intermediate", receipt.stat)
            notification = intermediate_notification(message, receipt.stat, err, now, receipt.tlvs)
        else:
            self.matched += 1
            self.forget(segment)
            changed = segment.become(state, now)
            notification = final_notification(segment, err, now, receipt.tlvs)
            if receipt.tlvs is not None:
                event = MessageEvent(message.id, segment.number, now, "receipt_tlvs", receipt.tlvs.text)
        deliver = self._notifier.announce(notification)

        def durable() -> None:
            if acknowledge is not None:
                acknowledge(True)
            if deliver is not None:
                deliver()

        self._journal.settled(segment, changed, notification, event, orphan_id, durable)

    def forget(self, segment: Segment) -> None:
        """The segment is settled: later receipts for it find it in the store."""
        key = (segment.connector_id, segment.smsc_key or "")
        if self._expected.get(key) is segment:  # SMSCs use ids again
            del self._expected[key]

    def _repeated(
        self,
        segment: Segment,
        receipt: IncomingReceipt,
        acknowledge: Acknowledge | None,
        orphan_id: str | None,
    ) -> None:
        """A receipt for a segment that is settled already: noted, without effect."""
        self.duplicates += 1
        event = MessageEvent(
            segment.message.id,
            segment.number,
            self._clock.now_ms(),
            "duplicate_receipt",
            f"{receipt.stat} err {_storable(receipt.err)}; the segment is {segment.state.value}",
        )
        done = partial(acknowledge, True) if acknowledge else None
        if orphan_id is None:
            self._journal.noted(event, None, done)
        else:
            self._journal.settled(segment, False, None, event, orphan_id, done)


def _storable(text: str) -> str:
    """SMSCs write NULs into texts; PostgreSQL stores none, and a receipt is not lost over one."""
    return text.replace("\0", "") if "\0" in text else text


def _shown_text(receipt: IncomingReceipt) -> str:
    """What people see of a receipt beside its fields: its text, and the state as it came if that differs."""
    text = _storable(receipt.text)
    if receipt.raw_stat == receipt.stat:
        return text
    return f"stat:{_storable(receipt.raw_stat)} text:{text}"


def _receipt_of(orphan: OrphanReceipt) -> IncomingReceipt:
    return IncomingReceipt(
        orphan.smsc_message_id,
        (orphan.smsc_key,),
        orphan.stat,
        orphan.stat,
        orphan.err,
        orphan.done_date,
        orphan.text,
        orphan.source_addr,
        orphan.dest_addr,
        STATE_OF_RECEIPT.get(orphan.stat) is None,
    )
