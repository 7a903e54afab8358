"""A gateway in demo mode for all of these tests, people who may sign in, and Debian's Chromium."""

import asyncio
import json
import re
import shutil
import urllib.request
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, expect, sync_playwright
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from tests.scenario.harness import Gateway
from trunkline.model.identity import COMMAND_LINE, TENANT_PERMISSIONS, Role
from trunkline.services.enterprise_users import EnterpriseUsers
from trunkline.services.logins import Logins
from trunkline.services.permission_groups import PermissionGroups

PATIENCE_MS = 60_000
PASSWORD = "correct horse battery"
TENANT = "tenant"
SENDER = "sender"  # an enterprise user whose account sends
VIEWER = "viewer"

expect.set_options(timeout=PATIENCE_MS)


@dataclass(frozen=True)
class Site:
    """The gateway that the browsers visit."""

    gateway: Gateway
    demo: dict[str, Any]

    @property
    def url(self) -> str:
        """The panel."""
        return f"http://127.0.0.1:{self.gateway.http_port}/panel/"

    def send(self, to: str, content: str = "Hello") -> str:
        """The demo's account sends a message; its id."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.gateway.http_port}/api/v1/http-send",
            json.dumps({"to": to, "content": content}).encode(),
            {"X-API-Key": self.demo["http_account"]["api_key"], "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            return str(json.load(answer)["message_id"])

    def add_login(self, username: str, role: Role, account: str = "", email: str = "") -> None:
        """Somebody who may sign in with `PASSWORD`."""

        async def add() -> None:
            async with self.gateway.administration() as tools:
                logins = Logins(tools.store)
                await logins.create(
                    COMMAND_LINE, username, role=role, password=PASSWORD, account=account, email=email
                )

        self._manage(add())

    def log_pdus(self, connector_id: str) -> None:
        """Switches a connector's PDU log on."""

        async def change() -> None:
            async with self.gateway.administration() as tools:
                await tools.connectors.change(COMMAND_LINE, connector_id, pdu_log=True)

        self._manage(change())

    def _manage(self, work: Coroutine[Any, Any, None]) -> None:
        with ThreadPoolExecutor(1) as thread:  # in this one Playwright's event loop runs
            thread.submit(asyncio.run, work).result()


@pytest.fixture(scope="session")
def chromium() -> str:
    """Path of Chromium."""
    path = shutil.which("chromium")
    if path is None:
        pytest.skip("Chromium: not installed (Debian package chromium)")
    return path


@pytest.fixture(scope="session")
def site(chromium: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A gateway with the demo's account, which sends, and another tenant, which has sent nothing."""
    gateway = Gateway(tmp_path_factory.mktemp("panel"), role="all")
    try:
        asyncio.run(gateway.start("--demo"))
        asyncio.run(_people(gateway))
        demo = json.loads((gateway.settings.data_dir / "demo.json").read_text())
        site = Site(gateway, demo)
        site.add_login(TENANT, Role.ENTERPRISE, TENANT)
        site.add_login(SENDER, Role.ENTERPRISE, "demo")
        site.add_login(VIEWER, Role.VIEWER)
        yield site
    finally:
        gateway.close()
    gateway.check_log()


async def _people(gateway: Gateway) -> None:
    async with gateway.administration() as tools:
        groups = PermissionGroups(tools.store)
        await groups.create(
            COMMAND_LINE, "everything", permissions=[each.value for each in TENANT_PERMISSIONS]
        )
        users = EnterpriseUsers(tools.store)
        await users.create(COMMAND_LINE, TENANT, balance=1_234_560_000)
        for account in (TENANT, "demo"):
            await users.change(COMMAND_LINE, account, permission_group="everything")


# Of a module, not of the session: while Playwright runs, no other event loop can.
@pytest.fixture(scope="module")
def playwright(site: Site) -> Iterator[Playwright]:
    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="module")
def browser(playwright: Playwright, chromium: str) -> Iterator[Browser]:
    browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
    yield browser
    browser.close()


NewContext = Callable[..., BrowserContext]


@pytest.fixture
def new_context(browser: Browser, site: Site) -> Iterator[NewContext]:
    """Makes browsers without cookies; what a page complains of, or looks for elsewhere, fails the test."""
    made: list[BrowserContext] = []
    faults: list[str] = []

    def make(**options: Any) -> BrowserContext:
        context = browser.new_context(**{"locale": "en-GB", "timezone_id": "Asia/Dubai"} | options)
        context.set_default_timeout(PATIENCE_MS)

        def of_here(route: Any) -> None:
            if route.request.url.startswith(site.url.removesuffix("panel/")):
                route.continue_()
            else:
                faults.append(f"asked elsewhere: {route.request.url}")
                route.abort()

        context.route(re.compile(r"^(https?|wss?)://"), of_here)
        context.on("weberror", lambda error: faults.append(f"script failed: {error.error}"))
        context.on(
            "console",
            lambda message: (
                faults.append(f"console: {message.text}")
                if message.type == "error" and "Failed to load resource" not in message.text
                else None
            ),
        )
        made.append(context)
        return context

    yield make
    for context in made:
        context.close()
    assert not faults


@pytest.fixture
def page(new_context: NewContext) -> Page:
    """A browser in which nobody is signed in."""
    return new_context().new_page()


def sign_in(page: Page, site: Site, username: str = "admin", code: str = "", password: str = "") -> None:
    """Fills in the form and sends it."""
    page.goto(f"{site.url}sign-in")
    known = site.demo["admin"]["password"] if username == "admin" else PASSWORD
    page.fill("[name=username]", username)
    page.fill("[name=password]", password or known)
    page.fill("[name=code]", code)
    page.click("button[type=submit]")


def choose(page: Page, menu: str, item: str) -> None:
    """Opens a menu of the header and takes one of its items."""
    # A page that is only just connected may close a menu once more.
    for _ in range(10):
        page.get_by_label(menu, exact=True).click()
        try:
            page.get_by_text(item, exact=True).click(timeout=5_000)
        except PlaywrightTimeout:
            continue
        return
    raise AssertionError(f"the menu {menu!r} shows no {item!r}")


@pytest.fixture
def at_home(page: Page, site: Site) -> Page:
    """The super administrator's browser, on the dashboard."""
    sign_in(page, site)
    expect(page.locator("h1")).to_have_text("Dashboard")
    return page
