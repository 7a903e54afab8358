"""The pages about people: who there is, what they did, and their keys."""

import urllib.error
import urllib.request

import pytest
from playwright.sync_api import Page, expect

from .conftest import TENANT, VIEWER, Site, sign_in

FORBIDDEN_TO_TENANTS = ("admins", "audit", "enterprise-users")


@pytest.mark.parametrize("path", FORBIDDEN_TO_TENANTS)
def test_a_tenant_opens_no_page_of_the_platform(page: Page, site: Site, path: str) -> None:
    sign_in(page, site, TENANT)
    expect(page.locator("h1")).to_have_text("Dashboard")
    expect(page.locator(f".sidebar a[href$='/{path}']")).to_have_count(0)
    page.goto(f"{site.url}{path}")
    expect(page.get_by_text("This page is not for you")).to_be_visible()
    expect(page.locator(".table-card")).to_have_count(0)


def test_a_viewer_looks_and_does_not_manage_administrators(page: Page, site: Site) -> None:
    sign_in(page, site, VIEWER)
    expect(page.locator("h1")).to_have_text("Dashboard")
    page.goto(f"{site.url}enterprise-users")
    expect(page.locator("tr", has_text=TENANT)).to_contain_text("1,234.56")
    page.goto(f"{site.url}admins")
    expect(page.get_by_text("This page is not for you")).to_be_visible()


def test_the_administrators_are_listed(at_home: Page, site: Site) -> None:
    at_home.goto(f"{site.url}admins")
    expect(at_home.locator("tr", has_text=VIEWER)).to_contain_text("active")
    at_home.get_by_label("Search").fill("nobody of that name")
    expect(at_home.get_by_text("Nobody found")).to_be_visible()


def test_what_was_done_stands_in_the_audit_log(at_home: Page, site: Site) -> None:
    at_home.goto(f"{site.url}audit")
    at_home.get_by_label("Action").fill("sign_in")
    expect(at_home.locator(".table-card tbody tr").first).to_contain_text("sign_in")
    expect(at_home.locator(".table-card tbody tr").first).to_contain_text("127.0.0.1")


def test_an_api_key_is_made_shown_once_revoked_and_deleted(at_home: Page, site: Site) -> None:
    at_home.goto(f"{site.url}api-keys")
    at_home.get_by_role("button", name="New API key").click()
    at_home.get_by_label("Name").fill("from the panel")
    at_home.get_by_role("button", name="Make the key").click()
    key = at_home.locator("[data-test=key]").inner_text()
    at_home.get_by_role("button", name="Close").click()
    expect(at_home.locator("[data-test=key]")).to_have_count(0)
    row = at_home.locator("tr", has_text="from the panel")
    expect(row).to_contain_text("active")
    assert key not in at_home.content()
    row.get_by_label("Revoke").click()
    expect(row).to_contain_text("disabled")
    row.get_by_label("Let in again").click()
    expect(row).to_contain_text("active")
    row.get_by_label("Delete").click()
    at_home.locator(".confirm").get_by_role("button", name="Cancel").click()
    expect(at_home.locator(".confirm")).to_have_count(0)
    expect(row).to_have_count(1)
    row.get_by_label("Delete").click()
    at_home.locator(".confirm").get_by_role("button", name="Delete").click()
    expect(row).to_have_count(0)


def test_a_session_is_no_key_for_the_api(site: Site) -> None:
    request = urllib.request.Request(f"{site.url.removesuffix('panel/')}api/v1/messages")
    request.add_header("Cookie", "trunkline_session=anything")
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request, timeout=60)
    assert refused.value.code == 401
    refused.value.close()
