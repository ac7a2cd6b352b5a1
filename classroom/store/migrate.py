"""Bringing a database to this version's tables, inside the caller's transaction."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from classroom.errors import Unavailable

# Any number that nothing else in the database uses: two processes starting at once migrate one after the other.
_LOCK = 0x71_69_61_6E


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def migrate(connection: Connection) -> None:
    """Upgrade to the newest step. Raises `Unavailable("store_newer")` when a newer program made the database."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    config = _config(connection)
    scripts = ScriptDirectory.from_config(config)
    known = {script.revision for script in scripts.walk_revisions()}
    current = MigrationContext.configure(connection).get_current_revision()
    if current is not None and current not in known:
        raise Unavailable("store_newer", database=connection.engine.url.render_as_string(), revision=current)
    if current != scripts.get_current_head():
        command.upgrade(config, "head")
