"""Queueing: where an accepted message waits. Straight to the connector, or in its durable queue."""

from collections.abc import Sequence
from typing import Protocol

from trunkline.model.message import Message
from trunkline.model.snapshot import ConnectorConfig, Snapshot
from trunkline.model.states import SegmentState
from trunkline.model.submission import Reason, Rejected


class Line(Protocol):
    """A connector's waiting line: see `pipeline.submission.Dispatcher`."""

    @property
    def bound(self) -> bool:
        """Whether the connector can submit now."""
        ...

    def reserve(self, segments: int) -> bool:
        """Room in memory for segments that go straight to the wire; False: they must queue."""
        ...

    def unreserve(self, segments: int) -> None:
        """Gives reserved room back."""
        ...

    def take(self, message: Message) -> None:
        """The reserved message is durable: submit it, or queue it where that is no longer possible."""
        ...

    def queued(self, available_at: int) -> None:
        """The durable queue has something that is due then (Unix ms)."""
        ...


class Queueing:
    """Places messages on the lines of their connectors.

    A line that is short takes a message straight: its segments are stored as SUBMITTING in the accepting
    transaction, which saves the round trip through the queue. A line that is full, or a connector that is
    down, leaves them QUEUED in the store, so that memory stays bounded whatever waits.
    """

    def __init__(self) -> None:
        self.lines: dict[str, Line] = {}
        # Where room is reserved, by message id: by the time the message is durable its connector may have
        # been stopped or replaced by another.
        self._reserved: dict[str, Line] = {}

    def choose(self, connector_ids: Sequence[str], snapshot: Snapshot) -> ConnectorConfig:
        """The first connector that is bound, else the first that exists and is enabled, else the first.

        Raises `Rejected` (NO_ROUTE) when none of them exists.
        """
        fallback: ConnectorConfig | None = None
        for connector_id in connector_ids:
            config = snapshot.connectors.get(connector_id)
            if config is None:
                continue
            line = self.lines.get(connector_id)
            if line is not None and line.bound:
                return config
            if fallback is None or (config.enabled and not fallback.enabled):
                fallback = config
        if fallback is None:
            raise Rejected(
                Reason.NO_ROUTE, f"the route's connectors ({', '.join(connector_ids)}) do not exist"
            )
        return fallback

    def place(self, message: Message, now: int) -> None:
        """Decides before the message is stored; sets the state of its segments."""
        segments = message.segments
        if segments[0].available_at > now:
            return
        line = self.lines.get(message.connector_id)
        if line is not None and line.reserve(len(segments)):
            self._reserved[message.id] = line
            for segment in segments:
                segment.state = SegmentState.SUBMITTING

    def withdraw(self, message: Message) -> None:
        """The message was not stored after all."""
        line = self._reserved.pop(message.id, None)
        if line is not None:
            line.unreserve(len(message.segments))

    def release(self, message: Message) -> None:
        """The message is durable: it may go."""
        line = self._reserved.pop(message.id, None)
        if line is not None:
            line.take(message)
            return
        line = self.lines.get(message.connector_id)
        if line is not None:
            line.queued(message.segments[0].available_at)
