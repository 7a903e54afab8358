"""Immutable pictures of the configuration, read by the hot path and swapped whole when something changes."""

from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network

from trunkline.model.identity import Actor
from trunkline.model.profile import STANDARD, Profile
from trunkline.model.system_settings import PlatformSettings


class OverRate(StrEnum):
    """What an HTTP account gets above its rate."""

    QUEUE = "queue"  # accepted and sent later, answered with ``queued: true``
    REJECT = "reject"  # 429


class UnknownOutcome(StrEnum):
    """What happens to a segment whose submit was never answered."""

    WAIT = "wait"  # for the receipt: never sent twice
    RESEND = "resend"  # sent again: better twice than never


class ReceiptPolicy(StrEnum):
    """Which segment of a long message decides about the receipt that its sender gets."""

    ALL = "all"  # when every segment has ended: delivered only if all were
    ANY = "any"  # with the first that was delivered; when all have ended if none was
    FIRST = "first"  # the first segment's end
    LAST = "last"  # the last segment's end


class ReceiptFormat(StrEnum):
    """How a receipt's text reads for an ESME."""

    STANDARD = "standard"  # SMPP 3.4, Appendix B
    MILLISECONDS = "milliseconds"  # text 002: id, submit date, done date, stat; dates in Unix milliseconds


@dataclass(slots=True, frozen=True)
class Account:
    """Who pays. Balance lives in the store; here are only the policies."""

    id: int
    name: str
    enabled: bool
    unlimited: bool
    unknown_outcome: UnknownOutcome
    default_sender: str
    receipt_policy: ReceiptPolicy = ReceiptPolicy.ALL
    smart_encoding: bool = False  # characters that GSM 03.38 lacks are written with those it has
    throughput: int = 0  # messages per second over all its senders, 0: unlimited


@dataclass(slots=True, frozen=True)
class Sender:
    """A credential of an account: an ESME's system_id or an HTTP API user. What admission looks at."""

    account: Account
    credential: str
    enabled: bool
    throughput: int  # messages per second, 0: unlimited
    over_rate: OverRate = OverRate.REJECT
    default_sender: str = ""
    dlr_url: str | None = None


@dataclass(slots=True, frozen=True)
class HttpAccount:
    """An HTTP API account (text 000, "HTTP API Accounts")."""

    id: int
    sender: Sender
    username: str
    password_hash: str  # argon2id
    api_key_hash: str  # SHA-256 hex of the random key


@dataclass(slots=True, frozen=True)
class KeyHolder:
    """An API key of a login that may come in (text 000, "API Keys")."""

    key_id: int
    actor: Actor


@dataclass(slots=True, frozen=True)
class Esme:
    """An ESME account: who may bind to the SMPP server."""

    id: int
    sender: Sender
    system_id: str
    password_hash: str  # argon2id
    max_binds: int
    allowed_networks: tuple[IPv4Network | IPv6Network, ...]  # empty: from anywhere
    window: int  # deliver_sm we leave unanswered per session
    throughput: int = 0  # submit_sm per minute on one connection, 0: unlimited
    default_alphabet: str = "gsm7"  # what data_coding 0 means in both directions
    receipt_format: ReceiptFormat = ReceiptFormat.STANDARD
    pdu_log: bool = False
    outbind: str = ""  # host:port where it waits to be asked to bind
    broadcast: bool = False  # whether it may send cell broadcasts
    bind_round: int = 0  # another number unbinds all its sessions

    @property
    def terms(self) -> tuple[object, ...]:
        """What a session was let in by: where it changes, the ESME has to bind again."""
        return (self.password_hash, self.max_binds, self.allowed_networks, self.bind_round)


