"""`trunkline serve`: runs a gateway in the foreground until it is told to stop."""

import asyncio
import contextlib
import ctypes
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import structlog
import uvloop

from trunkline import logs
from trunkline.app.gateway import Gateway
from trunkline.config import Settings, unknown_variables
from trunkline.servers.listening import CannotListen
from trunkline.servers.smpp.tls import TlsUnusable
from trunkline.services.demo import Demo
from trunkline.simulator.scenario import Scenario
from trunkline.simulator.smsc import SmscSimulator

log = structlog.get_logger()

# The writer's thread gets its turn after this many seconds at most; Python's default of 5 ms would hold up
# every commit while the event loop is busy.
SWITCH_INTERVAL_S = 0.0005
SIMULATOR_HOST = "127.0.0.1"
M_ARENA_MAX = -8  # malloc.h


def run_gateway(settings: Settings, *, demo: bool) -> int:
    """Runs until SIGINT or SIGTERM; returns the process's exit code."""
    logs.configure(settings.log_level, settings.log_format)
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    _share_one_heap()
    for name in unknown_variables():
        log.warning("This variable is no setting; is it misspelt?", action="settings.unknown", variable=name)
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            again = runner.run(_run_demo(settings) if demo else _run(settings))
    except (CannotListen, TlsUnusable) as error:
        print(f"trunkline: {error}", file=sys.stderr)
        return 1
    if again:
        _begin_anew()
    return 0


def _begin_anew() -> None:
    """Puts this program, as it is on disk now, in the process's place: same arguments, environment and id."""
    sys.stdout.flush()
    sys.stderr.flush()
    os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606  (our own command line)


async def _run(settings: Settings) -> bool:
    gateway = await Gateway.open(settings)
    return await _serve(gateway, lambda: _banner(gateway))


async def _run_demo(settings: Settings) -> bool:
    settings = settings.model_copy(update={"callback_allow_private": True})
    simulator = SmscSimulator(SIMULATOR_HOST, settings.simulator_port, Scenario(receipt_delay_ms=500))
    try:
        await simulator.start()
    except OSError as error:
        raise CannotListen(SIMULATOR_HOST, settings.simulator_port, "simulator_port", error) from None
    try:
        gateway = await Gateway.open(settings)
        demo = Demo(gateway.store, settings.data_dir)
        password = settings.admin_password.get_secret_value() if settings.admin_password else None
        credentials = await demo.prepare(simulator.port, password)
        gateway.snapshots.publish(await gateway.store.snapshot())

        def banner() -> str:
            host, port = _reachable(settings.smpp_host), gateway.smpp_server.port
            path = demo.publish(credentials, _url(gateway), host, port)
            return _demo_banner(gateway, simulator, credentials, path)

        return await _serve(gateway, banner)
    finally:
        await simulator.stop()


async def _serve(gateway: Gateway, banner: Callable[[], str]) -> bool:
    """From the start to the clean stop; whether somebody wants it to begin anew."""
    stop = _told_to_stop()
    try:
        await gateway.start()
        _say(banner())
        await gateway.run_until(stop)
        _say("Stopping: closing the doors, draining the connectors ...")
    finally:
        await gateway.stop()
    _say("Beginning anew ..." if gateway.again else "Stopped.")
    return gateway.again


def _banner(gateway: Gateway) -> str:
    settings, tls = gateway.settings, gateway.tls_port
    smpp = f"  SMPP server  {settings.smpp_host}:{gateway.smpp_server.port}" + (
        f", with TLS {settings.smpp_tls_host}:{tls.port}\n" if tls else "\n"
    )
    return (
        "Trunkline is running.\n\n"
        + (f"  Panel        {_url(gateway)}/panel\n" if gateway.panel else "")
        + f"  HTTP API     {_url(gateway)}\n"
        + (smpp if gateway.role.carries_traffic else "")
        + f"  Data         {settings.data_dir.resolve()}\n\n"
        "Press Ctrl-C to stop."
    )


def _demo_banner(gateway: Gateway, simulator: SmscSimulator, credentials: dict[str, Any], path: Path) -> str:
    url, smpp = _url(gateway), credentials["smpp"]
    key = credentials["http_account"]["api_key"]
    user = credentials["admin"]["username"]
    panel = (
        f"  Panel           {url}/panel   (user {user}, password in the file below)\n"
        if gateway.panel
        else ""
    )
    return (
        "Trunkline is running, in demo mode.\n\n"
        + panel
        + f"  HTTP API        {url}   (its documentation: {url}/docs)\n"
        f"  SMPP server     {smpp['host']}:{smpp['port']}, system_id {smpp['system_id']}\n"
        f'  SMSC simulator  {SIMULATOR_HOST}:{simulator.port}, attached as connector "simulator"\n'
        f"  Data            {gateway.settings.data_dir.resolve()}\n"
        f"  Passwords       {path.resolve()}\n\n"
        "Send a first message (paste this into another terminal):\n\n"
        f"  curl -X POST {url}/api/v1/http-send \\\n"
        f"    -H 'X-API-Key: {key}' -H 'Content-Type: application/json' \\\n"
        '    -d \'{"to": "971501234567", "content": "Hello from Trunkline"}\'\n\n'
        'It answers {"ok":true,"message_id":"..."}; half a second later the simulator sends the receipt.\n'
        "See what became of the message:\n\n"
        f"  curl -H 'X-API-Key: {key}' {url}/api/v1/messages/MESSAGE_ID\n\n"
        "Press Ctrl-C to stop; the data stays for the next start."
    )


def _share_one_heap() -> None:
    """Has glibc serve all threads from one heap.

    Batches are made in one thread and written in another; with a heap for each, what one frees the other
    cannot use, and the process grows by some 20 MB. Other C libraries have no such setting.
    """
    if sys.platform == "linux":
        mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
        if mallopt is not None:
            mallopt(M_ARENA_MAX, 1)


def _told_to_stop() -> asyncio.Event:
    """Set by SIGINT and SIGTERM."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    return stop


def _reachable(host: str) -> str:
    """An address to connect to for a server that listens on several, or on all of them."""
    first = host.split(",", maxsplit=1)[0].strip()
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(first, first)


def _url(gateway: Gateway) -> str:
    host = _reachable(gateway.settings.http_host)
    return f"http://{f'[{host}]' if ':' in host else host}:{gateway.http_server.port}"


def _say(text: str) -> None:
    """Speaks to the person at the terminal, who may have gone."""
    with contextlib.suppress(BrokenPipeError):
        print(text, flush=True)
