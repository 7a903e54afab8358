"""The operator's colour and logo, and the e-mail that is sent in the operator's name."""

import re
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette

import trunkline.panel
from trunkline.model.colors import DARK_CARD, READABLE, WHITE, contrast
from trunkline.model.identity import Login, Role
from trunkline.model.system_settings import Branding, Company, Logo, PlatformSettings
from trunkline.panel.branding import MARK, branding_routes, colors_css, logo_address
from trunkline.panel.password_reset import write_mail

STYLE = (Path(trunkline.panel.__file__).parent / "style" / "panel.css").read_text("utf-8")
LOGO = Logo("image/png", "ab" * 32, b"octets")
ANN = Login(
    1, "ann", Role.VIEWER, None, "", "ann@acme.example", "", True, False, "", "", 0, 0, None, frozenset()
)


def test_the_products_own_colour_needs_no_style() -> None:
    assert colors_css(Branding()) == ""
    assert f"--main: {Branding().main_color}" in STYLE
    assert f"--card: {DARK_CARD}" in STYLE


@pytest.mark.parametrize("color", ["#1e3a8a", "#000000", "#9d174d"])
def test_the_colour_is_readable_in_light_and_dark(color: str) -> None:
    light, dark, _ = re.findall(r"--main: (#[0-9a-f]{6})", colors_css(Branding("x", color)))
    assert light == color
    assert contrast(light, WHITE) >= READABLE
    assert contrast(dark, DARK_CARD) >= READABLE


async def test_the_logo_is_served_at_its_own_address_alone() -> None:
    settings = PlatformSettings()
    application = Starlette(routes=branding_routes(lambda: settings))
    client = httpx.AsyncClient(transport=httpx.ASGITransport(application), base_url="http://panel")
    assert logo_address(settings) == MARK
    assert (await client.get(f"/branding/{LOGO.digest}")).status_code == 404
    settings = PlatformSettings(logo=LOGO)
    answer = await client.get(logo_address(settings).removeprefix("/panel"))
    assert (answer.content, answer.headers["content-type"]) == (b"octets", "image/png")
    assert (await client.get("/branding/other")).status_code == 404
    await client.aclose()


def test_the_email_is_written_in_the_persons_language() -> None:
    settings = PlatformSettings(Branding("Acme SMS"), Company("Acme Ltd", phone="+44 20 7946 0000"))
    link = "https://sms.acme.example/panel/reset?token=x"
    english = write_mail(ANN, link, "en", settings)
    assert (english.recipients, english.sender_name) == (("ann@acme.example",), "Acme SMS")
    assert english.subject == "A new password for Acme SMS"
    for said in ("Hello ann,", f"\n{link}\n", "60 minutes", "-- \nAcme Ltd\n+44 20 7946 0000"):
        assert said in english.text
    asked = write_mail(ANN, link, "ar", settings)
    own = write_mail(replace(ANN, locale="ar"), link, "en", settings)
    assert asked.text == own.text != english.text
    assert link in own.text
