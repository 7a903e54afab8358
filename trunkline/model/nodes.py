"""The processes of one installation, as each writes itself down for the others to see."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from trunkline.model.gateway_control import ServiceStatus

ALIVE_MS: Final = 30_000
"""A node that has not written for so long does not answer: it writes several times as often."""


class NodeRole(StrEnum):
    """Which part of the whole a process is."""

    ALL = "all"
    GATEWAY = "gateway"  # everything but the panel
    PANEL = "panel"  # the panel and the management API alone

    @property
    def carries_traffic(self) -> bool:
        """Whether it has doors for messages and runs the connectors."""
        return self is not NodeRole.PANEL

    @property
    def serves_panel(self) -> bool:
        """Whether it has the pages for people."""
        return self is not NodeRole.GATEWAY


@dataclass(slots=True, frozen=True)
class NodeStatus:
    """One process as it is. Times are Unix milliseconds."""

    node: str
    role: NodeRole
    version: str
    started_at: int
    accepted: int  # messages taken in since the start
    submitted: int  # segments that an SMSC took since the start
    backlog: int  # changes that wait to be written
    problems: tuple[str, ...]  # why it is not ready
    services: tuple[ServiceStatus, ...] = ()
    as_of: int = 0  # when it was written down

    def answers(self, now: int) -> bool:
        """Whether it has been heard of lately."""
        return now - self.as_of < ALIVE_MS
