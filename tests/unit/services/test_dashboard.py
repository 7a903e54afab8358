"""The dashboard's figures: what is added up, who sees what, and how seldom it is counted."""

from dataclasses import replace

import pytest

from trunkline.model.identity import PERMISSIONS_OF_ROLE, TENANT_PERMISSIONS, Actor, Forbidden, Role
from trunkline.model.states import MessageState
from trunkline.model.statistics import FailureReason, MessageLine, Share, TrafficCount
from trunkline.services.dashboard import DAY_MS, HOUR_MS, Dashboard

NOW = 1_790_000_000_000
HOUR = NOW - NOW % HOUR_MS
DAY = NOW - NOW % DAY_MS
ADMIN = Actor("root", Role.ADMIN, PERMISSIONS_OF_ROLE[Role.ADMIN])
TENANT = Actor("acme", Role.ENTERPRISE, frozenset(TENANT_PERMISSIONS), account_id=7)
DELIVERED, FAILED, QUEUED = MessageState.DELIVERED, MessageState.REJECTED, MessageState.QUEUED


class FixedStatistics:
    """Always the same counts; notes for whom it counts. Counting takes `takes_ms`."""

    def __init__(self, clock: "HandClock") -> None:
        self.clock = clock
        self.takes_ms = 0
        self.counted: list[int | None] = []
        self.used_since: list[int] = []

    async def traffic(self, since: int, step_ms: int, account_id: int | None) -> list[TrafficCount]:
        if step_ms == DAY_MS:
            return [TrafficCount(DAY, DELIVERED, 9)]
        self.counted.append(account_id)
        self.clock.now += self.takes_ms
        return [
            TrafficCount(HOUR, DELIVERED, 3),
            TrafficCount(HOUR, FAILED, 1),
            TrafficCount(HOUR - HOUR_MS, QUEUED, 2),
            TrafficCount(HOUR + HOUR_MS, QUEUED, 5),  # the clock has gone on
        ]

    async def shares(self, since: int, account_id: int | None) -> list[Share]:
        return [
            Share(1, "a", DELIVERED, 3),
            Share(1, "b", FAILED, 1),
            Share(2, "b", DELIVERED, 2),
            *(Share(number, "c", QUEUED, 1) for number in range(3, 9)),
        ]

    async def usage(self, since: int) -> dict[str, int]:
        self.clock.now += self.takes_ms
        self.used_since.append(since)
        return {"a": 12}

    async def failure_reasons(self, since: int, account_id: int | None, limit: int) -> list[FailureReason]:
        return [FailureReason("no route", 1)]

    async def newest_messages(
        self, since: int, account_id: int | None, limit: int, *, failed: bool
    ) -> list[MessageLine]:
        return [MessageLine("id", NOW, "from", "to", "a", FAILED if failed else QUEUED, "")]

    async def account_names(self) -> dict[int, str]:
        return {number: f"account {number}" for number in range(1, 9)}

    async def account_balance(self, account_id: int) -> int | None:
        return account_id * 10


class HandClock:
    """A clock that tests turn."""

    now = NOW

    def now_ms(self) -> int:
        return self.now


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def statistics(clock: HandClock) -> FixedStatistics:
    return FixedStatistics(clock)


@pytest.fixture
def dashboard(statistics: FixedStatistics, clock: HandClock) -> Dashboard:
    return Dashboard(statistics, clock)


async def test_every_hour_and_every_day_has_a_step(dashboard: Dashboard) -> None:
    overview = await dashboard.overview(ADMIN)
    assert [step.at for step in overview.hours] == [HOUR - back * HOUR_MS for back in range(23, -1, -1)]
    assert [step.at for step in overview.days] == [DAY - back * DAY_MS for back in range(6, -1, -1)]
    last, before = overview.hours[-1], overview.hours[-2]
    assert (last.messages, last.delivered, last.failed) == (4, 3, 1)
    assert (before.messages, before.delivered, before.failed) == (2, 0, 0)
    assert overview.days[-1].messages == 9


async def test_the_busiest_accounts_and_connectors_come_first(dashboard: Dashboard) -> None:
    overview = await dashboard.overview(ADMIN)
    assert [(each.name, each.messages) for each in overview.accounts[:2]] == [
        ("account 1", 4),
        ("account 2", 2),
    ]
    assert len(overview.accounts) == 5
    assert [each.name for each in overview.connectors] == ["c", "a", "b"]
    assert overview.accounts[0].rate == 0.75
    assert overview.accounts[-1].rate == 0.0


async def test_a_tenant_s_figures_are_its_own(dashboard: Dashboard, statistics: FixedStatistics) -> None:
    overview = await dashboard.overview(TENANT)
    assert statistics.counted == [7]
    assert overview.accounts == ()
    assert overview.connectors == ()
    await dashboard.overview(ADMIN)
    assert statistics.counted == [7, None]  # and nobody is shown another's picture


async def test_without_the_permission_there_are_no_figures(
    dashboard: Dashboard, statistics: FixedStatistics
) -> None:
    with pytest.raises(Forbidden):
        await dashboard.overview(replace(TENANT, permissions=frozenset()))
    assert statistics.counted == []


async def test_many_lookers_cost_one_count(
    dashboard: Dashboard, statistics: FixedStatistics, clock: HandClock
) -> None:
    first = await dashboard.overview(ADMIN)
    clock.now += 9_999
    assert await dashboard.overview(replace(ADMIN, name="other")) is first
    clock.now += 1
    assert await dashboard.overview(ADMIN) is not first
    assert statistics.counted == [None, None]


async def test_what_takes_long_is_done_seldom(
    dashboard: Dashboard, statistics: FixedStatistics, clock: HandClock
) -> None:
    statistics.takes_ms = 2_000
    first = await dashboard.overview(ADMIN)
    clock.now += 39_999
    assert await dashboard.overview(ADMIN) is first
    clock.now += 1
    assert await dashboard.overview(ADMIN) is not first


async def test_balances(dashboard: Dashboard) -> None:
    assert await dashboard.balance(TENANT) == 70
    assert await dashboard.balance(ADMIN) is None
