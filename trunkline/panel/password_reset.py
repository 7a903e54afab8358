"""The pages for a forgotten password: asking for a link, and choosing a new password with it."""

from html import escape
from math import ceil

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from trunkline.model.identity import Login
from trunkline.model.mail import Mail
from trunkline.model.ports import StorageUnavailable
from trunkline.model.system_settings import PlatformSettings
from trunkline.panel.entrance import Entrance, address_of, form_fields
from trunkline.panel.languages import best_language
from trunkline.panel.needs import CurrentSettings
from trunkline.services.accounts import InvalidInput
from trunkline.services.logins import Logins
from trunkline.services.password_reset import LINK_S, NAME_MAX, PasswordReset, TooManyRequests


def password_reset_routes(resets: PasswordReset, logins: Logins, settings: CurrentSettings) -> list[Route]:
    """The routes `/forgot` and `/reset`."""

    async def forgot(request: Request) -> Response:
        return _asking(Entrance(request, settings()))

    async def ask(request: Request) -> Response:
        entrance = Entrance(request, settings())
        name = (await form_fields(request)).get("name", "")
        try:
            resets.ask(name, address=address_of(request), locale=entrance.language.code)
        except TooManyRequests as error:
            minutes = entrance.language.number(ceil(error.wait_s / 60))
            return _asking(entrance, entrance.language.text("reset.wait", minutes=minutes), 429)
        return _asked(entrance)

    async def choose(request: Request) -> Response:
        entrance = Entrance(request, settings())
        token = request.query_params.get("token", "")
        try:
            holds = await logins.reset_holds(token)
        except StorageUnavailable:
            return _choosing(entrance, token, entrance.language.text("error.storage"), 503)
        return _choosing(entrance, token) if holds else _void(entrance)

    async def finish(request: Request) -> Response:
        entrance = Entrance(request, settings())
        fields = await form_fields(request)
        token, password = fields.get("token", ""), fields.get("password", "")
        if password != fields.get("repeated_password", ""):
            return _choosing(entrance, token, entrance.language.text("reset.differ"), 400)
        try:
            await logins.finish_reset(token, password)
        except InvalidInput as error:
            if error.field == "token":
                return _void(entrance)
            return _choosing(entrance, token, error.rule, 400)
        except StorageUnavailable:
            return _choosing(entrance, token, entrance.language.text("error.storage"), 503)
        return RedirectResponse("/panel/sign-in?renewed=1", 303)

    return [
        Route("/forgot", forgot, methods=["GET"]),
        Route("/forgot", ask, methods=["POST"]),
        Route("/reset", choose, methods=["GET"]),
        Route("/reset", finish, methods=["POST"]),
    ]


def write_mail(login: Login, link: str, locale: str, settings: PlatformSettings) -> Mail:
    """The e-mail with the link, in the language of the login, else in that of whoever asked."""
    language = best_language(login.locale or locale)
    platform = settings.branding.platform_name
    company = settings.company
    text = language.text(
        "reset.mail",
        name=login.full_name or login.username,
        username=login.username,
        platform=platform,
        link=link,
        minutes=language.number(LINK_S // 60),
    )
    signature = "\n".join(each for each in (company.name, company.email, company.phone) if each)
    return Mail(
        (login.email,),
        language.text("reset.subject", platform=platform),
        f"{text.strip()}\n" + (f"\n-- \n{signature}\n" if signature else ""),
        platform,
    )


def _asking(entrance: Entrance, fault: str = "", status: int = 200) -> Response:
    text = entrance.text
    if not entrance.settings.resets_by_mail:
        return _notice(entrance, "sign_in.ask")
    content = f"""<p class="quiet">{text("reset.invitation")}</p>{entrance.fault(fault)}
<form method="post" action="/panel/forgot">
<label>{text("reset.name")}
<input name="name" autocomplete="username" required maxlength="{NAME_MAX}" autofocus></label>
<button type="submit">{text("reset.send")}</button>
</form>{_back(entrance)}"""
    return entrance.page(entrance.language.text("reset.title"), content, status)


def _asked(entrance: Entrance) -> Response:
    """The same for everybody, whether there is such a login or not."""
    return _notice(entrance, "reset.sent", minutes=entrance.language.number(LINK_S // 60))


def _void(entrance: Entrance) -> Response:
    return _notice(entrance, "reset.void", status=410)


def _notice(entrance: Entrance, key: str, *, status: int = 200, **values: object) -> Response:
    content = f'<p role="status">{entrance.text(key, **values)}</p>{_back(entrance)}'
    return entrance.page(entrance.language.text("reset.title"), content, status)


def _back(entrance: Entrance) -> str:
    return f'<p><a href="/panel/sign-in">{entrance.text("reset.back")}</a></p>'


def _choosing(entrance: Entrance, token: str, fault: str = "", status: int = 200) -> Response:
    text = entrance.text
    content = f"""<p class="quiet">{text("reset.choose")}</p>{entrance.fault(fault)}
<form method="post" action="/panel/reset">
<input type="hidden" name="token" value="{escape(token)}">
<label>{text("reset.password")}
<input name="password" type="password" autocomplete="new-password" required minlength="10" autofocus
 aria-describedby="rule"></label>
<p class="quiet" id="rule">{text("own.password_rule")}</p>
<label>{text("reset.repeat")}
<input name="repeated_password" type="password" autocomplete="new-password" required></label>
<button type="submit">{text("reset.save")}</button>
</form>"""
    return entrance.page(entrance.language.text("reset.title"), content, status)
