"""Pages for those who are not signed in: plain forms, without scripts of others."""

from html import escape
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import HTMLResponse

from trunkline.model.system_settings import PlatformSettings
from trunkline.panel.branding import colors_css, logo_address
from trunkline.panel.languages import Language, languages
from trunkline.panel.visitor import LANGUAGE_COOKIE, THEME_COOKIE, language_of

FORM_MAX = 4096  # octets: a user name, passwords, a code


class Entrance:
    """One such page for one request: its language, and the frame around what it says."""

    def __init__(self, request: Request, settings: PlatformSettings) -> None:
        self.request = request
        self.settings = settings
        self.language: Language = language_of(request, settings.platform.locale)

    def text(self, key: str, **values: object) -> str:
        """A text in the visitor's language, as HTML."""
        return escape(self.language.text(key, **values))

    def fault(self, text: str) -> str:
        """What went wrong, as HTML; nothing for nothing."""
        return f'<p class="fault" role="alert">{escape(text)}</p>' if text else ""

    def page(self, title: str, content: str, status: int = 200) -> HTMLResponse:
        """The page; `content` is HTML."""
        language, settings = self.language, self.settings
        theme = self.request.cookies.get(THEME_COOKIE, "")
        themed = f' class="theme-{theme}"' if theme in ("dark", "light") else ""
        name, logo = escape(settings.branding.platform_name), escape(logo_address(settings))
        html = f"""<!doctype html>
<html lang="{language.code}" dir="{language.texts["language.direction"]}"{themed}>
<head><meta charset="utf-8"><title>{escape(title)} · {name}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="{logo}"><link rel="stylesheet" href="/panel/style/panel.css">
<script defer src="/panel/style/panel.js"></script>{colors_css(settings.branding)}</head>
<body class="entrance"><main>
<img src="{logo}" alt="" height="44"><h1>{name}</h1>
{content}<p class="quiet">{self._switch()}</p></main></body></html>
"""
        return HTMLResponse(html, status)

    def _switch(self) -> str:
        return " ".join(
            f'<button type="button" lang="{each.code}" data-cookie="{LANGUAGE_COOKIE}={each.code}">'
            f"{escape(each.name)}</button>"
            for each in languages().values()
            if each.code != self.language.code
        )


async def form_fields(request: Request) -> dict[str, str]:
    """The fields of a form that was sent; none of what is no form, or too large."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > FORM_MAX:
            return {}
    try:
        return {name: values[-1] for name, values in parse_qs(body.decode()).items()}
    except (UnicodeDecodeError, ValueError):
        return {}


def address_of(request: Request) -> str:
    """Where the request comes from."""
    return request.client.host if request.client is not None else ""
