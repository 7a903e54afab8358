"""`trunkline smpp decode`."""

import json

from trunkline.smpp.codec import encode
from trunkline.smpp.pdus import BindTransceiver, EnquireLink, SubmitSm

from .conftest import Run

SUBMIT = encode(SubmitSm(sequence_number=8, source_addr_ton=5, source_addr="Shop", short_message=b"Hi \x1be"))


def test_a_pdu_field_by_field(run: Run) -> None:
    out = run("smpp", "decode", SUBMIT.hex()).stdout
    rows = [line.split() for line in out.splitlines()]
    assert rows[0] == ["submit_sm,", str(len(SUBMIT)), "octets"]
    assert ["17", "05", "source_addr_ton", "5", "alphanumeric"] in rows
    assert any(row[-5:] == ["text", "Hi", "€", "4", "characters"] for row in rows)
    assert "Problem" not in out


def test_octets_may_be_separate_words(run: Run) -> None:
    words = [f"0x{octet:02x}" for octet in encode(EnquireLink())]
    assert run("smpp", "decode", *words).stdout.startswith("enquire_link, 16 octets")


def test_several_pdus_from_the_input_as_json(run: Run) -> None:
    enquire_link = encode(EnquireLink()).hex()
    log = f"INFO[x][y]: <<<<< {SUBMIT.hex()}\nSUBMIT_SM:\n{{\n}}\nINFO[x][y]: >>>>> {enquire_link}\n"
    found = json.loads(run("smpp", "decode", "-", "--json", stdin=log).stdout)
    assert [each["pdu"] for each in found] == ["submit_sm", "enquire_link"]
    assert found[0]["fields"][0] == {
        "offset": 0,
        "octets": f"{len(SUBMIT):08x}",
        "field": "command_length",
        "value": len(SUBMIT),
        "meaning": "octets",
        "level": 0,
    }


def test_the_peers_alphabet(run: Run) -> None:
    octets = encode(SubmitSm(short_message=b"caf\xe9")).hex()
    assert "café" in run("smpp", "decode", octets, "--default-alphabet", "latin1").stdout


def test_what_is_wrong_is_said(run: Run) -> None:
    out = run("smpp", "decode", SUBMIT.hex()[:50]).stdout
    assert f"Problem: command_length is {len(SUBMIT)}, but only 25 octets are there." in out


def test_passwords_are_not_shown(run: Run) -> None:
    out = run("smpp", "decode", encode(BindTransceiver(system_id="u", password="S3cret!")).hex()).stdout
    assert "***" in out
    assert "S3cret!" not in out
    assert b"S3cret!".hex(" ") not in out


def test_control_characters_do_not_reach_the_terminal(run: Run) -> None:
    octets = encode(SubmitSm(data_coding=3, short_message=b"\x1b[2J")).hex()
    out = run("smpp", "decode", octets).stdout
    assert "\x1b" not in out
    assert "\\x1b[2J" in out


def test_no_octets(run: Run) -> None:
    assert "hex: 'z' is no hexadecimal digit" in run("smpp", "decode", "zz", code=2).stderr
    assert "default_alphabet" in run("smpp", "decode", "00", "--default-alphabet", "x", code=2).stderr
