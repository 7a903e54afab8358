"""`trunkline connector` and `trunkline route` over a real database."""

import re
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest

from tests.unit.cli.conftest import Run
from trunkline.cli.connectors import AUTO, ROWS, _binds
from trunkline.model.profile import STANDARD
from trunkline.model.snapshot import ConnectorConfig
from trunkline.model.status import BindStatus, ConnectorStatus
from trunkline.services.connectors import DEFAULTS, ConnectorRow
from trunkline.services.profiles import describe
from trunkline.simulator.certificates import Authority

Complaint = Callable[..., str]
Rows = Callable[..., Any]


# The last four are what text 001's API keeps while they are automatic.
NO_OPTION = {
    "connector_id", "enabled", "number", "profile",
    "fixed_source_ton", "fixed_source_npi", "fixed_dest_ton", "fixed_dest_npi",
}  # fmt: skip


def test_every_field_has_an_option_and_help_tells_the_true_default() -> None:
    declared = {field.name for field in fields(ConnectorConfig)} - NO_OPTION
    assert [row.field for row in ROWS if row.field not in declared] == []
    assert declared == {row.field for row in ROWS}
    for row in ROWS:
        if not row.required:
            told = None if row.default == AUTO and row.field.endswith(("ton", "npi")) else row.default
            assert told == getattr(DEFAULTS, row.field), row.field


@pytest.mark.parametrize(
    ("binds", "shown"),
    [
        ([], "0 of 2"),
        ([("TRX", "BOUND_TRX", "h:1"), ("TRX", "CLOSED", "h:1")], "1 of 2"),
        (
            [("TX", "BOUND_TX", "h:1"), ("RX", "BOUND_RX", "h:1"), ("TRX", "DIAL", "h:1")],
            "2 of 3",
        ),  # one was split
        ([("TX", "BOUND_TX", "h:1"), ("RX", "OPEN", "")], "1 of 1"),  # no outbind has come yet
    ],
)
def test_how_many_binds_are_up(binds: list[tuple[str, str, str]], shown: str) -> None:
    found = tuple(BindStatus(kind, state, 0, "", remote, 0, "") for kind, state, remote in binds)
    row = ConnectorRow(replace(DEFAULTS, trx_binds=2), ConnectorStatus("c", True, found, 0), 0, 0, 0)
    assert _binds(row) == shown
    assert _binds(replace(row, status=None)) == "0 of 2"


