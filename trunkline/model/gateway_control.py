"""The services that a process is made of, how each one is, and what it can be told to do (text 000)."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final


class Service(StrEnum):
    """A part of a process that people watch and control."""

    PROCESS = "process"
    MESSAGE_STORE = "message_store"
    SMPP_SERVER = "smpp_server"
    SMPP_TLS = "smpp_tls"
    HTTP_SERVER = "http_server"
    PANEL = "panel"
    CONNECTORS = "connectors"
    CALLBACKS = "callbacks"
    PDU_LOGS = "pdu_logs"


class ServiceState(StrEnum):
    """How a service is, in one word."""

    RUNNING = "running"
    DRAINING = "draining"  # it takes nothing new, and finishes what it has
    DRAINED = "drained"  # it takes nothing new, and has nothing
    IMPAIRED = "impaired"  # it runs, and cannot do its work
    DOWN = "down"  # it should run and does not
    NOT_ANSWERING = "not_answering"  # nothing was heard of its process


class Control(StrEnum):
    """What a service can be told."""

    DRAIN = "drain"
    RESUME = "resume"
    RESTART = "restart"
    STOP = "stop"
    RELOAD = "reload"
    SIGN_OUT = "sign_out"


_C = Control
CONTROLS: Final[dict[Service, tuple[Control, ...]]] = {
    Service.PROCESS: (_C.RESTART, _C.STOP),
    Service.SMPP_SERVER: (_C.DRAIN, _C.RESUME, _C.RESTART),
    Service.SMPP_TLS: (_C.RELOAD,),
    Service.HTTP_SERVER: (_C.DRAIN, _C.RESUME),
    Service.PANEL: (_C.SIGN_OUT,),
    Service.CONNECTORS: (_C.RESTART,),
}
"""What each service understands; the others are only watched."""

_HELD = frozenset({ServiceState.DRAINING, ServiceState.DRAINED})


@dataclass(slots=True, frozen=True)
class ServiceStatus:
    """One service of one process. `figures` are named by what they count."""

    service: Service
    state: ServiceState
    since: int  # when it was started, or started anew (Unix ms)
    ports: tuple[str, ...] = ()  # addresses that are really listened on, host:port
    figures: dict[str, int | str] = field(default_factory=dict)

    def understands(self, control: Control) -> bool:
        """Whether the control makes sense in its state."""
        if control not in CONTROLS.get(self.service, ()) or self.state is ServiceState.NOT_ANSWERING:
            return False
        if control is Control.DRAIN:
            return self.state not in _HELD
        return control is not Control.RESUME or self.state in _HELD


@dataclass(slots=True, frozen=True)
class Order:
    """Something a service was told, and what came of it."""

    id: int
    node: str
    service: Service
    control: Control
    actor: str
    ordered_at: int
    done_at: int | None = None  # None: it waits for its process
    failure: str = ""  # why it could not be carried out

    @property
    def state(self) -> str:
        """What became of it: waiting, done or failed."""
        if self.done_at is None:
            return "waiting"
        return "failed" if self.failure else "done"
