"""The operator's own name, logo and colour in place of the product's."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from trunkline.model.colors import DARK_CARD, WHITE, mixed, on_dark
from trunkline.model.system_settings import Branding, PlatformSettings
from trunkline.panel.needs import CurrentSettings

MARK = "/panel/style/mark.svg"
LOGO = "/panel/branding/"


def logo_address(settings: PlatformSettings) -> str:
    """Where the logo is, else the product's own mark."""
    return MARK if settings.logo is None else f"{LOGO}{settings.logo.digest}"


def colors_css(branding: Branding) -> str:
    """The style that puts the main colour over that of the style sheet; none for the colour that it has."""
    color = branding.main_color
    if color == Branding().main_color:
        return ""
    light = f"--main: {color}; --main-soft: {mixed(color, WHITE, 0.9)}; --button: {color};"
    dark = f"--main: {on_dark(color)}; --main-soft: {mixed(color, DARK_CARD, 0.75)}; --button: {color};"
    return (
        f"<style>:root {{ {light} }} .body--dark, :root.theme-dark {{ {dark} }}"
        " @media (prefers-color-scheme: dark)"
        f" {{ :root:not(.theme-light):has(.entrance) {{ {dark} }} }}</style>"
    )


def branding_routes(settings: CurrentSettings) -> list[Route]:
    """The route of the logo, which the sign-in page shows to everybody; its address names the picture."""

    async def logo(request: Request) -> Response:
        shown = settings().logo
        if shown is None or request.path_params["digest"] != shown.digest:
            return Response(status_code=404)
        return Response(shown.content, media_type=shown.media_type)

    return [Route("/branding/{digest}", logo)]
