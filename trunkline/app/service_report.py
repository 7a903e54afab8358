"""How the services of this process are, for gateway control."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trunkline.model.gateway_control import Service, ServiceState, ServiceStatus
from trunkline.servers.listening import addresses_of

if TYPE_CHECKING:
    from trunkline.app.gateway import Gateway

MEGABYTE = 1_000_000


class ServiceReport:
    """Reads the parts of a gateway; `began` notes when a service was started, or started anew."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._since = dict.fromkeys(Service, gateway.clock.now_ms())

    def began(self, service: Service) -> None:
        """It runs from now on."""
        self._since[service] = self._gateway.clock.now_ms()

    def services(self) -> tuple[ServiceStatus, ...]:
        """Every service that the process's role has."""
        gateway = self._gateway
        found = [self._process(), self._message_store(), self._http_server()]
        if gateway.role.serves_panel:
            found.append(self._status(Service.PANEL, ServiceState.RUNNING))
        if gateway.role.carries_traffic:
            found += [self._smpp_server(), self._connectors(), self._callbacks(), self._pdu_logs()]
            if gateway.tls_port is not None:
                found.append(self._smpp_tls())
        return tuple(found)

    def _process(self) -> ServiceStatus:
        gateway = self._gateway
        state = ServiceState.IMPAIRED if gateway.health.problems() else ServiceState.RUNNING
        return self._status(
            Service.PROCESS,
            state,
            version=gateway.figures.version,
            role=gateway.role.value,
            accepted=gateway.pipeline.accepted,
            submitted=gateway.outcomes.submitted,
        )

    def _message_store(self) -> ServiceStatus:
        gateway = self._gateway
        journal = gateway.store.journal
        return self._status(
            Service.MESSAGE_STORE,
            ServiceState.RUNNING if journal.available else ServiceState.IMPAIRED,
            kind=gateway.settings.database_url.partition(":")[0],
            megabytes=gateway.figures.store_bytes // MEGABYTE,
            backlog=journal.backlog,
            commit_ms=round(1000 * journal.last_commit_seconds),
        )

    def _http_server(self) -> ServiceStatus:
        gateway = self._gateway
        server, app = gateway.http_server, gateway.http_app
        return self._status(
            Service.HTTP_SERVER,
            _drained(app.draining, app.taking),
            (server.url.partition("//")[2],),
            connections=server.connections,
        )

    def _smpp_server(self) -> ServiceStatus:
        gateway = self._gateway
        server, sessions = gateway.smpp_server, len(gateway.door.sessions)
        state = _drained(gateway.door.draining, sessions) if server.listening else ServiceState.DOWN
        encrypted = gateway.tls_port.addresses if gateway.tls_port is not None else ()
        ports = [each for each in addresses_of(server.sockets) if each not in encrypted]
        return self._status(Service.SMPP_SERVER, state, tuple(ports), sessions=sessions)

    def _smpp_tls(self) -> ServiceStatus:
        gateway = self._gateway
        port = gateway.tls_port
        assert port is not None  # noqa: S101  (asked for only then)
        expired = port.days_left < 0
        state = ServiceState.IMPAIRED if expired else _drained(gateway.door.draining, 0)
        if not port.addresses:
            state = ServiceState.DOWN
        return self._status(Service.SMPP_TLS, state, port.addresses, certificate_days=int(port.days_left))

    def _connectors(self) -> ServiceStatus:
        statuses = self._gateway.connectors.statuses()
        running = [each for each in statuses if each.running]
        bound = sum(each.bound for each in running)
        state = ServiceState.RUNNING if bound or not running else ServiceState.IMPAIRED
        return self._status(
            Service.CONNECTORS, state, configured=len(statuses), running=len(running), bound=bound
        )

    def _callbacks(self) -> ServiceStatus:
        gateway = self._gateway
        return self._status(
            Service.CALLBACKS,
            ServiceState.RUNNING,
            waiting=gateway.figures.outbox_depth,
            under_way=gateway.notifier.in_memory,
        )

    def _pdu_logs(self) -> ServiceStatus:
        pdu_log = self._gateway.pdu_log
        return self._status(
            Service.PDU_LOGS,
            ServiceState.IMPAIRED if pdu_log.failed else ServiceState.RUNNING,
            written=pdu_log.written,
            dropped=pdu_log.dropped,
        )

    def _status(
        self, service: Service, state: ServiceState, ports: tuple[str, ...] = (), **figures: int | str
    ) -> ServiceStatus:
        return ServiceStatus(service, state, self._since[service], ports, figures)


def _drained(draining: bool, left: int) -> ServiceState:
    if not draining:
        return ServiceState.RUNNING
    return ServiceState.DRAINING if left else ServiceState.DRAINED
