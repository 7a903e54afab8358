"""`trunkline settings`."""

import json
from pathlib import Path

import pytest

from tests.mail_server import MailServer
from tests.unit.model.test_pictures import png

from .conftest import Run

pytestmark = pytest.mark.usefixtures("database")


def test_settings_are_set_and_shown(run: Run) -> None:
    run("settings", "set", "branding", "platform_name=Acme = SMS", "main_color=#1e3a8a")
    run("settings", "set", "platform", "low_credit_threshold=2.5")
    run("settings", "set", "alerts", "recipients=a@b.example,c@d.example")
    shown = json.loads(run("settings", "show", "--json").stdout)
    assert shown["branding"] == {"platform_name": "Acme = SMS", "main_color": "#1e3a8a", "logo": None}
    assert shown["platform"]["low_credit_threshold"] == "2.5"
    assert shown["alerts"]["recipients"] == ["a@b.example", "c@d.example"]
    assert "a@b.example, c@d.example" in run("settings", "show").stdout


def test_a_password_is_asked_for_and_not_shown(run: Run) -> None:
    words = ("host=mail.example.com", "sender=sms@example.com", "username=gw", "password=-")
    run("settings", "set", "smtp", *words, stdin="s3cret\n")
    for form in ((), ("--json",)):
        shown = run("settings", "show", *form).stdout
        assert "***" in shown
        assert "s3cret" not in shown


def test_what_is_wrong_is_named(run: Run) -> None:
    assert "has no =" in run("settings", "set", "branding", "platform_name", code=2).stderr
    assert "does not exist" in run("settings", "set", "other", "x=y", code=1).stderr
    assert "port: must be a whole number" in run("settings", "set", "smtp", "port=x", code=2).stderr
    assert "x: is no setting" in run("settings", "set", "smtp", "x=y", code=2).stderr
    assert "main_color" in run("settings", "set", "branding", "main_color=#fff", code=2).stderr
    assert "low_credit" in run("settings", "set", "platform", "low_credit_threshold=x", code=2).stderr


def test_the_logo(run: Run, tmp_path: Path) -> None:
    picture = tmp_path / "logo.png"
    picture.write_bytes(png(8, 8))
    assert "was set" in run("settings", "logo", str(picture)).stdout
    assert json.loads(run("settings", "show", "--json").stdout)["branding"]["logo"] == "image/png"
    run("settings", "logo", "--remove")
    assert "does not exist" in run("settings", "logo", "--remove", code=1).stderr
    assert "cannot read" in run("settings", "logo", "nowhere.png", code=2).stderr
    assert "name a file, or --remove" in run("settings", "logo", code=2).stderr
    picture.write_text("<svg/>")
    assert "PNG, JPEG or WebP" in run("settings", "logo", str(picture), code=2).stderr


def test_the_test_email(run: Run) -> None:
    assert "No e-mail server is set" in run("settings", "test-email", "a@b.example", code=1).stderr
    with MailServer() as server:
        run(
            "settings", "set", "smtp", "host=127.0.0.1", f"port={server.port}", "security=none",
            "sender=sms@example.com",
        )  # fmt: skip
        assert "4711" in run("settings", "test-email", "ann@example.com").stdout
        assert server.next_mail().recipients == ["ann@example.com"]
    assert "Cannot connect" in run("settings", "test-email", "ann@example.com", code=1).stderr
