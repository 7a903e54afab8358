"""Finding a message, and what is known of it; whoever is not its owner finds nothing."""

import csv
import io
import re
import zipfile
from pathlib import Path

from playwright.sync_api import Page, expect

from .conftest import SENDER, TENANT, Site, choose, sign_in


def rows(page: Page) -> int:
    return page.locator(".table-card tbody tr").count()


def test_a_message_is_found_and_its_way_is_told(at_home: Page, site: Site) -> None:
    message_id = site.send("971502223344", "The one to be found")
    site.send("971505556677", "Another one")
    at_home.goto(f"{site.url}messages")
    expect(at_home.get_by_text("Another one")).to_be_visible()
    at_home.get_by_label("Search").fill("one to be found")
    expect(at_home.get_by_text("Another one")).to_have_count(0)
    at_home.get_by_role("link", name=message_id).click()
    expect(at_home.locator(".fact-list").first).to_contain_text("The one to be found")
    way = at_home.locator(".time-line")
    for step in ("Accepted", "Routed", "Charged", "Submitted"):
        expect(way).to_contain_text(step)
    expect(way).to_contain_text("by route")  # the operator is told which
    decided = at_home.locator(".card", has_text="What was decided")
    expect(decided).to_contain_text("971502223344 is a number")
    expect(decided.locator("tr.taken")).to_contain_text("fits: taken")
    expect(at_home.locator(".card", has_text="What it cost")).to_contain_text("Charged")
    at_home.get_by_label("PDUs of part 1").click()
    # The log was off, the whole day or since somebody switched it off.
    nothing = re.compile("was off at that time|has nothing of this part")
    expect(at_home.locator(".pdu-dialog")).to_contain_text(nothing)


def test_pdus_are_found_and_decoded(at_home: Page, site: Site) -> None:
    site.log_pdus("simulator")
    message_id = site.send("971502229988", "Seen on the wire")
    at_home.goto(f"{site.url}messages/{message_id}")
    for _ in range(60):  # the log is written beside the message's way
        at_home.get_by_label("PDUs of part 1").click()
        expect(at_home.locator(".pdu-dialog")).to_be_visible()
        if at_home.locator(".pdu", has_text="deliver_sm_resp").count():
            break
        at_home.locator(".pdu-dialog").get_by_role("button", name="Close").click()
        expect(at_home.locator(".pdu-dialog")).to_have_count(0)
        at_home.wait_for_timeout(500)
        message_id = site.send("971502229988", "Seen on the wire")
        at_home.goto(f"{site.url}messages/{message_id}")
    submit = at_home.locator(".pdu").first
    submit.locator("summary").click()
    expect(submit).to_contain_text("destination_addr")
    expect(submit).to_contain_text("Seen on the wire")


def test_filters_columns_and_pages(at_home: Page, site: Site) -> None:
    for number in range(52):
        site.send(f"97150900{number:04}", f"page test {number}")
    site.send("971511111111", "left out")
    at_home.goto(f"{site.url}messages")
    at_home.get_by_label("To", exact=True).fill("97150900")
    expect(at_home.get_by_text("left out")).to_have_count(0)
    expect(at_home.get_by_text("page test 51", exact=True)).to_be_visible()
    expect(at_home.locator(".table-footer")).to_contain_text("1 to 50")
    at_home.get_by_label("Next page").click()
    expect(at_home.get_by_text("page test 0", exact=True)).to_be_visible()
    expect(at_home.locator(".table-footer")).to_contain_text("51 to 52")
    assert rows(at_home) == 2
    at_home.get_by_label("Previous page").click()
    expect(at_home.get_by_text("page test 51", exact=True)).to_be_visible()
    expect(at_home.get_by_role("columnheader", name="Parts")).to_have_count(0)
    choose(at_home, "Columns", "Parts")
    expect(at_home.get_by_role("columnheader", name="Parts")).to_have_count(1)


def test_what_is_found_is_exported(at_home: Page, site: Site, tmp_path: Path) -> None:
    site.send("971504040404", "=1+1")
    at_home.goto(f"{site.url}messages")
    at_home.get_by_label("To", exact=True).fill("971504040404")
    expect(at_home.locator(".table-footer")).to_contain_text("1 to 1")
    saved = {}
    for kind in ("CSV", "XLSX"):
        with at_home.expect_download() as download:
            choose(at_home, "Export", kind)
        saved[kind] = tmp_path / kind
        download.value.save_as(saved[kind])
    [header, row] = csv.reader(io.StringIO(saved["CSV"].read_text(encoding="utf-8-sig"), newline=""))
    found = dict(zip(header, row, strict=True))
    assert (found["To"], found["Message"]) == ("971504040404", "'=1+1")
    with zipfile.ZipFile(saved["XLSX"]) as book:
        assert "<f>" not in book.read("xl/worksheets/sheet1.xml").decode()


