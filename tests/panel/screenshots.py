"""Pictures of the panel's pages, made in Debian's Chromium: `python -m tests.panel.screenshots [FOLDER]`."""

import asyncio
import shutil
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.panel.exhibition import CONNECTORS, PASSWORD, TENANT, open_exhibition
from tests.scenario.harness import Gateway, free_port, http
from trunkline.simulator.scenario import Scenario
from trunkline.simulator.smsc import SmscSimulator

FOLDER = Path(__file__).parents[2] / "docs" / "screenshots"
WIDE = (1360, 850)
PHONE = (390, 844)
SENT = 24
PATIENCE_MS = 60_000


@dataclass(frozen=True)
class Picture:
    """One picture: of which page, as whom it is seen, and how."""

    name: str
    path: str
    user: str = "admin"
    theme: str = "light"
    language: str = "en"
    size: tuple[int, int] = WIDE
    wait_for: str = ".page h1"

    def of(self, message_id: str) -> "Picture":
        """The same, where the path asks for a message, with this one."""
        return replace(self, path=self.path.replace("{message_id}", message_id))


PICTURES = (
    Picture("sign-in", "sign-in", user="", wait_for="form"),
    Picture("dashboard", ""),
    Picture("dashboard-dark", "", theme="dark"),
    Picture("dashboard-arabic", "", language="ar"),
    Picture("dashboard-phone", "", size=PHONE),
    Picture("dashboard-enterprise", "", user=TENANT),
    Picture("messages", "messages"),
    Picture("messages-phone", "messages", size=PHONE),
    Picture("message", "messages/{message_id}"),
    Picture("connectors", "connectors"),
    Picture("connector", "connectors/orange-trx"),
    Picture("routes", "routes"),
    Picture("inbound", "inbound"),
    Picture("esmes", "esmes"),
    Picture("http-accounts", "http-accounts"),
    Picture("settings", "settings"),
    Picture("gateway-control", "gateway-control"),
    Picture("enterprise-users", "enterprise-users"),
    Picture("permission-groups", "permission-groups"),
    Picture("audit", "audit", theme="dark"),
    Picture("send", "send", user=TENANT),
)


class _Smscs:
    """Simulated SMSCs on an event loop of their own: Playwright's holds this thread."""

    def __init__(self) -> None:
        self.ports = {name: free_port() for name in CONNECTORS}
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def run(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    @contextmanager
    def running(self) -> Iterator["_Smscs"]:
        self._thread.start()
        scenario = Scenario(receipt_delay_ms=300, failed_share=0.1)
        smscs = [SmscSimulator("127.0.0.1", port, scenario) for port in self.ports.values()]
        for each in smscs:
            self.run(each.start())
        try:
            yield self
        finally:
            for each in smscs:
                self.run(each.stop())
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()


async def _send_some(port: int, key: str) -> str:
    """Sends messages to all connectors; the id of the last."""
    message_id = ""
    for number in range(SENT):
        prefix = list(CONNECTORS.values())[number % len(CONNECTORS)]
        text = f"Your order {4711 + number} is on its way."
        body = {"to": f"{prefix}{number:07d}", "content": text}
        answer = await http(port, "POST", "/api/v1/http-send", body, {"X-API-Key": key})
        message_id = answer.json()["message_id"]
    return message_id


def _sign_in(page: Page, url: str, user: str, password: str) -> None:
    page.goto(f"{url}sign-in")
    page.fill("[name=username]", user)
    page.fill("[name=password]", password)
    page.click("button[type=submit]")
    expect(page.locator(".page h1")).to_be_visible(timeout=PATIENCE_MS)


def _take(browser: Browser, url: str, picture: Picture, admin_password: str, folder: Path) -> None:
    width, height = picture.size
    context = browser.new_context(
        viewport={"width": width, "height": height},
        locale={"en": "en-GB", "ar": "ar-AE"}[picture.language],
        timezone_id="Asia/Dubai",
        color_scheme="dark" if picture.theme == "dark" else "light",
        reduced_motion="reduce",
    )
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    if picture.user:
        _sign_in(page, url, picture.user, admin_password if picture.user == "admin" else PASSWORD)
    page.goto(f"{url}{picture.path}")
    expect(page.locator(picture.wait_for).first).to_be_visible(timeout=PATIENCE_MS)
    page.wait_for_timeout(3_000)  # charts draw themselves
    page.screenshot(path=folder / f"{picture.name}.png")
    context.close()


def main() -> None:
    """Makes all of them, or those whose names begin with the second argument."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    wanted = sys.argv[2] if len(sys.argv) > 2 else ""
    chromium = shutil.which("chromium")
    if chromium is None:
        sys.exit("The pictures need Chromium: apt-get install chromium")
    folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        scratch = stack.enter_context(tempfile.TemporaryDirectory())
        smscs = stack.enter_context(_Smscs().running())
        gateway = Gateway(Path(scratch), role="all")
        stack.callback(gateway.close)
        demo = smscs.run(open_exhibition(gateway, smscs.ports))
        message_id = smscs.run(_send_some(gateway.http_port, demo["http_account"]["api_key"]))
        playwright = stack.enter_context(sync_playwright())
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        stack.callback(browser.close)
        url = f"http://127.0.0.1:{gateway.http_port}/panel/"
        for picture in PICTURES:
            if picture.name.startswith(wanted):
                _take(browser, url, picture.of(message_id), demo["admin"]["password"], folder)
                print(f"{picture.name}.png")


if __name__ == "__main__":
    main()
