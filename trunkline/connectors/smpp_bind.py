"""One bind of a connector, kept up: connect, bind, wait for its end, wait a while, again."""

import asyncio
import random
import ssl
from collections.abc import Callable
from math import inf
from typing import Any, Final

import structlog

from trunkline.connectors.pacing import Backoff
from trunkline.connectors.smpp_link import Link, Traffic
from trunkline.connectors.smpp_tls import context_of, describe_tls_failure
from trunkline.model.profile import SplitTransceivers
from trunkline.model.snapshot import ConnectorConfig
from trunkline.model.status import BindStatus
from trunkline.smpp.asyncio import BindRefused, SmppConnection, connect
from trunkline.smpp.asyncio.connection import host_and_port
from trunkline.smpp.constants import BindType, CommandStatus, Version, status_name
from trunkline.smpp.errors import SmppError
from trunkline.smpp.timers import TimerSettings

log = structlog.get_logger()

CONNECT_TIMEOUT_S: Final = 10.0
STABLE_S: Final = 30.0
"""A bind that lasted this long, or carried anything, has proved itself: back-off starts anew after it."""

WRONG_CREDENTIALS: Final = frozenset({CommandStatus.ESME_RINVPASWD.value, CommandStatus.ESME_RINVSYSID.value})
"""Refusals that a person has to mend."""

NO_TRANSCEIVER: Final = CommandStatus.ESME_RINVCMDID.value
"""How an SMSC of 3.3, which does not know bind_transceiver, refuses it."""


def timers_of(config: ConnectorConfig) -> TimerSettings:
    """The timers of a connector's sessions."""
    answer_s = _answer_s(config)
    return TimerSettings(
        session_init=2 * answer_s,  # `bind` has a time-out of its own, which comes first
        enquire_link=config.enquire_link_s,
        enquire_link_response=config.profile.enquire_link_timeout_s or answer_s,
        inactivity=0.0,
        response=config.response_timeout_s,
    )


def bind_options(config: ConnectorConfig) -> dict[str, Any]:
    """What `SmppConnection.bind` is told beside the credentials."""
    profile = config.profile
    return {
        "interface_version": profile.interface_version,
        "addr_ton": profile.addr_ton,
        "addr_npi": profile.addr_npi,
        "address_range": profile.address_range,
        "timeout": _answer_s(config),
    }


def _answer_s(config: ConnectorConfig) -> float:
    return config.response_timeout_s or CONNECT_TIMEOUT_S


