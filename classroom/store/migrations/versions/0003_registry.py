"""The registry: bells, lines, teachers, classes, curriculum, terms and needs."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

ID = sa.String(length=32)
WORD = sa.String(length=24)


def upgrade() -> None:
    op.create_table(
        "curriculum",
        sa.Column("region_id", ID, nullable=False),
        sa.Column("grade", sa.Integer(), nullable=False),
        sa.Column("subject", sa.String(length=20), nullable=False),
        sa.Column("lessons", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["region_id"], ["regions.id"], name="fk_curriculum_region_id"),
        sa.PrimaryKeyConstraint("region_id", "grade", "subject", name="pk_curriculum"),
    )
    op.create_table(
        "terms",
        sa.Column("id", ID, nullable=False),
        sa.Column("region_id", ID, nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("lesson_min", sa.Integer(), nullable=False),
        sa.Column("grid_min", sa.Integer(), nullable=False),
        sa.Column("max_points", sa.Integer(), nullable=False),
        sa.Column("changeover_min", sa.Integer(), nullable=False),
        sa.Column("host_up_mbps", sa.Double(), nullable=False),
        sa.Column("host_down_per_point_mbps", sa.Double(), nullable=False),
        sa.Column("point_down_mbps", sa.Double(), nullable=False),
        sa.Column("point_up_mbps", sa.Double(), nullable=False),
        sa.Column("node_participants", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["region_id"], ["regions.id"], name="fk_terms_region_id"),
        sa.PrimaryKeyConstraint("id", name="pk_terms"),
        sa.UniqueConstraint("region_id", "name", name="uq_terms_region_id_name"),
    )
    op.create_index("ix_terms_region_id_first_day", "terms", ["region_id", "first_day"])
    op.create_table(
        "class_groups",
        sa.Column("id", ID, nullable=False),
        sa.Column("school_id", ID, nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("grade", sa.Integer(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("screen_min_day", sa.Integer(), nullable=True),
        sa.Column("allowed", sa.JSON(), nullable=True),
        sa.ForeignKeyConstraint(["school_id"], ["schools.id"], name="fk_class_groups_school_id"),
        sa.PrimaryKeyConstraint("id", name="pk_class_groups"),
        sa.UniqueConstraint("school_id", "name", name="uq_class_groups_school_id_name"),
    )
    op.create_table(
        "editions",
        sa.Column("id", ID, nullable=False),
        sa.Column("region_id", ID, nullable=False),
        sa.Column("school_id", ID, nullable=True),
        sa.Column("subject", sa.String(length=20), nullable=False),
        sa.Column("edition", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(["region_id"], ["regions.id"], name="fk_editions_region_id"),
        sa.ForeignKeyConstraint(["school_id"], ["schools.id"], name="fk_editions_school_id"),
        sa.PrimaryKeyConstraint("id", name="pk_editions"),
    )
    op.create_index("ix_editions_region_id", "editions", ["region_id"])
    op.create_index("ix_editions_school_id", "editions", ["school_id"])
    op.create_table(
        "school_plans",
        sa.Column("school_id", ID, nullable=False),
        sa.Column("bell", sa.JSON(), nullable=False),
        sa.Column("rooms", sa.Integer(), nullable=True),
        sa.Column("up_mbps", sa.Double(), nullable=False),
        sa.Column("down_mbps", sa.Double(), nullable=False),
        sa.Column("tolerance_min", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["school_id"], ["schools.id"], name="fk_school_plans_school_id"),
        sa.PrimaryKeyConstraint("school_id", name="pk_school_plans"),
    )
    op.create_table(
        "term_days",
        sa.Column("term_id", ID, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column(
            "kind",
            WORD,
            nullable=False,
        ),
        sa.Column("follows", sa.Integer(), nullable=True),
        sa.Column("note", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(["term_id"], ["terms.id"], name="fk_term_days_term_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("term_id", "day", name="pk_term_days"),
    )
    op.create_table(
        "needs",
        sa.Column("id", ID, nullable=False),
        sa.Column("term_id", ID, nullable=False),
        sa.Column("class_id", ID, nullable=False),
        sa.Column("subject", sa.String(length=20), nullable=False),
        sa.Column("edition", sa.String(length=40), nullable=False),
        sa.Column("computed", sa.Integer(), nullable=False),
        sa.Column("edited", sa.Integer(), nullable=True),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("allowed", sa.JSON(), nullable=True),
        sa.Column("preferred", sa.JSON(), nullable=False),
        sa.Column("previous_teacher_id", ID, nullable=True),
        sa.ForeignKeyConstraint(["class_id"], ["class_groups.id"], name="fk_needs_class_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["previous_teacher_id"], ["accounts.id"], name="fk_needs_previous_teacher_id"),
        sa.ForeignKeyConstraint(["term_id"], ["terms.id"], name="fk_needs_term_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_needs"),
        sa.UniqueConstraint("term_id", "class_id", "subject", name="uq_needs_term_id_class_id_subject"),
    )
    op.create_index("ix_needs_class_id", "needs", ["class_id"])
    op.create_table(
        "own_teaching",
        sa.Column("class_id", ID, nullable=False),
        sa.Column("subject", sa.String(length=20), nullable=False),
        sa.Column("lessons", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["class_id"], ["class_groups.id"], name="fk_own_teaching_class_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("class_id", "subject", name="pk_own_teaching"),
    )
    op.create_table(
        "teacher_plans",
        sa.Column("account_id", ID, nullable=False),
        sa.Column("subject", sa.String(length=20), nullable=False),
        sa.Column("grades", sa.JSON(), nullable=False),
        sa.Column("edition", sa.String(length=40), nullable=False),
        sa.Column("free", sa.JSON(), nullable=False),
        sa.Column("flex_min", sa.Integer(), nullable=False),
        sa.Column("max_week", sa.Integer(), nullable=False),
        sa.Column("max_day", sa.Integer(), nullable=False),
        sa.Column("scope", WORD, nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_teacher_plans_account_id"),
        sa.PrimaryKeyConstraint("account_id", name="pk_teacher_plans"),
    )
