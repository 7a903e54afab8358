"""Lists of messages and of delivery reports, newest first: which ones, and the pages they come in.

Pages are found by key, never by number: a message's id is a UUIDv7, so ids are in the order of time. Where
no index leads to what is looked for, a page looks at a bounded number of messages and says how far it came.
"""

from dataclasses import dataclass, fields
from typing import Generic, TypeVar

from trunkline.model.states import MessageState, SegmentState

R = TypeVar("R")


@dataclass(slots=True, frozen=True, kw_only=True)
class MessageFilter:
    """Which messages: every field that is given narrows them. Times are Unix ms, `until` not included."""

    message_id: str = ""  # plain, public, or the one that its sender was given
    account_id: int | None = None
    account: str = ""  # its name
    connector_id: str = ""
    state: MessageState | None = None
    door: str = ""
    credential: str = ""  # the system_id or HTTP user that handed it in
    source_addr: str = ""
    source_prefix: str = ""
    dest_addr: str = ""
    dest_prefix: str = ""
    encoding: str = ""
    parts: int | None = None
    charged: int | None = None
    receipt: str = ""  # DELIVRD ...: what the message's state is in a receipt, or, for a report, what it says
    min_delay_ms: int | None = None  # of reports: from the submit to the receipt
    error: str = ""  # contained in the message's error, or, for a report, in the SMSC's
    text: str = ""  # contained in the text, in source or destination; letters of either case
    since: int | None = None
    until: int | None = None

    @property
    def is_direct(self) -> bool:
        """Whether an index leads to what is looked for, so that no message is looked at in vain."""
        led_to = ("account_id", "account", "since", "until")
        return all(
            getattr(self, each.name) == each.default for each in fields(self) if each.name not in led_to
        )


@dataclass(slots=True, frozen=True)
class MessagePage(Generic[R]):
    """Some rows of a list.

    `next` is the cursor of the page that follows, None where nothing follows. `searched` is false where the
    page ended because enough was looked at: what follows may be anywhere, or nowhere.
    """

    items: list[R]
    next: str | None
    searched: bool = True


@dataclass(slots=True, frozen=True)
class MessageRow:
    """A message as lists show it (text 000, "Message Logs"). Times are Unix ms, money is micro-credits."""

    id: str
    reference: str | None  # the id that its sender knows it by, where that is another
    account_id: int
    account: str
    door: str
    credential: str
    source_addr: str
    dest_addr: str
    text: str | None  # None: octets
    encoding: str
    parts: int
    connector_id: str
    state: MessageState
    error: str | None
    charged: int
    registered_delivery: int
    accepted_at: int
    sent_at: int | None
    done_at: int | None
    notified_at: int | None


@dataclass(slots=True, frozen=True)
class ReceiptRow:
    """A delivery report: what the SMSC said of one segment (text 000, "Delivery Reports"). Times: Unix ms."""

    message_id: str
    number: int  # of the segment
    account_id: int
    account: str
    source_addr: str
    dest_addr: str
    stat: str
    err: str | None
    state: SegmentState
    connector_id: str
    smsc_message_id: str | None
    submitted_at: int | None
    done_at: int | None
    received_at: int
    text: str | None  # as it came

    @property
    def delay_ms(self) -> int | None:
        """From the submit to the receipt; None where no submit is known."""
        return None if self.submitted_at is None else self.received_at - self.submitted_at
