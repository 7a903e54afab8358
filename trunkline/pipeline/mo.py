"""Inbound messages (MO): from a connector's deliver_sm or data_sm to a stored row, and only then the answer.

`MoPipeline.receive` is the page to read: what was taken before is answered again; a part waits, durably, for
the others of its message; what is whole is read and stored. The SMSC gets its ESME_ROK when that is durable,
and is asked to keep the message while storage takes nothing.
"""

import asyncio
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from functools import partial
from hashlib import blake2b

import structlog

from trunkline.gsm.joining import Incomplete, Joiner, JoinerFull
from trunkline.model.ids import new_id
from trunkline.model.inbound import InboundMessage, InboundPart, InboundSeen, IncomingMessage
from trunkline.model.ports import Clock, Store
from trunkline.model.snapshot import Snapshot
from trunkline.pipeline.mo_content import Piece, Place, read_content, read_piece
from trunkline.pipeline.mo_repeats import REMEMBERED_MAX, Acknowledge, Repeats, Taken
from trunkline.pipeline.snapshots import Snapshots

log = structlog.get_logger()


class MoCounters:
    """What came from a connector; read by metrics."""

    __slots__ = ("duplicates", "incomplete", "joined", "parts", "received", "refused", "stored")

    def __init__(self) -> None:
        self.received = 0  # deliver_sm and data_sm
        self.parts = 0  # of these, parts of long messages
        self.duplicates = 0
        self.refused = 0  # left with the SMSC
        self.stored = 0  # messages
        self.joined = 0  # of these, from several parts, all there
        self.incomplete = 0  # of these, with parts missing


@dataclass(slots=True, frozen=True)
class _Waiting:
    """A part as the joiner holds it: parts are the same where their content is."""

    content: tuple[int, bytes]  # data_coding, user data
    part: InboundPart = field(compare=False)


