"""`qianshou token`: what room agents and third-party software show instead of a password."""

from pathlib import Path

import click

from classroom.access.devices import access_device_revoke, access_devices, access_new_device
from classroom.access.lessons import access_lesson_by_code
from classroom.access.rooms import access_room_by_code
from classroom.auth.secret import load_secret
from classroom.auth.tokens import JOIN_TTL_S, PUBLISH_TTL_S, Tokens
from classroom.cli.admin import CLOCK, row, with_store
from classroom.cli.options import server_options, settings_of
from classroom.model.principal import SYSTEM
from classroom.store.store import Store


def _tokens(config: Path | None, data: Path | None) -> Tokens:
    return Tokens(load_secret(settings_of(config, data=data).secret_path), CLOCK)


@click.group()
def token() -> None:
    """Tokens for room agents, publishers and players."""


@token.command("room")
@click.argument("room")
@click.option("--name", default="agent", show_default=True, help="To tell this device from the room's others.")
@server_options
def room_token(*, config: Path | None, data: Path | None, room: str, name: str) -> None:
    """Issue a token for the agent of ROOM (its code). It holds until it is revoked."""
    tokens = _tokens(config, data)

    async def issue(store: Store) -> str:
        found = await access_room_by_code(store, SYSTEM, room)
        device = await access_new_device(store, SYSTEM, found.room.id, name=name, now=CLOCK.now())
        return tokens.issue_device(found.room.id, device.id)

    row(with_store(config, data, issue))


@token.command("list")
@click.argument("room")
@server_options
def list_devices(config: Path | None, data: Path | None, room: str) -> None:
    """List the devices of ROOM: id, name, since when, state."""

    async def read(store: Store) -> None:
        found = await access_room_by_code(store, SYSTEM, room)
        for device in await access_devices(store, SYSTEM, found.room.id):
            state = "revoked" if device.revoked_at else "valid"
            row(device.id, device.name, device.created_at.isoformat(timespec="seconds"), state)

    with_store(config, data, read)


@token.command("revoke")
@click.argument("device")
@server_options
def revoke(config: Path | None, data: Path | None, device: str) -> None:
    """Let the token of DEVICE (its id) in no more."""
    with_store(config, data, lambda store: access_device_revoke(store, SYSTEM, device, CLOCK.now()))


@token.command("publish")
@click.argument("code")
@click.argument("source")
@click.option("--hours", type=click.IntRange(1, 24), default=PUBLISH_TTL_S // 3600, show_default=True)
@server_options
def publish_token(*, config: Path | None, data: Path | None, code: str, source: str, hours: int) -> None:
    """Issue a token to publish SOURCE into the lesson with join code CODE (WHIP: OBS, encoders)."""
    tokens = _tokens(config, data)

    async def issue(store: Store) -> str:
        lesson = (await access_lesson_by_code(store, code)).lesson
        return tokens.issue_publish(lesson.id, source, hours * 3600)

    row(with_store(config, data, issue))


@token.command("join")
@click.argument("code")
@click.option("--name", default="player", show_default=True, help="As the teacher sees it.")
@click.option("--minutes", type=click.IntRange(1, 24 * 60), default=JOIN_TTL_S // 60, show_default=True)
@server_options
def join_token(*, config: Path | None, data: Path | None, code: str, name: str, minutes: int) -> None:
    """Issue a token to watch the lesson with join code CODE (WHEP players)."""
    tokens = _tokens(config, data)

    async def issue(store: Store) -> str:
        lesson = (await access_lesson_by_code(store, code)).lesson
        return tokens.issue_join(lesson.id, name, minutes * 60)

    row(with_store(config, data, issue))
