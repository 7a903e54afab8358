"""How commands begin and end: settings, the database, secrets, and errors as a sentence with an exit code.

Exit codes: 0 done, 1 failed, 2 bad input (options, settings, values), 130 interrupted.
"""

import asyncio
import errno
import os
import ssl
import sys
import traceback
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import typer
from typer.core import TyperGroup

if TYPE_CHECKING:
    from trunkline.config import Settings
    from trunkline.model.identity import Actor
    from trunkline.services.admin_token import AdminToken
    from trunkline.services.connector_trials import ConnectorTrials
    from trunkline.services.connectors import Connectors
    from trunkline.services.esmes import Esmes
    from trunkline.services.gateway_control import GatewayControl
    from trunkline.services.http_accounts import HttpAccounts
    from trunkline.services.inbound import Inbound
    from trunkline.services.messages import Messages
    from trunkline.services.people import People
    from trunkline.services.routes import Routes
    from trunkline.services.system_settings import SystemSettings

T = TypeVar("T")

FAILED = 1
BAD_INPUT = 2


class CommandFailed(Exception):
    """A command could not do what it was asked to; the text is a sentence for people."""

    exit_code = FAILED


class BadInput(CommandFailed):
    """A value breaks a rule; the text names the field and the rule."""

    exit_code = BAD_INPUT

    def __init__(self, field: str, rule: str) -> None:
        super().__init__(f"{field}: {rule}")


class Management(Protocol):
    """The services over one open database, see `app.open_administration`."""

    @property
    def http_accounts(self) -> "HttpAccounts": ...

    @property
    def esmes(self) -> "Esmes": ...

    @property
    def connectors(self) -> "Connectors": ...

    @property
    def trials(self) -> "ConnectorTrials": ...

    @property
    def routes(self) -> "Routes": ...

    @property
    def messages(self) -> "Messages": ...

    @property
    def inbound(self) -> "Inbound": ...

    @property
    def admin_token(self) -> "AdminToken": ...

    @property
    def people(self) -> "People": ...

    @property
    def system_settings(self) -> "SystemSettings": ...

    @property
    def gateway_control(self) -> "GatewayControl": ...


@dataclass(slots=True, frozen=True)
class Invocation:
    """What was given before the command's name: the settings file."""

    config: Path | None


class Commands(TyperGroup):
    """The whole program: turns every error into one sentence on stderr and an exit code."""

    def main(self, *args: Any, **extra: Any) -> Any:
        """Runs the command line and exits. Never shows a traceback, except with TRUNKLINE_LOG_LEVEL=debug."""
        extra["standalone_mode"] = False
        try:
            code = super().main(*args, **extra)
        except typer.Abort:
            code = _complain("Aborted", FAILED)
        except Exception as error:  # noqa: BLE001  (the program's edge: whatever comes is reported here)
            code = _complain(*explain(error))
            if os.environ.get("TRUNKLINE_LOG_LEVEL", "").lower() == "debug":
                traceback.print_exception(error)
        sys.exit(code or 0)


def _complain(sentence: str, code: int) -> int:
    typer.echo(f"Error: {_ended(sentence)}", err=True)
    return code


def _ended(sentence: str) -> str:
    return sentence if sentence.endswith((".", "?", "!")) else f"{sentence}."


def explain(error: Exception) -> tuple[str, int]:
    """The sentence and the exit code for an error."""
    if isinstance(error, CommandFailed):
        return str(error), error.exit_code
    if isinstance(error, typer.TyperException):
        context = getattr(error, "ctx", None)
        sentence = _ended(error.format_message())
        return f"{sentence} Try '{context.command_path} --help'" if context else sentence, error.exit_code
    return _explain_foreign(error)


def _explain_foreign(error: Exception) -> tuple[str, int]:
    """As `explain`, for what the rest of the product raises; imported only now that something went wrong."""
    from trunkline.config import ConfigError, mask_url_passwords  # noqa: PLC0415  (see above)
    from trunkline.model.errors import ManagementError  # noqa: PLC0415  (see above)
    from trunkline.model.ports import StorageUnavailable  # noqa: PLC0415  (see above)
    from trunkline.simulator.rules import ScenarioError  # noqa: PLC0415  (see above)

    if isinstance(error, (ConfigError, ScenarioError)):
        return str(error), BAD_INPUT
    if isinstance(error, OSError):
        return mask_url_passwords(os_reason(error)), FAILED
    from sqlalchemy.exc import DBAPIError  # noqa: PLC0415  (see above)

    from trunkline.app import DatabaseNotReady  # noqa: PLC0415  (see above)
    from trunkline.services.accounts import InvalidInput  # noqa: PLC0415  (see above)

    if isinstance(error, InvalidInput):
        return str(error), BAD_INPUT
    if isinstance(error, (ManagementError, StorageUnavailable, DatabaseNotReady)):
        return mask_url_passwords(str(error)), FAILED
    if isinstance(error, DBAPIError):
        return mask_url_passwords(f"the database failed: {error.orig}"), FAILED
    return (
        f"unexpected {type(error).__name__}: {mask_url_passwords(str(error))}. "
        "TRUNKLINE_LOG_LEVEL=debug shows where it came from"
    ), FAILED


