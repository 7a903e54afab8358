"""Settings: where they come from, what is refused, and that the documentation lists them all."""

import pickle
from pathlib import Path

import pytest

from trunkline.config import ConfigError, Settings, mask_url_passwords, unknown_variables, variable

DOCUMENT = Path(__file__).parents[2] / "docs" / "configuration.md"


@pytest.fixture(autouse=True)
def working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Run in an empty directory, so that no trunkline.toml lies about."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def faults(**overrides: object) -> str:
    with pytest.raises(ConfigError) as caught:
        Settings.load(**overrides)
    return str(caught.value)


def test_defaults() -> None:
    settings = Settings.load()
    assert settings.data_dir == Path("var")
    assert settings.database_url == "sqlite:///var/trunkline.db"
    assert settings.secret_key_file == Path("var/secret.key")
    assert (settings.http_host, settings.http_port) == ("127.0.0.1", 8080)
    assert (settings.smpp_host, settings.smpp_port, settings.simulator_port) == ("127.0.0.1", 2775, 2776)
    assert settings.admin_password is None
    assert settings.callback_allow_private is False
    assert settings.node_name


def test_paths_follow_the_data_directory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRUNKLINE_DATA_DIR", "/srv/sms")
    settings = Settings.load()
    assert settings.database_url == "sqlite:////srv/sms/trunkline.db"
    assert settings.secret_key_file == Path("/srv/sms/secret.key")


def test_home_directory_is_expanded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/sms")
    settings = Settings.load(data_dir="~/data")
    assert settings.data_dir == Path("/home/sms/data")
    assert settings.database_url == "sqlite:////home/sms/data/trunkline.db"


