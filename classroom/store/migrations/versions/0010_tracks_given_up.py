"""Tracks of which a part never comes: the room's disk was full."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("recording_tracks", sa.Column("given_up_at", sa.DateTime(timezone=True), nullable=True))
