"""What was made of segments that are gone goes too, whatever it is."""

from hashlib import sha256
from pathlib import Path

from media_server.watching.derived import Derived, made_of


async def test_what_was_made_of_a_segment_goes_with_it(tmp_path: Path) -> None:
    derived = Derived(tmp_path, limit_bytes=10**6)
    gone, stays = (sha256(name).hexdigest() for name in (b"gone", b"stays"))
    sheet = made_of(gone, [gone, stays])
    for kind, key in (("still", gone), ("aac", f"{gone}.start.0-5"), ("sheet", sheet), ("still", stays)):
        await derived.put(kind, key, kind.encode())
    assert await derived.sources() == {gone, stays}
    await derived.forget({gone})
    assert await derived.sources() == {stays}
    assert await derived.get("still", stays) == b"still"
    assert await derived.get("sheet", sheet) is None
