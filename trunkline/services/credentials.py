"""Passwords and API keys: how they are made, stored and checked.

Passwords are stored as argon2id hashes (19 MiB, 2 passes, 1 lane: the OWASP minimum), API keys, which are
random, as SHA-256. A password costs its argon2 computation once per process; after that a keyed digest in
memory recognises it in about two microseconds.
"""

import asyncio
import hashlib
import hmac
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import structlog
from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError, VerifyMismatchError

from trunkline.services.login_limits import LoginLimits

log = structlog.get_logger()

API_KEY_PREFIX = "tk_"
ADMIN_PREFIX = "tka_"
LOGIN_PREFIX = "tkl_"
MAX_PASSWORD_BYTES = 1024

_HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1, hash_len=32, salt_len=16)


def hash_password(password: str) -> str:
    """The argon2id hash to store; takes some 20 ms of CPU. Raises ValueError for an unusable password."""
    octets = password.encode()
    if not octets:
        raise ValueError("a password must not be empty")
    if len(octets) > MAX_PASSWORD_BYTES:
        raise ValueError(f"a password has at most {MAX_PASSWORD_BYTES} bytes, not {len(octets)}")
    return _HASHER.hash(octets)


def new_api_key() -> str:
    """A new random API key: ``tk_`` and 32 random bytes in URL-safe base 64. Shown once, never stored."""
    return API_KEY_PREFIX + secrets.token_urlsafe(32)


def new_admin_token() -> str:
    """A new random token of the administration's API: ``tka_`` and as many random bytes as an API key."""
    return ADMIN_PREFIX + secrets.token_urlsafe(32)


def new_login_key() -> str:
    """A new random API key of a login: ``tkl_`` and as many random bytes."""
    return LOGIN_PREFIX + secrets.token_urlsafe(32)


def is_password(password: str, stored_hash: str) -> bool:
    """Whether a password has this argon2id hash; takes some 20 ms of CPU; counts no failure."""
    return _matches(stored_hash, password.encode()[: MAX_PASSWORD_BYTES + 1])


def hash_api_key(key: str | bytes) -> str:
    """What is stored and looked up instead of an API key: SHA-256 in hex. The key is random: no salt."""
    return hashlib.sha256(key.encode() if isinstance(key, str) else key).hexdigest()


def shown_prefix(key: str) -> str:
    """The first characters of an API key, by which people tell their keys apart."""
    return key[: len(API_KEY_PREFIX) + 6]


class CredentialChecker:
    """Checks passwords for all doors; one per process.

    What is known good is kept as a MAC under a key of this process, bound to the stored hash: a changed
    password is a changed hash, so the old entry is never asked again. A wrong password always takes the slow
    way, and so does an unknown user name: timing tells nobody which names exist.
    """

    KNOWN_MAX = 10_000

    def __init__(
        self,
        limits: LoginLimits | None = None,
        *,
        threads: int = 1,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._limits = limits or LoginLimits(clock)
        self._process_key = secrets.token_bytes(32)
        self._known: OrderedDict[str, bytes] = OrderedDict()
        self._checking: dict[tuple[str, bytes], asyncio.Future[bool]] = {}
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="credentials")
        # Compared against where there is no such user, so that it takes as long.
        self._nobody = _HASHER.hash(secrets.token_bytes(16))
        self.slow_checks = 0
        self.failures = 0
        self.locked_out = 0

    def check_fast(self, username: str, password: str, stored_hash: str) -> bool | None:
        """True: known good. False: can never be right. None: `verify` must find out."""
        known = self._known.get(stored_hash)
        if known is None:
            return None if password and len(password) <= MAX_PASSWORD_BYTES else False
        # A mismatch is not answered here: it would answer faster for names that exist.
        return True if hmac.compare_digest(known, self._digest(username, password)) else None

    async def verify(self, username: str, password: str, stored_hash: str | None, address: str) -> bool:
        """Whether the password is right; `stored_hash` is None where the user name is unknown.

        Counts failures against `address`. Ask `wait_s` first whether an attempt is allowed.
        """
        if stored_hash is not None and self.check_fast(username, password, stored_hash):
            self._limits.succeeded(username, address)
            return True
        right = await self._verify_slowly(username, password, stored_hash)
        if right:
            self._limits.succeeded(username, address)
        else:
            self.failed(username, address)
        return right

    def wait_s(self, username: str, address: str) -> float:
        """Seconds until this address may log in under this name; 0: now. Holds for good passwords too."""
        wait = self._limits.pair_wait_s(username, address)
        if wait:
            self.locked_out += 1
        return wait

    def slow_wait_s(self, address: str) -> float:
        """Seconds until this address may try anything that is not known good; 0: now."""
        wait = self._limits.address_wait_s(address)
        if wait:
            self.locked_out += 1
        return wait

    def locked(self, username: str, address: str) -> bool:
        """Whether an attempt has to wait, for any reason."""
        return self.wait_s(username, address) > 0 or self.slow_wait_s(address) > 0

    def failed(self, username: str, address: str) -> None:
        """Counts a failed login that was found out without `verify`: a wrong API key, say."""
        self.failures += 1
        self._limits.failed(username, address)

    def succeeded(self, username: str, address: str) -> None:
        """Forgets the failures of what was found right without `verify`: a code, say."""
        self._limits.succeeded(username, address)

    def close(self) -> None:
        """Ends the threads; checks that have not started are dropped."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    async def _verify_slowly(self, username: str, password: str, stored_hash: str | None) -> bool:
        octets = password.encode()
        if not octets or len(octets) > MAX_PASSWORD_BYTES:
            return False
        digest = self._digest(username, password)
        against = stored_hash or self._nobody
        # Many connections that log in at once with one password cost one computation.
        key = (against, digest)
        running = self._checking.get(key)
        if running is None:
            self.slow_checks += 1
            running = asyncio.get_running_loop().run_in_executor(self._pool, _matches, against, octets)
            self._checking[key] = running
            running.add_done_callback(lambda _: self._checking.pop(key, None))
        right = await asyncio.shield(running)
        if not right or stored_hash is None:
            return False
        self._known[stored_hash] = digest
        if len(self._known) > self.KNOWN_MAX:
            self._known.popitem(last=False)
        return True

    def _digest(self, username: str, password: str) -> bytes:
        # Keyed BLAKE2b (RFC 7693) is a MAC by itself, and takes a third of HMAC-SHA256's time.
        octets = f"{username}\0{password}".encode()
        return hashlib.blake2b(octets, key=self._process_key, digest_size=32).digest()


def _matches(stored_hash: str, password: bytes) -> bool:
    try:
        return _HASHER.verify(stored_hash, password)
    except VerifyMismatchError:
        return False
    except (Argon2Error, InvalidHashError):
        log.exception(
            "A stored password hash cannot be read: its owner cannot log in.", action="credentials.bad_hash"
        )
        return False
