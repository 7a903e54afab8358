"""`trunkline simulate`: the SMSC as a process, the load generator against it."""

import json
import re
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.unit.cli.conftest import Run
from trunkline.simulator.certificates import Authority
from trunkline.simulator.record import load_record

Complaint = Callable[..., str]
Start = Callable[..., "subprocess.Popen[str]"]
Smsc = Callable[..., "tuple[subprocess.Popen[str], str]"]

_LISTENS = re.compile(r"The SMSC simulator listens on 127\.0\.0\.1:(\d+)\. Ctrl-C stops it\.\n")


@pytest.fixture
def smsc(start: Start) -> Iterator[Smsc]:
    """Starts an SMSC on a free port; returns its process and the port."""

    def begin(*words: str) -> "tuple[subprocess.Popen[str], str]":
        process = start("simulate", "smsc", "--port", "0", *words)
        assert process.stderr is not None
        line = process.stderr.readline()
        listens = _LISTENS.fullmatch(line)
        assert listens is not None, line + process.stderr.read()
        return process, listens[1]

    return begin


def _end(process: "subprocess.Popen[str]", number: int) -> str:
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, "")
    return out


def test_load_against_smsc(run: Run, smsc: Smsc, tmp_path: Path) -> None:
    process, port = smsc("--record", "smsc.jsonl", "--json", "--failed-share", "1", "--failed-err", "017")
    words = ("simulate", "esme", "--port", port, "--system-id", "me")
    summary = run(*words, "--count", "200", "--binds", "2", "--window", "10", "--text", "Hi €").stdout
    assert re.search(r"^Submitted +200 of 200 in ", summary, re.MULTILINE)
    assert re.search(r"^Their states +UNDELIV 200$", summary, re.MULTILINE)

    result = json.loads(
        run(*words, "--count", "5", "--from", "12345", "--to", "31600000001", "--json").stdout
    )
    assert (result["accepted"], result["receipts"], result["receipts_lost"]) == (5, 5, 0)
    assert result["error"] is None

    silent = run(*words, "--count", "3", "--no-receipts", "--to", "1").stdout
    assert "Receipts" not in silent

    counters = json.loads(_end(process, signal.SIGTERM))
    assert counters["taken"] == 208
    assert (counters["receipts_acked"], counters["receipts_pending"]) == (205, 0)
    assert (counters["recorded_unique"], counters["recorded_duplicates"]) == (208, 0)
    recorded = load_record(tmp_path / "smsc.jsonl").submits
    assert {each.text for each in recorded[:200]} == {"Hi €"}
    assert [each.source for each in recorded[200:205]] == ["12345"] * 5
    assert {each.destination for each in recorded[200:205]} == {f"3160000000{n}" for n in range(1, 6)}
    assert [each.registered_delivery for each in recorded[205:]] == [0, 0, 0]


def test_both_over_tls(run: Run, smsc: Smsc, complaint: Complaint, tmp_path: Path) -> None:
    authority = Authority()
    certificate, key = authority.issue("127.0.0.1").write(tmp_path)
    (tmp_path / "ca.pem").write_text(authority.certificate)
    (tmp_path / "other.pem").write_text(Authority().certificate)
    _process, port = smsc("--tls-certificate", str(certificate), "--tls-key", str(key))
    words = ("simulate", "esme", "--system-id", "me", "--count", "3", "--tls")
    files = {"TRUNKLINE_SMPP_TLS_CERT": str(certificate), "TRUNKLINE_SMPP_TLS_KEY": str(key)}
    run(*words, TRUNKLINE_SMPP_TLS_PORT=port, **files)
    words = (*words, "--port", port)
    run(*words)
    run(*words, "--tls-ca", "ca.pem")
    said = complaint(*words, "--tls-ca", "other.pem", code=1)
    assert said.startswith(f"cannot reach 127.0.0.1:{port}: its certificate is not accepted: unable to get")
    _process, plain = smsc()
    said = complaint(*words[:-1], plain, code=1)
    assert said == f"cannot reach 127.0.0.1:{plain}: TLS failed: WRONG_VERSION_NUMBER."


