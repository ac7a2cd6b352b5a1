"""The media connections themselves."""

from classroom.access.matrix import Deed, Relation
from classroom.access.relations import require, require_somebody
from classroom.model.principal import Principal, Role


def access_media_statistics(principal: Principal) -> None:
    """Whoever may see the connections of every lesson: they hold names and addresses. Nothing of it is in the store.

    Raises `NotSignedIn` or `Forbidden("admin_needed")`.
    """
    require_somebody(principal)
    relations = frozenset({Relation.ADMIN} if principal.has(Role.ADMIN) else ())
    require(Deed.SEE_CONNECTIONS, relations, "admin_needed")
