"""Trying a connector out beside its traffic: a bind of its own, harmless questions, one message if wanted."""

import ssl
from collections.abc import Callable
from dataclasses import dataclass

from trunkline.model.administration import Administration
from trunkline.model.identity import Actor, Permission
from trunkline.model.snapshot import ConnectorConfig
from trunkline.services.accounts import InvalidInput
from trunkline.services.probe import Finding, Observations, Plan, ProbeFailed, Target, conclude, observe
from trunkline.smpp.asyncio.contexts import client_context
from trunkline.smpp.constants import status_name

_TOPICS = ("SMPP version", "Round trip", "query_sm")  # what a transmitter can find out
_MAX_ADDRESS = 20


@dataclass(slots=True, frozen=True)
class Trial:
    """What came of it: `failure` says why it ended early, empty where it did not."""

    findings: tuple[Finding, ...]
    failure: str = ""


class ConnectorTrials:
    """Tries connectors with the settings they have, whether they run or not."""

    def __init__(self, administration: Administration) -> None:
        self._administration = administration

    async def run(
        self, actor: Actor, connector_id: str, say: Callable[[str], None], *, to: str = "", sender: str = ""
    ) -> Trial:
        """Binds as a transmitter, so that no receipt of a customer's goes astray, and tells each step.

        With the number `to` one message is submitted to it, which nobody is charged for here. Raises
        `Forbidden`, `NotFound`, `InvalidInput`.
        """
        actor.require(Permission.MANAGE_TRAFFIC)
        _check_addresses(to, sender)
        config = (await self._administration.find_connector(connector_id)).config
        await self._administration.record("try", "connector", connector_id, {"to": to} if to else {}, None)
        plan = Plan(to, sender, messages=1, max_binds=1, answer_s=config.response_timeout_s, transmits=True)
        try:
            target = _target(config)
            observations = await observe(target, plan, say)
        except ProbeFailed as failed:
            return Trial((), str(failed))
        except ssl.SSLError as error:
            return Trial((), f"its TLS settings cannot be used: {error}")
        found = [each for each in conclude(target, observations).findings if each.topic in _TOPICS]
        return Trial((*found, *_message(observations)))


def _check_addresses(to: str, sender: str) -> None:
    digits = to.removeprefix("+")
    if to and not (digits.isascii() and digits.isdigit() and len(digits) <= _MAX_ADDRESS):
        raise InvalidInput("to", "a number in international form, up to 20 digits")
    if len(sender) > _MAX_ADDRESS or not (sender.isascii() and sender.isprintable()):
        raise InvalidInput("sender", f"at most {_MAX_ADDRESS} printable ASCII characters")


def _target(config: ConnectorConfig) -> Target:
    """Where the connector connects to, and as whom. Raises ssl.SSLError."""
    context = None
    if config.tls:
        context = client_context(
            verify=config.tls_verify, ca=config.tls_ca, certificate=config.tls_certificate, key=config.tls_key
        )
    return Target(
        config.host,
        config.port,
        config.system_id,
        config.password,
        config.system_type,
        context,
        config.tls_server_name,
        config.profile.interface_version,
    )


def _message(observations: Observations) -> list[Finding]:
    found = []
    for each in observations.submitted:
        value = "no answer" if each.status is None else status_name(each.status)
        evidence = f"message id {each.message_id}" if each.message_id else ""
        found.append(Finding("Message", value, evidence))
    return found
