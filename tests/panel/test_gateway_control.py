"""Gateway control: the services live, a door drained and resumed, and who does not see the page."""

from playwright.sync_api import Locator, Page, expect

from .conftest import TENANT, VIEWER, NewContext, Site, sign_in


def open_page(page: Page, site: Site, service: str) -> Locator:
    """The page, and on it the row of this service."""
    page.goto(f"{site.url}gateway-control")
    expect(page.locator("h1")).to_have_text("Gateway control")
    return page.locator(".table-card").first.locator("tbody tr", has_text=service)


def carry_out(page: Page, row: Locator, action: str) -> None:
    row.get_by_label(action, exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name=action).click()


def test_services_are_shown_with_their_ports(at_home: Page, site: Site) -> None:
    row = open_page(at_home, site, "SMPP server")
    expect(row.locator(".badge")).to_have_text("running")
    expect(row).to_contain_text(f"127.0.0.1:{site.gateway.smpp_port}")
    services = at_home.locator(".table-card").first
    for name in ("Process", "Message store", "HTTP server", "Panel", "Connectors", "PDU logs"):
        expect(services).to_contain_text(name)
    expect(services.locator("tbody tr", has_text="Message store").get_by_role("button")).to_have_count(0)


def test_a_door_is_drained_and_resumed(at_home: Page, site: Site) -> None:
    row = open_page(at_home, site, "SMPP server")
    expect(row.get_by_label("Resume")).to_have_count(0)
    row.get_by_label("Drain").click()
    dialog = at_home.get_by_role("dialog")
    expect(dialog).to_contain_text("Drain SMPP server on")
    expect(dialog).to_contain_text("binds are refused")
    dialog.get_by_role("button", name="Cancel").click()
    expect(dialog).to_have_count(0)
    try:
        carry_out(at_home, row, "Drain")
        expect(row.locator(".badge")).to_have_text("drained")
        expect(row.get_by_label("Drain")).to_have_count(0)
    finally:
        carry_out(at_home, row, "Resume")
    expect(row.locator(".badge")).to_have_text("running")
    orders = at_home.locator(".table-card").nth(1)
    expect(orders.locator("tbody tr").nth(0)).to_contain_text("Resume")
    expect(orders.locator("tbody tr").nth(0).locator(".badge")).to_have_text("done")
    expect(orders.locator("tbody tr").nth(1)).to_contain_text("Drain")
    at_home.goto(f"{site.url}audit")
    expect(at_home.locator(".table-card tbody tr", has_text="gateway").first).to_contain_text("resume")


def test_nobody_else_sees_it(new_context: NewContext, site: Site) -> None:
    for username in (VIEWER, TENANT):
        page = new_context().new_page()
        sign_in(page, site, username)
        expect(page.locator("h1")).to_have_text("Dashboard")
        expect(page.locator(".sidebar a[href$='/gateway-control']")).to_have_count(0)
        page.goto(f"{site.url}gateway-control")
        expect(page.get_by_text("This page is not for you")).to_be_visible()
