"""Segments that no manifest names any more, and those that are being removed."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("blobs", sa.Column("unused_since", TIME, nullable=True))
    op.create_index("ix_blobs_unused_since", "blobs", ["unused_since"])
    op.create_table(
        "blobs_leaving",
        sa.Column("digest", sa.String(64), primary_key=True),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("since", TIME, nullable=False),
    )
