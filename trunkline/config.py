"""Settings: read from the environment and a TOML file, checked once at start.

Precedence, highest first: arguments of `Settings.load` (command-line options), environment variables
`TRUNKLINE_<NAME>`, the TOML file, the default. `docs/configuration.md` lists every setting.
"""

import difflib
import os
import platform
import re
import tomllib
from ipaddress import ip_network
from itertools import combinations
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, PrivateAttr, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

ENV_PREFIX = "TRUNKLINE_"
CONFIG_VARIABLE = "TRUNKLINE_CONFIG"
DEFAULT_CONFIG_FILE = "trunkline.toml"
MASK = "***"
API_TOKEN_MIN = 16
NODE_NAME_MAX = 58  # characters: with what is put behind it, it fits its columns
OUTBIND_PASSWORD_MAX = 8  # SMPP 3.4, section 5.2.2

# Greedy up to the last @: a password may hold an unescaped @ or /.
_URL_PASSWORD = re.compile(r"(?<=://)([^/\s:@]*):[^\s'\"]+@")
# Variables that carry the prefix but are no settings: the file's path, what only the tests read, and those of
# the command line.
_OTHER_VARIABLES = re.compile(r"TRUNKLINE_(CONFIG$|TEST_|CLI_)")
_SECRETS = {"admin_password", "api_token", "smpp_outbind_password"}  # settings whose values are never shown


class ConfigError(Exception):
    """The settings are unusable; the text has one sentence per fault, each naming setting, value and rule."""


def mask_url_passwords(text: str) -> str:
    """Return `text` with the password of every `scheme://user:password@host` in it replaced by `***`."""
    return _URL_PASSWORD.sub(rf"\1:{MASK}@", text)


