"""`trunkline send` and `trunkline message cancel` against a scripted gateway."""

import asyncio
import json
import threading
from base64 import b64decode
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from tests.unit.cli.conftest import Run

Complaint = Callable[..., str]


class ScriptedGateway:
    """Answers what it was told to, in a thread of its own, and keeps what it was asked."""

    def __init__(self) -> None:
        self.answer: tuple[int, Any] = (200, {"ok": True, "message_id": "m-1"})
        self.states: list[dict[str, Any]] = []
        self.asked: list[dict[str, Any]] = []
        self.headers: dict[str, str] = {}
        self.looked_at: list[str] = []
        self.url = ""
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)

    async def _send(self, request: web.Request) -> web.Response:
        self.headers = dict(request.headers)
        self.asked.append(await request.json())
        status, content = self.answer
        return web.Response(status=status, text=content if isinstance(content, str) else json.dumps(content))

    async def _show(self, request: web.Request) -> web.Response:
        self.looked_at.append(request.match_info["id"])
        state = self.states.pop(0) if len(self.states) > 1 else self.states[0]
        return web.json_response({"ok": True, **state})

    async def _cancel(self, request: web.Request) -> web.Response:
        self.headers = dict(request.headers)
        self.looked_at.append(request.match_info["id"])
        status, content = self.answer
        return web.json_response(content, status=status)

    async def _start(self) -> None:
        site = web.Application()
        site.add_routes(
            [
                web.post("/api/v1/http-send", self._send),
                web.get("/api/v1/messages/{id}", self._show),
                web.post("/api/v1/messages/{id}/cancel", self._cancel),
            ]
        )
        self._runner = web.AppRunner(site)
        await self._runner.setup()
        tcp = web.TCPSite(self._runner, "127.0.0.1", 0)
        await tcp.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    def start(self) -> None:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._start(), self._loop).result(60)

    def stop(self) -> None:
        asyncio.run_coroutine_threadsafe(self._runner.cleanup(), self._loop).result(60)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()


@pytest.fixture
def gateway() -> Iterator[ScriptedGateway]:
    scripted = ScriptedGateway()
    scripted.start()
    yield scripted
    scripted.stop()


@pytest.fixture
def demo(gateway: ScriptedGateway, tmp_path: Path) -> Path:
    """The demo.json of the scripted gateway."""
    path = tmp_path / "var" / "demo.json"
    path.parent.mkdir()
    account = {"username": "demo", "password": "demo-password", "api_key": "tk_demo"}
    path.write_text(json.dumps({"http": gateway.url, "http_account": account}))
    return path


WORDS = ("send", "--to", "971501234567", "--text", "Hello €")


