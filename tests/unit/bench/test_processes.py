import socket
import sys
from pathlib import Path

import pytest

from bench.processes import (
    BenchError,
    Process,
    free_ports,
    is_listening,
    last_object,
    run_tool,
    wait_until,
)


def test_the_last_line_counts() -> None:
    assert last_object('starting\n{"a": 1}\n{"b": 2}\n') == {"b": 2}


@pytest.mark.parametrize("output", ["", "no JSON", "[1, 2]", '{"a": 1}\ndone'])
def test_no_result_is_an_error_with_the_complaint(output: str) -> None:
    with pytest.raises(BenchError, match="bind refused"):
        last_object(output, "bind refused")


def test_run_tool_returns_the_result() -> None:
    assert run_tool([sys.executable, "-c", "print('{\"n\": 3}')"], timeout_s=30) == {"n": 3}


def test_run_tool_tells_what_the_tool_complained_about() -> None:
    with pytest.raises(BenchError, match="ValueError: wrong port"):
        run_tool([sys.executable, "-c", "raise ValueError('wrong port')"], timeout_s=30)


def test_run_tool_does_not_wait_for_ever() -> None:
    with pytest.raises(BenchError, match="did not end"):
        run_tool([sys.executable, "-c", "import threading; threading.Event().wait()"], timeout_s=0.2)


def test_a_process_that_ended_shows_its_last_words(tmp_path: Path) -> None:
    program = "import sys; sys.exit('no such database')"
    with (
        Process("the gateway", [sys.executable, "-c", program], tmp_path / "log") as process,
        pytest.raises(BenchError, match=r"the gateway ended with exit code 1:\nno such database"),
    ):
        wait_until("ready", lambda: False, process)
    assert process.stop() == 1


def test_a_process_is_stopped_at_the_end_of_its_block(tmp_path: Path) -> None:
    program = "import threading; threading.Event().wait()"
    with Process("it", [sys.executable, "-c", program], tmp_path / "log") as process:
        process.check()
    with pytest.raises(BenchError, match="exit code -15"):
        process.check()


def test_wait_until_gives_up() -> None:
    with pytest.raises(BenchError, match="it stands: not within 0 s"):
        wait_until("it stands", lambda: False, timeout_s=0.01)


def test_wait_until_takes_a_refused_connection_for_not_yet() -> None:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        port = server.getsockname()[1]
        attempts = []

        def listening() -> bool:
            attempts.append(1)
            if len(attempts) == 2:
                server.listen()
            return is_listening(port)

        wait_until("it listens", listening)
    assert len(attempts) == 2


def test_free_ports_differ() -> None:
    assert len(set(free_ports(5))) == 5
