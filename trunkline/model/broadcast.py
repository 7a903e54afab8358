"""Cell broadcasts that ESMEs have handed in (SMPP 5.0): not messages to a handset, so not in the queue."""

from dataclasses import dataclass


@dataclass(slots=True, frozen=True)
class Broadcast:
    """A broadcast that an SMSC took, and by which ids its sender and the SMSC know it."""

    id: str  # the one its sender was given
    account_id: int
    credential: str
    connector_id: str
    smsc_message_id: str
    user_reference: int | None  # user_message_reference, where its sender gave one
    accepted_at: int  # Unix milliseconds
