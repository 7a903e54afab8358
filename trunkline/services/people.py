"""The services for people, together: who may come in, and what they did."""

from dataclasses import dataclass

from trunkline.model.administration import Administration
from trunkline.services.api_keys import ApiKeys, KeyUses
from trunkline.services.audit import Audit
from trunkline.services.credentials import CredentialChecker
from trunkline.services.enterprise_users import EnterpriseUsers
from trunkline.services.groups import Groups
from trunkline.services.logins import Logins
from trunkline.services.permission_groups import PermissionGroups
from trunkline.services.sign_in import SignIn


@dataclass(slots=True, frozen=True)
class People:
    """Every method of these is told who asks."""

    logins: Logins
    sign_in: SignIn
    permission_groups: PermissionGroups
    groups: Groups
    enterprise_users: EnterpriseUsers
    api_keys: ApiKeys
    audit: Audit
    key_uses: KeyUses


def people_of(
    administration: Administration, credentials: CredentialChecker, *, idle_s: int, lifetime_s: int
) -> People:
    """The services on one store; the times are those of `SignIn`."""
    return People(
        Logins(administration),
        SignIn(administration, credentials, idle_s=idle_s, lifetime_s=lifetime_s),
        PermissionGroups(administration),
        Groups(administration),
        EnterpriseUsers(administration),
        ApiKeys(administration),
        Audit(administration),
        KeyUses(administration),
    )