@pytest.mark.usefixtures("database")
class TestConnectors:
    def test_create_with_every_option_and_change(self, run: Run, rows: Rows) -> None:
        values: dict[str, Any] = {
            "provider": "Example Telecom",
            "host": "smsc.example",
            "port": 2779,
            "system_id": "trunk",
            "system_type": "sms",
            "tx_binds": 1,
            "rx_binds": 2,
            "trx_binds": 0,
            "window": 50,
            "throughput": 100,
            "enquire_link_s": 12.5,
            "response_timeout_s": 5.0,
            "reconnect_min_s": 0.5,
            "reconnect_max_s": 9.0,
            "source_ton": 5,
            "source_npi": 0,
            "dest_ton": 1,
            "dest_npi": 1,
            "default_alphabet": "latin1",
            "long_message": "sar",
            "message_id_format": "hex",
            "max_attempts": 7,
            "smpp_version": "5.0",
            "tls_server_name": "smsc.example",
        }
        words = [
            word for name, value in values.items() for word in (f"--{name.replace('_', '-')}", str(value))
        ]
        values |= {"tls": True, "tls_verify": False, "pdu_log": True}
        words += ["--tls", "--no-tls-verify", "--pdu-log"]
        run("connector", "create", "c1", *words, "--password", "secret")
        (found,) = rows("connector", "list")
        assert {name: found[name] for name in values} == values
        assert (found["connector_id"], found["enabled"], found["queued"]) == ("c1", True, 0)
        assert "secret" not in str(found)

        run("connector", "change", "c1", "--window", "60", "--source-ton", "auto")
        (changed,) = rows("connector", "list")
        assert changed == found | {"window": 60, "source_ton": None}

    def test_certificates_are_read_from_files(
        self, run: Run, rows: Rows, complaint: Complaint, tmp_path: Path
    ) -> None:
        authority = Authority()
        pair = authority.issue("us")
        certificate, key = pair.write(tmp_path)
        (tmp_path / "ca.pem").write_text(authority.certificate)
        words = ("--tls-certificate", str(certificate), "--tls-key", str(key))
        run("connector", "create", "c1", "--host", "h", "--tls-ca", str(tmp_path / "ca.pem"), *words)
        (found,) = rows("connector", "list")
        assert (found["tls_ca"], found["tls_certificate"]) == (authority.certificate, pair.certificate)
        assert "PRIVATE KEY" not in str(found)
        shown = run("connector", "show", "c1").stdout
        assert re.search(r"^tls_ca +CN=Trunkline test authority until \d{4}-\d\d-\d\d$", shown, re.MULTILINE)
        assert re.search(r"^tls_certificate +CN=us until ", shown, re.MULTILINE)
        assert "-----" not in shown
        run("connector", "change", "c1", "--tls-ca", "")
        (changed,) = rows("connector", "list")
        assert changed == found | {"tls_ca": ""}

        (tmp_path / "binary").write_bytes(b"\x30\x82")
        for option, path, sentence in (
            ("--tls-ca", "gone.pem", "tls_ca: cannot read gone.pem: No such file or directory"),
            ("--tls-ca", str(tmp_path / "binary"), f"tls_ca: {tmp_path / 'binary'} is not in PEM form"),
            ("--tls-key", str(certificate), "tls_key: holds no private key in PEM form"),
            ("--tls-key", "", "tls_key: is missing: there is a tls_certificate"),
            ("--tls-certificate", "", "tls_certificate: is missing: there is a tls_key"),
        ):
            said = complaint("connector", "change", "c1", option, path)
            assert said.startswith(sentence)
        assert rows("connector", "list") == [changed]

    def test_defaults(self, run: Run, rows: Rows) -> None:
        run("connector", "create", "c1", "--host", "h", "--stopped")
        (found,) = rows("connector", "list")
        assert found["enabled"] is False
        for field in fields(ConnectorConfig):
            if field.name not in {*NO_OPTION, "host", "password", "tls_key"}:
                assert found[field.name] == getattr(DEFAULTS, field.name)

    def test_the_profile(self, run: Run, rows: Rows, complaint: Complaint) -> None:
        words = ("--profile", "receipt_id=text", "--profile", "status_map=KO:UNDELIV,OK:DELIVRD")
        run("connector", "create", "c1", "--host", "h", *words, "--vendor-tlv", "route:0x1401:cstring")
        (found,) = rows("connector", "list")
        standard = describe(STANDARD)
        assert found["profile"] == standard | {
            "receipt_id": "text",
            "status_map": {"KO": "UNDELIV", "OK": "DELIVRD"},
            "vendor_tlvs": ["route:0x1401:cstring"],
        }
        run("connector", "change", "c1", "--profile", "receipt_id=", "--profile", "status_map=")
        assert rows("connector", "list")[0]["profile"] == standard | {"vendor_tlvs": ["route:0x1401:cstring"]}
        run("connector", "change", "c1", "--vendor-tlv", "a:0x1402:uint8", "--vendor-tlv", "b:0x1403:uint8")
        assert rows("connector", "show", "c1")["profile"]["vendor_tlvs"] == [
            "a:0x1402:uint8",
            "b:0x1403:uint8",
        ]

        create = ("connector", "create", "c2", "--host", "h", "--profile")
        assert complaint(*create, "status_map=0:GONE").startswith(
            "profile.status_map: 0:GONE: must be one of"
        )
        assert complaint(*create, "shoe_size=44").startswith("profile.shoe_size: is no field")

    def test_presets(self, run: Run, rows: Rows, complaint: Complaint) -> None:
        words = ("--preset", "numeric-states", "--preset", "latin1", "--profile", "receipt_id=text")
        run("connector", "create", "c1", "--host", "h", *words, "--long-message", "sar")
        (found,) = rows("connector", "list")
        assert (found["default_alphabet"], found["long_message"]) == ("latin1", "sar")
        assert found["profile"]["receipt_id"] == "text"
        assert found["profile"]["status_map"]["2"] == "DELIVRD"
        sentence = complaint("connector", "create", "c2", "--host", "h", "--preset", "weird")
        assert sentence == "preset: there is no 'weird'; `trunkline connector presets` lists them."

        listed = rows("connector", "presets")
        assert {each["name"] for each in listed} >= {"standard", "smpp33", "latin1"}
        assert re.search(
            r"^ *latin1 .*default_alphabet=latin1", run("connector", "presets").stdout, re.MULTILINE
        )

    def test_the_outbinds_password_may_be_asked_for_and_is_never_shown(self, run: Run, rows: Rows) -> None:
        words = [f"outbind_{each}" for each in ("port=2776", "system_id=smsc", "password=-")]
        options = [option for word in words for option in ("--profile", word)]
        run("connector", "create", "c1", "--host", "h", *options, stdin="kn0ck\n")
        assert rows("connector", "show", "c1")["profile"]["outbind_password"] == "***"
        assert "kn0ck" not in run("connector", "show", "c1").stdout

    def test_show(self, run: Run, rows: Rows, complaint: Complaint) -> None:
        run(
            "connector",
            "create",
            "c1",
            "--host",
            "h",
            "--password",
            "secret",
            "--profile",
            "status_map=KO:UNDELIV",
        )
        assert [rows("connector", "show", "c1")] == rows("connector", "list")
        shown = run("connector", "show", "c1").stdout
        assert "secret" not in shown
        assert re.search(r"^reconnect_min_s +1.0$", shown, re.MULTILINE)
        assert re.search(r"^profile.status_map +KO:UNDELIV$", shown, re.MULTILINE)
        assert complaint("connector", "show", "c2", code=1) == "connector 'c2' does not exist."

    def test_start_and_stop(self, run: Run, rows: Rows) -> None:
        run("connector", "create", "c1", "--host", "h")
        run("connector", "stop", "c1")
        assert rows("connector", "list")[0]["enabled"] is False
        assert "stopped" in run("connector", "list").stdout
        run("connector", "start", "c1")
        assert rows("connector", "list")[0]["enabled"] is True
        table = run("connector", "list").stdout
        assert "h:2775" in table
        assert "0 of 1" in table

    def test_delete(self, run: Run, rows: Rows, complaint: Complaint) -> None:
        run("connector", "create", "c1", "--host", "h")
        assert run("connector", "delete", "c1").stdout == "Connector c1 was deleted.\n"
        assert rows("connector", "list") == []
        assert complaint("connector", "delete", "c1", code=1) == "connector 'c1' does not exist."

    @pytest.mark.parametrize(
        ("words", "code", "sentence"),
        [
            (["create", "bad id", "--host", "h"], 2, "connector_id: 1 to 100 letters"),
            (["create", "c2", "--host", "h", "--port", "0"], 2, "port: 1 to 65535"),
            (["create", "c2", "--host", "h", "--password", "ten chars!"], 2, "password: at most 9"),
            (["create", "c2", "--host", "h", "--source-ton", "x"], 2, "source_ton: must be auto or a number"),
            (["create", "c2", "--host", "h", "--dest-npi", "19"], 2, "dest_npi: 0 to 18"),
            (["create", "c2", "--host", "h", "--trx-binds", "0"], 2, "trx_binds: at least one bind"),
            (["create", "c2", "--host", "h", "--long-message", "x"], 2, "long_message: must be one of"),
            (["create", "c1", "--host", "h"], 1, "connector 'c1' exists already"),
            (["change", "c1", "--window", "0"], 2, "window: 1 to 1000"),
            (["change", "c1"], 2, "connector change: name at least one value"),
            (["change", "nope", "--window", "1"], 1, "connector 'nope' does not exist"),
            (["start", "nope"], 1, "connector 'nope' does not exist"),
            (["stop", "nope"], 1, "connector 'nope' does not exist"),
        ],
    )
    def test_bad_input(
        self, run: Run, complaint: Complaint, rows: Rows, words: list[str], code: int, sentence: str
    ) -> None:
        run("connector", "create", "c1", "--host", "h")
        before = rows("connector", "list")
        assert complaint("connector", *words, code=code).startswith(sentence)
        assert rows("connector", "list") == before

    def test_a_password_from_the_environment_makes_but_never_changes(
        self, run: Run, complaint: Complaint
    ) -> None:
        run("connector", "create", "c1", "--host", "h")
        words = ("connector", "create", "c2", "--host", "h")
        assert complaint(*words, TRUNKLINE_CLI_CONNECTOR_PASSWORD="10 chars!!").startswith(
            "password: at most"
        )
        run("connector", "change", "c1", "--window", "5", TRUNKLINE_CLI_CONNECTOR_PASSWORD="10 chars!!")
        assert complaint("connector", "change", "c1", "--password", "-", stdin="10 chars!!\n").startswith(
            "password: at most 9"
        )