@pytest.mark.usefixtures("demo")
class TestBesideADemo:
    def test_address_and_key_come_from_the_demo(self, run: Run, gateway: ScriptedGateway) -> None:
        assert run(*WORDS).stdout == "m-1\n"
        assert gateway.asked == [{"to": "971501234567", "content": "Hello €"}]
        assert gateway.headers["X-API-Key"] == "tk_demo"
        assert "Authorization" not in gateway.headers

    def test_sender_and_password(self, run: Run, gateway: ScriptedGateway) -> None:
        run(*WORDS, "--from", "Acme", "--user", "web", "--password", "-", stdin="pä:ss\n")
        assert gateway.asked[0]["from"] == "Acme"
        scheme, _, code = gateway.headers["Authorization"].partition(" ")
        assert (scheme, b64decode(code).decode()) == ("Basic", "web:pä:ss")
        assert "X-API-Key" not in gateway.headers

    def test_the_demo_users_password_is_known(self, run: Run, gateway: ScriptedGateway) -> None:
        run(*WORDS, "--user", "demo")
        assert b64decode(gateway.headers["Authorization"].split()[1]) == b"demo:demo-password"

    def test_environment(self, run: Run, gateway: ScriptedGateway) -> None:
        run(*WORDS, TRUNKLINE_CLI_API_KEY="tk_mine")
        assert gateway.headers["X-API-Key"] == "tk_mine"
        run(*WORDS, TRUNKLINE_CLI_USER="web", TRUNKLINE_CLI_PASSWORD="word")
        assert b64decode(gateway.headers["Authorization"].split()[1]) == b"web:word"

    def test_wait_prints_each_state_once(self, run: Run, gateway: ScriptedGateway) -> None:
        gateway.answer = (200, {"ok": True, "queued": True, "message_id": "queued_m-1"})
        gateway.states = [{"state": state} for state in ("queued", "queued", "sent", "delivered")]
        said = run(*WORDS, "--wait").stdout
        assert said.splitlines() == ["queued_m-1 (over the rate: sent later)", "queued", "sent", "delivered"]
        assert set(gateway.looked_at) == {"queued_m-1"}

    def test_a_message_that_fails_is_a_failure(self, run: Run, gateway: ScriptedGateway) -> None:
        gateway.states = [{"state": "rejected", "error": "ESME_RINVDSTADR\x1b[0m"}]
        said = run(*WORDS, "--wait", code=1).stdout
        assert said == "m-1\nrejected: ESME_RINVDSTADR\\x1b[0m\n"

    def test_waiting_ends(self, run: Run, gateway: ScriptedGateway) -> None:
        gateway.states = [{"state": "sent"}]
        result = run(*WORDS, "--wait", "--timeout", "0.3", code=1)
        assert result.stdout == "m-1\nsent\n"
        assert result.stderr == "Error: the message is still sent after 0.3 seconds.\n"

    def test_json(self, run: Run, gateway: ScriptedGateway) -> None:
        assert json.loads(run(*WORDS, "--json").stdout) == {"ok": True, "message_id": "m-1"}
        gateway.states = [{"state": "sent"}, {"state": "delivered", "parts": 1}]
        shown = json.loads(run(*WORDS, "--json", "--wait").stdout)
        assert shown == {"ok": True, "state": "delivered", "parts": 1}

    @pytest.mark.parametrize(
        ("status", "content", "sentence"),
        [
            (401, {"ok": False, "error": "Invalid credentials"}, "answered 401: Invalid credentials."),
            (402, {"ok": False, "error": "Insufficient credits"}, "answered 402: Insufficient credits."),
            (200, {"ok": False}, "answered 200: no reason given."),
            (503, "<html>busy</html>", "answered 503 without a JSON object."),
            (200, "[1]", "answered 200 without a JSON object."),
            (200, {"ok": True}, "does not answer like a Trunkline gateway."),
        ],
    )
    def test_refusals(
        self, complaint: Complaint, gateway: ScriptedGateway, status: int, content: Any, sentence: str
    ) -> None:
        gateway.answer = (status, content)
        assert complaint(*WORDS, code=1).endswith(sentence)

    def test_message_cancel(self, run: Run, complaint: Complaint, gateway: ScriptedGateway) -> None:
        gateway.answer = (200, {"ok": True, "message_id": "m-1", "state": "deleted"})
        assert run("message", "cancel", "m-1").stdout == "deleted\n"
        assert gateway.headers["X-API-Key"] == "tk_demo"
        shown = json.loads(run("message", "cancel", "m/2", "--json", "--api-key", "tk_mine").stdout)
        assert (shown["state"], gateway.headers["X-API-Key"]) == ("deleted", "tk_mine")
        gateway.answer = (409, {"ok": False, "error": "the message is delivered already"})
        said = complaint("message", "cancel", "m-1", code=1)
        assert said == "the gateway answered 409: the message is delivered already."
        assert gateway.looked_at == ["m-1", "m/2", "m-1"]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ([], "api_key: give --api-key, or --user and --password; there is no demo.json"),
        (["--user", "x"], "password: is needed with --user"),
        (["--password", "x"], "user: is needed with --password"),
        (["--user", "x", "--password", "y", "--api-key", "z"], "api_key: give either"),
        (["--api-key", "x", "--url", "ftp://x"], "url: must start with http"),
        (["--api-key", "x", "--timeout", "0"], "Invalid value for '--timeout'"),
    ],
)
def test_bad_input(complaint: Complaint, words: list[str], sentence: str) -> None:
    assert complaint(*WORDS, *words).startswith(sentence)


def test_an_unknown_port_must_be_named(complaint: Complaint) -> None:
    said = complaint(*WORDS, "--api-key", "x", TRUNKLINE_HTTP_PORT="0")
    assert said.startswith("url: give --url")


def test_nobody_there(complaint: Complaint) -> None:
    said = complaint(*WORDS, "--api-key", "x", "--url", "http://127.0.0.1:1/", code=1)
    assert said.startswith("cannot reach a gateway at http://127.0.0.1:1: ")
    assert said.endswith("`trunkline serve` starts one.")


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("{", "is no JSON file"),
        ("[]", "does not hold a JSON object"),
        ('{"http_account": 3}', "api_key: give"),
    ],
)
def test_a_broken_demo_file(complaint: Complaint, tmp_path: Path, content: str, sentence: str) -> None:
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "demo.json").write_text(content)
    code = 2 if "api_key" in sentence else 1
    assert sentence in complaint(*WORDS, code=code)
