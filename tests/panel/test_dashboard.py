"""The dashboard: live figures for the operator, a tenant's own for a tenant."""

from playwright.sync_api import Page, expect

from .conftest import TENANT, VIEWER, NewContext, Site, sign_in


def figure(page: Page, title: str) -> int:
    """What a card says now."""
    place = page.locator(".stat", has_text=title).locator(".figure")
    expect(place).not_to_have_text("")
    return int(place.inner_text().replace(",", ""))


def test_a_message_appears_without_reloading(at_home: Page, site: Site) -> None:
    before = figure(at_home, "Messages")
    site.send("971501112233")
    expect(at_home.locator(".stat", has_text="Messages").locator(".figure")).to_have_text(str(before + 1))
    expect(at_home.locator(".card", has_text="Recent activity")).to_contain_text("971501112233")
    expect(at_home.locator(".card", has_text="Top enterprise accounts")).to_contain_text("demo")
    expect(at_home.locator(".card", has_text="Top connectors")).to_contain_text("simulator")


def test_the_health_of_the_system_is_live(at_home: Page) -> None:
    health = at_home.locator(".health")
    expect(health.locator("[data-test=ready]")).to_have_text("ready")
    expect(health).to_contain_text("1 / 1")  # the simulator's connector is bound


def test_a_tenant_sees_nothing_of_others(page: Page, site: Site) -> None:
    site.send("971507778899")
    sign_in(page, site, TENANT)
    expect(page.locator("h1")).to_have_text("Dashboard")
    expect(page.locator(".balance")).to_have_text("Balance 1,234.56")
    assert figure(page, "Messages") == 0
    for title in ("System health", "Top enterprise accounts", "Top connectors"):
        expect(page.locator(".card", has_text=title)).to_have_count(0)
    assert "971507778899" not in page.content()


def test_an_event_of_a_page_that_is_not_theirs_does_nothing(new_context: NewContext, site: Site) -> None:
    # The viewer's browser speaks in the name of a page that does not exist: nobody can name another's.
    page = new_context().new_page()
    sign_in(page, site, VIEWER)
    expect(page.locator("h1")).to_have_text("Dashboard")
    page.evaluate(
        "window.socket.emit('event', {id: 1, client_id: '00000000-0000-0000-0000-000000000000', "
        "listener_id: 'x', args: []})"
    )
    page.reload()
    expect(page.locator("h1")).to_have_text("Dashboard")
