"""The sign-in page: one plain form without scripts of others, and the way out."""

from html import escape
from math import ceil
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from trunkline.model.ports import StorageUnavailable
from trunkline.panel.guard import local_path
from trunkline.panel.languages import Language, languages
from trunkline.panel.visitor import LANGUAGE_COOKIE, SESSION_COOKIE, THEME_COOKIE, language_of
from trunkline.services.sign_in import CodeNeeded, SignIn, SignInRefused, TooManyFailures

HOME = "/panel/"
FORM_MAX = 4096  # octets: a user name, a password, a code


def sign_in_routes(sign_in: SignIn) -> list[Route]:
    """The routes `/sign-in` and `/sign-out`."""

    async def form(request: Request) -> Response:
        return _page(request, request.query_params.get("next", HOME))

    async def enter(request: Request) -> Response:
        fields = await _fields(request)
        wish = local_path(fields.get("next", ""), HOME)
        username = fields.get("username", "")
        try:
            signed_in = await sign_in.sign_in(
                username,
                fields.get("password", ""),
                fields.get("code", "").replace(" ", ""),
                address=request.client.host if request.client is not None else "",
                user_agent=request.headers.get("user-agent", "")[:255],
            )
        except SignInRefused as error:
            return _page(request, wish, username, _explain(language_of(request), error), 401)
        except StorageUnavailable:
            return _page(request, wish, username, language_of(request).text("error.storage"), 503)
        answer = RedirectResponse(wish, 303)
        answer.set_cookie(
            SESSION_COOKIE,
            signed_in.token,
            path="/panel",
            httponly=True,
            samesite="lax",
            secure=request.url.scheme == "https",
        )
        return answer

    async def leave(request: Request) -> Response:
        token = request.cookies.get(SESSION_COOKIE, "")
        if token:
            await sign_in.sign_out(token)
        answer = RedirectResponse("/panel/sign-in", 303)
        answer.delete_cookie(SESSION_COOKIE, path="/panel")
        return answer

    return [
        Route("/sign-in", form, methods=["GET"]),
        Route("/sign-in", enter, methods=["POST"]),
        Route("/sign-out", leave, methods=["POST"]),
    ]


def _explain(language: Language, error: SignInRefused) -> str:
    if isinstance(error, TooManyFailures):
        return language.text("sign_in.wait", seconds=language.number(ceil(error.wait_s)))
    return language.text("sign_in.code_needed" if isinstance(error, CodeNeeded) else "sign_in.wrong")


async def _fields(request: Request) -> dict[str, str]:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > FORM_MAX:
            return {}
    try:
        return {name: values[-1] for name, values in parse_qs(body.decode()).items()}
    except (UnicodeDecodeError, ValueError):
        return {}


def _page(
    request: Request, wish: str, username: str = "", fault: str = "", status: int = 200
) -> HTMLResponse:
    language = language_of(request)
    text = language.text
    theme = request.cookies.get(THEME_COOKIE, "")
    themed = f' class="theme-{theme}"' if theme in ("dark", "light") else ""
    notice = f'<p class="fault" role="alert">{escape(fault)}</p>' if fault else ""
    switch = " ".join(
        f'<button type="button" lang="{each.code}" data-cookie="{LANGUAGE_COOKIE}={each.code}">'
        f"{escape(each.name)}</button>"
        for each in languages().values()
        if each.code != language.code
    )
    focus = ("", " autofocus") if username else (" autofocus", "")
    html = f"""<!doctype html>
<html lang="{language.code}" dir="{language.texts["language.direction"]}"{themed}>
<head><meta charset="utf-8"><title>{escape(text("sign_in.title"))} · Trunkline</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="/panel/style/mark.svg"><link rel="stylesheet" href="/panel/style/panel.css">
<script defer src="/panel/style/panel.js"></script></head>
<body class="entrance"><main>
<img src="/panel/style/mark.svg" alt="" width="44" height="44"><h1>Trunkline</h1>
<p class="quiet">{escape(text("sign_in.invitation"))}</p>{notice}
<form method="post" action="/panel/sign-in">
<input type="hidden" name="next" value="{escape(local_path(wish, HOME))}">
<label>{escape(text("sign_in.username"))}
<input name="username" autocomplete="username" required maxlength="64"
 value="{escape(username)}"{focus[0]}></label>
<label>{escape(text("sign_in.password"))}
<input name="password" type="password" autocomplete="current-password" required{focus[1]}></label>
<label>{escape(text("sign_in.code"))}
<input name="code" inputmode="numeric" autocomplete="one-time-code" maxlength="9"
 placeholder="{escape(text("sign_in.code_hint"))}"></label>
<button type="submit">{escape(text("sign_in.enter"))}</button>
</form><p class="quiet">{switch}</p></main></body></html>
"""
    return HTMLResponse(html, status)
