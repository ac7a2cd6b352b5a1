"""User names, in the form they are compared in."""

import unicodedata

from classroom.errors import BadInput

LONGEST_USERNAME = 64


def fold_username(username: str) -> str:
    """The form a user name is compared in: compatibility-normalised and case-folded (full-width letters are common).

    Raises `BadInput("username_wrong")` when it is empty, too long or holds spaces or control characters.
    """
    folded = unicodedata.normalize("NFKC", username).strip().casefold()
    if not folded or len(folded) > LONGEST_USERNAME or any(c.isspace() or not c.isprintable() for c in folded):
        raise BadInput("username_wrong", longest=LONGEST_USERNAME)
    return folded
