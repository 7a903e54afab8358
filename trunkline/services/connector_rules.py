"""The rules that a connector's settings keep, whichever door they come through."""

import re

from trunkline.gsm.alphabets import DEFAULT_ALPHABETS
from trunkline.gsm.segmentation import LongMessage
from trunkline.model.snapshot import ConnectorConfig
from trunkline.services import profiles
from trunkline.services.accounts import InvalidInput
from trunkline.services.certificates import UnusableCertificate, UnusableKey, check_pair, read_certificates

VERSIONS = ("3.3", "3.4", "5.0")
ALPHABETS = tuple(DEFAULT_ALPHABETS)
LONG_MESSAGES = tuple(each.value for each in LongMessage)
ID_FORMATS = ("auto", "hex", "decimal", "text")

_SERVER_NAME = re.compile(r"[!-~]{0,253}").fullmatch
_CONNECTOR_ID = re.compile(r"[A-Za-z0-9_.-]{1,100}").fullmatch
_PROVIDER_MAX = 255


def check(config: ConnectorConfig) -> None:
    """Raises `InvalidInput` for the first field that breaks a rule."""
    if not _CONNECTOR_ID(config.connector_id):
        raise InvalidInput("connector_id", "1 to 100 letters, digits or any of _ . -")
    if len(config.provider) > _PROVIDER_MAX or not config.provider.isprintable():
        raise InvalidInput("provider", f"at most {_PROVIDER_MAX} printable characters")
    if not 1 <= len(config.host) <= 253 or not config.host.isprintable() or " " in config.host:
        raise InvalidInput("host", "a host name or address")
    if not 1 <= config.port <= 65535:
        raise InvalidInput("port", "1 to 65535")
    # One character more than SMPP 3.4 has room for, as in text 001: some SMSCs hand such names out.
    for name, longest in (("system_id", 16), ("password", 9), ("system_type", 13)):
        value = getattr(config, name)
        if len(value) > longest or not (value.isascii() and value.isprintable()):
            raise InvalidInput(name, f"at most {longest} printable ASCII characters")
    for name in ("tx_binds", "rx_binds", "trx_binds"):
        if not 0 <= getattr(config, name) <= 10:
            raise InvalidInput(name, "0 to 10")
    if not (config.tx_binds + config.rx_binds + config.trx_binds or config.profile.outbind_port):
        raise InvalidInput("trx_binds", "at least one bind of any kind is needed")
    if not 1 <= config.window <= 1000:
        raise InvalidInput("window", "1 to 1000 unanswered submit_sm per bind")
    if config.throughput < 0:
        raise InvalidInput("throughput", "submit_sm per second, 0 for no limit")
    if not (config.enquire_link_s == 0 or 1 <= config.enquire_link_s <= 3600):
        raise InvalidInput("enquire_link_s", "1 to 3600 seconds, 0 to send none")
    for name, low, high in (
        ("response_timeout_s", 1, 600),
        ("reconnect_min_s", 0.1, 3600),
        ("reconnect_max_s", 0.1, 3600),
    ):
        if not low <= getattr(config, name) <= high:
            raise InvalidInput(name, f"{low} to {high} seconds")
    if config.reconnect_max_s < config.reconnect_min_s:
        raise InvalidInput("reconnect_max_s", "must not be less than reconnect_min_s")
    if not 1 <= config.max_attempts <= 100:
        raise InvalidInput("max_attempts", "1 to 100")
    _check_choices(config)
    if config.smpp_version == "3.3" and config.long_message in {"sar", "payload"}:
        raise InvalidInput("long_message", "SMPP 3.3 has no TLVs: udh8 or udh16")
    profiles.check(config.profile)
    _check_tls(config)


def _check_choices(config: ConnectorConfig) -> None:
    for name, highest in (("source_ton", 6), ("dest_ton", 6), ("source_npi", 18), ("dest_npi", 18)):
        value = getattr(config, name)
        if value is not None and not 0 <= value <= highest:
            raise InvalidInput(name, f"0 to {highest}, or none for automatic")
    for name, choices in (
        ("default_alphabet", ALPHABETS),
        ("long_message", LONG_MESSAGES),
        ("message_id_format", ID_FORMATS),
        ("smpp_version", VERSIONS),
    ):
        if getattr(config, name) not in choices:
            raise InvalidInput(name, f"must be one of {', '.join(choices)}")


def _check_tls(config: ConnectorConfig) -> None:
    if not _SERVER_NAME(config.tls_server_name):
        raise InvalidInput("tls_server_name", "a host name or address, or empty for the host's")
    try:
        if config.tls_ca:
            read_certificates(config.tls_ca)
    except UnusableCertificate as error:
        raise InvalidInput("tls_ca", str(error)) from None
    if not config.tls_certificate:
        if config.tls and config.profile.outbind_port:
            raise InvalidInput("tls_certificate", "is missing: with tls, outbind is listened for over TLS")
        if config.tls_key:
            raise InvalidInput("tls_certificate", "is missing: there is a tls_key")
        return
    if not config.tls_key:
        raise InvalidInput("tls_key", "is missing: there is a tls_certificate")
    try:
        check_pair(config.tls_certificate, config.tls_key)
    except UnusableCertificate as error:
        raise InvalidInput("tls_certificate", str(error)) from None
    except UnusableKey as error:
        raise InvalidInput("tls_key", str(error)) from None
