"""The connectors' page: live status, stop and start with their audit, and who may do what."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from playwright.sync_api import Locator, Page, expect

from trunkline.model.people import AuditFilter, Paging

from .conftest import TENANT, VIEWER, NewContext, Site, sign_in


def open_page(page: Page, site: Site) -> Locator:
    """The page, and on it the row of the demo's connector."""
    page.goto(f"{site.url}connectors")
    expect(page.locator("h1")).to_have_text("SMPP client connectors")
    return page.locator("tbody tr", has_text="simulator")


def test_a_connector_is_stopped_and_started(at_home: Page, site: Site) -> None:
    row = open_page(at_home, site)
    state = row.locator(".badge")
    expect(state).to_have_text("bound")
    expect(row).to_contain_text("1/1")
    try:
        row.get_by_label("Stop", exact=True).click()
        dialog = at_home.get_by_role("dialog")
        expect(dialog).to_contain_text("Stop simulator?")
        dialog.get_by_role("button", name="Cancel").click()
        expect(dialog).to_have_count(0)
        expect(state).to_have_text("bound")
        row.get_by_label("Stop", exact=True).click()
        at_home.get_by_role("dialog").get_by_role("button", name="Stop").click()
        expect(state).to_have_text("stopped")
        expect(row.get_by_label("Stop", exact=True)).to_have_count(0)
    finally:
        row.get_by_label("Start", exact=True).click()
    expect(state).to_have_text("bound")
    assert changes(site)[:2] == [("admin", "simulator"), ("admin", "simulator")]


def changes(site: Site) -> list[tuple[str, str]]:
    """Who changed which connector, newest first."""

    async def read() -> list[tuple[str, str]]:
        async with site.gateway.administration() as tools:
            page = await tools.store.page_audit(AuditFilter(entity="connector", door="panel"), Paging(10))
            return [(each.actor, each.entity_id) for each in page.items]

    with ThreadPoolExecutor(1) as thread:  # in this one Playwright's event loop runs
        return thread.submit(asyncio.run, read()).result()


def test_why_it_is_slow(at_home: Page, site: Site) -> None:
    open_page(at_home, site).get_by_label("Why is it slow?").click()
    dialog = at_home.locator("[data-test=bottleneck]")
    expect(dialog).to_contain_text("simulator: ")
    expect(dialog).to_contain_text("Allowed by the configuration")
    dialog.get_by_role("button", name="Close").click()
    expect(dialog).to_have_count(0)


def test_filters(at_home: Page, site: Site) -> None:
    row = open_page(at_home, site)
    expect(row).to_have_count(1)
    at_home.get_by_label("Connector ID", exact=True).fill("nothing of this name")
    expect(at_home.locator(".empty")).to_contain_text("No connector here")
    at_home.get_by_label("Connector ID", exact=True).fill("SIMUL")
    expect(row).to_have_count(1)


def test_a_viewer_only_looks_and_a_tenant_does_not_even(new_context: NewContext, site: Site) -> None:
    page = new_context().new_page()
    sign_in(page, site, VIEWER)
    expect(page.locator("h1")).to_have_text("Dashboard")
    row = open_page(page, site)
    expect(row.get_by_label("Why is it slow?")).to_have_count(1)
    expect(row.get_by_label("Stop", exact=True)).to_have_count(0)
    tenants = new_context().new_page()
    sign_in(tenants, site, TENANT)
    expect(tenants.locator("h1")).to_have_text("Dashboard")
    tenants.goto(f"{site.url}connectors")
    expect(tenants.locator("body")).to_contain_text("This page is not for you")
    assert "simulator" not in tenants.content()
