"""Sending by hand: the messages that somebody who is signed in writes, through the pipeline of every door."""

from collections.abc import Sequence
from dataclasses import dataclass

from trunkline.model.identity import Actor, Permission
from trunkline.model.message import Message
from trunkline.model.snapshot import Account, OverRate, Sender
from trunkline.model.submission import Reason, Rejected, Submission
from trunkline.pipeline.mt import HIGHEST_PRIORITY, MtPipeline
from trunkline.pipeline.snapshots import Snapshots
from trunkline.services.accounts import InvalidInput
from trunkline.services.texts import TextReport, inspect_text

MAX_RECIPIENTS = 1_000
FLASH = 0  # the message class that is shown at once and not kept (3GPP TS 23.038, section 4)

_FIELDS = {
    Reason.ACCOUNT_DISABLED: "account",
    Reason.INSUFFICIENT_CREDITS: "account",
    Reason.THROTTLED: "account",
    Reason.INVALID_SOURCE: "sender",
    Reason.INVALID_TEXT: "text",
    Reason.MESSAGE_TOO_LONG: "text",
    Reason.INVALID_DESTINATION: "recipients",
    Reason.NO_ROUTE: "recipients",
}


@dataclass(slots=True, frozen=True)
class Draft:
    """What is to be sent: one text to one or several numbers. An empty `sender` is the account's default."""

    recipients: Sequence[str]
    text: str
    sender: str = ""
    priority: int = 0  # 0 to 3
    flash: bool = False


@dataclass(slots=True, frozen=True)
class Sent:
    """What became of one recipient: the message's id, or the rule that was broken and the field it is of."""

    recipient: str
    message_id: str = ""
    field: str = ""  # empty with a rule: no field is to blame
    rule: str = ""


class Sending:
    """Takes drafts of people; each message is charged to the account it is sent for."""

    def __init__(self, pipeline: MtPipeline, snapshots: Snapshots) -> None:
        self._pipeline = pipeline
        self._snapshots = snapshots

    def accounts(self, actor: Actor) -> list[Account]:
        """The accounts that the actor may send for, by name: an enterprise user's own, else all.

        Raises `Forbidden`.
        """
        actor.require(Permission.SEND_SMS)
        known = self._snapshots.current.accounts.values()
        return sorted((each for each in known if actor.owns(each.id)), key=lambda each: each.name)

    def inspect(self, actor: Actor, account_id: int | None, text: str) -> TextReport:
        """The text as it would be sent, with "smart encoding" where the account has it.

        Raises `InvalidInput` naming the text, and `Forbidden`.
        """
        chosen = [each for each in self.accounts(actor) if each.id == account_id]
        return inspect_text(text, smart=bool(chosen) and chosen[0].smart_encoding)

    async def send(self, actor: Actor, account_id: int | None, draft: Draft) -> list[Sent]:
        """Takes one message in for each recipient; answers when they are durable, in the draft's order.

        A number that is given twice gets one message. Raises `InvalidInput` and `Forbidden`: nothing is sent.
        """
        account = self._account(actor, account_id)
        recipients = list(dict.fromkeys(each.strip() for each in draft.recipients if each.strip()))
        if not recipients:
            raise InvalidInput("recipients", "name at least one number, each on a line of its own")
        if len(recipients) > MAX_RECIPIENTS:
            raise InvalidInput("recipients", f"at most {MAX_RECIPIENTS} numbers at a time")
        if not draft.text:
            raise InvalidInput("text", "must not be empty")
        if not 0 <= draft.priority <= HIGHEST_PRIORITY:
            raise InvalidInput("priority", f"must be a whole number from 0 to {HIGHEST_PRIORITY}")
        # Above the account's rate messages wait: nobody sends a list again because of its second half.
        sender = Sender(account, actor.name, True, account.throughput, OverRate.QUEUE)
        submissions = [
            Submission(
                sender,
                actor.door,
                each,
                draft.text,
                draft.sender.strip(),
                priority=draft.priority,
                message_class=FLASH if draft.flash else None,
            )
            for each in recipients
        ]
        try:
            answers = await self._pipeline.accept_many(submissions)
        except Rejected as rejected:
            raise InvalidInput("message", rejected.detail) from None
        return [_sent(*each) for each in zip(recipients, answers, strict=True)]

    def _account(self, actor: Actor, account_id: int | None) -> Account:
        for each in self.accounts(actor):
            if each.id == account_id:
                return each
        raise InvalidInput("account", "choose the account that the messages are charged to")


def _sent(recipient: str, answer: Message | Rejected) -> Sent:
    if isinstance(answer, Rejected):
        return Sent(recipient, field=_FIELDS.get(answer.reason, ""), rule=answer.detail)
    return Sent(recipient, answer.id)
