"""Who may bind to the simulated SMSC, and how often."""

from collections import defaultdict
from collections.abc import Callable

from trunkline.simulator.scenario import Scenario
from trunkline.smpp.constants import BindType, CommandStatus
from trunkline.smpp.pdus import Bind
from trunkline.smpp.state import BIND_COMMANDS


class Binds:
    """Decides on binds. `bound` tells how many links a system_id has; times are monotonic seconds."""

    __slots__ = ("_asked", "_bound", "_left_over", "_scenario")

    def __init__(self, scenario: Scenario, bound: Callable[[str], int]) -> None:
        self._scenario = scenario
        self._bound = bound
        self._asked = 0
        # Until when each bind that was not ended by an unbind still counts, oldest first.
        self._left_over: defaultdict[str, list[float]] = defaultdict(list)

    def refusal_of(self, pdu: Bind, now: float) -> int:
        """The command_status a bind is refused with; 0 to accept it."""
        scenario = self._scenario
        self._asked += 1
        first = scenario.bind_refuse_first
        if scenario.bind_refuse is not None and (not first or self._asked <= first):
            return scenario.bind_refuse
        if scenario.transceiver_refuse is not None and BIND_COMMANDS[pdu.command_id] is BindType.TRX:
            return scenario.transceiver_refuse
        if scenario.credentials:
            password = scenario.credentials.get(pdu.system_id)
            if password is None:
                return CommandStatus.ESME_RINVSYSID.value
            if password != pdu.password:
                return CommandStatus.ESME_RINVPASWD.value
        if scenario.max_binds and self._count(pdu.system_id, now) >= scenario.max_binds:
            return CommandStatus.ESME_RALYBND.value
        return 0

    def lost(self, system_id: str, now: float) -> None:
        """Learn of a bind whose link ended without an unbind."""
        if self._scenario.bind_left_over_ms:
            self._left_over[system_id].append(now + self._scenario.bind_left_over_ms / 1000)

    def _count(self, system_id: str, now: float) -> int:
        left_over = [until for until in self._left_over.pop(system_id, ()) if until > now]
        if left_over:
            self._left_over[system_id] = left_over
        return self._bound(system_id) + len(left_over)
