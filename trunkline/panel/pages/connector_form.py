"""The form of a connector: its groups of fields, and what is made of the values."""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from trunkline.model.snapshot import ConnectorConfig
from trunkline.panel.components.dialog import form_dialog
from trunkline.panel.components.form import Field, Kind
from trunkline.panel.visitor import Visitor
from trunkline.services import profiles
from trunkline.services.accounts import InvalidInput
from trunkline.services.connector_presets import PRESETS
from trunkline.services.connector_rules import ALPHABETS, ID_FORMATS, LONG_MESSAGES, VERSIONS
from trunkline.services.connectors import DEFAULTS

_WHOLE = {
    "port", "tx_binds", "rx_binds", "trx_binds", "window", "throughput", "max_attempts",
    "source_ton", "source_npi", "dest_ton", "dest_npi",
}  # fmt: skip
_SECRETS = ("password", "tls_key")  # never shown; empty: they stay as they are
_PROFILE = "profile"


def add_connector(visitor: Visitor, done: Callable[[], Awaitable[None]]) -> None:
    """Asks for a new connector; `done` runs when it was created."""

    async def save(values: dict[str, Any]) -> None:
        words = _profile_words(values)
        presets = values.pop("presets")
        # A preset says what is not said here.
        fields = {
            name: value for name, value in _typed(values).items() if value != getattr(DEFAULTS, name, None)
        }
        fields["connector_id"] = values["connector_id"]
        with _rules_of_the_profile():
            await visitor.services.connectors.create(
                await visitor.actor(), presets=presets, profile_words=words, **fields
            )
        await done()

    fields = [Field("connector_id", required=True, group="connection"), *_fields(visitor)]
    names = {each.name: f"{each.name}: {each.about}" for each in PRESETS.values()}
    fields.append(
        Field("presets", Kind.CHOICES, hint=visitor.text("connectors.presets"), options=names, group=_PROFILE)
    )
    fields.append(_profile_field(visitor))
    values = {each.name: getattr(DEFAULTS, each.name, None) for each in fields} | {_PROFILE: ""}
    action = visitor.text("connectors.create")
    form_dialog(visitor, visitor.text("connectors.new"), fields, save, values=values, action=action)


def change_connector(visitor: Visitor, config: ConnectorConfig, done: Callable[[], Awaitable[None]]) -> None:
    """Asks what is to change of a connector; `done` runs when it was changed."""

    async def save(values: dict[str, Any]) -> None:
        words = _profile_words(values)
        fields = _typed(values) | {_PROFILE: profiles.bare(config.profile)}
        for name in _SECRETS:
            if not fields[name]:
                del fields[name]
        if not fields["tls_certificate"]:
            fields["tls_key"] = ""
        with _rules_of_the_profile():
            await visitor.services.connectors.change(
                await visitor.actor(), config.connector_id, profile_words=words, **fields
            )
        await done()

    fields = [*_fields(visitor, stays=visitor.text("connectors.stays")), _profile_field(visitor)]
    values = {each.name: getattr(config, each.name) for each in fields}
    values |= dict.fromkeys(_SECRETS, "") | {_PROFILE: "\n".join(profiles.words(config.profile))}
    title = visitor.text("connectors.change", connector=config.connector_id)
    form_dialog(visitor, title, fields, save, values=values)


def _fields(visitor: Visitor, stays: str = "") -> list[Field]:
    """What adding and changing have in common; `stays` is said of secrets that are not shown."""
    automatic = visitor.text("connectors.automatic")

    def choice(name: str, values: tuple[str, ...], group: str) -> Field:
        return Field(name, Kind.CHOICE, required=True, options={each: each for each in values}, group=group)

    def number(name: str, group: str, hint: str = "", *, required: bool = True) -> Field:
        return Field(name, Kind.NUMBER, required=required, hint=hint, group=group)

    return [
        Field("provider", hint=visitor.text("connectors.provider"), group="connection"),
        Field("host", required=True, group="connection"),
        number("port", "connection"),
        Field("system_id", group="connection"),
        Field("password", Kind.PASSWORD, hint=stays, group="connection"),
        Field("system_type", group="connection"),
        choice("smpp_version", VERSIONS, "connection"),
        number("trx_binds", "limits"),
        number("tx_binds", "limits"),
        number("rx_binds", "limits"),
        number("window", "limits", visitor.text("connectors.per_bind")),
        number("throughput", "limits", visitor.text("connectors.zero_no_limit")),
        number("enquire_link_s", "limits"),
        number("response_timeout_s", "limits"),
        number("reconnect_min_s", "limits"),
        number("reconnect_max_s", "limits"),
        number("max_attempts", "limits"),
        *(
            number(name, "numbering", automatic, required=False)
            for name in ("source_ton", "source_npi", "dest_ton", "dest_npi")
        ),
        choice("default_alphabet", ALPHABETS, "text"),
        choice("long_message", LONG_MESSAGES, "text"),
        choice("message_id_format", ID_FORMATS, "text"),
        Field("tls", Kind.SWITCH, group="tls"),
        Field("tls_verify", Kind.SWITCH, group="tls"),
        Field("tls_server_name", group="tls"),
        Field("tls_ca", Kind.LONG_TEXT, hint=visitor.text("connectors.pem"), group="tls"),
        Field("tls_certificate", Kind.LONG_TEXT, hint=visitor.text("connectors.pem"), group="tls"),
        Field("tls_key", Kind.LONG_TEXT, hint=stays or visitor.text("connectors.pem"), group="tls"),
    ]


def _profile_field(visitor: Visitor) -> Field:
    return Field(_PROFILE, Kind.LONG_TEXT, hint=visitor.text("connectors.profile"), group=_PROFILE)


def _profile_words(values: dict[str, Any]) -> list[str]:
    """Takes the profile's text out of the values: one ``KEY=VALUE`` a line."""
    return [line.strip() for line in values.pop(_PROFILE).splitlines() if line.strip()]


def _typed(values: Mapping[str, Any]) -> dict[str, Any]:
    """Numbers as the service takes them. Raises `InvalidInput`."""
    typed = dict(values)
    for name in _WHOLE & typed.keys():
        value = typed[name]
        if value is not None:
            if value != int(value):
                raise InvalidInput(name, "a whole number")
            typed[name] = int(value)
    return typed


@contextmanager
def _rules_of_the_profile() -> Iterator[None]:
    """Has the rule of a field of the profile shown beside the profile, which is one field here."""
    try:
        yield
    except InvalidInput as error:
        whole, dot, part = error.field.partition(".")
        if whole == _PROFILE and dot:
            raise InvalidInput(_PROFILE, f"{part}: {error.rule}") from None
        raise
