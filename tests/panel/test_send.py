"""Send SMS: a message goes out by hand and arrives, and what is wrong stands beside its field."""

import json
import re
import time
import urllib.request

from playwright.sync_api import Locator, Page, expect

from .conftest import TENANT, VIEWER, Site, sign_in

PATIENCE_S = 60.0
MESSAGE_ID = re.compile(r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")


def field(page: Page, name: str) -> Locator:
    """Where the visitor writes."""
    return page.locator(f"[data-field={name}]")


def open_page(page: Page, site: Site, username: str = "admin") -> None:
    sign_in(page, site, username)
    expect(page.locator("h1")).to_have_text("Dashboard")
    page.locator(".sidebar").get_by_text("Send SMS").click()
    expect(page.locator("h1")).to_have_text("Send SMS")


def choose_account(page: Page, name: str) -> None:
    page.get_by_label("Account", exact=True).click()
    page.get_by_role("option", name=name, exact=True).click()


def state_of(site: Site, message_id: str) -> str:
    """What the HTTP API says of a message, once it has ended."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{site.gateway.http_port}/api/v1/messages/{message_id}",
        headers={"X-API-Key": site.demo["http_account"]["api_key"]},
    )
    deadline = time.monotonic() + PATIENCE_S
    while True:
        with urllib.request.urlopen(request, timeout=60) as answer:
            state = str(json.load(answer)["state"])
        if state not in {"queued", "sent"} or time.monotonic() > deadline:
            return state
        time.sleep(0.1)


def test_messages_are_sent_and_delivered(page: Page, site: Site) -> None:
    open_page(page, site)
    choose_account(page, "demo")
    field(page, "recipients").fill("971501112233\nnobody\n971501112244")
    field(page, "text").fill("Good morning")
    page.get_by_role("button", name="Send", exact=True).click()
    rows = page.locator(".small-table tbody tr")
    expect(rows).to_have_count(3)
    expect(rows.nth(1)).to_contain_text("is not a phone number")
    for index in (0, 2):
        cell = rows.nth(index).locator("td").last
        expect(cell).to_have_text(MESSAGE_ID)
        assert state_of(site, cell.inner_text()) == "delivered"
    # What was refused stays, with the rule beside it.
    expect(field(page, "recipients")).to_have_value("nobody")
    expect(page.locator(".form .q-field--error")).to_contain_text("is not a phone number")


def test_the_text_is_counted_while_it_is_written(page: Page, site: Site) -> None:
    open_page(page, site, TENANT)
    count = page.locator("[data-test=count]")
    field(page, "text").fill("a" * 161)
    expect(count).to_contain_text("161 characters · 2 parts · GSM7")
    field(page, "text").fill("Ж")
    expect(count).to_contain_text("1 characters · 1 parts · UCS2")
    field(page, "text").fill("Ж" * 20_000)
    expect(page.locator(".form .q-field--error")).to_contain_text("is the most")


def test_an_enterprise_user_pays_itself(page: Page, site: Site) -> None:
    open_page(page, site, TENANT)
    expect(field(page, "account")).to_have_count(0)
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.locator(".form .q-field--error")).to_have_count(2)  # recipients and text are needed
    field(page, "sender").fill("much too long a name")
    field(page, "recipients").fill("971501112255")
    field(page, "text").fill("Hello")
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.locator(".form .q-field--error")).to_have_count(1)
    expect(page.locator(".small-table tbody tr")).to_have_count(1)


def test_who_may_not_send_does_not_get_the_page(page: Page, site: Site) -> None:
    sign_in(page, site, VIEWER)
    expect(page.locator("h1")).to_have_text("Dashboard")
    expect(page.locator(".sidebar").get_by_text("Send SMS")).to_have_count(0)
    page.goto(f"{site.url}send")
    expect(page.get_by_text("This page is not for you")).to_be_visible()
    expect(field(page, "text")).to_have_count(0)
