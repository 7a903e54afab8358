"""The panel on a gateway: which of its parts the pages work on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trunkline.model.system_settings import PlatformSettings
from trunkline.services.about import About, StartSetting
from trunkline.services.admin_token import AdminToken
from trunkline.services.connector_trials import ConnectorTrials
from trunkline.services.inbound import Inbound
from trunkline.services.message_pdus import MessagePdus
from trunkline.services.messages import Messages
from trunkline.services.password_reset import PasswordReset
from trunkline.services.pdu_tail import PduTails
from trunkline.services.routes import Routes
from trunkline.services.sending import Sending

if TYPE_CHECKING:
    from trunkline.app.gateway import Gateway
    from trunkline.panel.mounting import PanelApp


def make_panel(gateway: Gateway) -> PanelApp:
    """The panel's pages, not served yet."""
    # Its libraries take memory and time, which a gateway without a panel does not pay.
    from trunkline.panel.mounting import PanelApp  # noqa: PLC0415
    from trunkline.panel.needs import PanelServices  # noqa: PLC0415
    from trunkline.panel.password_reset import write_mail  # noqa: PLC0415

    people, settings = gateway.people, gateway.settings

    def current_settings() -> PlatformSettings:
        return gateway.snapshots.current.settings

    started_with = [StartSetting(*row) for row in settings.shown()]
    return PanelApp(
        PanelServices(
            sign_in=people.sign_in,
            logins=people.logins,
            messages=Messages(gateway.store),
            inbound=Inbound(gateway.store),
            message_pdus=MessagePdus(gateway.pdu_logs),
            audit=people.audit,
            api_keys=people.api_keys,
            enterprise_users=people.enterprise_users,
            groups=people.groups,
            permission_groups=people.permission_groups,
            dashboard=gateway.dashboard,
            sending=Sending(gateway.pipeline, gateway.snapshots),
            connectors=gateway.managed_connectors,
            trials=ConnectorTrials(gateway.store),
            pdu_tails=PduTails(gateway.store, gateway.connectors if gateway.role.carries_traffic else None),
            pdu_logs=gateway.pdu_logs,
            esmes=gateway.esmes,
            http_accounts=gateway.http_accounts,
            routes=Routes(gateway.store),
            live=gateway.live,
            gateway_control=gateway.control,
            clock=gateway.clock,
            settings=current_settings,
            system_settings=gateway.system_settings,
            admin_token=AdminToken(gateway.store),
            password_reset=PasswordReset(gateway.store, gateway.mailer, current_settings, write_mail),
            about=About(gateway.store, gateway.clock, settings.node_name, settings.data_dir, started_with),
            refresh=gateway.refresh_configuration,
        )
    )
