"""One gateway: which engines stand behind which ports, in which order they start and stop."""

import asyncio
import gc
import random
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any

import structlog

from trunkline.app.administration import make_people, make_store, upgrade_database
from trunkline.app.clock import SystemClock
from trunkline.app.duties import MEGABYTE, Duties
from trunkline.app.figures import GatewayFigures, GatewayHealth
from trunkline.app.live import AmendingElsewhere, OwnPicture, PictureOfOthers
from trunkline.app.order_desk import OrderDesk
from trunkline.app.panel import make_panel
from trunkline.app.service_report import ServiceReport
from trunkline.backends.pdu_log.log import FilePduLog
from trunkline.backends.storage.store import SqlStore
from trunkline.config import Settings
from trunkline.connectors.mail import SmtpMailer
from trunkline.connectors.smpp_client import SmppSubmitter
from trunkline.connectors.webhook import WebhookDeliverer
from trunkline.model.nodes import NodeRole
from trunkline.model.ports import StorageUnavailable, SubmitterListener
from trunkline.model.snapshot import ConnectorConfig
from trunkline.pipeline.admission import Admission
from trunkline.pipeline.amending import Amending
from trunkline.pipeline.broadcasting import Broadcasting
from trunkline.pipeline.mo import MoPipeline
from trunkline.pipeline.mt import MtPipeline
from trunkline.pipeline.notification import Notifier
from trunkline.pipeline.queueing import Queueing
from trunkline.pipeline.receipts import Receipts
from trunkline.pipeline.short_ids import ShortIds
from trunkline.pipeline.snapshots import Snapshots
from trunkline.pipeline.submission import Outcomes
from trunkline.pipeline.supervision import Clockwork
from trunkline.servers.http.app import create_app
from trunkline.servers.http.needs import HttpServices, Management
from trunkline.servers.http.server import HttpServer
from trunkline.servers.listening import CannotListen
from trunkline.servers.smpp.door import EsmeDoor
from trunkline.servers.smpp.operations import Operations
from trunkline.servers.smpp.outbind import OutbindCaller
from trunkline.servers.smpp.tls import TlsFiles, TlsPort, log_failed_handshake
from trunkline.services.admin_token import AdminToken
from trunkline.services.connector_trials import ConnectorTrials
from trunkline.services.connector_usage import MonthlyUsage
from trunkline.services.connectors import Connectors
from trunkline.services.credentials import CredentialChecker, hash_api_key
from trunkline.services.dashboard import Dashboard
from trunkline.services.esmes import Esmes
from trunkline.services.gateway_control import GatewayControl
from trunkline.services.http_accounts import HttpAccounts
from trunkline.services.inbound import Inbound
from trunkline.services.messages import Messages
from trunkline.services.pdu_logs import PduLogs
from trunkline.services.routes import Routes
from trunkline.services.running_connectors import RunningConnectors
from trunkline.services.system_settings import SystemSettings
from trunkline.smpp.asyncio.server import SmppServer
from trunkline.smpp.constants import Version
from trunkline.smpp.timers import TimerSettings

log = structlog.get_logger()

HOUR_MS = 3_600_000
GC_ALLOCATIONS = 15_000  # objects made and not freed between two collections


