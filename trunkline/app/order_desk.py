"""Carries out what gateway control tells the services of this process."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

import structlog

from trunkline.model.gateway_control import Control, Order, Service
from trunkline.model.ports import StorageUnavailable
from trunkline.servers.listening import CannotListen
from trunkline.servers.smpp.tls import TlsUnusable

if TYPE_CHECKING:
    from trunkline.app.gateway import Gateway

log = structlog.get_logger()

LATE = "it was meant for the process before this one"


class OrderDesk:
    """Looks for orders to this process, and does one after the other."""

    LOOK_S = 0.5

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._node = gateway.settings.process_name
        self._do: dict[tuple[Service, Control], Callable[[], Awaitable[None]]] = {
            (Service.SMPP_SERVER, Control.DRAIN): self._drain_smpp,
            (Service.SMPP_SERVER, Control.RESUME): self._resume_smpp,
            (Service.SMPP_SERVER, Control.RESTART): self._restart_smpp,
            (Service.SMPP_TLS, Control.RELOAD): self._reload_tls,
            (Service.HTTP_SERVER, Control.DRAIN): self._drain_http,
            (Service.HTTP_SERVER, Control.RESUME): self._resume_http,
            (Service.PANEL, Control.SIGN_OUT): self._sign_out,
            (Service.CONNECTORS, Control.RESTART): self._restart_connectors,
        }

    async def run(self) -> None:
        """Until cancelled. What was ordered before this process began is void: nothing is stopped twice."""
        clean = False
        while True:
            try:
                if not clean:
                    await self._gateway.store.void_orders(self._node, LATE)
                    clean = True
                for order in await self._gateway.store.waiting_orders(self._node):
                    await self._carry_out(order)
            except StorageUnavailable:
                log.warning("Orders to this process cannot be read now.", action="orders.unreadable")
            await asyncio.sleep(self.LOOK_S)

    async def _carry_out(self, order: Order) -> None:
        log.info(
            "A service was given an order.",
            action="gateway.ordered",
            service=order.service.value,
            control=order.control.value,
            actor=order.actor,
        )
        failure = ""
        if order.service is not Service.PROCESS:
            try:
                await self._do[order.service, order.control]()
            except (CannotListen, TlsUnusable) as error:
                failure = str(error)
                log.warning("An order could not be carried out.", action="gateway.not_done", reason=failure)
        # The process is asked to end only after that is written: an order is never found a second time.
        await self._gateway.store.finish_order(order.id, failure)
        if order.service is Service.PROCESS:
            self._gateway.end(again=order.control is Control.RESTART)

    async def _drain_smpp(self) -> None:
        self._gateway.door.drain()

    async def _resume_smpp(self) -> None:
        self._gateway.door.resume()

    async def _restart_smpp(self) -> None:
        gateway = self._gateway
        await gateway.smpp_server.close()
        gateway.door.resume()
        await gateway.open_smpp()
        gateway.report.began(Service.SMPP_SERVER)
        gateway.report.began(Service.SMPP_TLS)

    async def _reload_tls(self) -> None:
        if self._gateway.tls_port is not None:
            await self._gateway.tls_port.reload()

    async def _drain_http(self) -> None:
        self._gateway.http_app.draining = True

    async def _resume_http(self) -> None:
        self._gateway.http_app.draining = False

    async def _sign_out(self) -> None:
        await self._gateway.store.end_all_sessions()

    async def _restart_connectors(self) -> None:
        await self._gateway.connectors.restart()
        self._gateway.report.began(Service.CONNECTORS)
