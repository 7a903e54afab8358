"""What has happened lately, counted: rows for people, and the port that counts them."""

from dataclasses import dataclass
from typing import Protocol

from trunkline.model.states import MessageState


@dataclass(slots=True, frozen=True)
class TrafficCount:
    """Messages accepted in one step of time that are in one state now."""

    at: int  # when the step begins (Unix ms, a multiple of the step)
    state: MessageState
    messages: int


@dataclass(slots=True, frozen=True)
class Share:
    """Messages of one account over one connector that are in one state now."""

    account_id: int
    connector_id: str
    state: MessageState
    messages: int


@dataclass(slots=True, frozen=True)
class FailureReason:
    """Why messages failed, and how many."""

    reason: str
    messages: int


@dataclass(slots=True, frozen=True)
class MessageLine:
    """A message in one line."""

    id: str
    accepted_at: int
    source_addr: str
    dest_addr: str
    connector_id: str
    state: MessageState
    error: str


class Statistics(Protocol):
    """Counts over the messages accepted since a moment (Unix ms), by whole hours.

    The current hour is counted each time, older ones are as they were a twentieth of their age ago.
    `account_id` keeps to one account; None counts all. Raises `StorageUnavailable`.
    """

    async def traffic(self, since: int, step_ms: int, account_id: int | None) -> list[TrafficCount]: ...

    async def shares(self, since: int, account_id: int | None) -> list[Share]: ...

    async def usage(self, since: int) -> dict[str, int]:
        """Segments that SMSCs took, by connector."""
        ...

    async def failure_reasons(self, since: int, account_id: int | None, limit: int) -> list[FailureReason]:
        """The commonest first."""
        ...

    async def newest_messages(
        self, since: int, account_id: int | None, limit: int, *, failed: bool
    ) -> list[MessageLine]:
        """Newest first; `failed`: only those that failed."""
        ...

    async def account_names(self) -> dict[int, str]: ...

    async def account_balance(self, account_id: int) -> int | None:
        """Micro-credits; None for an account that need not pay in advance, or that does not exist."""
        ...
