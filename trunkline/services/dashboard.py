"""The dashboard's figures: what an administrator sees of everything, a tenant of its own messages."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial

from trunkline.model.identity import Actor, Permission
from trunkline.model.ports import Clock
from trunkline.model.states import MessageState
from trunkline.model.statistics import FailureReason, MessageLine, Share, Statistics, TrafficCount
from trunkline.services.counted import Counted

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
HOURS = 24
DAYS = 7
TOP = 5
REASONS = 8
LINES = 8
KEPT = 200  # pictures of accounts that are held

FAILED = frozenset({MessageState.UNDELIVERED, MessageState.REJECTED, MessageState.EXPIRED})


@dataclass(slots=True, frozen=True)
class Tally:
    """Messages of one name: an account, a connector."""

    name: str
    messages: int
    delivered: int
    failed: int

    @property
    def rate(self) -> float:
        """Which share of those that are done was delivered; 0 when none is done."""
        done = self.delivered + self.failed
        return self.delivered / done if done else 0.0


@dataclass(slots=True, frozen=True)
class Step:
    """Messages accepted in an hour or a day."""

    at: int
    messages: int
    delivered: int
    failed: int


@dataclass(slots=True, frozen=True)
class Overview:
    """The last 24 hours and the last seven days (UTC), as counted at `as_of`."""

    as_of: int
    hours: tuple[Step, ...]
    days: tuple[Step, ...]
    states: dict[MessageState, int]
    accounts: tuple[Tally, ...]
    connectors: tuple[Tally, ...]
    reasons: tuple[FailureReason, ...]
    errors: tuple[MessageLine, ...]
    newest: tuple[MessageLine, ...]


class Dashboard:
    """Counts at most once in ten seconds however many look, and less often the longer counting takes."""

    def __init__(self, statistics: Statistics, clock: Clock) -> None:
        self._statistics = statistics
        self._clock = clock
        self._counted: dict[int | None, Counted[Overview]] = {}
        # Counts of many accounts wait for each other: the database is there for the messages.
        self._one_at_a_time = asyncio.Semaphore(1)

    async def overview(self, actor: Actor) -> Overview:
        """The figures that this actor may see. Raises `Forbidden` and `StorageUnavailable`."""
        actor.require(Permission.VIEW_LOGS, Permission.VIEW_REPORTS)
        if len(self._counted) > KEPT:
            self._counted.clear()
        counted = self._counted.get(actor.account_id)
        if counted is None:
            count = partial(self._count, account_id=actor.account_id)
            counted = Counted(count, self._clock, self._one_at_a_time)
            self._counted[actor.account_id] = counted
        return await counted.get()

    async def balance(self, actor: Actor) -> int | None:
        """Micro-credits of the actor's own account; None where there is nothing to run out of."""
        if actor.account_id is None:
            return None
        return await self._statistics.account_balance(actor.account_id)

    async def _count(self, now: int, *, account_id: int | None) -> Overview:
        statistics = self._statistics
        first_hour = now - now % HOUR_MS - (HOURS - 1) * HOUR_MS
        first_day = now - now % DAY_MS - (DAYS - 1) * DAY_MS
        by_hour = await statistics.traffic(first_hour, HOUR_MS, account_id)
        shares = await statistics.shares(first_hour, account_id)
        names = await statistics.account_names() if account_id is None else {}
        states: dict[MessageState, int] = defaultdict(int)
        for count in by_hour:
            states[count.state] += count.messages
        return Overview(
            now,
            _steps(by_hour, first_hour, HOUR_MS, HOURS),
            _steps(await statistics.traffic(first_day, DAY_MS, account_id), first_day, DAY_MS, DAYS),
            dict(states),
            _tallies(shares, lambda share: names.get(share.account_id, "")) if account_id is None else (),
            # Over which connectors messages go is the platform's business.
            _tallies(shares, lambda share: share.connector_id) if account_id is None else (),
            tuple(await statistics.failure_reasons(first_hour, account_id, REASONS)),
            tuple(await statistics.newest_messages(first_hour, account_id, LINES, failed=True)),
            tuple(await statistics.newest_messages(first_hour, account_id, LINES, failed=False)),
        )


def _steps(counts: Iterable[TrafficCount], first: int, step_ms: int, number: int) -> tuple[Step, ...]:
    """Every step from the first on, those without messages too."""
    sums = {first + index * step_ms: [0, 0, 0] for index in range(number)}
    for count in counts:
        # The clock may have gone on, or back, between two messages.
        step = sums.get(count.at)
        if step is not None:
            _add(step, count.state, count.messages)
    return tuple(Step(at, *step) for at, step in sums.items())


def _tallies(shares: Sequence[Share], name_of: Callable[[Share], str]) -> tuple[Tally, ...]:
    """The names with the most messages."""
    sums: dict[str, list[int]] = {}
    for share in shares:
        _add(sums.setdefault(name_of(share), [0, 0, 0]), share.state, share.messages)
    tallies = [Tally(name, *step) for name, step in sums.items()]
    return tuple(sorted(tallies, key=lambda each: (-each.messages, each.name))[:TOP])


def _add(sums: list[int], state: MessageState, messages: int) -> None:
    sums[0] += messages
    if state is MessageState.DELIVERED:
        sums[1] += messages
    elif state in FAILED:
        sums[2] += messages