class Bind:
    """Supervises one bind. `link` is its connection while there is one.

    `prepare` is called with each new connection before its first octet. `on_no_transceiver` is called when
    the SMSC does not know bind_transceiver and the profile says what to do then: this bind goes on as a
    transmitter, and the owner adds a receiver.
    """

    def __init__(
        self,
        bind_type: BindType,
        config: ConnectorConfig,
        traffic: Traffic,
        rng: random.Random,
        prepare: Callable[[SmppConnection], None],
        on_no_transceiver: Callable[[], None],
    ) -> None:
        self.link: Link | None = None
        self._type = bind_type
        self._config = config
        self._traffic = traffic
        self._prepare = prepare
        self._on_no_transceiver = on_no_transceiver
        self._backoff = Backoff(config.reconnect_min_s, config.reconnect_max_s, rng)
        self._timers = timers_of(config)
        self._version = Version.named(config.smpp_version)
        self._task: asyncio.Task[None] | None = None
        self._stopping = False
        self._log = log.bind(connector=config.connector_id, bind=bind_type.value)
        self._state = "CLOSED"
        self._detail = "not started"
        self._since = traffic.clock.now_ms()
        self._last_error = ""
        self._last_error_at = 0

    def start(self) -> None:
        """Begins to connect, in the background."""
        self._task = self._traffic.loop.create_task(
            self._run(), name=f"bind {self._config.connector_id} {self._type.value}"
        )

    def retire(self) -> None:
        """Makes no further attempt to bind; a bind that is up stays up."""
        self._stopping = True
        if self._task is not None and not self._bound:
            self._task.cancel()

    async def stop(self, unbind_s: float) -> None:
        """Unbinds, for at most `unbind_s` seconds, and closes."""
        self.retire()
        link = self.link
        if link is not None:
            if self._bound:
                link.sending = False
                self._become("UNBINDING", "the connector is stopping")
                await link.connection.unbind(unbind_s)
            else:
                link.connection.abort("the connector is stopping")
                await link.connection.wait_closed()
        if self._task is not None:
            await asyncio.gather(self._task, return_exceptions=True)
        self._become("CLOSED", "stopped")

    @property
    def _bound(self) -> bool:
        return self.link is not None and self.link.connection.session.bound

    def status(self) -> BindStatus:
        """For people and APIs."""
        link = self.link
        wanted = host_and_port((self._config.host, self._config.port))
        if link is None:
            return BindStatus(
                self._type.value,
                self._state,
                0,
                "",
                wanted,
                self._since,
                self._detail,
                last_error=self._last_error,
                last_error_at=self._last_error_at,
            )
        connection = link.connection
        return BindStatus(
            self._type.value,
            self._state,
            link.in_flight,
            host_and_port(connection.local),
            host_and_port(connection.peer),
            self._since,
            self._detail,
            connection.connection_id,
            link.enquired_at,
            self._last_error,
            self._last_error_at,
        )

    async def _run(self) -> None:
        while True:
            try:
                why, wait = await self._attempt()
            except Exception as error:  # noqa: BLE001 - logged, and the next attempt follows
                # Whatever it was: a bind that nobody keeps up any more would be worse.
                self._log.exception("The bind failed unexpectedly.", action="connector.bind_fault")
                why, wait = f"an unexpected fault: {error!r}", self._backoff.most
            self.link = None
            if self._stopping:
                return
            self._last_error, self._last_error_at = why, self._traffic.clock.now_ms()
            if wait == inf:
                self._become(
                    "CLOSED", f"{why}; no further attempt until the connector is changed or restarted"
                )
                self._log.error("The bind is given up.", action="connector.bind_given_up", why=why)
                return
            self._become("CLOSED", f"{why}; next attempt in {wait:.1f} s")
            self._log.warning(
                "The bind is down.", action="connector.bind_down", why=why, next_attempt_s=round(wait, 1)
            )
            await asyncio.sleep(wait)

    async def _attempt(self) -> tuple[str, float]:
        """One connection from dialling to its end: why it ended, and how long to wait before the next.

        An infinite wait means that there must be no next one.
        """
        config = self._config
        self._become("DIAL", f"connecting to {config.host}:{config.port}")
        try:
            connection = await connect(
                config.host,
                config.port,
                self._make_link,
                timers=self._timers,
                window_size=config.window,
                ssl=context_of(config),
                server_hostname=config.tls_server_name or None,
                timeout=CONNECT_TIMEOUT_S,
                version=self._version,
            )
        except ssl.SSLError as error:
            return describe_tls_failure(error, config), self._backoff.most
        except (OSError, UnicodeError) as error:
            # UnicodeError: what the resolver says to a host name with an empty or a too long label.
            return describe_tls_failure(error, config) or _describe(error), self._backoff.next()
        self._become("OPEN", "connected, waiting for the bind to be answered")
        try:
            await connection.bind(
                self._type, config.system_id, config.password, config.system_type, **bind_options(config)
            )
        except BindRefused as refused:
            connection.abort("the bind was refused")
            return self._refused(refused.status)
        except TimeoutError:
            return f"no answer to the bind within {_answer_s(config):g} s", self._backoff.next()
        except SmppError as error:
            # Lost on the way, or a field that no bind request can carry.
            connection.abort("the bind failed")
            why = describe_tls_failure(connection.error, config)
            if why:
                return why, self._backoff.most
            return f"the bind failed: {error}", self._backoff.next()
        return await self._watch(connection)

    def _refused(self, status: int) -> tuple[str, float]:
        profile = self._config.profile
        name = status_name(status)
        if status in WRONG_CREDENTIALS:
            return (
                f"the SMSC refuses system_id or password ({name})",
                profile.wrong_credentials_retry_s or inf,
            )
        splits = profile.split_transceivers is not SplitTransceivers.NEVER
        if status == NO_TRANSCEIVER and self._type is BindType.TRX and splits:
            self._type = BindType.TX
            self._log = self._log.bind(bind=self._type.value)
            self._on_no_transceiver()
            return f"the SMSC does not know bind_transceiver ({name}): two binds instead", 0.0
        return f"the SMSC refuses the bind ({name})", self._backoff.next()

    async def _watch(self, connection: SmppConnection) -> tuple[str, float]:
        started = self._traffic.loop.time()
        if not self._stopping:
            self._become(f"BOUND_{self._type.value}", "")
            self._log.info("The bind is up.", action="connector.bind_up", tls=connection.tls)
        await connection.wait_closed()
        link = self.link
        if (link is not None and link.proved) or self._traffic.loop.time() - started >= STABLE_S:
            self._backoff.reset()
        if not self._stopping:
            self._traffic.counters.reconnects += 1
        return connection.session.close_reason or "the connection was closed", self._backoff.next()

    def _make_link(self, connection: SmppConnection) -> Link:
        self._prepare(connection)
        self.link = Link(self._traffic, connection, self._config.window, self._config.response_timeout_s)
        return self.link

    def _become(self, state: str, detail: str) -> None:
        if state != self._state:
            self._since = self._traffic.clock.now_ms()
        self._state = state
        self._detail = detail


def _describe(error: OSError | UnicodeError) -> str:
    if isinstance(error, TimeoutError):
        return f"no connection within {CONNECT_TIMEOUT_S:g} s"
    if isinstance(error, ConnectionRefusedError):
        return "connection refused"
    if isinstance(error, UnicodeError):
        return f"the host name is not valid: {error}"
    return (error.strerror or str(error)).lower()
