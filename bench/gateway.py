"""The gateway under test: a throw-away set-up, and `trunkline serve` on it."""

import asyncio
import http.client
import os
import secrets
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import asyncpg
from prometheus_client.parser import text_string_to_metric_families

from bench.certificates import Certificates
from bench.processes import HOST, BenchError, Process, free_ports, wait_until
from trunkline.app import open_administration, upgrade_database
from trunkline.config import ConfigError, Settings
from trunkline.model.identity import COMMAND_LINE, Role

ACCOUNT: Final = "bench"
SYSTEM_ID: Final = "bench"
PASSWORD: Final = "bench"
ADMINISTRATOR: Final = "bench-administrator"
ADMINISTRATOR_PASSWORD: Final = "clicks in the panel"
API_KEY: Final = "tk_bench_key_bench_key_bench_key_bench_key"
CALLBACK_API_KEY: Final = "tk_bench_callback_key_bench_callback_key_be"
CREDITS: Final = 10**13
"""Micro-credits: enough for ten million segments at one credit each."""

BINDS_PER_ESME: Final = 20
"""Binds that each of the further ESMEs may have."""

SETTING_PREFIX: Final = "TRUNKLINE_"


@dataclass(frozen=True, slots=True)
class GatewaySetup:
    """What a gateway is to be: its way to the SMSC, its callback URL, its database and further settings.

    It has a connector and a route for each of `prefixes`, and ESMEs of the names in `system_ids` beside the
    one that sends. With `tls` it speaks TLS on both sides, with `pdu_log` it logs the PDUs of both.
    `database_url` is a server to make a throw-away
    database on; None takes the default, SQLite. `settings` are names and values as TRUNKLINE_* variables take
    them.
    """

    smsc_port: int
    callback_url: str
    trx_binds: int = 4
    window: int = 100
    prefixes: tuple[str, ...] = ("",)
    system_ids: tuple[str, ...] = ()
    tls: Certificates | None = None
    pdu_log: bool = False
    database_url: str | None = None
    settings: tuple[tuple[str, str], ...] = ()


class Gateway(Process):
    """A running gateway. `smpp_port` is where ESMEs bind: the TLS port where it has one."""

    def __init__(self, command: list[str], folder: Path, http_port: int, smpp_port: int) -> None:
        super().__init__("the gateway", command, folder / "gateway.log", cwd=folder)
        self.smpp_port = smpp_port
        self._http_port = http_port

    @property
    def url(self) -> str:
        """Where its HTTP API is."""
        return f"http://{HOST}:{self._http_port}"

    def is_ready(self) -> bool:
        """Whether /health/ready says so. Raises OSError while nobody listens."""
        connection = http.client.HTTPConnection(HOST, self._http_port, timeout=5)
        try:
            connection.request("GET", "/health/ready")
            return connection.getresponse().status == 200
        except http.client.HTTPException:
            return False
        finally:
            connection.close()

    def metric(self, name: str) -> dict[str, float]:
        """The values of a metric by its first label. Raises OSError."""
        with urllib.request.urlopen(f"{self.url}/metrics", timeout=10) as answer:
            families = text_string_to_metric_families(answer.read().decode())
        return {
            next(iter(sample.labels.values()), ""): sample.value
            for family in families
            for sample in family.samples
            if sample.name == name
        }

    def stop_cleanly(self) -> None:
        """SIGTERM, and wait; raises BenchError when it fails to end cleanly."""
        self.check()
        code = self.stop()
        if code is None:
            raise BenchError("the gateway did not stop on SIGTERM and was killed")
        if code:
            raise BenchError(f"the gateway stopped with exit code {code}:\n{self.last_words()}")


