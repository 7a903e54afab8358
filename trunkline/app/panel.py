"""The panel on a gateway: which of its parts the pages work on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from trunkline.model.status import ConnectorStatus, SessionStatus
from trunkline.services.messages import Messages
from trunkline.services.sending import Sending

if TYPE_CHECKING:
    from trunkline.app.gateway import Gateway
    from trunkline.panel.mounting import PanelApp


class GatewayPicture:
    """Implements `panel.needs.LivePicture`."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    @property
    def accepted(self) -> int:
        return self._gateway.pipeline.accepted

    @property
    def submitted(self) -> int:
        return self._gateway.outcomes.submitted

    @property
    def backlog(self) -> int:
        return self._gateway.store.journal.backlog

    def problems(self) -> Sequence[str]:
        """Why this process is not ready."""
        return self._gateway.health.problems()

    def connectors(self) -> Sequence[ConnectorStatus]:
        """Every configured connector with its binds."""
        return self._gateway.connectors.statuses()

    def esmes(self) -> Sequence[SessionStatus]:
        """Every bound session."""
        return [session.status() for session in self._gateway.door.sessions]


def make_panel(gateway: Gateway) -> PanelApp:
    """The panel's pages, not served yet."""
    # Its libraries take memory and time, which a gateway without a panel does not pay.
    from trunkline.panel.mounting import PanelApp  # noqa: PLC0415
    from trunkline.panel.needs import PanelServices  # noqa: PLC0415

    people = gateway.people
    return PanelApp(
        PanelServices(
            sign_in=people.sign_in,
            logins=people.logins,
            messages=Messages(gateway.store),
            audit=people.audit,
            api_keys=people.api_keys,
            enterprise_users=people.enterprise_users,
            dashboard=gateway.dashboard,
            sending=Sending(gateway.pipeline, gateway.snapshots),
            connectors=gateway.managed_connectors,
            live=GatewayPicture(gateway),
            clock=gateway.clock,
        )
    )
