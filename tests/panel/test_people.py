"""The pages about people: who there is, what they did, and their keys."""

import re
import urllib.error
import urllib.request

import pytest
from playwright.sync_api import Page, expect

from trunkline.model.identity import Role

from .conftest import PASSWORD, TENANT, VIEWER, NewContext, Site, sign_in

FORBIDDEN_TO_TENANTS = ("admins", "audit", "enterprise-users", "enterprise-users/demo")


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
    expect(page.get_by_role("button", name="New enterprise user")).to_have_count(0)
    expect(page.locator("tr", has_text=TENANT).get_by_role("button")).to_have_count(0)
    page.get_by_role("link", name=TENANT).click()
    expect(page.locator(".facts").first).to_contain_text("everything")
    for name in ("Credits", "Change", "Disable", "New login"):
        expect(page.get_by_role("button", name=name)).to_have_count(0)
    page.goto(f"{site.url}admins")
    expect(page.get_by_text("This page is not for you")).to_be_visible()


def test_the_administrators_are_listed(at_home: Page, site: Site) -> None:
    at_home.goto(f"{site.url}admins")
    logins = at_home.locator(".table-card").first
    expect(logins.locator("tr", has_text=VIEWER)).to_contain_text("active")
    at_home.get_by_label("Search").fill("nobody of that name")
    expect(at_home.get_by_text("Nobody found")).to_be_visible()


def test_what_was_done_stands_in_the_audit_log(at_home: Page, site: Site) -> None:
    at_home.goto(f"{site.url}audit")
    at_home.get_by_label("Action").fill("sign_in")
    expect(at_home.locator(".table-card tbody tr").first).to_contain_text("sign_in")
    expect(at_home.locator(".table-card tbody tr").first).to_contain_text("127.0.0.1")


def test_an_entry_tells_from_what_to_what(at_home: Page, site: Site) -> None:
    site.add_login("ledger", Role.VIEWER)
    at_home.goto(f"{site.url}audit?entity_id=ledger")
    row = at_home.locator(".table-card tbody tr", has_text="ledger").first
    expect(row).to_contain_text("role: viewer")
    row.get_by_label("Details").click()
    dialog = at_home.locator(".confirm")
    expect(dialog).to_contain_text("ledger")
    expect(dialog.locator("dt", has_text="username")).to_have_count(1)


def test_an_enterprise_user_from_its_making_to_its_end(
    at_home: Page, site: Site, new_context: NewContext
) -> None:
    at_home.goto(f"{site.url}enterprise-users")
    at_home.get_by_role("button", name="New enterprise user").click()
    form = at_home.locator(".form-dialog")
    form.get_by_label("Name", exact=True).fill(TENANT)
    form.get_by_label("User name").fill("carl")
    form.locator("[data-field=credits]").fill("twelve")
    form.get_by_role("button", name="Add").click()
    expect(form).to_contain_text("'twelve' is not a number of credits")
    form.locator("[data-field=credits]").fill("12.345678")
    form.get_by_role("button", name="Add").click()
    expect(form).to_contain_text("is taken already")
    form.get_by_label("Name", exact=True).fill("carpets")
    form.get_by_label("Permission group").click()
    at_home.get_by_role("option", name="everything").click()
    form.get_by_role("button", name="Add").click()
    password = at_home.locator("[data-test=password]").inner_text()
    at_home.get_by_role("button", name="Close").click()
    expect(at_home.locator("[data-test=password]")).to_have_count(0)
    row = at_home.locator("tr", has_text="carpets")
    expect(row).to_contain_text("12.345678")
    expect(row).to_contain_text("0 / 0")
    assert password not in at_home.content()

    theirs = new_context().new_page()
    sign_in(theirs, site, "carl", password=password)
    expect(theirs.locator("h1")).to_have_text("Dashboard")
    expect(theirs.locator(".balance")).to_contain_text("12.345678")

    row.get_by_label("Credits").click()
    form.locator("[data-field=amount]").fill("1000")
    form.get_by_label("What").click()
    at_home.get_by_role("option", name="Take credits").click()
    form.get_by_role("button", name="Book").click()
    expect(form).to_contain_text("This is needed.")
    form.get_by_label("Reason").fill("by mistake")
    form.get_by_role("button", name="Book").click()
    expect(form).to_contain_text("the balance does not cover this")
    form.locator("[data-field=amount]").fill("2.3")
    form.get_by_role("button", name="Book").click()
    expect(row).to_contain_text("10.045678")

    at_home.get_by_role("link", name="carpets").click()
    expect(at_home.locator(".table-card").first).to_contain_text("carl")
    expect(at_home.locator(".table-card").nth(1)).to_contain_text("127.0.0.1")
    at_home.get_by_role("button", name="Change", exact=True).first.click()
    form.get_by_label("Company").fill("Carpets & Sons")
    form.get_by_label("Messages per second").fill("-1")
    form.get_by_role("button", name="Save").click()
    expect(form).to_contain_text("messages per second, at most")
    form.get_by_label("Messages per second").fill("7")
    form.get_by_role("button", name="Save").click()
    expect(at_home.locator(".facts").first).to_contain_text("Carpets & Sons")
    at_home.get_by_role("button", name="Disable", exact=True).first.click()
    question = at_home.locator(".confirm")
    expect(question).to_contain_text("its ESMEs are unbound")
    question.get_by_role("button", name="Disable").click()
    expect(at_home.locator(".facts").first).to_contain_text("disabled")
    theirs.goto(site.url)
    expect(theirs).to_have_url(re.compile("/sign-in"))


