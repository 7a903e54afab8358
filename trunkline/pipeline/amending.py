"""Amending: what a sender does with a message that it has handed in. Query, cancel, replace.

Each acts on our own queue first. A segment that waits there, or is claimed and not on the wire yet, is taken
back: from then on nobody else has it, so that it is either submitted or cancelled, never both. What the SMSC
has already is passed on to it as query_sm, cancel_sm or replace_sm.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from trunkline.model.amendment import NotAmended, NotCarriedOut, Obstacle, Owner, Revision, Standing
from trunkline.model.ids import is_id
from trunkline.model.message import QUEUED_PREFIX, Message, MessageEvent, Notification, Segment
from trunkline.model.money import format_credits
from trunkline.model.notices import final_notification
from trunkline.model.ports import Clock, Done, StorageUnavailable, Store, Submitter
from trunkline.model.states import MessageState, SegmentState, message_state
from trunkline.model.submission import Rejected
from trunkline.pipeline.admission import classify_source, normalise_destination
from trunkline.pipeline.notification import Notifier
from trunkline.pipeline.receipts import Receipts
from trunkline.pipeline.revision import Revised, revise
from trunkline.pipeline.snapshots import Snapshots
from trunkline.pipeline.submission import Outcomes
from trunkline.smpp.constants import MessageState as WireState

T = TypeVar("T")

_WIRE_STATE: dict[MessageState, WireState] = {
    MessageState.QUEUED: WireState.ENROUTE,
    MessageState.SENT: WireState.ENROUTE,
    MessageState.UNKNOWN: WireState.UNKNOWN,
    MessageState.DELIVERED: WireState.DELIVERED,
    MessageState.UNDELIVERED: WireState.UNDELIVERABLE,
    MessageState.REJECTED: WireState.REJECTED,
    MessageState.EXPIRED: WireState.EXPIRED,
    MessageState.DELETED: WireState.DELETED,
}
_WITH_SMSC = frozenset({SegmentState.SUBMITTED, SegmentState.UNKNOWN})
_CANCELLED = "cancelled by its sender"


class Amending:
    """Queries, cancels and replaces messages for their senders. Every call raises `NotAmended`."""

    LANDING_S = 5.0  # how long a segment on the wire is waited for before it counts as out of reach
    LOOK_S = 0.05
    LOOK_UP_S = 10.0  # for the store
    BETWEEN_MAX = 500  # messages between two addresses that are taken at a time

    def __init__(
        self,
        store: Store,
        clock: Clock,
        snapshots: Snapshots,
        outcomes: Outcomes,
        receipts: Receipts,
        notifier: Notifier,
    ) -> None:
        self._store = store
        self._journal = store.journal
        self._clock = clock
        self._snapshots = snapshots
        self._outcomes = outcomes
        self._receipts = receipts
        self._notifier = notifier
        self.cancelled = 0  # segments, with us and at SMSCs
        self.refunded = 0  # micro-credits
        self.replaced = 0  # messages

    # --- query ---

    async def query(self, owner: Owner, message_id: str, source: str = "") -> Standing:
        """Where the owner's message is; of a group, where all of its messages are taken together."""
        messages = await self._find(owner, message_id, source)
        standing = _standing(messages, self._clock.now_ms())
        if standing.is_final or len(messages) > 1 or len(messages[0].segments) > 1:
            return standing
        theirs = await self._ask_smsc(messages[0].segments[0])
        # A receipt may have come meanwhile, and counts more.
        ours = _standing(messages, self._clock.now_ms())
        return ours if theirs is None or ours.is_final else theirs

    async def _ask_smsc(self, segment: Segment) -> Standing | None:
        """What the SMSC says of a segment that it has; None where that cannot be found out, or need not."""
        dispatcher = self._outcomes.dispatchers.get(segment.connector_id)
        if segment.state is not SegmentState.SUBMITTED or dispatcher is None or not segment.smsc_message_id:
            return None
        if not dispatcher.submitter.config.profile.forward_query:
            return None
        try:
            return await dispatcher.submitter.query(segment)
        except NotCarriedOut:
            return None

    # --- cancel ---

    async def cancel(self, owner: Owner, message_id: str, source: str = "", dest: str = "") -> None:
        """Cancels the owner's message, or all of a group (those to `dest` alone where that is given).

        Fails unless every segment that was under way is cancelled now; what could be cancelled stays so.
        """
        messages = await self._find(owner, message_id, source, dest)
        # What is left of a group of which some are cancelled already.
        messages = [each for each in messages if each.state is not MessageState.DELETED] or messages
        ends = await asyncio.gather(*map(self._cancel, messages), return_exceptions=True)
        for end in ends:
            if end is not None:
                raise end

    async def cancel_between(self, owner: Owner, source: str, dest: str) -> int:
        """Cancels the owner's messages between two addresses that no SMSC has yet; returns how many."""
        count = 0
        source_addr, dest_addr = _source(source), _destination(dest)
        if owner.credential is None or source_addr is None or dest_addr is None:
            raise _no_such_message()
        more = True
        while more:
            waiting = await self._looked_up(
                self._store.waiting_between(
                    owner.account_id, owner.credential, source_addr, dest_addr, self.BETWEEN_MAX
                )
            )
            before = count
            for identifier in waiting:
                for segment in await self._looked_up(self._journal.find(identifier)):
                    count += await self._take_off(segment.message)
            more = len(waiting) == self.BETWEEN_MAX and count > before
        if not count:
            raise _no_such_message()
        return count

    async def _cancel(self, message: Message) -> None:
        wanted = [segment for segment in message.segments if not segment.is_final]
        if not wanted:
            raise NotAmended(Obstacle.TOO_LATE, f"the message is {message.state.value} already")
        deadline = self._landing()
        await self._take_off(message)
        while any(segment.state is SegmentState.SUBMITTING for segment in wanted):
            await self._pause(deadline)
            await self._take_off(message)  # what the SMSC has refused for now
        for segment in wanted:
            if segment.state in _WITH_SMSC:
                await self._cancel_at_smsc(segment)
        left = [segment for segment in wanted if segment.state is not SegmentState.DELETED]
        if left:
            raise NotAmended(
                Obstacle.TOO_LATE, f"segment {left[0].number} has become {left[0].state.value} meanwhile"
            )

    async def _take_off(self, message: Message) -> bool:
        """Cancels the segments that never went out, with their money back; false when there are none."""
        now = self._clock.now_ms()
        segments = self._take_back(message, now)
        if not segments:
            return False
        message.error = _CANCELLED
        notification = None
        for segment in segments:
            notification = self._delete(segment, now) or notification
        refund = sum(_share(segment) for segment in segments)
        of = f"{len(segments)} of {len(message.segments)} segments"
        event = MessageEvent(
            message.id,
            None,
            now,
            "cancelled",
            f"{of} taken off the queue, {format_credits(refund)} credits given back",
        )
        durable = _Durable(self._notifier.announce(notification))
        self._journal.cancelled(segments, refund, event, notification, durable)
        self.refunded += refund
        await durable.wait()
        return True

    async def _cancel_at_smsc(self, segment: Segment) -> None:
        submitter = self._submitter(segment)
        if not submitter.config.profile.forward_cancel:
            raise NotAmended(Obstacle.SMSC, f"{segment.connector_id} takes no cancel_sm, says its profile")
        try:
            await submitter.cancel(segment)
        except NotCarriedOut as error:
            raise NotAmended(Obstacle.SMSC, str(error)) from None
        if segment.is_final:
            return  # its receipt was faster than the answer
        now = self._clock.now_ms()
        segment.message.error = _CANCELLED
        notification = self._delete(segment, now)
        self._receipts.forget(segment)
        event = MessageEvent(
            segment.message.id, segment.number, now, "cancelled", "the SMSC has confirmed cancel_sm"
        )
        durable = _Durable(self._notifier.announce(notification))
        self._journal.changed(segment, True, event, notification, durable)
        await durable.wait()

    def _delete(self, segment: Segment, now: int) -> Notification | None:
        self.cancelled += 1
        segment.become(SegmentState.DELETED, now)
        return final_notification(segment, "000", now)

    # --- replace ---

    async def replace(
        self, owner: Owner, message_id: str, source: str, read: Callable[[Message], Revision]
    ) -> None:
        """Puts other content in the place of the owner's message, which `read` makes for it.

        The new content needs as many segments as the old: the price stays the same. Raises `Rejected` too.
        """
        messages = await self._find(owner, message_id, source)
        if len(messages) > 1:
            raise NotAmended(Obstacle.CONTENT, "a group of messages cannot be replaced by one")
        message = messages[0]
        if message.is_final:
            raise NotAmended(Obstacle.TOO_LATE, f"the message is {message.state.value} already")
        revision = read(message)
        revised = revise(message, revision, self._snapshots.current, self._clock.now_ms())
        deadline = self._landing()
        while not await self._replace_here(message, revised):
            if any(segment.state is SegmentState.SUBMITTING for segment in message.segments):
                await self._pause(deadline)
            else:
                await self._replace_at_smsc(message, revision, revised)
                break
        self.replaced += 1

    async def _replace_here(self, message: Message, revised: Revised) -> bool:
        """Replaces a message of which nothing has gone out; false for others."""
        withdrawn = [segment for segment in message.segments if self._withdraw(segment)]
        for segment in message.segments:
            if segment.state is not SegmentState.QUEUED and segment not in withdrawn:
                for each in withdrawn:
                    self._outcomes.on_unsent(each, "taken back to be replaced, which came too late")
                return False
        now = self._clock.now_ms()
        for segment in withdrawn:
            segment.become(SegmentState.QUEUED, now)
        await self._write(message, revised, now, "in the queue")
        dispatcher = self._outcomes.dispatchers.get(message.connector_id)
        if dispatcher is not None:
            dispatcher.queued(message.segments[0].available_at)
        return True

    async def _replace_at_smsc(self, message: Message, revision: Revision, revised: Revised) -> None:
        segment = message.segments[0]
        if len(message.segments) > 1 or segment.state is not SegmentState.SUBMITTED:
            raise NotAmended(Obstacle.TOO_LATE, f"of the message, segment 1 is {segment.state.value} already")
        submitter = self._submitter(segment)
        if not submitter.config.profile.forward_replace:
            raise NotAmended(Obstacle.SMSC, f"{segment.connector_id} takes no replace_sm, says its profile")
        content = revised.content
        if (content.encoding, content.data_coding) != (message.encoding, message.data_coding):
            raise NotAmended(Obstacle.CONTENT, "replace_sm cannot change the data_coding at the SMSC")
        try:
            await submitter.replace(revised.copy_of(message).segments[0], revision)
        except NotCarriedOut as error:
            raise NotAmended(Obstacle.SMSC, str(error)) from None
        await self._write(message, revised, self._clock.now_ms(), "at the SMSC")

    async def _write(self, message: Message, revised: Revised, now: int, where: str) -> None:
        revised.apply(message)
        durable = _Durable(None)
        event = MessageEvent(message.id, None, now, "replaced", f"by its sender, {where}")
        self._journal.revised(message.segments, event, durable)
        await durable.wait()

    # --- the owner's messages, and where they are ---

    async def _find(self, owner: Owner, message_id: str, source: str, dest: str = "") -> list[Message]:
        """The messages the owner knows by this id; all with the source and destination that are given."""
        identifier = message_id.lower()
        plain = identifier.removeprefix(QUEUED_PREFIX)
        found = await self._looked_up(self._journal.find(plain)) if is_id(plain) else []
        if not found and owner.credential is not None:
            found = await self._looked_up(self._journal.referenced(owner.credential, identifier))
        messages = [segment.message for segment in found if owner.owns(segment.message)]
        if source:
            source_addr = _source(source)
            messages = [message for message in messages if message.source_addr == source_addr]
        if dest:
            dest_addr = _destination(dest)
            messages = [message for message in messages if message.dest_addr == dest_addr]
        if not messages:
            raise _no_such_message()
        return messages

    async def _looked_up(self, looking: Awaitable[T]) -> T:
        try:
            async with asyncio.timeout(self.LOOK_UP_S):
                return await looking
        except (StorageUnavailable, TimeoutError) as error:
            raise NotAmended(Obstacle.BUSY, "the message store does not answer; try again later") from error

    def _take_back(self, message: Message, now: int) -> list[Segment]:
        """The segments that have not gone out, all of them QUEUED now, in the store and in memory."""
        unsent = []
        for segment in message.segments:
            if self._withdraw(segment):
                segment.become(SegmentState.QUEUED, now)
            if segment.state is SegmentState.QUEUED:
                unsent.append(segment)
        return unsent

    def _withdraw(self, segment: Segment) -> bool:
        dispatcher = self._outcomes.dispatchers.get(segment.connector_id)
        return (
            segment.state is SegmentState.SUBMITTING
            and dispatcher is not None
            and dispatcher.withdraw(segment)
        )

    def _landing(self) -> float:
        return asyncio.get_running_loop().time() + self.LANDING_S

    async def _pause(self, deadline: float) -> None:
        """Waits a moment for the answer to what is on the wire."""
        if asyncio.get_running_loop().time() >= deadline:
            raise NotAmended(Obstacle.TOO_LATE, "it is being submitted at this moment; try again later")
        await asyncio.sleep(self.LOOK_S)

    def _submitter(self, segment: Segment) -> Submitter:
        """The connector that can ask the SMSC about a segment."""
        dispatcher = self._outcomes.dispatchers.get(segment.connector_id)
        if dispatcher is None:
            raise NotAmended(Obstacle.SMSC, f"the connector {segment.connector_id} does not run")
        if not segment.smsc_message_id:
            raise NotAmended(Obstacle.SMSC, "the SMSC has given no id for it")
        return dispatcher.submitter