class MoPipeline:
    """Takes inbound messages in."""

    PARTS_MAX = 20_000  # that wait in memory for the others of their message
    TURN_S = 1.0  # how often it is looked for messages whose parts do not come
    TIDY_TURNS = 60

    def __init__(
        self, store: Store, clock: Clock, snapshots: Snapshots, join_timeout_s: float, repeat_window_s: float
    ) -> None:
        self._store = store
        self._journal = store.journal
        self._clock = clock
        self._window_ms = int(repeat_window_s * 1000)
        self._repeats = Repeats(self._window_ms)
        self._joiner: Joiner[_Waiting] = Joiner(join_timeout_s, self.PARTS_MAX)
        self._latest_s = 0.0
        self._groups: dict[str, str] = {}
        self._alphabets: dict[str, str] = {}
        self._on_snapshot(snapshots.current)
        snapshots.subscribe(self._on_snapshot)
        self.counters: dict[str, MoCounters] = {}

    @property
    def parts_waiting(self) -> int:
        """Parts that wait for the others of their message."""
        return len(self._joiner)

    def receive(self, connector_id: str, message: IncomingMessage, acknowledge: Acknowledge) -> None:
        """Takes a message or a part of one; acknowledges when it is durable."""
        now = self._clock.now_ms()
        counters = self._counters(connector_id)
        counters.received += 1
        if not self._journal.available:
            counters.refused += 1
            acknowledge(False)
            return
        fingerprint = _fingerprint(self._group(connector_id), message)
        repeated = self._repeats.find(fingerprint, message.link, now)
        if repeated is not None:
            counters.duplicates += 1
            repeated.acknowledge(acknowledge)
            return
        part = InboundPart(new_id(), connector_id, now, message)
        place = read_piece(message, self._alphabet(connector_id)).place
        if place is not None and self._holds(part, place):  # it is older than what repetitions are known of
            counters.duplicates += 1
            acknowledge(True)
            return
        try:
            parts = self._join(part, place)
        except JoinerFull:
            counters.refused += 1
            acknowledge(False)
            return
        seen = InboundSeen(part.id, fingerprint, place is not None, now)
        taken = self._repeats.add(fingerprint, message.link, seen.numbered, now)
        taken.acknowledge(acknowledge)
        durable = partial(self._durable, taken)
        if place is not None and place.total > 1:
            counters.parts += 1
            counters.joined += bool(parts)
        if parts:
            self._store_message(parts, len(parts), (), seen, durable)
        else:
            self._journal.inbound_part(part, seen, durable)

    def link_lost(self, link: int) -> None:
        """A connection has ended: the answers on their way over it may not have arrived."""
        self._repeats.link_lost(link, self._clock.now_ms())

    async def load(self) -> None:
        """Remembers what an earlier run took and which parts it left; called once at start."""
        since = self._clock.now_ms() - self._window_ms
        self._repeats.load(await self._store.inbound_seen(since, REMEMBERED_MAX))
        for part in await self._store.inbound_parts():
            place = read_piece(part.message, self._alphabet(part.connector_id)).place
            try:
                parts = self._join(part, place)
            except JoinerFull:
                self.give_up()
                parts = self._join(part, place)
            if parts:  # connectors share a system_id now that did not when these came
                self._store_message(parts, len(parts), (), None, None)

    async def run(self) -> None:
        """Gives up messages whose parts do not come, and forgets what is long past, until cancelled."""
        turn = 0
        while True:
            self.give_up()
            if turn % self.TIDY_TURNS == 0:
                try:
                    await self._store.drop_inbound_seen(self._clock.now_ms() - self._window_ms)
                except Exception:  # backends raise their own kinds; the next turn repeats the work
                    log.exception("Old inbound messages cannot be forgotten now.", action="inbound.untidy")
            turn += 1
            await asyncio.sleep(self.TURN_S)

    def give_up(self) -> None:
        """Stores what there is of the messages whose other parts did not come in time."""
        for incomplete in self._joiner.expire(self._now_s(self._clock.now_ms())):
            self._store_incomplete(incomplete)

    # --- the steps ---

    def _join(self, part: InboundPart, place: Place | None) -> list[InboundPart]:
        """The parts of the message that this one makes whole, in order; none where it is to wait."""
        if place is None:
            return [part]
        now = self._now_s(part.received_at)
        joined = self._joiner.add(
            self._key(part, place), place.reference, place.number, place.total, _waiting(part), now
        )
        return [] if joined is None else [each.part for each in joined.parts]

    def _holds(self, part: InboundPart, place: Place) -> bool:
        return self._joiner.holds(self._key(part, place), place.reference, place.number, _waiting(part))

    def _key(self, part: InboundPart, place: Place) -> Hashable:
        message = part.message
        return self._group(part.connector_id), message.source_addr, message.dest_addr, place.kind

    def _durable(self, taken: Taken) -> None:
        taken.durable(self._clock.now_ms())

    def _store_incomplete(self, incomplete: Incomplete[_Waiting]) -> None:
        parts = [each.part for each in incomplete.parts.values()]
        connector_id = parts[0].connector_id
        self._counters(connector_id).incomplete += 1
        log.info(
            "Parts of an inbound message did not come.",
            action="inbound.incomplete",
            connector=connector_id,
            parts=incomplete.total,
            missing=list(incomplete.missing),
            reason=incomplete.reason.value,
        )
        self._store_message(parts, incomplete.total, incomplete.missing, None, None)

    def _store_message(
        self,
        parts: list[InboundPart],
        total: int,
        missing: tuple[int, ...],
        seen: InboundSeen | None,
        done: Callable[[], None] | None,
    ) -> None:
        """Reads the parts that are there, in their order, and has the message written."""
        connector_id = parts[0].connector_id
        self._counters(connector_id).stored += 1
        numbers = (number for number in range(1, total + 1) if number not in missing)
        pieces = (read_piece(each.message, self._alphabet(each.connector_id)) for each in parts)
        now = self._clock.now_ms()
        message = _message_of(parts, dict(zip(numbers, pieces, strict=True)), total, missing, now)
        kept = [each.id for each in parts if seen is None or each.id != seen.id]
        self._journal.inbound(message, kept, seen, done)

    def _counters(self, connector_id: str) -> MoCounters:
        counters = self.counters.get(connector_id)
        if counters is None:
            counters = self.counters[connector_id] = MoCounters()
        return counters

    def _now_s(self, milliseconds: int) -> float:
        """Seconds on a clock that does not go back."""
        self._latest_s = max(self._latest_s, milliseconds / 1000)
        return self._latest_s

    def _on_snapshot(self, snapshot: Snapshot) -> None:
        self._groups = {each: min(peers) for each, peers in snapshot.sharing().items()}
        self._alphabets = {name: config.default_alphabet for name, config in snapshot.connectors.items()}

    def _group(self, connector_id: str) -> str:
        """The connectors that share a system_id, by the name of one: parts may come over any of them."""
        return self._groups.get(connector_id, connector_id)

    def _alphabet(self, connector_id: str) -> str:
        return self._alphabets.get(connector_id, "gsm7")


def _waiting(part: InboundPart) -> _Waiting:
    return _Waiting((part.message.data_coding, part.message.user_data), part)


def _fingerprint(group: str, message: IncomingMessage) -> str:
    """What two requests have in common of which one repeats the other."""
    said = (
        group,
        message.source_ton,
        message.source_npi,
        message.source_addr,
        message.dest_ton,
        message.dest_npi,
        message.dest_addr,
        message.esm_class,
        message.data_coding,
        message.user_data,
        message.sar,
        message.dest_port,
        message.source_port,
        message.user_reference,
    )
    return blake2b(repr(said).encode(), digest_size=16).hexdigest()


def _message_of(
    parts: list[InboundPart], pieces: dict[int, Piece], total: int, missing: tuple[int, ...], now: int
) -> InboundMessage:
    """The message that these parts make; its addresses and codings are those of the first that is there."""
    first = parts[0].message
    piece = pieces[min(pieces)]
    content = read_content(pieces, total)
    return InboundMessage(
        new_id(),
        None,
        parts[0].connector_id,
        first.source_ton,
        first.source_npi,
        first.source_addr,
        first.dest_ton,
        first.dest_npi,
        first.dest_addr,
        content.text,
        content.encoding,
        first.data_coding,
        first.esm_class,
        content.raw,
        piece.udh.hex(),
        piece.dest_port,
        piece.source_port,
        total,
        missing,
        content.error,
        now,
    )
