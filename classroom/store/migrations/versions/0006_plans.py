"""Timetables: runs, proposals, versions and the lessons made from them, pairings, bookings, feeds, notices."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

ID = sa.String(length=32)
WORD = sa.String(length=24)
TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "feeds",
        sa.Column("id", ID, nullable=False),
        sa.Column("secret_hash", sa.String(length=64), nullable=False),
        sa.Column("kind", WORD, nullable=False),
        sa.Column("subject_id", ID, nullable=False),
        sa.Column("created_by", sa.String(length=64), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("revoked_at", TIME, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_feeds"),
        sa.UniqueConstraint("secret_hash", name="uq_feeds_secret_hash"),
    )
    op.create_index("ix_feeds_subject_id", "feeds", ["subject_id"])
    op.create_table(
        "pairings",
        sa.Column("id", ID, nullable=False),
        sa.Column("term_id", ID, nullable=False),
        sa.Column("strong_id", ID, nullable=False),
        sa.Column("helped_id", ID, nullable=False),
        sa.Column("lessons", sa.Integer(), nullable=False),
        sa.Column("goal", sa.String(length=500), nullable=False),
        sa.Column("signed_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["helped_id"], ["schools.id"], name="fk_pairings_helped_id"),
        sa.ForeignKeyConstraint(["strong_id"], ["schools.id"], name="fk_pairings_strong_id"),
        sa.ForeignKeyConstraint(["term_id"], ["terms.id"], name="fk_pairings_term_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_pairings"),
        sa.UniqueConstraint("term_id", "strong_id", "helped_id", name="uq_pairings_term_id_strong_id_helped_id"),
    )
    op.create_table(
        "plan_versions",
        sa.Column("id", ID, nullable=False),
        sa.Column("term_id", ID, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("proposal_id", ID, nullable=True),
        sa.Column("courses", sa.JSON(), nullable=False),
        sa.Column("from_day", sa.Date(), nullable=False),
        sa.Column("created", sa.Integer(), nullable=False),
        sa.Column("moved", sa.Integer(), nullable=False),
        sa.Column("cancelled", sa.Integer(), nullable=False),
        sa.Column("published_by", sa.String(length=64), nullable=False),
        sa.Column("published_at", TIME, nullable=False),
        sa.ForeignKeyConstraint(["term_id"], ["terms.id"], name="fk_plan_versions_term_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_plan_versions"),
        sa.UniqueConstraint("term_id", "number", name="uq_plan_versions_term_id_number"),
    )
    op.create_table(
        "proposals",
        sa.Column("id", ID, nullable=False),
        sa.Column("term_id", ID, nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("courses", sa.JSON(), nullable=False),
        sa.Column("coverage", sa.Integer(), nullable=False),
        sa.Column("wanted", sa.Integer(), nullable=False),
        sa.Column("bound", sa.Integer(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("head", sa.Integer(), nullable=False),
        sa.Column("run_id", ID, nullable=True),
        sa.Column("copied_from", ID, nullable=True),
        sa.Column("created_by", sa.String(length=64), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("changed_at", TIME, nullable=False),
        sa.ForeignKeyConstraint(["term_id"], ["terms.id"], name="fk_proposals_term_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_proposals"),
    )
    op.create_index("ix_proposals_term_id", "proposals", ["term_id"])
    op.create_table(
        "notices",
        sa.Column("id", ID, nullable=False),
        sa.Column("account_id", ID, nullable=True),
        sa.Column("school_id", ID, nullable=True),
        sa.Column("kind", WORD, nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("read_at", TIME, nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_notices_account_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["school_id"], ["schools.id"], name="fk_notices_school_id"),
        sa.PrimaryKeyConstraint("id", name="pk_notices"),
    )
    op.create_index("ix_notices_account_id_created_at", "notices", ["account_id", "created_at"])
    op.create_index("ix_notices_school_id_created_at", "notices", ["school_id", "created_at"])
    op.create_table(
        "plan_runs",
        sa.Column("id", ID, nullable=False),
        sa.Column("term_id", ID, nullable=False),
        sa.Column(
            "state",
            WORD,
            nullable=False,
        ),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.Column("seed", sa.Integer(), nullable=False),
        sa.Column("start_id", ID, nullable=True),
        sa.Column("points", sa.JSON(), nullable=False),
        sa.Column("error", sa.String(length=64), nullable=True),
        sa.Column("started_by", sa.String(length=64), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("seen_at", TIME, nullable=False),
        sa.Column("ended_at", TIME, nullable=True),
        sa.ForeignKeyConstraint(["start_id"], ["proposals.id"], name="fk_plan_runs_start_id", ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["term_id"], ["terms.id"], name="fk_plan_runs_term_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_plan_runs"),
    )
    op.create_index("ix_plan_runs_state", "plan_runs", ["state"])
    op.create_index("ix_plan_runs_term_id", "plan_runs", ["term_id"])
    op.create_table(
        "proposal_steps",
        sa.Column("proposal_id", ID, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("before", sa.JSON(), nullable=False),
        sa.Column("after", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["proposal_id"], ["proposals.id"], name="fk_proposal_steps_proposal_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("proposal_id", "number", name="pk_proposal_steps"),
    )
    op.create_table(
        "bookings",
        sa.Column("id", ID, nullable=False),
        sa.Column("term_id", ID, nullable=False),
        sa.Column("class_id", ID, nullable=False),
        sa.Column("subject", sa.String(length=20), nullable=False),
        sa.Column("wish", sa.String(length=500), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column(
            "state",
            WORD,
            nullable=False,
        ),
        sa.Column("asked_by", sa.String(length=64), nullable=False),
        sa.Column("asked_at", TIME, nullable=False),
        sa.Column("decided_by", sa.String(length=64), nullable=True),
        sa.Column("decided_at", TIME, nullable=True),
        sa.Column("answer", sa.String(length=500), nullable=False),
        sa.Column("lesson_id", ID, nullable=True),
        sa.ForeignKeyConstraint(["class_id"], ["class_groups.id"], name="fk_bookings_class_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["lesson_id"], ["lessons.id"], name="fk_bookings_lesson_id", ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["term_id"], ["terms.id"], name="fk_bookings_term_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_bookings"),
    )
    op.create_index("ix_bookings_class_id", "bookings", ["class_id"])
    op.create_index("ix_bookings_term_id", "bookings", ["term_id"])
    op.create_table(
        "term_lessons",
        sa.Column("lesson_id", ID, nullable=False),
        sa.Column("term_id", ID, nullable=False),
        sa.Column("course", ID, nullable=False),
        sa.Column("week", sa.Integer(), nullable=False),
        sa.Column("dropped", sa.Boolean(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("changed_at", TIME, nullable=False),
        sa.ForeignKeyConstraint(["lesson_id"], ["lessons.id"], name="fk_term_lessons_lesson_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["term_id"], ["terms.id"], name="fk_term_lessons_term_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("lesson_id", name="pk_term_lessons"),
    )
    op.create_index("ix_term_lessons_term_id_course", "term_lessons", ["term_id", "course"])
