"""What `/metrics`, `/health/ready` and the administration's API read of a gateway."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import TYPE_CHECKING

from trunkline.backends.pdu_log.log import FilePduLog
from trunkline.connectors.smpp_link import Counters
from trunkline.model.status import ConnectorStatus
from trunkline.pipeline.amending import Amending
from trunkline.pipeline.mo import MoPipeline
from trunkline.pipeline.mt import MtPipeline
from trunkline.pipeline.notification import Notifier
from trunkline.pipeline.receipts import Receipts
from trunkline.pipeline.submission import Outcomes
from trunkline.servers.http.figures import JournalFigures
from trunkline.servers.http.needs import HttpFigures
from trunkline.servers.smpp.outbind import OutbindCaller
from trunkline.services.credentials import CredentialChecker

if TYPE_CHECKING:
    from trunkline.app.gateway import Gateway


class GatewayHealth:
    """Ready while messages can be taken in and made durable."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    def problems(self) -> Sequence[str]:
        """Why this process is not ready, in plain sentences."""
        gateway = self._gateway
        problems = []
        if not gateway.started:
            problems.append("The gateway is starting or stopping.")
        if not gateway.store.journal.available:
            problems.append(
                "The message store does not keep up or does not answer: "
                f"{gateway.store.journal.backlog} changes wait to be written."
            )
        if gateway.http_app.draining:
            problems.append("The HTTP server is being drained: it takes no messages.")
        return problems


class GatewayFigures:
    """Implements `servers.http.figures.MetricsSource`."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self.version = version("trunkline")
        self.node = gateway.settings.process_name
        self.http = HttpFigures()
        # Read from the store now and then by `Gateway`.
        self.queue_depths: Mapping[str, int] = {}
        self.outbox_depth = 0
        self.store_bytes = 0

    @property
    def revision(self) -> int:
        return self._gateway.snapshots.current.revision

    @property
    def journal(self) -> JournalFigures:
        return self._gateway.store.journal

    @property
    def mt(self) -> MtPipeline:
        return self._gateway.pipeline

    @property
    def outcomes(self) -> Outcomes:
        return self._gateway.outcomes

    @property
    def amending(self) -> Amending:
        return self._gateway.amending

    @property
    def outbinds(self) -> OutbindCaller:
        return self._gateway.outbinds

    @property
    def operations(self) -> Mapping[tuple[str, int], int]:
        return self._gateway.door.operations.answered

    @property
    def receipts(self) -> Receipts:
        return self._gateway.receipts

    @property
    def mo(self) -> MoPipeline:
        return self._gateway.mo

    @property
    def notifier(self) -> Notifier:
        return self._gateway.notifier

    @property
    def logins(self) -> CredentialChecker:
        return self._gateway.credentials

    @property
    def pdu_log(self) -> FilePduLog:
        return self._gateway.pdu_log

    @property
    def connectors(self) -> Mapping[str, Counters]:
        return {name: submitter.counters for name, submitter in self._gateway.submitters.items()}

    @property
    def connector_statuses(self) -> Sequence[ConnectorStatus]:
        return self._gateway.connectors.statuses()

    @property
    def esme_sessions(self) -> int:
        return len(self._gateway.door.sessions)

    @property
    def draining(self) -> Mapping[str, bool]:
        return {"smpp": self._gateway.door.draining, "http": self._gateway.http_app.draining}

    @property
    def binds_refused(self) -> int:
        return self._gateway.door.binds_refused

    @property
    def handshakes_failed(self) -> int:
        return self._gateway.smpp_server.handshakes_failed

    @property
    def certificate_days(self) -> float | None:
        port = self._gateway.tls_port
        return None if port is None else port.days_left
