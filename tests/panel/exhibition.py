"""A gateway with a week behind it, for pictures: companies, connectors, a history, traffic that goes on."""

import json
import math
import random
import sqlite3
import time
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.scenario.harness import Gateway, eventually, http

DAYS = 7
HOUR_MS = 3_600_000
PER_HOUR = 90  # messages at noon
PASSWORD = "correct horse battery"
TENANT = "northwind"
EVERYTHING = ["view_logs", "send_sms", "manage_api_keys", "view_inbox", "view_billing", "view_reports"]


@dataclass(frozen=True)
class Company:
    """An enterprise user, and what it sends."""

    name: str
    company: str
    sender: str
    share: int
    texts: tuple[str, ...]


COMPANIES = (
    Company(
        "northwind",
        "Northwind Logistics",
        "Northwind",
        5,
        ("Your parcel {n} arrives today between 14:00 and 16:00.", "Parcel {n} is at the pick-up point."),
    ),
    Company(
        "harbourbank",
        "Harbour Bank",
        "HarbourBnk",
        8,
        ("{n} is your code. We never ask for it by telephone.", "Card *{n}: 84.20 EUR at Green Market."),
    ),
    Company("clinic", "City Clinic", "CityClinic", 3, ("Your appointment {n} is tomorrow at 09:30.",)),
    Company("souq", "Al Souq Online", "AlSouq", 4, ("تم شحن طلبك رقم {n}",)),
)
CONNECTORS = {"orange-trx": "97150", "etisalat-1": "97155", "du-bulk": "97158"}
"""And the numbers that are routed to them."""

ROUTES: tuple[dict[str, Any], ...] = (
    {
        "name": "Bank codes",
        "account": "harbourbank",
        "connectors": ["orange-trx", "etisalat-1"],
        "rate": "0.062",
    },
    *(
        {"name": f"To {name}", "prefix": prefix, "connectors": [name], "rate": "0.045"}
        for name, prefix in CONNECTORS.items()
    ),
    {"name": "Saudi Arabia", "prefix": "966", "connectors": ["etisalat-1"], "rate": "0.058"},
    {"name": "Night trial", "prefix": "97", "connectors": ["du-bulk"], "rate": "0.02", "enabled": False},
)
_FAILURES = {"orange-trx": 0.02, "etisalat-1": 0.04, "du-bulk": 0.11}
_ERRORS = ("UNDELIV err 011", "UNDELIV err 027", "EXPIRED err 108")


async def open_exhibition(gateway: Gateway, ports: dict[str, int]) -> dict[str, Any]:
    """Starts it, in demo mode, with a connector to each of these simulated SMSCs; returns the demo's keys."""
    await gateway.start("--demo")
    demo: dict[str, Any] = json.loads((gateway.settings.data_dir / "demo.json").read_text())
    made = _Maker(gateway.http_port, demo["api_token"])
    await made.make("/api/v1/permission-groups", name="Standard", permissions=EVERYTHING)
    await made.make(
        "/api/v1/permission-groups",
        name="Reading",
        description="Looks at its own messages, sends none",
        permissions=["view_logs", "view_reports"],
    )
    await made.make("/api/v1/groups", name="retail", description="Shops and deliveries")
    for number, each in enumerate(COMPANIES):
        await made.make(
            "/api/v1/accounts",
            name=each.name,
            company=each.company,
            permission_group="Standard",
            default_sender=each.sender,
            credits=str(25_000 * (number + 1)),
            throughput=50,
            username=each.name,
            password=PASSWORD,
        )
        await made.make("/api/v1/api-keys", name="Production", owner=each.name)
    for name, port in ports.items():
        await made.make(
            "/api/v1/connectors",
            connector_id=name,
            provider=name.partition("-")[0].title(),
            host="127.0.0.1",
            port=port,
            system_id="trunkline",
            password="demo",
            trx_binds=2,
            window=50,
            throughput=200,
            pdu_log=True,
        )
    for position, route in enumerate(ROUTES, 1):
        await made.make("/api/v1/routes", position=position, **route)
    for each in COMPANIES[:2]:
        await made.make("/api/v1/esmes", account=each.name, system_id=f"{each.name}_app")
        await made.make("/api/v1/http-accounts", account=each.name, username=f"{each.name}_api")
    await eventually(lambda: made.bound(len(ports)), "the connectors are bound")
    tell_history(gateway.database)
    return demo


