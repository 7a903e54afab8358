"""ESME accounts in the panel: made, bound by a foreign client, watched, unbound, switched off, deleted."""

from collections.abc import Iterator

import pytest
import smpplib.client
import smpplib.consts
import smpplib.exceptions
from playwright.sync_api import Locator, Page, expect

from .conftest import TENANT, VIEWER, NewContext, Site, sign_in


class Client(smpplib.client.Client):  # type: ignore[misc]  (smpplib has no types)
    """A foreign ESME."""

    def __init__(self, site: Site) -> None:
        super().__init__("127.0.0.1", site.gateway.smpp_port, timeout=60, allow_unknown_opt_params=True)

    def bind(self, system_id: str, password: str) -> None:
        """Connects and binds. Raises `smpplib.exceptions.PDUError` when it is refused."""
        self.connect()
        self.bind_transceiver(system_id=system_id, password=password)


@pytest.fixture
def client(site: Site) -> Iterator[Client]:
    client = Client(site)
    yield client
    client.disconnect()


def dialog(page: Page) -> Locator:
    return page.locator(".q-dialog .confirm").last


def add(page: Page, site: Site, system_id: str, account: str = TENANT) -> str:
    """Makes an ESME account; the password that is shown."""
    page.goto(f"{site.url}esmes")
    page.get_by_role("button", name="Add ESME account").click()
    page.get_by_label("Account", exact=True).fill(account)
    page.get_by_label("System ID").fill(system_id)
    dialog(page).get_by_role("button", name="Add", exact=True).click()
    password = page.locator("[data-test=password]").inner_text()
    page.get_by_role("button", name="Close").click()
    expect(page.locator("[data-test=password]")).to_have_count(0)
    return password


def row(page: Page, system_id: str) -> Locator:
    return page.locator(".page > .table-card tbody tr", has_text=system_id)


def test_one_is_made_and_binds_until_it_is_switched_off(at_home: Page, site: Site, client: Client) -> None:
    password = add(at_home, site, "panelmade")
    assert len(password) == 8
    assert password not in at_home.content()
    expect(row(at_home, "panelmade")).to_contain_text(TENANT)
    client.bind("panelmade", password)
    expect(row(at_home, "panelmade").locator("td").nth(2)).to_have_text("1")
    row(at_home, "panelmade").get_by_label("Sessions", exact=True).click()
    sessions = at_home.locator("[data-test=sessions]")
    expect(sessions).to_contain_text("127.0.0.1")
    expect(sessions.locator("tbody tr")).to_contain_text(["TRX"])
    expect(sessions.locator("tbody tr")).to_contain_text(["3.4"])
    sessions.get_by_role("button", name="Close").click()

    row(at_home, "panelmade").get_by_label("Unbind sessions now").click()
    dialog(at_home).get_by_role("button", name="Unbind sessions now").click()
    assert client.read_pdu().command == "unbind"
    client.disconnect()
    expect(row(at_home, "panelmade").locator("td").nth(2)).to_have_text("0")
    client.bind("panelmade", password)

    row(at_home, "panelmade").get_by_label("Change").click()
    at_home.locator("[data-field=enabled]").click()
    dialog(at_home).get_by_role("button", name="Save").click()
    expect(row(at_home, "panelmade")).to_contain_text("disabled")
    assert client.read_pdu().command == "unbind"
    client.disconnect()
    refused = Client(site)
    with pytest.raises(smpplib.exceptions.PDUError) as caught:
        refused.bind("panelmade", password)
    assert caught.value.args[1] == smpplib.consts.SMPP_ESME_RBINDFAIL
    refused.disconnect()

    row(at_home, "panelmade").get_by_label("Delete").click()
    dialog(at_home).get_by_role("button", name="Delete").click()
    expect(row(at_home, "panelmade")).to_have_count(0)


def test_a_new_password_replaces_the_old_one(at_home: Page, site: Site, client: Client) -> None:
    old = add(at_home, site, "forgetful")
    row(at_home, "forgetful").get_by_label("Reset password").click()
    dialog(at_home).get_by_role("button", name="Reset password").click()
    new = at_home.locator("[data-test=password]").inner_text()
    assert new != old
    at_home.get_by_role("button", name="Close").click()
    client.bind("forgetful", new)
    refused = Client(site)
    with pytest.raises(smpplib.exceptions.PDUError):
        refused.bind("forgetful", old)
    refused.disconnect()


def test_what_breaks_a_rule_is_said_beside_its_field(at_home: Page, site: Site) -> None:
    add(at_home, site, "taken")
    at_home.get_by_role("button", name="Add ESME account").click()
    at_home.get_by_label("Account", exact=True).fill("nobody")
    at_home.get_by_label("System ID").fill("taken")
    at_home.get_by_label("IP whitelist").fill("everywhere")
    save = dialog(at_home).get_by_role("button", name="Add", exact=True)
    for field, complaint, mended in (
        ("allowed_networks", "is no address or network", "192.0.2.0/24"),
        ("account", "account 'nobody' does not exist", TENANT),
        ("system_id", "taken", "free"),
    ):
        save.click()
        place = at_home.locator(".q-field", has=at_home.locator(f"[data-field={field}]"))
        expect(place).to_contain_text(complaint)
        at_home.locator(f"[data-field={field}]").fill(mended)
    save.click()
    expect(at_home.locator("[data-test=password]")).to_be_visible()
    at_home.get_by_role("button", name="Close").click()
    expect(row(at_home, "free")).to_contain_text("192.0.2.0/24")


def test_a_tenant_sees_its_own_and_changes_none(at_home: Page, site: Site, new_context: NewContext) -> None:
    add(at_home, site, "ours")
    add(at_home, site, "demos", account="demo")
    page = new_context().new_page()
    sign_in(page, site, TENANT)
    expect(page.locator("h1")).to_have_text("Dashboard")
    page.goto(f"{site.url}esmes")
    expect(row(page, "ours")).to_have_count(1)
    for address in ("", "?account=demo", "?text=demos"):
        page.goto(f"{site.url}esmes{address}")
        expect(page.locator(".page > .table-card")).to_be_visible()
        expect(row(page, "demos")).to_have_count(0)
    page.goto(f"{site.url}esmes")
    expect(page.get_by_role("button", name="Add ESME account")).to_have_count(0)
    for action in ("Change", "Reset password", "Delete"):
        expect(row(page, "ours").get_by_label(action)).to_have_count(0)
    row(page, "ours").get_by_label("Sessions", exact=True).click()
    expect(page.locator("[data-test=sessions]")).to_contain_text("Nobody is bound")


def test_who_looks_has_no_buttons_to_change_anything(page: Page, site: Site) -> None:
    sign_in(page, site, VIEWER)
    expect(page.locator("h1")).to_have_text("Dashboard")
    page.goto(f"{site.url}esmes")
    expect(row(page, "demo")).not_to_have_count(0)
    expect(row(page, "demo").first.get_by_label("Sessions", exact=True)).to_be_visible()
    expect(row(page, "demo").first.get_by_label("Delete")).to_have_count(0)
