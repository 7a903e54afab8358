"""What every page has: language, theme, room on a phone, nothing from elsewhere."""

import re

from playwright.sync_api import Page, expect

from .conftest import NewContext, Site, choose, sign_in


def test_the_language_is_switched_and_arabic_runs_from_right_to_left(at_home: Page) -> None:
    choose(at_home, "Language", "العربية")
    expect(at_home.locator("h1")).to_have_text("لوحة المعلومات")
    expect(at_home.locator("html")).to_have_attribute("dir", "rtl")
    expect(at_home.locator("html")).to_have_attribute("lang", re.compile("^ar"))
    sidebar = at_home.locator(".sidebar").bounding_box()
    content = at_home.locator(".page").bounding_box()
    assert sidebar is not None
    assert content is not None
    assert sidebar["x"] > content["x"]


def test_the_browser_s_language_is_the_first_choice(new_context: NewContext, site: Site) -> None:
    page = new_context(locale="ar-AE").new_page()
    page.goto(site.url)
    expect(page.locator("html")).to_have_attribute("dir", "rtl")
    expect(page.get_by_role("button", name="تسجيل الدخول")).to_be_visible()


def test_the_theme_is_switched(at_home: Page) -> None:
    expect(at_home.locator("body")).to_have_class(re.compile("body--light"))
    choose(at_home, "Theme", "Dark")
    expect(at_home.locator("body")).to_have_class(re.compile("body--dark"))
    at_home.reload()
    expect(at_home.locator("body")).to_have_class(re.compile("body--dark"))


def test_a_phone_shows_everything_without_scrolling_sideways(new_context: NewContext, site: Site) -> None:
    page = new_context(viewport={"width": 375, "height": 700}).new_page()
    for path in ("", "own"):
        sign_in(page, site)
        page.goto(site.url + path)
        expect(page.locator("h1")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    expect(page.locator(".sidebar .entry").first).not_to_be_in_viewport()
    page.get_by_label("Menu").click()
    expect(page.locator(".sidebar .entry").first).to_be_in_viewport()


def test_pages_name_no_other_server(at_home: Page, site: Site) -> None:
    # Whatever is asked for elsewhere fails the test in `new_context`; this is about what might be later.
    for path in ("", "own"):
        html = at_home.request.get(site.url + path).text()
        named = set(re.findall(r"""(?:src|href|url)\s*[=(]\s*["']?(https?:)?//([^/"')\s]+)""", html))
        assert not named


def test_a_page_that_is_not_there_is_one_of_ours(at_home: Page, site: Site) -> None:
    answer = at_home.goto(f"{site.url}nowhere")
    assert answer is not None
    assert answer.status == 404


def test_the_menu_is_reached_by_keyboard(at_home: Page) -> None:
    for _ in range(10):  # see `choose`
        at_home.get_by_label("Your login", exact=True).focus()
        at_home.keyboard.press("Enter")
        try:
            expect(at_home.get_by_text("Sign out")).to_be_visible(timeout=5_000)
        except AssertionError:
            continue
        return
    raise AssertionError("the menu does not open")
