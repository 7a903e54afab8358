"""The sign-in page, and the way out."""

from html import escape
from math import ceil

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from trunkline.model.ports import StorageUnavailable
from trunkline.panel.entrance import Entrance, address_of, form_fields
from trunkline.panel.guard import local_path
from trunkline.panel.languages import Language
from trunkline.panel.needs import CurrentSettings
from trunkline.panel.visitor import SESSION_COOKIE
from trunkline.services.sign_in import CodeNeeded, SignIn, SignInRefused, TooManyFailures

HOME = "/panel/"


def sign_in_routes(sign_in: SignIn, settings: CurrentSettings) -> list[Route]:
    """The routes `/sign-in` and `/sign-out`."""

    async def form(request: Request) -> Response:
        entrance = Entrance(request, settings())
        note = entrance.text("sign_in.renewed") if "renewed" in request.query_params else ""
        return _page(entrance, request.query_params.get("next", HOME), note=note)

    async def enter(request: Request) -> Response:
        entrance = Entrance(request, settings())
        fields = await form_fields(request)
        wish = local_path(fields.get("next", ""), HOME)
        username = fields.get("username", "")
        try:
            signed_in = await sign_in.sign_in(
                username,
                fields.get("password", ""),
                fields.get("code", "").replace(" ", ""),
                address=address_of(request),
                user_agent=request.headers.get("user-agent", "")[:255],
            )
        except SignInRefused as error:
            return _page(entrance, wish, username, _explain(entrance.language, error), 401)
        except StorageUnavailable:
            return _page(entrance, wish, username, entrance.language.text("error.storage"), 503)
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


def _page(
    entrance: Entrance, wish: str, username: str = "", fault: str = "", status: int = 200, *, note: str = ""
) -> Response:
    text = entrance.text
    focus = ("", " autofocus") if username else (" autofocus", "")
    told = f'<p class="told" role="status">{note}</p>' if note else ""
    content = f"""<p class="quiet">{text("sign_in.invitation")}</p>{told}{entrance.fault(fault)}
<form method="post" action="/panel/sign-in">
<input type="hidden" name="next" value="{escape(local_path(wish, HOME))}">
<label>{text("sign_in.username")}
<input name="username" autocomplete="username" required maxlength="64"
 value="{escape(username)}"{focus[0]}></label>
<label>{text("sign_in.password")}
<input name="password" type="password" autocomplete="current-password" required{focus[1]}></label>
<label>{text("sign_in.code")}
<input name="code" inputmode="numeric" autocomplete="one-time-code" maxlength="9"
 placeholder="{text("sign_in.code_hint")}"></label>
<button type="submit">{text("sign_in.enter")}</button>
</form>{_help(entrance)}"""
    return entrance.page(entrance.language.text("sign_in.title"), content, status)


def _help(entrance: Entrance) -> str:
    """What to do without the password: follow a link, or ask somebody."""
    if entrance.settings.resets_by_mail:
        return f'<p><a href="/panel/forgot">{entrance.text("sign_in.forgot")}</a></p>'
    company = entrance.settings.company
    contact = " · ".join(escape(each) for each in (company.email, company.phone) if each)
    return f'<p class="quiet">{entrance.text("sign_in.ask")}{f"<br>{contact}" if contact else ""}</p>'
