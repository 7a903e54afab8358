"""The HTTP API against its own description: requests made from the document, answers checked by it.

Schemathesis makes them up, right ones and wrong ones; the gateway is a real one with the demo's rows. What it
answers is what the document says of status, type and body, and never 500.
"""

import asyncio
import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.scenario.harness import Gateway, http
from trunkline.servers.http.openapi import document

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
EXAMPLES = 15  # per operation
GROUP = "known"
TOKEN = "token-of-the-settings"
CONNECTOR = "known"
ROWS = {
    "/api/v1/groups": {"name": GROUP},
    "/api/v1/permission-groups": {"name": GROUP, "permissions": []},
    "/api/v1/http-accounts": {"account": "demo", "username": GROUP},
    "/api/v1/esmes": {"account": "demo", "system_id": GROUP},
    "/api/v1/connectors": {"connector_id": CONNECTOR, "host": "127.0.0.1", "port": 1, "enabled": False},
}
# What is read only of what only its own tests have: a valid message, files of PDUs, a key's number, an
# inbound message, a logo, an order.
UNREAD = {
    "GET /api/v1/http-send",
    "GET /api/gateways/logs/download",
    "GET /api/clients/logs/download",
    "GET /api/v1/api-keys/{key}",
    "GET /api/v1/inbound/{key}",
    "GET /api/v1/settings/branding/logo",
    "GET /api/v1/gateway/orders/{key}",
}

schema = schemathesis.openapi.from_dict(document())
# Else most requests would come with wrong credentials, and soon with none but answers to those.
schema.config.generation.update(database="none", with_security_parameters=False)


@dataclass(frozen=True)
class Api:
    """A gateway: where it is, its keys, what there is by path, and the answers it gave to its operations."""

    url: str
    token: str
    sender_key: str
    login_key: str
    known: dict[str, str]
    answered: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))

    def headers(self, path: str) -> dict[str, str]:
        """The credentials for a path: HTTP API accounts send, everything else is the administration's."""
        if path.startswith("/panel/"):
            return {"X-API-Key": self.login_key}
        return {"X-API-Key": self.sender_key if path.startswith("/api/v1/http-send") else self.token}


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    # The token of the settings: the stored one is renewed and revoked by these tests.
    gateway = Gateway(tmp_path_factory.mktemp("openapi"), role="all", api_token=TOKEN)
    try:
        yield asyncio.run(_started(gateway))
    finally:
        gateway.close()
    gateway.check_log()


async def _started(gateway: Gateway) -> Api:
    await gateway.start("--demo")
    demo = json.loads((gateway.settings.data_dir / "demo.json").read_text())
    token, sender_key = TOKEN, demo["http_account"]["api_key"]

    async def made(path: str, body: dict[str, Any], key: str = token) -> Any:
        answer = await http(gateway.http_port, "POST", path, body, {"X-API-Key": key})
        assert answer.status == 200, answer.body
        return answer.json()

    for path, body in ROWS.items():
        await made(path, body)
    key = (await made("/api/v1/api-keys", {"name": "known", "owner": "admin"}))["item"]
    message = await made("/api/v1/http-send", {"to": "971501234567", "content": "Hello"}, sender_key)
    known = {
        "/api/v1/messages/{message_id}": message["message_id"],
        "/api/v1/connectors/{key}": CONNECTOR,
        "/api/v1/connectors/{key}/test": "simulator",  # which answers
        "/api/v1/connectors/{connector_id}/speed": "simulator",
        "/api/v1/accounts/{key}": "demo",
        "/api/v1/http-accounts/{key}": GROUP,
        "/api/v1/esmes/{key}": GROUP,
        "/api/v1/groups/{key}": GROUP,
        "/api/v1/permission-groups/{key}": GROUP,
        "/api/v1/routes/{key}": "1",
        "/api/v1/logins/{key}": "admin",
        "/api/v1/audit/{key}": "1",
    }
    return Api(f"http://127.0.0.1:{gateway.http_port}", token, sender_key, key["key"], known)


@schema.parametrize()
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_answers_are_what_the_document_says(case: schemathesis.Case, api: Api) -> None:
    for known, key in api.known.items():
        # What is deleted, and what is left out here, is looked for under names that are made up.
        if case.method != "DELETE" and case.path.startswith(known):
            case.path_parameters = dict.fromkeys(case.path_parameters, key)
    response = case.call(base_url=api.url, headers=api.headers(case.path), timeout=60)
    api.answered[f"{case.method} {case.path}"].add(response.status_code)
    case.validate_response(response, checks=CHECKS)


def test_every_list_and_item_was_really_read(api: Api) -> None:
    """Else the checks above would have looked at refusals alone."""
    if not api.answered:
        pytest.fail("run the whole file: this looks back at the other tests")
    offered = {f"GET {path}" for path, entry in document()["paths"].items() if "get" in entry}
    reading = {each: seen for each, seen in api.answered.items() if each in offered}
    assert {each for each, seen in reading.items() if 200 not in seen} == UNREAD
    assert not {each for each, seen in reading.items() if seen & {401, 403, 429}}