def test_delivery_reports(at_home: Page, site: Site) -> None:
    site.send("971503030303")
    at_home.goto(f"{site.url}delivery-reports")
    row = at_home.locator("tr", has_text="971503030303")
    for _ in range(60):  # the simulator answers after half a second
        if row.count():
            break
        at_home.get_by_label("Read again").click()
        at_home.wait_for_timeout(500)
    expect(row).to_contain_text("DELIVRD")
    row.get_by_label("DLR detail").click()
    detail = at_home.locator(".form-dialog")
    expect(detail).to_contain_text("ID at the SMSC")
    detail.get_by_role("button", name="The message").click()
    expect(at_home.locator(".fact-list").first).to_contain_text("971503030303")


def test_a_tenant_finds_no_message_of_others(page: Page, site: Site) -> None:
    message_id = site.send("971506060606", "Not for the tenant")
    sign_in(page, site, TENANT)
    expect(page.locator("h1")).to_have_text("Dashboard")
    for path in ("messages", "delivery-reports"):
        page.goto(f"{site.url}{path}")
        expect(page.locator("h1")).to_be_visible()
        expect(page.locator(".empty")).to_be_visible()
        assert rows(page) == 0
    page.goto(f"{site.url}messages/{message_id}")
    expect(page.get_by_text("There is no such message")).to_be_visible()
    expect(page.get_by_label("PDUs of part 1")).to_have_count(0)
    assert "Not for the tenant" not in page.content()


def test_an_enterprise_user_sees_its_own_message_without_the_operator_s_affairs(
    page: Page, site: Site
) -> None:
    message_id = site.send("971506070809", "Mine")
    sign_in(page, site, SENDER)
    expect(page.locator("h1")).to_have_text("Dashboard")
    page.goto(f"{site.url}messages/{message_id}")
    expect(page.locator(".fact-list").first).to_contain_text("Mine")
    expect(page.locator(".card", has_text="What was decided")).to_contain_text("971506070809 is a number")
    for operators in ("tr.taken", "[aria-label='PDUs of part 1']", "text=by route", "text=first choice"):
        expect(page.locator(operators)).to_have_count(0)


def test_a_message_that_is_not_there_says_what_to_do(at_home: Page, site: Site) -> None:
    at_home.goto(f"{site.url}messages/nonsense")
    expect(at_home.get_by_text("There is no such message")).to_be_visible()


def test_the_address_says_what_is_shown(at_home: Page, site: Site) -> None:
    for number in range(51):
        site.send(f"97150800{number:04}", f"address test {number}")
    at_home.goto(f"{site.url}messages?to=97150800")
    expect(at_home.get_by_text("address test 50", exact=True)).to_be_visible()
    expect(at_home.get_by_label("To", exact=True)).to_have_value("97150800")
    at_home.get_by_label("Next page").click()
    expect(at_home.locator(".table-footer")).to_contain_text("51 to 51")
    expect(at_home).to_have_url(re.compile(r"to=97150800&after=.*&first=50$"))
    at_home.reload()
    expect(at_home.locator(".table-footer")).to_contain_text("51 to 51")
    at_home.get_by_role("link").filter(has_text="-7").first.click()
    expect(at_home.locator(".fact-list").first).to_contain_text("address test 0")
    at_home.go_back()
    expect(at_home.locator(".table-footer")).to_contain_text("51 to 51")
    at_home.go_back()
    expect(at_home.locator(".table-footer")).to_contain_text("1 to 50")
    at_home.get_by_label("To", exact=True).fill("971508000007")
    expect(at_home.locator(".table-footer")).to_contain_text("1 to 1")
    expect(at_home).to_have_url(re.compile(r"messages\?to=971508000007$"))


def test_an_address_that_somebody_made_up(at_home: Page, site: Site) -> None:
    site.send("971508100001")
    at_home.goto(f"{site.url}messages?since=yesterday&status=lost&after=nonsense&first=many&sort=text")
    expect(at_home.locator(".table-card tbody tr").first).to_be_visible()
    expect(at_home.locator(".q-field", has_text="From (time)")).to_contain_text("This cannot be read.")
    at_home.goto(f"{site.url}messages?parts=two")
    expect(at_home.locator(".q-field", has_text="Parts")).to_contain_text("This is no such number.")
    at_home.get_by_label("Parts").fill("1")
    expect(at_home.locator(".table-card tbody tr").first).to_be_visible()
    expect(at_home.get_by_text("This is no such number.")).to_have_count(0)


def test_further_filters(at_home: Page, site: Site) -> None:
    message_id = site.send("971508200001", "wanted by its id")
    site.send("971508200002", "not wanted")
    at_home.goto(f"{site.url}messages")
    expect(at_home.get_by_label("ID", exact=True)).to_have_count(0)
    at_home.get_by_label("More filters").click()
    at_home.locator(".choices").get_by_text("ID", exact=True).click()
    at_home.keyboard.press("Escape")
    at_home.get_by_label("ID", exact=True).fill(message_id)
    expect(at_home.get_by_text("not wanted")).to_have_count(0)
    expect(at_home.get_by_text("wanted by its id")).to_be_visible()
    at_home.get_by_label("More filters").click()
    at_home.locator(".choices").get_by_text("ID", exact=True).click()
    expect(at_home.get_by_text("not wanted")).to_be_visible()