def test_precedence(working_directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (working_directory / "trunkline.toml").write_text("http_port = 1001\nsmpp_port = 1002\nsmpp_window = 7\n")
    monkeypatch.setenv("TRUNKLINE_HTTP_PORT", "2001")
    monkeypatch.setenv("trunkline_smpp_port", "2002")
    settings = Settings.load(http_port=3001, smpp_window=None)
    assert settings.http_port == 3001  # an argument
    assert settings.smpp_port == 2002  # the environment, whatever its case
    assert settings.smpp_window == 7  # the file: None means "not given"
    assert settings.commit_batch_max == 2000  # the default


def test_an_empty_variable_counts_as_not_set(
    working_directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (working_directory / "trunkline.toml").write_text("http_port = 1001\n")
    monkeypatch.setenv("TRUNKLINE_HTTP_PORT", "")
    monkeypatch.setenv("TRUNKLINE_ADMIN_PASSWORD", "")
    settings = Settings.load()
    assert settings.http_port == 1001
    assert settings.admin_password is None


def test_which_file_is_read(working_directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, port in (("trunkline.toml", 1), ("named.toml", 2), ("option.toml", 3)):
        (working_directory / name).write_text(f"http_port = {port}\n")
    assert Settings.load().http_port == 1
    monkeypatch.setenv("TRUNKLINE_CONFIG", "named.toml")
    assert Settings.load().http_port == 2
    assert Settings.load("option.toml").http_port == 3


def test_a_named_file_must_exist(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigError, match=r"Cannot read the configuration file gone\.toml: No such file"):
        Settings.load("gone.toml")
    monkeypatch.setenv("TRUNKLINE_CONFIG", "lost.toml")
    assert "lost.toml" in faults()


@pytest.mark.parametrize("content", [b"http_port = ", b"http_port = 1\nhttp_port = 2\n", b"\xff\xfe"])
def test_a_file_that_is_not_toml(working_directory: Path, content: bytes) -> None:
    (working_directory / "trunkline.toml").write_bytes(content)
    assert faults().startswith("The configuration file trunkline.toml is not valid TOML: ")


def test_unknown_keys_in_the_file_are_named(working_directory: Path) -> None:
    (working_directory / "trunkline.toml").write_text("htp_port = 1\nzzz = 2\n[smpp]\nport = 3\n")
    assert faults().splitlines()[:2] == [
        "htp_port in trunkline.toml is not a setting. Did you mean http_port?",
        "zzz in trunkline.toml is not a setting.",
    ]


def test_unknown_argument() -> None:
    assert faults(no_such=1) == "no_such is not a setting."


def test_a_fault_names_setting_value_origin_and_rule(
    working_directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (working_directory / "trunkline.toml").write_text('log_level = "loud"\n')
    monkeypatch.setenv("TRUNKLINE_SMPP_PORT", "70000")
    assert faults(http_port="abc").splitlines() == [
        "http_port is 'abc' (from the command line), but must be a valid integer.",
        "smpp_port is '70000' (from TRUNKLINE_SMPP_PORT), but must be less than or equal to 65535.",
        "log_level is 'loud' (from trunkline.toml), but must be 'debug', 'info', 'warning' or 'error'.",
    ]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("http_port", "-1"),
        ("http_port", True),
        ("http_host", ""),
        ("admin_password", True),
        ("log_format", "xml"),
        ("smpp_window", "0"),
        ("smpp_window", "10001"),
        ("smpp_max_connections", "0"),
        ("smpp_session_init_timeout_s", "0"),
        ("smpp_enquire_link_s", "nan"),
        ("smpp_enquire_link_s", "inf"),
        ("smpp_inactivity_s", "-1"),
        ("commit_linger_ms", "1001"),
        ("commit_batch_max", "0"),
        ("default_validity_h", "0"),
        ("callback_concurrency", "0"),
        ("callback_allow_private", "maybe"),
        ("esme_deliver_window", "0"),
    ],
)
def test_values_out_of_range(name: str, value: object) -> None:
    assert faults(**{name: value}).startswith(f"{name} is ")


def test_zero_port_and_switched_off_inactivity_are_fine() -> None:
    settings = Settings.load(http_port=0, smpp_port=0, simulator_port=0, smpp_inactivity_s=0)
    assert settings.smpp_inactivity_s == 0


def test_values_that_do_not_fit_together() -> None:
    assert "smpp_inactivity_s is 30, but must be 0 or more than smpp_enquire_link_s (30)" in faults(
        smpp_inactivity_s=30
    )
    assert "pdu_log_total_max_mb is 10, but must be at least pdu_log_file_max_mb (1000)" in faults(
        pdu_log_total_max_mb=10
    )
    assert "commit_backlog_max is 10, but must be at least commit_batch_max (2000)" in faults(
        commit_backlog_max=10
    )
    assert faults(http_port=2775) == "http_port and smpp_port are both 2775, but must differ."
    assert Settings.load(http_port=2775, http_host="127.0.0.2").http_port == 2775


def test_a_tls_port_needs_a_certificate_and_a_key() -> None:
    assert faults(smpp_tls_port=2778) == (
        "smpp_tls_cert is not set, but must name a file where smpp_tls_port is set (2778)."
    )
    assert faults(smpp_tls_port=2778, smpp_tls_cert="a.pem").startswith("smpp_tls_key is not set, but must")
    pair = {"smpp_tls_cert": "~/a.pem", "smpp_tls_key": "a.key"}
    settings = Settings.load(smpp_tls_port=2778, smpp_host="0.0.0.0", **pair)
    assert settings.smpp_tls_host == "0.0.0.0"
    assert settings.smpp_tls_cert == Path("~/a.pem").expanduser()
    assert settings.smpp_tls_client_ca is None
    assert Settings.load(smpp_tls_host="0.0.0.0").smpp_host == "127.0.0.1"


@pytest.mark.parametrize(("port", "other"), [(2775, "smpp"), (8080, "http")])
def test_the_tls_port_is_one_of_its_own(port: int, other: str) -> None:
    pair = {"smpp_tls_cert": "a.pem", "smpp_tls_key": "a.key"}
    assert faults(smpp_tls_port=port, **pair) == (
        f"{other}_port and smpp_tls_port are both {port}, but must differ."
    )
    assert Settings.load(smpp_tls_port=port, smpp_tls_host="127.0.0.2", **pair).smpp_tls_port == port


def test_data_directory_that_is_a_file(working_directory: Path) -> None:
    (working_directory / "taken").write_text("")
    # The settings that follow from it add no further lines.
    assert faults(data_dir="taken") == "data_dir is 'taken' (from the command line), but must be a directory."


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("sqlite:///a.db", "sqlite:///a.db"),
        ("sqlite+aiosqlite:////srv/a.db", "sqlite:////srv/a.db"),
        ("postgres://u:p@h/db", "postgresql://u:p@h/db"),
        ("postgresql+asyncpg://h:5433/db?ssl=require", "postgresql://h:5433/db?ssl=require"),
    ],
)
def test_database_urls(given: str, kept: str) -> None:
    assert Settings.load(database_url=given).database_url == kept


