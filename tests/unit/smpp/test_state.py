"""The table against the matrices of the specifications."""

import pytest

from trunkline.smpp.constants import CommandId, Role, Version
from trunkline.smpp.state import COMMANDS, MAY_RECEIVE, MAY_SEND, SessionState

from .matrix import BY_ESME, BY_SMSC, IN_50, IN_VERSION, allowed


@pytest.mark.parametrize("state", list(SessionState))
@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("version", list(Version))
def test_what_each_role_may_send(version: Version, role: Role, state: SessionState):
    expected = {CommandId[name].value for name in allowed(version, role, state)}
    assert MAY_SEND[version, role, state] == expected
    assert MAY_RECEIVE[version, role.peer, state] == expected


@pytest.mark.parametrize("version", list(Version))
def test_what_each_version_has(version: Version):
    assert COMMANDS[version] == {CommandId[name].value for name in IN_VERSION[version]}


def test_the_tables_name_every_request():
    requests = {command.name for command in CommandId if command < 0x80000000}
    assert set(BY_ESME) == set(BY_SMSC) == IN_50 == requests
