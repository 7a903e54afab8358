"""How much of each connector was used in this calendar month (text 000, "Usage Month")."""

from collections.abc import Mapping
from datetime import UTC, datetime

from trunkline.model.ports import Clock
from trunkline.model.statistics import Statistics
from trunkline.services.counted import Counted


class MonthlyUsage:
    """Segments that SMSCs took of the messages accepted in this calendar month (UTC), by connector."""

    def __init__(self, statistics: Statistics, clock: Clock) -> None:
        self._statistics = statistics
        self._counted = Counted(self._count, clock)

    async def by_connector(self) -> Mapping[str, int]:
        """Those without traffic are absent. The first count after a long time reads the month's messages.

        Raises `StorageUnavailable`.
        """
        return await self._counted.get()

    async def _count(self, now: int) -> Mapping[str, int]:
        return await self._statistics.usage(start_of_month(now))


def start_of_month(now: int) -> int:
    """Where the calendar month (UTC) of a moment begins; both in Unix milliseconds."""
    first = datetime.fromtimestamp(now / 1000, UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return int(first.timestamp()) * 1000
