"""What handsets sent, live; whoever has no part in it sees none of it."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from playwright.sync_api import Page, expect

from trunkline.model.ids import new_id
from trunkline.model.inbound import InboundMessage

from .conftest import TENANT, Site, sign_in


def receive(site: Site, text: str | None, account: str = "", **fields: object) -> InboundMessage:
    """A message is stored, as the gateway stores it."""

    async def store() -> InboundMessage:
        async with site.gateway.administration() as tools:
            account_id = (await tools.store.account_by_name(account)).id if account else None
            plain = InboundMessage(
                new_id(), account_id, "smsc-inbound", 1, 1, "491700000001", 3, 0, "4040", text, "gsm7", 0, 0,
                None, "", None, None, 1, (), None, int(tools.store._now_ms()),
            )  # fmt: skip
            message = replace(plain, **fields)  # type: ignore[arg-type]
            tools.store.journal.inbound(message, [], None)
            await tools.store.journal.flush()
            return message

    with ThreadPoolExecutor(1) as thread:  # in this one Playwright's event loop runs
        return thread.submit(asyncio.run, store()).result()


def test_a_message_is_found_counted_and_shown(at_home: Page, site: Site) -> None:
    receive(site, "STOP all of it", source_addr="491700000077")
    receive(site, None, encoding="binary", raw="00ff17", parts=3, missing=(2,), udh="0605040b8423f0",
            dest_port=2948, source_port=9200)  # fmt: skip
    at_home.goto(f"{site.url}inbound")
    expect(at_home.locator("h1")).to_have_text("Inbound SMS (MO)")
    for title in ("Today", "Last 24 hours", "smsc-inbound"):
        expect(at_home.locator(".stat", has_text=title).first).to_be_visible()
    expect(at_home.get_by_text("Octets: 00ff17")).to_be_visible()
    at_home.get_by_label("From", exact=True).fill("491700000077")
    expect(at_home.get_by_text("Octets: 00ff17")).to_have_count(0)
    expect(at_home.get_by_text("STOP all of it")).to_be_visible()
    at_home.get_by_label("From", exact=True).fill("")
    at_home.locator("tr", has_text="Octets: 00ff17").get_by_label("Inbound message").click()
    facts = at_home.locator(".fact-list")
    for fact in ("00ff17", "9200 → 2948", "0605040b8423f0", "4040 (TON 3, NPI 0)"):
        expect(facts).to_contain_text(fact)


def test_what_comes_in_shows_by_itself(at_home: Page, site: Site) -> None:
    at_home.goto(f"{site.url}inbound")
    expect(at_home.locator("h1")).to_be_visible()
    receive(site, "Came while you looked")
    expect(at_home.get_by_text("Came while you looked")).to_be_visible()


def test_a_tenant_sees_what_is_its_accounts_alone(page: Page, site: Site) -> None:
    receive(site, "Not for the tenant")
    receive(site, "For the tenant", TENANT)
    sign_in(page, site, TENANT)
    expect(page.locator("h1")).to_have_text("Dashboard")
    page.get_by_role("link", name="Inbound SMS").click()
    expect(page.get_by_text("For the tenant", exact=True)).to_be_visible()
    expect(page.locator(".stat", has_text="Last 24 hours").locator(".figure").first).to_have_text("1")
    assert "Not for the tenant" not in page.content()
