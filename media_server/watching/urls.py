"""Addresses below `/hls/{recording}/`, with the token of a share link where one was given."""

import re
from hashlib import sha256

from aiohttp import web

from classroom.errors import BadInput
from classroom.http.call import Call
from media_server.watching.ranges import whole_body

PLAYLIST_TYPE = "application/vnd.apple.mpegurl"
# A playlist that may grow is asked for again at once; one that is whole is asked for only whether it changed.
_FRESH = "private, no-cache"
_SHARE = re.compile(r"[\w-]{1,128}")
_URI = re.compile(r'^(?!#)(.+)$|(URI=")([^"]+)(?=")', re.MULTILINE)


def share_of(call: Call) -> str | None:
    """The token of a share link, if the address carries one. Raises `BadInput("share_malformed")`."""
    share = call.query.get("share")
    if share is not None and not _SHARE.fullmatch(share):
        raise BadInput("share_malformed")
    return share


def address(call: Call, path: str) -> str:
    """Of something that belongs to the recording of this call."""
    share = share_of(call)
    suffix = "" if share is None else f"?share={share}"
    return f"/hls/{call.path['recording']}/{path}{suffix}"


def playlist_response(call: Call, text: str) -> web.StreamResponse:
    """The share goes on with every address in a playlist: players know nothing else of whoever sent them."""
    share = share_of(call)
    if share is not None:
        text = _URI.sub(lambda found: f"{found[2] or ''}{found[1] or found[3]}?share={share}", text)
    body = text.encode()
    response = whole_body(call.request, body, sha256(body).hexdigest()[:32], PLAYLIST_TYPE, _FRESH)
    if response.status == 200:
        response.enable_compression()
    return response
