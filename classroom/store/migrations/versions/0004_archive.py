"""The archive: catalogue, knowledge points, reviews, share links, retention, transcripts, jobs, and search."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

ID = sa.String(32)
WORD = sa.String(24)
TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "archive_jobs",
        sa.Column("id", ID, nullable=False),
        sa.Column("kind", WORD, nullable=False),
        sa.Column("state", WORD, nullable=False),
        sa.Column("made_by", sa.String(64), nullable=False),
        sa.Column("made_at", TIME, nullable=False),
        sa.Column("ended_at", TIME, nullable=True),
        sa.Column("order", sa.JSON(), nullable=False),
        sa.Column("done", sa.BigInteger(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("result", sa.JSON(), nullable=False),
        sa.Column("problem", sa.JSON(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_archive_jobs"),
    )
    op.create_index("ix_archive_jobs_made_by", "archive_jobs", ["made_by"])
    op.create_index("ix_archive_jobs_state", "archive_jobs", ["state"])
    op.create_table(
        "search_values",
        sa.Column("facet", sa.String(16), nullable=False),
        sa.Column("code", sa.Integer(), nullable=False),
        sa.Column("value", sa.String(80), nullable=False),
        sa.PrimaryKeyConstraint("facet", "code", name="pk_search_values"),
        sa.UniqueConstraint("facet", "value", name="uq_search_values_facet_value"),
    )
    op.create_table(
        "textbooks",
        sa.Column("id", ID, nullable=False),
        sa.Column("subject", sa.String(80), nullable=False),
        sa.Column("grade", sa.Integer(), nullable=False),
        sa.Column("edition", sa.String(80), nullable=False),
        sa.Column("volume", WORD, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_textbooks"),
        sa.UniqueConstraint("subject", "grade", "edition", "volume", name="uq_textbooks_subject_grade_edition_volume"),
    )
    op.create_table(
        "knowledge",
        sa.Column("id", ID, nullable=False),
        sa.Column("textbook_id", ID, nullable=False),
        sa.Column("parent_id", ID, nullable=True),
        sa.Column("kind", WORD, nullable=False),
        sa.Column("code", sa.String(64), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["parent_id"], ["knowledge.id"], name="fk_knowledge_parent_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["textbook_id"], ["textbooks.id"], name="fk_knowledge_textbook_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_knowledge"),
        sa.UniqueConstraint("textbook_id", "code", name="uq_knowledge_textbook_id_code"),
    )
    op.create_index("ix_knowledge_parent_id", "knowledge", ["parent_id"])
    op.create_table(
        "retention_rules",
        sa.Column("id", ID, nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("region_id", ID, nullable=True),
        sa.Column("states", sa.JSON(), nullable=False),
        sa.Column("levels", sa.JSON(), nullable=False),
        sa.Column("keep_days", sa.Integer(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["region_id"], ["regions.id"], name="fk_retention_rules_region_id"),
        sa.PrimaryKeyConstraint("id", name="pk_retention_rules"),
        sa.UniqueConstraint("name", name="uq_retention_rules_name"),
    )
    op.create_table(
        "catalogue",
        sa.Column("recording_id", ID, nullable=False),
        sa.Column("subject", sa.String(80), nullable=False),
        sa.Column("grade", sa.Integer(), nullable=True),
        sa.Column("textbook_id", ID, nullable=True),
        sa.Column("teacher_id", ID, nullable=True),
        sa.Column("teacher_name", sa.String(80), nullable=False),
        sa.Column("mode", WORD, nullable=True),
        sa.Column("lesson_type", WORD, nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("language", sa.String(16), nullable=False),
        sa.Column("authors", sa.JSON(), nullable=False),
        sa.Column("rights_holder", sa.String(80), nullable=False),
        sa.Column("licence", WORD, nullable=False),
        sa.Column("level", WORD, nullable=False),
        sa.Column("audience", WORD, nullable=False),
        sa.Column("downloads", WORD, nullable=False),
        sa.Column("embed", sa.Boolean(), nullable=False),
        sa.Column("consent", WORD, nullable=False),
        sa.Column("consent_note", sa.String(1000), nullable=False),
        sa.Column("hold_reason", sa.String(1000), nullable=True),
        sa.Column("views", sa.Integer(), nullable=False),
        sa.Column("downloaded", sa.Integer(), nullable=False),
        sa.Column("submission", sa.Integer(), nullable=False),
        sa.Column("published_at", TIME, nullable=True),
        sa.Column("retired_at", TIME, nullable=True),
        sa.Column("retired_reason", sa.String(1000), nullable=True),
        sa.Column("purged_at", TIME, nullable=True),
        sa.Column("changed_at", TIME, nullable=False),
        sa.ForeignKeyConstraint(
            ["recording_id"], ["recordings.id"], name="fk_catalogue_recording_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["teacher_id"], ["accounts.id"], name="fk_catalogue_teacher_id"),
        sa.ForeignKeyConstraint(
            ["textbook_id"], ["textbooks.id"], name="fk_catalogue_textbook_id", ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("recording_id", name="pk_catalogue"),
    )
    op.create_index("ix_catalogue_changed_at", "catalogue", ["changed_at"])
    op.create_index("ix_catalogue_teacher_id", "catalogue", ["teacher_id"])
    op.create_index("ix_catalogue_textbook_id", "catalogue", ["textbook_id"])
    op.create_table(
        "nominations",
        sa.Column("id", ID, nullable=False),
        sa.Column("recording_id", ID, nullable=False),
        sa.Column("activity", sa.String(80), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("level", WORD, nullable=False),
        sa.Column("statement", sa.Text(), nullable=False),
        sa.Column("made_by", sa.String(64), nullable=False),
        sa.Column("made_at", TIME, nullable=False),
        sa.ForeignKeyConstraint(
            ["recording_id"], ["recordings.id"], name="fk_nominations_recording_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_nominations"),
        sa.UniqueConstraint("recording_id", "activity", "year", name="uq_nominations_recording_id_activity_year"),
    )
    op.create_index("ix_nominations_recording_id", "nominations", ["recording_id"])
    op.create_table(
        "recording_experts",
        sa.Column("recording_id", ID, nullable=False),
        sa.Column("submission", sa.Integer(), nullable=False),
        sa.Column("account_id", ID, nullable=False),
        sa.Column("asked_at", TIME, nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name="fk_recording_experts_account_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["recording_id"], ["recordings.id"], name="fk_recording_experts_recording_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("recording_id", "submission", "account_id", name="pk_recording_experts"),
    )
    op.create_index("ix_recording_experts_account_id", "recording_experts", ["account_id"])
    op.create_table(
        "recording_knowledge",
        sa.Column("recording_id", ID, nullable=False),
        sa.Column("knowledge_id", ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["knowledge_id"], ["knowledge.id"], name="fk_recording_knowledge_knowledge_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["recording_id"], ["recordings.id"], name="fk_recording_knowledge_recording_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("recording_id", "knowledge_id", name="pk_recording_knowledge"),
    )
    op.create_index("ix_recording_knowledge_knowledge_id", "recording_knowledge", ["knowledge_id"])
    op.create_table(
        "recording_partners",
        sa.Column("recording_id", ID, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("school_id", ID, nullable=True),
        sa.ForeignKeyConstraint(
            ["recording_id"], ["recordings.id"], name="fk_recording_partners_recording_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["school_id"], ["schools.id"], name="fk_recording_partners_school_id"),
        sa.PrimaryKeyConstraint("recording_id", "position", name="pk_recording_partners"),
    )
    op.create_index("ix_recording_partners_school_id", "recording_partners", ["school_id"])
    op.create_table(
        "recording_tags",
        sa.Column("recording_id", ID, nullable=False),
        sa.Column("tag", ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["recording_id"], ["recordings.id"], name="fk_recording_tags_recording_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("recording_id", "tag", name="pk_recording_tags"),
    )
    op.create_index("ix_recording_tags_tag", "recording_tags", ["tag"])
    op.create_table(
        "recording_uses",
        sa.Column("recording_id", ID, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("views", sa.Integer(), nullable=False),
        sa.Column("downloads", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["recording_id"], ["recordings.id"], name="fk_recording_uses_recording_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("recording_id", "day", name="pk_recording_uses"),
    )
    op.create_table(
        "remarks",
        sa.Column("id", ID, nullable=False),
        sa.Column("recording_id", ID, nullable=False),
        sa.Column("account_id", ID, nullable=False),
        sa.Column("at_s", sa.Float(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("made_at", TIME, nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_remarks_account_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["recording_id"], ["recordings.id"], name="fk_remarks_recording_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_remarks"),
    )
    op.create_index("ix_remarks_recording_id", "remarks", ["recording_id"])
    op.create_table(
        "recording_decisions",
        sa.Column("id", ID, nullable=False),
        sa.Column("recording_id", ID, nullable=False),
        sa.Column("action", sa.String(64), nullable=False),
        sa.Column("reason", sa.String(1000), nullable=False),
        sa.Column("made_by", sa.String(64), nullable=False),
        sa.Column("made_at", TIME, nullable=False),
        sa.ForeignKeyConstraint(
            ["recording_id"], ["recordings.id"], name="fk_recording_decisions_recording_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_recording_decisions"),
    )
    op.create_index("ix_recording_decisions_recording_id", "recording_decisions", ["recording_id"])
    op.create_table(
        "reviews",
        sa.Column("id", ID, nullable=False),
        sa.Column("recording_id", ID, nullable=False),
        sa.Column("submission", sa.Integer(), nullable=False),
        sa.Column("expert", sa.Boolean(), nullable=False),
        sa.Column("account_id", ID, nullable=False),
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("scores", sa.JSON(), nullable=False),
        sa.Column("recommends", sa.Boolean(), nullable=True),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_reviews_account_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["recording_id"], ["recordings.id"], name="fk_reviews_recording_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_reviews"),
        sa.UniqueConstraint(
            "recording_id",
            "submission",
            "expert",
            "account_id",
            name="uq_reviews_recording_id_submission_expert_account_id",
        ),
    )
    op.create_index("ix_reviews_recording_id", "reviews", ["recording_id"])
    op.create_table(
        "search_documents",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("recording_id", ID, nullable=False),
        sa.Column("codes", sa.String(64), nullable=False),
        sa.ForeignKeyConstraint(
            ["recording_id"], ["recordings.id"], name="fk_search_documents_recording_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_search_documents"),
        sa.UniqueConstraint("recording_id", name="uq_search_documents_recording_id"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "share_links",
        sa.Column("id", ID, nullable=False),
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("recording_id", ID, nullable=False),
        sa.Column("download", sa.Boolean(), nullable=False),
        sa.Column("note", sa.String(80), nullable=False),
        sa.Column("made_by", sa.String(64), nullable=False),
        sa.Column("made_at", TIME, nullable=False),
        sa.Column("expires_at", TIME, nullable=False),
        sa.Column("revoked_at", TIME, nullable=True),
        sa.Column("uses", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["recording_id"], ["recordings.id"], name="fk_share_links_recording_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_share_links"),
        sa.UniqueConstraint("token_hash", name="uq_share_links_token_hash"),
    )
    op.create_index("ix_share_links_recording_id", "share_links", ["recording_id"])
    op.create_table(
        "transcripts",
        sa.Column("id", ID, nullable=False),
        sa.Column("recording_id", ID, nullable=False),
        sa.Column("language", sa.String(16), nullable=False),
        sa.Column("recogniser", sa.String(64), nullable=True),
        sa.Column("made_by", sa.String(64), nullable=False),
        sa.Column("made_at", TIME, nullable=False),
        sa.ForeignKeyConstraint(
            ["recording_id"], ["recordings.id"], name="fk_transcripts_recording_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_transcripts"),
        sa.UniqueConstraint("recording_id", "language", name="uq_transcripts_recording_id_language"),
    )
    op.create_index("ix_transcripts_recording_id", "transcripts", ["recording_id"])
    op.create_table(
        "transcript_cues",
        sa.Column("transcript_id", ID, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("begin_ms", sa.Integer(), nullable=False),
        sa.Column("end_ms", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["transcript_id"], ["transcripts.id"], name="fk_transcript_cues_transcript_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("transcript_id", "position", name="pk_transcript_cues"),
    )
    if op.get_bind().dialect.name == "sqlite":
        # `detail = column`: words are looked up, never phrases; a third of the size, and twice as fast
        op.execute(
            "CREATE VIRTUAL TABLE search_texts USING fts5"
            "(title, words, tokenize = 'unicode61 remove_diacritics 0', detail = column)"
        )
    else:
        op.create_table(
            "search_texts",
            sa.Column("rowid", sa.Integer(), nullable=False),
            sa.Column("title", postgresql.TSVECTOR(), nullable=False),
            sa.Column("words", postgresql.TSVECTOR(), nullable=False),
            sa.PrimaryKeyConstraint("rowid", name="pk_search_texts"),
        )
        for column in ("title", "words"):
            op.execute(
                f"CREATE INDEX ix_search_texts_{column} ON search_texts USING gin ({column}) WITH (fastupdate = off)"
            )
        # words lie elsewhere, so that a search that counts thousands of rows reads few pages
        op.execute("ALTER TABLE search_texts SET (toast_tuple_target = 128)")
