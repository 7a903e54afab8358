"""The page of the MT routes: made, put in their order, switched off, deleted, and who may."""

from playwright.sync_api import Locator, Page, expect

from .conftest import TENANT, VIEWER, NewContext, Site, sign_in

DEFAULT = "everything to the simulator"


def open_page(page: Page, site: Site) -> Locator:
    """The page; returns the rows of its table."""
    page.goto(f"{site.url}routes")
    expect(page.locator("h1")).to_have_text("MT (outbound) routes")
    rows = page.locator(".table-card tbody tr")
    expect(rows.filter(has_text=DEFAULT)).to_have_count(1)
    return rows


def add(page: Page, name: str, **fields: str) -> None:
    """Makes a route by the simulator; fields by their labels."""
    page.get_by_role("button", name="New route").click()
    dialog = page.locator(".form-dialog")
    dialog.get_by_label("Connectors").click()
    page.get_by_role("option", name="simulator").click()
    page.keyboard.press("Escape")
    for label, value in ({"Name": name} | fields).items():
        dialog.get_by_label(label, exact=True).fill(value)
    dialog.get_by_role("button", name="Add").click()


def delete(page: Page, row: Locator) -> None:
    row.get_by_label("Delete").click()
    page.locator(".confirm").get_by_role("button", name="Delete").click()
    expect(row).to_have_count(0)


def test_a_route_is_made_changed_and_deleted(at_home: Page, site: Site) -> None:
    rows = open_page(at_home, site)
    add(at_home, "uae", Prefix="971", Rate="0.045", Account="demo", Position="1")
    expect(at_home.locator(".form-dialog")).to_have_count(0)
    row = rows.filter(has_text="uae")
    expect(row).to_contain_text("numbers that begin with 971 · simulator · only demo · 0.045 credits a part")
    expect(rows.first).to_contain_text("uae")
    row.get_by_label("Change").click()
    dialog = at_home.locator(".form-dialog")
    expect(dialog.get_by_label("Rate", exact=True)).to_have_value("0.045")
    dialog.get_by_label("Rate", exact=True).fill("cheap")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog).to_contain_text("'cheap' is not a number of credits")
    dialog.get_by_label("Rate", exact=True).fill("0.5")
    dialog.get_by_label("Account", exact=True).fill("")
    dialog.get_by_role("button", name="Save").click()
    expect(row).to_contain_text("all accounts · 0.5 credits a part")
    row.get_by_label("Delete").click()
    question = at_home.locator(".confirm")
    expect(question).to_contain_text("Delete the route uae?")
    expect(question).to_contain_text("or is refused where there is none")
    question.get_by_role("button", name="Cancel").click()
    expect(question).to_have_count(0)
    delete(at_home, row)
    expect(rows).to_have_count(1)


def test_what_is_wrong_stands_beside_its_field(at_home: Page, site: Site) -> None:
    rows = open_page(at_home, site)
    add(at_home, DEFAULT, Prefix="+971")
    dialog = at_home.locator(".form-dialog")
    prefix = dialog.locator(".q-field", has=at_home.get_by_label("Prefix", exact=True))
    expect(prefix).to_contain_text("up to 20 digits, in international form")
    dialog.get_by_label("Prefix", exact=True).fill("971")
    dialog.get_by_label("Account", exact=True).fill("nobody")
    dialog.get_by_role("button", name="Add").click()
    account = dialog.locator(".q-field", has=at_home.get_by_label("Account", exact=True))
    expect(account).to_contain_text("account 'nobody' does not exist")
    dialog.get_by_label("Account", exact=True).fill("")
    dialog.get_by_role("button", name="Add").click()
    name = dialog.locator(".q-field", has=at_home.get_by_label("Name", exact=True))
    expect(name).to_contain_text("exists already")
    dialog.get_by_role("button", name="Cancel").click()
    expect(dialog).to_have_count(0)
    expect(rows).to_have_count(1)


def test_the_order_is_changed(at_home: Page, site: Site) -> None:
    rows = open_page(at_home, site)
    for name in ("second", "third"):
        add(at_home, name)
        expect(rows.filter(has_text=name)).to_have_count(1)

    def expect_order(*names: str) -> None:
        for number, name in enumerate(names):
            expect(rows.nth(number)).to_contain_text(name)

    try:
        expect_order(DEFAULT, "second", "third")
        expect(rows.nth(0).get_by_label("Move up")).to_have_count(0)
        expect(rows.nth(2).get_by_label("Move down")).to_have_count(0)
        rows.nth(2).get_by_label("Move up").click()
        expect_order(DEFAULT, "third", "second")
        rows.nth(0).get_by_label("Move down").click()
        expect_order("third", DEFAULT, "second")
        rows.nth(2).get_by_label("Move to a position").click()
        at_home.locator(".form-dialog").get_by_label("Position").fill("1")
        at_home.locator(".form-dialog").get_by_role("button", name="Move").click()
        expect_order("second", "third", DEFAULT)
        at_home.reload()
        expect_order("second", "third", DEFAULT)
    finally:
        for name in ("second", "third"):
            delete(at_home, rows.filter(has_text=name))


def test_what_cannot_be_routed_is_said(at_home: Page, site: Site) -> None:
    row = open_page(at_home, site).filter(has_text=DEFAULT)
    notice = at_home.get_by_text("some destinations cannot be routed")
    expect(notice).to_be_hidden()
    row.get_by_label("Switch off").click()
    try:
        expect(row).to_contain_text("disabled")
        expect(notice).to_be_visible()
    finally:
        row.get_by_label("Switch on").click()
    expect(row).to_contain_text("active")
    expect(notice).to_be_hidden()


def test_routes_are_found(at_home: Page, site: Site) -> None:
    rows = open_page(at_home, site)
    at_home.get_by_label("Search").fill("no route of this name")
    expect(at_home.get_by_text("No route here")).to_be_visible()
    at_home.get_by_label("Search").fill("EVERYTHING")
    expect(rows).to_have_count(1)


def test_a_viewer_only_looks_and_a_tenant_does_not_even(new_context: NewContext, site: Site) -> None:
    page = new_context().new_page()
    sign_in(page, site, VIEWER)
    expect(page.locator("h1")).to_have_text("Dashboard")
    open_page(page, site)
    expect(page.get_by_role("button", name="New route")).to_have_count(0)
    for action in ("Move to a position", "Change", "Switch off", "Delete"):
        expect(page.get_by_label(action)).to_have_count(0)
    tenants = new_context().new_page()
    sign_in(tenants, site, TENANT)
    expect(tenants.locator("h1")).to_have_text("Dashboard")
    expect(tenants.locator(".sidebar a[href$='/routes']")).to_have_count(0)
    tenants.goto(f"{site.url}routes")
    expect(tenants.get_by_text("This page is not for you")).to_be_visible()
    assert DEFAULT not in tenants.content()