def os_reason(error: OSError) -> str:
    """What the operating system said, with the file's name where there is one."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not accepted: {error.verify_message}"
    if isinstance(error, ssl.SSLError):  # whose number is none of the system's
        return f"TLS failed: {error.reason or error}"
    # The number's own text: event loops put addresses into theirs. Name look-ups have numbers of their own.
    number = error.errno
    known = os.strerror(number) if number is not None and number in errno.errorcode else error.strerror
    reason = known or str(error) or type(error).__name__
    return f"{error.filename}: {reason}" if error.filename else reason


def load_settings(ctx: typer.Context, config: Path | None = None, **overrides: Any) -> "Settings":
    """The settings; the file given to the command wins over the one given before it. Raises ConfigError.

    `overrides` are options that are settings; None means "not given".
    """
    from trunkline.config import Settings  # noqa: PLC0415  (pydantic takes its time)

    invocation: Invocation = ctx.find_root().obj
    return Settings.load(config or invocation.config, **overrides)


def administer(ctx: typer.Context, work: Callable[[Management], Awaitable[T]]) -> T:
    """Opens the database that the settings name, does `work` with its management and closes it again."""
    from trunkline import app, logs  # noqa: PLC0415  (the whole product)
    from trunkline.model.identity import act_as  # noqa: PLC0415  (see above)

    settings = load_settings(ctx)
    logs.configure("debug" if settings.log_level == "debug" else "warning", settings.log_format)

    async def session() -> T:
        async with app.open_administration(settings) as administration:
            with act_as(who_runs_this()):
                return await work(administration)

    return asyncio.run(session())


def actor() -> str:
    """Who runs this command, for the ledger: the login name, or the user's number where it has none."""
    import getpass  # noqa: PLC0415  (only for changes)

    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"


def who_runs_this() -> "Actor":
    """Who runs this command, as the one who acts: whoever has the database may do everything."""
    from trunkline.model.identity import COMMAND_LINE  # noqa: PLC0415  (only with the database)

    return replace(COMMAND_LINE, name=actor())


def read_secret(value: str | None, prompt: str) -> str | None:
    """A secret as given, or, for ``-``, from the terminal without echo or from the first line of stdin."""
    if value != "-":
        return value
    if sys.stdin.isatty():
        return str(typer.prompt(prompt, hide_input=True, err=True))
    return sys.stdin.readline().rstrip("\r\n")


def read_pem(field: str, path: Path) -> str:
    """The text of a file with certificates or a key. Raises BadInput."""
    try:
        return path.expanduser().read_text("ascii")
    except OSError as error:
        raise BadInput(field, f"cannot read {os_reason(error)}") from None
    except UnicodeDecodeError:
        raise BadInput(field, f"{path} is not in PEM form") from None


def trusting(authorities: Path | None, *, verify: bool) -> ssl.SSLContext:
    """A context that trusts the authorities in a PEM file, the system's, or anybody. Raises BadInput."""
    from trunkline.services.certificates import UnusableCertificate, read_certificates  # noqa: PLC0415
    from trunkline.smpp.asyncio.contexts import client_context  # noqa: PLC0415  (only with TLS)

    if authorities is None:
        return client_context(verify=verify)
    pem = read_pem("tls_ca", authorities)
    try:
        read_certificates(pem)
    except UnusableCertificate as error:
        raise BadInput("tls_ca", str(error)) from None
    return client_context(verify=verify, ca=pem)


def parse_amount(field: str, text: str) -> int:
    """Micro-credits from a decimal number of credits. Raises BadInput."""
    from trunkline.model.money import parse_credits  # noqa: PLC0415  (decimal)

    try:
        return parse_credits(text)
    except ValueError as error:
        raise BadInput(field, str(error)) from None