def test_certificates_that_cannot_be_used(complaint: Complaint, tmp_path: Path) -> None:
    certificate, key = Authority().issue("localhost").write(tmp_path)
    smsc = ("simulate", "smsc", "--port", "0")
    pair = ("--tls-certificate", str(certificate), "--tls-key")
    for words, sentence in (
        (smsc + pair[:2], "tls_key: give both, --tls-certificate and --tls-key"),
        ((*smsc, "--tls-key", "k"), "tls_certificate: give both, "),
        ((*smsc, *pair, "gone.key"), "tls_key: cannot read gone.key: No such file or directory"),
        ((*smsc, *pair, str(certificate)), "tls_key: holds no private key in PEM form"),
        ((*smsc, "--tls-certificate", str(key), "--tls-key", str(key)), "tls_certificate: holds no cert"),
        (("simulate", "esme", "--system-id", "x", "--tls"), "port: give --port"),
        (
            ("simulate", "esme", "--system-id", "x", "--port", "1", "--tls", "--tls-ca", str(key)),
            "tls_ca: holds no certificates in PEM form",
        ),
    ):
        assert complaint(*words, code=2).startswith(sentence)


def test_refused_messages_are_a_failure(run: Run, smsc: Smsc) -> None:
    process, port = smsc("--error-share", "1", "--error-status", "ESME_RINVDSTADR")
    result = run("simulate", "esme", "--port", port, "--system-id", "me", "--count", "7", code=1)
    assert re.search(r"^Refused +ESME_RINVDSTADR 7$", result.stdout, re.MULTILINE)
    shown = _end(process, signal.SIGINT)
    assert re.search(r"^errors +7$", shown, re.MULTILINE)


def test_the_progress_line(run: Run, smsc: Smsc) -> None:
    _process, port = smsc()
    words = ("simulate", "esme", "--port", port, "--system-id", "me", "--count", "50", "--rate", "100")
    shown = run(*words, FORCE_COLOR="1").stderr
    assert re.search(
        r" \d+ %  [\d,]+ sent  [\d,]+ accepted  [\d,]+ receipts  [\d,]+/s  p50 [\d.]+ p99 [\d.]+ ms", shown
    )
    assert "failed" not in shown
    assert "%" not in run(*words[:-4], "--count", "5").stderr


def test_the_scenario_file_and_options(run: Run, smsc: Smsc, tmp_path: Path) -> None:
    (tmp_path / "s.toml").write_text('receipts = "early"\n[credentials]\nme = "word"\n')
    _process, port = smsc("--scenario", "s.toml", "--receipt-tlvs", "false", "--receipt-body", "payload")
    words = ("simulate", "esme", "--port", port, "--system-id", "me", "--count", "2")
    refused = run(*words, "--password", "wrong", code=1).stderr
    assert refused == f"Error: cannot bind to 127.0.0.1:{port} as me: bind refused: ESME_RINVPASWD.\n"
    run(*words, TRUNKLINE_CLI_SMPP_PASSWORD="word")
    run(*words, "--password", "-", stdin="word\n")


def test_a_ready_made_scenario(run: Run, smsc: Smsc) -> None:
    _process, port = smsc("--scenario", "hex-ids", "--first-id", "10", "--receipt-delay-ms", "0")
    result = run("simulate", "esme", "--port", port, "--system-id", "me", "--count", "2", "--no-receipts")
    assert re.search(r"^Accepted +2,", result.stdout, re.MULTILINE)


