"""Every path of the API, asked by a tenant for the rows of another: it finds nothing, and changes nothing."""

import json
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.unit.tenants import MARK, PASSWORD, Tenant, make_tenant
from trunkline.app.administration import make_store
from trunkline.backends.storage import upgrade
from trunkline.config import Settings
from trunkline.model.identity import COMMAND_LINE
from trunkline.model.message_list import MessageFilter
from trunkline.pipeline.snapshots import Snapshots
from trunkline.servers.http.app import HttpApp
from trunkline.services.esmes import Esmes
from trunkline.services.http_accounts import HttpAccounts
from trunkline.services.pdu_logs import PduLogs

from .people_door import PeopleDoor

OPEN = {
    "GET /api/openapi.json",
    "GET /docs",
    "GET /health/live",
    "GET /health/ready",
    "GET /metrics",
    "GET /api/v1/settings/branding/logo",  # stands on the sign-in page
    "GET /api/v1/text/inspect",
    "POST /api/v1/text/inspect",
    "POST /api/v1/smpp/decode",
    # Lists of the tenant's own
    "GET /api/v1/messages",
    "GET /api/v1/messages/export",
    "GET /api/v1/delivery-reports",
    "GET /api/v1/delivery-reports/export",
    "GET /api/v1/inbound",
    "GET /api/v1/inbound/export",
    "GET /api/v1/statistics",
    "GET /api/v1/api-keys",
    "GET /api/v1/esmes",
    "GET /api/v1/http-accounts",
    # Made for itself
    "POST /api/v1/api-keys",
}
"""Where a tenant is answered. Everywhere else it is told that it may not, or that there is no such thing."""

CHANGES: dict[str, dict[str, Any]] = {
    "POST /api/v1/smpp/decode": {"pdu": "00000010000000150000000000000001"},
    "POST /api/v1/text/inspect": {"text": "Hello"},
    "POST /api/gateways": {
        "smscId": "x",
        "host": "x.example",
        "port": 2775,
        "username": "x",
        "password": "x",
    },
    "PUT /api/gateways": {"id": 1},
    "PUT /api/gateways/{key}": {},
    "POST /api/v1/connectors": {"connector_id": "x", "host": "x.example"},
    "PATCH /api/v1/connectors/{key}": {"enabled": False},
    "POST /api/v1/connectors/{key}/test": {},
    "POST /api/clients": {"username": "x", "binds": 1, "enabled": True},
    "PUT /api/clients": {"username": f"{MARK}.esme"},
    "PUT /api/clients/{key}": {"enabled": False},
    "POST /api/v1/permission-groups": {"name": "x", "permissions": []},
    "PATCH /api/v1/permission-groups/{key}": {"enabled": False},
    "POST /api/v1/groups": {"name": "x"},
    "PATCH /api/v1/groups/{key}": {"enabled": False},
    "POST /api/v1/routes": {"name": "x", "connectors": ["x"]},
    "PATCH /api/v1/routes/{key}": {"enabled": False},
    "POST /api/v1/routes/{key}/move": {"position": 1},
    "POST /api/v1/accounts": {"name": "x"},
    "PATCH /api/v1/accounts/{key}": {"enabled": False},
    "POST /api/v1/accounts/{key}/credits": {"amount": "1", "description": "x"},
    "POST /api/v1/api-keys": {"name": "own"},
    "PATCH /api/v1/api-keys/{key}": {"enabled": False},
    "POST /api/v1/logins": {"username": "x", "role": "enterprise", "account": MARK},
    "PATCH /api/v1/logins/{key}": {"enabled": False},
    "PUT /api/v1/logins/{key}/password": {"password": PASSWORD},
    "POST /api/v1/gateway/orders": {"service": "process", "control": "stop"},
    "POST /api/v1/settings/smtp/test": {},
    "PATCH /api/v1/settings/{section}": {"name": "x"},
    "POST /api/v1/esmes": {"system_id": "x", "account": MARK},
    "PATCH /api/v1/esmes/{key}": {"enabled": False},
    "PUT /api/v1/esmes/{key}/password": {},
    "POST /api/v1/http-accounts": {"username": "x", "account": MARK},
    "PATCH /api/v1/http-accounts/{key}": {"enabled": False},
    "POST /api/v1/http-send": {"to": "971501234567", "content": "x"},
    "POST /panel/api/v1/send": {"to": "971501234567", "content": "x", "account": MARK},
}
"""Bodies that break no rule, so that it is not the body that is refused."""


class World(NamedTuple):
    """The API, who asks, and whose rows are asked for."""

    door: PeopleDoor
    asker: Tenant
    other: Tenant


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("tenancy") / "template.db"
    upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture
async def world(template: Path, tmp_path: Path) -> AsyncIterator[World]:
    shutil.copy(template, tmp_path / "store.db")
    settings = Settings(data_dir=tmp_path, database_url=f"sqlite:///{tmp_path / 'store.db'}")
    store = make_store(settings)
    await store.open()
    door = PeopleDoor(store, Snapshots(await store.snapshot()), PduLogs(tmp_path))
    asker = await make_tenant(store, door.credentials, "acme")
    other = await make_tenant(store, door.credentials, MARK)
    await door.refresh()
    yield World(door, asker, other)
    await door.close()


