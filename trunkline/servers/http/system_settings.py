"""`/api/v1/settings` and `/api/v1/api-token` (text 000, "System Settings")."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Request, Response
from msgspec import UNSET, Meta, Struct, UnsetType
from msgspec.json import Decoder

from trunkline.model.errors import NotFound
from trunkline.model.mail import MailFailed
from trunkline.model.money import format_credits, parse_credits
from trunkline.model.system_settings import Logo, PlatformSettings, Section
from trunkline.model.times import iso_timestamp
from trunkline.servers.http.authentication import Authenticator
from trunkline.servers.http.errors import ApiError, invalid
from trunkline.servers.http.exchange import read_body
from trunkline.servers.http.management import read_request
from trunkline.servers.http.needs import Management
from trunkline.servers.http.nouns import (
    Done,
    Door,
    Item,
    Text,
    done_answer,
    item_answer,
    operation,
    set_fields,
)
from trunkline.services.system_settings import LOGO_MAX

PATH: Final = "/api/v1/settings"
TOKEN_PATH: Final = "/api/v1/api-token"  # noqa: S105  (a path)

Address = Annotated[str, Meta(max_length=500)]
Credits = Annotated[str, Meta(max_length=32, description="Credits as a decimal text; 0: never.")]
Port = Annotated[int, Meta(ge=1, le=65535)]
Recipients = Annotated[list[Text], Meta(max_length=20)]
Security = Annotated[str, Meta(max_length=16, description="none, starttls or tls.")]
Password = Annotated[str, Meta(max_length=255, description="Shown as ***, which leaves it as it is.")]


class BrandingView(Struct):
    """How the panel calls itself and looks."""

    platform_name: str
    main_color: str


class CompanyView(Struct):
    """Who runs the platform."""

    name: str
    address: str
    email: str
    phone: str
    website: str
    tax_id: str


class PlatformView(Struct):
    """What holds for everybody who has not chosen otherwise."""

    public_url: str
    timezone: str
    locale: str
    low_credit_threshold: str


class AlertsView(Struct):
    """Whom the platform writes to."""

    recipients: list[str]


class SmtpView(Struct):
    """The server that takes the platform's e-mails."""

    host: str
    port: int
    security: str
    username: str
    password: str
    sender: str


class LogoView(Struct):
    """Which picture is the logo."""

    media_type: str
    digest: str


class SettingsView(Struct):
    """All sections."""

    branding: BrandingView
    company: CompanyView
    platform: PlatformView
    alerts: AlertsView
    smtp: SmtpView
    logo: LogoView | None


class BrandingChange(Struct, kw_only=True, forbid_unknown_fields=True):
    """What is to change of the branding."""

    platform_name: Text | UnsetType = UNSET
    main_color: Text | UnsetType = UNSET


class CompanyChange(Struct, kw_only=True, forbid_unknown_fields=True):
    """What is to change of the company."""

    name: Text | UnsetType = UNSET
    address: Address | UnsetType = UNSET
    email: Text | UnsetType = UNSET
    phone: Text | UnsetType = UNSET
    website: Text | UnsetType = UNSET
    tax_id: Text | UnsetType = UNSET


class PlatformChange(Struct, kw_only=True, forbid_unknown_fields=True):
    """What is to change of the platform's configuration."""

    public_url: Text | UnsetType = UNSET
    timezone: Text | UnsetType = UNSET
    locale: Text | UnsetType = UNSET
    low_credit_threshold: Credits | UnsetType = UNSET


class AlertsChange(Struct, kw_only=True, forbid_unknown_fields=True):
    """What is to change of the alerts."""

    recipients: Recipients | UnsetType = UNSET


class SmtpChange(Struct, kw_only=True, forbid_unknown_fields=True):
    """What is to change of the e-mail server."""

    host: Text | UnsetType = UNSET
    port: Port | UnsetType = UNSET
    security: Security | UnsetType = UNSET
    username: Text | UnsetType = UNSET
    password: Password | UnsetType = UNSET
    sender: Text | UnsetType = UNSET


class TestMail(Struct, kw_only=True, forbid_unknown_fields=True):
    """An e-mail that tries the settings out."""

    recipient: Annotated[Text, Meta(description="Empty: the recipients of alerts.")] = ""


class TestMailAnswer(Struct):
    """What the server said when it took the e-mail."""

    answer: str


class TokenView(Struct):
    """The administration's token: whether there is one, and when it was made."""

    exists: bool
    made_at: str | None


class NewToken(Struct):
    """The new token, shown this once."""

    token: str


_CHANGES: Final[dict[Section, Decoder[Any]]] = {
    Section.BRANDING: Decoder(BrandingChange),
    Section.COMPANY: Decoder(CompanyChange),
    Section.PLATFORM: Decoder(PlatformChange),
    Section.ALERTS: Decoder(AlertsChange),
    Section.SMTP: Decoder(SmtpChange),
}
_test_mail = Decoder(TestMail)


def settings_routes(management: Management, authenticator: Authenticator) -> APIRouter:
    """The router of these routes."""
    router = APIRouter()
    door = Door(authenticator)
    settings = management.system_settings

    @router.get(PATH)
    async def shown(request: Request) -> Response:
        with door.asked_by(request) as actor:
            return item_answer(_view(await settings.show(actor)))

    @router.post(f"{PATH}/smtp/test")
    async def tested(request: Request) -> Response:
        with door.asked_by(request) as actor:
            wanted = await read_request(request, _test_mail)
            try:
                return item_answer(TestMailAnswer(await settings.send_test(actor, wanted.recipient)))
            except MailFailed as error:
                raise ApiError(502, str(error)) from None

    @router.patch(f"{PATH}/{{section}}")
    async def changed(request: Request, section: str) -> Response:
        with door.asked_by(request) as actor:
            if section not in _CHANGES:
                raise NotFound("section", section)
            fields = set_fields(await read_request(request, _CHANGES[Section(section)]))
            changed = await settings.change(actor, section, **_plain(fields))
            await management.refresh()
            return item_answer(_view(changed))

    _logo_routes(router, management, door)
    _token_routes(router, management, door)
    return router


