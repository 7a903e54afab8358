"""What the panel needs from the rest of the gateway."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from trunkline.model.ports import Clock
from trunkline.model.status import ConnectorStatus, SessionStatus
from trunkline.model.system_settings import PlatformSettings
from trunkline.services.about import About
from trunkline.services.admin_token import AdminToken
from trunkline.services.api_keys import ApiKeys
from trunkline.services.audit import Audit
from trunkline.services.connector_trials import ConnectorTrials
from trunkline.services.connectors import Connectors
from trunkline.services.dashboard import Dashboard
from trunkline.services.enterprise_users import EnterpriseUsers
from trunkline.services.esmes import Esmes
from trunkline.services.gateway_control import GatewayControl
from trunkline.services.groups import Groups
from trunkline.services.http_accounts import HttpAccounts
from trunkline.services.inbound import Inbound
from trunkline.services.logins import Logins
from trunkline.services.message_pdus import MessagePdus
from trunkline.services.messages import Messages
from trunkline.services.password_reset import PasswordReset
from trunkline.services.pdu_logs import PduLogs
from trunkline.services.pdu_tail import PduTails
from trunkline.services.permission_groups import PermissionGroups
from trunkline.services.routes import Routes
from trunkline.services.sending import Sending
from trunkline.services.sign_in import SignIn
from trunkline.services.system_settings import SystemSettings

CurrentSettings: TypeAlias = Callable[[], PlatformSettings]
"""The settings as they are now. Cheap: no I/O."""


class LivePicture(Protocol):
    """The process as it is now. Cheap: no I/O."""

    @property
    def accepted(self) -> int:
        """Messages taken in since the start."""
        ...

    @property
    def submitted(self) -> int:
        """Segments that an SMSC took since the start."""
        ...

    @property
    def backlog(self) -> int:
        """Changes that wait to be written."""
        ...

    def problems(self) -> Sequence[str]:
        """Why this process is not ready; empty when it is."""
        ...

    def connectors(self) -> Sequence[ConnectorStatus]:
        """Every configured connector with its binds."""
        ...

    def esmes(self) -> Sequence[SessionStatus]:
        """Every bound session."""
        ...


@dataclass(slots=True, frozen=True)
class PanelServices:
    """Everything the panel is built on."""

    sign_in: SignIn
    logins: Logins
    messages: Messages
    inbound: Inbound
    message_pdus: MessagePdus
    audit: Audit
    api_keys: ApiKeys
    enterprise_users: EnterpriseUsers
    groups: Groups
    permission_groups: PermissionGroups
    dashboard: Dashboard
    sending: Sending
    connectors: Connectors
    trials: ConnectorTrials
    pdu_tails: PduTails
    pdu_logs: PduLogs
    esmes: Esmes
    http_accounts: HttpAccounts
    routes: Routes
    live: LivePicture
    gateway_control: GatewayControl
    clock: Clock
    settings: CurrentSettings
    system_settings: SystemSettings
    admin_token: AdminToken
    password_reset: PasswordReset
    about: About
    refresh: Callable[[], Awaitable[None]]  # has this process follow a change at once