def test_logins_of_an_enterprise_user(at_home: Page, site: Site, new_context: NewContext) -> None:
    at_home.goto(f"{site.url}enterprise-users/{TENANT}")
    at_home.get_by_role("button", name="New login").click()
    form = at_home.locator(".form-dialog")
    form.get_by_label("User name").fill("dora")
    form.get_by_label("Password", exact=True).fill("short")
    form.get_by_role("button", name="Add").click()
    expect(form).to_contain_text("at least 10 characters")
    form.get_by_label("Password", exact=True).fill(PASSWORD)
    form.get_by_role("button", name="Add").click()
    at_home.get_by_role("button", name="Close").click()
    theirs = new_context().new_page()
    sign_in(theirs, site, "dora")
    expect(theirs.locator("h1")).to_have_text("Dashboard")
    row = at_home.locator(".table-card").first.locator("tr", has_text="dora")
    row.get_by_label("Sign out everywhere").click()
    at_home.locator(".confirm").get_by_role("button", name="Sign out everywhere").click()
    expect(at_home.get_by_text("Browsers signed out: 1")).to_be_visible()
    theirs.goto(site.url)
    expect(theirs).to_have_url(re.compile("/sign-in"))


def test_administrators_are_added_changed_and_deleted(
    at_home: Page, site: Site, new_context: NewContext
) -> None:
    at_home.goto(f"{site.url}admins")
    at_home.get_by_role("button", name="New login").click()
    form = at_home.locator(".form-dialog")
    form.get_by_label("User name").fill("olga")
    form.get_by_role("button", name="Add").click()
    password = at_home.locator("[data-test=password]").inner_text()
    at_home.get_by_role("button", name="Close").click()
    row = at_home.locator(".table-card").first.locator("tr", has_text="olga")
    expect(row).to_contain_text("Operator")
    row.get_by_label("Change", exact=True).click()
    form.get_by_label("Name of the person").fill("Olga O.")
    form.get_by_label("E-mail").fill("nobody")
    form.get_by_role("button", name="Save").click()
    expect(form).to_contain_text("an e-mail address such as")
    form.get_by_label("E-mail").fill("olga@example.com")
    form.get_by_role("button", name="Save").click()
    expect(row).to_contain_text("olga@example.com")
    row.get_by_label("New password").click()
    at_home.locator(".confirm").get_by_role("button", name="New password").click()
    renewed = at_home.locator("[data-test=password]").inner_text()
    assert renewed != password
    at_home.get_by_role("button", name="Close").click()
    hers = new_context().new_page()
    sign_in(hers, site, "olga", password=renewed)
    expect(hers.locator("h1")).to_have_text("Dashboard")
    row.get_by_label("Disable").click()
    at_home.locator(".confirm").get_by_role("button", name="Disable").click()
    expect(row).to_contain_text("disabled")
    hers.goto(site.url)
    expect(hers).to_have_url(re.compile("/sign-in"))
    row.get_by_label("Delete").click()
    at_home.locator(".confirm").get_by_role("button", name="Delete").click()
    expect(row).to_have_count(0)


def test_the_last_super_administrator_stays_one(at_home: Page, site: Site) -> None:
    at_home.goto(f"{site.url}admins")
    row = at_home.locator(".table-card").first.locator("tr", has_text="Super administrator")
    expect(row.get_by_label("Change", exact=True)).to_be_visible()
    for name in ("Disable", "Delete"):
        expect(row.get_by_label(name)).to_have_count(0)
    row.get_by_label("Change", exact=True).click()
    form = at_home.locator(".form-dialog")
    form.get_by_label("Role").click()
    at_home.get_by_role("option", name=re.compile("^Viewer")).click()
    form.get_by_role("button", name="Save").click()
    expect(form).to_contain_text("is the last super administrator")


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
