"""What a sender can do with a message that it has handed in: ask for it, cancel it, replace it.

And what an SMSC is asked on its behalf where the message has gone on.
"""

from dataclasses import dataclass
from enum import StrEnum

from trunkline.model.message import Message
from trunkline.model.submission import Submission
from trunkline.smpp.constants import MessageState as WireState


class Obstacle(StrEnum):
    """Why nothing could be done with a message."""

    UNKNOWN = "unknown"  # no such message, or another sender's: it is not said which
    TOO_LATE = "too_late"  # the message's state does not allow it (any more)
    SMSC = "smsc"  # the SMSC that has the message refused, or did not answer
    CONTENT = "content"  # the new content cannot take the old one's place
    ELSEWHERE = "elsewhere"  # the process that was asked has no part in the traffic
    BUSY = "busy"  # storage is behind or away: try again later


class NotAmended(Exception):
    """A message that stays as it was, apart from segments that its history says were cancelled."""

    def __init__(self, obstacle: Obstacle, detail: str) -> None:
        super().__init__(detail)
        self.obstacle = obstacle
        self.detail = detail


class NotCarriedOut(Exception):
    """What an SMSC was asked to do with a submitted segment, and did not do.

    `command_status` is its answer; None when it was not asked, or did not answer in time.
    """

    def __init__(self, why: str, command_status: int | None = None) -> None:
        super().__init__(why)
        self.command_status = command_status


@dataclass(slots=True, frozen=True)
class Owner:
    """Whose messages are meant: those of an account, and of one of its credentials unless that is None."""

    account_id: int
    credential: str | None = None

    def owns(self, message: Message) -> bool:
        """Whether the message is one of theirs."""
        return message.account_id == self.account_id and self.credential in (None, message.credential)


@dataclass(slots=True, frozen=True)
class Standing:
    """Where a message is, in the words of query_sm_resp (SMPP 3.4, section 4.8.2)."""

    state: WireState
    final_at: int | None = None  # Unix milliseconds, when the state is final
    error_code: int = 0  # the network's, 0 to 255

    @property
    def is_final(self) -> bool:
        return self.state not in _ON_THEIR_WAY


_ON_THEIR_WAY = {WireState.SCHEDULED, WireState.ENROUTE, WireState.ACCEPTED, WireState.UNKNOWN}


@dataclass(slots=True, frozen=True)
class Revision:
    """What is to take the place of a message's content; times that are None stay as they are.

    Of the submission only its content and `registered_delivery` count.
    """

    submission: Submission
    validity_ms: int | None = None  # from now
    deliver_after_ms: int | None = None  # from now
