"""Lessons that a replan of their week made or changed."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("term_lessons") as table:
        # the next publication fills in whom the lessons are for
        table.add_column(sa.Column("needs", sa.JSON(), nullable=False, server_default=sa.text("'[]'")))
        table.add_column(sa.Column("fixed", sa.Boolean(), nullable=False, server_default=sa.false()))
        table.add_column(sa.Column("stands_for", sa.DateTime(timezone=True), nullable=True))
