"""Revision: what of a message changes when its sender replaces it, checked before anything is changed."""

from dataclasses import dataclass, replace

from trunkline.model.amendment import NotAmended, Obstacle, Revision
from trunkline.model.message import Message
from trunkline.model.snapshot import Snapshot
from trunkline.model.submission import Reason, Rejected
from trunkline.pipeline.admission import MAX_VALIDITY_MS
from trunkline.pipeline.content import Content, compose


@dataclass(slots=True, frozen=True)
class Revised:
    """The new values. They change nothing until `apply`."""

    content: Content
    registered_delivery: int
    available_at: int | None  # Unix milliseconds; None: as it was
    expires_at: int

    def apply(self, message: Message) -> None:
        """Gives the message and its segments these values."""
        content = self.content
        message.text = content.text
        message.encoding = content.encoding
        message.data_coding = content.data_coding
        message.registered_delivery = self.registered_delivery
        message.expires_at = self.expires_at
        for segment, (piece, udh) in zip(message.segments, content.pieces, strict=True):
            segment.content = piece
            segment.udh = udh
            segment.sar_reference = content.sar_reference
            if self.available_at is not None:
                segment.available_at = self.available_at

    def copy_of(self, message: Message) -> Message:
        """The message as it would be; the message itself stays as it is."""
        copy = replace(message)
        copy.segments = [replace(segment, message=copy) for segment in message.segments]
        self.apply(copy)
        return copy


def revise(message: Message, revision: Revision, snapshot: Snapshot, now: int) -> Revised:
    """The new values of a message.

    Raises `Rejected` for content and times that no message can have, `NotAmended` (CONTENT) where the new
    content does not fit in the old one's place.
    """
    connector = snapshot.connectors.get(message.connector_id)
    if connector is None:
        raise NotAmended(Obstacle.CONTENT, f"the connector {message.connector_id} does not exist any more")
    submission = revision.submission
    content = compose(
        submission,
        connector.long_message,
        connector.profile.languages,
        smart=submission.sender.account.smart_encoding,
    )
    segments = len(message.segments)
    if len(content.pieces) != segments or message.rate * content.parts != message.charged:
        raise NotAmended(
            Obstacle.CONTENT,
            f"the new text makes {content.parts} part(s) where {segments} segment(s) are paid",
        )
    expires_at, available_at = message.expires_at, None
    if revision.validity_ms is not None:
        if revision.validity_ms <= 0:
            raise Rejected(Reason.INVALID_VALIDITY, "the validity period is over already")
        expires_at = now + min(revision.validity_ms, MAX_VALIDITY_MS)
    if revision.deliver_after_ms is not None:
        available_at = now + revision.deliver_after_ms
    if max(now, available_at or message.segments[0].available_at) >= expires_at:
        raise Rejected(Reason.INVALID_SCHEDULE, "schedule_delivery_time lies after the validity period")
    return Revised(content, submission.registered_delivery, available_at, expires_at)
