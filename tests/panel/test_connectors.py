"""The connectors' pages: live status, every change with its audit, diagnostics, and who may do what."""

import asyncio
import re
from concurrent.futures import ThreadPoolExecutor

from playwright.sync_api import Locator, Page, expect

from trunkline.model.people import AuditFilter, Paging
from trunkline.model.snapshot import ConnectorConfig

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


def open_detail(page: Page, site: Site, connector_id: str = "simulator") -> None:
    page.goto(f"{site.url}connectors/{connector_id}")
    expect(page.locator("h1")).to_have_text("SMPP client connector")


def test_all_columns_have_their_values(at_home: Page, site: Site) -> None:
    site.send("971500000001")
    row = open_page(at_home, site)
    head = at_home.locator("thead")
    for title in (
        "Provider",
        "Username",
        "Throughput",
        "Usage month",
        "Window",
        "Queued",
        "Last submit",
        "Last DLR",
    ):
        expect(head).to_contain_text(title)
    cells = row.locator("td")
    titles = head.locator("th").all_inner_texts()
    expect(cells.nth(titles.index("Usage month"))).to_have_text(re.compile("[1-9]"))
    expect(cells.nth(titles.index("Last submit"))).to_contain_text("20")
    expect(cells.nth(titles.index("Last DLR"))).to_contain_text("20")


def test_a_connector_from_its_making_to_its_end(at_home: Page, site: Site) -> None:
    open_page(at_home, site)
    at_home.get_by_role("button", name="New connector").click()
    dialog = at_home.get_by_role("dialog")
    create = dialog.get_by_role("button", name="Create")
    create.click()
    expect(dialog.get_by_text("This is needed.")).to_have_count(2)
    dialog.locator("input[data-field=connector_id]").fill("new one")
    dialog.locator("input[data-field=provider]").fill("Example Telecom")
    dialog.locator("input[data-field=host]").fill("127.0.0.1")
    dialog.locator("input[data-field=port]").fill("1")
    dialog.locator("input[data-field=password]").fill("s3cret")
    create.click()
    expect(dialog).to_contain_text("1 to 100 letters, digits")
    dialog.locator("input[data-field=connector_id]").fill("new-one")
    dialog.locator(".q-item__label", has_text="Profile").click()
    dialog.locator("textarea[data-field=profile]").fill("status_map=wrong")
    create.click()
    expect(dialog).to_contain_text("status_map: 'wrong' must have the form FROM:TO")
    dialog.locator("textarea[data-field=profile]").fill("service_type=WAP")
    create.click()
    expect(dialog).to_have_count(0)
    row = at_home.locator("tbody tr", has_text="new-one")
    expect(row).to_contain_text("Example Telecom")
    expect(row.locator(".badge")).to_have_text("connecting")

    row.get_by_label("Change", exact=True).click()
    assert "s3cret" not in at_home.content()
    expect(dialog.locator("textarea[data-field=profile]")).to_have_value("service_type=WAP")
    dialog.locator(".q-item__label", has_text="Binds and limits").click()
    dialog.locator("input[data-field=window]").fill("0")
    save = dialog.get_by_role("button", name="Save")
    save.click()
    expect(dialog).to_contain_text("1 to 1000 unanswered submit_sm per bind")
    dialog.locator("input[data-field=window]").fill("77")
    save.click()
    expect(dialog).to_have_count(0)
    expect(row).to_contain_text("77")
    config = stored(site, "new-one")
    assert (config.password, config.window, config.profile.service_type) == ("s3cret", 77, "WAP")

    row.get_by_role("link", name="new-one").click()
    expect(at_home.locator("h1")).to_have_text("SMPP client connector")
    expect(at_home.locator("body")).to_contain_text("connection refused")
    at_home.get_by_role("button", name="Delete").click()
    expect(dialog).to_contain_text("Delete new-one?")
    dialog.get_by_role("button", name="Delete").click()
    expect(at_home.locator("h1")).to_have_text("SMPP client connectors")
    expect(row).to_have_count(0)
    open_detail(at_home, site, "new-one")
    expect(at_home.locator(".empty")).to_contain_text("There is no such connector")


def stored(site: Site, connector_id: str) -> ConnectorConfig:
    async def read() -> ConnectorConfig:
        async with site.gateway.administration() as tools:
            return (await tools.store.find_connector(connector_id)).config

    with ThreadPoolExecutor(1) as thread:  # in this one Playwright's event loop runs
        return thread.submit(asyncio.run, read()).result()


