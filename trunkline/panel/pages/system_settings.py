"""System Settings: branding, company, platform, credentials, e-mail, and what runs here (text 000)."""

from dataclasses import asdict
from typing import Any

from nicegui import ui
from nicegui.events import UploadEventArguments
from starlette.requests import Request

from trunkline.model.identity import Permission
from trunkline.model.mail import MailFailed
from trunkline.model.money import format_credits, parse_credits
from trunkline.model.system_settings import PlatformSettings, Section, Security
from trunkline.panel.branding import logo_address
from trunkline.panel.components.confirm import confirm
from trunkline.panel.components.dialog import show_secrets
from trunkline.panel.components.facts import fact_list
from trunkline.panel.components.form import Field, Form, Kind
from trunkline.panel.components.heading import card, heading
from trunkline.panel.languages import languages
from trunkline.panel.navigation import Page
from trunkline.panel.navigation import Section as SidebarSection
from trunkline.panel.pages.about import about
from trunkline.panel.visitor import Visitor
from trunkline.services.accounts import InvalidInput
from trunkline.services.system_settings import LOGO_MAX

PICTURES = ".png,.jpg,.jpeg,.webp"


async def build(visitor: Visitor, _request: Request) -> None:
    """Builds the page."""
    settings = await visitor.services.system_settings.show(visitor.signed_in.actor)
    text, may_change = visitor.text, visitor.may(Permission.MANAGE_SETTINGS)
    heading(visitor, "system_settings")
    with ui.element("div").classes("grid pairs"):
        with ui.element("div"):
            with card(text("system_settings.branding")):
                _section(visitor, settings, Section.BRANDING)
                _logo(visitor, settings, may_change)
            with card(text("system_settings.platform")):
                _section(visitor, settings, Section.PLATFORM)
            with card(text("system_settings.token")) as place:
                await _token(visitor, place)
        with ui.element("div"):
            with card(text("system_settings.company")):
                _section(visitor, settings, Section.COMPANY)
            with card(text("system_settings.smtp")):
                _section(visitor, settings, Section.SMTP)
                if may_change:
                    _test_mail(visitor)
            with card(text("system_settings.alerts")):
                _section(visitor, settings, Section.ALERTS)
    await about(visitor)


def _section(visitor: Visitor, settings: PlatformSettings, section: Section) -> None:
    """The form of a section; the facts alone for those who may not change it."""
    fields = _fields(visitor, section)
    values = _shown(settings, section)
    # Where e-mails go decides who gets new passwords: see the service.
    needed = Permission.MANAGE_ADMINS if section is Section.SMTP else Permission.MANAGE_SETTINGS
    if not visitor.may(needed):
        fact_list((visitor.text(f"field.{each.name}"), str(values[each.name])) for each in fields)
        return

    async def save(given: dict[str, Any]) -> None:
        await visitor.services.system_settings.change(
            await visitor.actor(), section.value, **_read(section, given)
        )
        await visitor.services.refresh()
        if section is Section.BRANDING:
            ui.navigate.reload()  # the frame shows it
        else:
            visitor.tell(visitor.text("system_settings.saved"))

    with ui.element("div").props(f'data-test="{section.value}"'):
        Form(visitor, fields, save, values=values)


def _fields(visitor: Visitor, section: Section) -> list[Field]:
    text = visitor.text
    hint = {
        name: text(f"system_settings.{name}_hint")
        for name in ("main_color", "public_url", "timezone", "low_credit_threshold", "recipients", "email")
    }
    own = {"": text("system_settings.browsers")}
    match section:
        case Section.BRANDING:
            return [
                Field("platform_name", required=True),
                Field("main_color", Kind.COLOR, required=True, hint=hint["main_color"]),
            ]
        case Section.COMPANY:
            return [
                Field("name"),
                Field("address", Kind.LONG_TEXT),
                Field("email", hint=hint["email"]),
                Field("phone"),
                Field("website"),
                Field("tax_id"),
            ]
        case Section.PLATFORM:
            known = {each.code: each.name for each in languages().values()}
            return [
                Field("public_url", hint=hint["public_url"]),
                Field("timezone", hint=hint["timezone"]),
                Field("locale", Kind.CHOICE, options=own | known),
                Field("low_credit_threshold", hint=hint["low_credit_threshold"]),
            ]
        case Section.ALERTS:
            return [Field("recipients", Kind.LONG_TEXT, hint=hint["recipients"])]
        case Section.SMTP:
            kinds = {each.value: text(f"system_settings.security_{each.value}") for each in Security}
            return [
                Field("host"),
                Field("port", Kind.NUMBER, required=True),
                Field("security", Kind.CHOICE, options=kinds),
                Field("username"),
                Field("password", Kind.PASSWORD),
                Field("sender"),
            ]


