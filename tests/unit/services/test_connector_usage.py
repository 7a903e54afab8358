"""What was used of each connector in this month."""

import pytest

from trunkline.model.identity import PERMISSIONS_OF_ROLE, TENANT_PERMISSIONS, Actor, Forbidden, Role
from trunkline.services.connector_usage import MonthlyUsage, start_of_month
from trunkline.services.connectors import Connectors

from .conftest import MemoryAdministration
from .test_dashboard import NOW, FixedStatistics, HandClock

SEPTEMBER = 1_788_220_800_000  # 2026-09-01 00:00 UTC


@pytest.mark.parametrize("moment", [SEPTEMBER, SEPTEMBER + 1, NOW, SEPTEMBER + 30 * 86_400_000 - 1])
def test_a_month_begins_at_midnight_utc(moment: int) -> None:
    assert start_of_month(moment) == SEPTEMBER


def test_the_moment_before_is_another_month() -> None:
    assert start_of_month(SEPTEMBER - 1) == SEPTEMBER - 31 * 86_400_000


async def test_it_is_counted_for_those_who_may_look(administration: MemoryAdministration) -> None:
    clock = HandClock()
    statistics = FixedStatistics(clock)
    connectors = Connectors(administration, tuple, MonthlyUsage(statistics, clock))
    viewer = Actor("viewer", Role.VIEWER, PERMISSIONS_OF_ROLE[Role.VIEWER])
    assert await connectors.usage(viewer) == await connectors.usage(viewer) == {"a": 12}
    assert statistics.used_since == [SEPTEMBER]
    with pytest.raises(Forbidden, match="view_platform"):
        await connectors.usage(Actor("acme", Role.ENTERPRISE, frozenset(TENANT_PERMISSIONS), account_id=7))
    assert await Connectors(administration).usage(viewer) == {}
