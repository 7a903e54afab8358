"""Log lines: both formats, levels, foreign loggers, and what must never be printed."""

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from trunkline import logs


@pytest.fixture(autouse=True)
def restore_logging() -> Iterator[None]:
    """Leave the process's logging as it was found."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    quiet = {name: logging.getLogger(name).level for name in logs._QUIET}
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    for name, before in quiet.items():
        logging.getLogger(name).setLevel(before)
    structlog.reset_defaults()


def json_lines(out: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_a_json_line() -> None:
    out = io.StringIO()
    logs.configure("info", "json", out)
    logs.get_logger(connector_id="c1").info("Connector is bound.", action="connector.bound", binds=2)
    [line] = json_lines(out)
    assert str(line.pop("timestamp")).endswith("Z")
    assert line == {
        "event": "Connector is bound.",
        "action": "connector.bound",
        "connector_id": "c1",
        "binds": 2,
        "level": "info",
    }


def test_a_console_line_stays_one_line() -> None:
    out = io.StringIO()
    logs.configure("info", "console", out)
    logs.get_logger().info("Refused.", system_id="evil\nline \x1b[31m")
    assert len(out.getvalue().splitlines()) == 1
    assert "\x1b" not in out.getvalue()


def test_levels_and_a_second_configuration() -> None:
    early = logs.get_logger()
    first, second = io.StringIO(), io.StringIO()
    logs.configure("warning", "json", first)
    early.info("not seen")
    early.warning("seen")
    logging.getLogger("library").info("not seen")
    logs.configure("debug", "json", second)
    early.debug("seen too")
    assert [line["event"] for line in json_lines(first)] == ["seen"]
    assert [line["event"] for line in json_lines(second)] == ["seen too"]


def test_foreign_loggers_come_out_in_the_same_form() -> None:
    out = io.StringIO()
    logs.configure("info", "json", out)
    logging.getLogger("library").warning("odd: %s", "http://u:pass@h/")
    [line] = json_lines(out)
    assert line["event"] == "odd: http://u:***@h/"
    assert line["logger"] == "library"
    assert line["level"] == "warning"


@pytest.mark.parametrize("fmt", ["json", "console"])
def test_secrets_are_masked(fmt: logs.Format) -> None:
    out = io.StringIO()
    logs.configure("info", fmt, out)
    log = logs.get_logger(api_key="s3cret1")
    log.info(
        "Try.",
        password="s3cret2",
        http_password="s3cret3",
        headers={"Authorization": "s3cret4", "Accept": "x"},
        tokens_left=5,
        token=["s3cret5"],
        url="postgresql://u:s3cret6@h/db",
        many=[{"secret": "s3cret7"}],
    )
    try:
        int("http://u:s3cret8@h/")
    except ValueError:
        log.exception("It broke.")
        logging.getLogger("library").exception("It broke there.")
    text = out.getvalue()
    assert "s3cret" not in text
    assert text.count("invalid literal for int() with base 10: 'http://u:***@h/'") == 2
    assert "tokens_left" in text
    assert "5" in text


@pytest.mark.parametrize("fmt", ["json", "console"])
def test_tracebacks_show_no_local_variables(fmt: logs.Format) -> None:
    out = io.StringIO()
    logs.configure("info", fmt, out)
    hidden = "".join(["s3", "cret"])
    try:
        int(hidden[:0])
    except ValueError:
        logs.get_logger().exception("It broke.")
        logging.getLogger("library").exception("It broke there.")
    assert out.getvalue().count("invalid literal") == 2
    assert hidden not in out.getvalue()


def test_odd_values_do_not_break_a_json_line() -> None:
    out = io.StringIO()
    logs.configure("info", "json", out)
    logs.get_logger().info("Odd.", text="\ud800", raw=b"\xff", missing=None, password=None)
    [line] = json_lines(out)
    assert line["text"] == "\ud800"
    assert line["password"] is None
