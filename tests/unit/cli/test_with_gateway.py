"""The commands beside a gateway in demo mode: what a newcomer does in the first five minutes."""

import json
import re
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.unit.cli.conftest import Run

ANY_PORT = {f"TRUNKLINE_{door}_PORT": "0" for door in ("HTTP", "SMPP", "SIMULATOR")}
Start = Callable[..., "subprocess.Popen[str]"]
Rows = Callable[..., Any]


def _wait_for(process: "subprocess.Popen[str]", text: str) -> None:
    assert process.stdout is not None
    for line in process.stdout:
        if text in line:
            return
    pytest.fail(f"the gateway ended without saying {text!r}: {process.communicate()[1]}")


def test_a_message_goes_all_the_way(run: Run, rows: Rows, start: Start, tmp_path: Path) -> None:
    gateway = start("serve", "--demo", **ANY_PORT, TRUNKLINE_LOG_LEVEL="error")
    _wait_for(gateway, "Ctrl-C")

    said = run("send", "--to", "971501234567", "--text", "Hello €", "--wait").stdout.splitlines()
    assert said[-1] == "delivered"
    shown = rows("message", "show", said[0])
    assert (shown["message_id"], shown["state"], shown["text"]) == (said[0], "delivered", "Hello €")
    assert (shown["door"], shown["credential"]) == ("http", "demo")
    assert (shown["charged"], shown["rate"]) == ("1", "1")
    assert [each["event"] for each in shown["history"]][:1] == ["accepted"]
    page = run("message", "show", said[0]).stdout
    assert re.search(r"^State +delivered$", page, re.MULTILINE)
    assert "DELIVRD" in page

    run("simulate", "esme", "--count", "300", "--window", "20")

    # The gateway writes down how its connectors are every second.
    for _ in range(600):
        (connector,) = rows("connector", "list")
        assert connector["connector_id"] == "simulator"
        if connector["binds"]:
            break
        time.sleep(0.1)
    assert [bind["bind_type"] for bind in connector["binds"]] == ["TRX"]
    account = rows("account", "list")[0]
    assert account["credits"] == str(100_000 - 301)

    gateway.send_signal(signal.SIGTERM)
    _, complaints = gateway.communicate(timeout=60)
    assert (gateway.returncode, complaints) == (0, "")
    assert json.loads((tmp_path / "var" / "demo.json").read_text())["smpp"]["system_id"] == "demo"


def test_a_port_in_use(run: Run, start: Start) -> None:
    gateway = start("serve", "--demo", **ANY_PORT, TRUNKLINE_LOG_LEVEL="error")
    _wait_for(gateway, "Ctrl-C")
    port = json.loads(Path("var/demo.json").read_text())["smpp"]["port"]
    second = start("serve", **(ANY_PORT | {"TRUNKLINE_SMPP_PORT": str(port)}), TRUNKLINE_LOG_LEVEL="error")
    _, complaints = second.communicate(timeout=60)
    assert second.returncode == 1
    assert f"127.0.0.1:{port}" in complaints
    assert "TRUNKLINE_SMPP_PORT" in complaints
    assert "Traceback" not in complaints
