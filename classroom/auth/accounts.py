"""From an account's row to a principal."""

from classroom.model.principal import Principal
from classroom.store.tables import AccountRow


def principal_of(account: AccountRow) -> Principal:
    """Who this account is when it asks for something."""
    return Principal(
        id=account.id,
        name=account.name,
        roles=frozenset(entry.role for entry in account.roles),
        school_id=account.school_id,
    )
