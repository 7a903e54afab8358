"""Processes beside this one: start and stop them, ask their control ports, read what they print."""

import json
import os
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

ROOT = Path(__file__).resolve().parent.parent
HOST = "127.0.0.1"
POLL_S = 0.05
STOP_S = 30.0
MOST_COMPLAINTS = 1500


class BenchError(Exception):
    """The measurement cannot go on; the text says why."""


class Process:
    """A process that runs until it is stopped; what it prints goes to `log`.

    It is a session of its own, so that Ctrl-C reaches this program alone, which then stops the others.
    """

    def __init__(self, name: str, command: Sequence[str], log: Path, *, cwd: Path = ROOT) -> None:
        self.name = name
        self.log = log
        with log.open("ab") as output:
            self._popen = subprocess.Popen(
                command,
                cwd=cwd,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._popen.pid

    def check(self) -> None:
        """Raises BenchError, with the end of its log, when the process has ended."""
        code = self._popen.poll()
        if code is not None:
            raise BenchError(f"{self.name} ended with exit code {code}:\n{self.last_words()}")

    def last_words(self) -> str:
        """The last lines it printed."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-15:])

    def stop(self) -> int | None:
        """Sends SIGTERM and waits; returns the exit code, None when it had to be killed."""
        self._popen.terminate()
        try:
            return self._popen.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self._popen.kill()
            self._popen.wait()
            return None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._popen.poll() is None:
            self.stop()


def run_tool(command: Sequence[str], *, timeout_s: float) -> dict[str, Any]:
    """Runs a program to its end and returns the JSON object of its last line.

    Raises BenchError when it fails, prints no such line, or takes longer than `timeout_s` seconds.
    """
    # Into a file: a tool that goes wrong can print without end.
    with tempfile.TemporaryFile("w+", errors="replace") as complaints:
        try:
            done = subprocess.run(
                command,
                cwd=ROOT,
                stdout=subprocess.PIPE,
                stderr=complaints,
                text=True,
                timeout=timeout_s,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise BenchError(f"{' '.join(command[1:3])} did not end within {timeout_s:.0f} s") from None
        complaints.seek(0)
        return last_object(done.stdout, complaints.read(MOST_COMPLAINTS))


def last_object(output: str, complaints: str = "") -> dict[str, Any]:
    """The JSON object in the last line of a program's output; raises BenchError when there is none."""
    lines = output.strip().splitlines()
    try:
        found = json.loads(lines[-1])
    except (IndexError, json.JSONDecodeError):
        found = None
    if not isinstance(found, dict):
        raise BenchError(f"the tool printed no result; it said: {(complaints or output).strip()}")
    return found


def ask(port: int, command: str) -> dict[str, Any]:
    """Sends one line to a control port of this host and returns the JSON object it answers.

    Raises OSError when nobody listens.
    """
    with socket.create_connection((HOST, port), 10) as connection:
        connection.sendall(command.encode() + b"\n")
        answer = json.loads(connection.makefile().readline())
    if not isinstance(answer, dict):
        raise BenchError(f"the control port {port} answered {answer!r}")
    return answer


def wait_until(what: str, condition: Callable[[], bool], *watched: Process, timeout_s: float = 30.0) -> None:
    """Polls until `condition` holds; a refused connection counts as "not yet".

    Raises BenchError after `timeout_s` seconds, and at once when one of the watched processes has
    ended.
    """
    deadline = time.monotonic() + timeout_s
    while True:
        for process in watched:
            process.check()
        try:
            if condition():
                return
        except OSError:
            if time.monotonic() >= deadline:
                raise
        if time.monotonic() >= deadline:
            raise BenchError(f"{what}: not within {timeout_s:.0f} s")
        time.sleep(POLL_S)


def free_ports(count: int) -> list[int]:
    """Ports of this host that nobody listens on just now."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind((HOST, 0))
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()


def is_listening(port: int) -> bool:
    """Whether a port of this host takes connections. Raises OSError when it does not."""
    socket.create_connection((HOST, port), 5).close()
    return True


def is_memory(path: Path) -> bool:
    """Whether the directory lies on a file system in memory, where a commit waits for no disk."""
    kinds = {}
    for line in Path("/proc/self/mounts").read_text().splitlines():
        _, mounted_at, kind, *_ = line.split()
        kinds[mounted_at] = kind
    place = Path(os.path.realpath(path))
    for folder in (place, *place.parents):
        if str(folder) in kinds:
            return kinds[str(folder)] in {"tmpfs", "ramfs"}
    return False
