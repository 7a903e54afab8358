"""The pages of groups and permission groups, and what a change means to a page that is open."""

import json
import urllib.request

import pytest
from playwright.sync_api import Locator, Page, expect

from .conftest import PASSWORD, TENANT, VIEWER, NewContext, Site, sign_in

PATHS = {"groups": "Groups", "permission-groups": "Permission groups"}


def open_page(page: Page, site: Site, path: str) -> Locator:
    """The page; returns the rows of its table."""
    page.goto(f"{site.url}{path}")
    expect(page.locator("h1")).to_have_text(PATHS[path])
    return page.locator(".table-card tbody tr")


def make(site: Site, noun: str, **body: object) -> None:
    """Makes something over the API."""
    request = urllib.request.Request(
        f"{site.url.removesuffix('panel/')}api/v1/{noun}",
        json.dumps(body).encode(),
        {"X-API-Key": site.demo["api_token"], "Content-Type": "application/json"},
    )
    urllib.request.urlopen(request, timeout=60).close()


def delete(page: Page, row: Locator) -> None:
    row.get_by_label("Delete").click()
    page.locator(".confirm").get_by_role("button", name="Delete").click()


def test_a_group_is_made_changed_and_deleted(at_home: Page, site: Site) -> None:
    rows = open_page(at_home, site, "groups")
    at_home.get_by_role("button", name="New group").click()
    dialog = at_home.locator(".form-dialog")
    dialog.get_by_label("Name", exact=True).fill("-retail")
    dialog.get_by_label("Description").fill("Shops")
    dialog.get_by_role("button", name="Add").click()
    expect(dialog).to_contain_text("no mark first")
    dialog.get_by_label("Name", exact=True).fill("retail")
    dialog.get_by_role("button", name="Add").click()
    expect(dialog).to_have_count(0)
    row = rows.filter(has_text="retail")
    expect(row).to_contain_text("Shops")
    expect(row).to_contain_text("active")

    at_home.get_by_label("Search").fill("nothing of this name")
    expect(at_home.get_by_text("No groups")).to_be_visible()
    at_home.get_by_label("Search").fill("SHOP")
    expect(row).to_have_count(1)
    at_home.get_by_label("Search").fill("")
    row.get_by_label("Change").click()
    dialog.get_by_label("Name", exact=True).fill("shops")
    dialog.get_by_text("Active").click()
    dialog.get_by_role("button", name="Save").click()
    expect(dialog).to_have_count(0)
    row = rows.filter(has_text="shops")
    expect(row).to_contain_text("disabled")

    make(site, "accounts", name="shop", group="shops")
    delete(at_home, row)
    expect(at_home.get_by_text("1 accounts have the group 'shops'")).to_be_visible()
    expect(row).to_have_count(1)
    make(site, "groups", name="empty")
    at_home.reload()
    expect(row).to_contain_text("1")
    delete(at_home, rows.filter(has_text="empty"))
    expect(rows.filter(has_text="empty")).to_have_count(0)


def test_a_permission_group_is_made_changed_and_deleted(at_home: Page, site: Site) -> None:
    rows = open_page(at_home, site, "permission-groups")
    at_home.get_by_role("button", name="New permission group").click()
    dialog = at_home.locator(".form-dialog")
    expect(dialog).to_contain_text("Message logs, delivery reports, and each message with its way.")
    dialog.get_by_label("Name", exact=True).fill("everything")
    dialog.get_by_role("checkbox", name="View logs").click()
    dialog.get_by_role("checkbox", name="Send SMS").click()
    dialog.get_by_role("button", name="Add").click()
    expect(dialog).to_contain_text("exists already")
    dialog.get_by_label("Name", exact=True).fill("readers")
    dialog.get_by_role("button", name="Add").click()
    expect(dialog).to_have_count(0)
    row = rows.filter(has_text="readers")
    expect(row).to_contain_text("View logs, Send SMS")

    row.get_by_label("Change").click()
    expect(dialog.get_by_role("checkbox", name="Send SMS")).to_be_checked()
    dialog.get_by_role("checkbox", name="Send SMS").click()
    dialog.get_by_role("checkbox", name="View billing").click()
    dialog.get_by_role("button", name="Save").click()
    expect(row).to_contain_text("View logs, View billing")

    row.get_by_label("Delete").click()
    at_home.locator(".confirm").get_by_role("button", name="Cancel").click()
    expect(at_home.locator(".confirm")).to_have_count(0)
    delete(at_home, row)
    expect(row).to_have_count(0)
    delete(at_home, rows.filter(has_text="everything"))
    expect(at_home.get_by_text("accounts have the permission group 'everything'")).to_be_visible()


def test_a_change_holds_for_pages_that_are_open(new_context: NewContext, site: Site) -> None:
    make(site, "permission-groups", name="key makers", permissions=["manage_api_keys", "view_logs"])
    make(site, "accounts", name="maker", permission_group="key makers", username="maker", password=PASSWORD)
    theirs = new_context().new_page()
    sign_in(theirs, site, "maker")
    expect(theirs.locator("h1")).to_have_text("Dashboard")
    theirs.goto(f"{site.url}api-keys")

    def make_key(name: str) -> None:
        theirs.get_by_role("button", name="New API key").click()
        theirs.get_by_label("Name", exact=True).fill(name)
        theirs.get_by_role("button", name="Make the key").click()

    make_key("first")
    theirs.get_by_role("button", name="Close").click()
    expect(theirs.locator("tbody tr", has_text="first")).to_have_count(1)

    ours = new_context().new_page()
    sign_in(ours, site)
    expect(ours.locator("h1")).to_have_text("Dashboard")
    row = open_page(ours, site, "permission-groups").filter(has_text="key makers")
    expect(row).to_contain_text("View logs, Manage API keys")
    row.get_by_label("Change").click()
    ours.locator(".form-dialog").get_by_role("checkbox", name="Manage API keys").click()
    ours.locator(".form-dialog").get_by_role("button", name="Save").click()
    expect(row).not_to_contain_text("Manage API keys")

    make_key("second")
    expect(theirs.get_by_text("it needs the permission manage_api_keys")).to_be_visible()
    expect(theirs.locator("[data-test=key]")).to_have_count(0)
    theirs.reload()
    expect(theirs.get_by_text("This page is not for you")).to_be_visible()


@pytest.mark.parametrize("path", PATHS)
def test_a_viewer_only_looks_and_a_tenant_does_not_even(
    new_context: NewContext, site: Site, path: str
) -> None:
    make(site, path, name=f"seen in {path}", **({"permissions": []} if "permission" in path else {}))
    page = new_context().new_page()
    sign_in(page, site, VIEWER)
    expect(page.locator("h1")).to_have_text("Dashboard")
    expect(open_page(page, site, path).filter(has_text="seen in")).to_have_count(1)
    expect(page.locator(".heading button")).to_have_count(0)
    for action in ("Change", "Delete"):
        expect(page.get_by_label(action)).to_have_count(0)
    tenants = new_context().new_page()
    sign_in(tenants, site, TENANT)
    expect(tenants.locator("h1")).to_have_text("Dashboard")
    expect(tenants.locator(f".sidebar a[href$='/{path}']")).to_have_count(0)
    tenants.goto(f"{site.url}{path}")
    expect(tenants.get_by_text("This page is not for you")).to_be_visible()
    assert "seen in" not in tenants.content()