class _Maker:
    """Whoever sets it up, through the REST API."""

    def __init__(self, port: int, token: str) -> None:
        self._port = port
        self._headers = {"X-API-Key": token}

    async def make(self, path: str, **body: Any) -> None:
        answer = await http(self._port, "POST", path, body, self._headers)
        assert answer.status == 200, (path, answer.body)

    async def bound(self, connectors: int) -> bool:
        answer = await http(self._port, "GET", "/api/gateways", headers=self._headers)
        links = [link for found in answer.json()["connections"].values() for link in found]
        return sum(link["status"].startswith("BOUND_") for link in links) >= 2 * connectors


def tell_history(database: Path) -> None:
    """Puts a week of messages into the database of a gateway, as if it had carried them."""
    rng = random.Random(7)
    connection = sqlite3.connect(database, timeout=60)
    try:
        accounts = dict(connection.execute("SELECT name, id FROM account"))
        now = time.time_ns() // 1_000_000
        for hour in range(DAYS * 24, 0, -1):
            start = now - hour * HOUR_MS
            daylight = 0.55 + 0.45 * math.sin((start // HOUR_MS % 24 - 8) / 24 * 2 * math.pi)
            for _ in range(int(PER_HOUR * daylight * rng.uniform(0.8, 1.2))):
                _add_message(connection, rng, accounts, start + rng.randrange(HOUR_MS - 60_000))
        connection.commit()
    finally:
        connection.close()


def _add_message(
    connection: sqlite3.Connection, rng: random.Random, accounts: dict[str, int], at: int
) -> None:
    company = rng.choices(COMPANIES, [each.share for each in COMPANIES])[0]
    connector = rng.choices(tuple(CONNECTORS), (6, 3, 2))[0]
    failed = rng.random() < _FAILURES[connector]
    error = rng.choice(_ERRORS) if failed else None
    state = "delivered" if error is None else "expired" if error.startswith("EXPIRED") else "undelivered"
    text = rng.choice(company.texts).format(n=rng.randrange(1000, 9999))
    unicode_text = not text.isascii()
    done = at + rng.randrange(900, 9_000)
    message = {
        "id": str(uuid.UUID(int=(at << 80) | (7 << 76) | (2 << 62) | rng.getrandbits(61))),
        "account_id": accounts[company.name],
        "door": rng.choice(("http", "http", "smpp")),
        "credential": f"{company.name}_app",
        "source_addr": company.sender,
        "source_ton": 5,
        "source_npi": 0,
        "dest_addr": f"{CONNECTORS[connector]}{rng.randrange(10**7):07d}",
        "dest_ton": 1,
        "dest_npi": 1,
        "text": text,
        "encoding": "ucs2" if unicode_text else "gsm7",
        "data_coding": 8 if unicode_text else 0,
        "protocol_id": 0,
        "priority": 0,
        "registered_delivery": 1,
        "expires_at": at + 24 * HOUR_MS,
        "accepted_at": at,
        "route_id": 1,
        "connector_id": connector,
        "rate": 1_000_000,
        "charged": 1_000_000,
        "deferred": 0,
        "resend_unknown": 0,
        "state": state,
        "error": error,
        "sent_at": at + 40,
        "done_at": done,
        "parts": 1,
    }
    smsc_id = f"{rng.getrandbits(40):010x}"
    segment = {
        "message_id": message["id"],
        "number": 1,
        "udh": "",
        "connector_id": connector,
        "state": state,
        "available_at": at,
        "expires_at": message["expires_at"],
        "attempts": 1,
        "submitted_at": at + 40,
        "smsc_message_id": smsc_id,
        "smsc_key": smsc_id,
        "command_status": 0,
        "receipt_stat": error.split()[0] if error else "DELIVRD",
        "receipt_err": error.split()[-1] if error else "000",
        "receipt_at": done,
        "receipt_text": "",
        "done_at": done,
        "sar_reference": 0,
    }
    for table, row in (("message", message), ("segment", segment)):
        names, places = ", ".join(row), ", ".join(f":{name}" for name in row)
        connection.execute(f"INSERT INTO {table} ({names}) VALUES ({places})", row)
