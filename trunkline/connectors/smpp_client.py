"""The SMPP client connector: N binds to one SMSC behind the port `Submitter`."""

import asyncio
import random
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from trunkline.connectors.pacing import TokenBucket
from trunkline.connectors.smpp_bind import Bind
from trunkline.connectors.smpp_link import Counters, Link, Traffic
from trunkline.connectors.smpp_outbind import OutbindDoor
from trunkline.connectors.smpp_questions import Questions
from trunkline.connectors.smsc_ids import SmscIds
from trunkline.connectors.speed import LastGrowth
from trunkline.connectors.submit_encoding import SubmitEncoder
from trunkline.model.amendment import Revision, Standing
from trunkline.model.message import Segment
from trunkline.model.pdu_log import LogOwner, PduLog, PduWatcher
from trunkline.model.ports import Clock, SubmitterListener
from trunkline.model.profile import DetectReceipts, Profile, ReceiptId, SplitTransceivers
from trunkline.model.refusals import actions_of
from trunkline.model.snapshot import ConnectorConfig
from trunkline.model.status import ConnectorSpeed, ConnectorStatus
from trunkline.smpp.asyncio import SmppConnection
from trunkline.smpp.constants import BindType, Version
from trunkline.smpp.pdus import Pdu
from trunkline.smpp.receipts import ReceiptHabits
from trunkline.smpp.tap import Tap, Taps

UNBIND_S: Final = 5.0
"""Seconds that an SMSC has to confirm an unbind, unless told otherwise."""


