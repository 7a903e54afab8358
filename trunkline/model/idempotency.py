"""What a door hands to the pipeline with a request that must not be carried out twice."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from trunkline.model.message import Message
from trunkline.model.submission import Rejected


@dataclass(slots=True, frozen=True)
class IdempotencyRequest:
    """An idempotency key on its way into the store; `ports.IdempotencyRecord` is what is kept of it.

    The answer names the ids that the pipeline gives, so the door hands in a function: `render` is called with
    every submission's outcome, in order, just before the accepting transaction is recorded. It returns the
    JSON to keep, or None to keep nothing (the key stays free). What the balance then does not cover, the
    store adds to the record as `refused`.
    """

    account_id: int
    key: str
    request_hash: str
    created_at: int  # Unix milliseconds
    render: Callable[[Sequence[Message | Rejected]], str | None]