def test_why_it_is_slow_and_how_its_binds_do(at_home: Page, site: Site) -> None:
    open_detail(at_home, site)
    why = at_home.locator("[data-test=bottleneck]")
    expect(why).to_contain_text("Allowed by the configuration")
    expect(at_home.locator("body")).to_contain_text("BOUND_TRX")
    expect(at_home.locator(".fact-list .badge")).to_have_text("bound")


def test_pdus_are_seen_while_they_pass(at_home: Page, site: Site) -> None:
    open_detail(at_home, site)
    watch = at_home.locator("[data-test=watch]")
    watch.click()
    expect(watch).to_contain_text("Stop watching")
    site.send("971500000777", "Look at me")
    tail = at_home.locator("[data-test=tail]")
    expect(tail).to_contain_text("971500000777, 'Look at me'")
    expect(tail).to_contain_text("submit_sm_resp ESME_ROK")
    expect(tail).to_contain_text("DELIVRD")
    watch.click()
    expect(watch).to_have_text(re.compile("Watch$"))
    before = tail.inner_text()
    site.send("971500000778", "Nobody looks")
    at_home.locator("button", has_text="Read again").click()
    assert tail.inner_text() == before


def test_the_pdu_log_is_switched_shown_and_downloaded(at_home: Page, site: Site) -> None:
    open_detail(at_home, site)
    at_home.locator("[data-test=pdu-log]").click()
    try:
        for _ in range(60):  # the gateway follows within a second, its log is written beside the messages
            site.send("971500000888", "For the log")
            at_home.get_by_role("button", name="Read again").click()
            try:
                expect(at_home.get_by_label("Show the end")).to_have_count(1, timeout=2_000)
                break
            except AssertionError:
                continue
        at_home.get_by_label("Show the end").click()
        expect(at_home.locator("[data-test=log]")).to_contain_text("SUBMIT_SM")
        at_home.get_by_role("dialog").get_by_role("button", name="Close").click()
        with at_home.expect_download() as download:
            at_home.get_by_label("Download", exact=True).click()
        assert download.value.suggested_filename.endswith("simulator.log")
        assert "SUBMIT_SM:" in download.value.path().read_text()
    finally:
        at_home.locator("[data-test=pdu-log]").click()
    for _ in range(60):
        if not stored(site, "simulator").pdu_log:
            return
        at_home.wait_for_timeout(1_000)
    raise AssertionError("the log was not switched off")


def test_a_connector_is_tried_out(at_home: Page, site: Site) -> None:
    open_detail(at_home, site)
    at_home.get_by_role("button", name="Test").click()
    dialog = at_home.get_by_role("dialog").first
    test = dialog.get_by_role("button", name="Test")
    test.click()
    expect(dialog.locator("[data-test=findings]")).to_contain_text("SMPP version")
    expect(dialog.locator("[data-test=steps]")).to_contain_text("Bound to simulator")
    dialog.locator("input[data-field=to]").fill("not a number")
    test.click()
    at_home.get_by_role("button", name="Send it").click()
    expect(at_home.locator("body")).to_contain_text("a number in international form")
    dialog.locator("input[data-field=to]").fill("971500000999")
    test.click()
    expect(at_home.locator("body")).to_contain_text("Send one test message to 971500000999?")
    at_home.get_by_role("button", name="Send it").click()
    expect(dialog.locator("[data-test=findings]")).to_contain_text("ESME_ROK")


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
    expect(row).to_have_count(1)
    expect(row.get_by_label("Stop", exact=True)).to_have_count(0)
    expect(page.get_by_role("button", name="New connector")).to_have_count(0)
    open_detail(page, site)
    expect(page.locator("[data-test=watch]")).to_have_count(1)
    for name in ("Change", "Stop", "Test", "Delete"):
        expect(page.get_by_role("button", name=name, exact=True)).to_have_count(0)
    expect(page.locator("[data-test=pdu-log]")).to_have_count(0)
    tenants = new_context().new_page()
    sign_in(tenants, site, TENANT)
    expect(tenants.locator("h1")).to_have_text("Dashboard")
    for path in ("connectors", "connectors/simulator"):
        tenants.goto(f"{site.url}{path}")
        expect(tenants.locator("body")).to_contain_text("This page is not for you")
        assert "BOUND_TRX" not in tenants.content()
        assert "127.0.0.1" not in tenants.locator(".page").inner_text()