def _shown(settings: PlatformSettings, section: Section) -> dict[str, Any]:
    values = asdict(settings.section(section))
    if section is Section.PLATFORM:
        values["low_credit_threshold"] = format_credits(values["low_credit_threshold"])
    if section is Section.ALERTS:
        values["recipients"] = "\n".join(values["recipients"])
    if section is Section.SMTP:
        values["security"] = values["security"].value
    return values


def _read(section: Section, given: dict[str, Any]) -> dict[str, Any]:
    values = dict(given)
    if section is Section.PLATFORM:
        try:
            values["low_credit_threshold"] = parse_credits(given["low_credit_threshold"].strip() or "0")
        except ValueError as error:
            raise InvalidInput("low_credit_threshold", str(error)) from None
    if section is Section.ALERTS:
        values["recipients"] = tuple(given["recipients"].split("\n"))
    if section is Section.SMTP:
        values["port"] = int(given["port"])
    return values


def _logo(visitor: Visitor, settings: PlatformSettings, may_change: bool) -> None:
    text, service = visitor.text, visitor.services.system_settings

    async def keep(event: UploadEventArguments) -> None:
        await service.set_logo(await visitor.actor(), await event.file.read())
        await visitor.services.refresh()
        ui.navigate.reload()

    async def remove() -> None:
        async def carry_out() -> None:
            await service.remove_logo(await visitor.actor())
            await visitor.services.refresh()
            ui.navigate.reload()

        confirm(
            visitor,
            text("system_settings.remove_logo_question"),
            text("system_settings.remove_logo_consequence"),
            text("system_settings.remove_logo"),
            carry_out,
        )

    ui.label(text("system_settings.logo")).props('role="heading" aria-level="3"').classes("part")
    ui.element("img").classes("logo").props(
        f'src="{logo_address(settings)}" alt="{text("system_settings.logo")}"'
    )
    if not may_change:
        return
    ui.label(text("system_settings.logo_rule")).classes("quiet")
    upload = ui.upload(
        on_upload=visitor.on(keep),
        on_rejected=lambda: visitor.warn(text("system_settings.logo_rule")),
        max_file_size=LOGO_MAX,
        auto_upload=True,
    )
    upload.props(f'accept="{PICTURES}" no-thumbnails').classes("unseen")
    with ui.element("div").classes("actions"):
        ui.button(text("system_settings.choose_logo"), icon="upload").props("outline no-caps").on(
            "click", js_handler=f"() => getElement({upload.id}).$refs.qRef.pickFiles()"
        )
        if settings.logo is not None:
            ui.button(text("system_settings.remove_logo"), on_click=visitor.on(remove)).props("flat no-caps")


def _test_mail(visitor: Visitor) -> None:
    text = visitor.text
    ui.label(text("system_settings.test")).props('role="heading" aria-level="3"').classes("part")

    async def send(given: dict[str, Any]) -> None:
        answer.set_text(text("system_settings.test_under_way"))
        try:
            said = await visitor.services.system_settings.send_test(
                await visitor.actor(), given["recipient"].strip()
            )
        except (MailFailed, InvalidInput) as error:
            answer.set_text("" if isinstance(error, InvalidInput) else str(error))
            answer.classes(add="bad")
            if isinstance(error, InvalidInput):
                raise
        else:
            answer.set_text(text("system_settings.test_taken", answer=said))
            answer.classes(remove="bad")

    hint = text("system_settings.recipient_hint")
    Form(visitor, [Field("recipient", hint=hint)], send, action=text("system_settings.test_send"))
    answer = ui.label("").classes("answer").props('role="status" data-test="answer"')


async def _token(visitor: Visitor, place: ui.element) -> None:
    text, token = visitor.text, visitor.services.admin_token

    async def show() -> None:
        made_at = await token.made_at(await visitor.actor())
        when = visitor.time(made_at) if made_at else text("system_settings.token_unknown")
        known = text("system_settings.token_made", when=when)
        state.set_text(known if made_at is not None else text("system_settings.token_none"))

    async def renew() -> None:
        async def carry_out() -> None:
            made = await token.renew(await visitor.actor())
            await visitor.services.refresh()
            await show()
            show_secrets(
                visitor, text("system_settings.token"), {"token": made}, text("system_settings.token_once")
            )

        confirm(
            visitor,
            text("system_settings.token_question"),
            text("system_settings.token_consequence"),
            text("system_settings.token_renew"),
            carry_out,
        )

    with place:
        state = ui.label("")
        ui.label(text("system_settings.token_about")).classes("quiet")
        if visitor.may(Permission.MANAGE_ADMINS):
            with ui.element("div").classes("actions"):
                ui.button(text("system_settings.token_renew"), on_click=visitor.on(renew)).props(
                    "outline no-caps"
                )
    await show()


PAGE = Page(
    "system_settings",
    "/settings",
    "settings",
    SidebarSection.SYSTEM,
    build,
    (Permission.VIEW_PLATFORM,),
)