@contextmanager
def running_gateway(setup: GatewaySetup, folder: Path) -> Iterator[Gateway]:
    """Sets a gateway up in the empty directory `folder` and runs it until the block ends.

    Raises BenchError when it does not get ready, or does not stop cleanly after a block without errors.
    """
    with _throw_away_database(setup.database_url) as database_url:
        http_port, smpp_port, tls_port = free_ports(3)
        config = folder / "trunkline.toml"
        lines = [f'data_dir = "{folder}"', f"http_port = {http_port}", f"smpp_port = {smpp_port}"]
        if database_url:
            lines.append(f'database_url = "{database_url}"')
        if setup.tls is not None:
            lines += [
                f"smpp_tls_port = {tls_port}",
                f'smpp_tls_cert = "{setup.tls.certificate}"',
                f'smpp_tls_key = "{setup.tls.key}"',
            ]
        # Callbacks go to this very host.
        lines.append("callback_allow_private = true")
        config.write_text("\n".join(lines) + "\n")
        for name in [name for name in os.environ if name.upper().startswith(SETTING_PREFIX)]:
            del os.environ[name]  # only what is measured on purpose: not what the shell happens to set
        os.environ.update({SETTING_PREFIX + name.upper(): value for name, value in setup.settings})
        try:
            settings = Settings.load(config)
        except ConfigError as error:
            raise BenchError(str(error)) from None
        upgrade_database(settings)
        asyncio.run(_prepare(settings, setup))
        gateway = Gateway(
            [sys.executable, "-m", "trunkline", "serve"],
            folder,
            http_port,
            smpp_port if setup.tls is None else tls_port,
        )
        with gateway:
            wait_until("the gateway gets ready", gateway.is_ready, gateway)
            yield gateway
            gateway.stop_cleanly()


async def _prepare(settings: Settings, setup: GatewaySetup) -> None:
    """One account with plenty of credits, its ESMEs, two HTTP accounts, the connectors, a route to each.

    And somebody who may open every page of the panel.
    """
    async with open_administration(settings) as administration:
        await administration.people.logins.create(
            COMMAND_LINE, ADMINISTRATOR, role=Role.SUPER_ADMIN, password=ADMINISTRATOR_PASSWORD
        )
        await administration.people.enterprise_users.create(COMMAND_LINE, ACCOUNT, balance=CREDITS)
        await administration.esmes.create(
            COMMAND_LINE,
            ACCOUNT,
            SYSTEM_ID,
            password=PASSWORD,
            max_binds=20,
            window=500,
            pdu_log=setup.pdu_log,
        )
        for system_id in setup.system_ids:
            await administration.esmes.create(
                COMMAND_LINE, ACCOUNT, system_id, password=PASSWORD, max_binds=BINDS_PER_ESME
            )
        for username, key, callback_url in (
            ("bench", API_KEY, None),
            ("bench-callback", CALLBACK_API_KEY, setup.callback_url),
        ):
            await administration.http_accounts.create(
                COMMAND_LINE, ACCOUNT, username, api_key=key, throughput=0, dlr_url=callback_url
            )
        for number, prefix in enumerate(setup.prefixes):
            await administration.connectors.create(
                COMMAND_LINE,
                connector_id=f"smsc-{number}",
                host=HOST,
                port=setup.smsc_port,
                system_id=f"gateway-{number}",  # an SMSC sends receipts to any bind of the same name
                password="gateway",
                trx_binds=setup.trx_binds,
                window=setup.window,
                tls=setup.tls is not None,
                pdu_log=setup.pdu_log,
                tls_ca=setup.tls.authority.read_text() if setup.tls is not None else "",
            )
            await administration.routes.create(
                COMMAND_LINE, f"route {number}", (f"smsc-{number}",), prefix=prefix
            )


@contextmanager
def _throw_away_database(server_url: str | None) -> Iterator[str | None]:
    """A new database on the PostgreSQL server of `server_url`, dropped at the end; None for none.

    Raises BenchError when the server cannot be reached or does not allow it.
    """
    if server_url is None:
        yield None
        return
    name = f"trunkline_bench_{secrets.token_hex(6)}"
    asyncio.run(_execute(server_url, f'CREATE DATABASE "{name}" TEMPLATE template0'))
    try:
        address, _, query = server_url.partition("?")
        yield f"{address.rpartition('/')[0]}/{name}" + (f"?{query}" if query else "")
    finally:
        asyncio.run(_execute(server_url, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))


async def _execute(url: str, statement: str) -> None:
    try:
        connection = await asyncpg.connect(url, timeout=10)
        try:
            await connection.execute(statement)
        finally:
            await connection.close()
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise BenchError(f"PostgreSQL: {error}") from None
