"""The archive: since when a recording is public, from which file it was imported, and who works on a job."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("catalogue", sa.Column("public_since", TIME, nullable=True))
    op.add_column("catalogue", sa.Column("source_digest", sa.String(64), nullable=True))
    op.create_index("ix_catalogue_public_since", "catalogue", ["public_since"])
    op.create_index("ix_catalogue_source_digest", "catalogue", ["source_digest"])
    op.add_column("archive_jobs", sa.Column("worker", sa.String(64), nullable=True))
    op.add_column("archive_jobs", sa.Column("seen_at", TIME, nullable=True))
