"""System settings in the browser: name, colour and logo, the test e-mail, and a new password by e-mail."""

import json
import re
import urllib.error
import urllib.request
from collections.abc import Iterator
from email.message import EmailMessage
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.mail_server import MailServer
from trunkline.model.identity import Role

from .conftest import PASSWORD, TENANT, VIEWER, NewContext, Site, sign_in

# One pixel, as PNG.
PICTURE = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de"
    "0000000c49444154789c63383375310003ed01bb78cfdd4b0000000049454e44ae426082"
)
NEW_PASSWORD = "an entirely new secret"


def call(site: Site, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
    """What the REST API answers the administration."""
    request = urllib.request.Request(
        f"{site.url.removesuffix('panel/')}api/v1/settings{path}",
        None if body is None else json.dumps(body).encode(),
        {"X-API-Key": site.demo["api_token"], "Content-Type": "application/json"},
        method=method,
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


@pytest.fixture
def plain_settings(site: Site) -> Iterator[None]:
    """Settings are as they were, afterwards."""
    yield
    call(site, "PATCH", "/branding", {"platform_name": "Trunkline", "main_color": "#0f766e"})
    call(site, "PATCH", "/platform", {"public_url": "", "low_credit_threshold": "0"})
    call(site, "PATCH", "/smtp", {"host": "", "sender": ""})
    if call(site, "GET", "")["item"]["logo"] is not None:
        call(site, "DELETE", "/branding/logo")


def field(page: Page, section: str, label: str) -> Any:
    return page.locator(f"[data-test={section}]").get_by_label(label, exact=True)


def save(page: Page, section: str) -> None:
    page.locator(f"[data-test={section}]").get_by_role("button", name="Save").click()


@pytest.mark.usefixtures("plain_settings")
def test_name_colour_and_logo_are_seen_before_anybody_signs_in(
    at_home: Page, site: Site, new_context: NewContext
) -> None:
    at_home.goto(f"{site.url}settings")
    field(at_home, "branding", "Main colour").first.fill("#fde047")
    save(at_home, "branding")
    expect(at_home.get_by_text("is too light")).to_be_visible()
    field(at_home, "branding", "Platform name").fill("Acme <SMS>")
    field(at_home, "branding", "Main colour").first.fill("#1e3a8a")
    save(at_home, "branding")
    expect(at_home.locator(".brand")).to_contain_text("Acme <SMS>")
    expect(at_home).to_have_title("System settings · Acme <SMS>")
    with at_home.expect_file_chooser() as chosen:
        at_home.get_by_role("button", name="Choose a picture").click()
    chosen.value.set_files({"name": "logo.png", "mimeType": "image/png", "buffer": PICTURE})
    expect(at_home.locator(".brand img")).to_have_attribute("src", re.compile("^/panel/branding/"))

    stranger = new_context().new_page()
    stranger.goto(f"{site.url}sign-in")
    expect(stranger.locator("h1")).to_have_text("Acme <SMS>")
    expect(stranger).to_have_title("Sign in · Acme <SMS>")
    expect(stranger.locator("button[type=submit]")).to_have_css("background-color", "rgb(30, 58, 138)")
    logo = stranger.locator("main > img")
    assert logo.evaluate("each => each.naturalWidth") == 1
    answer = stranger.request.get(f"{site.url.removesuffix('/panel/')}{logo.get_attribute('src')}")
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["x-content-type-options"] == "nosniff"

    at_home.get_by_role("button", name="Remove").click()
    at_home.locator(".confirm").get_by_role("button", name="Remove").click()
    expect(at_home.locator(".brand img")).to_have_attribute("src", "/panel/style/mark.svg")


@pytest.mark.usefixtures("plain_settings")
def test_a_file_that_is_no_picture_is_refused(at_home: Page, site: Site) -> None:
    at_home.goto(f"{site.url}settings")
    with at_home.expect_file_chooser() as chosen:
        at_home.get_by_role("button", name="Choose a picture").click()
    script = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"
    chosen.value.set_files({"name": "logo.png", "mimeType": "image/png", "buffer": script})
    expect(at_home.get_by_text("a PNG, JPEG or WebP picture")).to_be_visible()
    expect(at_home.locator(".brand img")).to_have_attribute("src", "/panel/style/mark.svg")


@pytest.mark.usefixtures("plain_settings")
def test_a_test_email_shows_what_the_server_said(at_home: Page, site: Site) -> None:
    at_home.goto(f"{site.url}settings")
    with MailServer() as server:
        field(at_home, "smtp", "Host").fill("127.0.0.1")
        field(at_home, "smtp", "Port").fill(str(server.port))
        field(at_home, "smtp", "Security").click()
        at_home.get_by_role("option", name=re.compile("^None")).click()
        save(at_home, "smtp")
        expect(at_home.get_by_text("is needed: the address that e-mails come from")).to_be_visible()
        field(at_home, "smtp", "Sender").fill("sms@acme.example")
        save(at_home, "smtp")
        expect(at_home.get_by_text("Saved.")).to_be_visible()
        at_home.get_by_label("Recipient", exact=True).fill("ann@acme.example")
        at_home.get_by_role("button", name="Send a test e-mail").click()
        expect(at_home.locator("[data-test=answer]")).to_contain_text("kept as 4711")
        assert server.next_mail().recipients == ["ann@acme.example"]
        server.refusals["RCPT"] = "550 no such user here"
        at_home.get_by_role("button", name="Send a test e-mail").click()
        expect(at_home.locator("[data-test=answer]")).to_contain_text("550 no such user here")


def test_the_token_is_renewed_only_after_asking(at_home: Page, site: Site) -> None:
    at_home.goto(f"{site.url}settings")
    at_home.get_by_role("button", name="Make a new token").click()
    at_home.locator(".confirm").get_by_role("button", name="Cancel").click()
    expect(at_home.locator(".confirm")).to_have_count(0)
    call(site, "GET", "")  # the one before still holds
    at_home.get_by_role("button", name="Make a new token").click()
    at_home.locator(".confirm").get_by_role("button", name="Make a new token").click()
    token = at_home.locator("[data-test=token]").inner_text()
    with pytest.raises(urllib.error.HTTPError) as refused:
        call(site, "GET", "")
    refused.value.close()
    assert refused.value.code == 401
    site.demo["api_token"] = token
    call(site, "GET", "")
    at_home.get_by_role("button", name="Close").click()
    expect(at_home.locator("[data-test=token]")).to_have_count(0)


def test_what_runs_here(at_home: Page, site: Site) -> None:
    at_home.goto(f"{site.url}settings")
    expect(at_home.get_by_text(re.compile(r"SQLite .*, schema \d{4}"))).to_be_visible()
    row = at_home.locator("tr", has_text="session_idle_s")
    expect(row).to_contain_text("default")
    expect(at_home.locator("tr", has_text="http_port")).to_contain_text("trunkline.toml")


def test_who_may_only_look_changes_nothing(page: Page, site: Site) -> None:
    sign_in(page, site, VIEWER)
    expect(page.locator("h1")).to_have_text("Dashboard")
    page.goto(f"{site.url}settings")
    expect(page.get_by_text("Platform name")).to_be_visible()
    for name in ("Save", "Choose a picture", "Make a new token", "Send a test e-mail"):
        expect(page.get_by_role("button", name=name)).to_have_count(0)


def test_a_tenant_opens_no_settings(page: Page, site: Site) -> None:
    sign_in(page, site, TENANT)
    expect(page.locator("h1")).to_have_text("Dashboard")
    expect(page.locator(".sidebar a[href$='/settings']")).to_have_count(0)
    page.goto(f"{site.url}settings")
    expect(page.get_by_text("This page is not for you")).to_be_visible()


@pytest.mark.usefixtures("plain_settings")
def test_a_low_balance_is_marked(page: Page, site: Site) -> None:
    call(site, "PATCH", "/platform", {"low_credit_threshold": "1234.57"})
    sign_in(page, site, TENANT)
    expect(page.locator(".balance.low")).to_contain_text("1,234.56")


def test_without_an_email_server_an_administrator_is_asked(page: Page, site: Site) -> None:
    page.goto(f"{site.url}sign-in")
    expect(page.get_by_text("Ask an administrator")).to_be_visible()
    expect(page.get_by_role("link", name="Forgot your password?")).to_have_count(0)
    page.goto(f"{site.url}forgot")
    expect(page.get_by_text("Ask an administrator")).to_be_visible()
    expect(page.locator("form")).to_have_count(0)


@pytest.mark.parametrize("language", ["en", "ar"])
@pytest.mark.usefixtures("plain_settings")
def test_a_new_password_by_email(site: Site, new_context: NewContext, language: str) -> None:
    username = f"forgetful-{language}"
    site.add_login(username, Role.VIEWER, email=f"{username}@acme.example")
    page = new_context(locale=language).new_page()
    with MailServer() as server:
        call(site, "PATCH", "/platform", {"public_url": site.url.removesuffix("/panel/")})
        smtp = {"host": "127.0.0.1", "port": server.port, "security": "none", "sender": "sms@acme.example"}
        call(site, "PATCH", "/smtp", smtp)
        said = [ask_for_link(page, site, name) for name in ("nobody", username)]
        assert said[0] == said[1]
        mail = server.next_mail()
        assert mail.recipients == [f"{username}@acme.example"]
    expect(page.locator("html")).to_have_attribute("dir", "rtl" if language == "ar" else "ltr")
    link = link_in(mail.message)
    assert link.startswith(f"{site.url}reset?token=")
    page.goto(link)
    choose(page, "short")
    expect(page.get_by_role("alert")).to_contain_text("at least 10 characters")
    choose(page, NEW_PASSWORD, "another one entirely")
    expect(page.get_by_role("alert")).to_be_visible()
    choose(page, NEW_PASSWORD)
    expect(page.get_by_role("status")).to_be_visible()
    page.fill("[name=username]", username)
    page.fill("[name=password]", PASSWORD)
    page.click("button[type=submit]")
    expect(page.get_by_role("alert")).to_be_visible()
    page.fill("[name=password]", NEW_PASSWORD)
    page.click("button[type=submit]")
    expect(page.locator(".page h1")).to_be_visible()
    page.goto(link)
    expect(page.get_by_role("status")).to_be_visible()  # once
    expect(page.locator("[name=password]")).to_have_count(0)


def ask_for_link(page: Page, site: Site, name: str) -> str:
    """What is said to whoever asks."""
    page.goto(f"{site.url}sign-in")
    page.locator("main a").click()
    page.fill("[name=name]", name)
    page.click("button[type=submit]")
    expect(page.locator("form")).to_have_count(0)
    return page.get_by_role("status").inner_text()


def choose(page: Page, password: str, repeated: str = "") -> None:
    # The browser would hold a short one back.
    page.locator("[name=password]").evaluate("each => each.removeAttribute('minlength')")
    page.fill("[name=password]", password)
    page.fill("[name=repeated_password]", repeated or password)
    page.click("button[type=submit]")
    page.wait_for_load_state()


def link_in(message: EmailMessage) -> str:
    found = re.search(r"https?://\S+", message.get_content())
    assert found is not None
    return found[0]
