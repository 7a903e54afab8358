"""HTTP API accounts in the panel: made, used, given a new key, switched off, deleted."""

import json
import time
import urllib.error
import urllib.request

from playwright.sync_api import Locator, Page, expect

from .conftest import TENANT, NewContext, Site, sign_in


def send(site: Site, key: str) -> int:
    """The status that a message sent with this API key is answered with."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{site.gateway.http_port}/api/v1/http-send",
        json.dumps({"to": "971501234567", "content": "Hello"}).encode(),
        {"X-API-Key": key, "Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code


def until_answered(site: Site, key: str, status: int) -> None:
    """Sends until the gateway has followed the change."""
    deadline = time.monotonic() + 60
    while (last := send(site, key)) != status:
        assert time.monotonic() < deadline, last
        time.sleep(0.1)


def dialog(page: Page) -> Locator:
    return page.locator(".q-dialog .confirm").last


def row(page: Page, username: str) -> Locator:
    return page.locator(".table-card tbody tr", has_text=username)


def add(page: Page, site: Site, username: str, account: str = TENANT) -> str:
    """Makes an HTTP API account; the key that is shown."""
    page.goto(f"{site.url}http-accounts")
    page.get_by_role("button", name="Add HTTP API account").click()
    page.get_by_label("User name").fill(username)
    page.get_by_label("Account", exact=True).fill(account)
    dialog(page).get_by_role("button", name="Add", exact=True).click()
    key = page.locator("[data-test=key]").inner_text()
    assert len(page.locator("[data-test=password]").inner_text()) == 20
    page.get_by_role("button", name="Close").click()
    expect(page.locator("[data-test=key]")).to_have_count(0)
    assert key not in page.content()
    return key


def test_from_its_making_to_its_end(at_home: Page, site: Site) -> None:
    first = add(at_home, site, "otp", account="demo")
    until_answered(site, first, 200)
    expect(row(at_home, "otp")).to_contain_text(first[:9])

    row(at_home, "otp").get_by_label("New API key").click()
    dialog(at_home).get_by_role("button", name="New API key").click()
    second = at_home.locator("[data-test=key]").inner_text()
    at_home.get_by_role("button", name="Close").click()
    expect(row(at_home, "otp")).to_contain_text(second[:9])
    until_answered(site, first, 401)
    assert send(site, second) == 200

    row(at_home, "otp").get_by_label("Change").click()
    at_home.get_by_label("DLR URL").fill("http://127.0.0.1:1/dlr")
    expect(dialog(at_home)).to_contain_text("This address is private")
    at_home.get_by_label("DLR URL").fill("nowhere")
    dialog(at_home).get_by_role("button", name="Save").click()
    expect(dialog(at_home)).to_contain_text("must start with http:// or https://")
    at_home.get_by_label("DLR URL").fill("")
    at_home.get_by_label("Messages per second").fill("25")
    at_home.locator("[data-field=enabled]").click()
    dialog(at_home).get_by_role("button", name="Save").click()
    expect(row(at_home, "otp")).to_contain_text("25")
    expect(row(at_home, "otp")).to_contain_text("disabled")
    until_answered(site, second, 403)

    row(at_home, "otp").get_by_label("Delete").click()
    dialog(at_home).get_by_role("button", name="Delete").click()
    expect(row(at_home, "otp")).to_have_count(0)
    until_answered(site, second, 401)


def test_a_tenant_sees_its_own_and_changes_none(at_home: Page, site: Site, new_context: NewContext) -> None:
    add(at_home, site, "theirs-to-see")
    page = new_context().new_page()
    sign_in(page, site, TENANT)
    expect(page.locator("h1")).to_have_text("Dashboard")
    page.goto(f"{site.url}http-accounts")
    expect(row(page, "theirs-to-see")).to_contain_text("1,234.56")
    expect(row(page, "theirs-to-see").get_by_role("button")).to_have_count(0)
    expect(page.get_by_role("button", name="Add HTTP API account")).to_have_count(0)
    page.goto(f"{site.url}http-accounts?account=demo")
    expect(page.locator(".table-card")).to_be_visible()
    expect(row(page, "demo")).to_have_count(0)
