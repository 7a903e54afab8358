"""Which passwords people may have to sign in: long ones that nobody tries first (NIST SP 800-63B, 3.1.1)."""

from typing import Final

from trunkline.services.accounts import InvalidInput
from trunkline.services.credentials import MAX_PASSWORD_BYTES

MIN_LENGTH: Final = 10

_RUNS: Final = ("01234567890123456789", "abcdefghijklmnopqrstuvwxyz", "qwertyuiopasdfghjklzxcvbnm")
# Of the passwords that are tried first, those that are long enough; digits and marks at the end are cut off.
_COMMON: Final = frozenset(
    """
    password passw0rd p@ssword p@ssw0rd passwordpassword mypassword newpassword adminpassword secretpassword
    administrator adminadmin superadmin rootroot changeme changemenow changeit letmein letmeinnow welcome
    welcomewelcome iloveyou iloveyouso princess sunshine football baseball basketball superman batman
    starwars whatever trustno dragon monkey shadow master michael jennifer computer internet qwerty
    qwertyqwerty qwertyuiop qazwsx qazwsxedc zaqxsw asdfghjkl asdfasdf zxcvbnm abcabc testtest testing
    defaultpassword temppassword trunkline smsgateway gateway telecom operator enterprise companyname
    """.split()  # noqa: SIM905  (as a list it would fill the screen)
)


def check_password(password: str, username: str) -> None:
    """Raises `InvalidInput` for a password that would be guessed soon."""
    if len(password) < MIN_LENGTH:
        raise InvalidInput("password", f"at least {MIN_LENGTH} characters")
    if len(password.encode()) > MAX_PASSWORD_BYTES:
        raise InvalidInput("password", f"at most {MAX_PASSWORD_BYTES} bytes")
    folded = password.casefold()
    name = username.casefold()
    if folded == name or (len(name) >= 4 and name in folded and len(folded) - len(name) < 4):
        raise InvalidInput("password", "must not be the user name")
    stem = folded.strip("0123456789!?.,-_*#@$ ")
    if stem in _COMMON or len(set(folded)) < 4 or any(folded in run or folded in run[::-1] for run in _RUNS):
        raise InvalidInput("password", "is among the first that are tried; take another")