@pytest.mark.usefixtures("database")
class TestRoutes:
    def test_create_and_list(self, run: Run, rows: Rows) -> None:
        run("account", "create", "acme")
        for name in ("c1", "c2"):
            run("connector", "create", name, "--host", "h")
        run("route", "create", "all", "--connector", "c1", "--position", "9")
        run(
            *("route", "create", "uae", "--connector", "c2", "--connector", "c1", "--prefix", "971"),
            *("--account", "acme", "--rate", "0.045", "--position", "1"),
        )
        uae, everything = rows("route", "list")
        assert everything["name"] == "all"
        assert (everything["account"], everything["prefix"], everything["rate"]) == ("", "", "1")
        del uae["id"]
        assert uae == {
            "position": 1,
            "name": "uae",
            "prefix": "971",
            "account": "acme",
            "connectors": ["c2", "c1"],
            "rate": "0.045",
            "enabled": True,
        }
        table = run("route", "list").stdout
        assert "c2, c1" in table
        assert table.index("uae") < table.index("all")

    def test_from_change_to_delete(self, run: Run, rows: Rows, complaint: Complaint) -> None:
        run("account", "create", "acme")
        for name in ("c1", "c2"):
            run("connector", "create", name, "--host", "h")
        run("route", "create", "uae", "--connector", "c1", "--prefix", "971", "--no-enabled")
        assert "id 2 at position 2" in run("route", "create", "all", "--connector", "c1").stdout
        run("route", "change", "uae", "--new-name", "emirates", "--connector", "c2", "--connector", "c1")
        run("route", "change", "emirates", "--prefix", "", "--account", "acme", "--rate", "0.5")
        run("route", "enable", "emirates")
        run("route", "disable", "all")
        assert "all is at position 1" in run("route", "move", "all", "1").stdout
        everything, uae = rows("route", "list")
        assert (everything["name"], everything["position"], everything["enabled"]) == ("all", 1, False)
        assert uae == {
            "id": 1, "position": 2, "name": "emirates", "prefix": "", "account": "acme",
            "connectors": ["c2", "c1"], "rate": "0.5", "enabled": True,
        }  # fmt: skip
        run("route", "delete", "all")
        assert [row["position"] for row in rows("route", "list")] == [1]
        for words in (
            ("delete", "all"),
            ("move", "all", "1"),
            ("enable", "all"),
            ("change", "all", "--rate", "1"),
        ):
            assert complaint("route", *words, code=1).startswith("route 'all' does not exist")
        assert "at least one" in complaint("route", "change", "emirates")
        assert complaint("route", "move", "emirates", "0").startswith("position: ")

    @pytest.mark.parametrize(
        ("words", "code", "sentence"),
        [
            (["--connector", "zz"], 2, "connectors: connector 'zz' does not exist"),
            (["--connector", "c1", "--prefix", "+49"], 2, "prefix: up to 20 digits"),
            (["--connector", "c1", "--rate", "cheap"], 2, "rate: 'cheap' is not a number of credits"),
            (["--connector", "c1", "--rate", "-1"], 2, "rate: 0 to 1000000 credits"),
            (["--connector", "c1", "--account", "nobody"], 2, "account: account 'nobody' does not"),
            ([], 2, "Missing option '--connector'"),
        ],
    )
    def test_bad_routes(
        self, run: Run, complaint: Complaint, rows: Rows, words: list[str], code: int, sentence: str
    ) -> None:
        run("connector", "create", "c1", "--host", "h")
        assert complaint("route", "create", "r", *words, code=code).startswith(sentence)
        assert rows("route", "list") == []


@pytest.mark.usefixtures("database")
def test_a_message_that_is_not_there(complaint: Complaint) -> None:
    for message_id in (
        "019aa2f4-5a10-7000-8a3c-2f60c1b4d9e7",
        "nonsense",
        "queued_",
        "'; drop table message",
    ):
        assert complaint("message", "show", message_id, code=1).startswith("there is no message ")