class _Durable:
    """A journal's `done` that can be waited for. `then` is called first."""

    def __init__(self, then: Done | None) -> None:
        self._then = then
        self._written: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def __call__(self) -> None:
        if self._then is not None:
            self._then()
        if not self._written.done():
            self._written.set_result(None)

    async def wait(self) -> None:
        """Returns when the change is written."""
        await self._written


def _no_such_message() -> NotAmended:
    return NotAmended(Obstacle.UNKNOWN, "there is no such message")


def _source(text: str) -> str | None:
    """The sender address as messages have it; None for one that no message can have."""
    try:
        return classify_source(text)[0]
    except Rejected:
        return None


def _destination(text: str) -> str | None:
    try:
        return normalise_destination(text)[0]
    except Rejected:
        return None


def _share(segment: Segment) -> int:
    """What this segment has cost, in micro-credits; the shares of all add up to the price."""
    charged, parts = segment.message.charged, len(segment.message.segments)
    return charged * segment.number // parts - charged * (segment.number - 1) // parts


def _standing(messages: Sequence[Message], now: int) -> Standing:
    segments = [segment for message in messages for segment in message.segments]
    state = message_state(segment.state for segment in segments)
    if state is MessageState.QUEUED and all(
        segment.state is SegmentState.QUEUED and not segment.attempts and segment.available_at > now
        for segment in segments
    ):
        return Standing(WireState.SCHEDULED)
    standing = Standing(_WIRE_STATE[state])
    if not standing.is_final:
        return standing
    decisive = next(segment for segment in segments if segment.state.value == state.value)
    final_at = max(segment.done_at or now for segment in segments)
    return Standing(standing.state, final_at, _error_code(decisive))


def _error_code(segment: Segment) -> int:
    """The network's code from the receipt, else the status that the SMSC refused with; 255: fits no octet."""
    text = segment.receipt_err
    code = int(text) if text and text.isascii() and text.isdigit() else segment.command_status or 0
    return min(code, 255)