@pytest.mark.parametrize(
    "url",
    [
        "trunkline.db",
        "mysql://u:p@h/db",
        "sqlite://",
        "sqlite:///",
        "sqlite:///:memory:",
        "sqlite://a.db",
        "postgresql://",
        "postgresql://h",
        "postgresql://h/",
        "postgresql://h/?ssl=require",
    ],
)
def test_unusable_database_urls(url: str) -> None:
    assert faults(database_url=url).startswith("database_url is ")


@pytest.mark.parametrize("given", ["", "127.0.0.1", "10.0.0.0/8, ::1,2001:db8::/32"])
def test_trusted_proxies(given: str) -> None:
    assert Settings.load(trusted_proxies=given).trusted_proxies == given


@pytest.mark.parametrize("given", ["*", "localhost", "10.0.0.1/8", "10.0.0.1;10.0.0.2"])
def test_unusable_trusted_proxies(given: str) -> None:
    assert faults(trusted_proxies=given).endswith(f"such as 127.0.0.1,10.0.0.0/8; {given!r} is neither.")


def test_no_secret_gets_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRUNKLINE_ADMIN_PASSWORD", "s3cret-one")
    settings = Settings.load(database_url="postgresql://u:s3cret-two@h/db")
    assert settings.admin_password is not None
    assert settings.admin_password.get_secret_value() == "s3cret-one"
    assert "s3cret" not in repr(settings) + str(settings)
    with pytest.raises(ConfigError) as caught:
        Settings.load(database_url="mysql://u:s3cret/t@wo@h/db", admin_password=12345, http_port="x")
    error = caught.value
    assert "database_url is 'mysql://u:***@h/db'" in str(error)
    assert "admin_password is ***" in str(error)
    assert error.__cause__ is None
    assert error.__context__ is None
    monkeypatch.setenv("TRUNKLINE_API_TOKEN", "s3cret-short")
    assert faults() == "api_token is *** (from TRUNKLINE_API_TOKEN), but must have at least 16 characters."


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("postgresql://u:p@h/db", "postgresql://u:***@h/db"),
        ("to http://u:p@h:80/x and http://h:80/y", "to http://u:***@h:80/x and http://h:80/y"),
        ("http://u@h/", "http://u@h/"),
        ("redis://:p@h", "redis://:***@h"),
        ("no address", "no address"),
    ],
)
def test_mask_url_passwords(text: str, masked: str) -> None:
    assert mask_url_passwords(text) == masked


def test_settings_cannot_be_changed() -> None:
    settings = Settings.load()
    with pytest.raises(ValueError, match="frozen"):
        settings.http_port = 1


def test_settings_can_be_sent_to_another_process() -> None:
    settings = Settings.load(smpp_port=1)
    assert pickle.loads(pickle.dumps(settings)) == settings


def test_misspelt_variables_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (
        "TRUNKLINE_HTPP_PORT",
        "TRUNKLINE_HTTP_PORT",
        "TRUNKLINE_CONFIG",
        "TRUNKLINE_TEST_POSTGRES_URL",
    ):
        monkeypatch.setenv(name, "1")
    assert unknown_variables() == ["TRUNKLINE_HTPP_PORT"]


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_is_documented(name: str) -> None:
    field = Settings.model_fields[name]
    extra = field.json_schema_extra
    default = field.default
    text = f"`{str(default).lower() if isinstance(default, bool) else default}`"
    if isinstance(extra, dict):
        text = str(extra["default_text"])
    row = f"| `{name}` | `{variable(name)}` | {text} | {field.description} |"
    assert row in DOCUMENT.read_text(encoding="utf-8").splitlines()


def test_no_setting_is_documented_that_does_not_exist() -> None:
    lines = DOCUMENT.read_text(encoding="utf-8").splitlines()
    documented = [line.split("`")[1] for line in lines if line.startswith("| `")]
    assert documented == list(Settings.model_fields)