class Settings(BaseSettings):
    """Everything that can be set from outside; immutable once loaded.

    Names end in their unit: `_s` seconds, `_ms` milliseconds, `_h` hours, `_days`, `_mb` millions of bytes.
    """

    model_config = SettingsConfigDict(
        env_prefix=ENV_PREFIX,
        env_ignore_empty=True,
        extra="forbid",
        frozen=True,
        allow_inf_nan=False,
        hide_input_in_errors=True,
    )

    # Where things are kept
    data_dir: Path = Field(
        Path("var"),
        description="Directory for the database, the secret key and demo.json; made when missing.",
    )
    database_url: str = Field(
        default_factory=lambda data: f"sqlite:///{data['data_dir'] / 'trunkline.db'}",
        description="`sqlite:///PATH` or `postgresql://USER:PASSWORD@HOST:PORT/NAME`.",
        json_schema_extra={"default_text": "SQLite file `trunkline.db` in `data_dir`"},
        repr=False,
    )
    secret_key_file: Path = Field(
        default_factory=lambda data: data["data_dir"] / "secret.key",
        description="File with the key that encrypts stored credentials; made at the first start.",
        json_schema_extra={"default_text": "`secret.key` in `data_dir`"},
    )
    node_name: str = Field(
        default_factory=lambda: platform.node()[:NODE_NAME_MAX],
        min_length=1,
        max_length=NODE_NAME_MAX,
        description="Name of this process in logs and metrics, of its own among all on one database; that of "
        "a panel alone gets `-panel` behind it.",
        json_schema_extra={"default_text": "the host's name"},
    )

    role: Literal["all", "gateway", "panel"] = Field(
        "all",
        description="`gateway`: everything but the panel; `panel`: the panel and the management API alone, "
        "beside a gateway on the same database.",
    )

    # Doors
    http_host: str = Field("127.0.0.1", min_length=1, description="Address the HTTP server listens on.")
    http_port: int = Field(8080, ge=0, le=65535, description="Port of the HTTP server; 0 takes any free one.")
    trusted_proxies: str = Field(
        "",
        description="Addresses and networks, with commas, of the proxies before the HTTP server: only they "
        "are believed in X-Forwarded-For and X-Forwarded-Proto.",
        json_schema_extra={"default_text": "none"},
    )
    session_idle_s: float = Field(
        1800,
        ge=60,
        description="Seconds without a click after which whoever is signed in has to sign in again.",
    )
    session_lifetime_h: float = Field(
        12, gt=0, description="Hours after which whoever is signed in has to sign in again in any case."
    )
    smpp_host: str = Field(
        "127.0.0.1",
        min_length=1,
        description="Address the SMPP server listens on, or several with commas, such as `0.0.0.0,::`.",
    )
    smpp_port: int = Field(2775, ge=0, le=65535, description="Port of the SMPP server; 0 takes any free one.")
    smpp_tls_host: str = Field(
        default_factory=lambda data: data["smpp_host"],
        min_length=1,
        description="Address the SMPP server listens on for TLS, or several.",
        json_schema_extra={"default_text": "`smpp_host`"},
    )
    smpp_tls_port: int = Field(
        0, ge=0, le=65535, description="Port of the SMPP server for TLS (1.2 and later); 0 for none."
    )
    smpp_tls_cert: Path | None = Field(
        None,
        description="PEM file with the certificate of the TLS port, and those up to its authority; new files "
        "are taken into use while the gateway runs.",
        json_schema_extra={"default_text": "none"},
    )
    smpp_tls_key: Path | None = Field(
        None,
        description="PEM file with the certificate's key, without a password.",
        json_schema_extra={"default_text": "none"},
    )
    smpp_tls_client_ca: Path | None = Field(
        None,
        description="PEM file with authorities; where set, ESMEs on the TLS port must present a certificate "
        "that one of them issued.",
        json_schema_extra={"default_text": "none"},
    )
    simulator_port: int = Field(
        2776, ge=0, le=65535, description="Port of the demo's SMSC simulator; 0 takes any free one."
    )
    admin_password: SecretStr | None = Field(
        None,
        description="Password of the user `admin`; without it, demo mode generates one.",
        json_schema_extra={"default_text": "none"},
    )
    api_token: SecretStr | None = Field(
        None,
        description="Token of the administration's API, at least 16 characters; `trunkline api-token` makes "
        "one that need not stand here.",
        json_schema_extra={"default_text": "none"},
    )

    # Logs
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="Least severe level that is logged: `debug`, `info`, `warning` or `error`."
    )
    log_format: Literal["console", "json"] = Field(
        "console", description="`console` for people, `json` for machines (one object a line)."
    )

    pdu_log_dir: Path = Field(
        default_factory=lambda data: data["data_dir"] / "pdu-logs",
        description="Directory of the PDU logs; made when missing.",
        json_schema_extra={"default_text": "`pdu-logs` in `data_dir`"},
    )
    pdu_log_retention_days: int = Field(
        30, ge=1, le=3650, description="Days that PDU logs are kept, today's included."
    )
    pdu_log_file_max_mb: int = Field(
        1000, ge=1, description="Size of one PDU log file, which has one day, above which no more is written."
    )
    pdu_log_total_max_mb: int = Field(
        20_000,
        ge=1,
        description="Size of all PDU logs together; above it the oldest are deleted, and today's written no "
        "further. At least `pdu_log_file_max_mb`.",
    )

    # SMPP server
    smpp_window: int = Field(
        1000,
        ge=1,
        le=10_000,
        description="Messages of one ESME connection that may wait to be stored; above, it is not read.",
    )
    smpp_max_connections: int = Field(
        2000, ge=1, description="SMPP connections served at the same time; further ones are refused."
    )
    smpp_session_init_timeout_s: float = Field(
        10, gt=0, description="Seconds a new connection has for its bind request."
    )
    smpp_enquire_link_s: float = Field(
        30, gt=0, description="Seconds without traffic after which an enquire_link is sent."
    )
    smpp_inactivity_s: float = Field(
        0,
        ge=0,
        description="Seconds without a message after which a session is unbound, whatever enquire_links it "
        "sends; more than `smpp_enquire_link_s`, or 0 for never.",
    )
    smpp_outbind_password: SecretStr | None = Field(
        None,
        description="Password that ESMEs are given with an outbind, at most 8 ASCII characters; the "
        "system_id is `trunkline`.",
        json_schema_extra={"default_text": "none"},
    )
    esme_deliver_window: int = Field(
        100,
        ge=1,
        le=10_000,
        description="Receipts and replies sent to one ESME session and not yet answered.",
    )

    # Group commit
    commit_linger_ms: float = Field(
        2, ge=0, le=1000, description="Milliseconds a commit waits for further messages to join it."
    )
    commit_batch_max: int = Field(2000, ge=1, description="Most units of work in one commit.")
    commit_backlog_max: int = Field(
        20_000,
        ge=1,
        description="Units of work that may wait for a commit before senders are slowed down; at least "
        "`commit_batch_max`.",
    )

    # Messages
    default_validity_h: float = Field(
        48, gt=0, description="Hours an undelivered message stays valid where its sender names no period."
    )
    orphan_hold_h: float = Field(
        72, gt=0, description="Hours a receipt without a known message is kept for a later match."
    )

    # Inbound messages
    mo_join_timeout_s: float = Field(
        300,
        gt=0,
        description="Seconds that the parts of a long inbound message wait for the others; then what there "
        "is of it is stored, with the missing parts marked.",
    )
    mo_duplicate_window_s: float = Field(
        300,
        gt=0,
        description="Seconds within which an inbound message is known again should the SMSC repeat it.",
    )

    # Callbacks
    callback_give_up_h: float = Field(
        24, gt=0, description="Hours after which a failing callback is given up."
    )
    callback_concurrency: int = Field(64, ge=1, description="Callbacks under way at the same time.")
    callback_allow_private: bool = Field(
        False,
        description="Allow callback URLs on private and loopback addresses; demo mode sets it.",
    )

    @property
    def process_name(self) -> str:
        """What the process is called among all on its database: a panel's name is never its gateway's."""
        return f"{self.node_name}-panel" if self.role == "panel" else self.node_name

    _sources: dict[str, str] = PrivateAttr(default_factory=dict)

    def shown(self) -> list[tuple[str, str, str]]:
        """Name, value (secrets masked) and source of each: a variable, a file, or empty: its default."""
        rows = []
        for name in type(self).model_fields:
            value = getattr(self, name)
            text = "" if value is None else mask_url_passwords(str(value))
            rows.append((name, MASK if name in _SECRETS and text else text, self._sources.get(name, "")))
        return rows

    @classmethod
    def load(cls, config_file: str | Path | None = None, **overrides: Any) -> Self:
        """Read, check and return the settings.

        `config_file` names the TOML file (it must exist); without it TRUNKLINE_CONFIG does, else
        ./trunkline.toml is read if it is there. `overrides` win over everything; None means "not given".
        Raises ConfigError with one sentence per fault.
        """
        given = {name: value for name, value in overrides.items() if value is not None}
        path = _config_path(config_file)
        from_file = {} if path is None else _read_file(path, cls.model_fields.keys())
        in_environment = {name.upper() for name, value in os.environ.items() if value}
        # Arguments of the constructor win over the environment, so a file's value is passed only where
        # the environment has none.
        values = {
            key: value for key, value in from_file.items() if variable(key) not in in_environment
        } | given
        try:
            loaded = cls(**values)
        except ValidationError as error:
            origins = {key: str(path) for key in from_file} | dict.fromkeys(given, "the command line")
            lines = [_sentence(fault, origins) for fault in error.errors()]
        else:
            loaded._sources |= dict.fromkeys(from_file, str(path))
            loaded._sources |= {
                name: variable(name) for name in cls.model_fields if variable(name) in in_environment
            }
            loaded._sources |= dict.fromkeys(given, "the command line")
            return loaded
        # Outside the handler: the original error holds raw values, secrets too, and must not be chained.
        raise ConfigError("\n".join(line for line in lines if line))

    @field_validator("*", mode="before")
    @classmethod
    def _no_number_from_bool(cls, value: object, info: Any) -> object:
        # TOML's `true` would otherwise pass as the number 1.
        if isinstance(value, bool) and cls.model_fields[info.field_name].annotation is not bool:
            raise ValueError("must not be a boolean")
        return value

    @field_validator(
        "data_dir", "secret_key_file", "pdu_log_dir", "smpp_tls_cert", "smpp_tls_key", "smpp_tls_client_ca"
    )
    @classmethod
    def _expand_home(cls, value: Path | None) -> Path | None:
        return value and value.expanduser()

    @field_validator("data_dir")
    @classmethod
    def _not_a_file(cls, value: Path) -> Path:
        if value.exists() and not value.is_dir():
            raise ValueError("must be a directory")
        return value

    @field_validator("api_token")
    @classmethod
    def _not_guessable(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and len(value.get_secret_value()) < API_TOKEN_MIN:
            raise ValueError(f"must have at least {API_TOKEN_MIN} characters")
        return value

    @field_validator("trusted_proxies")
    @classmethod
    def _networks(cls, value: str) -> str:
        for each in filter(None, (part.strip() for part in value.split(","))):
            try:
                ip_network(each)
            except ValueError:
                raise ValueError(
                    "must be addresses and networks with commas, such as 127.0.0.1,10.0.0.0/8; "
                    f"{each!r} is neither"
                ) from None
        return value

    @field_validator("smpp_outbind_password")
    @classmethod
    def _fits_an_outbind(cls, value: SecretStr | None) -> SecretStr | None:
        text = value.get_secret_value() if value is not None else ""
        if len(text) > OUTBIND_PASSWORD_MAX or not (text.isascii() and text.isprintable()):
            raise ValueError(f"must have at most {OUTBIND_PASSWORD_MAX} printable ASCII characters")
        return value

    @field_validator("database_url")
    @classmethod
    def _known_database(cls, value: str) -> str:
        scheme, separator, rest = value.partition("://")
        # A driver's name in the scheme is dropped: which driver serves a database is not a setting.
        kind = {"postgres": "postgresql"}.get(name := scheme.partition("+")[0], name)
        if not separator or kind not in ("sqlite", "postgresql"):
            raise ValueError("must start with sqlite:/// or postgresql://")
        if kind == "sqlite" and (not rest.startswith("/") or rest in ("/", "/:memory:")):
            raise ValueError("must name a file, as in sqlite:///var/trunkline.db")
        if kind == "postgresql" and not rest.partition("/")[2].partition("?")[0]:
            raise ValueError(
                "must name a database, as in postgresql://user:password@localhost:5432/trunkline"
            )
        return f"{kind}://{rest}"

    @model_validator(mode="after")
    def _fit_together(self) -> Self:
        if self.smpp_inactivity_s and self.smpp_inactivity_s <= self.smpp_enquire_link_s:
            raise ValueError(
                f"smpp_inactivity_s is {self.smpp_inactivity_s:g}, but must be 0 or more than "
                f"smpp_enquire_link_s ({self.smpp_enquire_link_s:g}): idle sessions would be closed unasked"
            )
        if self.commit_backlog_max < self.commit_batch_max:
            raise ValueError(
                f"commit_backlog_max is {self.commit_backlog_max}, but must be at least commit_batch_max "
                f"({self.commit_batch_max})"
            )
        if self.pdu_log_total_max_mb < self.pdu_log_file_max_mb:
            raise ValueError(
                f"pdu_log_total_max_mb is {self.pdu_log_total_max_mb}, but must be at least "
                f"pdu_log_file_max_mb ({self.pdu_log_file_max_mb})"
            )
        if self.smpp_tls_port:
            for name in ("smpp_tls_cert", "smpp_tls_key"):
                if getattr(self, name) is None:
                    raise ValueError(
                        f"{name} is not set, but must name a file where smpp_tls_port is set "
                        f"({self.smpp_tls_port})"
                    )
        self._ports_differ()
        return self

    def _ports_differ(self) -> None:
        doors = [
            (name, getattr(self, f"{name}_host"), getattr(self, f"{name}_port"))
            for name in ("http", "smpp", "smpp_tls")
        ]
        for (one, host, port), (other, other_host, other_port) in combinations(doors, 2):
            if port and (host, port) == (other_host, other_port):
                raise ValueError(f"{one}_port and {other}_port are both {port}, but must differ")


def variable(setting: str) -> str:
    """Return the name of the environment variable for a setting: http_port -> TRUNKLINE_HTTP_PORT."""
    return ENV_PREFIX + setting.upper()


def unknown_variables() -> list[str]:
    """Return the names of TRUNKLINE_* environment variables that no setting reads: probably misspelt."""
    known = {variable(setting) for setting in Settings.model_fields}
    return sorted(
        name
        for name in os.environ
        if (upper := name.upper()).startswith(ENV_PREFIX)
        and upper not in known
        and not _OTHER_VARIABLES.match(upper)
    )


def _config_path(config_file: str | Path | None) -> Path | None:
    """Return the file to read, None for none; a file that was named must exist."""
    named = config_file or os.environ.get(CONFIG_VARIABLE)
    path = Path(named or DEFAULT_CONFIG_FILE).expanduser()
    if named or path.exists():
        return path
    return None


def _read_file(path: Path, known: Any) -> dict[str, Any]:
    """Return the file's settings; raises ConfigError where it is unreadable or has unknown keys."""
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"Cannot read the configuration file {path}: {error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"The configuration file {path} is not valid TOML: {error}.") from error
    unknown = [key for key in values if key not in known]
    if unknown:
        raise ConfigError("\n".join(_unknown_key(key, path, known) for key in unknown))
    return values


def _unknown_key(key: str, path: Path, known: Any) -> str:
    close = difflib.get_close_matches(key, known, n=1)
    hint = f" Did you mean {close[0]}?" if close else ""
    return f"{key} in {path} is not a setting.{hint}"


def _sentence(fault: Any, origins: dict[str, str]) -> str:
    """Return one fault of pydantic's list as a plain sentence, "" for one that only follows from another."""
    if fault["type"] == "default_factory_not_called":
        return ""
    rule = (
        fault["msg"].removeprefix("Value error, ").replace("Input should", "must").partition(", unable to")[0]
    )
    if not fault["loc"]:
        return f"{rule}."
    key = str(fault["loc"][0])
    if fault["type"] == "extra_forbidden":
        return f"{key} is not a setting."
    shown = MASK if key in _SECRETS else mask_url_passwords(repr(fault["input"]))
    return f"{key} is {shown} (from {origins.get(key, variable(key))}), but {rule}."
