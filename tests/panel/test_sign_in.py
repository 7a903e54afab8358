"""Who comes in, and how long they stay."""

import re
import time

import pyotp
from playwright.sync_api import Page, expect

from trunkline.model.identity import Role

from .conftest import NewContext, Site, choose, sign_in


def test_whoever_is_not_signed_in_is_asked_to(page: Page, site: Site) -> None:
    page.goto(f"{site.url}own")
    expect(page).to_have_url(re.compile(r"/panel/sign-in\?next=/panel/own$"))
    page.fill("[name=username]", "admin")
    page.fill("[name=password]", site.demo["admin"]["password"])
    page.click("button[type=submit]")
    expect(page.locator("h1")).to_have_text("Your login")  # and then goes on to where they wanted


def test_a_wrong_password_says_so_and_brings_nobody_in(page: Page, site: Site) -> None:
    sign_in(page, site, password="wrong, but long")
    expect(page.get_by_role("alert")).to_have_text("User name or password is wrong.")
    assert page.locator("[name=username]").input_value() == "admin"
    assert page.locator("[name=password]").input_value() == ""
    assert not [each for each in page.context.cookies() if each["name"] == "trunkline_session"]


def test_the_session_is_a_cookie_that_no_script_sees(at_home: Page) -> None:
    [cookie] = [each for each in at_home.context.cookies() if each["name"] == "trunkline_session"]
    assert cookie["httpOnly"]
    assert cookie["sameSite"] == "Lax"
    assert cookie["path"] == "/panel"
    assert "trunkline_session" not in at_home.evaluate("document.cookie")


def test_signing_out_ends_the_session_and_not_only_the_cookie(at_home: Page, site: Site) -> None:
    before = at_home.context.cookies()
    choose(at_home, "Your login", "Sign out")
    expect(at_home.locator("[name=password]")).to_be_visible()
    at_home.context.add_cookies(before)  # somebody kept it
    at_home.goto(site.url)
    expect(at_home.locator("[name=password]")).to_be_visible()


def test_a_second_factor_is_set_up_and_asked_for(page: Page, site: Site) -> None:
    site.add_login("careful", Role.OPERATOR)
    sign_in(page, site, "careful")
    page.goto(f"{site.url}own")
    page.get_by_role("button", name="Set up a second factor").click()
    secret = page.locator("[data-test=totp-secret]").inner_text()
    totp = pyotp.TOTP(secret)
    page.get_by_label("Code").fill("000000" if totp.now() != "000000" else "000001")
    page.get_by_role("button", name="Switch on").click()
    expect(page.get_by_text("is not the one that the authenticator shows now")).to_be_visible()
    page.get_by_label("Code").fill(totp.now())
    page.get_by_role("button", name="Switch on").click()
    expect(page.get_by_role("button", name="Switch off")).to_be_visible()
    page.context.clear_cookies()

    sign_in(page, site, "careful")
    expect(page.get_by_role("alert")).to_contain_text("your authenticator shows now")
    # A code counts once: the next step's is good already.
    sign_in(page, site, "careful", totp.at(time.time() + 30))
    expect(page.locator("h1")).to_have_text("Dashboard")


def test_another_browser_is_signed_out(new_context: NewContext, site: Site) -> None:
    site.add_login("roaming", Role.OPERATOR)
    here = new_context().new_page()
    there = new_context(user_agent="The other one").new_page()
    for each in (here, there):
        sign_in(each, site, "roaming")
        expect(each.locator("h1")).to_have_text("Dashboard")
    here.goto(f"{site.url}own")
    row = here.locator("tr", has_text="The other one")
    row.get_by_label("Sign out").click()
    here.locator(".confirm").get_by_role("button", name="Sign out").click()
    expect(row).to_have_count(0)
    # The open page notices by itself.
    expect(there.locator("[name=password]")).to_be_visible()


def test_a_password_is_changed_and_its_faults_stand_beside_the_field(page: Page, site: Site) -> None:
    site.add_login("changing", Role.OPERATOR)
    sign_in(page, site, "changing")
    page.goto(f"{site.url}own")
    change = page.get_by_role("button", name="Change the password")
    change.click()
    expect(page.get_by_text("This is needed.")).to_have_count(3)
    for label, value in (
        ("Present password", "wrong"),
        ("Password", "short"),
        ("New password again", "short"),
    ):
        page.get_by_label(label, exact=True).fill(value)
    change.click()
    expect(page.get_by_text("is wrong")).to_be_visible()
    page.get_by_label("Present password").fill("correct horse battery")
    change.click()
    expect(page.get_by_text("at least 10 characters", exact=True)).to_be_visible()
    for label in ("Password", "New password again"):
        page.get_by_label(label, exact=True).fill("a better one, longer")
    change.click()
    expect(page.locator("[name=username]")).to_be_visible()  # every session has ended
    sign_in(page, site, "changing", password="a better one, longer")
    expect(page.locator("h1")).to_have_text("Dashboard")