def test_the_list_of_scenarios_and_keys(run: Run) -> None:
    shown = run("simulate", "smsc", "--list").stdout
    assert re.search(r"^ misbehaving +As much as one SMSC can do wrong", shown, re.MULTILINE)
    assert re.search(
        r"^ receipts +normal +normal\|early +When: after the answer, or before", shown, re.MULTILINE
    )
    listed = json.loads(run("simulate", "smsc", "--list", "--json").stdout)
    assert "misbehaving" in listed["scenarios"]
    assert listed["keys"]["seed"] == "Seed of every random decision"


def test_the_demo_is_the_default_target(run: Run, smsc: Smsc, tmp_path: Path) -> None:
    _process, port = smsc("--credentials", "demo:secret")
    (tmp_path / "var").mkdir()
    known = {"host": "127.0.0.1", "port": int(port), "system_id": "demo", "password": "secret"}
    (tmp_path / "var" / "demo.json").write_text(json.dumps({"smpp": known}))
    run("simulate", "esme", "--count", "1")
    # The demo's password is for the demo's user alone.
    refused = run("simulate", "esme", "--count", "1", "--system-id", "other", code=1).stderr
    assert "ESME_RINVSYSID" in refused


def test_a_lost_smsc_ends_the_run_with_its_reason(run: Run, smsc: Smsc) -> None:
    _process, port = smsc("--drop-link-every", "1")
    words = ("simulate", "esme", "--port", port, "--system-id", "me", "--count", "1", "--receipt-wait", "0.2")
    result = run(*words, code=1)
    assert re.search(r"^Unanswered +1$", result.stdout, re.MULTILINE)


def test_an_address_in_use(smsc: Smsc, complaint: Complaint) -> None:
    _process, port = smsc()
    said = complaint("simulate", "smsc", "--port", port, code=1)
    assert said == f"cannot listen on 127.0.0.1:{port}: Address already in use."


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (["smsc", "--error-share", "2"], 2, "error_share must be between 0 and 1, not 2.0"),
        (["smsc", "--receipt-tlvs", "maybe"], 2, "receipt_tlvs must be true or false"),
        (["smsc", "--receipts", "never"], 2, "receipts must be one of normal, early"),
        (["smsc", "--bind-refuse", "ESME_NOPE"], 2, "bind_refuse must be a command_status"),
        (["smsc", "--scenario", "nowhere.toml"], 2, "nowhere.toml: No such file"),
        (["smsc", "--scenario", "mishap"], 2, "scenario 'mishap' is neither a file nor one of congested"),
        (
            ["smsc", "--port", "0", "--mo-text", "x" * 50_000],
            2,
            "mo_text cannot be written as mo_enc",
        ),
        (["smsc", "--port", "70000"], 2, "Invalid value for '--port'"),
        (["smsc", "--port", "0", "--record", "no/where"], 1, "no/where: No such file or directory"),
        (["esme"], 2, "system_id: give --system-id; there is no demo.json"),
        (["esme", "--system-id", "x", "--port", "1"], 1, "cannot reach 127.0.0.1:1: Connection refused"),
        (["esme", "--system-id", "x", "--to", "abc"], 2, "load: dest_base must be digits"),
        (["esme", "--system-id", "x", "--text", "x" * 300], 2, "load: the text is 300 octets long"),
        (["esme", "--system-id", "x", "--count", "0"], 2, "Invalid value for '--count'"),
    ],
)
def test_bad_input(complaint: Complaint, words: list[str], code: int, sentence: str) -> None:
    assert complaint("simulate", *words, code=code).startswith(sentence)


def test_an_unknown_port_must_be_named(complaint: Complaint) -> None:
    said = complaint("simulate", "esme", "--system-id", "x", TRUNKLINE_SMPP_PORT="0")
    assert said.startswith("port: give --port")


def test_a_record_that_is_none(complaint: Complaint, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("not a record\n")
    said = complaint("simulate", "smsc", "--port", "0", "--record", "notes.txt", code=1)
    assert said.startswith("notes.txt, line 1: ")
    assert (tmp_path / "notes.txt").read_text() == "not a record\n"