def paths_of(app: HttpApp) -> Iterator[tuple[str, str]]:
    """Every method and path that the application's routers have."""
    for included in app.routes:
        router = getattr(included, "original_router", None)
        for route in router.routes if router is not None else [included]:
            for method in sorted(route.methods - {"HEAD"}):
                yield method, route.path


def others_ids(path: str, other: Tenant) -> list[str]:
    """What to ask a path for: everything that names a row of the other tenant."""
    by_noun = {
        "accounts": [other.name],
        "logins": [other.login, str(other.login_id)],
        "api-keys": [str(other.key_id)],
        "sessions": [str(other.session_id)],
        "inbound": [other.inbound_id],
        "messages": [other.message_id, f"queued_{other.message_id}"],
        "esmes": [other.esme, str(other.esme_id)],
        "clients": [other.esme, str(other.esme_id)],
        "http-accounts": [other.http_user, str(other.http_id)],
        "groups": [f"{other.name} kind"],
        "permission-groups": [f"{other.name} group"],
        "settings": ["company"],
    }
    noun = path.removeprefix("/api/").removeprefix("v1/").partition("/")[0]
    return by_noun.get(noun, ["1", other.name])


async def rows_of(door: PeopleDoor, other: Tenant) -> list[object]:
    """Everything that the store has of the other tenant."""
    people, store = door.people, door.store
    return [
        await people.enterprise_users.get(COMMAND_LINE, other.name),
        await people.logins.get(COMMAND_LINE, other.login),
        await people.api_keys.get(COMMAND_LINE, other.key_id),
        (await people.sign_in.sessions(COMMAND_LINE, other.login)).items,
        (await store.list_messages(MessageFilter(account_id=other.account_id), "", 10)).items,
        await Esmes(store).get(COMMAND_LINE, other.esme),
        await HttpAccounts(store).get(COMMAND_LINE, other.http_user),
        await people.groups.get(COMMAND_LINE, f"{other.name} kind"),
        await people.permission_groups.get(COMMAND_LINE, f"{other.name} group"),
    ]


@pytest.mark.parametrize("credential", ["login", "http account"])
async def test_no_path_gives_or_changes_another_tenant_s_rows(world: World, credential: str) -> None:
    door, asker, other = world
    before = await rows_of(door, other)
    key = asker.key if credential == "login" else asker.http_key
    asked = 0
    for method, path in paths_of(door.app):
        name = f"{method} {path}"
        start, brace, rest = path.partition("{")
        wanted = [path]
        if brace:
            wanted = [start + each + rest.partition("}")[2] for each in others_ids(path, other)]
        for each in wanted:
            asked += 1
            body = CHANGES.get(name)
            response = await door.client.request(
                method, each, headers={"X-API-Key": key}, content=None if body is None else json.dumps(body)
            )
            if name in OPEN:
                assert MARK not in response.text.lower(), f"{name} shows what is another tenant's"
                for unseen in (other.message_id, other.inbound_id):
                    assert unseen not in response.text, name
            else:
                # 400 would say nothing: it is the body that has to be right (`CHANGES`).
                assert response.status_code in (401, 403, 404), (
                    f"{name}: {response.status_code} {response.text}"
                )
    assert asked > 60
    assert await rows_of(door, other) == before


async def test_the_asker_is_answered_where_it_may(world: World) -> None:
    """The test above would pass as well if nobody were ever answered."""
    door, asker, _ = world
    messages = (await door.ask("GET", "/api/v1/messages", key=asker.key))["items"]
    assert [each["message_id"] for each in messages] == [asker.message_id]
    shown = await door.ask("GET", f"/api/v1/messages/{asker.message_id}", key=asker.key)
    assert shown["message_id"] == asker.message_id
    keys = (await door.ask("GET", "/api/v1/api-keys", key=asker.key))["items"]
    assert [each["name"] for each in keys] == ["acme key"]
    assert (await door.ask("GET", "/api/v1/accounts/acme", key=asker.key))["item"]["name"] == "acme"


async def test_a_tenant_cannot_name_another_s_account_when_it_sends_or_filters(world: World) -> None:
    door, asker, other = world
    for path in (
        f"/api/v1/messages?account_id={other.account_id}",
        f"/api/v1/delivery-reports?account_id={other.account_id}",
        f"/api/v1/messages/export?account_id={other.account_id}",
    ):
        assert await door.refused("GET", path, key=asker.key, status=404)
    send = CHANGES["POST /panel/api/v1/send"]
    assert await door.refused("POST", "/panel/api/v1/send", send, key=asker.key, status=404)
    made = {"name": "x", "owner": other.login}
    assert await door.refused("POST", "/api/v1/api-keys", made, key=asker.key, status=404)
    narrowed = await door.ask("GET", f"/api/v1/api-keys?owner={other.login}", key=asker.key)
    assert narrowed["items"] == []