def _logo_routes(router: APIRouter, management: Management, door: Door) -> None:
    settings = management.system_settings

    @router.get(f"{PATH}/branding/logo")
    async def shown(request: Request) -> Response:
        with door.asked_by(request) as actor:
            logo = (await settings.show(actor)).logo
            if logo is None:
                raise NotFound("logo", "")
            headers = {"cache-control": "no-store", "x-content-type-options": "nosniff"}
            return Response(logo.content, headers=headers, media_type=logo.media_type)

    @router.put(f"{PATH}/branding/logo")
    async def replaced(request: Request) -> Response:
        with door.asked_by(request) as actor:
            content = await read_body(dict(request.scope["headers"]), request.receive, 5 * LOGO_MAX)
            logo = await settings.set_logo(actor, content)
            await management.refresh()
            return item_answer(_logo_view(logo))

    @router.delete(f"{PATH}/branding/logo")
    async def removed(request: Request) -> Response:
        with door.asked_by(request) as actor:
            await settings.remove_logo(actor)
            await management.refresh()
            return done_answer()


def _token_routes(router: APIRouter, management: Management, door: Door) -> None:
    token = management.admin_token

    @router.get(TOKEN_PATH)
    async def shown(request: Request) -> Response:
        with door.asked_by(request) as actor:
            made_at = await token.made_at(actor)
            exists = made_at is not None
            return item_answer(TokenView(exists, iso_timestamp(made_at) if made_at else None))

    @router.post(TOKEN_PATH)
    async def renewed(request: Request) -> Response:
        with door.asked_by(request) as actor:
            made = await token.renew(actor)
            await management.refresh()
            return item_answer(NewToken(made))

    @router.delete(TOKEN_PATH)
    async def revoked(request: Request) -> Response:
        with door.asked_by(request) as actor:
            if not await token.revoke(actor):
                raise NotFound("API token", "")
            await management.refresh()
            return done_answer()


def _plain(fields: dict[str, Any]) -> dict[str, Any]:
    """The values as the service takes them."""
    if "low_credit_threshold" in fields:
        try:
            fields["low_credit_threshold"] = parse_credits(fields["low_credit_threshold"])
        except ValueError as error:
            raise invalid(f"low_credit_threshold: {error}") from None
    if "recipients" in fields:
        fields["recipients"] = tuple(fields["recipients"])
    return fields


def _view(settings: PlatformSettings) -> SettingsView:
    branding, company, platform, smtp = (
        settings.branding,
        settings.company,
        settings.platform,
        settings.smtp,
    )
    return SettingsView(
        BrandingView(branding.platform_name, branding.main_color),
        CompanyView(
            company.name, company.address, company.email, company.phone, company.website, company.tax_id
        ),
        PlatformView(
            platform.public_url,
            platform.timezone,
            platform.locale,
            format_credits(platform.low_credit_threshold),
        ),
        AlertsView(list(settings.alerts.recipients)),
        SmtpView(smtp.host, smtp.port, smtp.security.value, smtp.username, smtp.password, smtp.sender),
        _logo_view(settings.logo) if settings.logo is not None else None,
    )


def _logo_view(logo: Logo) -> LogoView:
    return LogoView(logo.media_type, logo.digest)


# --- OpenAPI ---------------------------------------------------------------------------------------------

_PICTURES: Final = ("image/png", "image/jpeg", "image/webp")
_PICTURE: Final = {kind: {"schema": {"type": "string", "format": "binary"}} for kind in _PICTURES}


def _logo_paths() -> dict[str, Any]:
    shown = operation("The logo", Done, reads=True)
    shown["responses"]["200"] = {"description": "The picture", "content": _PICTURE}
    replaced = operation("Show this picture in place of the product's mark", Item[LogoView])
    replaced["requestBody"] = {"required": True, "content": _PICTURE}
    return {
        "get": shown,
        "put": replaced,
        "delete": operation("Show the product's own mark again", Done),
    }


def _test_path() -> dict[str, Any]:
    tried = operation("Send an e-mail to try the settings out", Item[TestMailAnswer], body=TestMail)
    schema = {"$ref": "#/components/schemas/ErrorAnswer"}
    tried["responses"]["502"] = {
        "description": "The server did not take the e-mail; the text says why",
        "content": {"application/json": {"schema": schema}},
    }
    return {"post": tried}


REQUESTS = (BrandingChange, CompanyChange, PlatformChange, AlertsChange, SmtpChange, TestMail)
ANSWERS: tuple[Any, ...] = (
    Item[SettingsView],
    Item[LogoView],
    Item[TestMailAnswer],
    Item[TokenView],
    Item[NewToken],
)

PATHS = {
    PATH: {"get": operation("The platform's settings", Item[SettingsView], reads=True)},
    **{
        f"{PATH}/{section.value}": {
            "patch": operation(
                f"Change the section {section.value}; what is not given stays",
                Item[SettingsView],
                body=decoder.type,
            )
        }
        for section, decoder in _CHANGES.items()
    },
    f"{PATH}/smtp/test": _test_path(),
    f"{PATH}/branding/logo": _logo_paths(),
    TOKEN_PATH: {
        "get": operation("Whether the administration's token exists", Item[TokenView], reads=True),
        "post": operation("Make a new token; the one before is void", Item[NewToken]),
        "delete": operation("Make the token void", Done),
    },
}
"""The entries of the OpenAPI document."""
