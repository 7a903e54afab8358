"""What somebody would try: scripts in texts, others' pages, other sites' forms, paths that lead out."""

import time
import urllib.error
import urllib.request

import pytest
from playwright.sync_api import Page, expect

from .conftest import TENANT, NewContext, Site, sign_in

SCRIPT = '<img src=x onerror="window.pwned=1">{{constructor.constructor("window.pwned=1")()}}'
OPENED = "() => window.pwned === undefined"
LISTEN = """() => {
    const emit = window.socket.emit;
    window.said = [];
    window.socket.emit = function (name, message, ...rest) {
        if (name === "event") window.said.push(message);
        return emit.call(this, name, message, ...rest);
    };
}"""
SAY = """message => { window.socket.emit("event", message); }"""
SHAKE_HANDS = """page => { window.socket.emit("handshake", {
    client_id: page, tab_id: "x", document_id: "y", next_message_id: 0}); }"""


def test_a_text_is_never_a_script(at_home: Page, site: Site) -> None:
    message_id = site.send("971501239999", SCRIPT)
    for path in ("messages", f"messages/{message_id}", "delivery-reports", "", "audit"):
        at_home.goto(f"{site.url}{path}")
        expect(at_home.locator(".page h1")).to_be_visible()
        if path.startswith("messages"):
            expect(at_home.get_by_text(SCRIPT).first).to_be_visible()
        assert at_home.evaluate(OPENED), path


def test_what_a_visitor_types_is_never_a_script(at_home: Page, site: Site) -> None:
    at_home.goto(f"{site.url}api-keys")
    at_home.get_by_role("button", name="New API key").click()
    at_home.get_by_label("Name").fill(SCRIPT[:60])
    at_home.get_by_role("button", name="Make the key").click()
    expect(at_home.locator("[data-test=key], .q-field__messages").first).to_be_visible()
    assert at_home.evaluate(OPENED)


def test_nobody_presses_the_buttons_of_somebody_elses_page(
    at_home: Page, new_context: NewContext, site: Site
) -> None:
    at_home.goto(f"{site.url}api-keys")
    at_home.evaluate(LISTEN)
    button = at_home.get_by_role("button", name="New API key")
    button.click()
    dialog = at_home.locator(".form-dialog")
    expect(dialog).to_be_visible()
    # The page says other things as well, of its table for one.
    number = int(button.evaluate("each => each.id.slice(1)"))
    pressed = at_home.evaluate("number => window.said.find(each => each.id === number)", number)
    at_home.get_by_role("button", name="Cancel").click()
    expect(dialog).to_have_count(0)

    stranger = new_context().new_page()
    sign_in(stranger, site, TENANT)
    expect(stranger.locator("h1")).to_have_text("Dashboard")
    stranger.evaluate(SAY, pressed)
    stranger.evaluate(SHAKE_HANDS, pressed["client_id"])
    deadline = time.monotonic() + 60
    while site.gateway.log().count("panel.foreign_page") < 2:
        assert time.monotonic() < deadline, "what the stranger said was heard"
        time.sleep(0.05)
    expect(dialog).to_have_count(0)
    at_home.evaluate(SAY, pressed)  # the same, of the page itself
    expect(dialog).to_have_count(1)


def test_no_path_leads_out_of_the_folders(page: Page, site: Site) -> None:
    for path in ("style/..%2f..%2fmounting.py", "style/%2e%2e/%2e%2e/config.py", "style//etc/passwd"):
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(f"{site.url}{path}", timeout=60)
        assert refused.value.code in (404, 405), path
        refused.value.close()


def test_another_sites_form_signs_nobody_in_or_out(page: Page, site: Site) -> None:
    for path in ("sign-in", "sign-out"):
        request = urllib.request.Request(
            f"{site.url}{path}", b"username=admin&password=x", {"Origin": "https://elsewhere.example"}
        )
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(request, timeout=60)
        assert refused.value.code == 403
        refused.value.close()
