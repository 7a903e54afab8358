"""What a load generator's run says about itself, on the way and at its end."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is. `rate` is accepted messages per second since the progress before."""

    seconds: float
    count: int
    submitted: int
    accepted: int
    failed: int
    retried: int
    in_flight: int
    receipts: int
    binds: int
    rate: float


@dataclass(slots=True)
class LoadResult:
    """What came of a run.

    Every one of `submitted` messages is in exactly one of `accepted`, `errors` (by status name) and
    `unanswered` (no answer in time, or its link died). `retried` counts throttled attempts. Times are of
    single submit_sm and their responses; rates are per second from the first submit to the last answer, or
    to the last receipt. `error` says why a run ended before its time.
    """

    count: int = 0
    submitted: int = 0
    accepted: int = 0
    errors: dict[str, int] = field(default_factory=dict)
    unanswered: int = 0
    retried: int = 0
    receipts: int = 0
    receipts_duplicate: int = 0
    receipts_lost: int = 0
    receipts_unexpected: int = 0
    states: dict[str, int] = field(default_factory=dict)
    reconnects: int = 0
    p50_ms: float = 0.0
    p99_ms: float = 0.0
    max_ms: float = 0.0
    submit_seconds: float = 0.0
    receipt_seconds: float = 0.0
    accepted_per_s: float = 0.0
    receipts_per_s: float = 0.0
    error: str | None = None