@dataclass(slots=True, frozen=True)
class ConnectorConfig:
    """An SMPP client connector: how to bind to an SMSC and how to talk to it."""

    connector_id: str
    host: str
    port: int
    system_id: str
    password: str = field(repr=False)
    system_type: str
    tx_binds: int
    rx_binds: int
    trx_binds: int
    window: int  # unanswered submit_sm per bind
    throughput: int  # submit_sm per second over all binds, 0: unlimited
    enquire_link_s: float
    response_timeout_s: float
    reconnect_min_s: float
    reconnect_max_s: float
    source_ton: int | None  # None: automatic
    source_npi: int | None
    dest_ton: int | None
    dest_npi: int | None
    default_alphabet: str  # gsm7, gsm7-packed, latin1, ascii: what data_coding 0 means there
    long_message: str  # udh8, udh16, sar, payload
    message_id_format: str  # auto, hex, decimal, text
    max_attempts: int  # temporary refusals before a segment is given up
    enabled: bool
    number: int = 0  # the numeric id of text 001's API; given by the store
    provider: str = ""  # who operates the SMSC, for people
    smpp_version: str = "3.4"  # 3.3, 3.4, 5.0
    tls: bool = False
    tls_verify: bool = True
    tls_ca: str = ""  # PEM; empty: the system's authorities
    tls_server_name: str = ""  # empty: the host
    tls_certificate: str = ""  # PEM, our own, for SMSCs that ask for one
    tls_key: str = field(default="", repr=False)  # PEM
    pdu_log: bool = False
    profile: Profile = STANDARD
    # Text 001's API keeps these while they are automatic, for when they are not.
    fixed_source_ton: int = 5
    fixed_source_npi: int = 0
    fixed_dest_ton: int = 1
    fixed_dest_npi: int = 1


@dataclass(slots=True, frozen=True)
class Route:
    """One row of the ordered MT route table; the first that matches wins."""

    id: int
    position: int
    name: str
    prefix: str  # of the destination, "" matches all
    account_id: int | None  # None: every account
    connector_ids: tuple[str, ...]  # in order of preference
    rate: int  # micro-credits per segment
    enabled: bool = True


@dataclass(slots=True, frozen=True)
class Snapshot:
    """The whole configuration at one revision."""

    revision: int
    accounts: dict[int, Account] = field(default_factory=dict)
    http_by_username: dict[str, HttpAccount] = field(default_factory=dict)
    http_by_key_hash: dict[str, HttpAccount] = field(default_factory=dict)
    esmes: dict[str, Esme] = field(default_factory=dict)
    connectors: dict[str, ConnectorConfig] = field(default_factory=dict)
    routes: tuple[Route, ...] = ()  # those that are enabled, in their order
    api_token_hash: str = ""  # SHA-256 hex of the administrator's API token; empty: none was made
    logins_by_key_hash: dict[str, KeyHolder] = field(default_factory=dict)
    settings: PlatformSettings = field(default_factory=PlatformSettings)

    def sharing(self) -> dict[str, tuple[str, ...]]:
        """The connectors that bind to one SMSC with one system_id: each of them -> it and the others.

        SMSCs deliver to a system_id, over whichever of its binds they like. Connectors that share theirs with
        no other are absent.
        """
        groups: dict[tuple[str, int, str], list[str]] = {}
        for each in self.connectors.values():
            groups.setdefault((each.host, each.port, each.system_id), []).append(each.connector_id)
        return {
            own: (own, *(each for each in group if each != own))
            for group in groups.values()
            if len(group) > 1
            for own in group
        }

    def sender(self, lane: str) -> Sender | None:
        """The sender that a notification lane (``esme:X``, ``http:X``) belongs to."""
        kind, _, name = lane.partition(":")
        if kind == "esme":
            esme = self.esmes.get(name)
            return esme.sender if esme else None
        http = self.http_by_username.get(name) if kind == "http" else None
        return http.sender if http else None

    def has_sender(self, lane: str) -> bool:
        """Whether a notification lane's sender exists; logins (``login:X``) are not kept here, and do."""
        return not lane.startswith(("esme:", "http:")) or self.sender(lane) is not None
