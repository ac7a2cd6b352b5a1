"""Offers as real clients make them, recorded word for word: `NAME-publish.sdp` sends, `NAME-watch.sdp` receives."""

from pathlib import Path

FOLDER = Path(__file__).parent


def recorded_offers() -> dict[str, bytes]:
    """All of them by name."""
    return {path.stem: path.read_bytes() for path in sorted(FOLDER.glob("*.sdp"))}
