"""The demo: an account with credits, its credentials, and the bundled simulator as an upstream."""

import json
import os
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Any

from trunkline.model.administration import Administration
from trunkline.model.errors import AlreadyExists
from trunkline.model.identity import GATEWAY
from trunkline.model.money import MICROS
from trunkline.model.people import Paging
from trunkline.services.accounts import generate_password
from trunkline.services.admin_token import AdminToken
from trunkline.services.connectors import Connectors
from trunkline.services.credentials import new_admin_token, new_api_key
from trunkline.services.enterprise_users import EnterpriseUsers
from trunkline.services.esmes import GENERATED_LENGTH, Esmes
from trunkline.services.http_accounts import HttpAccounts
from trunkline.services.logins import Logins
from trunkline.services.routes import Routes

ACCOUNT = "demo"
CONNECTOR = "simulator"
CREDITS = 100_000 * MICROS


class Demo:
    """Creates what the demo needs, once; later starts find it again.

    The generated passwords exist in clear text only in ``demo.json`` (mode 0600) of the data directory.
    """

    def __init__(self, administration: Administration, data_dir: Path) -> None:
        self._administration = administration
        self._users = EnterpriseUsers(administration)
        self._esmes = Esmes(administration)
        self._http_accounts = HttpAccounts(administration)
        self._admin_token = AdminToken(administration)
        self._logins = Logins(administration)
        self._connectors = Connectors(administration)
        self._routes = Routes(administration)
        self._path = data_dir / "demo.json"

    async def prepare(self, simulator_port: int, admin_password: str | None) -> dict[str, Any]:
        """Makes sure that the demo exists; returns its credentials as they stand in ``demo.json``.

        The file is written before the accounts are created, so that a start that was cut short is completed
        by the next one with the same passwords.
        """
        credentials = self._read()
        if credentials is None:
            credentials = await self._invent()
        first_token = "api_token" not in credentials
        if first_token:
            credentials["api_token"] = new_admin_token()
        if admin_password:
            credentials["admin"]["password"] = admin_password
        self._write(credentials)
        await self._create_accounts(credentials)
        # A token that was made or revoked since then by command stays so.
        await self._admin_token.adopt(GATEWAY, credentials["api_token"], replace=first_token)
        await self._attach_simulator(simulator_port)
        return credentials

    def publish(self, credentials: dict[str, Any], http_url: str, smpp_host: str, smpp_port: int) -> Path:
        """Completes ``demo.json`` with the addresses that the doors really listen on; returns its path."""
        credentials["http"] = http_url
        credentials["smpp"] |= {"host": smpp_host, "port": smpp_port}
        self._write(credentials)
        return self._path

    async def _invent(self) -> dict[str, Any]:
        """New credentials; names that are taken in the database get a number."""
        system_id, username = await self._free_names()
        return {
            "http": "",
            "smpp": {
                "host": "",
                "port": 0,
                "system_id": system_id,
                "password": generate_password(GENERATED_LENGTH),
            },
            "http_account": {
                "username": username,
                "password": generate_password(20),
                "api_key": new_api_key(),
            },
            "admin": {"username": "admin", "password": generate_password(20)},
        }

    async def _free_names(self) -> tuple[str, str]:
        taken = await self._administration.credential_names()
        for number in count(1):
            name = ACCOUNT if number == 1 else f"{ACCOUNT}{number}"
            if name not in taken:
                return name, name
        raise AssertionError("count() does not end")

    async def _create_accounts(self, credentials: dict[str, Any]) -> None:
        with suppress(AlreadyExists):
            await self._users.create(GATEWAY, ACCOUNT, balance=CREDITS, default_sender="Trunkline")
        smpp, http, admin = credentials["smpp"], credentials["http_account"], credentials["admin"]
        with suppress(AlreadyExists):
            await self._esmes.create(GATEWAY, ACCOUNT, smpp["system_id"], password=smpp["password"])
        with suppress(AlreadyExists):
            await self._http_accounts.create(
                GATEWAY,
                ACCOUNT,
                http["username"],
                password=http["password"],
                api_key=http["api_key"],
                throughput=0,
                description="The demo's HTTP API account",
            )
        await self._logins.ensure_super_admin(admin["username"], admin["password"])

    async def _attach_simulator(self, port: int) -> None:
        fields: dict[str, Any] = {"host": "127.0.0.1", "port": port}
        try:
            await self._connectors.create(
                GATEWAY,
                connector_id=CONNECTOR,
                system_id="trunkline",
                password="demo",  # noqa: S106  (the simulator takes any)
                window=100,
                **fields,
            )
        except AlreadyExists:
            await self._connectors.change(GATEWAY, CONNECTOR, **fields)
        if not (await self._routes.list(GATEWAY, page=Paging(1))).items:
            await self._routes.create(GATEWAY, "everything to the simulator", (CONNECTOR,))

    def _read(self) -> dict[str, Any] | None:
        try:
            content: dict[str, Any] = json.loads(self._path.read_text())
        except FileNotFoundError:
            return None
        return content

    def _write(self, content: dict[str, Any]) -> None:
        scratch = self._path.with_suffix(".tmp")
        scratch.unlink(missing_ok=True)
        descriptor = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            json.dump(content, file, indent=2)
            file.write("\n")
        scratch.replace(self._path)
