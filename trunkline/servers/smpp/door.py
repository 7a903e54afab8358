"""Who may bind, which sessions are there, and how receipts reach them."""

import asyncio
from collections.abc import Callable
from ipaddress import IPv6Address, ip_address
from typing import Protocol

import structlog

from trunkline.model.message import Notification
from trunkline.model.pdu_log import PduLog
from trunkline.model.ports import Clock, DeliveryResult
from trunkline.model.snapshot import Esme, ReceiptFormat, Snapshot
from trunkline.pipeline.mt import MtPipeline
from trunkline.pipeline.notification import Notifier
from trunkline.pipeline.short_ids import ShortIds
from trunkline.pipeline.snapshots import Snapshots
from trunkline.servers.smpp.operations import Operations
from trunkline.servers.smpp.receipts import receipt_pdu
from trunkline.servers.smpp.session import EsmeSession
from trunkline.smpp.asyncio.connection import SmppConnection
from trunkline.smpp.constants import CommandStatus, Version
from trunkline.smpp.pdus import Bind

log = structlog.get_logger()

_GIVEN_UP_AT_ONCE = 100  # receipts of an ESME that was deleted
_SURELY_DELETED_MS = 10_000  # a younger receipt may be for an ESME that this process has not heard of yet


class PasswordChecker(Protocol):
    """See `services.credentials.CredentialChecker`."""

    async def verify(self, username: str, password: str, stored_hash: str | None, address: str) -> bool: ...

    def locked(self, username: str, address: str) -> bool: ...