class Gateway:
    """One process: everything between the doors and the connectors, or what of it the role has."""

    FOLLOW_S = 0.5  # how soon a change made by another process is seen

    def __init__(self, settings: Settings, store: SqlStore, snapshots: Snapshots) -> None:
        self.settings = settings
        self.role = NodeRole(settings.role)
        self.store = store
        self.snapshots = snapshots
        self.clock = SystemClock()
        self._rng = random.Random()  # noqa: S311  (jitter of retries, no secret)
        journal = store.journal
        self.notifier = Notifier(journal, self.clock, self._rng, int(settings.callback_give_up_h * HOUR_MS))
        self.receipts = Receipts(store, self.clock, self.notifier, snapshots)
        self.mo = MoPipeline(
            store, self.clock, snapshots, settings.mo_join_timeout_s, settings.mo_duplicate_window_s
        )
        self.outcomes = Outcomes(journal, self.clock, self.receipts, self.mo, self.notifier, self._rng)
        self.queueing = Queueing()
        admission = Admission(int(settings.default_validity_h * HOUR_MS))
        self.pipeline = MtPipeline(snapshots, admission, self.queueing, journal, self.clock)
        self.connectors = RunningConnectors(
            self._make_submitter, snapshots, self.queueing, self.outcomes, journal, self.clock
        )
        self.live: OwnPicture | PictureOfOthers = (
            OwnPicture(self)
            if self.role.carries_traffic
            else PictureOfOthers(store, snapshots, self.clock, self.queueing)
        )
        self.managed_connectors = Connectors(store, self.live.connectors, MonthlyUsage(store, self.clock))
        self.credentials = CredentialChecker()
        self.mailer = SmtpMailer()
        self.system_settings = SystemSettings(store, self.mailer)
        self.people = make_people(settings, store, self.credentials)
        self.pdu_log = FilePduLog(settings.pdu_log_dir, settings.pdu_log_file_max_mb * MEGABYTE)
        self.pdu_logs = PduLogs(settings.pdu_log_dir)
        self.dashboard = Dashboard(store, self.clock)
        self.control = GatewayControl(store, self.clock)
        self.amending = Amending(store, self.clock, snapshots, self.outcomes, self.receipts, self.notifier)
        broadcasting = Broadcasting(store, self.clock, snapshots, self.outcomes)
        self.operations = Operations(self.amending, broadcasting, self.clock)
        self.short_ids = ShortIds(store)
        self.door = EsmeDoor(
            self.pipeline,
            self.operations,
            self.short_ids,
            self.notifier,
            snapshots,
            self.credentials,
            self.clock,
            window=settings.smpp_window,
            pdu_log=self.pdu_log,
        )
        self.esmes = Esmes(store, self.live.esmes)
        self.http_accounts = HttpAccounts(store)
        self.webhooks = WebhookDeliverer(
            concurrency=settings.callback_concurrency,
            allow_private=settings.callback_allow_private,
            is_known=self._has_sender,
        )
        self.notifier.serve(self.door)
        self.notifier.serve(self.webhooks)
        timers = TimerSettings(
            session_init=settings.smpp_session_init_timeout_s,
            enquire_link=settings.smpp_enquire_link_s,
            inactivity=settings.smpp_inactivity_s,
        )
        self.smpp_server = SmppServer(
            settings.smpp_host,
            settings.smpp_port,
            self.door.session,
            timers=timers,
            window_size=settings.esme_deliver_window,
            max_connections=settings.smpp_max_connections,
            version=Version.V50,
            on_handshake_failed=log_failed_handshake,
        )
        self.tls_port = _tls_port(settings, self.smpp_server)
        password = settings.smpp_outbind_password
        self.outbinds = OutbindCaller(
            self.door,
            store.outbox_lanes,
            password=password.get_secret_value() if password is not None else "",
            timers=timers,
            window_size=settings.esme_deliver_window,
        )
        self.figures = GatewayFigures(self)
        self.health = GatewayHealth(self)
        self.panel = make_panel(self) if self.role.serves_panel else None
        self.http_app = create_app(
            HttpServices(
                self.pipeline,
                store,
                snapshots,
                self.credentials,
                self.health,
                self.clock,
                self.figures,
                self.figures.http,
                hash_api_key(settings.api_token.get_secret_value()) if settings.api_token else "",
                amending=self.amending if self.role.carries_traffic else AmendingElsewhere(),
                messages=Messages(store),
                inbound=Inbound(store),
                dashboard=self.dashboard,
                pdu_logs=self.pdu_logs,
                management=Management(
                    http_accounts=self.http_accounts,
                    esmes=self.esmes,
                    connectors=self.managed_connectors,
                    trials=ConnectorTrials(store),
                    routes=Routes(store),
                    live=self.live,
                    refresh=self.refresh_configuration,
                    people=self.people,
                    system_settings=self.system_settings,
                    admin_token=AdminToken(store),
                    gateway_control=self.control,
                ),
            )
        )
        if self.panel is not None:
            self.http_app.mount("/panel", self.panel)
        self.http_server = HttpServer(
            self.http_app,
            settings.http_host,
            settings.http_port,
            trusted_proxies=settings.trusted_proxies,
            websockets=self.panel is not None,
        )
        self._clockwork = Clockwork(
            store, self.clock, self.outcomes, self.notifier, int(settings.orphan_hold_h * HOUR_MS)
        )
        # The newest driver of each connector; its counters outlive it.
        self.submitters: dict[str, SmppSubmitter] = {}
        self.started = False
        self.again = False  # whether the process is to begin anew once it has ended
        self.report = ServiceReport(self)
        self._own_duties = Duties(self)
        self._orders = OrderDesk(self)
        self._end = asyncio.Event()
        self._refreshing = asyncio.Lock()
        self._duties: list[asyncio.Task[None]] = []
        self._failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    @classmethod
    async def open(cls, settings: Settings) -> "Gateway":
        """Creates and migrates the database and reads the configuration; nothing listens yet."""
        await asyncio.to_thread(upgrade_database, settings)
        store = make_store(settings)
        await store.open()
        return cls(settings, store, Snapshots(await store.snapshot()))

    async def start(self) -> None:
        """Opens what the role has: connectors and doors after what the last stop left is recovered.

        Raises `CannotListen` and `TlsUnusable`; call `stop` all the same.
        """
        traffic: list[Coroutine[Any, Any, None]] = []
        if self.role.carries_traffic:
            await self._recover()
            await self.open_smpp()
            if self.tls_port is not None:
                self._take_on(self.tls_port.follow())
        if self.panel is not None:
            await self.panel.start()
            self._take_on(self.panel.run())
        if isinstance(self.live, PictureOfOthers):
            await self.live.look()
            traffic.append(self.live.follow())
        await self.http_server.start()
        duties = self._own_duties
        if self.role.carries_traffic:
            self.notifier.resume(await self.store.outbox_lanes())
            traffic += [
                self.receipts.run(),
                self.mo.run(),
                self.connectors.run(),
                self._clockwork.run(),
                self.outbinds.run(),
                duties.write_connectors(),
                duties.tell_congestion(),
                duties.tidy_pdu_logs(),
            ]
        for duty in (
            *traffic,
            self._follow_configuration(),
            self._orders.run(),
            duties.write_node(),
            duties.measure(),
            duties.keep_people(),
        ):
            self._take_on(duty)
        self.started = True
        _tune_garbage_collection()

    async def _recover(self) -> None:
        recovered = await self.store.recover(self.clock.now_ms())
        if any(recovered.values()):
            log.warning(
                "The gateway stopped with submits under way; their outcomes were settled by policy.",
                action="gateway.recovered",
                **recovered,
            )
        await self.receipts.load_orphans()
        await self.mo.load()
        await self.short_ids.prepare()
        for status in (await self.store.connector_statuses()).values():
            self.connectors.remember(status)

    async def open_smpp(self) -> None:
        """Listens for ESMEs. Raises `CannotListen` and `TlsUnusable`."""
        try:
            await self.smpp_server.start()
        except OSError as error:
            settings = self.settings
            raise CannotListen(settings.smpp_host, settings.smpp_port, "smpp_port", error) from None
        if self.tls_port is not None:
            await self.tls_port.open()

    async def stop(self) -> None:
        """Closes the doors, drains the connectors, makes everything durable."""
        self.started = False
        await self.http_server.stop()
        if self.panel is not None:
            await self.panel.stop()
        await asyncio.gather(self.smpp_server.close(), self.outbinds.close())
        for duty in self._duties:
            duty.cancel()
        await asyncio.gather(*self._duties, return_exceptions=True)
        await self.connectors.stop_all()
        await self.pdu_log.close()
        await self.webhooks.close()
        self.credentials.close()
        if self.role.carries_traffic:
            await self._own_duties.save_connectors(self.connectors.statuses(), self.clock.now_ms())
        with suppress(StorageUnavailable):
            await self.people.key_uses.save()
            await self.store.forget_node(self.settings.process_name)
        await self.store.close()

    async def refresh_configuration(self) -> None:
        """Publishes a new snapshot if the configuration has changed. Raises `StorageUnavailable`."""
        # One at a time: an older picture must not replace a newer one.
        async with self._refreshing:
            if await self.store.revision() != self.snapshots.current.revision:
                self.snapshots.publish(await self.store.snapshot())

    async def run_until(self, stop: asyncio.Event) -> None:
        """Waits for `stop`, or for `end`; raises what broke one of the gateway's own duties."""
        loop = asyncio.get_running_loop()
        waiters: list[asyncio.Future[Any]] = [loop.create_task(each.wait()) for each in (stop, self._end)]
        await asyncio.wait([*waiters, self._failed], return_when=asyncio.FIRST_COMPLETED)
        for waiter in waiters:
            waiter.cancel()
        if self._failed.done():
            self._failed.result()

    def end(self, *, again: bool) -> None:
        """Has `run_until` return; `again`: whoever runs this process begins anew then."""
        self.again = again
        self._end.set()

    def _make_submitter(self, config: ConnectorConfig, listener: SubmitterListener) -> SmppSubmitter:
        submitter = SmppSubmitter(config, listener, self.clock, rng=self._rng, pdu_log=self.pdu_log)
        self.submitters[config.connector_id] = submitter
        return submitter

    def _has_sender(self, lane: str) -> bool:
        return self.snapshots.current.has_sender(lane)

    def _take_on(self, duty: Coroutine[Any, Any, None]) -> None:
        """Runs a duty for as long as the gateway runs; its failure is the gateway's."""
        task = asyncio.get_running_loop().create_task(duty)
        task.add_done_callback(self._duty_ended)
        self._duties.append(task)

    def _duty_ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and not self._failed.done():
            self._failed.set_exception(task.exception() or RuntimeError("a duty of the gateway ended"))

    async def _follow_configuration(self) -> None:
        """Takes up what other processes change."""
        while True:
            await asyncio.sleep(self.FOLLOW_S)
            try:
                await self.refresh_configuration()
            except StorageUnavailable:
                log.warning("The configuration cannot be read now.", action="configuration.unreadable")


def _tls_port(settings: Settings, server: SmppServer) -> TlsPort | None:
    certificate, key = settings.smpp_tls_cert, settings.smpp_tls_key
    if not settings.smpp_tls_port or certificate is None or key is None:
        return None
    files = TlsFiles(certificate, key, settings.smpp_tls_client_ca)
    return TlsPort(server, settings.smpp_tls_host, settings.smpp_tls_port, files)


def _tune_garbage_collection() -> None:
    """Keeps the collector from looking at every message again and again while it is under way.

    What exists at the start lives as long as the process. A message and its segments refer to each other, so
    they are freed by the collector alone; with Python's defaults that costs a third of the event loop's time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(GC_ALLOCATIONS, 1, 1)