class SmppSubmitter:
    """Implements `Submitter`: submits segments over SMPP and tells the listener what came of each.

    Every segment that `submit` took is reported exactly once: accepted, refused, unknown or unencodable.
    Make it on the running event loop. Raises ValueError for settings that cannot be used.
    """

    def __init__(
        self,
        config: ConnectorConfig,
        listener: SubmitterListener,
        clock: Clock,
        *,
        rng: random.Random | None = None,
        unbind_s: float = UNBIND_S,
        pdu_log: PduLog | None = None,
    ) -> None:
        self._unbind_s = unbind_s
        self._config = config
        self._listener = listener
        self._pdu_log = pdu_log
        self._watchers: Sequence[PduWatcher] = ()
        self._clock = clock
        self._loop = asyncio.get_running_loop()
        encoder = SubmitEncoder(config)
        self._traffic = Traffic(
            config.connector_id,
            listener,
            clock,
            encoder,
            SmscIds(config.message_id_format),
            _receipt_habits(config.profile),
            actions_of(config.profile),
            config.profile.slow_at_congestion,
            self._changed,
            self._tell,
        )
        self._questions = Questions(config, encoder, self._traffic.counters.asked)
        self._rng = rng or random.Random()  # noqa: S311 - jitter, not a secret
        self._binds = [self._make_bind(kind) for kind in _kinds(config)]
        self._outbinds = (
            OutbindDoor(config, self._traffic, self._rng, self._tap) if config.profile.outbind_port else None
        )
        now = self._loop.time()
        self._bucket = TokenBucket(config.throughput, now) if config.throughput else None
        self._links: list[Link] = []  # those that may submit
        self._last_submit = LastGrowth()
        self._last_receipt = LastGrowth()
        self._telling = False
        self._wake: asyncio.TimerHandle | None = None
        self._running = False
        self._stopping = False
        self._drained = asyncio.Event()

    @property
    def config(self) -> ConnectorConfig:
        """The settings it runs with; what `adopt` cannot take over is changed by replacing it."""
        return self._config

    def adopt(self, config: ConnectorConfig) -> bool:
        """See `Submitter`: the PDU log is switched as it runs; the provider is for people."""
        if replace(self._config, pdu_log=config.pdu_log, provider=config.provider) != config:
            return False
        self._config = config
        for link in self._all_links():
            self._tap(link.connection)
        return True

    def watch(self, watchers: Sequence[PduWatcher]) -> None:
        """See `Submitter`."""
        self._watchers = watchers
        for link in self._all_links():
            self._tap(link.connection)

    @property
    def counters(self) -> Counters:
        """What it has done so far."""
        counters = self._traffic.counters
        counters.late_responses = self._traffic.late_on_closed + sum(
            link.connection.session.unmatched for link in self._all_links() if not link.connection.closed
        )
        return counters

    @property
    def room(self) -> int:
        """How many segments can be written now."""
        room = 0
        for link in self._links:
            room += link.room
        if self._bucket is not None and room:
            return min(room, self._bucket.available(self._loop.time()))
        return room

    @property
    def capacity(self) -> int:
        """The windows of all binds that are bound to transmit; 0 once stopping."""
        capacity = 0
        for link in self._links:
            capacity += link.capacity
        return capacity

    def submit(self, segment: Segment) -> bool:
        """Writes a segment on the bind with most room; false when there is none, and nothing happened."""
        if self._questions.waiting:
            return False
        links = self._links
        if len(links) == 1:
            best = links[0]
            room = best.room
        else:
            room = 0
            for link in links:
                link_room = link.room
                if link_room > room:
                    room = link_room
                    best = link
        if room <= 0:
            return False
        bucket = self._bucket
        if bucket is not None and not bucket.available(self._loop.time()):
            self._wake_later()
            return False
        if not best.submit(segment):
            return False
        if bucket is not None:
            bucket.take()
            if not bucket.available(self._loop.time()):
                self._wake_later()
        if best.pace.limited:
            self._wake_later()
        return True

    async def query(self, segment: Segment) -> Standing:
        """Asks the SMSC where a submitted segment is. Raises `NotCarriedOut`."""
        return await self._questions.query(segment, self._links, self._clock.now_ms())

    async def cancel(self, segment: Segment) -> None:
        """Has the SMSC cancel a submitted segment. Raises `NotCarriedOut`."""
        await self._questions.cancel(segment, self._links, self._clock.now_ms())

    async def replace(self, segment: Segment, revision: Revision) -> None:
        """Has the SMSC replace a submitted segment by this one. Raises `NotCarriedOut`."""
        await self._questions.replace(segment, revision, self._links, self._clock.now_ms())

    async def ask(self, pdu: Pdu) -> Pdu:
        """Sends the SMSC a request that concerns no segment. Raises `NotCarriedOut`."""
        return await self._questions.ask(pdu, self._links)

    def status(self) -> ConnectorStatus:
        """The live status of the connector and its binds; to be called every second."""
        counters = self._traffic.counters
        now_ms = self._clock.now_ms()
        return ConnectorStatus(
            self._config.connector_id,
            self._running and not self._stopping,
            (
                *(bind.status() for bind in self._binds),
                *(self._outbinds.statuses() if self._outbinds is not None else ()),
            ),
            0,
            speed=self._speed() if self._running else None,
            last_submit_at=self._last_submit.look(counters.accepted + sum(counters.refused.values()), now_ms),
            last_receipt_at=self._last_receipt.look(counters.receipts, now_ms),
        )

    def _speed(self) -> ConnectorSpeed:
        counters = self._traffic.counters
        links = self._links
        limited = [link.pace.rate for link in links if link.pace.limited]
        return self._traffic.speed.look(
            self._loop.time(),
            submitted=counters.submitted,
            accepted=counters.accepted,
            refused=sum(counters.refused.values()),
            window=self.capacity,
            in_flight=sum(link.in_flight for link in links),
            throttled_to=sum(limited) if limited and len(limited) == len(links) else None,
        )

    async def start(self) -> None:
        """Begins to bind and returns at once; `on_room` tells when segments can be submitted."""
        if self._running:
            return
        self._running = True
        for bind in self._binds:
            bind.start()
        if self._outbinds is not None:
            self._outbinds.start()

    async def stop(self, drain_s: float) -> None:
        """Takes nothing more, waits up to `drain_s` seconds for what is under way, unbinds and closes.

        What is then still unanswered is reported as unknown.
        """
        if not self._running or self._stopping:
            return
        self._stopping = True
        self._links = []
        kept_up: list[Bind | OutbindDoor] = [*self._binds]
        if self._outbinds is not None:
            kept_up.append(self._outbinds)
        for each in kept_up:
            each.retire()
        if self._wake is not None:
            self._wake.cancel()
            self._wake = None
        self._check_drained()
        try:
            async with asyncio.timeout(drain_s):
                await self._drained.wait()
        except TimeoutError:
            pass  # the binds report the rest when they close
        await asyncio.gather(*(each.stop(self._unbind_s) for each in kept_up))
        self._running = False

    def _make_bind(self, kind: BindType) -> Bind:
        return Bind(kind, self._config, self._traffic, self._rng, self._tap, self._add_receiver)

    def _add_receiver(self) -> None:
        """A transceiver has become a transmitter, because the SMSC knows nothing else."""
        receiver = self._make_bind(BindType.RX)
        self._binds.append(receiver)
        receiver.start()

    def _all_links(self) -> list[Link]:
        links = [bind.link for bind in self._binds if bind.link is not None]
        if self._outbinds is not None:
            links += self._outbinds.links.values()
        return links

    def _tap(self, connection: SmppConnection) -> None:
        """Connects a connection with the PDU log and with those who look on, or parts them."""
        taps: list[Tap] = [each.tap(connection.connection_id) for each in self._watchers]
        if self._pdu_log is not None and self._config.pdu_log:
            owner = LogOwner.of_connector(self._config)
            taps.append(self._pdu_log.tap(connection.connection_id, owner))
        connection.tap = Taps(taps) if len(taps) > 1 else taps[0] if taps else None

    def _changed(self) -> None:
        """Room may have grown: tells the listener once, when this turn of the event loop is over."""
        if not self._telling:
            self._telling = True
            self._loop.call_soon(self._tell)

    def _tell(self) -> None:
        self._telling = False
        if self._stopping:
            self._check_drained()
            return
        now = self._loop.time()
        links = []
        for link in self._all_links():
            link.settle(now)
            if link.sending:
                links.append(link)
        self._links = links
        if self._questions.waiting:
            self._questions.serve(links)
        if self.room > 0:
            self._listener.on_room(self._config.connector_id)
        elif links:
            self._wake_later()

    def _wake_later(self) -> None:
        """Looks again when a rate limit gives room; what else gives room reports itself."""
        if self._wake is not None:
            return
        now = self._loop.time()
        waits = [link.pace.wait(now) for link in self._links if link.pace.limited and link.free > 0]
        wait = min(waits, default=0.0)
        if self._bucket is not None:
            wait = max(wait, self._bucket.wait(now))
        if wait > 0:
            self._wake = self._loop.call_later(wait, self._woken)

    def _woken(self) -> None:
        self._wake = None
        self._changed()

    def _check_drained(self) -> None:
        if not any(link.busy for link in self._all_links()):
            self._drained.set()


def _kinds(config: ConnectorConfig) -> list[BindType]:
    """The binds to keep up."""
    tx, rx, trx = config.tx_binds, config.rx_binds, config.trx_binds
    always = config.profile.split_transceivers is SplitTransceivers.ALWAYS
    if always or Version.named(config.smpp_version) is Version.V33:
        tx, rx, trx = tx + trx, rx + trx, 0
    return [BindType.TRX] * trx + [BindType.TX] * tx + [BindType.RX] * rx


def _receipt_habits(profile: Profile) -> ReceiptHabits:
    return ReceiptHabits(
        profile.receipt_patterns,
        profile.status_map,
        by_text=profile.detect_receipts is DetectReceipts.TEXT,
        id_of_text=profile.receipt_id is ReceiptId.TEXT,
    )