class EsmeDoor:
    """The sessions of all ESMEs; also the deliverer of the ``esme:`` lanes."""

    def __init__(
        self,
        pipeline: MtPipeline,
        operations: Operations,
        short_ids: ShortIds,
        notifier: Notifier,
        snapshots: Snapshots,
        passwords: PasswordChecker,
        clock: Clock,
        *,
        window: int = 1000,
        system_id: str = "trunkline",
        pdu_log: PduLog | None = None,
    ) -> None:
        """`window`: submits of one session that may wait for the store; above, its socket is not read."""
        self.pipeline = pipeline
        self.operations = operations
        self.short_ids = short_ids
        self.congestion = 0  # congestion_state, see `tell_congestion`
        self.notifier = notifier
        self.snapshots = snapshots
        self.clock = clock
        self.window = window
        self.system_id = system_id
        self.pdu_log = pdu_log
        self._passwords = passwords
        self._sessions: dict[str, list[EsmeSession]] = {}
        self.binds_refused = 0
        self.draining = False
        snapshots.subscribe(self._changed)

    def session(self, connection: SmppConnection) -> EsmeSession:
        """The handler for a new connection."""
        return EsmeSession(self, connection)

    @property
    def sessions(self) -> list[EsmeSession]:
        """All bound sessions."""
        return [session for sessions in self._sessions.values() for session in sessions]

    def drain(self) -> None:
        """Refuses binds from now on, and unbinds who is bound; what was submitted is still answered."""
        self.draining = True
        for session in self.sessions:
            session.unbind()

    def resume(self) -> None:
        """Lets ESMEs bind again."""
        self.draining = False

    def receives(self, system_id: str) -> bool:
        """Whether an ESME has a session that takes receipts."""
        return any(session.receives for session in self._sessions.get(system_id, ()))

    def tell_congestion(self, state: int) -> None:
        """What sessions of SMPP 5.0 tell their ESMEs from now on: 0 for idle to 100 for no more, please."""
        if state == self.congestion:
            return
        self.congestion = state
        for session in self.sessions:
            if session.connection.session.version is Version.V50:
                session.connection.session.congestion_state = state

    async def admit(self, pdu: Bind, host: str) -> tuple[Esme | None, int, str]:
        """Who may bind; for a bind that is refused None, the status and the reason for the log."""
        if self.draining:
            status, why = int(CommandStatus.ESME_RSYSERR), "the SMPP server is being drained"
        elif self._passwords.locked(pdu.system_id, host):
            status, why = int(CommandStatus.ESME_RBINDFAIL), "too many failed binds; wait before the next"
        else:
            esme = self.snapshots.current.esmes.get(pdu.system_id)
            stored_hash = esme.password_hash if esme is not None else None
            known = await self._passwords.verify(pdu.system_id, pdu.password, stored_hash, host)
            # That took a while: what counts is the configuration of now.
            esme = self.snapshots.current.esmes.get(pdu.system_id)
            if known and esme is not None and esme.password_hash == stored_hash:
                status, why = self._check(esme, host)
                if not status:
                    return esme, 0, ""
            else:
                status, why = int(CommandStatus.ESME_RINVPASWD), "wrong system_id or password"
        self.binds_refused += 1
        return None, status, why

    def _check(self, esme: Esme, host: str) -> tuple[int, str]:
        """Whether an ESME that gave the right password may bind now; `(0, "")` when it may."""
        if not _is_allowed(esme, host):
            return int(CommandStatus.ESME_RBINDFAIL), f"{host} is not in the allowed addresses"
        if not (esme.sender.enabled and esme.sender.account.enabled):
            return int(CommandStatus.ESME_RBINDFAIL), "the account is disabled"
        if sum(not each.leaving for each in self._sessions.get(esme.system_id, ())) >= esme.max_binds:
            return int(CommandStatus.ESME_RALYBND), f"{esme.max_binds} binds are open already"
        return 0, ""

    def joined(self, session: EsmeSession) -> None:
        """A session is bound: what waited for it goes out."""
        self._sessions.setdefault(session.system_id, []).append(session)
        log.info(
            "An ESME has bound.",
            action="esme.bound",
            system_id=session.system_id,
            peer=session.connection.peer[0],
            receives=session.receives,
            tls=session.connection.tls,
        )
        if session.receives:
            self.notifier.wake(f"esme:{session.system_id}")

    def left(self, session: EsmeSession, reason: str) -> None:
        """A bound session's connection is gone."""
        sessions = self._sessions.get(session.system_id, [])
        if session in sessions:
            sessions.remove(session)
        log.info("An ESME has left.", action="esme.left", system_id=session.system_id, reason=reason)

    # --- Deliverer of the esme lanes ---

    def serves(self, lane: str) -> bool:
        return lane.startswith("esme:")

    def room(self, lane: str) -> int:
        for session in self._sessions.get(lane[5:], ()):
            room = session.room
            if room > 0:
                return room
        return 0 if lane[5:] in self.snapshots.current.esmes else _GIVEN_UP_AT_ONCE

    def deliver(self, notification: Notification, finished: Callable[[DeliveryResult], None]) -> None:
        system_id = notification.lane[5:]
        sessions = self._sessions.get(system_id, [])
        for at, session in enumerate(sessions):
            if session.room > 0:
                esme = self.snapshots.current.esmes.get(system_id)
                form = esme.receipt_format if esme is not None else ReceiptFormat.STANDARD
                session.deliver(receipt_pdu(notification.payload, form), finished)
                # The sessions take turns.
                sessions.append(sessions.pop(at))
                return
        if system_id in self.snapshots.current.esmes:
            result = DeliveryResult(False, "no session has room", gone=True)
        else:
            age_ms = self.clock.now_ms() - notification.created_at
            result = DeliveryResult(False, "there is no such ESME", permanent=age_ms >= _SURELY_DELETED_MS)
        asyncio.get_running_loop().call_soon(finished, result)

    def _changed(self, snapshot: Snapshot) -> None:
        """Unbinds sessions whose ESME was disabled or deleted, or has other terms than when they bound.

        The others follow the switch of their PDU log.
        """
        for session in self.sessions:
            now = snapshot.esmes.get(session.system_id)
            if (
                now is None
                or not (now.sender.enabled and now.sender.account.enabled)
                or now.terms != session.terms
            ):
                session.unbind()
            elif now.pdu_log != session.logs_pdus:
                session.log_pdus(now)


def _is_allowed(esme: Esme, host: str) -> bool:
    if not esme.allowed_networks:
        return True
    address = ip_address(host)
    if isinstance(address, IPv6Address):  # an IPv4 peer on a socket that takes both
        address = address.ipv4_mapped or address
    return any(address in network for network in esme.allowed_networks)
